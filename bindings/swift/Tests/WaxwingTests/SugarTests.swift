import Foundation
import Testing

@testable import Waxwing

/// What the hand-written layer adds of its own, without a relay.
@Suite struct Sugar {
    @Test func idsAreTextAndBack() throws {
        let id = try #require(MessageId("01890A5D-AC96-774B-BCCE-B302099A8057"))
        #expect(id.description == "01890a5d-ac96-774b-bcce-b302099a8057")
        #expect(MessageId(id.description) == id)
        #expect(MessageId("garbage") == nil)
        let json = try JSONEncoder().encode([id])
        #expect(try JSONDecoder().decode([MessageId].self, from: json) == [id])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([MessageId].self, from: Data(#"["x"]"#.utf8)) }
    }

    @Test func aTimelineIsKeptUpToDate() {
        var items = [item(1, "old")]
        items.apply(.reset([item(2, "two"), item(3, "three")]))
        items.apply(.appended([item(4, "four")]))
        items.apply(.changed([item(3, "changed"), item(9, "not shown")]))
        items.apply(.interrupted(WaxwingError(kind: .storage, code: "io_error", advice: .never, reason: "")))
        #expect(items.map(\.text) == ["two", "changed", "four"])
    }

    @Test func aListIsKeptInItsOrder() {
        var list: [ConversationItem] = []
        list.apply(.reset([conversation(1, order: 2), conversation(2, order: 1)]))
        list.apply(.changed([conversation(2, order: 3), conversation(3, order: 4)]))
        #expect(list.map(\.id) == [3, 2, 1].map(ConversationId.init(number:)))
    }

    @Test func whatPeopleWroteIsNotPrinted() {
        var printed = "\(item(1, "a secret")) \([Draft("a secret")]) \(Recovery(key: RecoveryKey("a secret"), otherDevices: .keep))"
        dump(item(1, "a secret"), to: &printed)
        printed += "\(conversation(1, order: 1)) \(GroupNotice.title("a secret")) \(Whose.handle("alice"))"
        #expect(!printed.contains("secret"))
        #expect(!printed.contains("alice"))
    }

    @Test func errorsSayWhatToDo() {
        let error = WaxwingError(kind: .rateLimited, code: "rate_limited", advice: .after(.seconds(30)), reason: "slowly")
        #expect(error.localizedDescription == "slowly")
        #expect(error.recoverySuggestion == "Try again in 30 s.")
    }

    @Test func durationsAreSecondsAndNeverNegative() {
        #expect(Duration.milliseconds(1500).seconds == 1.5)
        #expect(Duration.seconds(-1).seconds == 0)
    }

    @Test func aStreamGoesOnWhereItWasLeft() async throws {
        let batches: [UInt64: [Int]] = [0: [1, 2], 1: [3]]
        let pull = Pull<Int> { after, _ in batches[after].map { (after + 1, $0) } }
        #expect(try await pull.next() == 1)
        #expect(try await pull.next() == 2)
        #expect(try await pull.next() == 3)
        #expect(try await pull.next() == nil)
        #expect(try await pull.next() == nil)
    }

    @Test func aMentionIsCountedInTheTextsOwnPlaces() throws {
        let text = "é, @alice: 👍"
        let mention = Mention(AccountId(number: 1), at: try #require(text.range(of: "@alice")))
        let lowered = mention.lowered(in: text)
        #expect(lowered.startBytes == 4 && lowered.lengthBytes == 6)
        #expect(Mention(lowered, in: text) == mention)
        #expect(Mention(lowered, in: "short") == nil)
        #expect(mention.lowered(in: "").startBytes == 1)
    }

    private func item(_ number: Int, _ text: String) -> TimelineItem {
        TimelineItem(
            id: MessageId(number: number), conversation: ConversationId(number: 1), sender: contact,
            senderDevice: DeviceId(number: 1), body: .text(text), marks: plain,
            isEdited: false, reactions: [], sentAt: .now, storedAt: .now, status: .incoming(.unread))
    }

    private func conversation(_ number: Int, order: Int64) -> ConversationItem {
        ConversationItem(
            id: ConversationId(number: number), party: .account(contact), unread: 0, unreadMentions: 0, settings: settings, last: nil,
            keyChanged: false, order: order, createdAt: .now)
    }

    private var plain: Marks {
        Marks(replyTo: nil, isForwarded: false, mentions: [], custom: nil, expiresAfter: nil, isAfterRemoval: false)
    }

    private var settings: ConversationSettings {
        ConversationSettings(
            draft: "a secret", muted: nil, isPinned: false, isArchived: false, isMarkedUnread: false, isBlocked: false,
            timer: nil)
    }

    private var contact: Contact { Contact(account: AccountId(number: 1), handle: "alice") }
}

extension Id {
    fileprivate init(number: Int) {
        self.init(lifted: "00000000-0000-7000-8000-00000000000\(number)")
    }
}
