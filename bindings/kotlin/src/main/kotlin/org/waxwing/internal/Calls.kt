package org.waxwing.internal

import kotlinx.coroutines.CancellationException
import org.waxwing.RetryAdvice
import org.waxwing.WaxwingException
import org.waxwing.ffi.Advice
import org.waxwing.ffi.ErrorKind
import org.waxwing.ffi.FfiException
import org.waxwing.ffi.InternalException
import kotlin.time.toKotlinDuration

/** Calls the library, and gives its error as one of ours. */
internal inline fun <T> calling(call: () -> T): T =
    try {
        call()
    } catch (error: CancellationException) {
        throw error // It is an IllegalStateException too, on the JVM.
    } catch (error: FfiException) {
        throw error.asOurs()
    } catch (error: InternalException) {
        throw WaxwingException.Bug("a fault in Waxwing; please report it (panic): ${error.message}", "panic", RetryAdvice.Never)
    } catch (_: IllegalStateException) {
        // The handle was let go of: what it belonged to is closed.
        throw WaxwingException.ShutDown("the client is closed; open a new one (shut_down)", "shut_down", RetryAdvice.Never)
    }

/** A kind that is new stops the build here, until it has a class of its own. */
internal fun FfiException.asOurs(): WaxwingException = when (this) {
    is FfiException.Failed -> {
        val advice = advice.asOurs()
        when (kind) {
            ErrorKind.OFFLINE -> WaxwingException.Offline(reason, code, advice)
            ErrorKind.REFUSED -> WaxwingException.Refused(reason, code, advice)
            ErrorKind.RATE_LIMITED -> WaxwingException.RateLimited(reason, code, advice)
            ErrorKind.KEY_CHANGED -> WaxwingException.KeyChanged(reason, code, advice)
            ErrorKind.UNDECRYPTABLE -> WaxwingException.Undecryptable(reason, code, advice)
            ErrorKind.STORAGE -> WaxwingException.Storage(reason, code, advice)
            ErrorKind.PERMISSION -> WaxwingException.Permission(reason, code, advice)
            ErrorKind.NOT_FOUND -> WaxwingException.NotFound(reason, code, advice)
            ErrorKind.TOO_LARGE -> WaxwingException.TooLarge(reason, code, advice)
            ErrorKind.CANCELLED -> WaxwingException.Cancelled(reason, code, advice)
            ErrorKind.SHUT_DOWN -> WaxwingException.ShutDown(reason, code, advice)
            ErrorKind.MISUSE -> WaxwingException.Misuse(reason, code, advice)
            ErrorKind.VERSION_UNSUPPORTED -> WaxwingException.VersionUnsupported(reason, code, advice)
            ErrorKind.BUG -> WaxwingException.Bug(reason, code, advice)
        }
    }
}

private fun Advice.asOurs(): RetryAdvice = when (this) {
    is Advice.Never -> RetryAdvice.Never
    is Advice.After -> RetryAdvice.After(delay.toKotlinDuration())
    is Advice.OnNetwork -> RetryAdvice.OnNetwork
    is Advice.AfterUserActs -> RetryAdvice.AfterUserActs
}
