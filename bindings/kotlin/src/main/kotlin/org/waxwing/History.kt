package org.waxwing

import kotlinx.coroutines.flow.Flow
import org.waxwing.ffi.FfiHistory
import org.waxwing.internal.asOurs
import org.waxwing.internal.calling
import org.waxwing.internal.exported

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
     * @param around this entry and those around it; not beside [before].
     * @throws WaxwingException.NotFound `not_found` when [before] or [around] is not here.
     */
    public suspend fun messages(
        conversation: ConversationId,
        limit: Int = 50,
        before: MessageId? = null,
        around: MessageId? = null,
    ): List<TimelineItem> = calling { ffi.readPage(conversation, page(limit, before, around)) }.map { it.asOurs() }

    /**
     * Title, members and settings of a group.
     *
     * @throws WaxwingException.NotFound `not_found` for a conversation that is no group's.
     */
    public suspend fun groupInfo(conversation: ConversationId): GroupInfo =
        calling { ffi.groupInfo(conversation) }.asOurs()

    /**
     * How far a message of this account got at each member of a group.
     *
     * @throws WaxwingException.NotFound `not_found`.
     */
    public suspend fun receipts(conversation: ConversationId, id: MessageId): Receipts =
        calling { ffi.receipts(conversation, id) }.asOurs()

    /**
     * One entry of a conversation, by its id.
     *
     * @throws WaxwingException.NotFound `not_found`.
     */
    public suspend fun entry(id: MessageId): TimelineItem = calling { ffi.entry(id) }.asOurs()

    /**
     * Finds messages with these words, in one conversation or in all, as [WaxwingClient.search] does.
     *
     * @param limit at most so many, and at most 500.
     */
    public suspend fun search(
        words: String,
        conversation: ConversationId? = null,
        limit: Int = 50,
    ): List<TimelineItem> = calling { ffi.search(words, conversation, countOf(limit)) }.map { it.asOurs() }

    /** All entries of a conversation, oldest first, one after the other: a cold flow, as [Conversation.export]. */
    public fun export(conversation: ConversationId): Flow<TimelineItem> = exported { ffi.export(conversation) }

    /** Lets go of the files. */
    override fun close() {
        ffi.close()
    }
}
