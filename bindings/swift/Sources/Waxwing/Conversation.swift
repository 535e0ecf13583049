internal import WaxwingFFI

/// A conversation with another account, or of a group. ``Client/conversation(with:)-swift.method`` and
/// ``Client/createGroup(_:with:)`` give it.
///
/// ```swift
/// let chat = try await client.conversation(with: "bob")
/// try await chat.send("hello")  // on disk when this returns
///
/// for await change in chat.timeline() {
///     items.apply(change)
/// }
/// ```
public final class Conversation: Sendable, Identifiable {
    let ffi: FfiConversation

    init(_ ffi: FfiConversation) {
        self.ffi = ffi
        id = ConversationId(lifted: ffi.id())
        party = Party(ffi.party())
    }

    /// Its id, the same for all who are in it.
    public let id: ConversationId
    /// Whom it is with, as it was when this value was made.
    public let party: Party
    /// The other account; `nil`: it is a group.
    public var peer: Contact? { party.contact }
    /// What can be done to the group; `nil`: it is none.
    public var group: ChatGroup? { ffi.group().map(ChatGroup.init) }

    /// Puts a message on its way. When this returns, the message is on disk and will go out, whatever happens to the process.
    ///
    /// - Throws: ``WaxwingError`` `message_too_large`, `invalid_input` for an empty text or a mention outside of it, `message_id_taken`, `blocked`,
    ///   `not_permitted` in a group in which this account may not write, or what the store says.
    @discardableResult
    public func send(_ draft: Draft) async throws -> SentMessage {
        SentMessage(try await toTheEnd { try await ffi.send(draft: draft.lowered) })
    }

    /// Puts a text on its way; see ``send(_:)-(Draft)``.
    @discardableResult
    public func send(_ text: String) async throws -> SentMessage {
        try await send(Draft(text))
    }

    /// Watches a page's entries, the newest if nothing else is said, and what comes after them. What changes after this call is told, also before the first iteration.
    public func timeline(_ page: Page = .newest()) -> Timeline {
        Timeline(ffi.timeline(page: page.lowered))
    }

    /// Reads a page once, oldest entry first.
    ///
    /// - Throws: ``WaxwingError`` `not_found` when the page names an entry that is not here, or what the store says.
    public func history(_ page: Page = .newest()) async throws -> [TimelineItem] {
        try await toTheEnd { try await ffi.readPage(page: page.lowered).map(TimelineItem.init) }
    }

    /// Remembers that the user saw everything up to this entry, and lets the other side know.
    ///
    /// - Throws: ``WaxwingError`` `not_found`, or what the store says.
    public func markRead(upTo message: MessageId) async throws {
        try await toTheEnd { try await ffi.markRead(upTo: message.description) }
    }
}

/// A message that this device sent, to follow it.
///
/// ```swift
/// let sent = try await chat.send("hello")
/// if case .failed = try await sent.reached(.delivered) {
///     try await sent.retry()
/// }
/// ```
public final class SentMessage: Sendable, Identifiable {
    private let ffi: FfiSent

    init(_ ffi: FfiSent) {
        self.ffi = ffi
        id = MessageId(lifted: ffi.id())
    }

    /// The message's id, which never changes.
    public let id: MessageId

    /// How far it got.
    ///
    /// - Throws: ``WaxwingError`` `not_found` when the message is not one of ours, or what the store says.
    public func state() async throws -> Delivery {
        Delivery(try await toTheEnd { try await ffi.state() })
    }

    /// Waits until it is at least this far, or stands still: then the answer is failed, cancelled or held.
    ///
    /// - Throws: ``WaxwingError`` `shut_down`, or what the store says; `CancellationError`.
    @discardableResult
    public func reached(_ goal: Delivery.Goal) async throws -> Delivery {
        Delivery(try await whileWanted { try await ffi.reached(goal: goal.lowered, cancel: $0) })
    }

    /// Sends a failed message after all, or one that was taken back. One that is on its way is left as it is.
    ///
    /// - Throws: ``WaxwingError`` `not_found`, or what the store says.
    public func retry() async throws {
        try await toTheEnd { try await ffi.retry() }
    }

    /// Takes it back, while it is not sealed yet or after it failed.
    ///
    /// - Throws: ``WaxwingError`` `too_late` once it is sealed, `not_found`, or what the store says.
    public func takeBack() async throws {
        try await toTheEnd { try await ffi.takeBack() }
    }
}
