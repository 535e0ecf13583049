package org.waxwing

import org.waxwing.ffi.Draft
import org.waxwing.ffi.FfiConversation
import org.waxwing.ffi.FfiSent
import org.waxwing.ffi.Page
import org.waxwing.internal.FfiTimelineWatch
import org.waxwing.internal.asOurs
import org.waxwing.internal.asTheirs
import org.waxwing.internal.calling

/** The most entries that can be asked for at once. */
internal const val PAGE_MAX = 500

internal fun page(limit: Int, before: MessageId?): Page {
    require(limit in 1..PAGE_MAX) { "a page has 1 to $PAGE_MAX entries" }
    return Page(limit.toUInt(), before)
}

/**
 * A conversation with one other account.
 *
 * @sample org.waxwing.samples.firstMessage
 */
public class Conversation internal constructor(internal val ffi: FfiConversation) {
    /** Its id, the same on both sides. */
    public val id: ConversationId = calling { ffi.id() }

    /** The other side, as it was when this value was made. */
    public val peer: Contact = calling { ffi.peer() }.asOurs()

    /**
     * Puts a message on its way. When this returns, the message is on disk and goes out, whatever happens to the process.
     *
     * Cancelled in the middle, the message is there whole or not at all; to make sure of it, send again under the same id.
     *
     * @param text at most 64 KiB in UTF-8.
     * @param id from [WaxwingClient.newMessageId]: sending the same text again under it changes nothing. Null: a new one.
     * @throws WaxwingException.TooLarge `message_too_large`.
     * @throws WaxwingException.Misuse `invalid_input` for an empty text, `message_id_taken` for another text under the same id.
     * @sample org.waxwing.samples.sendAndFollow
     */
    public suspend fun send(text: String, id: MessageId? = null): Sent = Sent(calling { ffi.send(Draft(text, id)) })

    /**
     * Watches the newest entries, and older ones on demand.
     *
     * @param limit how many to begin with, at most 500.
     * @sample org.waxwing.samples.timeline
     */
    public fun timeline(limit: Int = 50): Timeline =
        Timeline(limit) { FfiTimelineWatch(calling { ffi.timeline(page(it, null)) }) }

    /**
     * Reads entries once, oldest first.
     *
     * @param limit at most so many, and at most 500.
     * @param before the entries just before this one; null: the newest.
     * @throws WaxwingException.NotFound `not_found` when [before] is not here.
     */
    public suspend fun history(limit: Int = 50, before: MessageId? = null): List<TimelineItem> =
        calling { ffi.readPage(page(limit, before)) }.map { it.asOurs() }

    /**
     * Remembers that the user saw everything up to this entry, and lets the other side know.
     *
     * @throws WaxwingException.NotFound `not_found`.
     */
    public suspend fun markRead(upTo: MessageId) {
        calling { ffi.markRead(upTo) }
    }
}

/**
 * A message that this device sent, to follow it.
 *
 * @sample org.waxwing.samples.sendAndFollow
 */
public class Sent internal constructor(private val ffi: FfiSent) {
    /** The message's id, which never changes. */
    public val id: MessageId = calling { ffi.id() }

    /**
     * How far it got.
     *
     * @throws WaxwingException.NotFound `not_found` when the message is not one of ours.
     */
    public suspend fun state(): Delivery = calling { ffi.state() }.asOurs()

    /**
     * Waits until it is at least this far, or stands still: then the answer is [Delivery.Failed], [Delivery.TakenBack] or
     * [Delivery.Held]. Wait with a limit: a recipient may be away for weeks.
     */
    public suspend fun await(goal: DeliveryGoal): Delivery = calling { ffi.reached(goal.asTheirs()) }.asOurs()

    /**
     * Sends a message after all that failed or was taken back. For one that is on its way, nothing happens.
     *
     * @throws WaxwingException.NotFound `not_found` when the message is not one of ours.
     */
    public suspend fun retry() {
        calling { ffi.retry() }
    }

    /**
     * Takes it back, while it is not sealed yet or after it failed.
     *
     * @throws WaxwingException.Misuse `too_late` once it is sealed.
     */
    public suspend fun takeBack() {
        calling { ffi.takeBack() }
    }
}
