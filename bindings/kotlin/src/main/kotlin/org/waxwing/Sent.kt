package org.waxwing

import org.waxwing.ffi.FfiSent
import org.waxwing.internal.asOurs
import org.waxwing.internal.asTheirs
import org.waxwing.internal.calling

/**
 * A message that this device sent, to follow it.
 *
 * @sample org.waxwing.samples.sendAndFollow
 */
public class Sent internal constructor(private val ffi: FfiSent) {
    /** The message's id, which never changes. */
    public val id: MessageId = calling { ffi.id() }

    /**
     * How far it got.
     *
     * @throws WaxwingException.NotFound `not_found` when the message is not one of ours.
     */
    public suspend fun state(): Delivery = calling { ffi.state() }.asOurs()

    /**
     * Waits until it is at least this far, or stands still: then the answer is [Delivery.Failed], [Delivery.TakenBack] or
     * [Delivery.Held]. Wait with a limit: a recipient may be away for weeks.
     */
    public suspend fun await(goal: DeliveryGoal): Delivery = calling { ffi.reached(goal.asTheirs()) }.asOurs()

    /**
     * Sends a message after all that failed or was taken back. For one that is on its way, nothing happens.
     *
     * @throws WaxwingException.NotFound `not_found` when the message is not one of ours.
     */
    public suspend fun retry() {
        calling { ffi.retry() }
    }

    /**
     * Takes it back, while it is not sealed yet or after it failed.
     *
     * @throws WaxwingException.Misuse `too_late` once it is sealed.
     */
    public suspend fun takeBack() {
        calling { ffi.takeBack() }
    }
}
