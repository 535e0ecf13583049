package org.waxwing

import kotlinx.coroutines.flow.Flow
import org.waxwing.ffi.Draft
import org.waxwing.ffi.FfiConversation
import org.waxwing.ffi.Page
import org.waxwing.ffi.PagePlace
import org.waxwing.internal.FfiTimelineWatch
import org.waxwing.internal.asOurs
import org.waxwing.internal.asTheirs
import org.waxwing.internal.calling
import org.waxwing.internal.exported
import org.waxwing.internal.peer
import kotlin.time.Duration
import kotlin.time.toJavaDuration

/** The most entries that can be asked for at once. */
internal const val PAGE_MAX = 500

internal fun countOf(limit: Int): UInt {
    require(limit in 1..PAGE_MAX) { "a page has 1 to $PAGE_MAX entries" }
    return limit.toUInt()
}

internal fun page(limit: Int, before: MessageId?, around: MessageId?): Page {
    require(before == null || around == null) { "a page is before an entry or around one" }
    val place = before?.let { PagePlace.Before(it) } ?: around?.let { PagePlace.Around(it) } ?: PagePlace.Newest
    return Page(countOf(limit), place)
}

/**
 * A conversation with one other account, or with a group.
 *
 * @sample org.waxwing.samples.firstMessage
 */
public class Conversation internal constructor(internal val ffi: FfiConversation) {
    /** Its id, the same on both sides; in a group, on every device. */
    public val id: ConversationId = calling { ffi.id() }

    /** The other side, as it was when this value was made; null: a group. */
    public val peer: Contact? = calling { ffi.party() }.peer()

    /** The group, where the conversation is one's. */
    public val group: Group? by lazy { calling { ffi.group() }?.let(::Group) }

    /**
     * Puts a message on its way. When this returns, the message is on disk and goes out, whatever happens to the process.
     *
     * Cancelled in the middle, the message is there whole or not at all; to make sure of it, send again under the same id.
     *
     * @param text at most 64 KiB in UTF-8.
     * @param id from [WaxwingClient.newMessageId]: sending the same text again under it changes nothing. Null: a new one.
     * @param replyTo the message that this answers.
     * @param forwarded it was written somewhere else before.
     * @param mentions accounts that are named in the text, in its order, without overlap; at most 64.
     * @param custom content of your own; the text is what an app shows that does not know its type.
     * @throws WaxwingException.TooLarge `message_too_large`.
     * @throws WaxwingException.Misuse `invalid_input` for an empty text, `message_id_taken` for another text under the same id,
     *   `blocked`.
     * @throws WaxwingException.Permission `not_permitted` in a group that does not let this account write.
     * @sample org.waxwing.samples.sendAndFollow
     */
    public suspend fun send(
        text: String,
        id: MessageId? = null,
        replyTo: MessageId? = null,
        forwarded: Boolean = false,
        mentions: List<Mention> = emptyList(),
        custom: Custom? = null,
    ): Sent {
        val draft = Draft(text, id, replyTo, forwarded, mentions.map { it.asTheirs(text) }, custom?.asTheirs())
        return Sent(calling { ffi.send(draft) })
    }

    /**
     * Watches the newest entries, and older ones on demand.
     *
     * @param limit how many to begin with, at most 500.
     * @param around begins with this entry and those around it, to jump to it; what is newer follows. Null: with the newest.
     * @sample org.waxwing.samples.timeline
     */
    public fun timeline(limit: Int = 50, around: MessageId? = null): Timeline =
        Timeline(limit) { FfiTimelineWatch(calling { ffi.timeline(page(it, null, around)) }) }

    /**
     * Reads entries once, oldest first.
     *
     * @param limit at most so many, and at most 500.
     * @param before the entries just before this one; null: the newest.
     * @param around this entry and those around it; not beside [before].
     * @throws WaxwingException.NotFound `not_found` when [before] or [around] is not here.
     */
    public suspend fun history(
        limit: Int = 50,
        before: MessageId? = null,
        around: MessageId? = null,
    ): List<TimelineItem> = calling { ffi.readPage(page(limit, before, around)) }.map { it.asOurs() }

    /**
     * Remembers that the user saw everything up to this entry, and lets the other side know.
     *
     * @throws WaxwingException.NotFound `not_found`.
     */
    public suspend fun markRead(upTo: MessageId) {
        calling { ffi.markRead(upTo) }
    }

    /**
     * Finds messages with these words here, as [WaxwingClient.search] does.
     *
     * @param limit at most so many, and at most 500.
     */
    public suspend fun search(words: String, limit: Int = 50): List<TimelineItem> =
        calling { ffi.search(words, countOf(limit)) }.map { it.asOurs() }

    /**
     * All entries, oldest first, one after the other: a conversation of any length needs little memory. Those that come or change
     * meanwhile are there, or are not. The flow is cold; each collection begins anew.
     */
    public fun export(): Flow<TimelineItem> = exported { ffi.export() }

    // ---- about a message ----

    /**
     * Changes the text of a message that this account wrote. Mentions in it are gone.
     *
     * @throws WaxwingException.Permission `not_allowed` for a message of somebody else.
     */
    public suspend fun edit(id: MessageId, text: String) {
        calling { ffi.edit(id, text) }
    }

    /** Reacts to a message, in place of this account's reaction before; null takes it back. */
    public suspend fun react(id: MessageId, reaction: String?) {
        calling { ffi.react(id, reaction.orEmpty()) }
    }

    /**
     * Takes back a message that this account wrote. Its text is gone here at once, and elsewhere when they hear of it.
     *
     * @throws WaxwingException.Permission `not_allowed` for a message of somebody else.
     */
    public suspend fun deleteForEveryone(id: MessageId) {
        calling { ffi.deleteForEveryone(id) }
    }

    /** Removes an entry from this account's devices. Nobody else is told. */
    public suspend fun deleteForMe(id: MessageId) {
        calling { ffi.deleteForMe(id) }
    }

    // ---- how it is set: it follows to the account's other devices ----

    /** How the conversation is set. */
    public suspend fun settings(): ConversationSettings = calling { ffi.settings() }.asOurs()

    /** Keeps what the user began to write; empty forgets it. Not for each key: other devices of the account are told. */
    public suspend fun setDraft(text: String) {
        calling { ffi.setDraft(text) }
    }

    /** Asks for silence; null: no more. */
    public suspend fun setMuted(mute: Mute?) {
        calling { ffi.setMuted(mute?.asTheirs()) }
    }

    /** Puts the conversation to the top of the list, or back. */
    public suspend fun setPinned(pinned: Boolean) {
        calling { ffi.setPinned(pinned) }
    }

    /** Puts the conversation away, or back. */
    public suspend fun setArchived(archived: Boolean) {
        calling { ffi.setArchived(archived) }
    }

    /** Marks the conversation, so that the user comes back to it. [markRead] takes that back. */
    public suspend fun setMarkedUnread(marked: Boolean) {
        calling { ffi.setMarkedUnread(marked) }
    }

    /** Blocks the other side, or lets it in again. What it sends meanwhile is dropped, and nothing is sent to it. */
    public suspend fun setBlocked(blocked: Boolean) {
        calling { ffi.setBlocked(blocked) }
    }

    /**
     * Lets new messages of all sides disappear after so many seconds; null: they stay.
     *
     * Those that one wrote oneself disappear so long after they were written, others after they were read. The other side is told,
     * and may change it too.
     *
     * @throws WaxwingException.Misuse `invalid_input` for a timer beyond the limits.
     */
    public suspend fun setTimer(timer: Duration?) {
        calling { ffi.setTimer(timer?.toJavaDuration()) }
    }
}
