package org.waxwing

/**
 * Gives the 32 bytes that seal the store: from Android's Keystore, a desktop's keyring, or whatever there is.
 *
 * It is asked once for every client or history that is opened, on a thread that may wait: for the disk, or for the user to unlock.
 * What it throws becomes the cause of a [WaxwingException.Storage] with the code `store_key_unavailable`.
 */
public fun interface StoreKeyProvider {
    /** The 32 bytes. They are copied: wipe the array afterwards if nobody else needs it. */
    public suspend fun storeKey(): ByteArray
}

/**
 * Gets your server's signed registration token, when the relay asks for one.
 *
 * It is asked during [WaxwingClient.register] and [WaxwingClient.recover] only, on a thread that may wait. What it throws becomes
 * the cause of a [WaxwingException.Permission] with the code `token_unavailable`.
 */
public fun interface TokenProvider {
    /** The token. */
    public suspend fun token(request: TokenRequest): String
}

/** Takes the log: Logcat, SLF4J, or whatever the app has. */
public fun interface LogSink {
    /** Takes a line. It is called on one thread, a line at a time and in order; what it throws is ignored. */
    public fun log(record: LogRecord)
}

/**
 * What a provider throws to have its reason shown in the message of the call that failed. No secrets in it.
 *
 * The words of any other exception may hold anything, so they stay out of the message; the exception itself is its cause.
 */
public class ProviderException(
    /** Why it cannot, in a few words. */
    reason: String,
    cause: Throwable? = null,
) : Exception(reason, cause)
