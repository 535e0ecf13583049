package org.waxwing

import java.time.Instant
import kotlin.time.Duration

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
    /** What it carries besides its words. */
    val marks: Marks,
    /** Whether its author changed it since. */
    val isEdited: Boolean,
    /** What people reacted, the most frequent first. */
    val reactions: List<Reaction>,
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

    /** Something that the sender of the entry did to the group. */
    public data class Group(
        /** What. */
        val what: GroupNotice,
    ) : Body

    /** Its author took it back. */
    public data object Deleted : Body
}

/** Something that happened in a conversation. */
public sealed interface NoticeKind {
    /** The other side's key is another one than before; sending waits for the user ([WaxwingClient.acceptKey]). */
    public data object KeyChanged : NoticeKind

    /** The user accepted the new key. */
    public data object KeyAccepted : NoticeKind

    /** The other side has a further device, or other devices than before. */
    public data object DevicesChanged : NoticeKind

    /** The relay lost its database; what was not delivered is sent again. */
    public data object RelayReset : NoticeKind

    /** The sender of the entry set the timer of disappearing messages. */
    public data class TimerChanged(
        /** How long messages stay from now on; null: for ever. */
        val timer: Duration?,
    ) : NoticeKind
}

/** What a message carries besides its words. */
public data class Marks(
    /** The message that it answers. Nobody vouches that there is such a message. */
    val replyTo: MessageId?,
    /** It was written somewhere else before, as its sender says. */
    val isForwarded: Boolean,
    /** Accounts that are named in it, in the order of the text. */
    val mentions: List<Mention>,
    /** Content of the app's own. */
    val custom: Custom?,
    /** It disappears so long after it was sent here, or read here; null: it stays. */
    val expiresAfter: Duration?,
    /** It came of somebody after they were removed from the group: its sender may not have known. */
    val isAfterRemoval: Boolean,
)

/** An account that is named in a text: `text.substring(start, end)` is its name there. */
public data class Mention(
    /** Who. */
    val account: AccountId,
    /** Where the name begins, as an index of the text. */
    val start: Int,
    /** The index behind it. */
    val end: Int,
)

/** Content of the app's own; the text beside it is what an app shows that does not know its type. */
public class Custom(
    /** Its type, such as `example.com/location`; 1 to 64 bytes. */
    public val kind: String,
    /** Its bytes. With the text they are at most 65,536. */
    public val payload: ByteArray,
) {
    override fun equals(other: Any?): Boolean =
        other is Custom && kind == other.kind && payload.contentEquals(other.payload)

    override fun hashCode(): Int = 31 * kind.hashCode() + payload.contentHashCode()

    override fun toString(): String = "Custom(kind=$kind)"
}

/** A reaction to a message, and who reacted so. */
public data class Reaction(
    /** What: one character as people see it. `toString` hides it. */
    val reaction: String,
    /** Who. */
    val by: List<Contact>,
) {
    override fun toString(): String = "Reaction(by=$by)"
}
