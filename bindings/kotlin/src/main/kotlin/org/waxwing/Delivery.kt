package org.waxwing

/** How far an entry got. */
public sealed interface EntryState {
    /** One that this account wrote. */
    public data class Outgoing(
        /** How far it got. */
        val delivery: Delivery,
    ) : EntryState

    /** One that somebody else wrote. */
    public data class Incoming(
        /** How far it got. */
        val reception: Reception,
    ) : EntryState

    /** Neither: a notice. */
    public data object Local : EntryState
}

/** How far an outgoing message got. */
public sealed interface Delivery {
    /** On disk here; not sealed yet. It can still be taken back. */
    public data object Queued : Delivery

    /** Waits for the user, or for the recipient to come back. */
    public data class Held(
        /** For what. */
        val reason: HoldReason,
    ) : Delivery

    /** Sealed; perhaps on its way. */
    public data object Sending : Delivery

    /** It will not go out, unless it is retried ([Sent.retry]). */
    public data class Failed(
        /** Why. */
        val reason: FailureReason,
    ) : Delivery

    /** Taken back before it was sealed. */
    public data object TakenBack : Delivery

    /** The relay has it on disk: one tick. */
    public data object Sent : Delivery

    /** A device of the recipient has it on disk: two ticks. */
    public data object Delivered : Delivery

    /** The recipient read it. */
    public data object Read : Delivery
}

/** What one can wait for a message to reach ([Sent.await]). */
public enum class DeliveryGoal {
    /** The relay has it on disk. */
    Sent,

    /** A device of the recipient has it on disk. */
    Delivered,

    /** The recipient read it. */
    Read,
}

/** What a message waits for. */
public enum class HoldReason {
    /** The recipient's key changed; it goes on when the user accepts it ([WaxwingClient.acceptKey]). */
    KeyChanged,

    /** The relay does not know the recipient. It is tried again by itself, in case the recipient comes back. */
    RecipientGone,
}

/** Why a message will not go out. */
public enum class FailureReason {
    /** The relay refuses its size. */
    TooLarge,

    /** This account may not write in the group any more. */
    NotPermitted,

    /** The recipient deleted their account. */
    RecipientGone,

    /** The relay refused it for a reason that this build does not know. */
    Refused,
}

/** How far an incoming message got. */
public enum class Reception {
    /** Not opened yet: the sender has been asked to send it again. */
    Waiting,

    /** It could not be opened, and the sender could not send it again. */
    Lost,

    /** On disk, not seen by the user. */
    Unread,

    /** Seen by the user. */
    Read,
}
