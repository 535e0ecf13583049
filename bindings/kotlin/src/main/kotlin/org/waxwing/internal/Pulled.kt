package org.waxwing.internal

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.transform
import org.waxwing.WaxwingException
import org.waxwing.ffi.EventBatch
import org.waxwing.ffi.ExportBatch
import org.waxwing.ffi.FfiConversationList
import org.waxwing.ffi.FfiEvents
import org.waxwing.ffi.FfiExport
import org.waxwing.ffi.FfiIncoming
import org.waxwing.ffi.FfiLinking
import org.waxwing.ffi.FfiTimeline
import org.waxwing.ffi.IncomingBatch
import org.waxwing.ffi.LinkBatch
import org.waxwing.ffi.ListBatch
import org.waxwing.ffi.TimelineBatch
import org.waxwing.ffi.TimelineDiff
import org.waxwing.ffi.TimelineItem

/**
 * A stream of the library, one batch after the other.
 *
 * A pull says which batch it has. A batch whose pull was cancelled on its way comes again, so cancelling loses nothing.
 */
internal class Pulled<B : Any>(
    private val pull: suspend (ULong) -> B?,
    private val number: (B) -> ULong,
    private val stop: () -> Unit,
) : AutoCloseable {
    private var after = 0uL

    @Volatile
    private var isClosed = false

    /** Waits for the next batch; null: there is no more. One caller at a time. */
    suspend fun next(): B? = try {
        calling { pull(after) }?.also { after = number(it) }
    } catch (gone: WaxwingException.ShutDown) {
        // Closed just before this pull: its handle was let go of.
        if (isClosed) null else throw gone
    }

    /** Ends the stream: a pull that waits gives null, and so do later ones. */
    override fun close() {
        isClosed = true
        stop()
    }
}

/** A stream of its own for every collection, closed when the collection ends, however it ends. */
internal fun <B : Any> batches(open: () -> Pulled<B>): Flow<B> = flow {
    calling(open).use { pulled ->
        while (true) emit(pulled.next() ?: break)
    }
}

/** What a [org.waxwing.Timeline] is made of. */
internal interface TimelineWatch : AutoCloseable {
    /** Waits for what changed; null: there is no more. One caller at a time; cancelling loses nothing. */
    suspend fun next(): List<TimelineDiff>?

    /** Entries before those that were told so far, oldest first; they are watched from here on. */
    suspend fun older(limit: Int): List<TimelineItem>
}

internal class FfiTimelineWatch(private val ffi: FfiTimeline) : TimelineWatch {
    private val pulled = Pulled(ffi::pull, TimelineBatch::number) { ffi.stopAndClose(ffi::stop) }

    override suspend fun next(): List<TimelineDiff>? = pulled.next()?.diffs

    override suspend fun older(limit: Int): List<TimelineItem> = calling { ffi.older(limit.toUInt()) }

    override fun close() = pulled.close()
}

internal fun FfiConversationList.pulled() = Pulled(::pull, ListBatch::number) { stopAndClose(::stop) }

internal fun FfiIncoming.pulled() = Pulled(::pull, IncomingBatch::number) { stopAndClose(::stop) }

internal fun FfiExport.pulled() = Pulled(::pull, ExportBatch::number) { stopAndClose(::stop) }

/** Its handle goes when nobody has it any more. */
internal fun FfiLinking.pulled() = Pulled(::pull, LinkBatch::number) {}

/** The entries of an export, which begins when it is collected. */
internal fun exported(open: () -> FfiExport): Flow<org.waxwing.TimelineItem> =
    batches { open().pulled() }.transform { batch -> batch.items.forEach { emit(it.asOurs()) } }

internal fun FfiEvents.pulled() = Pulled(::pull, EventBatch::number) { stopAndClose(::stop) }

/** Twice does no harm. */
private fun AutoCloseable.stopAndClose(stop: () -> Unit) {
    try {
        stop()
    } catch (_: IllegalStateException) {
        // It was let go of already.
    }
    close()
}
