import Foundation

/// Somebody, as this device knows them.
public struct Contact: Hashable, Sendable {
    /// The account.
    public let account: AccountId
    /// The name under which it was last seen; `nil` for an account that this device has forgotten.
    public let handle: String?
}

/// One entry of a conversation.
public struct TimelineItem: Hashable, Sendable, Identifiable {
    /// The message's id, which never changes.
    public let id: MessageId
    /// Where it stands.
    public let conversation: ConversationId
    /// Who wrote it.
    public let sender: Contact
    /// On which device.
    public let senderDevice: DeviceId
    /// What it says.
    public let body: Body
    /// What it carries beside its text.
    public let marks: Marks
    /// Whether its text was changed since it was sent.
    public let isEdited: Bool
    /// How people reacted to it.
    public let reactions: [Reaction]
    /// When the sender's clock said it was written: to be shown, and not to sort by.
    public let sentAt: Date
    /// When it came to this device's disk.
    public let storedAt: Date
    /// How far it got.
    public let status: Status

    /// Its text, if it has one.
    public var text: String? {
        body.text
    }

    /// Whether this account wrote it, on this device or another.
    public var isOutgoing: Bool {
        if case .outgoing = status { true } else { false }
    }

    /// What an entry says. More may come: give a `switch` over it a `default`.
    public enum Body: Hashable, Sendable {
        /// Plain text.
        case text(String)
        /// A message that could not be opened; its sender has been asked to send it again.
        case unreadable
        /// Something that happened, told in its place.
        case notice(Notice)
        /// Something that the sender did to the group.
        case group(GroupNotice)
        /// A message that its sender took back.
        case deleted

        var text: String? {
            if case .text(let text) = self { text } else { nil }
        }
    }

    /// How far an entry got.
    public enum Status: Hashable, Sendable {
        /// One that this account wrote.
        case outgoing(Delivery)
        /// One that somebody else wrote.
        case incoming(Reception)
        /// Neither: a notice.
        case local
    }
}

/// Something that happened in a conversation, to be shown in its place.
public enum Notice: Hashable, Sendable {
    /// The account's key is another one than before; sending waits for the user. See ``Client/acceptKey(of:)``.
    case keyChanged
    /// The user accepted the new key.
    case keyAccepted
    /// The account has a further device, or other devices than before.
    case devicesChanged
    /// The relay lost its database; what was not delivered is sent again.
    case relayReset
    /// New messages disappear after so long; `nil`: they stay.
    case timerChanged(Duration?)
}

/// How far an outgoing message got.
public enum Delivery: Hashable, Sendable {
    /// On disk here; not sealed yet.
    case queued
    /// Waits, for this.
    case held(HoldReason)
    /// Sealed; perhaps on its way.
    case sending
    /// It will not go out, unless it is retried.
    case failed(FailureReason)
    /// The user took it back before it was sealed.
    case cancelled
    /// The relay has it on disk.
    case sent
    /// A device of the recipient has it on disk.
    case delivered
    /// The recipient read it.
    case read

    /// What one can wait for a message to reach.
    public enum Goal: Hashable, Sendable {
        /// The relay has it on disk.
        case sent
        /// A device of the recipient has it on disk.
        case delivered
        /// The recipient read it.
        case read
    }
}

/// What a message waits for.
public enum HoldReason: Hashable, Sendable {
    /// The recipient's key changed; goes on when the user accepts it.
    case keyChanged
    /// The relay does not know the recipient; tried again by itself, in case the recipient comes back.
    case recipientGone
}

/// Why a message will not go out.
public enum FailureReason: Hashable, Sendable {
    /// The relay refuses its size.
    case tooLarge
    /// The relay refused it for a reason that this build does not know.
    case refused
    /// This account may not write in the group.
    case notPermitted
    /// The recipient deleted the account.
    case recipientGone
}

/// How far an incoming message got.
public enum Reception: Hashable, Sendable {
    /// Not opened yet: the sender has been asked to send it again.
    case waiting
    /// It could not be opened, and the sender could not send it again.
    case lost
    /// On disk, not seen by the user.
    case unread
    /// Seen by the user.
    case read
}

/// One line of the list of conversations.
public struct ConversationItem: Hashable, Sendable, Identifiable {
    /// The conversation.
    public let id: ConversationId
    /// Whom it is with.
    public let party: Party
    /// The other account; `nil`: it is a group.
    public var peer: Contact? { party.contact }
    /// Incoming messages that the user has not seen.
    public let unread: Int
    /// How many of them name this account.
    public let unreadMentions: Int
    /// How the user set it.
    public let settings: ConversationSettings
    /// The newest entry, if there is one.
    public let last: LastEntry?
    /// Whether sending waits for the user to accept the other side's new key.
    public let keyChanged: Bool
    /// Greatest first is the order of the list. It follows the messages, never a clock.
    public let order: Int64
    /// When the conversation was made.
    public let createdAt: Date
}

/// The newest entry of a conversation, shortened.
public struct LastEntry: Hashable, Sendable {
    /// Its id.
    public let id: MessageId
    /// Who wrote it.
    public let sender: Contact
    /// The beginning of its text; empty for an entry without text.
    public let preview: String
    /// When it came to this device's disk.
    public let storedAt: Date
    /// How far it got.
    public let status: TimelineItem.Status
}

/// An incoming message whose text is known.
public struct IncomingMessage: Hashable, Sendable, Identifiable {
    /// The message's id, which never changes.
    public let id: MessageId
    /// Where it stands.
    public let conversation: ConversationId
    /// Who wrote it.
    public let sender: Contact
    /// What the group is called; `nil`: it is none.
    public let groupTitle: String?
    /// What it says.
    public let text: String
    /// What it carries beside its text.
    public let marks: Marks
    /// When the sender's clock said it was written: to be shown, and not to sort by.
    public let sentAt: Date
    /// When it came to this device's disk.
    public let storedAt: Date
    /// Its place in the order of arrival on this device.
    let place: UInt64
}

// ---- what people wrote, and who they are, is not printed ----

/// What is printed without its content, also inside other values, so that no `print` brings it into a log.
public protocol Unprinted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Unprinted {
    public var description: String { "\(type(of: self))(..)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Contact: Unprinted {}
extension Draft: Unprinted {}
extension TimelineItem.Body: Unprinted {}
extension LastEntry: Unprinted {}
extension IncomingMessage: Unprinted {}
extension Me: Unprinted {}
extension Recovery: Unprinted {}
extension RecoveryKey: Unprinted {}
