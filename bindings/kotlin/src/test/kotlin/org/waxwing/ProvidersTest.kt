package org.waxwing

import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.waxwing.ffi.ClientSetup
import org.waxwing.ffi.StorePlace
import org.waxwing.internal.calling
import java.io.File
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** What the app gives: keys, tokens, a place for the log. */
class ProvidersTest {
    @Test
    fun tokenProvider() = scenario(*TOKEN_RELAY) { stage ->
        val requests = ConcurrentLinkedQueue<TokenRequest>()
        val alice = stage.open("alice") {
            tokens { request ->
                requests += request
                delay(10.milliseconds) // as a server would take
                fixture(if (request.expired) "token-alice.jwt" else "token-alice-expired.jwt").readText().trim()
            }
        }
        assertEquals("alice", soon { alice.register("alice") }.handle)
        assertEquals(listOf(TokenRequest("alice", false), TokenRequest("alice", true)), requests.toList())

        val why = IllegalArgumentException("the app's login is down")
        val bob = stage.open("bob") { tokens { throw why } }
        val error = fails<WaxwingException.Permission>("token_unavailable") { bob.register("bob") }
        assertSame(why, error.cause)
    }

    @Test
    fun storeKeyProvider() = scenario { stage ->
        class Locked : Exception("the keystore is locked")
        val why = Locked()
        val throwing = stage.store("alice") { throw why }
        val error = fails<WaxwingException.Storage>("store_key_unavailable") { Waxwing.open(stage.url, throwing) }
        assertSame(why, error.cause)
        assertFalse(checkNotNull(error.message).contains("locked"), "an unknown exception's words are not passed on")

        val short = stage.store("alice") { ByteArray(31) }
        fails<WaxwingException.Misuse>("store_key_invalid") { Waxwing.open(stage.url, short) }

        // `Store.file` does not let one forget the key: only the layer below can.
        val keyless = ClientSetup(stage.url, StorePlace.File(File(stage.folder, "alice.db").path))
        fails<WaxwingException.Misuse>("store_key_missing") { calling { org.waxwing.ffi.openClient(keyless) } }

        val (one, two) = List(2) { Waxwing.generateStoreKey() }
        assertEquals(32, one.size)
        assertFalse(one.contentEquals(two))

        val alice = stage.person("alice")
        stage.person("bob")
        soon { alice.direct("bob").send("a canary in the store") }
        soon { alice.awaitFlushed() }
        soon { alice.shutDown() }
        val files = checkNotNull(stage.folder.listFiles { file -> file.name.startsWith("alice") })
        assertTrue(files.any { it.name == "alice.db" })
        for (file in files) assertFalse("canary" in file.readBytes().decodeToString(), file.name)
    }

    @Test
    fun logSink() = scenario { stage ->
        val lines = ConcurrentLinkedQueue<LogRecord>()
        try {
            Waxwing.setLogSink(LogLevel.Debug) { line ->
                lines += line
                error("sinks that throw stop nothing")
            }
            val alone = Waxwing.open("ws://127.0.0.1:1", Store.memory())
            fails<WaxwingException.Offline>("offline") { alone.register("alone") }
            eventually("a line") { lines.isNotEmpty() }
            soon { alone.shutDown() }

            val alice = stage.person("alice-handle")
            val bob = stage.person("bob-handle")
            val sent = soon { alice.direct("bob-handle").send("a canary in the log") }
            soon { sent.await(DeliveryGoal.Delivered) }
            soon { bob.shutDown() }
            for (line in lines) {
                assertTrue(line.target.startsWith("waxwing"), line.target)
                for (secret in listOf("alice-handle", "bob-handle", "canary")) assertFalse(secret in line.text, line.text)
            }
        } finally {
            Waxwing.setLogSink(LogLevel.Error, null)
        }
        delay(200.milliseconds) // what was on its way
        val before = lines.size
        val alone = Waxwing.open("ws://127.0.0.1:1", Store.memory())
        fails<WaxwingException.Offline>("offline") { alone.register("alone") }
        delay(1.seconds)
        assertEquals(before, lines.size, "without a sink")
        soon { alone.shutDown() }
        assertNotNull(Waxwing.version)
    }

    @Test
    fun `no call blocks the thread it is made from`() {
        val mayAnswer = CountDownLatch(1)
        val slow = StoreKeyProvider {
            check(mayAnswer.await(PATIENCE.inWholeSeconds, TimeUnit.SECONDS)) { "the thread stood still" }
            ByteArray(32)
        }
        Stage().use { stage ->
            // One thread, as an app's main thread: it has to be free, or nobody lets the keystore answer.
            runBlocking {
                launch { mayAnswer.countDown() }
                val client = soon { Waxwing.open(stage.url, stage.store("alice", slow)) }
                soon { client.register("alice") }
                client.close() // returns at once
                soon { client.shutDown() }
            }
        }
    }
}
