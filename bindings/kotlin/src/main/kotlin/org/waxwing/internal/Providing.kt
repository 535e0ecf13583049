package org.waxwing.internal

import kotlinx.coroutines.runBlocking
import org.waxwing.LogSink
import org.waxwing.ProviderException
import org.waxwing.StoreKeyProvider
import org.waxwing.TokenProvider
import org.waxwing.WaxwingException
import org.waxwing.ffi.LogRecord as FfiLogRecord
import org.waxwing.ffi.LogSink as FfiLogSink
import org.waxwing.ffi.ProviderException as FfiProviderException
import org.waxwing.ffi.StoreKeyProvider as FfiStoreKeyProvider
import org.waxwing.ffi.TokenProvider as FfiTokenProvider
import org.waxwing.ffi.TokenRequest as FfiTokenRequest

/** Asks a provider of the app, and keeps what it threw, to give it to the app as the cause. */
internal sealed class Providing {
    @Volatile
    private var failure: Throwable? = null

    /** On a thread of the library, which may wait. Everything is caught: nothing may fly through foreign frames. */
    protected fun <T> ask(provider: suspend () -> T): T {
        failure = null
        return try {
            runBlocking { provider() }
        } catch (why: Throwable) {
            failure = why
            val ours = (why as? ProviderException)?.message
            throw FfiProviderException.Unavailable(ours ?: "the provider failed with ${why.javaClass.simpleName}")
        }
    }

    /** The error of a call, with what the provider threw as its cause. */
    inline fun <T> explaining(code: String, call: () -> T): T =
        try {
            call()
        } catch (error: WaxwingException) {
            throw error.also { if (it.code == code && it.cause == null) it.initCause(lastFailure()) }
        }

    @PublishedApi
    internal fun lastFailure(): Throwable? = failure
}

internal class StoreKeys(private val provider: StoreKeyProvider) : Providing(), FfiStoreKeyProvider {
    override fun storeKey(): ByteArray = ask { provider.storeKey() }
}

internal class Tokens(private val provider: TokenProvider) : Providing(), FfiTokenProvider {
    override fun token(request: FfiTokenRequest): String = ask { provider.token(request.asOurs()) }
}

internal class Lines(private val sink: LogSink) : FfiLogSink {
    override fun take(record: FfiLogRecord) {
        try {
            sink.log(record.asOurs())
        } catch (_: Throwable) {
            // The line is lost, as it is said.
        }
    }
}
