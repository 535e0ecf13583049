package org.waxwing

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What the bridge costs, for docs/bindings.md. The limits are loose: they find a mistake, not a slow machine. */
class CostTest {
    @Test
    fun `a call and a page across the bridge cost microseconds`() = scenario { stage ->
        val alice = stage.person("alice")
        stage.person("bob")
        val chat = soon { alice.direct("bob") }
        repeat(50) { soon { chat.send("a message as people write them, number $it") } }
        soon { alice.awaitFlushed() }

        val call = microseconds(times = 20_000) { alice.link }
        val suspending = microseconds(times = 2_000) { chat.history(limit = 1) }
        val page = microseconds(times = 500) { assertEquals(50, chat.history(limit = 50).size) }
        println("kotlin: a call %.1f us; a suspending call that reads one entry %.0f us; a page of 50 entries %.0f us".format(call, suspending, page))
        assertTrue(call < 500 && page < 50_000)
    }

    private inline fun microseconds(times: Int, call: () -> Unit): Double {
        repeat(times) { call() } // so that the JIT has seen it
        val samples = List(5) {
            val start = System.nanoTime()
            repeat(times / 5) { call() }
            (System.nanoTime() - start) / 1_000.0 / (times / 5)
        }
        return samples.sorted()[2]
    }
}
