package org.waxwing

import org.waxwing.ffi.ClientSetup
import org.waxwing.ffi.generateStoreKey as ffiGenerateStoreKey
import org.waxwing.ffi.libraryVersion
import org.waxwing.ffi.liveObjects as ffiLiveObjects
import org.waxwing.ffi.openClient
import org.waxwing.ffi.openHistory as ffiOpenHistory
import org.waxwing.ffi.provokePanic as ffiProvokePanic
import org.waxwing.ffi.readInvitation as ffiReadInvitation
import org.waxwing.ffi.setLogSink as ffiSetLogSink
import org.waxwing.internal.Lines
import org.waxwing.internal.Native
import org.waxwing.internal.Tokens
import org.waxwing.internal.asOurs
import org.waxwing.internal.asTheirs
import org.waxwing.internal.calling

/**
 * The way in: opens clients, and what concerns the process as a whole.
 *
 * All calls may be made from any thread, the main thread too: what waits is `suspend`, and works on threads of its own.
 */
public object Waxwing {
    /** The version of the native library. */
    public val version: String
        get() = loaded { libraryVersion() }

    /**
     * Opens the store and starts the client, which can be used at once, offline too. A registered device connects by itself.
     *
     * Open one client for each account, and keep it as long as the app lives: in a singleton, in your dependency graph.
     *
     * @param relayUrl the relay's address, such as `wss://relay.example`.
     * @param store where the client keeps everything.
     * @param configure what is optional.
     * @throws WaxwingException.Misuse `url_invalid`, `url_insecure`, `certificate_invalid`, `store_key_invalid`.
     * @throws WaxwingException.Storage `wrong_store_key`, `store_key_unavailable`, `store_in_use`, `store_newer`, `store_corrupt`,
     *   `disk_full`, `io_error`.
     * @sample org.waxwing.samples.openClient
     */
    public suspend fun open(
        relayUrl: String,
        store: Store,
        configure: ClientOptions.() -> Unit = {},
    ): WaxwingClient {
        val options = ClientOptions().apply(configure)
        val setup = ClientSetup(
            relayUrl = relayUrl,
            store = store.place,
            agent = options.agent,
            offline = options.offline,
            dangerousAllowPlain = options.dangerousAllowPlain,
            extraRootsPem = options.roots.toList(),
        )
        val tokens = options.tokens?.let(::Tokens)
        return store.explaining { WaxwingClient(loaded { openClient(setup, it, tokens) }, tokens) }
    }

    /**
     * Opens a store to be read only, also while a client works with it, in this process or another: for a widget, a share sheet,
     * an export.
     *
     * @throws WaxwingException.NotFound `not_found` when there is no store.
     * @throws WaxwingException.Storage `wrong_store_key`, `store_key_unavailable`, `store_newer`, `store_corrupt`, `io_error`.
     * @sample org.waxwing.samples.readHistory
     */
    public suspend fun openHistory(store: Store): History =
        store.explaining { History(loaded { ffiOpenHistory(store.place, it) }) }

    /**
     * Reads the link of an invitation, to show what it says before the user asks ([WaxwingClient.join]). Nobody is asked.
     *
     * @throws WaxwingException.Misuse `invitation_invalid`.
     */
    public fun readInvitation(link: String): InvitationLink = loaded { ffiReadInvitation(link) }.asOurs()

    /** Makes a key for a new store: 32 random bytes, to be put into the platform's keystore. */
    public fun generateStoreKey(): ByteArray = loaded { ffiGenerateStoreKey() }

    /**
     * Sends the log of this process to a sink from here on, up to a level; null: to nobody.
     *
     * It holds codes and counts, never content, keys or names.
     *
     * @sample org.waxwing.samples.log
     */
    public fun setLogSink(level: LogLevel, sink: LogSink?) {
        loaded { ffiSetLogSink(sink?.let(::Lines), level.asTheirs()) }
    }

    /** Counts what is alive, to find leaks. */
    public fun liveObjects(): LiveObjects = loaded { ffiLiveObjects() }.asOurs()

    /**
     * Fails inside the library, so that you can see what your crash reports make of a fault there. Nothing else is touched.
     *
     * @throws WaxwingException.Bug `panic`, always.
     */
    public suspend fun provokePanic() {
        loaded { ffiProvokePanic() }
    }

    private inline fun <T> loaded(call: () -> T): T {
        Native.load()
        return calling(call)
    }
}
