package org.waxwing

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import org.waxwing.ffi.TimelineDiff
import org.waxwing.internal.TimelineWatch
import org.waxwing.internal.asOurs

/**
 * A watch on a conversation: its newest entries, and older ones on demand.
 *
 * Made by [Conversation.timeline]. It remembers what it has loaded, so collecting again goes on where it stood: keep one in your
 * `ViewModel`. Closing is good manners; one that is forgotten is closed when it is collected as garbage.
 *
 * @sample org.waxwing.samples.timeline
 */
public class Timeline internal constructor(
    limit: Int,
    private val open: (limit: Int) -> TimelineWatch,
) : AutoCloseable {
    /** What is shown, and the how-manieth that is; the last one may be the end. */
    private class Shown(val number: Long, val items: List<TimelineItem>, val isLast: Boolean)

    @Volatile
    private var shown = Shown(0, emptyList(), isLast = false)

    /** Whose turn it is to use the watch. Whoever wants older entries says so, and a waiting pull gives way. */
    private val turn = Mutex()
    private val olderWanted = MutableStateFlow(0)

    @Volatile
    private var watch = open(limit)
    private var isFresh = true
    private var hasOlder = false

    @Volatile
    private var isClosed = false

    /**
     * All entries loaded so far, oldest first, and again whenever something changes: for `collectAsState` or a `ListAdapter`. A slow
     * collector gets the newest.
     *
     * The flow is cold; any number may collect. It ends when the timeline or the client is closed. When the store cannot be read
     * it throws; collect again then (`retry`).
     */
    public val items: Flow<List<TimelineItem>> = flow {
        var told = 0L
        while (true) {
            val now = shown
            if (now.number > told) {
                told = now.number
                emit(now.items)
            } else if (now.isLast) {
                break
            } else {
                turn.withLock { if (shown === now) advance() }
            }
        }
    }

    /**
     * Loads entries before those that are there; they appear in [items] of every collector, and changes to them too.
     *
     * @param limit at most so many, and at most 500.
     * @return how many there were: 0 at the beginning of the conversation.
     */
    public suspend fun older(limit: Int = 50): Int {
        countOf(limit)
        olderWanted.update { it + 1 }
        try {
            return turn.withLock {
                // Before the first page of this watch is there, nothing is older than it.
                while (isFresh && !shown.isLast) take(watch.next())
                val items = watch.older(limit).map { it.asOurs() }
                if (items.isNotEmpty()) {
                    hasOlder = true
                    // A reset that is still on its way may have moved the beginning: no entry is shown twice meanwhile.
                    show((items + shown.items).distinctBy { it.id })
                }
                items.size
            }
        } finally {
            olderWanted.update { it - 1 }
        }
    }

    /** Ends the watch: [items] completes. */
    override fun close() {
        isClosed = true
        watch.close()
    }

    /** Waits for a batch, and shows it; returns without one when somebody wants older entries. */
    private suspend fun advance() = coroutineScope {
        val pull = async { watch.next() }
        val givingWay = launch {
            olderWanted.first { it > 0 }
            pull.cancel()
        }
        try {
            take(pull.await())
        } catch (_: CancellationException) {
            // The batch comes again. If it is the collector who gave up, this throws.
            currentCoroutineContext().ensureActive()
        } finally {
            givingWay.cancel()
        }
    }

    private fun take(diffs: List<TimelineDiff>?) {
        if (diffs == null) {
            shown = Shown(shown.number + 1, shown.items, isLast = true)
            return
        }
        for (diff in diffs) {
            when (diff) {
                is TimelineDiff.Reset -> {
                    // A reset of the first page only would tear a hole below older ones: watch anew, with all of them.
                    if (!isFresh && hasOlder) return watchAnew()
                    isFresh = false
                    show(diff.items.map { it.asOurs() })
                }
                is TimelineDiff.Appended -> show(shown.items + diff.items.map { it.asOurs() })
                is TimelineDiff.Changed -> {
                    val changed = diff.items.associate { it.messageId to it.asOurs() }
                    show(shown.items.map { changed[it.id] ?: it })
                }
                is TimelineDiff.Interrupted -> throw diff.error.asOurs()
            }
        }
    }

    private fun show(items: List<TimelineItem>) {
        shown = Shown(shown.number + 1, items, isLast = false)
    }

    private fun watchAnew() {
        watch.close()
        watch = open(shown.items.size.coerceIn(1, PAGE_MAX))
        isFresh = true
        hasOlder = false
        if (isClosed) watch.close()
    }
}
