package org.waxwing

import org.waxwing.ffi.FfiGroup
import org.waxwing.ffi.InvitationTerms
import org.waxwing.internal.asOurs
import org.waxwing.internal.asTheirs
import org.waxwing.internal.calling
import kotlin.time.Duration
import kotlin.time.toJavaDuration

/**
 * A conversation's group: [Conversation.group] gives it.
 *
 * Everything that changes it is on disk when the call returns, and goes out by itself. Whether it stands, the group's other admins
 * may have decided first: then the timeline says [GroupNotice.NotDone]. What the group does not allow to this account is a
 * [WaxwingException.Permission] `not_permitted`. Accounts are named by [Handle] or [AccountId].
 */
public class Group internal constructor(private val ffi: FfiGroup) {
    /** The id of its conversation, the same on every device. */
    public val id: ConversationId = calling { ffi.id() }

    /** Title, members and settings, as they are known here now. */
    public suspend fun info(): GroupInfo = calling { ffi.info() }.asOurs()

    /**
     * How far a message of this account got at each member.
     *
     * @throws WaxwingException.NotFound `not_found` for one that is not ours in this group.
     */
    public suspend fun receipts(id: MessageId): Receipts = calling { ffi.receipts(id) }.asOurs()

    // ---- members ----

    /**
     * Adds accounts. They read what is written from then on.
     *
     * @throws WaxwingException.NotFound `unknown_account`.
     * @throws WaxwingException.Offline `offline` for a handle that is not known here.
     * @throws WaxwingException.Misuse `invalid_input` for members that are in it already.
     */
    public suspend fun add(vararg who: Someone) {
        calling { ffi.addMembers(who.map { it.asTheirs() }) }
    }

    /** Removes accounts. The next message is sealed under a key that they are not given. */
    public suspend fun remove(vararg who: Someone) {
        calling { ffi.removeMembers(who.map { it.asTheirs() }) }
    }

    /**
     * Leaves the group; what was said stays here.
     *
     * @throws WaxwingException.Permission `not_permitted` for the last owner while others are in it.
     */
    public suspend fun leave() {
        calling { ffi.leave() }
    }

    /** Gives a member a role. */
    public suspend fun setRole(who: Someone, role: GroupRole) {
        calling { ffi.setRole(who.asTheirs(), role.asTheirs()) }
    }

    // ---- how it is set ----

    /** Calls it something else. An empty title: without a name. */
    public suspend fun setTitle(title: String) {
        calling { ffi.setTitle(title) }
    }

    /** Says what members may do. */
    public suspend fun setSettings(settings: GroupSettings) {
        calling { ffi.setSettings(settings.asTheirs()) }
    }

    /** Gives the group a picture, of at most 32 KiB and of whatever format you choose; null: none. Only members see it. */
    public suspend fun setPicture(picture: ByteArray?) {
        calling { ffi.setPicture(picture) }
    }

    /** The group's picture, if it has one and its bytes are here: they come soon after the change. */
    public suspend fun picture(): ByteArray? = calling { ffi.picture() }

    // ---- invitations ----

    /**
     * Makes an invitation; its link is text, which anybody can be given who shall be able to ask ([WaxwingClient.join]).
     *
     * @param needsApproval somebody who may add members looks at each request.
     * @param lifetime nobody may ask after this time; null: for ever, until the invitation is taken back.
     */
    public suspend fun invite(needsApproval: Boolean = false, lifetime: Duration? = null): Invitation =
        calling { ffi.invite(InvitationTerms(needsApproval, lifetime?.toJavaDuration())) }.asOurs()

    /** The invitations that are known here, those that are over too; the newest last. */
    public suspend fun invitations(): List<Invitation> = calling { ffi.invitations() }.map { it.asOurs() }

    /** Takes an invitation back, for good. Who waits by it is refused; who was let in stays. */
    public suspend fun revoke(invitation: InvitationId) {
        calling { ffi.revoke(invitation.value) }
    }

    /** Who waits to be let in, by ascending account. */
    public suspend fun requests(): List<JoinRequest> = calling { ffi.requests() }.map { it.asOurs() }

    /**
     * Lets in somebody who waits.
     *
     * @throws WaxwingException.NotFound `not_found` for who does not.
     */
    public suspend fun approve(who: Someone) {
        calling { ffi.approve(who.asTheirs()) }
    }

    /** Refuses somebody who waits. They are told. */
    public suspend fun refuse(who: Someone) {
        calling { ffi.refuse(who.asTheirs()) }
    }
}
