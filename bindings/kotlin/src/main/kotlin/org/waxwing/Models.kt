package org.waxwing

import java.time.Instant

/** This device's account. */
public data class Me(
    /** The account. */
    val account: AccountId,
    /** This device. */
    val device: DeviceId,
    /** The name under which others find the account. `toString` hides it. */
    val handle: String,
) {
    override fun toString(): String = "Me(account=$account, device=$device)"
}

/** Somebody, as this device knows them. */
public data class Contact(
    /** The account. */
    val account: AccountId,
    /** The name under which it was last seen; null for an account that this device has forgotten. `toString` hides it. */
    val handle: String?,
) {
    override fun toString(): String = "Contact(account=$account)"
}

/** The account's secret key, for the user to write down. Its text is shown once and never logged: `toString` hides it. */
@JvmInline
public value class RecoveryKey(
    /** The text to write down. */
    public val text: String,
) {
    override fun toString(): String = "RecoveryKey(..)"
}

/** What happens to the account's other devices when it is recovered. */
public enum class OtherDevices {
    /** They are signed out: this device replaces them. */
    Replace,

    /** They stay: this device joins them. */
    Keep,
}

/** One entry of a conversation. */
public data class TimelineItem(
    /** The message's id, which never changes: the key of its bubble. */
    val id: MessageId,
    /** Where it stands. */
    val conversation: ConversationId,
    /** Who wrote it. */
    val sender: Contact,
    /** On which device. */
    val senderDevice: DeviceId,
    /** What it says. */
    val body: Body,
    /** When the sender's clock said it was written. For display only: order never comes from a clock. */
    val sentAt: Instant,
    /** When it came to this device's disk. */
    val storedAt: Instant,
    /** How far it got. */
    val state: EntryState,
) {
    /** The text, where it has one. */
    public val text: String? get() = (body as? Body.Text)?.text

    /** Whether this account wrote it, on this device or another. */
    public val isOutgoing: Boolean get() = state is EntryState.Outgoing
}

/** What an entry says. */
public sealed interface Body {
    /** Plain text. `toString` hides it, so that it does not reach a log by mistake. */
    public data class Text(
        /** The text. */
        val text: String,
    ) : Body {
        override fun toString(): String = "Text(..)"
    }

    /** A message that could not be opened. Its sender has been asked to send it again, and it will take this entry's place. */
    public data object Unreadable : Body

    /** Something that happened, told to the user in its place. */
    public data class Notice(
        /** What. */
        val what: NoticeKind,
    ) : Body
}

/** Something that happened in a conversation. */
public enum class NoticeKind {
    /** The other side's key is another one than before; sending waits for the user ([WaxwingClient.acceptKey]). */
    KeyChanged,

    /** The user accepted the new key. */
    KeyAccepted,

    /** The other side has a further device, or other devices than before. */
    DevicesChanged,

    /** The relay lost its database; what was not delivered is sent again. */
    RelayReset,
}

/** How far an entry got. */
public sealed interface EntryState {
    /** One that this account wrote. */
    public data class Outgoing(
        /** How far it got. */
        val delivery: Delivery,
    ) : EntryState

    /** One that somebody else wrote. */
    public data class Incoming(
        /** How far it got. */
        val reception: Reception,
    ) : EntryState

    /** Neither: a notice. */
    public data object Local : EntryState
}

/** How far an outgoing message got. */
public sealed interface Delivery {
    /** On disk here; not sealed yet. It can still be taken back. */
    public data object Queued : Delivery

    /** Waits for the user, or for the recipient to come back. */
    public data class Held(
        /** For what. */
        val reason: HoldReason,
    ) : Delivery

    /** Sealed; perhaps on its way. */
    public data object Sending : Delivery

    /** It will not go out, unless it is retried ([Sent.retry]). */
    public data class Failed(
        /** Why. */
        val reason: FailureReason,
    ) : Delivery

    /** Taken back before it was sealed. */
    public data object TakenBack : Delivery

    /** The relay has it on disk: one tick. */
    public data object Sent : Delivery

    /** A device of the recipient has it on disk: two ticks. */
    public data object Delivered : Delivery

    /** The recipient read it. */
    public data object Read : Delivery
}

/** What one can wait for a message to reach ([Sent.await]). */
public enum class DeliveryGoal {
    /** The relay has it on disk. */
    Sent,

    /** A device of the recipient has it on disk. */
    Delivered,

    /** The recipient read it. */
    Read,
}

/** What a message waits for. */
public enum class HoldReason {
    /** The recipient's key changed; it goes on when the user accepts it ([WaxwingClient.acceptKey]). */
    KeyChanged,

    /** The relay does not know the recipient. It is tried again by itself, in case the recipient comes back. */
    RecipientGone,
}

/** Why a message will not go out. */
public enum class FailureReason {
    /** The relay refuses its size. */
    TooLarge,

    /** The relay refused it for a reason that this build does not know. */
    Refused,
}

/** How far an incoming message got. */
public enum class Reception {
    /** Not opened yet: the sender has been asked to send it again. */
    Waiting,

    /** It could not be opened, and the sender could not send it again. */
    Lost,

    /** On disk, not seen by the user. */
    Unread,

    /** Seen by the user. */
    Read,
}

/** One line of the list of conversations. */
public data class ConversationItem(
    /** The conversation. */
    val id: ConversationId,
    /** The other side. */
    val peer: Contact,
    /** Incoming messages that the user has not seen. */
    val unread: Long,
    /** The newest entry, if there is one. */
    val last: LastEntry?,
    /** Whether sending waits for the user to accept the other side's new key ([WaxwingClient.acceptKey]). */
    val keyChanged: Boolean,
    /** When the conversation was made. */
    val createdAt: Instant,
)

/** The newest entry of a conversation, shortened. */
public data class LastEntry(
    /** Its id. */
    val id: MessageId,
    /** The beginning of its text; empty for an entry without text. `toString` hides it. */
    val preview: String,
    /** When it came to this device's disk. */
    val storedAt: Instant,
    /** How far it got. */
    val state: EntryState,
) {
    override fun toString(): String = "LastEntry(id=$id, storedAt=$storedAt, state=$state)"
}

/** An incoming message whose text is known. */
public data class IncomingMessage(
    /** The message's id, which never changes. */
    val id: MessageId,
    /** Where it stands: answer with [WaxwingClient.conversation]. */
    val conversation: ConversationId,
    /** Who wrote it. */
    val sender: Contact,
    /** What it says. `toString` hides it, so that it does not reach a log by mistake. */
    val text: String,
    /** When the sender's clock said it was written. */
    val sentAt: Instant,
    /** When it came to this device's disk. */
    val storedAt: Instant,
    /** Its place in the order of arrival on this device. */
    val place: Long,
) {
    override fun toString(): String = "IncomingMessage(id=$id, conversation=$conversation, place=$place)"
}

/** What a background fetch brought. */
public data class CatchUp(
    /** Incoming messages that became readable. */
    val messages: Long,
    /** Whether everything that the relay had is here, and everything that was to be sent is there. */
    val completed: Boolean,
)

/** How the connection stands. */
public enum class LinkState {
    /** Being opened. */
    Connecting,

    /** Logged in. */
    Online,

    /** Not connected; the next attempt comes by itself. */
    Offline,

    /** Not connected, and no attempt is made: not registered, paused, or opened offline. */
    Stopped,
}

/** Something that happened. Nothing depends on hearing it: every state can be read. */
public sealed interface Event {
    /** The connection changed. */
    public data class Link(
        /** How it stands. */
        val state: LinkState,
    ) : Event

    /** A conversation's timeline, unread count or name changed. */
    public data class ConversationChanged(
        /** Which. */
        val conversation: ConversationId,
    ) : Event

    /** A message of ours changed its state. */
    public data class DeliveryChanged(
        /** Which. */
        val message: MessageId,
    ) : Event

    /** An incoming message became readable. */
    public data class MessageReadable(
        /** Which. */
        val message: MessageId,
    ) : Event

    /** The relay has no more for this device. */
    public data object Drained : Event

    /** An account's key changed; sending to it waits for [WaxwingClient.acceptKey]. */
    public data class KeyChanged(
        /** Whose. */
        val account: AccountId,
    ) : Event

    /** The relay confirmed this device. */
    public data object Registered : Event

    /** The relay does not know this device any more. */
    public data class SignedOut(
        /** The stable word that says why. */
        val code: String,
    ) : Event

    /** The relay lost its database; what was not delivered is sent again. */
    public data object RelayReset : Event

    /** The store is an old copy of itself: messages since then may be missing, and its sessions start anew. */
    public data object StoreRolledBack : Event

    /** The relay has everything that this device sent. */
    public data object OutboxEmpty : Event

    /** This listener was too slow, and missed events: read again what you show. */
    public data object Lagged : Event
}

/** How much a line of the log matters. */
public enum class LogLevel {
    /** Something is broken. */
    Error,

    /** Something failed, and was mended or will be tried again. */
    Warn,

    /** What an operator wants to know. */
    Info,

    /** What a developer wants to know. */
    Debug,

    /** Everything. */
    Trace,
}

/** One line of the log: codes and counts, never content, keys or names. */
public data class LogRecord(
    /** How much it matters. */
    val level: LogLevel,
    /** Which part of the software says it. */
    val target: String,
    /** What it says, with its values as `name=value`. */
    val text: String,
    /** When. */
    val at: Instant,
    /** Lines left out before this one, because the sink was too slow. */
    val leftOut: Long,
)

/** What a registration token is wanted for. */
public data class TokenRequest(
    /** The handle that is being registered. `toString` hides it. */
    val handle: String,
    /** Whether the relay said that the last token is past its time: then a new one is needed, not one from a cache. */
    val expired: Boolean,
) {
    override fun toString(): String = "TokenRequest(expired=$expired)"
}

/** What of Waxwing is alive in this process: a leak of the app shows here. */
public data class LiveObjects(
    /** Clients. */
    val clients: Long,
    /** Conversations. */
    val conversations: Long,
    /** Sent messages that are followed. */
    val sent: Long,
    /** Streams: timelines, lists, incoming messages, events. */
    val streams: Long,
    /** Stores that are open for reading. */
    val histories: Long,
    /** Calls that are running. */
    val calls: Long,
)
