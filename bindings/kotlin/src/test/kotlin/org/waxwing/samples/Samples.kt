/** What the documentation shows. [org.waxwing.SamplesTest] runs all of it. */
package org.waxwing.samples

import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.withTimeoutOrNull
import org.waxwing.Conversation
import org.waxwing.Delivery
import org.waxwing.DeliveryGoal
import org.waxwing.LogLevel
import org.waxwing.MessageId
import org.waxwing.OtherDevices
import org.waxwing.RecoveryKey
import org.waxwing.RetryAdvice
import org.waxwing.Store
import org.waxwing.StoreKeyProvider
import org.waxwing.TokenProvider
import org.waxwing.Waxwing
import org.waxwing.WaxwingClient
import org.waxwing.WaxwingException
import java.io.File
import kotlin.time.Duration.Companion.seconds

suspend fun openClient(relay: String, folder: File, keystore: StoreKeyProvider, login: TokenProvider): WaxwingClient =
    Waxwing.open(relay, Store.file(File(folder, "waxwing.db"), keystore)) {
        agent = "Birds/1.2"
        tokens(login) // for a relay that asks who may register
    }

suspend fun firstMessage(client: WaxwingClient) {
    val chat = client.direct("bob")
    chat.send("hello") // on disk when this returns; it goes out by itself
    chat.timeline().items.first { items -> items.any { it.text == "hello" } }
}

suspend fun register(client: WaxwingClient): String {
    val me = client.me ?: client.register("alice")
    return "you are ${me.handle}"
}

suspend fun recover(client: WaxwingClient, writtenDown: String) {
    client.recover("alice", RecoveryKey(writtenDown), OtherDevices.Replace)
}

suspend fun sendAndFollow(chat: Conversation, id: MessageId): String {
    val sent = chat.send("hello", id) // the same id again changes nothing: safe to retry after a crash
    val state = withTimeoutOrNull(10.seconds) { sent.await(DeliveryGoal.Delivered) } ?: sent.state()
    return when (state) {
        Delivery.Queued, Delivery.Sending -> "waiting for a network"
        Delivery.Sent -> "one tick"
        Delivery.Delivered -> "two ticks"
        Delivery.Read -> "two blue ticks"
        Delivery.TakenBack -> "taken back"
        is Delivery.Held -> "waiting for you: ${state.reason}"
        is Delivery.Failed -> "failed: ${state.reason}; tap to retry"
    }
}

suspend fun timeline(chat: Conversation, show: (List<String?>) -> Unit) {
    val timeline = chat.timeline(limit = 50)
    timeline.older(50) // when the user scrolls up
    timeline.items.collect { items -> show(items.map { it.text }) }
}

suspend fun bot(client: WaxwingClient) {
    val incoming = client.incoming("echo")
    incoming.messages.collect { message ->
        client.conversation(message.conversation).send("you said: ${message.text}")
        incoming.done(message) // after a crash before this line, the message comes again
    }
}

suspend fun handleErrors(client: WaxwingClient, handle: String): String =
    try {
        "talking to ${client.direct(handle).peer?.handle}"
    } catch (error: WaxwingException.NotFound) {
        "nobody is called that"
    } catch (error: WaxwingException.Offline) {
        "once you are online"
    } catch (error: WaxwingException) {
        when (val advice = error.advice) {
            is RetryAdvice.After -> "again in ${advice.delay}".also { delay(advice.delay) }
            RetryAdvice.OnNetwork -> "again when there is a network"
            RetryAdvice.AfterUserActs -> checkNotNull(error.message)
            RetryAdvice.Never -> "please report ${error.code}"
        }
    }

suspend fun waitWithLimit(client: WaxwingClient): Boolean =
    withTimeoutOrNull(10.seconds) { client.awaitOnline() } != null

suspend fun catchUp(client: WaxwingClient): String {
    val caughtUp = client.catchUp(20.seconds)
    return if (caughtUp.completed) "${caughtUp.messages} new" else "again later"
}

suspend fun readHistory(store: Store): List<String> = Waxwing.openHistory(store).use { history ->
    history.conversations().map { "${it.peer?.handle}: ${it.last?.preview} (${it.unread} unread)" }
}

fun log() {
    Waxwing.setLogSink(LogLevel.Info) { line ->
        System.err.println("${line.at} ${line.level} ${line.target}: ${line.text}")
    }
}
