import Foundation
import Testing
import Waxwing

extension Scenarios {
    @Test func conversationSettings() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let tablet = try await stage.recovered("tablet", as: "alice", by: try await alice.recoveryKey(), .keep)
            let one = try await alice.conversation(with: "bob")
            let other = try await tablet.conversation(with: "bob")
            try await one.setDraft("half a")
            try await one.setPinned(true)
            try await one.setArchived(true)
            try await one.setMarkedUnread(true)
            try await one.setMuted(.forEver)
            let wanted = try await other.settings {
                $0.draft == "half a" && $0.muted == .forEver && $0.isPinned && $0.isArchived && $0.isMarkedUnread
            }
            #expect(!wanted.isBlocked && wanted.timer == nil)
            #expect(try await tablet.listed().first { $0.id == one.id }?.settings == wanted)

            let moment = Date(timeIntervalSince1970: 4_102_444_800.123)
            try await other.setMuted(.until(moment))
            try await one.settings {
                guard case .until(let until) = $0.muted else { return false }
                return Int64((until.timeIntervalSince1970 * 1000).rounded()) == 4_102_444_800_123
            }
            try await other.setMuted(nil)
            try await other.setPinned(false)
            try await other.setArchived(false)
            try await other.setDraft("")
            try await one.settings {
                $0.draft.isEmpty && $0.muted == nil && !$0.isPinned && !$0.isArchived && $0.isMarkedUnread
            }

            let toAlice = try await bob.conversation(with: "alice")
            try await toAlice.send("hello")
            let hello = try #require(try await take(1, from: alice.incoming(consumer: "test")).first)
            try await one.markRead(upTo: hello.id)
            try await one.settings { !$0.isMarkedUnread }

            try await one.setBlocked(true)
            await expectCode("blocked") { try await one.send("to nobody") }
            try await toAlice.send("unheard")
            try await within { try await bob.flushed() }
            // What was sent before it is taken in before: there is a time after which it would have come.
            try await within { try await alice.suspend(within: .seconds(5)) }
            try await alice.resume()
            try await within { try await alice.drained() }
            try await one.setBlocked(false)
            try await other.settings { !$0.isBlocked }
            try await toAlice.send("heard")
            let messages = try await take(2, from: alice.incoming(consumer: "again"))
            #expect(messages.map(\.text) == ["hello", "heard"])
        }
    }

    @Test func disappearing() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let toBob = try await alice.conversation(with: "bob")
            let toAlice = try await bob.conversation(with: "alice")
            try await toBob.setTimer(.seconds(1))
            for chat in [toBob, toAlice] {
                try await chat.settings { $0.timer == .seconds(1) }
                try await eventually {
                    try await chat.history().contains { $0.body == .notice(.timerChanged(.seconds(1))) }
                }
            }
            let gone = try await toBob.send("gone").id
            let message = try #require(try await take(1, from: bob.incoming(consumer: "test")).first)
            #expect(message.marks.expiresAfter == .seconds(1))
            try await eventually { await isGone(gone, at: alice) }
            #expect(try await bob.entry(gone).text == "gone", "it waits to be read")
            try await toAlice.markRead(upTo: gone)
            try await eventually { await isGone(gone, at: bob) }
            await expectCode("invalid_input") { try await toBob.setTimer(.seconds(100 * 366 * 86_400)) }

            try await toBob.setTimer(nil)
            try await toAlice.settings { $0.timer == nil }
            try await eventually {
                try await toAlice.history().contains { $0.body == .notice(.timerChanged(nil)) }
            }
            let stays = try await toBob.send("stays").id
            #expect(try await until { try await bob.entry(stays) }.marks.expiresAfter == nil)
        }
    }

    @Test func safetyAndVerification() async throws {
        try await Stage.play { stage in
            let (first, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            try await first.say("hello", to: "bob")
            _ = try await take(1, from: bob.incoming(consumer: "test"))
            let atAlice = try await first.safetyNumber(with: "bob")
            let atBob = try await bob.safetyNumber(with: "alice")
            #expect(atAlice.digits == atBob.digits && atAlice.digits.count == 60)
            #expect(atAlice.lines.split(separator: "\n").count == 3)
            #expect(atBob.compare(with: atAlice.scannable) == .match)
            #expect(atAlice.compare(with: atAlice.scannable) == .otherPair)
            #expect(atAlice.compare(with: "nonsense") == .unreadable)
            #expect(atAlice.person.handle == "bob")
            #expect(!atAlice.isVerified && atAlice.isKeyAccepted)

            let (events, account) = (first.events(), atAlice.person.account)
            try await first.markVerified(atAlice)
            try await hear(events) { $0 == .verificationChanged(account) }
            #expect(try await first.safetyNumber(with: .account(account)).isVerified)
            try await first.close()

            let alice = try await stage.open("alice")
            let kept = try await alice.safetyNumber(with: "bob")
            #expect(kept.isVerified, "it is kept in the store")
            try await alice.markUnverified(kept)
            #expect(try await !alice.safetyNumber(with: "bob").isVerified)
            await expectCode("not_found") { try await alice.safetyNumber(with: "stranger") }
            await expectCode("invalid_input") { try await alice.safetyNumber(with: "alice") }
            let nobody = try #require(AccountId("09090909-0909-0909-0909-090909090909"))
            await expectCode("unknown_account") { try await alice.acceptKey(of: nobody) }
        }
    }
}

/// Whether a client has no such entry.
private func isGone(_ id: MessageId, at client: Client) async -> Bool {
    do {
        _ = try await client.entry(id)
        return false
    } catch let error as WaxwingError {
        return error.code == "not_found"
    } catch {
        return false
    }
}
