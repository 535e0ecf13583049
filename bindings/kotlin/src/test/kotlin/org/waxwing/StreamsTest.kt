package org.waxwing

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.transformWhile
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Streams: slow consumers, and consumers that give up. */
class StreamsTest {
    @Test
    fun subscriptionThatLags() = scenario { stage ->
        val alice = stage.person("alice")
        val bob = stage.person("bob")
        val chat = soon { alice.direct("bob") }
        val timeline = chat.timeline(limit = 500)
        assertEquals(emptyList<TimelineItem>(), soon { timeline.items.first() })
        val hisList = bob.conversations

        val gate = CompletableDeferred<Unit>()
        val heard = ConcurrentLinkedQueue<Event>()
        val listening = launch(start = CoroutineStart.UNDISPATCHED) {
            alice.events.collect { event ->
                gate.await()
                heard += event
            }
        }
        val ids = List(300) { soon { chat.send("$it") }.id }
        for (id in ids) soon { alice.sent(id).await(DeliveryGoal.Delivered) }

        gate.complete(Unit)
        do {
            val before = heard.size
            delay(1.seconds)
        } while (heard.size != before)
        listening.cancel()
        // The batch that was pulled before the gate closed comes first; the next one begins with the gap.
        assertEquals(1, heard.count { it == Event.Lagged })
        val newest = heard.toList().dropWhile { it != Event.Lagged }.drop(1)
        assertTrue(heard.size - newest.size <= 65, "the gap comes after at most one batch")
        assertTrue(newest.any { it is Event.DeliveryChanged && it.message == ids.last() })

        val shown = soon {
            timeline.items.transformWhile { items ->
                emit(items)
                !(items.size == 300 && items.all { it.state == EntryState.Outgoing(Delivery.Delivered) })
            }.toList()
        }
        assertTrue(shown.size <= 4, "what was there, and at most three batches: ${shown.map { it.size }}")
        assertEquals(ids, shown.last().map { it.id })
        assertEquals(List(300) { "$it" }, shown.last().map { it.text })
        assertEquals(300, soon { hisList.first { it.singleOrNull()?.unread == 300L } }.single().unread)
    }

    @Test
    fun streamsLoseNothing() = scenario { stage ->
        val alice = stage.person("alice")
        val bob = stage.person("bob")
        val chat = soon { alice.direct("bob") }
        val sending = launch {
            repeat(100) {
                chat.send("$it")
                delay(5.milliseconds)
            }
        }
        val incoming = bob.incoming("test")
        val got = mutableListOf<String>()
        var givenUp = 0
        withTimeoutOrNull(PATIENCE) {
            while (got.size < 100) {
                withTimeoutOrNull(10.milliseconds) { incoming.messages.collect { got += it.text } } ?: givenUp++
            }
        }
        println("kotlin: $givenUp pulls were given up")
        sending.join()
        assertEquals(List(100) { "$it" }, got)

        chat.timeline(limit = 20).use { timeline ->
            val seen = ConcurrentLinkedQueue<List<String?>>()
            val watching = launch { timeline.items.collect { items -> seen += items.map { it.text } } }
            eventually("the first page") { seen.lastOrNull()?.size == 20 }
            delay(100.milliseconds) // now it waits in a pull
            assertEquals(10, soon { timeline.older(10) })
            eventually("older entries in place") { seen.last() == List(30) { "${70 + it}" } }
            soon { chat.send("100") }
            eventually("the watch goes on") { seen.last() == List(31) { "${70 + it}" } }
            watching.cancel()
            assertEquals(70, soon { timeline.older(500) })
            assertEquals(0, soon { timeline.older() })
            assertEquals(List(101) { "$it" }, soon { timeline.items.first() }.map { it.text })
        }
    }

    @Test
    fun `a message on its way to a collector that gives up comes to the next one`() = scenario { stage ->
        val alice = stage.person("alice")
        val bob = stage.person("bob")
        val chat = soon { alice.direct("bob") }
        val ids = List(3) { soon { chat.send("$it") }.id }
        for (id in ids) soon { alice.sent(id).await(DeliveryGoal.Delivered) }
        val incoming = bob.incoming("test")
        val got = mutableListOf<String>()
        // Each takes one of a batch that is there already, and gives up before the next one can be handed to it.
        repeat(3) {
            launch {
                incoming.messages.collect { message ->
                    got += message.text
                    cancel()
                }
            }.join()
        }
        assertEquals(listOf("0", "1", "2"), got)
    }

    @Test
    fun `several collectors share the incoming messages, each goes to one`() = scenario { stage ->
        val alice = stage.person("alice")
        val bob = stage.person("bob")
        val chat = soon { alice.direct("bob") }
        val incoming = bob.incoming("test")
        val got = ConcurrentLinkedQueue<String>()
        val collectors = List(3) { launch { incoming.messages.collect { got += it.text } } }
        repeat(50) { soon { chat.send("$it") } }
        eventually("all are there") { got.size >= 50 }
        collectors.forEach { it.cancel() }
        assertEquals(List(50) { "$it" }, got.sortedBy { it.toInt() })
    }

    @Test
    fun `a timeline shows the same to every collector, and ends when it is closed`() = scenario { stage ->
        val alice = stage.person("alice")
        stage.person("bob")
        val chat = soon { alice.direct("bob") }
        val timeline = chat.timeline()
        val collected = List(3) { ConcurrentLinkedQueue<Int>() }
        val collectors = collected.map { seen -> launch { timeline.items.collect { seen += it.size } } }
        repeat(5) { soon { chat.send("$it") } }
        eventually("all see all") { collected.all { it.lastOrNull() == 5 } }
        collectors.first().cancel() // perhaps the one that was waiting for all of them
        soon { chat.send("5") }
        eventually("the others go on") { collected.drop(1).all { it.lastOrNull() == 6 } }
        timeline.close()
        soon { collectors.forEach { it.join() } }
    }
}
