package org.waxwing

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test
import java.time.Instant
import java.time.temporal.ChronoUnit
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.seconds

/** How conversations are set, and messages that disappear. */
class SettingsTest {
    private suspend fun set(chat: Conversation, isSo: (ConversationSettings) -> Boolean) =
        eventually("the settings") { isSo(chat.settings()) }

    @Test
    fun conversationSettings() = scenario { stage ->
        val (alice, bob) = listOf("alice", "bob").map { stage.person(it) }
        val tablet = stage.open("tablet")
        soon { tablet.recover("alice", alice.recoveryKey(), OtherDevices.Keep) }
        val (one, other) = listOf(soon { alice.direct("bob") }, soon { tablet.direct("bob") })
        soon { one.setDraft("half a") }
        soon { one.setPinned(true) }
        soon { one.setArchived(true) }
        soon { one.setMarkedUnread(true) }
        soon { one.setMuted(Mute.ForEver) }
        val wanted = ConversationSettings(
            "half a", Mute.ForEver, isPinned = true, isArchived = true, isMarkedUnread = true,
        )
        set(other) { it == wanted }
        line(tablet) { it.id == one.id && it.settings == wanted }

        val noon = Instant.now().truncatedTo(ChronoUnit.DAYS).plus(36, ChronoUnit.HOURS).plusMillis(123)
        soon { other.setMuted(Mute.Until(noon)) }
        set(one) { it.muted == Mute.Until(noon) }
        soon { other.setMuted(null) }
        soon { other.setPinned(false) }
        soon { other.setArchived(false) }
        soon { other.setDraft("") }
        set(one) { it == ConversationSettings(isMarkedUnread = true) }

        val toAlice = soon { bob.direct("alice") }
        soon { toAlice.send("hello") }
        soon { one.markRead(take(alice, 1).single().id) }
        set(one) { it == ConversationSettings() }

        soon { one.setBlocked(true) }
        fails<WaxwingException.Misuse>("blocked") { one.send("to nobody") }
        soon { toAlice.send("unheard") }
        soon { bob.awaitFlushed() }
        // A device that connects anew has drained what waited before.
        soon { alice.pause(5.seconds) }
        soon { alice.resume() }
        soon { alice.awaitDrained() }
        soon { one.setBlocked(false) }
        set(other) { !it.isBlocked }
        soon { toAlice.send("heard") }
        assertEquals(listOf("hello", "heard"), take(alice, 2, "again").map { it.text })
    }

    private suspend fun gone(client: WaxwingClient, id: MessageId) = eventually("it is gone") {
        try {
            client.entry(id)
            false
        } catch (_: WaxwingException.NotFound) {
            true
        }
    }

    @Test
    fun disappearing() = scenario { stage ->
        val (alice, bob) = listOf("alice", "bob").map { stage.person(it) }
        val (toBob, toAlice) = listOf(soon { alice.direct("bob") }, soon { bob.direct("alice") })
        suspend fun told(timer: kotlin.time.Duration?) {
            for (chat in listOf(toBob, toAlice)) {
                set(chat) { it.timer == timer }
                val notice = Body.Notice(NoticeKind.TimerChanged(timer))
                eventually("the notice") { chat.history().any { it.body == notice } }
            }
        }
        soon { toBob.setTimer(1.seconds) }
        told(1.seconds)
        val goes = soon { toBob.send("gone") }.id
        assertEquals(1.seconds, take(bob, 1).single().marks.expiresAfter)
        gone(alice, goes)
        assertEquals("gone", soon { bob.entry(goes) }.text, "it waits to be read")
        soon { toAlice.markRead(goes) }
        gone(bob, goes)
        fails<WaxwingException.Misuse>("invalid_input") { toBob.setTimer(36_600.days) }

        soon { toBob.setTimer(null) }
        told(null)
        soon { toBob.send("stays") }
        val stays = take(bob, 1, "stays").single()
        assertEquals("stays", stays.text)
        assertNull(stays.marks.expiresAfter)
    }
}
