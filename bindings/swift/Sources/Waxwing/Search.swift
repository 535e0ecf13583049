internal import WaxwingFFI

extension Client {
    // MARK: Finding again

    /// Finds messages with these words in all conversations, the newest first, at most 500. Every word must be there, in any order; the
    /// last may be only begun. Case and accents do not matter. The index stands in the encrypted store.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func search(_ words: String, limit: Int = 50) async throws -> [TimelineItem] {
        try await toTheEnd { try await self.ffi.search(words: words, limit: UInt32(clamping: limit)).map(TimelineItem.init) }
    }

    /// One entry of a conversation, by its id.
    ///
    /// - Throws: ``WaxwingError`` `not_found`, or what the store says.
    public func entry(_ id: MessageId) async throws -> TimelineItem {
        TimelineItem(try await toTheEnd { try await self.ffi.entry(id: id.description) })
    }
}

extension Conversation {
    // MARK: Finding again

    /// Finds messages with these words here, as ``Client/search(_:limit:)`` does.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func search(_ words: String, limit: Int = 50) async throws -> [TimelineItem] {
        try await toTheEnd { try await self.ffi.search(words: words, limit: UInt32(clamping: limit)).map(TimelineItem.init) }
    }

    /// All entries, oldest first.
    public func export() -> Export {
        Export(ffi.export())
    }
}

extension History {
    // MARK: Finding again

    /// Finds messages with these words, in one conversation or in all, as ``Client/search(_:limit:)`` does.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func search(_ words: String, in conversation: ConversationId? = nil, limit: Int = 50) async throws -> [TimelineItem] {
        try await toTheEnd {
            try await self.ffi.search(
                words: words, conversation: conversation?.description, limit: UInt32(clamping: limit)
            ).map(TimelineItem.init)
        }
    }

    /// One entry of a conversation, by its id.
    ///
    /// - Throws: ``WaxwingError`` `not_found`, or what the store says.
    public func entry(_ id: MessageId) async throws -> TimelineItem {
        TimelineItem(try await toTheEnd { try await self.ffi.entry(id: id.description) })
    }

    /// All entries of a conversation, oldest first.
    public func export(_ conversation: ConversationId) -> Export {
        Export(ffi.export(conversation: conversation.description))
    }
}

/// The entries of a conversation, oldest first. They are read some at a time, so that one of any length needs little memory. Entries that come
/// or change meanwhile are there, or are not.
///
/// ```swift
/// for try await entry in chat.export() {
///     print(entry.sentAt, entry.text ?? "", to: &file)
/// }
/// ```
public final class Export: AsyncSequence, Sendable {
    public typealias Element = TimelineItem

    private let pull: Pull<TimelineItem>

    init(_ ffi: FfiExport) {
        pull = Pull { after, cancel in
            try await ffi.pull(after: after, cancel: cancel).map { ($0.number, $0.items.map(TimelineItem.init)) }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pull: pull)
    }

    /// Goes through an ``Export``.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        let pull: Pull<TimelineItem>

        /// Waits for the next entry; `nil`: that was all.
        ///
        /// - Throws: ``WaxwingError`` with what the store says; iterate again then. `CancellationError`.
        public mutating func next() async throws -> TimelineItem? {
            try await pull.next()
        }
    }
}
