package org.waxwing

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.time.Duration.between
import java.time.Instant

/** Registering, and messages that come and go. */
class ExchangeTest {
    @Test
    fun register() = scenario { stage ->
        val alice = stage.open("alice")
        assertNull(alice.me)
        assertEquals(LinkState.Stopped, alice.link)

        val me = soon { alice.register("alice") }
        assertEquals("alice", me.handle)
        assertEquals(me, alice.me)
        soon { alice.awaitOnline() }
        assertEquals(LinkState.Online, alice.link)
        val key = soon { alice.recoveryKey() }
        assertEquals(77, key.text.length)
        assertEquals("RecoveryKey(..)", "$key")
        soon { alice.shutDown() }

        val again = stage.open("alice")
        assertEquals(me, again.me)
        fails<WaxwingException.Misuse>("already_registered") { again.register("carol") }

        val other = stage.open("other")
        val recovered = soon { other.recover("alice", key, OtherDevices.Replace) }
        assertEquals(me.account, recovered.account)
        assertNotEquals(me.device, recovered.device)
    }

    @Test
    fun exchange() = scenario { stage ->
        val alice = stage.person("alice")
        val bob = stage.person("bob")
        val chat = soon { alice.direct("bob") }
        assertEquals("bob", chat.peer?.handle)
        val sent = soon { chat.send("hello") }

        val message = soon { bob.incoming("test").messages.first() }
        assertEquals("hello", message.text)
        assertEquals(sent.id, message.id)
        assertEquals("alice", message.sender.handle)
        for (time in listOf(message.sentAt, message.storedAt)) {
            assertTrue(between(time, Instant.now()).abs().toHours() < 1)
        }
        val answer = soon { bob.conversation(message.conversation).send("hello yourself") }

        val items = soon { chat.timeline().items.first { it.size == 2 } }
        assertEquals(listOf("hello", "hello yourself"), items.map { it.text })
        assertEquals(listOf(sent.id, answer.id), items.map { it.id })
        assertEquals(listOf(true, false), items.map { it.isOutgoing })
        assertEquals(EntryState.Incoming(Reception.Unread), items[1].state)

        val account = checkNotNull(alice.me).account
        assertEquals(chat.id, soon { bob.direct(account) }.id)
        val nobody = AccountId("00000000-0000-4000-8000-000000000000")
        fails<WaxwingException.NotFound>("not_found") { bob.direct(nobody) }
    }

    @Test
    fun offlineAndCatchUp() = scenario { stage ->
        val first = stage.person("alice")
        val bob = stage.person("bob")
        soon { first.direct("bob") }
        soon { first.shutDown() }

        val offline = stage.open("alice") { offline = true }
        assertEquals(LinkState.Stopped, offline.link)
        val chat = soon { offline.direct("bob") }
        val one = soon { chat.send("one") }
        val id = offline.newMessageId()
        assertEquals(id, soon { chat.send("two", id) }.id)
        assertEquals(2, soon { offline.outboxSize() })
        assertEquals(id, soon { chat.send("two", id) }.id)
        assertEquals(2, soon { offline.outboxSize() }, "the same again is the same message")
        fails<WaxwingException.Misuse>("message_id_taken") { chat.send("another", id) }
        val stranger = fails<WaxwingException.Offline>("offline") { offline.direct("stranger") }
        assertEquals(RetryAdvice.OnNetwork, stranger.advice)
        soon { offline.shutDown() }

        val alice = stage.open("alice")
        soon { alice.awaitFlushed() }
        val incoming = bob.incoming("test")
        val messages = soon { incoming.messages.take(2).toList() }
        assertEquals(listOf("one", "two"), messages.map { it.text })
        assertEquals(listOf(one.id, id), messages.map { it.id })
        soon { incoming.done(messages[0]) }
        soon { bob.shutDown() }

        val bobAgain = stage.open("bob")
        assertEquals("two", soon { bobAgain.incoming("test").messages.first() }.text)
    }

    @Test
    fun receipts() = scenario { stage ->
        val alice = stage.person("alice")
        val bob = stage.person("bob")
        val sent = soon { alice.direct("bob").send("hello") }
        soon { sent.await(DeliveryGoal.Sent) }
        soon { sent.await(DeliveryGoal.Delivered) }

        val unread = soon { bob.conversations.first { it.singleOrNull()?.unread == 1L } }.single()
        assertEquals("hello", unread.last?.preview)
        soon { bob.conversation(unread.id).markRead(sent.id) }
        assertEquals(Delivery.Read, soon { sent.await(DeliveryGoal.Read) })
        soon { bob.conversations.first { it.single().unread == 0L } }
    }

    @Test
    fun retryAndCancel() = scenario { stage ->
        val registered = stage.person("alice")
        val bob = stage.person("bob")
        soon { registered.direct("bob") }
        soon { registered.shutDown() }

        val offline = stage.open("alice") { offline = true }
        val chat = soon { offline.direct("bob") }
        val one = soon { chat.send("one") }
        val two = soon { chat.send("two") }
        soon { two.takeBack() }
        assertEquals(Delivery.TakenBack, soon { two.state() })
        soon { offline.shutDown() }

        val alice = stage.open("alice")
        val sentOne = alice.sent(one.id)
        soon { sentOne.await(DeliveryGoal.Delivered) }
        fails<WaxwingException.Misuse>("too_late") { sentOne.takeBack() }
        soon { sentOne.retry() } // it did not fail: nothing happens
        assertEquals(Delivery.Delivered, soon { sentOne.state() })
        fails<WaxwingException.NotFound>("not_found") { alice.sent(alice.newMessageId()).state() }

        soon { alice.direct("bob").send("the last") }
        val got = soon { bob.incoming("test").messages.take(2).toList() }
        assertEquals(listOf("one", "the last"), got.map { it.text })
    }

    @Test
    fun twoClientsInOneProcess() = scenario { stage ->
        val alice = stage.person("alice")
        val bob = stage.person("bob")
        val hers = soon { alice.direct("bob") }
        val his = soon { bob.direct("alice") }
        val senders = listOf(hers to "a", his to "b").map { (chat, letter) ->
            async { repeat(50) { chat.send("$letter$it") } }
        }
        senders.awaitAll()
        for (chat in listOf(hers, his)) {
            val items = soon { chat.timeline(limit = 500).items.first { it.size == 100 } }
            for (letter in listOf("a", "b")) {
                val texts = items.mapNotNull { it.text }.filter { it.startsWith(letter) }
                assertEquals(List(50) { "$letter$it" }, texts)
            }
        }

        val streams = listOf(
            launch(start = CoroutineStart.UNDISPATCHED) { alice.events.collect {} },
            launch(start = CoroutineStart.UNDISPATCHED) { alice.conversations.collect {} },
            launch(start = CoroutineStart.UNDISPATCHED) { hers.timeline().items.collect {} },
            launch(start = CoroutineStart.UNDISPATCHED) { alice.incoming("test").messages.collect {} },
        )
        soon { alice.shutDown() }
        soon { streams.forEach { it.join() } }
        val sent = soon { his.send("still here") }
        soon { sent.await(DeliveryGoal.Sent) }
    }
}
