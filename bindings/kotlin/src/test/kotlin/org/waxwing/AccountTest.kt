package org.waxwing

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import kotlin.time.Duration.Companion.seconds

/** Safety numbers, devices, backups, and the end of an account. */
class AccountTest {
    private val nobody = AccountId("01890a5d-ac96-774b-bcce-b302099a8057")

    @Test
    fun safetyAndVerification() = scenario { stage ->
        val before = stage.person("alice")
        val bob = stage.person("bob")
        say(before, "bob", "hello")
        take(bob, 1)
        val atAlice = soon { before.safetyNumber(Handle("bob")) }
        val atBob = soon { bob.safetyNumber(checkNotNull(before.me).account) }
        assertEquals(atAlice.digits, atBob.digits)
        assertEquals(60, atAlice.digits.length)
        assertEquals(3, atAlice.lines.lines().size)
        assertEquals(Comparison.Match, atBob.compare(atAlice.scannable))
        assertEquals(Comparison.OtherPair, atAlice.compare(atAlice.scannable))
        assertEquals(Comparison.Unreadable, atAlice.compare("nonsense"))
        assertEquals("bob", atAlice.person.handle)
        assertFalse(atAlice.isVerified)
        assertTrue(atAlice.keyIsAccepted)

        val heard = Heard(before)
        soon { before.markVerified(atAlice) }
        assertEquals(bob.me?.account, heard.hear<Event.VerificationChanged>().account)
        assertTrue(soon { before.safetyNumber(Handle("bob")) }.isVerified)
        soon { before.shutDown() }

        val alice = stage.open("alice")
        val kept = soon { alice.safetyNumber(Handle("bob")) }
        assertTrue(kept.isVerified, "it is kept in the store")
        soon { alice.markUnverified(kept) }
        assertFalse(soon { alice.safetyNumber(Handle("bob")) }.isVerified)
        fails<WaxwingException.NotFound>("not_found") { alice.safetyNumber(Handle("stranger")) }
        fails<WaxwingException.Misuse>("invalid_input") { alice.safetyNumber(Handle("alice")) }
        fails<WaxwingException.NotFound>("unknown_account") { alice.acceptKey(nobody) }
    }

    @Test
    fun linkedDevice() = scenario { stage ->
        val (alice, bob) = listOf("alice", "bob").map { stage.person(it) }
        val one = say(alice, "bob", "one")
        soon { one.await(DeliveryGoal.Delivered) }
        say(bob, "alice", "two")
        take(alice, 1)
        val laptop = stage.open("laptop")
        fails<WaxwingException.Misuse>("link_text_invalid") { alice.linkDevice("nonsense") }
        givenUp(laptop, alice)

        for (steps in link(laptop, alice)) {
            assertEquals(LinkStep.Linked(checkNotNull(laptop.me).device), steps.first())
            assertEquals(LinkStep.Done, steps.last())
            val progress = steps.filterIsInstance<LinkStep.History>().map { it.perMille }
            assertEquals(progress.sorted(), progress)
            assertEquals(1000, progress.last())
        }
        val (toBob, atLaptop) = listOf(soon { alice.direct("bob") }, soon { laptop.direct("bob") })
        assertEquals(listOf("one", "two"), texts(atLaptop))
        assertEquals(soon { toBob.history() }.map { it.state }, soon { atLaptop.history() }.map { it.state })
        assertFalse(soon { laptop.lacksHistory() })
        fails<WaxwingException.Misuse>("already_registered") { laptop.linkAsNew() }

        val (own, others) = listOf(soon { alice.devices() }, soon { laptop.devices() })
        assertEquals(2 to 2, own.devices.size to others.devices.size)
        assertTrue(own.holdsAccountKey)
        assertFalse(others.holdsAccountKey)
        say(laptop, "bob", "from the laptop")
        eventually("it stands here too") { toBob.history().any { it.text == "from the laptop" && it.isOutgoing } }
        managed(alice, laptop)
    }

    private suspend fun givenUp(laptop: WaxwingClient, alice: WaxwingClient) {
        val (here, there) = beginLink(laptop, alice)
        assertEquals(7, here.code.length)
        val wrong = if (there.code == "000 000") "000 001" else "000 000"
        fails<WaxwingException.Permission>("link_code_differs") { here.confirm(wrong) }
        fails<WaxwingException.Misuse>("link_step_taken") { here.confirm(there.code) }
        assertNull(laptop.me)
        val (again, account) = beginLink(laptop, alice)
        val linking = soon { account.confirm(again.code) }
        soon { linking.breakOff() }
        assertEquals(emptyList<LinkStep>(), soon { linking.steps.toList() })
    }

    /** The laptop is named, gets its history again, and is removed. */
    private suspend fun managed(alice: WaxwingClient, laptop: WaxwingClient) {
        val device = checkNotNull(laptop.me).device
        soon { alice.renameDevice(device, "the laptop") }
        for (client in listOf(alice, laptop)) {
            eventually("its name") { client.devices().devices.any { it.id == device && it.name == "the laptop" } }
        }
        fails<WaxwingException.Misuse>("invalid_input") { alice.renameDevice(device, "x".repeat(129)) }
        val chat = soon { laptop.direct("bob") }
        val before = texts(chat)
        val linking = soon { laptop.fetchHistory() }
        assertEquals(LinkStep.Done, soon(60.seconds) { linking.steps.toList() }.last())
        assertEquals(before, texts(chat), "nothing is there twice")

        val first = checkNotNull(alice.me).device
        fails<WaxwingException.Permission>("account_key_missing") { laptop.removeDevice(first) }
        val heard = Heard(laptop)
        soon { alice.removeDevice(device) }
        assertEquals("unknown_device", heard.hear<Event.SignedOut>().code)
        assertEquals(1, soon { alice.devices() }.devices.size)
    }

    @Test
    fun backupAndRestore() = scenario { stage ->
        val before = stage.person("alice")
        val bob = stage.person("bob")
        val canary = say(before, "bob", "a canary sings")
        soon { canary.await(DeliveryGoal.Delivered) }
        val answer = say(bob, "alice", "so it does").id
        take(before, 1)
        val chat = soon { before.direct("bob") }
        soon { chat.react(answer, "+") }
        soon { chat.setPinned(true) }
        soon { before.markVerified(before.safetyNumber(Handle("bob"))) }
        val birds = soon { before.createGroup("birds", Handle("bob")) }.id
        found(bob, birds)

        val file = File(stage.folder, "alice.waxwing")
        val (key, ofBob) = listOf(soon { before.recoveryKey() }, soon { bob.recoveryKey() })
        fails<WaxwingException.Misuse>("recovery_key_invalid") { before.writeBackup(file, RecoveryKey("nonsense")) }
        fails<WaxwingException.Permission>("wrong_account_key") { before.writeBackup(file, ofBob) }
        val summary = soon { before.writeBackup(file, key) }
        val content = file.readBytes()
        assertEquals(content.size.toLong(), summary.bytes)
        assertFalse("canary" in content.toString(Charsets.ISO_8859_1))
        val texts = texts(chat)
        soon { before.shutDown() }

        val alice = stage.open("new phone")
        soon { alice.recover("alice", key, OtherDevices.Replace) }
        val cut = File(stage.folder, "cut").apply { writeBytes(content.copyOf(content.size / 2)) }
        fails<WaxwingException.Undecryptable>("backup_damaged") { alice.restoreBackup(cut, key) }
        fails<WaxwingException.Permission>("backup_key_wrong") { alice.restoreBackup(file, ofBob) }
        fails<WaxwingException.Misuse>("backup_other_account") { bob.restoreBackup(file, key) }
        repeat(2) {
            assertEquals(summary, soon { alice.restoreBackup(file, key) })
            val restored = soon { alice.direct("bob") }
            assertEquals(texts, texts(restored))
            assertEquals("+", soon { alice.entry(answer) }.reactions.single().reaction)
            assertTrue(soon { restored.settings() }.isPinned)
        }
        assertTrue(soon { alice.safetyNumber(Handle("bob")) }.isVerified)
        val group = checkNotNull(soon { alice.conversation(birds) }.group)
        assertEquals(2, soon { group.info() }.members.size)
        say(alice, "bob", "on a new phone")
        assertEquals(listOf("a canary sings", "on a new phone"), take(bob, 2).map { it.text })
    }

    @Test
    fun accountDeletion() = scenario { stage ->
        val (alice, bob) = listOf("alice", "bob").map { stage.person(it) }
        say(bob, "alice", "a word that stays")
        take(alice, 1)
        val laptop = stage.open("laptop")
        link(laptop, alice)
        fails<WaxwingException.Permission>("account_key_missing") { laptop.deleteAccount() }
        val both = soon { alice.createGroup("both", Handle("bob")) }.id
        val group = checkNotNull(found(bob, both).group)
        val account = checkNotNull(alice.me).account

        val heard = listOf(Heard(alice), Heard(laptop))
        soon { alice.deleteAccount() }
        for (each in heard) assertEquals("account_deleted", each.hear<Event.SignedOut>().code)
        assertNull(alice.me)
        assertEquals(emptyList<ConversationItem>(), soon { alice.conversations.first() })
        assertTrue("a word that stays" in texts(soon { laptop.direct("bob") }))
        val members = until("Bob is alone") { group.info().members.takeIf { it.size == 1 } }
        assertEquals(GroupRole.Owner, members.single().role)
        val sent = soon { bob.direct(account).send("are you there?") }
        assertEquals(Delivery.Failed(FailureReason.RecipientGone), soon { sent.await(DeliveryGoal.Delivered) })
        val other = stage.open("another")
        assertNotEquals(account, soon { other.register("alice") }.account)
    }
}
