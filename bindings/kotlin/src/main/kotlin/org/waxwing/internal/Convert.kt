/** Records of the library to ours, and back: copies, and nothing else. No `else` here: what is new stops the build. */
package org.waxwing.internal

import org.waxwing.Body
import org.waxwing.CatchUp
import org.waxwing.Contact
import org.waxwing.ConversationItem
import org.waxwing.Delivery
import org.waxwing.DeliveryGoal
import org.waxwing.EntryState
import org.waxwing.Event
import org.waxwing.FailureReason
import org.waxwing.HoldReason
import org.waxwing.IncomingMessage
import org.waxwing.LastEntry
import org.waxwing.LinkState
import org.waxwing.LiveObjects
import org.waxwing.LogLevel
import org.waxwing.LogRecord
import org.waxwing.Me
import org.waxwing.NoticeKind
import org.waxwing.OtherDevices
import org.waxwing.Reception
import org.waxwing.TimelineItem
import org.waxwing.TokenRequest
import org.waxwing.ffi.EntryBody as FfiBody
import org.waxwing.ffi.Recover as FfiRecover
import org.waxwing.ffi.CatchUp as FfiCatchUp
import org.waxwing.ffi.Contact as FfiContact
import org.waxwing.ffi.ConversationItem as FfiConversationItem
import org.waxwing.ffi.Delivery as FfiDelivery
import org.waxwing.ffi.DeliveryGoal as FfiDeliveryGoal
import org.waxwing.ffi.EntryState as FfiEntryState
import org.waxwing.ffi.Event as FfiEvent
import org.waxwing.ffi.FailureReason as FfiFailureReason
import org.waxwing.ffi.HoldReason as FfiHoldReason
import org.waxwing.ffi.IncomingMessage as FfiIncomingMessage
import org.waxwing.ffi.LastEntry as FfiLastEntry
import org.waxwing.ffi.LinkState as FfiLinkState
import org.waxwing.ffi.LiveObjects as FfiLiveObjects
import org.waxwing.ffi.LogLevel as FfiLogLevel
import org.waxwing.ffi.LogRecord as FfiLogRecord
import org.waxwing.ffi.Me as FfiMe
import org.waxwing.ffi.Notice as FfiNotice
import org.waxwing.ffi.Reception as FfiReception
import org.waxwing.ffi.TimelineItem as FfiTimelineItem
import org.waxwing.ffi.TokenRequest as FfiTokenRequest

internal fun FfiMe.asOurs() = Me(account, device, handle)

internal fun FfiContact.asOurs() = Contact(account, handle)

internal fun FfiTimelineItem.asOurs() = TimelineItem(
    id = messageId,
    conversation = conversationId,
    sender = sender.asOurs(),
    senderDevice = senderDevice,
    body = body.asOurs(),
    sentAt = sentAt,
    storedAt = storedAt,
    state = state.asOurs(),
)

private fun FfiBody.asOurs(): Body = when (this) {
    is FfiBody.Text -> Body.Text(text)
    is FfiBody.Unreadable -> Body.Unreadable
    is FfiBody.Notice -> Body.Notice(notice.asOurs())
}

private fun FfiNotice.asOurs() = when (this) {
    FfiNotice.KEY_CHANGED -> NoticeKind.KeyChanged
    FfiNotice.KEY_ACCEPTED -> NoticeKind.KeyAccepted
    FfiNotice.DEVICES_CHANGED -> NoticeKind.DevicesChanged
    FfiNotice.RELAY_RESET -> NoticeKind.RelayReset
}

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
}

private fun FfiReception.asOurs() = when (this) {
    FfiReception.WAITING -> Reception.Waiting
    FfiReception.LOST -> Reception.Lost
    FfiReception.UNREAD -> Reception.Unread
    FfiReception.READ -> Reception.Read
}

internal fun FfiConversationItem.asOurs() = ConversationItem(
    id = conversationId,
    peer = peer.asOurs(),
    unread = unread.toLong(),
    last = last?.asOurs(),
    keyChanged = keyChanged,
    createdAt = createdAt,
)

private fun FfiLastEntry.asOurs() = LastEntry(messageId, preview, storedAt, state.asOurs())

internal fun FfiIncomingMessage.asOurs() = IncomingMessage(
    id = messageId,
    conversation = conversationId,
    sender = sender.asOurs(),
    text = text,
    sentAt = sentAt,
    storedAt = storedAt,
    place = place.toLong(),
)

internal fun IncomingMessage.asTheirs() = FfiIncomingMessage(
    messageId = id,
    conversationId = conversation,
    sender = FfiContact(sender.account, sender.handle),
    text = text,
    sentAt = sentAt,
    storedAt = storedAt,
    place = place.toULong(),
)

internal fun FfiCatchUp.asOurs() = CatchUp(messages.toLong(), completed)

internal fun FfiLinkState.asOurs() = when (this) {
    FfiLinkState.CONNECTING -> LinkState.Connecting
    FfiLinkState.ONLINE -> LinkState.Online
    FfiLinkState.OFFLINE -> LinkState.Offline
    FfiLinkState.STOPPED -> LinkState.Stopped
}

internal fun FfiEvent.asOurs(): Event = when (this) {
    is FfiEvent.Link -> Event.Link(state.asOurs())
    is FfiEvent.ConversationChanged -> Event.ConversationChanged(conversationId)
    is FfiEvent.DeliveryChanged -> Event.DeliveryChanged(messageId)
    is FfiEvent.MessageReadable -> Event.MessageReadable(messageId)
    is FfiEvent.Drained -> Event.Drained
    is FfiEvent.KeyChanged -> Event.KeyChanged(account)
    is FfiEvent.Registered -> Event.Registered
    is FfiEvent.SignedOut -> Event.SignedOut(code)
    is FfiEvent.RelayReset -> Event.RelayReset
    is FfiEvent.StoreRolledBack -> Event.StoreRolledBack
    is FfiEvent.OutboxEmpty -> Event.OutboxEmpty
    is FfiEvent.Lagged -> Event.Lagged
}

internal fun FfiLogRecord.asOurs() = LogRecord(level.asOurs(), target, text, at, leftOut.toLong())

private fun FfiLogLevel.asOurs() = when (this) {
    FfiLogLevel.ERROR -> LogLevel.Error
    FfiLogLevel.WARN -> LogLevel.Warn
    FfiLogLevel.INFO -> LogLevel.Info
    FfiLogLevel.DEBUG -> LogLevel.Debug
    FfiLogLevel.TRACE -> LogLevel.Trace
}

internal fun FfiTokenRequest.asOurs() = TokenRequest(handle, expired)

internal fun FfiLiveObjects.asOurs() = LiveObjects(
    clients = clients.toLong(),
    conversations = conversations.toLong(),
    sent = sent.toLong(),
    streams = streams.toLong(),
    histories = histories.toLong(),
    calls = calls.toLong(),
)

internal fun LogLevel.asTheirs() = when (this) {
    LogLevel.Error -> FfiLogLevel.ERROR
    LogLevel.Warn -> FfiLogLevel.WARN
    LogLevel.Info -> FfiLogLevel.INFO
    LogLevel.Debug -> FfiLogLevel.DEBUG
    LogLevel.Trace -> FfiLogLevel.TRACE
}

internal fun DeliveryGoal.asTheirs() = when (this) {
    DeliveryGoal.Sent -> FfiDeliveryGoal.SENT
    DeliveryGoal.Delivered -> FfiDeliveryGoal.DELIVERED
    DeliveryGoal.Read -> FfiDeliveryGoal.READ
}

internal fun OtherDevices.asTheirs() = when (this) {
    OtherDevices.Replace -> FfiRecover.REPLACE
    OtherDevices.Keep -> FfiRecover.ADD
}
