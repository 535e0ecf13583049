package org.waxwing

import kotlin.time.Duration

/**
 * Why a call did not do what was asked, sorted by what you can do about it.
 *
 * A `when` over the subclasses is checked by the compiler. The message is a sentence for developers and support; it never holds
 * content, keys or names. A coroutine that is cancelled ends with `CancellationException`, as everywhere.
 *
 * @sample org.waxwing.samples.handleErrors
 */
public sealed class WaxwingException(
    message: String,
    /** The stable word for this error, such as `handle_taken`: for programs and for support. It never changes its meaning. */
    public val code: String,
    /** When it makes sense to try again. */
    public val advice: RetryAdvice,
) : Exception(message) {
    /** The relay cannot be reached. What was to be sent waits on disk and goes out by itself. */
    public class Offline internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /** The relay said no; [code] says why. */
    public class Refused internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /** The relay wants fewer requests; [advice] says when to come again. */
    public class RateLimited internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /** The other side's key changed, and the user has not accepted it ([WaxwingClient.acceptKey]). */
    public class KeyChanged internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /** Something could not be opened. */
    public class Undecryptable internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /** The store on this device: wrong key, no room, in use elsewhere. */
    public class Storage internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /** The token, signature or key is not enough. */
    public class Permission internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /** There is no such account, conversation or message. */
    public class NotFound internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /** Longer than allowed. */
    public class TooLarge internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /**
     * Given up before it was done: a linking that broke off (`link_broken`, `history_incomplete`), or the process is ending. A
     * cancelled coroutine gets `CancellationException` instead.
     */
    public class Cancelled internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /** The client is closed. */
    public class ShutDown internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /** The call makes no sense as it was made. */
    public class Misuse internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /** The relay and this build have no version in common. */
    public class VersionUnsupported internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)

    /** A fault in Waxwing: please report it. The client goes on. */
    public class Bug internal constructor(message: String, code: String, advice: RetryAdvice) :
        WaxwingException(message, code, advice)
}

/** When it makes sense to try again. */
public sealed interface RetryAdvice {
    /** Not at all: the same call fails again. */
    public data object Never : RetryAdvice

    /** After a while. */
    public data class After(
        /** How long to wait. */
        val delay: Duration,
    ) : RetryAdvice

    /** Once there is a network; the client watches for it by itself. */
    public data object OnNetwork : RetryAdvice

    /** Once the user did something about it: chose another handle, made room, logged in. */
    public data object AfterUserActs : RetryAdvice
}
