import Foundation
internal import WaxwingFFI

/// What a message carries beside its text.
public struct Marks: Hashable, Sendable {
    /// The message that this one answers.
    public let replyTo: MessageId?
    /// Whether it was written somewhere else before.
    public let isForwarded: Bool
    /// Accounts that are named in the text, in its order.
    public let mentions: [Mention]
    /// Content of an app's own.
    public let custom: CustomContent?
    /// It disappears so long after it was written, or read; `nil`: it stays.
    public let expiresAfter: Duration?
    /// In a group: when it was opened here, its sender was no member any more. Whether it was written before, nobody can tell.
    public let isAfterRemoval: Bool
}

/// An account that is named in a text.
public struct Mention: Hashable, Sendable {
    /// Who.
    public var account: AccountId
    /// Where in the text the name stands.
    public var range: Range<String.Index>

    /// Names an account, at a place of the text that carries this.
    ///
    /// ```swift
    /// var draft = Draft("@alice: look")
    /// draft.mentions = [Mention(alice, at: draft.text.range(of: "@alice")!)]
    /// ```
    public init(_ account: AccountId, at range: Range<String.Index>) {
        self.account = account
        self.range = range
    }
}

/// Content of an app's own. The message's text is what an app shows that does not know the kind.
public struct CustomContent: Hashable, Sendable {
    /// What it is, such as `example.com/location`.
    public var kind: String
    /// Its bytes.
    public var payload: Data

    /// Makes one.
    public init(kind: String, payload: Data) {
        self.kind = kind
        self.payload = payload
    }
}

/// A reaction to a message.
public struct Reaction: Hashable, Sendable {
    /// One character, as people see it.
    public let reaction: String
    /// Who reacted so.
    public let by: [Contact]
}

extension Marks: Unprinted {}
extension CustomContent: Unprinted {}
extension Reaction: Unprinted {}

// ---- between the library's values and ours: it counts places in bytes of UTF-8 ----

extension Mention {
    func lowered(in text: String) -> WaxwingFFI.Mention {
        // A place of another text may lie outside of this one. Then the library is told one that does, and says what is wrong.
        let isInside = range.upperBound <= text.endIndex
        let start = isInside ? text.utf8.distance(from: text.startIndex, to: range.lowerBound) : text.utf8.count + 1
        let length = isInside ? text.utf8.distance(from: range.lowerBound, to: range.upperBound) : 1
        return WaxwingFFI.Mention(
            account: account.description, startBytes: UInt32(clamping: start), lengthBytes: UInt32(clamping: length))
    }

    init?(_ mention: WaxwingFFI.Mention, in text: String) {
        let utf8 = text.utf8
        guard let start = utf8.index(utf8.startIndex, offsetBy: Int(mention.startBytes), limitedBy: utf8.endIndex),
            let end = utf8.index(start, offsetBy: Int(mention.lengthBytes), limitedBy: utf8.endIndex)
        else { return nil }
        self.init(AccountId(lifted: mention.account), at: start..<end)
    }
}

extension Marks {
    init(_ marks: WaxwingFFI.Marks, in text: String) {
        self.init(
            replyTo: marks.replyTo.map(MessageId.init(lifted:)),
            isForwarded: marks.forwarded,
            mentions: marks.mentions.compactMap { Mention($0, in: text) },
            custom: marks.custom.map { CustomContent(kind: $0.kind, payload: $0.payload) },
            expiresAfter: marks.expiresAfter.map { .seconds($0) },
            isAfterRemoval: marks.afterRemoval
        )
    }
}

extension Reaction {
    init(_ reaction: WaxwingFFI.Reaction) {
        self.init(reaction: reaction.reaction, by: reaction.by.map(Contact.init))
    }
}
