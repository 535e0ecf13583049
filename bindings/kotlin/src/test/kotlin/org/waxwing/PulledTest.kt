package org.waxwing

import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.waxwing.internal.Pulled
import org.waxwing.internal.batches
import org.waxwing.internal.calling
import kotlin.time.Duration.Companion.seconds

/** Pulling in batches, in virtual time. */
class PulledTest {
    private data class Batch(val number: ULong, val text: String)

    private var stopped = 0

    private fun pulled(pull: suspend (ULong) -> Batch?) = Pulled(pull, Batch::number) { stopped += 1 }

    @Test
    fun `a batch whose pull was given up is asked for again`() = runTest {
        val asked = mutableListOf<ULong>()
        val pulled = pulled { after ->
            asked += after
            if (asked.size == 2) awaitCancellation() else Batch(after + 1u, "batch")
        }
        assertEquals(1uL, pulled.next()?.number)
        assertNull(withTimeoutOrNull(1.seconds) { pulled.next() })
        assertEquals(2uL, pulled.next()?.number)
        assertEquals(listOf(0uL, 1uL, 1uL), asked)
    }

    @Test
    fun `a stream is closed however its collection ends`() = runTest {
        val flow = batches { pulled { after -> if (after < 3u) Batch(after + 1u, "$after") else null } }
        assertEquals(listOf("0", "1", "2"), flow.toList().map { it.text })
        assertEquals(1, stopped, "it was at its end")
        assertEquals("0", flow.first().text)
        assertEquals(2, stopped, "its collector had enough")
        assertThrows<IllegalArgumentException> { flow.collect { throw IllegalArgumentException() } }
        assertEquals(3, stopped, "its collector failed")
        val waiting = launch { batches { pulled { awaitCancellation() } }.collect {} }
        runCurrent()
        waiting.cancel()
        waiting.join()
        assertEquals(4, stopped, "its collector was cancelled")
    }

    @Test
    fun `a pull after closing finds the end, and not a handle that is gone`() = runTest {
        val pulled = pulled { error("FfiEvents object has already been destroyed") }
        assertThrows<WaxwingException.ShutDown> { pulled.next() }
        pulled.close()
        assertNull(pulled.next())
    }

    @Test
    fun `a handle that was let go of says that the client is closed`() {
        val error = assertThrows<WaxwingException.ShutDown> { calling { error("FfiClient object has already been destroyed") } }
        assertEquals("shut_down", error.code)
        assertTrue(checkNotNull(error.message).endsWith("(shut_down)"))
    }

    @Test
    fun `what is no id is refused, and ids print as themselves`() {
        val text = "01890a5d-ac96-774b-bcce-b302099a8057"
        assertEquals(text, "${MessageId(text)}")
        for (wrong in listOf("", "hello", text.uppercase(), text.dropLast(1), text.replace('-', '0'), "$text ")) {
            assertThrows<IllegalArgumentException>(wrong) { AccountId(wrong) }
            assertThrows<IllegalArgumentException>(wrong) { DeviceId(wrong) }
            assertThrows<IllegalArgumentException>(wrong) { MessageId(wrong) }
            assertThrows<IllegalArgumentException>(wrong) { ConversationId(wrong) }
        }
    }

    @Test
    fun `content and names stay out of what is printed`() {
        val id = MessageId("01890a5d-ac96-774b-bcce-b302099a8057")
        val account = AccountId(id.value)
        val contact = Contact(account, "canary")
        val printed = listOf(
            Me(account, DeviceId(id.value), "canary"),
            contact,
            Body.Text("canary"),
            TokenRequest("canary", expired = false),
            RecoveryKey("canary"),
            LastEntry(id, contact, "canary", java.time.Instant.EPOCH, EntryState.Local),
            IncomingMessage(
                id, ConversationId(id.value), contact, "canary", java.time.Instant.EPOCH, java.time.Instant.EPOCH, 1,
                Marks(null, false, emptyList(), Custom("kind", "canary".encodeToByteArray()), null, false), "canary",
            ),
            Handle("canary"),
            Reaction("canary", listOf(contact)),
            GroupHead("canary", GroupStanding.Member),
            GroupNotice.Title("canary"),
            ConversationSettings(draft = "canary"),
            InvitationLink(ConversationId(id.value), "canary", needsApproval = false, expiresAt = null),
        )
        for (value in printed) assertTrue("canary" !in "$value", "$value")
    }
}
