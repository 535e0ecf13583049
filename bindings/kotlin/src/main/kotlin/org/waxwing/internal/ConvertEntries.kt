/** Records of the library to ours, and back: copies, and nothing else. No `else` here: what is new stops the build. */
package org.waxwing.internal

import org.waxwing.Body
import org.waxwing.Contact
import org.waxwing.ConversationItem
import org.waxwing.ConversationSettings
import org.waxwing.Custom
import org.waxwing.Delivery
import org.waxwing.DeliveryGoal
import org.waxwing.EntryState
import org.waxwing.FailureReason
import org.waxwing.GroupHead
import org.waxwing.HoldReason
import org.waxwing.IncomingMessage
import org.waxwing.LastEntry
import org.waxwing.Marks
import org.waxwing.Mention
import org.waxwing.Mute
import org.waxwing.NoticeKind
import org.waxwing.Reaction
import org.waxwing.Reception
import org.waxwing.TimelineItem
import org.waxwing.ffi.ConversationItem as FfiConversationItem
import org.waxwing.ffi.ConversationSettings as FfiSettings
import org.waxwing.ffi.Custom as FfiCustom
import org.waxwing.ffi.Delivery as FfiDelivery
import org.waxwing.ffi.DeliveryGoal as FfiDeliveryGoal
import org.waxwing.ffi.EntryBody as FfiBody
import org.waxwing.ffi.EntryState as FfiEntryState
import org.waxwing.ffi.FailureReason as FfiFailureReason
import org.waxwing.ffi.HoldReason as FfiHoldReason
import org.waxwing.ffi.IncomingMessage as FfiIncomingMessage
import org.waxwing.ffi.LastEntry as FfiLastEntry
import org.waxwing.ffi.Marks as FfiMarks
import org.waxwing.ffi.Mention as FfiMention
import org.waxwing.ffi.Mute as FfiMute
import org.waxwing.ffi.Notice as FfiNotice
import org.waxwing.ffi.Party as FfiParty
import org.waxwing.ffi.Reception as FfiReception
import org.waxwing.ffi.TimelineItem as FfiTimelineItem
import kotlin.time.toKotlinDuration

internal fun FfiParty.peer(): Contact? = when (this) {
    is FfiParty.Account -> contact.asOurs()
    is FfiParty.Group -> null
}

private fun FfiParty.group(): GroupHead? = when (this) {
    is FfiParty.Account -> null
    is FfiParty.Group -> head.asOurs()
}

internal fun FfiTimelineItem.asOurs() = TimelineItem(
    id = messageId,
    conversation = conversationId,
    sender = sender.asOurs(),
    senderDevice = senderDevice,
    body = body.asOurs(),
    marks = marks.asOurs((body as? FfiBody.Text)?.text.orEmpty()),
    isEdited = edited,
    reactions = reactions.map { said -> Reaction(said.reaction, said.by.map { it.asOurs() }) },
    sentAt = sentAt,
    storedAt = storedAt,
    state = state.asOurs(),
)

private fun FfiBody.asOurs(): Body = when (this) {
    is FfiBody.Text -> Body.Text(text)
    is FfiBody.Unreadable -> Body.Unreadable
    is FfiBody.Notice -> Body.Notice(notice.asOurs())
    is FfiBody.Group -> Body.Group(notice.asOurs())
    is FfiBody.Deleted -> Body.Deleted
}

private fun FfiNotice.asOurs(): NoticeKind = when (this) {
    is FfiNotice.KeyChanged -> NoticeKind.KeyChanged
    is FfiNotice.KeyAccepted -> NoticeKind.KeyAccepted
    is FfiNotice.DevicesChanged -> NoticeKind.DevicesChanged
    is FfiNotice.RelayReset -> NoticeKind.RelayReset
    is FfiNotice.TimerChanged -> NoticeKind.TimerChanged(timer?.toKotlinDuration())
}

private fun FfiMarks.asOurs(text: String) = Marks(
    replyTo = replyTo,
    isForwarded = forwarded,
    mentions = mentions.map { it.asOurs(text) },
    custom = custom?.let { Custom(it.kind, it.payload) },
    expiresAfter = expiresAfter?.toKotlinDuration(),
    isAfterRemoval = afterRemoval,
)

private fun FfiMention.asOurs(text: String): Mention {
    val end = startBytes.toLong() + lengthBytes.toLong()
    return Mention(account, text.indexAfter(startBytes.toLong()), text.indexAfter(end))
}

internal fun Mention.asTheirs(text: String): FfiMention {
    require(start in 0..end) { "a mention begins at an index of the text, and ends behind it" }
    val before = text.bytesBefore(start)
    return FfiMention(account, before.toUInt(), (text.bytesBefore(end) - before).toUInt())
}

internal fun Custom.asTheirs() = FfiCustom(kind, payload)

private fun FfiEntryState.asOurs(): EntryState = when (this) {
    is FfiEntryState.Outgoing -> EntryState.Outgoing(delivery.asOurs())
    is FfiEntryState.Incoming -> EntryState.Incoming(reception.asOurs())
    is FfiEntryState.Local -> EntryState.Local
}

internal fun FfiDelivery.asOurs(): Delivery = when (this) {
    is FfiDelivery.Queued -> Delivery.Queued
    is FfiDelivery.Held -> Delivery.Held(reason.asOurs())
    is FfiDelivery.Sending -> Delivery.Sending
    is FfiDelivery.Failed -> Delivery.Failed(reason.asOurs())
    is FfiDelivery.Cancelled -> Delivery.TakenBack
    is FfiDelivery.Sent -> Delivery.Sent
    is FfiDelivery.Delivered -> Delivery.Delivered
    is FfiDelivery.Read -> Delivery.Read
}

private fun FfiHoldReason.asOurs() = when (this) {
    FfiHoldReason.KEY_CHANGED -> HoldReason.KeyChanged
    FfiHoldReason.RECIPIENT_GONE -> HoldReason.RecipientGone
}

private fun FfiFailureReason.asOurs() = when (this) {
    FfiFailureReason.TOO_LARGE -> FailureReason.TooLarge
    FfiFailureReason.REFUSED -> FailureReason.Refused
    FfiFailureReason.NOT_PERMITTED -> FailureReason.NotPermitted
    FfiFailureReason.RECIPIENT_GONE -> FailureReason.RecipientGone
}

private fun FfiReception.asOurs() = when (this) {
    FfiReception.WAITING -> Reception.Waiting
    FfiReception.LOST -> Reception.Lost
    FfiReception.UNREAD -> Reception.Unread
    FfiReception.READ -> Reception.Read
}

internal fun FfiConversationItem.asOurs() = ConversationItem(
    id = conversationId,
    peer = party.peer(),
    group = party.group(),
    unread = unread.toLong(),
    unreadMentions = unreadMentions.toLong(),
    settings = settings.asOurs(),
    last = last?.asOurs(),
    keyChanged = keyChanged,
    createdAt = createdAt,
)

private fun FfiLastEntry.asOurs() = LastEntry(messageId, sender.asOurs(), preview, storedAt, state.asOurs())

internal fun FfiIncomingMessage.asOurs() = IncomingMessage(
    id = messageId,
    conversation = conversationId,
    sender = sender.asOurs(),
    text = text,
    sentAt = sentAt,
    storedAt = storedAt,
    place = place.toLong(),
    marks = marks.asOurs(text),
    groupTitle = groupTitle,
)

internal fun FfiSettings.asOurs() = ConversationSettings(
    draft = draft,
    muted = muted?.asOurs(),
    isPinned = pinned,
    isArchived = archived,
    isMarkedUnread = markedUnread,
    isBlocked = blocked,
    timer = timer?.toKotlinDuration(),
)

private fun FfiMute.asOurs(): Mute = when (this) {
    is FfiMute.Until -> Mute.Until(moment)
    is FfiMute.ForEver -> Mute.ForEver
}

internal fun Mute.asTheirs(): FfiMute = when (this) {
    is Mute.Until -> FfiMute.Until(moment)
    is Mute.ForEver -> FfiMute.ForEver
}

internal fun DeliveryGoal.asTheirs() = when (this) {
    DeliveryGoal.Sent -> FfiDeliveryGoal.SENT
    DeliveryGoal.Delivered -> FfiDeliveryGoal.DELIVERED
    DeliveryGoal.Read -> FfiDeliveryGoal.READ
}
