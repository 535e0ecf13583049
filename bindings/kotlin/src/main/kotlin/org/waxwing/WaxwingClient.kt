package org.waxwing

import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.GlobalScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.transform
import org.waxwing.ffi.FfiClient
import org.waxwing.ffi.Recovery
import org.waxwing.ffi.Registration
import org.waxwing.internal.Lists
import org.waxwing.internal.Tokens
import org.waxwing.internal.asOurs
import org.waxwing.internal.asTheirs
import org.waxwing.internal.batches
import org.waxwing.internal.calling
import org.waxwing.internal.pulled
import kotlin.time.Duration
import kotlin.time.toJavaDuration

/**
 * One device of one account.
 *
 * Made by [Waxwing.open]. All calls may be made from any thread; none blocks it. A call whose coroutine is cancelled ends at once,
 * and what it was writing goes on to its end: nothing durable is lost by cancelling.
 *
 * @sample org.waxwing.samples.firstMessage
 */
public class WaxwingClient internal constructor(
    internal val ffi: FfiClient,
    private val tokens: Tokens?,
) : AutoCloseable {
    // ---- the account ----

    /** This device's account, once it is registered. */
    public val me: Me?
        get() = calling { ffi.me() }?.asOurs()

    /**
     * Makes an account, and connects for it.
     *
     * Calling it again with the same handle, after it was interrupted, goes on where it stood.
     *
     * @param handle the name under which others find the account: 2 to 32 characters, `a-z`, `0-9`, `.`, `-` and `_`.
     * @param token your server's token, where it is at hand; otherwise [ClientOptions.tokens] is asked, once the relay wants one.
     * @throws WaxwingException.Offline `offline`.
     * @throws WaxwingException.Refused `handle_taken`, and other reasons of the relay.
     * @throws WaxwingException.Permission `token_required`, `token_expired`, `token_unavailable`, `not_authorised`.
     * @throws WaxwingException.Misuse `handle_invalid`, `already_registered`.
     * @sample org.waxwing.samples.register
     */
    public suspend fun register(handle: String, token: String? = null): Me =
        register(Registration(handle, token, null))

    /**
     * Brings an existing account to this device, with the key that the user wrote down.
     *
     * @param others what happens to the account's other devices.
     * @throws WaxwingException.Misuse `recovery_key_invalid` for a mistyped key.
     * @throws WaxwingException.Permission `wrong_account_key` for another account's key.
     * @throws WaxwingException.Refused `too_many_devices`, and other reasons of the relay.
     * @sample org.waxwing.samples.recover
     */
    public suspend fun recover(
        handle: String,
        key: RecoveryKey,
        others: OtherDevices,
        token: String? = null,
    ): Me = register(Registration(handle, token, Recovery(key.text, others.asTheirs())))

    private suspend fun register(registration: Registration): Me {
        val call: suspend () -> Me = { calling { ffi.register(registration) }.asOurs() }
        return tokens?.explaining("token_unavailable") { call() } ?: call()
    }

    /**
     * The account's secret key, for the user to write down: show it, never log it.
     *
     * @throws WaxwingException.NotFound `not_found` on a device that does not hold it.
     */
    public suspend fun recoveryKey(): RecoveryKey = RecoveryKey(calling { ffi.recoveryKey() })

    /**
     * Accepts an account's new key; messages that were held go out. Let the user compare safety numbers before.
     *
     * @throws WaxwingException.NotFound `not_found` for an account that is not known here.
     */
    public suspend fun acceptKey(account: AccountId) {
        calling { ffi.acceptKey(account) }
    }

    // ---- conversations ----

    /**
     * The conversation with the account of this handle, made if it is not there. One that is known is found offline.
     *
     * @throws WaxwingException.NotFound `unknown_account`.
     * @throws WaxwingException.Offline `offline` for a handle that is not known here.
     * @throws WaxwingException.Misuse `handle_invalid`, `not_registered`.
     */
    public suspend fun direct(handle: String): Conversation = Conversation(calling { ffi.direct(handle) })

    /**
     * The conversation with an account that is known here.
     *
     * @throws WaxwingException.NotFound `not_found`.
     */
    public suspend fun direct(account: AccountId): Conversation =
        Conversation(calling { ffi.directByAccount(account) })

    /**
     * A conversation that is known here.
     *
     * @throws WaxwingException.NotFound `not_found`.
     */
    public suspend fun conversation(id: ConversationId): Conversation =
        Conversation(calling { ffi.conversation(id) })

    /**
     * Makes a group with these other members, and its conversation. It can be written to at once, offline too.
     *
     * @param title what it is called; empty: without a name.
     * @param members by [Handle] or [AccountId].
     * @throws WaxwingException.NotFound `unknown_account`.
     * @throws WaxwingException.Offline `offline` for a handle that is not known here.
     * @throws WaxwingException.TooLarge for a title or members beyond the limits.
     */
    public suspend fun createGroup(title: String, vararg members: Someone): Conversation =
        Conversation(calling { ffi.createGroup(title, members.map { it.asTheirs() }) })

    /**
     * Asks to be in a group, by the link of an invitation; [Event.JoinAnswered] tells the answer.
     *
     * @throws WaxwingException.Misuse `invitation_invalid`, `blocked`.
     * @throws WaxwingException.Permission `invitation_over`.
     */
    public suspend fun join(link: String): Join = calling { ffi.join(link) }.asOurs()

    /** The groups that this device asked to be in, and how it stands with each. */
    public suspend fun joins(): List<Join> = calling { ffi.joins() }.map { it.asOurs() }

    /**
     * All conversations, the one with the newest message first, and again whenever one changes: for `collectAsState` or a
     * `ListAdapter`. A slow collector gets the newest list.
     *
     * The flow is cold and ends when the client is closed. When the store cannot be read it throws; collect again then (`retry`).
     */
    public val conversations: Flow<List<ConversationItem>>
        get() = Lists.of(ffi)

    /** Takes up a message that was sent before, to follow it. */
    public fun sent(id: MessageId): Sent = Sent(calling { ffi.sent(id) })

    /** Makes the id of a message that is to be sent: sending again under the same id does not make it double. */
    public fun newMessageId(): MessageId = calling { ffi.newMessageId() }

    /**
     * Incoming messages that can be read, in the order of arrival, for a consumer that remembers how far it got: a bot, an
     * indexer, a notifier.
     *
     * @param consumer its name; each name has a memory of its own.
     * @sample org.waxwing.samples.bot
     */
    public fun incoming(consumer: String): Incoming = Incoming(calling { ffi.incoming(consumer) })

    /**
     * What happens, from the moment of collecting. Nothing depends on hearing it: every state can be read.
     *
     * The flow is cold and ends when the client is closed. A collector that is too slow gets [Event.Lagged] once, in the place of
     * what it missed.
     */
    public val events: Flow<Event>
        get() = batches { ffi.events().pulled() }.transform { batch -> batch.events.forEach { emit(it.asOurs()) } }

    // ---- the link ----

    /** How the connection stands. */
    public val link: LinkState
        get() = try {
            calling { ffi.link() }.asOurs()
        } catch (_: WaxwingException.ShutDown) {
            LinkState.Stopped
        }

    /** How the connection stands, now and whenever it changes: for a banner. The flow is cold and ends when the client is closed. */
    public val links: Flow<LinkState>
        get() = flow {
            calling { ffi.events() }.pulled().use { pulled ->
                while (true) {
                    // Listening began before this is read, so no change falls between.
                    emit(link)
                    pulled.next() ?: break
                }
            }
        }.distinctUntilChanged()

    /**
     * Waits until the device is logged in.
     *
     * @sample org.waxwing.samples.waitWithLimit
     */
    public suspend fun awaitOnline() {
        calling { ffi.online() }
    }

    /** Waits until the relay has everything that can go out. */
    public suspend fun awaitFlushed() {
        calling { ffi.flushed() }
    }

    /** Waits until everything that the relay had, when it was connected to, is here. */
    public suspend fun awaitDrained() {
        calling { ffi.drained() }
    }

    /** How many messages and receipts wait for the relay to take them. */
    public suspend fun outboxSize(): Long = calling { ffi.outboxLen() }.toLong()

    // ---- the app's life ----

    /**
     * Hangs up and lets go of the store: when this returns, no file is locked. On Android, call it from `onStop` of the process.
     *
     * While the link is up, what is on its way gets until the limit. Calls that need the store answer `suspended` until [resume];
     * reading goes on.
     */
    public suspend fun pause(limit: Duration) {
        calling { ffi.suspend(limit.toJavaDuration()) }
    }

    /**
     * Takes the store up again, and connects.
     *
     * @throws WaxwingException.Storage `store_in_use` when another process took the store meanwhile.
     */
    public suspend fun resume() {
        calling { ffi.resume() }
    }

    /**
     * Connects, takes in what the relay has, sends what waits, and goes back to how it was before: paused, if it was. For a
     * push message, or a worker that looks now and then.
     *
     * A relay that cannot be reached is no error: [CatchUp.completed] is false then.
     *
     * @sample org.waxwing.samples.catchUp
     */
    public suspend fun catchUp(limit: Duration): CatchUp = calling { ffi.catchUp(limit.toJavaDuration()) }.asOurs()

    /** Says that the network changed: the next attempt to connect is made at once. */
    public fun networkChanged() {
        calling { ffi.networkChanged() }
    }

    @OptIn(DelicateCoroutinesApi::class) // Closing goes to its end, whoever asked for it.
    private val closing = GlobalScope.async(start = CoroutineStart.LAZY) {
        ffi.use { calling { it.shutDown() } }
    }

    /** Hangs up, ends every stream, and lets go of the files: when this returns, another client can open the store. */
    public suspend fun shutDown() {
        closing.await()
    }

    /** Begins [shutDown], and returns at once. */
    override fun close() {
        closing.start()
    }
}
