package org.waxwing

import org.waxwing.ffi.FfiHistory
import org.waxwing.internal.asOurs
import org.waxwing.internal.calling

/**
 * A store, to be read only. It takes no lock that keeps a client from working, here or in another process.
 *
 * Made by [Waxwing.openHistory].
 *
 * @sample org.waxwing.samples.readHistory
 */
public class History internal constructor(private val ffi: FfiHistory) : AutoCloseable {
    /** The device's account, once it is registered. */
    public suspend fun me(): Me? = calling { ffi.me() }?.asOurs()

    /** All conversations, the one with the newest message first. */
    public suspend fun conversations(): List<ConversationItem> = calling { ffi.conversations() }.map { it.asOurs() }

    /**
     * The conversation with the account of this handle.
     *
     * @throws WaxwingException.NotFound `not_found`.
     */
    public suspend fun direct(handle: String): ConversationId = calling { ffi.direct(handle) }

    /**
     * Entries of a conversation, oldest first.
     *
     * @param limit at most so many, and at most 500.
     * @param before the entries just before this one; null: the newest.
     * @throws WaxwingException.NotFound `not_found` when [before] is not here.
     */
    public suspend fun messages(
        conversation: ConversationId,
        limit: Int = 50,
        before: MessageId? = null,
    ): List<TimelineItem> = calling { ffi.readPage(conversation, page(limit, before)) }.map { it.asOurs() }

    /** Lets go of the files. */
    override fun close() {
        ffi.close()
    }
}
