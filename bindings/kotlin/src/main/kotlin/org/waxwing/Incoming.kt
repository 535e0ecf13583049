package org.waxwing

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.filter
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import org.waxwing.ffi.FfiIncoming
import org.waxwing.internal.asOurs
import org.waxwing.internal.calling
import org.waxwing.internal.pulled

/**
 * Incoming messages, for a consumer that remembers how far it got: after a restart it begins behind the last message that was
 * [done]. A consumer that is new begins with the oldest message.
 *
 * Made by [WaxwingClient.incoming].
 *
 * @sample org.waxwing.samples.bot
 */
public class Incoming internal constructor(private val ffi: FfiIncoming) : AutoCloseable {
    private val turn = Mutex()
    private val pulled = ffi.pulled()
    private val ready = ArrayDeque<IncomingMessage>()

    /**
     * The messages, in the order of arrival. Each comes once in the life of this value, also over several collections: one that was
     * not [done] comes again from a new value, so nothing is lost when the process dies in between.
     *
     * The flow ends when this value or the client is closed. When the store cannot be read it throws; collect again then (`retry`).
     */
    public val messages: Flow<IncomingMessage> = flow {
        while (true) emit(next() ?: break)
        // `emit` looks whether the collector gave up. Only behind it a message counts as given, so none falls in between.
    }.filter { give(it) }

    /** Remembers that this message and all before it are dealt with. */
    public suspend fun done(message: IncomingMessage) {
        calling { ffi.done(message.place.toULong()) }
    }

    /** Ends [messages]. */
    override fun close() {
        pulled.close()
    }

    /** The first message that was not given yet; null: there is no more. */
    private suspend fun next(): IncomingMessage? = turn.withLock {
        synchronized(ready) { ready.firstOrNull() }?.let { return it }
        val batch = pulled.next() ?: return null
        val messages = batch.messages.map { it.asOurs() }
        synchronized(ready) { ready += messages }
        messages.first()
    }

    /** False: another collection was faster. */
    private fun give(message: IncomingMessage): Boolean = synchronized(ready) {
        (ready.firstOrNull() === message).also { isNext -> if (isNext) ready.removeFirst() }
    }
}
