package org.waxwing

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.time.Duration.Companion.microseconds
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.measureTime

/** What a phone does to an app: it is suspended, woken, and its coroutines are cancelled. */
class LifeTest {
    @Test
    fun suspendAndResume() = scenario { stage ->
        val alice = stage.person("alice")
        val bob = stage.person("bob")
        val sent = soon { alice.direct("bob").send("before") }
        soon { sent.await(DeliveryGoal.Delivered) }

        soon { bob.pause(5.seconds) }
        assertEquals(LinkState.Stopped, bob.link)
        fails<WaxwingException.Misuse>("suspended") { bob.awaitDrained() }
        soon { Waxwing.openHistory(stage.store("bob")) }.use { history ->
            val line = soon { history.conversations() }.single()
            assertEquals("alice", line.peer?.handle)
            assertEquals(line.id, soon { history.direct("alice") })
            assertEquals(listOf("before"), soon { history.messages(line.id) }.map { it.text })
            assertEquals(bob.me, soon { history.me() })
        }
        val other = stage.open("bob") { offline = true }
        soon { other.shutDown() }

        val meanwhile = soon { alice.direct("bob").send("meanwhile") }
        soon { meanwhile.await(DeliveryGoal.Sent) }
        assertEquals(CatchUp(messages = 1, completed = true), soon { bob.catchUp(20.seconds) })
        assertEquals(LinkState.Stopped, bob.link)
        fails<WaxwingException.Misuse>("suspended") { bob.awaitDrained() }

        soon { bob.resume() }
        soon { bob.awaitOnline() }
        soon { bob.awaitDrained() }
        bob.networkChanged()
    }

    @Test
    fun cancellationInMidCall() = scenario { stage ->
        val registered = stage.person("alice")
        val gone = stage.person("bob")
        soon { gone.shutDown() }
        val waiting = soon { registered.direct("bob").send("are you there?") }
        soon { waiting.await(DeliveryGoal.Sent) }
        val calls = Waxwing.liveObjects().calls
        val took = measureTime {
            assertNull(withTimeoutOrNull(100.milliseconds) { waiting.await(DeliveryGoal.Delivered) })
        }
        assertTrue(took < 2.seconds, "it took $took")
        eventually("no call is left running") { Waxwing.liveObjects().calls == calls }
        soon { registered.shutDown() }

        val offline = stage.open("alice") { offline = true }
        val chat = soon { offline.direct("bob") }
        val ids = List(20) { round ->
            val id = offline.newMessageId()
            val sending = launch(Dispatchers.Default, CoroutineStart.UNDISPATCHED) { chat.send("round $round", id) }
            delay((round * 100).microseconds)
            sending.cancel()
            sending.join()
            val there = soon { chat.history(limit = 500) }.filter { it.id == id }
            assertTrue(there.isEmpty() || there.single().text == "round $round")
            assertEquals(id, soon { chat.send("round $round", id) }.id)
            id
        }
        soon { offline.shutDown() }

        val alice = stage.open("alice")
        val bob = stage.open("bob")
        val incoming = bob.incoming("test")
        val got = soon { incoming.messages.take(21).toList() }
        assertEquals(ids, got.drop(1).map { it.id })

        assertNull(withTimeoutOrNull(100.milliseconds) { incoming.messages.first() })
        soon { alice.direct("bob").send("after a pull was given up") }
        assertEquals("after a pull was given up", soon { incoming.messages.first() }.text)
    }
}
