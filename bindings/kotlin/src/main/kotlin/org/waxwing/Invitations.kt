package org.waxwing

import java.time.Instant

/** Whether an invitation still lets in. */
public enum class InvitationState {
    /** It does. */
    Open,

    /** Its time is over. */
    Expired,

    /** It was taken back. */
    Revoked,

    /** Whoever made it may not add members any more. */
    Void,
}

/** An invitation, as those see it who let in: owners, admins, and whoever made it. */
public data class Invitation(
    /** Which. */
    val id: InvitationId,
    /** Who made it. */
    val by: Contact,
    /** When. */
    val madeAt: Instant,
    /** Until when one may ask; null: for ever. */
    val expiresAt: Instant?,
    /** Whether somebody looks at each request. */
    val needsApproval: Boolean,
    /** Whether it still lets in. */
    val state: InvitationState,
    /** The link, on the device that made it: text for a message, and for a QR code. Whoever has it can ask. `toString` hides it. */
    val link: String?,
) {
    override fun toString(): String = "Invitation(id=$id, by=$by, state=$state)"
}

/** What a link says, to be shown before the user asks. */
public data class InvitationLink(
    /** The group's conversation. */
    val conversation: ConversationId,
    /** The handle of whoever made it. The link says so: nobody vouches for it. `toString` hides it. */
    val handle: String,
    /** Whether somebody looks at each request. */
    val needsApproval: Boolean,
    /** Until when one may ask; null: for ever. */
    val expiresAt: Instant?,
) {
    override fun toString(): String = "InvitationLink(conversation=$conversation, needsApproval=$needsApproval)"
}

/** Somebody who waits to be let in. */
public data class JoinRequest(
    /** Who. */
    val contact: Contact,
    /** By which invitation. */
    val invitation: InvitationId,
    /** When it came. */
    val askedAt: Instant,
)

/** How it stands with a group that this account asked to be in. */
public enum class JoinState {
    /** Nobody answered yet. */
    Waiting,

    /** It was refused, or the invitation is over. */
    Refused,

    /** It is in, or was. */
    Joined,
}

/** A group that this account asked to be in. */
public data class Join(
    /** The group's conversation; it is here once this account is in. */
    val conversation: ConversationId,
    /** How it stands. */
    val state: JoinState,
    /** When this account asked last; null: it was in already. */
    val askedAt: Instant?,
)
