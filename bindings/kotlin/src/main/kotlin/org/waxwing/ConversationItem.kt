package org.waxwing

import java.time.Instant
import kotlin.time.Duration

/** One line of the list of conversations. */
public data class ConversationItem(
    /** The conversation. */
    val id: ConversationId,
    /** The other side; null: a group. */
    val peer: Contact?,
    /** The group; null: a conversation with one account. */
    val group: GroupHead?,
    /** Incoming messages that the user has not seen. */
    val unread: Long,
    /** How many of them name this account. */
    val unreadMentions: Long,
    /** How the user set it. */
    val settings: ConversationSettings,
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
    /** Who wrote it. */
    val sender: Contact,
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
    /** What it carries besides its words. */
    val marks: Marks,
    /** The title of the group whose conversation it is; null in a conversation with one account. `toString` hides it. */
    val groupTitle: String?,
) {
    override fun toString(): String = "IncomingMessage(id=$id, conversation=$conversation, place=$place)"
}


/** How the user set a conversation. It follows to the account's other devices. */
public data class ConversationSettings(
    /** What the user began to write. `toString` hides it. */
    val draft: String = "",
    /** Until when it makes no noise; null: it does. */
    val muted: Mute? = null,
    /** It stands at the top of the list. */
    val isPinned: Boolean = false,
    /** It is put away. */
    val isArchived: Boolean = false,
    /** The user wants to come back to it. */
    val isMarkedUnread: Boolean = false,
    /** Nothing is taken from the other side, and nothing is sent to it. */
    val isBlocked: Boolean = false,
    /** New messages of all sides disappear after so long; null: they stay. */
    val timer: Duration? = null,
) {
    override fun toString(): String = "ConversationSettings(muted=$muted, isPinned=$isPinned, isArchived=$isArchived, " +
        "isMarkedUnread=$isMarkedUnread, isBlocked=$isBlocked, timer=$timer)"
}

/** How long a conversation makes no noise. */
public sealed interface Mute {
    /** Until then. */
    public data class Until(
        /** When it ends; to the millisecond. */
        val moment: Instant,
    ) : Mute

    /** Until the user says otherwise. */
    public data object ForEver : Mute
}
