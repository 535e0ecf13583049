import Foundation
internal import WaxwingFFI

extension Client {
    // MARK: Groups

    /// Makes a group with these other members, and its conversation. It can be written to at once, offline too; the relay and the others
    /// learn of it once there is a link.
    ///
    /// - Throws: ``WaxwingError`` `unknown_account`, `offline` for a handle that is not known here, `handle_invalid`, `not_registered`,
    ///   `message_too_large` for a title or for members beyond the limits, or what the store says; `CancellationError`.
    public func createGroup(_ title: String, with members: [Whose] = []) async throws -> Conversation {
        Conversation(
            try await whileWanted {
                try await self.ffi.createGroup(title: title, members: members.map(\.lowered), cancel: $0)
            })
    }
}

extension History {
    // MARK: Groups

    /// Title, members and settings of a conversation's group.
    ///
    /// - Throws: ``WaxwingError`` `not_found` when the conversation is no group's, or what the store says.
    public func groupInfo(of conversation: ConversationId) async throws -> GroupInfo {
        GroupInfo(try await toTheEnd { try await self.ffi.groupInfo(conversation: conversation.description) })
    }

    /// How far a message of this account got at each member of a group.
    ///
    /// - Throws: ``WaxwingError`` `not_found` when the message is not one of ours in this group, or what the store says.
    public func receipts(of message: MessageId, in conversation: ConversationId) async throws -> Receipts {
        Receipts(
            try await toTheEnd {
                try await self.ffi.receipts(conversation: conversation.description, id: message.description)
            })
    }
}

/// A conversation's group. ``Conversation/group`` gives it.
///
/// Everything that changes it is on disk when the call returns, and goes out by itself. Whether it stands, the group's other admins may have
/// decided first: then the timeline says ``GroupNotice/notDone``.
///
/// ```swift
/// let chat = try await client.createGroup("birds", with: ["bob", "carol"])
/// try await chat.group?.setRole(of: "bob", to: .admin)
/// ```
public final class ChatGroup: Sendable, Identifiable {
    let ffi: FfiGroup

    init(_ ffi: FfiGroup) {
        self.ffi = ffi
        id = ConversationId(lifted: ffi.id())
    }

    /// The id of its conversation, the same on every device.
    public let id: ConversationId

    /// Title, members and settings, as they are known here now.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func info() async throws -> GroupInfo {
        GroupInfo(try await toTheEnd { try await ffi.info() })
    }

    /// How far a message of this account got at each member.
    ///
    /// - Throws: ``WaxwingError`` `not_found` when the message is not one of ours in this group, or what the store says.
    public func receipts(of message: MessageId) async throws -> Receipts {
        Receipts(try await toTheEnd { try await ffi.receipts(id: message.description) })
    }

    /// Adds accounts. They read what is written from then on.
    ///
    /// - Throws: ``WaxwingError`` `not_permitted`, `unknown_account`, `offline` for a handle that is not known here, `handle_invalid`,
    ///   `invalid_input` for members that are in it already, or what the store says; `CancellationError`.
    public func add(_ members: [Whose]) async throws {
        try await whileWanted { try await ffi.addMembers(whose: members.map(\.lowered), cancel: $0) }
    }

    /// Removes accounts. The next message is sealed under a key that they are not given.
    ///
    /// - Throws: As ``add(_:)``.
    public func remove(_ members: [Whose]) async throws {
        try await whileWanted { try await ffi.removeMembers(whose: members.map(\.lowered), cancel: $0) }
    }

    /// Leaves the group. What was said stays here.
    ///
    /// - Throws: ``WaxwingError`` `not_permitted` for the last owner while others are in it, or who is not in it; or what the store says.
    public func leave() async throws {
        try await toTheEnd { try await ffi.leave() }
    }

    /// Gives a member a role.
    ///
    /// - Throws: As ``add(_:)``.
    public func setRole(of member: Whose, to role: GroupRole) async throws {
        try await whileWanted { try await ffi.setRole(whose: member.lowered, role: role.lowered, cancel: $0) }
    }

    /// Calls it something else. An empty title: without a name.
    ///
    /// - Throws: ``WaxwingError`` `not_permitted`, `message_too_large` for a title that is too long, or what the store says.
    public func setTitle(_ title: String) async throws {
        try await toTheEnd { try await ffi.setTitle(title: title) }
    }

    /// Gives the group a picture, or none: bytes of whatever format the app chooses. Only members see it.
    ///
    /// - Throws: ``WaxwingError`` `not_permitted`, `message_too_large`, `invalid_input` for no bytes at all, or what the store says.
    public func setPicture(_ picture: Data?) async throws {
        try await toTheEnd { try await ffi.setPicture(picture: picture) }
    }

    /// The group's picture, if it has one and its bytes are here: they come soon after the change, and the conversation changes then.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func picture() async throws -> Data? {
        try await toTheEnd { try await ffi.picture() }
    }

    /// Says what members may do.
    ///
    /// - Throws: ``WaxwingError`` `not_permitted`, or what the store says.
    public func setSettings(_ settings: GroupSettings) async throws {
        try await toTheEnd { try await ffi.setSettings(settings: settings.lowered) }
    }
}
