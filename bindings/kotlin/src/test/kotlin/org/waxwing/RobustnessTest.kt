package org.waxwing

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.util.concurrent.TimeUnit

/** Faults, leaks, and a library that does not fit. */
class RobustnessTest {
    @Test
    fun panicBecomesATypedError() = scenario { stage ->
        val alice = stage.person("alice")
        val bob = stage.person("bob")
        repeat(100) { fails<WaxwingException.Bug>("panic") { Waxwing.provokePanic() } }
        soon { alice.direct("bob").send("still here") }
        assertEquals("still here", soon { bob.incoming("test").messages.first() }.text)
    }

    @Test
    fun tenThousandObjectsLeaveNoLeak() = scenario { stage ->
        val alice = stage.person("alice")
        stage.person("bob")
        val id = sendAndDrop(alice)
        onlyTwoClients("before") // What earlier tests dropped is gone too.
        makeAndDrop(alice, id)
        onlyTwoClients("after 10,000 objects")

        openAndDrop(stage)
        onlyTwoClients("after clients that nobody closed")
        repeat(10) { stage.open("dropped-$it") }
    }

    /** A function of its own, so that no frame that goes on holds what was sent. */
    private suspend fun sendAndDrop(alice: WaxwingClient): MessageId = soon { alice.direct("bob").send("hello") }.id

    private suspend fun CoroutineScope.makeAndDrop(alice: WaxwingClient, id: MessageId) {
        val chat = soon { alice.direct("bob") }
        repeat(2_500) {
            assertEquals(id, alice.sent(id).id)
            assertEquals(1, chat.timeline().items.first().size)
            launch(start = CoroutineStart.UNDISPATCHED) { alice.events.collect {} }.cancel()
            assertEquals(1, alice.conversations.first().size)
        }
    }

    private suspend fun openAndDrop(stage: Stage) {
        repeat(10) { soon { Waxwing.open(stage.url, stage.store("dropped-$it")) } }
    }

    /** Nothing is alive but the two clients of the scenario: everything else was dropped, and is collected. */
    private suspend fun onlyTwoClients(at: String) {
        val expected = LiveObjects(
            clients = 2,
            conversations = 0,
            groups = 0,
            sent = 0,
            streams = 0,
            linkings = 0,
            safetyNumbers = 0,
            histories = 0,
            calls = 0,
        )
        eventuallyCollected("$expected, $at", { Waxwing.liveObjects() == expected }, Waxwing::liveObjects)
    }

    private suspend fun eventuallyCollected(what: String, isSo: () -> Boolean, instead: () -> Any = { "" }) = try {
        eventually(what) {
            System.gc()
            isSo()
        }
    } catch (error: IllegalStateException) {
        throw AssertionError("${error.message}; instead ${instead()}", error)
    }

    @Test
    fun wrongChecksumIsRefusedAtStart() {
        val (good, saysGood) = probe(checkNotNull(System.getenv("WAXWING_LIBRARY")))
        assertEquals(0, good, saysGood)
        val (wrong, saysWrong) = probe(checkNotNull(System.getenv("WAXWING_WRONG_LIBRARY")))
        assertNotEquals(0, wrong, saysWrong)
        assertTrue("does not fit the generated code" in saysWrong, saysWrong)
        assertTrue("first call" !in saysWrong, saysWrong)
        val (missing, saysMissing) = probe(File("no-such-folder").path)
        assertNotEquals(0, missing, saysMissing)
        assertTrue("the native library of Waxwing is not there" in saysMissing, saysMissing)
    }

    /** A process of its own, which loads the library from this folder and makes one call. */
    private fun probe(library: String): Pair<Int, String> {
        val java = File(System.getProperty("java.home"), "bin/java").path
        val classes = System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
        val process = ProcessBuilder(java, "-Djna.library.path=$library", "-cp", classes, "org.waxwing.Probe")
            .redirectErrorStream(true)
            .start()
        val says = process.inputStream.bufferedReader().readText()
        assertTrue(process.waitFor(60, TimeUnit.SECONDS))
        return process.exitValue() to says
    }
}

/** What [RobustnessTest] runs in a process of its own. */
object Probe {
    @JvmStatic
    fun main(arguments: Array<String>) {
        println("first call: ${Waxwing.version}")
    }
}
