package org.waxwing

/**
 * What is optional when a client is opened.
 *
 * @sample org.waxwing.samples.openClient
 */
public class ClientOptions internal constructor() {
    /** Name and version of the app, for the relay's log; at most 64 bytes. */
    public var agent: String? = null

    /** Does not connect before [WaxwingClient.resume], [WaxwingClient.catchUp] or [WaxwingClient.register]. */
    public var offline: Boolean = false

    /** Allows `ws://` to another machine. Contents stay sealed, but whoever is on the network sees who talks to whom. */
    public var dangerousAllowPlain: Boolean = false

    internal var tokens: TokenProvider? = null
        private set

    internal val roots: MutableList<ByteArray> = mutableListOf()

    /** Where registration tokens come from, for a relay that asks for them. */
    public fun tokens(provider: TokenProvider) {
        tokens = provider
    }

    /** Trusts a root certificate beside Mozilla's: PEM, such as a company's own. */
    public fun trustRoot(pem: ByteArray) {
        roots += pem
    }
}
