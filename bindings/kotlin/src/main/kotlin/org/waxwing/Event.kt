package org.waxwing

/** Something that happened. Nothing depends on hearing it: every state can be read. */
public sealed interface Event {
    /** The connection changed. */
    public data class Link(
        /** How it stands. */
        val state: LinkState,
    ) : Event

    /** A conversation's timeline, unread count or name changed. */
    public data class ConversationChanged(
        /** Which. */
        val conversation: ConversationId,
    ) : Event

    /** A message of ours changed its state. */
    public data class DeliveryChanged(
        /** Which. */
        val message: MessageId,
    ) : Event

    /** An incoming message became readable. */
    public data class MessageReadable(
        /** Which. */
        val message: MessageId,
    ) : Event

    /** The relay has no more for this device. */
    public data object Drained : Event

    /** An account's key changed; sending to it waits for [WaxwingClient.acceptKey]. */
    public data class KeyChanged(
        /** Whose. */
        val account: AccountId,
    ) : Event

    /** A person was marked as verified, or is not verified any more. */
    public data class VerificationChanged(
        /** Who. */
        val account: AccountId,
    ) : Event

    /** An account has other devices than before; it can be our own ([WaxwingClient.devices]). */
    public data class DevicesChanged(
        /** Whose. */
        val account: AccountId,
    ) : Event

    /** Somebody asks to be in a group, and waits for an answer ([Group.requests]). */
    public data class JoinRequested(
        /** The group's conversation. */
        val conversation: ConversationId,
        /** Who. */
        val account: AccountId,
    ) : Event

    /** A group that this account asked to be in let it in, or refused ([WaxwingClient.joins]). */
    public data class JoinAnswered(
        /** The group's conversation. */
        val conversation: ConversationId,
    ) : Event

    /** The relay confirmed this device. */
    public data object Registered : Event

    /** The relay does not know this device any more. */
    public data class SignedOut(
        /** The stable word that says why. */
        val code: String,
    ) : Event

    /** The relay lost its database; what was not delivered is sent again. */
    public data object RelayReset : Event

    /** The store is an old copy of itself: messages since then may be missing, and its sessions start anew. */
    public data object StoreRolledBack : Event

    /** The relay has everything that this device sent. */
    public data object OutboxEmpty : Event

    /** This listener was too slow, and missed events: read again what you show. */
    public data object Lagged : Event
}
