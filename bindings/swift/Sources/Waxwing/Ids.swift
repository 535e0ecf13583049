import Foundation

/// A person or a bot.
public typealias AccountId = Id<Ids.Account>
/// One installation of the app.
public typealias DeviceId = Id<Ids.Device>
/// A message. Its id is chosen by the sending device, is the same on every device, and never changes.
public typealias MessageId = Id<Ids.Message>
/// A conversation; both sides know it by the same id.
public typealias ConversationId = Id<Ids.Conversation>
/// An invitation to a group.
public typealias InvitationId = Id<Ids.Invitation>

/// Of what an ``Id`` can be.
public enum Ids {
    /// A person or a bot.
    public enum Account {}
    /// One installation of the app.
    public enum Device {}
    /// A message.
    public enum Message {}
    /// A conversation.
    public enum Conversation {}
    /// An invitation to a group.
    public enum Invitation {}
}

/// The id of something; an id of one sort cannot stand where another is meant.
///
/// It can be compared, be a key, be written down as text and be taken up again.
///
/// ```swift
/// defaults.set(message.id.description, forKey: "last shown")
/// let lastShown = defaults.string(forKey: "last shown").flatMap(MessageId.init)
/// ```
public struct Id<Sort>: Hashable, Sendable, LosslessStringConvertible {
    /// The id as text, such as `01890a5d-ac96-774b-bcce-b302099a8057`.
    public let description: String

    /// Takes an id that was written down as text; `nil` if it is none.
    public init?(_ description: String) {
        guard let uuid = UUID(uuidString: description) else { return nil }
        self.description = uuid.uuidString.lowercased()
    }

    /// Takes an id as the library gives it.
    init(lifted text: String) {
        description = text
    }
}

extension Id: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "the text is not an id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
