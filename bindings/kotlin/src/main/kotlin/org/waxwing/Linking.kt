package org.waxwing

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import org.waxwing.ffi.FfiLinkCode
import org.waxwing.ffi.FfiLinkOffer
import org.waxwing.ffi.FfiLinking
import org.waxwing.internal.asOurs
import org.waxwing.internal.calling
import org.waxwing.internal.pulled

/** A new device that waits to be linked. Made by [linkAsNew]. */
public class LinkOffer internal constructor(private val ffi: FfiLinkOffer) {
    /** What to show as a QR code, or as text. */
    public val text: String = calling { ffi.text() }

    /**
     * Waits until a device of the account has read the text, at most ten minutes. Whoever cancels it begins anew.
     *
     * @throws WaxwingException.Misuse `link_step_taken` the second time.
     * @throws WaxwingException.Cancelled `link_broken`.
     */
    public suspend fun scanned(): LinkCode = LinkCode(calling { ffi.scanned() })
}

/** Two devices that have agreed on keys, and wait for a person. */
public class LinkCode internal constructor(private val ffi: FfiLinkCode) {
    /** The six digits to show here. */
    public val code: String = calling { ffi.code() }

    /**
     * Takes the six digits that a person read on the *other* device. There is one try.
     *
     * @throws WaxwingException.Permission `link_code_differs`: nothing was sent; begin anew.
     * @throws WaxwingException.Misuse `link_step_taken` the second time.
     */
    public suspend fun confirm(theirs: String): Linking = Linking(calling { ffi.confirm(theirs) })
}

/** How far a linking is. */
public sealed interface LinkStep {
    /** The account has the new device, and the relay knows. */
    public data class Linked(
        /** The new device. */
        val device: DeviceId,
    ) : LinkStep

    /** A part of the history is over. */
    public data class History(
        /** Messages that went over. */
        val messages: Long,
        /** How much of the whole that is, from 0 to 1000. */
        val perMille: Int,
    ) : LinkStep

    /** All of it is over. It is the last step. */
    public data object Done : LinkStep
}

/** A linking under way, on either device: it goes on while its [steps] are collected. */
public class Linking internal constructor(private val ffi: FfiLinking) {
    private val turn = Mutex()
    private val pulled = ffi.pulled()
    private val ready = ArrayDeque<LinkStep>()

    /**
     * The steps: collect them to the end, which is behind [LinkStep.Done]. Collecting again goes on where it stood.
     *
     * It stands still while nobody collects, and the other device waits a minute for it. It throws
     * [WaxwingException.Cancelled]: `link_broken` before the history began, and then both devices are as they were; later
     * `history_incomplete`, and [fetchHistory] gets the rest.
     */
    public val steps: Flow<LinkStep> = flow {
        while (true) emit(turn.withLock { next() } ?: break)
    }

    /** Breaks it off. Before the history began, both devices are as they were; later, the new device lacks a part of it. */
    public suspend fun breakOff() {
        calling { ffi.breakOff() }
    }

    private suspend fun next(): LinkStep? {
        while (ready.isEmpty()) ready += (pulled.next() ?: return null).steps.map { it.asOurs() }
        return ready.removeFirst()
    }
}

/**
 * Begins to link this new device, which has no account yet, to an account on another device.
 *
 * @throws WaxwingException.Misuse `already_registered`.
 * @throws WaxwingException.Offline `offline`.
 */
public suspend fun WaxwingClient.linkAsNew(): LinkOffer = LinkOffer(calling { ffi.linkAsNew() })

/**
 * Links a new device to this account.
 *
 * @param text what the new device shows ([LinkOffer.text]).
 * @throws WaxwingException.Misuse `link_text_invalid`.
 * @throws WaxwingException.Permission `account_key_missing` on a device that does not hold the account's key.
 * @throws WaxwingException.Cancelled `link_broken` when the other device does not answer.
 */
public suspend fun WaxwingClient.linkDevice(text: String): LinkCode = LinkCode(calling { ffi.linkDevice(text) })

/** Whether a part of the account's past is missing here: the device was linked, and the transfer broke off. */
public suspend fun WaxwingClient.lacksHistory(): Boolean = calling { ffi.lacksHistory() }

/**
 * Asks the account's other devices for its past: the rest of it, where a transfer broke off, and otherwise all of it.
 *
 * The first of them that is online gives it; what is here already stays.
 *
 * @throws WaxwingException.NotFound `not_found` where there is no other device.
 */
public suspend fun WaxwingClient.fetchHistory(): Linking = Linking(calling { ffi.fetchHistory() })
