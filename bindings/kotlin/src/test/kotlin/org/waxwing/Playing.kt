package org.waxwing

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.GlobalScope
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.time.Duration.Companion.seconds

/** What a client tells, from here on until it is closed. */
class Heard(client: WaxwingClient) {
    val events = ConcurrentLinkedQueue<Event>()

    init {
        @OptIn(DelicateCoroutinesApi::class) // It ends with the client.
        GlobalScope.launch(start = CoroutineStart.UNDISPATCHED) { client.events.collect { events += it } }
    }

    suspend inline fun <reified E : Event> hear(crossinline isIt: (E) -> Boolean = { true }): E {
        eventually("an event ${E::class.simpleName}") { events.any { it is E && isIt(it) } }
        return events.filterIsInstance<E>().first { isIt(it) }
    }
}

suspend fun say(client: WaxwingClient, to: String, text: String): Sent = soon { client.direct(to).send(text) }

suspend fun take(client: WaxwingClient, count: Int, consumer: String = "test"): List<IncomingMessage> =
    soon { client.incoming(consumer).messages.take(count).toList() }

suspend fun texts(chat: Conversation): List<String> = soon { chat.history(200) }.mapNotNull { it.text }

/** The first answer that is not null. */
suspend fun <T : Any> until(what: String, look: suspend () -> T?): T {
    var found: T? = null
    eventually(what) { look().also { found = it } != null }
    return checkNotNull(found)
}

/** A conversation that soon is there. */
suspend fun found(client: WaxwingClient, id: ConversationId): Conversation = until("the conversation") {
    try {
        client.conversation(id)
    } catch (_: WaxwingException.NotFound) {
        null
    }
}

/** The entry, once it is so. */
suspend fun entryOf(chat: Conversation, id: MessageId, isSo: (TimelineItem) -> Boolean): TimelineItem =
    until("the entry") { chat.history(200).firstOrNull { it.id == id && isSo(it) } }

suspend fun line(client: WaxwingClient, isSo: (ConversationItem) -> Boolean): ConversationItem =
    soon { client.conversations.first { lines -> lines.any(isSo) } }.first(isSo)

/** Both show their codes. */
suspend fun beginLink(new: WaxwingClient, account: WaxwingClient): Pair<LinkCode, LinkCode> = soon {
    coroutineScope {
        val offer = new.linkAsNew()
        val here = async { offer.scanned() }
        val there = account.linkDevice(offer.text)
        here.await() to there
    }
}

/** A new device is linked to an account, and everything comes over. */
suspend fun link(new: WaxwingClient, account: WaxwingClient): List<List<LinkStep>> {
    val (here, there) = beginLink(new, account)
    val linkings = listOf(soon { here.confirm(there.code) }, soon { there.confirm(here.code) })
    return soon(120.seconds) {
        coroutineScope { linkings.map { async { it.steps.toList() } }.map { it.await() } }
    }
}
