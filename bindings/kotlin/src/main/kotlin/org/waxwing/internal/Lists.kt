package org.waxwing.internal

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.flow
import org.waxwing.ConversationId
import org.waxwing.ConversationItem
import org.waxwing.ffi.ConversationItem as FfiConversationItem
import org.waxwing.ffi.FfiClient
import org.waxwing.ffi.ListDiff

/** The list of conversations, from its differences. */
internal object Lists {
    fun of(client: FfiClient): Flow<List<ConversationItem>> = flow {
        val known = HashMap<ConversationId, FfiConversationItem>()
        batches { client.conversations().pulled() }.collect { batch ->
            for (diff in batch.diffs) known.take(diff)
            emit(known.values.sortedByDescending { it.order }.map { it.asOurs() })
        }
    }.conflate()

    private fun HashMap<ConversationId, FfiConversationItem>.take(diff: ListDiff) = when (diff) {
        is ListDiff.Reset -> {
            clear()
            diff.items.associateByTo(this) { it.conversationId }
        }
        is ListDiff.Changed -> diff.items.associateByTo(this) { it.conversationId }
        is ListDiff.Interrupted -> throw diff.error.asOurs()
    }
}
