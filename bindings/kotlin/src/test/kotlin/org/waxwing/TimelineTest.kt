package org.waxwing

import kotlinx.coroutines.async
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.waxwing.ffi.Advice
import org.waxwing.ffi.ErrorKind
import org.waxwing.ffi.FfiException
import org.waxwing.ffi.TimelineDiff
import org.waxwing.internal.TimelineWatch
import java.time.Instant
import org.waxwing.ffi.Contact as FfiContact
import org.waxwing.ffi.EntryBody as FfiBody
import org.waxwing.ffi.EntryState as FfiEntryState
import org.waxwing.ffi.Marks as FfiMarks
import org.waxwing.ffi.TimelineItem as FfiItem

/** A timeline over a watch whose every step the test decides, in virtual time. */
class TimelineTest {
    /** As the library's: a batch whose pull is given up comes again. */
    private class FakeWatch(val limit: Int) : TimelineWatch {
        val batches = Channel<List<TimelineDiff>>(Channel.UNLIMITED)
        val before = ArrayDeque<List<FfiItem>>()
        var isClosed = false

        override suspend fun next(): List<TimelineDiff>? = batches.receiveCatching().getOrNull()

        override suspend fun older(limit: Int): List<FfiItem> = before.removeFirstOrNull().orEmpty()

        override fun close() {
            isClosed = true
            batches.close()
        }

        fun tell(vararg diffs: TimelineDiff) = check(batches.trySend(diffs.toList()).isSuccess)
    }

    private val watches = mutableListOf<FakeWatch>()
    private val timeline = Timeline(limit = 2) { limit -> FakeWatch(limit).also { watches += it } }

    private fun item(number: Int, text: String = "$number") = FfiItem(
        messageId = MessageId("00000000-0000-7000-8000-%012d".format(number)),
        conversationId = ConversationId("00000000-0000-4000-8000-000000000001"),
        sender = FfiContact(AccountId("00000000-0000-4000-8000-000000000002"), "alice"),
        senderDevice = DeviceId("00000000-0000-4000-8000-000000000003"),
        body = FfiBody.Text(text),
        marks = FfiMarks(replyTo = null, forwarded = false, mentions = emptyList(), custom = null, expiresAfter = null),
        edited = false,
        reactions = emptyList(),
        sentAt = Instant.EPOCH,
        storedAt = Instant.EPOCH,
        state = FfiEntryState.Local,
    )

    private fun items(vararg numbers: Int) = numbers.map { item(it) }

    @Test
    fun `differences are put together, and only the newest is emitted`() = runTest {
        val seen = mutableListOf<List<String?>>()
        val collecting = launch { timeline.items.collect { items -> seen += items.map { it.text } } }
        watches.single().tell(TimelineDiff.Reset(items(3, 4)))
        runCurrent()
        watches.single().tell(TimelineDiff.Changed(listOf(item(4, "four"))), TimelineDiff.Appended(items(5, 6)))
        runCurrent()
        assertEquals(listOf(listOf("3", "4"), listOf("3", "four", "5", "6")), seen)
        collecting.cancel()
    }

    @Test
    fun `a pull that waits gives way to older entries`() = runTest {
        val seen = mutableListOf<List<String?>>()
        val collecting = launch { timeline.items.collect { items -> seen += items.map { it.text } } }
        val watch = watches.single()
        watch.before += items(1, 2)
        watch.tell(TimelineDiff.Reset(items(3, 4)))
        runCurrent()
        assertEquals(2, timeline.older())
        runCurrent()
        assertEquals(listOf("1", "2", "3", "4"), seen.last())
        watch.tell(TimelineDiff.Changed(listOf(item(1, "one"))))
        runCurrent()
        assertEquals(listOf("one", "2", "3", "4"), seen.last())
        assertEquals(0, timeline.older())
        collecting.cancel()
    }

    @Test
    fun `older entries can be asked for before anybody collects`() = runTest {
        val watch = watches.single()
        watch.before += items(1, 2)
        watch.tell(TimelineDiff.Reset(items(3, 4)))
        assertEquals(2, timeline.older())
        timeline.close()
        assertEquals(listOf(listOf("1", "2", "3", "4")), timeline.items.toList().distinct().map { items -> items.map { it.text } })
    }

    @Test
    fun `a reset does not tear a hole below older entries`() = runTest {
        val seen = mutableListOf<List<String?>>()
        val collecting = launch { timeline.items.collect { items -> seen += items.map { it.text } } }
        watches.single().before += items(1, 2)
        watches.single().tell(TimelineDiff.Reset(items(3, 4)))
        runCurrent()
        timeline.older()
        watches.single().tell(TimelineDiff.Reset(items(4, 5)))
        runCurrent()
        assertEquals(2, watches.size, "it watches anew")
        assertTrue(watches.first().isClosed)
        assertEquals(4, watches.last().limit, "with as many as there were")
        watches.last().tell(TimelineDiff.Reset(items(1, 2, 4, 5)))
        runCurrent()
        assertEquals(listOf("1", "2", "4", "5"), seen.last())
        collecting.cancel()
    }

    @Test
    fun `older entries wait for the first page of a new watch`() = runTest {
        val collecting = launch { timeline.items.collect {} }
        watches.single().before += items(3)
        watches.single().tell(TimelineDiff.Reset(items(4, 5)))
        runCurrent()
        timeline.older()
        watches.single().tell(TimelineDiff.Reset(items(5, 6)))
        runCurrent()
        val watch = watches.last()
        watch.before += items(1, 2)
        val older = async { timeline.older() }
        runCurrent()
        watch.tell(TimelineDiff.Reset(items(3, 5, 6)))
        assertEquals(2, older.await())
        collecting.cancel()
        timeline.close()
        assertEquals(listOf("1", "2", "3", "5", "6"), timeline.items.toList().first().map { it.text })
    }

    @Test
    fun `no entry is shown twice while a reset is on its way`() = runTest {
        val watch = watches.single()
        watch.tell(TimelineDiff.Reset(items(1, 2, 3, 4)))
        watch.before += items(1, 2) // the beginning has moved to 3, which is not told yet
        timeline.older()
        timeline.close()
        assertEquals(listOf("1", "2", "3", "4"), timeline.items.toList().first().map { it.text })
    }

    @Test
    fun `a failure ends the collection, and the next one goes on`() = runTest {
        val watch = watches.single()
        val failure = FfiException.Failed(ErrorKind.STORAGE, "io_error", Advice.Never, "the disk failed (io_error)")
        watch.tell(TimelineDiff.Reset(items(1)))
        watch.tell(TimelineDiff.Interrupted(failure))
        watch.tell(TimelineDiff.Appended(items(2)))
        assertThrows<WaxwingException.Storage> { timeline.items.toList() }
        watch.close()
        assertEquals(listOf(1, 2, 2), timeline.items.toList().map { it.size })
    }

    @Test
    fun `closing ends every collection`() = runTest {
        val collecting = List(3) { launch { timeline.items.collect {} } }
        runCurrent()
        timeline.close()
        collecting.forEach { it.join() }
    }
}
