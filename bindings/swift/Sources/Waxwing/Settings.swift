import Foundation
internal import WaxwingFFI

/// How the user set a conversation. It follows to the account's other devices.
public struct ConversationSettings: Hashable, Sendable {
    /// What the user began to write.
    public let draft: String
    /// How long it makes no noise; `nil`: it does.
    public let muted: Mute?
    /// Whether it stands at the top of the list.
    public let isPinned: Bool
    /// Whether it is put away.
    public let isArchived: Bool
    /// Whether the user wants to come back to it.
    public let isMarkedUnread: Bool
    /// Whether nothing is taken from the other side, and nothing is sent to it.
    public let isBlocked: Bool
    /// New messages of both sides disappear after so long; `nil`: they stay.
    public let timer: Duration?
}

/// How long a conversation makes no noise.
public enum Mute: Hashable, Sendable {
    /// Until this moment, to the millisecond.
    case until(Date)
    /// Until the user says otherwise.
    case forEver
}

extension Conversation {
    // MARK: How it is set

    /// How the conversation is set.
    ///
    /// - Throws: ``WaxwingError`` with what the store says, here and below.
    public func settings() async throws -> ConversationSettings {
        ConversationSettings(try await toTheEnd { try await self.ffi.settings() })
    }

    /// Keeps what the user began to write; empty forgets it. Not for each key: other devices of the account are told.
    ///
    /// - Throws: ``WaxwingError`` `invalid_input` for more than a message may hold.
    public func setDraft(_ text: String) async throws {
        try await toTheEnd { try await self.ffi.setDraft(text: text) }
    }

    /// Asks for silence; `nil`: not any more.
    ///
    /// - Throws: ``WaxwingError`` `invalid_input` for a time before 1970.
    public func setMuted(_ mute: Mute?) async throws {
        try await toTheEnd { try await self.ffi.setMuted(muted: mute?.lowered) }
    }

    /// Puts the conversation to the top of the list, or back.
    public func setPinned(_ pinned: Bool) async throws {
        try await toTheEnd { try await self.ffi.setPinned(pinned: pinned) }
    }

    /// Puts the conversation away, or back.
    public func setArchived(_ archived: Bool) async throws {
        try await toTheEnd { try await self.ffi.setArchived(archived: archived) }
    }

    /// Marks the conversation, so that the user comes back to it. ``markRead(upTo:)`` takes that back.
    public func setMarkedUnread(_ marked: Bool) async throws {
        try await toTheEnd { try await self.ffi.setMarkedUnread(marked: marked) }
    }

    /// Blocks the other side, or lets it in again. What it sends meanwhile is dropped without a receipt, and nothing is sent to it; what
    /// it sent before stays.
    ///
    /// - Throws: ``WaxwingError`` `invalid_input` for the conversation with oneself.
    public func setBlocked(_ blocked: Bool) async throws {
        try await toTheEnd { try await self.ffi.setBlocked(blocked: blocked) }
    }

    /// Lets new messages of both sides disappear after so long, in whole seconds: those that one wrote oneself from when they were
    /// written, others from when they were read. `nil`: they stay. The other side is told, and may change it too.
    ///
    /// - Throws: ``WaxwingError`` `invalid_input` for a time that is too long.
    public func setTimer(_ timer: Duration?) async throws {
        try await toTheEnd { try await self.ffi.setTimer(timer: timer?.seconds) }
    }
}

extension ConversationSettings: Unprinted {}

// ---- between the library's values and ours ----

extension ConversationSettings {
    init(_ settings: WaxwingFFI.ConversationSettings) {
        self.init(
            draft: settings.draft,
            muted: settings.muted.map(Mute.init),
            isPinned: settings.pinned,
            isArchived: settings.archived,
            isMarkedUnread: settings.markedUnread,
            isBlocked: settings.blocked,
            timer: settings.timer.map { .seconds($0) }
        )
    }
}

extension Mute {
    init(_ mute: WaxwingFFI.Mute) {
        switch mute {
        case .until(let moment): self = .until(moment)
        case .forEver: self = .forEver
        }
    }

    var lowered: WaxwingFFI.Mute {
        switch self {
        case .until(let moment): .until(moment: moment)
        case .forEver: .forEver
        }
    }
}
