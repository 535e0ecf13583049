/** Records of the library to ours, and back: copies, and nothing else. No `else` here: what is new stops the build. */
package org.waxwing.internal

import org.waxwing.AccountId
import org.waxwing.GroupHead
import org.waxwing.GroupInfo
import org.waxwing.GroupNotice
import org.waxwing.GroupRole
import org.waxwing.GroupSettings
import org.waxwing.GroupStanding
import org.waxwing.GroupWho
import org.waxwing.Handle
import org.waxwing.Invitation
import org.waxwing.InvitationId
import org.waxwing.InvitationLink
import org.waxwing.InvitationState
import org.waxwing.Join
import org.waxwing.JoinRequest
import org.waxwing.JoinState
import org.waxwing.Member
import org.waxwing.MemberReceipt
import org.waxwing.Reach
import org.waxwing.Receipts
import org.waxwing.Someone
import org.waxwing.ffi.GroupHead as FfiGroupHead
import org.waxwing.ffi.GroupInfo as FfiGroupInfo
import org.waxwing.ffi.GroupNotice as FfiGroupNotice
import org.waxwing.ffi.GroupRole as FfiGroupRole
import org.waxwing.ffi.GroupSettings as FfiGroupSettings
import org.waxwing.ffi.GroupStanding as FfiGroupStanding
import org.waxwing.ffi.GroupWho as FfiGroupWho
import org.waxwing.ffi.Invitation as FfiInvitation
import org.waxwing.ffi.InvitationLink as FfiInvitationLink
import org.waxwing.ffi.InvitationState as FfiInvitationState
import org.waxwing.ffi.Join as FfiJoin
import org.waxwing.ffi.JoinRequest as FfiJoinRequest
import org.waxwing.ffi.JoinState as FfiJoinState
import org.waxwing.ffi.Member as FfiMember
import org.waxwing.ffi.Reach as FfiReach
import org.waxwing.ffi.Receipts as FfiReceipts
import org.waxwing.ffi.Whose as FfiWhose

internal fun Someone.asTheirs(): FfiWhose = when (this) {
    is AccountId -> FfiWhose.Account(this)
    is Handle -> FfiWhose.Handle(text)
}

internal fun FfiGroupHead.asOurs() = GroupHead(title, standing.asOurs())

private fun FfiGroupStanding.asOurs() = when (this) {
    FfiGroupStanding.MEMBER -> GroupStanding.Member
    FfiGroupStanding.OUT -> GroupStanding.Out
}

private fun FfiMember.asOurs() = Member(contact.asOurs(), role.asOurs())

private fun FfiGroupRole.asOurs() = when (this) {
    FfiGroupRole.MEMBER -> GroupRole.Member
    FfiGroupRole.ADMIN -> GroupRole.Admin
    FfiGroupRole.OWNER -> GroupRole.Owner
}

internal fun GroupRole.asTheirs() = when (this) {
    GroupRole.Member -> FfiGroupRole.MEMBER
    GroupRole.Admin -> FfiGroupRole.ADMIN
    GroupRole.Owner -> FfiGroupRole.OWNER
}

private fun FfiGroupWho.asOurs() = when (this) {
    FfiGroupWho.EVERYONE -> GroupWho.Everyone
    FfiGroupWho.ADMINS -> GroupWho.Admins
}

private fun GroupWho.asTheirs() = when (this) {
    GroupWho.Everyone -> FfiGroupWho.EVERYONE
    GroupWho.Admins -> FfiGroupWho.ADMINS
}

private fun FfiGroupSettings.asOurs() = GroupSettings(write.asOurs(), add.asOurs(), edit.asOurs())

internal fun GroupSettings.asTheirs() = FfiGroupSettings(write.asTheirs(), add.asTheirs(), edit.asTheirs())

internal fun FfiGroupInfo.asOurs() = GroupInfo(
    conversation = conversationId,
    title = title,
    standing = standing.asOurs(),
    members = members.map { it.asOurs() },
    settings = settings.asOurs(),
    pictureHash = pictureHash?.joinToString("") { "%02x".format(it) },
    epoch = epoch.toLong(),
)

internal fun FfiGroupNotice.asOurs(): GroupNotice = when (this) {
    is FfiGroupNotice.Created -> GroupNotice.Created(others.map { it.asOurs() })
    is FfiGroupNotice.Joined -> GroupNotice.Joined
    is FfiGroupNotice.Added -> GroupNotice.Added(who.map { it.asOurs() })
    is FfiGroupNotice.Removed -> GroupNotice.Removed(who.map { it.asOurs() })
    is FfiGroupNotice.Left -> GroupNotice.Left
    is FfiGroupNotice.Role -> GroupNotice.Role(member.asOurs())
    is FfiGroupNotice.Settings -> GroupNotice.Settings(settings.asOurs())
    is FfiGroupNotice.Title -> GroupNotice.Title(title)
    is FfiGroupNotice.Picture -> GroupNotice.Picture
    is FfiGroupNotice.NotDone -> GroupNotice.NotDone
    is FfiGroupNotice.Apart -> GroupNotice.Apart
    is FfiGroupNotice.ToldOtherwise -> GroupNotice.ToldOtherwise(witness.asOurs())
    is FfiGroupNotice.AsksToJoin -> GroupNotice.AsksToJoin
}

internal fun FfiReceipts.asOurs() = Receipts(
    members = members.map { MemberReceipt(it.contact.asOurs(), it.reach.asOurs()) },
    delivered = delivered.toLong(),
    read = read.toLong(),
    allDelivered = allDelivered,
    allRead = allRead,
)

private fun FfiReach.asOurs() = when (this) {
    FfiReach.UNKNOWN -> Reach.Unknown
    FfiReach.DELIVERED -> Reach.Delivered
    FfiReach.READ -> Reach.Read
}

internal fun FfiInvitation.asOurs() =
    Invitation(InvitationId(id), by.asOurs(), madeAt, expiresAt, needsApproval, state.asOurs(), link)

private fun FfiInvitationState.asOurs() = when (this) {
    FfiInvitationState.OPEN -> InvitationState.Open
    FfiInvitationState.EXPIRED -> InvitationState.Expired
    FfiInvitationState.REVOKED -> InvitationState.Revoked
    FfiInvitationState.VOID -> InvitationState.Void
}

internal fun FfiInvitationLink.asOurs() = InvitationLink(conversationId, handle, needsApproval, expiresAt)

internal fun FfiJoinRequest.asOurs() = JoinRequest(contact.asOurs(), InvitationId(invitation), askedAt)

internal fun FfiJoin.asOurs() = Join(conversationId, state.asOurs(), askedAt)

private fun FfiJoinState.asOurs() = when (this) {
    FfiJoinState.WAITING -> JoinState.Waiting
    FfiJoinState.REFUSED -> JoinState.Refused
    FfiJoinState.JOINED -> JoinState.Joined
}
