internal import WaxwingFFI

// Between the library's values and ours. No `default` on its enums: what is new in the library stops the build here.

// ---- in ----

extension Recovery {
    var lowered: WaxwingFFI.Recovery {
        let others: Recover =
            switch otherDevices {
            case .replace: .replace
            case .keep: .add
            }
        return WaxwingFFI.Recovery(key: key.text, others: others)
    }
}

extension Draft {
    var lowered: WaxwingFFI.Draft {
        WaxwingFFI.Draft(text: text, id: id?.description)
    }
}

extension Page {
    var lowered: WaxwingFFI.Page {
        WaxwingFFI.Page(limit: UInt32(clamping: limit), before: before?.description)
    }
}

extension Delivery.Goal {
    var lowered: DeliveryGoal {
        switch self {
        case .sent: .sent
        case .delivered: .delivered
        case .read: .read
        }
    }
}

extension LogLevel {
    var lowered: WaxwingFFI.LogLevel {
        switch self {
        case .error: .error
        case .warning: .warn
        case .info: .info
        case .debug: .debug
        case .trace: .trace
        }
    }
}

extension IncomingMessage {
    var lowered: WaxwingFFI.IncomingMessage {
        WaxwingFFI.IncomingMessage(
            messageId: id.description,
            conversationId: conversation.description,
            sender: WaxwingFFI.Contact(account: sender.account.description, handle: sender.handle),
            text: text,
            sentAt: sentAt,
            storedAt: storedAt,
            place: place
        )
    }
}

// ---- out ----

extension Me {
    init(_ me: WaxwingFFI.Me) {
        self.init(account: AccountId(lifted: me.account), device: DeviceId(lifted: me.device), handle: me.handle)
    }
}

extension Contact {
    init(_ contact: WaxwingFFI.Contact) {
        self.init(account: AccountId(lifted: contact.account), handle: contact.handle)
    }
}

extension TimelineItem {
    init(_ item: WaxwingFFI.TimelineItem) {
        self.init(
            id: MessageId(lifted: item.messageId),
            conversation: ConversationId(lifted: item.conversationId),
            sender: Contact(item.sender),
            senderDevice: DeviceId(lifted: item.senderDevice),
            body: Body(item.body),
            sentAt: item.sentAt,
            storedAt: item.storedAt,
            status: Status(item.state)
        )
    }
}

extension TimelineItem.Body {
    init(_ body: EntryBody) {
        switch body {
        case .text(let text): self = .text(text)
        case .unreadable: self = .unreadable
        case .notice(let notice): self = .notice(Notice(notice))
        }
    }
}

extension Notice {
    init(_ notice: WaxwingFFI.Notice) {
        switch notice {
        case .keyChanged: self = .keyChanged
        case .keyAccepted: self = .keyAccepted
        case .devicesChanged: self = .devicesChanged
        case .relayReset: self = .relayReset
        }
    }
}

extension TimelineItem.Status {
    init(_ state: EntryState) {
        switch state {
        case .outgoing(let delivery): self = .outgoing(Delivery(delivery))
        case .incoming(let reception): self = .incoming(Reception(reception))
        case .local: self = .local
        }
    }
}

extension Delivery {
    init(_ delivery: WaxwingFFI.Delivery) {
        switch delivery {
        case .queued: self = .queued
        case .held(let reason): self = .held(HoldReason(reason))
        case .sending: self = .sending
        case .failed(let reason): self = .failed(FailureReason(reason))
        case .cancelled: self = .cancelled
        case .sent: self = .sent
        case .delivered: self = .delivered
        case .read: self = .read
        }
    }
}

extension HoldReason {
    init(_ reason: WaxwingFFI.HoldReason) {
        switch reason {
        case .keyChanged: self = .keyChanged
        case .recipientGone: self = .recipientGone
        }
    }
}

extension FailureReason {
    init(_ reason: WaxwingFFI.FailureReason) {
        switch reason {
        case .tooLarge: self = .tooLarge
        case .refused: self = .refused
        }
    }
}

extension Reception {
    init(_ reception: WaxwingFFI.Reception) {
        switch reception {
        case .waiting: self = .waiting
        case .lost: self = .lost
        case .unread: self = .unread
        case .read: self = .read
        }
    }
}

extension TimelineChange {
    init(_ diff: TimelineDiff) {
        switch diff {
        case .reset(let items): self = .reset(items.map(TimelineItem.init))
        case .appended(let items): self = .appended(items.map(TimelineItem.init))
        case .changed(let items): self = .changed(items.map(TimelineItem.init))
        case .interrupted(let error): self = .interrupted(WaxwingError(interruption: error))
        }
    }
}

extension ConversationListChange {
    init(_ diff: ListDiff) {
        switch diff {
        case .reset(let items): self = .reset(items.map(ConversationItem.init))
        case .changed(let items): self = .changed(items.map(ConversationItem.init))
        case .interrupted(let error): self = .interrupted(WaxwingError(interruption: error))
        }
    }
}

extension ConversationItem {
    init(_ item: WaxwingFFI.ConversationItem) {
        self.init(
            id: ConversationId(lifted: item.conversationId),
            peer: Contact(item.peer),
            unread: Int(clamping: item.unread),
            last: item.last.map(LastEntry.init),
            keyChanged: item.keyChanged,
            order: item.order,
            createdAt: item.createdAt
        )
    }
}

extension LastEntry {
    init(_ last: WaxwingFFI.LastEntry) {
        self.init(
            id: MessageId(lifted: last.messageId),
            preview: last.preview,
            storedAt: last.storedAt,
            status: TimelineItem.Status(last.state)
        )
    }
}

extension IncomingMessage {
    init(_ message: WaxwingFFI.IncomingMessage) {
        self.init(
            id: MessageId(lifted: message.messageId),
            conversation: ConversationId(lifted: message.conversationId),
            sender: Contact(message.sender),
            text: message.text,
            sentAt: message.sentAt,
            storedAt: message.storedAt,
            place: message.place
        )
    }
}

extension Event {
    init(_ event: WaxwingFFI.Event) {
        switch event {
        case .link(let state): self = .link(LinkState(state))
        case .conversationChanged(let id): self = .conversationChanged(ConversationId(lifted: id))
        case .deliveryChanged(let id): self = .deliveryChanged(MessageId(lifted: id))
        case .messageReadable(let id): self = .messageReadable(MessageId(lifted: id))
        case .drained: self = .drained
        case .keyChanged(let account): self = .keyChanged(AccountId(lifted: account))
        case .registered: self = .registered
        case .signedOut(let code): self = .signedOut(code: code)
        case .relayReset: self = .relayReset
        case .storeRolledBack: self = .storeRolledBack
        case .outboxEmpty: self = .outboxEmpty
        case .lagged: self = .lagged
        }
    }
}

extension LinkState {
    init(_ state: WaxwingFFI.LinkState) {
        switch state {
        case .connecting: self = .connecting
        case .online: self = .online
        case .offline: self = .offline
        case .stopped: self = .stopped
        }
    }
}

extension CatchUp {
    init(_ caughtUp: WaxwingFFI.CatchUp) {
        self.init(messages: Int(clamping: caughtUp.messages), completed: caughtUp.completed)
    }
}

extension LogLine {
    init(_ record: LogRecord) {
        self.init(
            level: LogLevel(record.level),
            target: record.target,
            text: record.text,
            at: record.at,
            leftOut: Int(clamping: record.leftOut)
        )
    }
}

extension LogLevel {
    init(_ level: WaxwingFFI.LogLevel) {
        switch level {
        case .error: self = .error
        case .warn: self = .warning
        case .info: self = .info
        case .debug: self = .debug
        case .trace: self = .trace
        }
    }
}

extension LiveObjects {
    init(_ live: WaxwingFFI.LiveObjects) {
        self.init(
            clients: Int(clamping: live.clients),
            conversations: Int(clamping: live.conversations),
            sentMessages: Int(clamping: live.sent),
            streams: Int(clamping: live.streams),
            histories: Int(clamping: live.histories),
            calls: Int(clamping: live.calls),
            cancelHandles: Int(clamping: live.cancelHandles)
        )
    }
}
