package org.waxwing.internal

import org.waxwing.ffi.uniffiEnsureInitialized

/** The native library: loaded once, and held to be the one that this package was made for. */
internal object Native {
    private val outcome: Result<Unit> = runCatching { uniffiEnsureInitialized() }

    /** Every way into the package comes through here before its first call. */
    fun load() {
        val cause = generateSequence(outcome.exceptionOrNull() ?: return) { it.cause }.last()
        val isMissing = cause is LinkageError && "looking up function" !in cause.message.orEmpty()
        throw LinkageError(if (isMissing) missing(cause) else MISFIT, cause)
    }

    private fun missing(cause: Throwable) =
        "the native library of Waxwing is not there for this system: use the jar that carries it, or give its folder with " +
            "-Djna.library.path (${cause.message?.lineSequence()?.first()})"

    private const val MISFIT =
        "the native library of Waxwing does not fit the generated code of this package: take both from one release"
}
