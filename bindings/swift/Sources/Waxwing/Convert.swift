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
        WaxwingFFI.Draft(
            text: text,
            id: id?.description,
            replyTo: replyTo?.description,
            forwarded: isForwarded,
            mentions: mentions.map { $0.lowered(in: text) },
            custom: custom.map { WaxwingFFI.Custom(kind: $0.kind, payload: $0.payload) }
        )
    }
}

extension Page {
    var lowered: WaxwingFFI.Page {
        WaxwingFFI.Page(limit: UInt32(clamping: limit), place: place.lowered)
    }
}

extension Page.Place {
    var lowered: PagePlace {
        switch self {
        case .newest: .newest
        case .before(let id): .before(id: id.description)
        case .around(let id): .around(id: id.description)
        }
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
        let body = Body(item.body)
        self.init(
            id: MessageId(lifted: item.messageId),
            conversation: ConversationId(lifted: item.conversationId),
            sender: Contact(item.sender),
            senderDevice: DeviceId(lifted: item.senderDevice),
            body: body,
            marks: Marks(item.marks, in: body.text ?? ""),
            isEdited: item.edited,
            reactions: item.reactions.map(Reaction.init),
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
        case .group(let notice): self = .group(GroupNotice(notice))
        case .deleted: self = .deleted
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
        case .timerChanged(let timer): self = .timerChanged(timer.map { .seconds($0) })
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
        case .notPermitted: self = .notPermitted
        case .recipientGone: self = .recipientGone
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
            party: Party(item.party),
            unread: Int(clamping: item.unread),
            unreadMentions: Int(clamping: item.unreadMentions),
            settings: ConversationSettings(item.settings),
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
            sender: Contact(last.sender),
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
            groupTitle: message.groupTitle,
            text: message.text,
            marks: Marks(message.marks, in: message.text),
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
        case .verificationChanged(let account): self = .verificationChanged(AccountId(lifted: account))
        case .devicesChanged(let account): self = .devicesChanged(AccountId(lifted: account))
        case .joinRequested(let id, let account):
            self = .joinRequested(ConversationId(lifted: id), by: AccountId(lifted: account))
        case .joinAnswered(let id): self = .joinAnswered(ConversationId(lifted: id))
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
