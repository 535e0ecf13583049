package org.waxwing

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.waxwing.ffi.TimelineDiff
import org.waxwing.internal.asOurs
import java.io.File
import kotlin.math.roundToLong

/** What the bridge costs, for docs/bindings.md. Told and not judged: it is the machine that decides. */
class CostTest {
    @Test
    fun `what a call and a batch of 50 across the bridge cost is told`() = scenario { stage ->
        val alice = stage.person("alice")
        stage.person("bob")
        val chat = soon { alice.direct("bob") }
        repeat(50) { soon { chat.send("a message as people write them, number $it") } }
        soon { alice.awaitFlushed() }

        val call = microseconds(times = 20_000) { alice.link }
        // The first batch is given again to whoever asks for it again: no store between.
        val watch = chat.ffi.timeline(page(50, null, null))
        val batch = microseconds(times = 1_000) {
            val diff = checkNotNull(soon { watch.pull(0uL) }).diffs.single() as TimelineDiff.Reset
            assertEquals(50, diff.items.map { it.asOurs() }.size)
        }
        File(System.getProperty("waxwing.costs")).writeText("kotlin: call $call us, batch of 50 $batch us\n")
    }

    /** The middle one of five rounds, once the JIT has seen it. */
    private inline fun microseconds(times: Int, call: () -> Unit): Long {
        repeat(times) { call() }
        val samples = List(5) {
            val start = System.nanoTime()
            repeat(times / 5) { call() }
            (System.nanoTime() - start) / 1_000.0 / (times / 5)
        }
        return samples.sorted()[2].roundToLong()
    }
}
