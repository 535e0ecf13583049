package org.waxwing

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import java.io.File
import java.nio.file.Files
import java.util.concurrent.TimeUnit
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** What every wait of a scenario is limited to. */
val PATIENCE: Duration = 30.seconds

/** What a whole scenario is limited to. */
private val SCENARIO_MAX = 240.seconds

/** 32 fixed bytes, from a provider that counts how often it is asked. */
class FixedKey(private val byte: Byte = 7) : StoreKeyProvider {
    @Volatile
    var asked = 0

    override suspend fun storeKey(): ByteArray {
        asked += 1
        return ByteArray(32) { byte }
    }
}

/** The relay's program, as a process of its own. */
class Relay(private val data: File, private vararg val options: String) : AutoCloseable {
    private var process = start("127.0.0.1:0")

    lateinit var url: String
        private set

    init {
        url = address(process)
    }

    /** At the same address, with the same data. */
    fun startAgain() {
        process = start(url.removePrefix("ws://"))
        url = address(process)
    }

    /** As if the power failed. */
    fun kill() {
        process.destroyForcibly().waitFor()
    }

    override fun close() {
        process.destroy()
        if (!process.waitFor(10, TimeUnit.SECONDS)) kill()
    }

    private fun start(listen: String): Process {
        val program = checkNotNull(System.getenv("WAXWING_RELAY")) { "run me with `cargo xtask bindings kotlin`" }
        val command = listOf(program, "--listen", listen, "--data", data.path, "--log", "warn") + options
        return ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    }

    private fun address(process: Process): String {
        val line = process.inputStream.bufferedReader().readLine() ?: error("the relay says nothing")
        return line.removePrefix("listening on ").trim()
    }
}

/** A relay that only this test uses, and a fresh folder. */
class Stage(private vararg val options: String) : AutoCloseable {
    val folder: File = Files.createTempDirectory("waxwing-kotlin").toFile()
    private val clients = mutableListOf<WaxwingClient>()

    private val relayStarted = lazy { Relay(File(folder, "relay"), *options) }
    val relay: Relay by relayStarted
    val url: String get() = relay.url

    fun store(name: String, key: StoreKeyProvider = FixedKey()): Store = Store.file(File(folder, "$name.db"), key)

    suspend fun open(name: String, configure: ClientOptions.() -> Unit = {}): WaxwingClient =
        soon { Waxwing.open(url, store(name), configure) }.also { clients += it }

    /** A client that is registered with its name. */
    suspend fun person(name: String): WaxwingClient = open(name).also { client -> soon { client.register(name) } }

    override fun close() {
        runBlocking {
            for (client in clients) soon { client.shutDown() }
        }
        if (relayStarted.isInitialized()) relay.close()
        folder.deleteRecursively()
    }
}

/** Plays a scenario in real time: a real relay does not know a virtual clock. */
fun scenario(vararg options: String, play: suspend CoroutineScope.(Stage) -> Unit) {
    Stage(*options).use { stage ->
        runBlocking(Dispatchers.Default) {
            withTimeout(SCENARIO_MAX) { play(stage) }
        }
    }
}

/** Waits, but not for ever. */
suspend fun <T> soon(limit: Duration = PATIENCE, wait: suspend CoroutineScope.() -> T): T = withTimeout(limit, wait)

/** Looks again and again until it is so. */
suspend fun eventually(what: String, isSo: suspend () -> Boolean) {
    val end = System.nanoTime() + PATIENCE.inWholeNanoseconds
    while (!isSo()) {
        check(System.nanoTime() < end) { "in 30 s it did not come to: $what" }
        delay(20.milliseconds)
    }
}

/** The error of a call that must fail. */
suspend inline fun <reified E : WaxwingException> fails(code: String, crossinline call: suspend () -> Unit): E {
    val error = try {
        soon { call() }
        null
    } catch (error: WaxwingException) {
        error
    } ?: throw AssertionError("it did not fail, and should with `$code`")
    if (error !is E || error.code != code) throw AssertionError("another error than ${E::class.simpleName} `$code`", error)
    val sentence = error.message.orEmpty()
    if (!sentence.endsWith("($code)")) throw AssertionError("the sentence does not end in ($code): $sentence")
    return error
}
