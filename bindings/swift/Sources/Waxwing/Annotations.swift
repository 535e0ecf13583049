internal import WaxwingFFI

extension Conversation {
    // MARK: What is said about messages

    /// Changes the text of a message that this account wrote. Mentions in it are gone.
    ///
    /// - Throws: ``WaxwingError`` `not_allowed` for a message of somebody else, or one that cannot be edited; `not_found`,
    ///   `message_too_large`, `invalid_input` for an empty text, or what the store says.
    public func edit(_ message: MessageId, to text: String) async throws {
        try await toTheEnd { try await self.ffi.edit(id: message.description, text: text) }
    }

    /// Reacts to a message, in place of this account's reaction before; `nil` takes it back.
    ///
    /// - Throws: ``WaxwingError`` `not_allowed` for an entry without a text, `not_found`, `invalid_input` for more than one character,
    ///   or what the store says.
    public func react(to message: MessageId, with reaction: String?) async throws {
        try await toTheEnd { try await self.ffi.react(id: message.description, reaction: reaction ?? "") }
    }

    /// Takes back a message that this account wrote, for everyone. Its text is gone from this device at once, and from the others when
    /// they hear of it.
    ///
    /// - Throws: ``WaxwingError`` `not_allowed` for a message of somebody else, `not_found`, or what the store says.
    public func deleteForEveryone(_ message: MessageId) async throws {
        try await toTheEnd { try await self.ffi.deleteForEveryone(id: message.description) }
    }

    /// Removes an entry from this account's devices. Nobody else is told.
    ///
    /// - Throws: ``WaxwingError`` `not_found`, or what the store says.
    public func deleteForMe(_ message: MessageId) async throws {
        try await toTheEnd { try await self.ffi.deleteForMe(id: message.description) }
    }
}
