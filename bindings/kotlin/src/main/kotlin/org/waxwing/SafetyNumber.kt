package org.waxwing

import org.waxwing.ffi.FfiSafetyNumber
import org.waxwing.internal.asOurs
import org.waxwing.internal.asTheirs
import org.waxwing.internal.calling

/** What comparing a safety number with what the other person shows gives. Only [Match] is good. */
public enum class Comparison {
    /** The same two accounts with the same two keys: nobody stands between. */
    Match,

    /**
     * The same two accounts, and another key of at least one. Somebody may stand between, or one side has not seen yet that the
     * other's key changed.
     */
    Mismatch,

    /** The code is of another pair of accounts: of another conversation, or of another person. */
    OtherPair,

    /** The code is of another version of the format. One side needs an update; nothing is said about the keys. */
    OtherVersion,

    /** This is no code at all. */
    Unreadable,
}

/**
 * The number of this account and a person's, as their keys were known when it was asked for.
 *
 * Made by [safetyNumber]. Where it is the same on the other person's screen, nobody stands between; then [markVerified].
 */
public class SafetyNumber internal constructor(internal val ffi: FfiSafetyNumber) {
    /** The sixty digits, without spaces. */
    public val digits: String = calling { ffi.digits() }

    /** The sixty digits in groups of five, in three lines. */
    public val lines: String = calling { ffi.lines() }

    /** What to show as a QR code, for the other person to scan. */
    public val scannable: String = calling { ffi.scannable() }

    /** With whom it is compared. */
    public val person: Contact = calling { ffi.person() }.asOurs()

    /** Whether the person was marked as verified, with this very key. */
    public val isVerified: Boolean = calling { ffi.isVerified() }

    /** Whether the key of this number is the one to which messages go. If not, it is a new one that was not accepted yet. */
    public val keyIsAccepted: Boolean = calling { ffi.keyIsAccepted() }

    /** Compares with what the other person shows. */
    public fun compare(scanned: String): Comparison = calling { ffi.compare(scanned) }.asOurs()
}

/**
 * The number that the user and another person compare, to know that nobody stands between them. Where the person's key changed and
 * was not accepted yet, it is the number of the new key.
 *
 * @param who by [Handle] or [AccountId].
 * @throws WaxwingException.NotFound `not_found` for an account that is not known here.
 * @throws WaxwingException.Misuse `invalid_input` for this account itself.
 */
public suspend fun WaxwingClient.safetyNumber(who: Someone): SafetyNumber =
    SafetyNumber(calling { ffi.safetyNumber(who.asTheirs()) })

/**
 * Marks a person as verified: the user found the same number on the other person's screen. It is kept until the person's key
 * changes.
 *
 * @throws WaxwingException.KeyChanged for a number that is not of the accepted key.
 */
public suspend fun WaxwingClient.markVerified(number: SafetyNumber) {
    calling { ffi.markVerified(number.ffi) }
}

/** Takes back that a person was verified. */
public suspend fun WaxwingClient.markUnverified(number: SafetyNumber) {
    calling { ffi.markUnverified(number.ffi) }
}
