internal import WaxwingFFI

/// A store that is only read, also while an app or an extension works with it. It takes no lock.
///
/// ```swift
/// let history = try await History(store)
/// for conversation in try await history.conversations() {
///     print(conversation.unread)
/// }
/// ```
public final class History: Sendable {
    let ffi: FfiHistory

    /// Opens a store that a client made.
    ///
    /// - Throws: ``WaxwingError`` `not_found` when there is none, `wrong_store_key`, `store_corrupt`, `store_newer`,
    ///   `store_key_unavailable`, `store_key_invalid`.
    public init(_ store: Store) async throws {
        ffi = try await toTheEnd { try await openHistory(store: store.place, key: store.key.map(StoreKeys.init)) }
    }

    /// The device's account, once it is registered.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func me() async throws -> Me? {
        try await toTheEnd { try await ffi.me().map(Me.init) }
    }

    /// All conversations, in the order of the list.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func conversations() async throws -> [ConversationItem] {
        try await toTheEnd { try await ffi.conversations().map(ConversationItem.init) }
    }

    /// The conversation with the account of this handle.
    ///
    /// - Throws: ``WaxwingError`` `not_found`, `handle_invalid`, or what the store says.
    public func conversation(with handle: String) async throws -> ConversationId {
        ConversationId(lifted: try await toTheEnd { try await ffi.direct(handle: handle) })
    }

    /// A page of a conversation, oldest entry first.
    ///
    /// - Throws: ``WaxwingError`` `not_found` when the page names an entry that is not here, or what the store says.
    public func messages(in conversation: ConversationId, _ page: Page = .newest()) async throws -> [TimelineItem] {
        try await toTheEnd {
            try await ffi.readPage(conversation: conversation.description, page: page.lowered).map(TimelineItem.init)
        }
    }
}
