package org.waxwing

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Test
import java.io.File
import kotlin.time.Duration

val TOKEN_RELAY: Array<String>
    get() = arrayOf("--registration", "token", "--token-key", fixture("token-key.pem").path)

fun fixture(name: String): File = File(checkNotNull(System.getenv("WAXWING_FIXTURES")), name)

/** One error of each kind that an honest relay can cause. */
class ErrorsTest {
    @Test
    fun errorsOfEachKind() = scenario { stage ->
        val alice = stage.person("alice")
        val chat = soon { alice.direct("alice-too".also { stage.person(it) }) }

        advises(RetryAdvice.AfterUserActs, fails<WaxwingException.Refused>("handle_taken") {
            stage.open("second").register("alice")
        })
        advises(RetryAdvice.AfterUserActs, fails<WaxwingException.NotFound>("unknown_account") { alice.direct("nobody") })
        advises(RetryAdvice.Never, fails<WaxwingException.TooLarge>("message_too_large") { chat.send("a".repeat(65_537)) })
        advises(RetryAdvice.AfterUserActs, fails<WaxwingException.Misuse>("handle_invalid") {
            stage.open("third").register("no spaces")
        })
        advises(RetryAdvice.Never, fails<WaxwingException.Misuse>("url_insecure") {
            Waxwing.open("ws://192.0.2.1", Store.memory())
        })
        advises(RetryAdvice.Never, fails<WaxwingException.Bug>("panic") { Waxwing.provokePanic() })
        storageErrors(stage)

        val link = stage.open("fourth") { offline = true }
        stage.relay.close()
        advises(RetryAdvice.OnNetwork, fails<WaxwingException.Offline>("offline") { link.register("dora") })
        stage.relay.startAgain()

        soon { alice.shutDown() }
        advises(RetryAdvice.Never, fails<WaxwingException.ShutDown>("shut_down") { alice.awaitOnline() })
        advises(RetryAdvice.Never, fails<WaxwingException.ShutDown>("shut_down") { chat.send("too late") })
        permissionAndRate()
    }

    private suspend fun storageErrors(stage: Stage) {
        val bob = stage.person("bob")
        val inUse = fails<WaxwingException.Storage>("store_in_use") { Waxwing.open(stage.url, stage.store("bob")) }
        advisesSomeTime(inUse)
        soon { bob.shutDown() }
        advises(RetryAdvice.AfterUserActs, fails<WaxwingException.Storage>("wrong_store_key") {
            Waxwing.open(stage.url, stage.store("bob", FixedKey(8)))
        })
        val locked = stage.store("bob") { throw ProviderException("the phone is locked") }
        val unavailable = fails<WaxwingException.Storage>("store_key_unavailable") { Waxwing.open(stage.url, locked) }
        advises(RetryAdvice.AfterUserActs, unavailable)
        assertEquals(true, unavailable.message?.contains("the phone is locked"))
    }

    private fun permissionAndRate() {
        scenario("--limit-loopback", "--registrations-per-hour", "1") { stage ->
            stage.person("alice")
            advisesSomeTime(fails<WaxwingException.RateLimited>("rate_limited") { stage.open("bob").register("bob") })
        }
        scenario(*TOKEN_RELAY) { stage ->
            val refused = fails<WaxwingException.Permission>("token_required") { stage.open("alice").register("alice") }
            advises(RetryAdvice.AfterUserActs, refused)
        }
    }

    private fun advises(advice: RetryAdvice, error: WaxwingException) = assertEquals(advice, error.advice, error.code)

    private fun advisesSomeTime(error: WaxwingException) {
        val advice = assertInstanceOf(RetryAdvice.After::class.java, error.advice, error.code)
        assertEquals(true, advice.delay > Duration.ZERO)
    }
}
