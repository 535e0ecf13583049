package org.waxwing

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.waxwing.samples.bot
import org.waxwing.samples.catchUp
import org.waxwing.samples.firstMessage
import org.waxwing.samples.handleErrors
import org.waxwing.samples.log
import org.waxwing.samples.openClient
import org.waxwing.samples.readHistory
import org.waxwing.samples.recover
import org.waxwing.samples.register
import org.waxwing.samples.sendAndFollow
import org.waxwing.samples.timeline
import org.waxwing.samples.waitWithLimit
import java.io.File
import java.util.concurrent.ConcurrentLinkedQueue

/** What the documentation shows does what it says. */
class SamplesTest {
    @Test
    fun `the samples of the documentation work`() = scenario { stage ->
        log()
        Waxwing.setLogSink(LogLevel.Error, null)
        val bob = stage.person("bob")
        val answering = launch { bot(bob) }

        val alice = openClient(stage.url, stage.folder, FixedKey()) { error("this relay asks for none") }
        assertEquals("you are alice", soon { register(alice) })
        assertTrue(soon { waitWithLimit(alice) })
        soon { firstMessage(alice) }
        val chat = soon { alice.direct("bob") }
        val id = alice.newMessageId()
        assertEquals("two ticks", soon { sendAndFollow(chat, id) })
        val shown = ConcurrentLinkedQueue<List<String?>>()
        val showing = launch { timeline(chat) { shown += it } }
        eventually("both answers") { shown.lastOrNull().orEmpty().count { it == "you said: hello" } == 2 }
        showing.cancel()
        assertEquals("nobody is called that", soon { handleErrors(alice, "nobody") })
        assertEquals("talking to bob", soon { handleErrors(alice, "bob") })
        assertTrue(soon { catchUp(alice) }.endsWith(" new"))

        val key = soon { alice.recoveryKey() }
        soon { alice.shutDown() }
        val lines = soon { readHistory(Store.file(File(stage.folder, "waxwing.db"), FixedKey())) }
        assertEquals(listOf("bob: you said: hello (2 unread)"), lines)
        val other = stage.open("other")
        soon { recover(other, key.text) }
        assertEquals("alice", other.me?.handle)
        assertEquals(LinkState.Online, soon { other.links.first { it == LinkState.Online } })
        answering.cancel()
    }
}
