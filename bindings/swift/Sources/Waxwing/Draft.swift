/// A message to be sent.
///
/// ```swift
/// // Sent again under the same id, after a crash or a time-out, it is there once all the same.
/// let draft = Draft(text, id: client.newMessageId())
/// try await chat.send(draft)
/// ```
public struct Draft: Hashable, Sendable {
    /// Plain text, at most 65,536 bytes of UTF-8.
    public var text: String
    /// The message's id; `nil`: a new one.
    public var id: MessageId?
    /// The message that this answers.
    public var replyTo: MessageId?
    /// Whether it was written somewhere else before.
    public var isForwarded: Bool
    /// Accounts that are named in the text, in its order, without overlap; at most 64.
    public var mentions: [Mention]
    /// Content of the app's own; the text is what an app shows that does not know its kind.
    public var custom: CustomContent?

    /// A text, and what it carries.
    public init(
        _ text: String,
        id: MessageId? = nil,
        replyTo: MessageId? = nil,
        isForwarded: Bool = false,
        mentions: [Mention] = [],
        custom: CustomContent? = nil
    ) {
        self.text = text
        self.id = id
        self.replyTo = replyTo
        self.isForwarded = isForwarded
        self.mentions = mentions
        self.custom = custom
    }
}

/// Which entries of a conversation to read.
public struct Page: Hashable, Sendable {
    /// At most so many, and at most 500.
    public var limit: Int
    /// Where.
    public var place: Place

    /// Where a page is.
    public enum Place: Hashable, Sendable {
        /// The newest entries.
        case newest
        /// The entries just before this one.
        case before(MessageId)
        /// This entry and those around it, to jump to it. A timeline that begins so tells what is newer as appended.
        case around(MessageId)
    }

    /// The newest entries.
    public static func newest(_ limit: Int = 50) -> Page {
        Page(limit: limit, place: .newest)
    }

    /// The entries just before one.
    public static func before(_ message: MessageId, _ limit: Int = 50) -> Page {
        Page(limit: limit, place: .before(message))
    }

    /// An entry and those around it.
    public static func around(_ message: MessageId, _ limit: Int = 50) -> Page {
        Page(limit: limit, place: .around(message))
    }
}
