internal import WaxwingFFI

/// A watch on a conversation: first its content, then what changes in it.
///
/// A reader that is slow is told what it missed in one go; nothing is left out and nothing comes twice. One task iterates at a time, and when
/// it stops, by `break` or because it was cancelled, the next iteration goes on from there. The iteration ends when the client is closed.
///
/// ```swift
/// var items: [TimelineItem] = []
/// for await change in chat.timeline() {
///     items.apply(change)
/// }
/// ```
public final class Timeline: AsyncSequence, Sendable {
    public typealias Element = TimelineChange

    private let ffi: FfiTimeline
    let pull: Pull<TimelineChange>

    init(_ ffi: FfiTimeline) {
        self.ffi = ffi
        pull = Pull { after, cancel in
            try await ffi.pull(after: after, cancel: cancel).map { ($0.number, $0.diffs.map(TimelineChange.init)) }
        }
    }

    /// Reads entries before those that were told so far, oldest first, and watches them too. The iteration goes on meanwhile.
    ///
    /// ```swift
    /// items.insert(contentsOf: try await timeline.older(), at: 0)
    /// ```
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func older(_ limit: Int = 50) async throws -> [TimelineItem] {
        try await toTheEnd { try await ffi.older(limit: UInt32(clamping: limit)).map(TimelineItem.init) }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pull: pull)
    }

    /// Goes through a ``Timeline``.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        let pull: Pull<TimelineChange>

        /// Waits for the next change; `nil` when the client is closed, or the task was cancelled.
        public mutating func next() async -> TimelineChange? {
            await pull.next { .interrupted($0) }
        }
    }
}

/// What changed in a timeline.
public enum TimelineChange: Hashable, Sendable {
    /// The whole content, oldest first; always the first change.
    case reset([TimelineItem])
    /// New entries at the end, oldest first.
    case appended([TimelineItem])
    /// Entries that take the place of those with the same id.
    case changed([TimelineItem])
    /// Reading failed; the timeline goes on, and tries again.
    case interrupted(WaxwingError)
}

/// A watch on the list of conversations: first the list, then what changes in it. ``Client/conversations()`` gives it.
///
/// It behaves as a ``Timeline`` does.
///
/// ```swift
/// var list: [ConversationItem] = []
/// for await change in client.conversations() {
///     list.apply(change)
/// }
/// ```
public final class ConversationList: AsyncSequence, Sendable {
    public typealias Element = ConversationListChange

    private let pull: Pull<ConversationListChange>

    init(_ ffi: FfiConversationList) {
        pull = Pull { after, cancel in
            try await ffi.pull(after: after, cancel: cancel)
                .map { ($0.number, $0.diffs.map(ConversationListChange.init)) }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pull: pull)
    }

    /// Goes through a ``ConversationList``.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        let pull: Pull<ConversationListChange>

        /// Waits for the next change; `nil` when the client is closed, or the task was cancelled.
        public mutating func next() async -> ConversationListChange? {
            await pull.next { .interrupted($0) }
        }
    }
}

/// What changed in the list of conversations.
public enum ConversationListChange: Hashable, Sendable {
    /// The whole list, in order; always the first change.
    case reset([ConversationItem])
    /// Conversations that are new, or take the place of those with the same id; the order may change with them.
    case changed([ConversationItem])
    /// Reading failed; the list goes on, and tries again.
    case interrupted(WaxwingError)
}

/// Incoming messages that can be read, for a consumer that remembers how far it got: a bot, an indexer, an extension.
///
/// Each message comes once, in the order of arrival, and again after a restart if it was not ``done(with:)`` by then.
///
/// ```swift
/// let inbox = client.incoming(consumer: "bot")
/// for try await message in inbox {
///     try await client.conversation(message.conversation).send("you said: \(message.text)")
///     try await inbox.done(with: message)
/// }
/// ```
public final class IncomingMessages: AsyncSequence, Sendable {
    public typealias Element = IncomingMessage

    private let ffi: FfiIncoming
    private let pull: Pull<IncomingMessage>

    init(_ ffi: FfiIncoming) {
        self.ffi = ffi
        pull = Pull { after, cancel in
            try await ffi.pull(after: after, cancel: cancel)
                .map { ($0.number, $0.messages.map(IncomingMessage.init)) }
        }
    }

    /// Remembers that this message and all before it are dealt with: after a restart the consumer begins behind it.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func done(with message: IncomingMessage) async throws {
        try await toTheEnd { try await ffi.done(place: message.place) }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pull: pull)
    }

    /// Goes through ``IncomingMessages``.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        let pull: Pull<IncomingMessage>

        /// Waits for the next message; `nil` when the client is closed.
        ///
        /// - Throws: ``WaxwingError`` with what the store says; iterate again then. `CancellationError`.
        public mutating func next() async throws -> IncomingMessage? {
            try await pull.next()
        }
    }
}

/// What happens, from the moment this was asked for. ``Client/events()`` gives it.
public final class Events: AsyncSequence, Sendable {
    public typealias Element = Event

    private let pull: Pull<Event>

    init(_ ffi: FfiEvents) {
        pull = Pull { after, cancel in
            try await ffi.pull(after: after, cancel: cancel).map { ($0.number, $0.events.map(Event.init)) }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pull: pull)
    }

    /// Goes through ``Events``.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        let pull: Pull<Event>

        /// Waits for the next event; `nil` when the client is closed, or the task was cancelled.
        public mutating func next() async -> Event? {
            await pull.next { _ in .lagged }
        }
    }
}

/// Something that happened. Nothing depends on hearing it: every state can be read. More may come: give a `switch` over it a `default`.
public enum Event: Hashable, Sendable {
    /// The connection changed.
    case link(LinkState)
    /// A conversation's timeline, unread count or name changed.
    case conversationChanged(ConversationId)
    /// A message of ours changed its state.
    case deliveryChanged(MessageId)
    /// An incoming message became readable.
    case messageReadable(MessageId)
    /// The relay has no more for this device.
    case drained
    /// An account's key changed; sending to it waits for ``Client/acceptKey(of:)``.
    case keyChanged(AccountId)
    /// An account was marked as verified, or is not any more. See ``Client/safetyNumber(with:)``.
    case verificationChanged(AccountId)
    /// An account has other devices than before, or one of ours has another name. See ``Client/devices()``.
    case devicesChanged(AccountId)
    /// Somebody asks to be in a group. See ``ChatGroup/joinRequests()``.
    case joinRequested(ConversationId, by: AccountId)
    /// What this account asked for was answered. See ``Client/joins()``.
    case joinAnswered(ConversationId)
    /// The relay confirmed this device.
    case registered
    /// The relay does not know this device any more; the word says why.
    case signedOut(code: String)
    /// The relay lost its database; what was not delivered is sent again.
    case relayReset
    /// The store is an old copy of itself: messages since then may be missing, and its sessions start anew.
    case storeRolledBack
    /// The relay has everything that this device sent.
    case outboxEmpty
    /// This listener was too slow, and missed events: read again what it shows.
    case lagged
}

/// How the connection stands.
public enum LinkState: Hashable, Sendable {
    /// Being opened.
    case connecting
    /// Logged in.
    case online
    /// Not connected; the next attempt comes by itself.
    case offline
    /// Not connected, and no attempt is made.
    case stopped
}

// ---- keeping a list up to date ----

extension Array<TimelineItem> {
    /// Brings a timeline that is shown up to date. An interruption leaves it as it is.
    public mutating func apply(_ change: TimelineChange) {
        switch change {
        case .reset(let items): self = items
        case .appended(let items): append(contentsOf: items)
        case .changed(let items): replace(items)
        case .interrupted: break
        }
    }
}

extension Array<ConversationItem> {
    /// Brings a list that is shown up to date, in its order. An interruption leaves it as it is.
    public mutating func apply(_ change: ConversationListChange) {
        switch change {
        case .reset(let items): self = items
        case .changed(let items):
            append(contentsOf: replace(items))
            sort { $0.order > $1.order }
        case .interrupted: break
        }
    }
}

extension Array where Element: Identifiable {
    /// Puts items in the place of those with the same id, and gives back those that have none.
    @discardableResult
    fileprivate mutating func replace(_ items: [Element]) -> [Element] {
        var fresh = Dictionary(items.map { ($0.id, $0) }, uniquingKeysWith: { _, last in last })
        for index in indices {
            if let item = fresh.removeValue(forKey: self[index].id) { self[index] = item }
        }
        return items.filter { fresh.removeValue(forKey: $0.id) != nil }
    }
}
