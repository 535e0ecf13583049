"""What comes out: frozen dataclasses."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Union

from . import _ffi
from ._errors import WaxwingError, error_of
from ._types import AccountId, ConversationId, DeviceId, MessageId


@dataclass(frozen=True)
class Me:
    """This device's account."""

    account: AccountId
    device: DeviceId
    handle: str


@dataclass(frozen=True)
class Contact:
    """Somebody, as this device knows them. No handle: an account that this device has forgotten."""

    account: AccountId
    handle: str | None


class Notice(enum.Enum):
    """Something that happened in a conversation, told to the user in its place."""

    KEY_CHANGED = "key_changed"
    KEY_ACCEPTED = "key_accepted"
    DEVICES_CHANGED = "devices_changed"
    RELAY_RESET = "relay_reset"


class Step(enum.Enum):
    """How far an outgoing message got."""

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"


@dataclass(frozen=True)
class Delivery:
    """How far an outgoing message got; for one that is held or failed, the word that says why."""

    step: Step
    reason: str | None = None


class Reception(enum.Enum):
    """How far an incoming message got."""

    WAITING = "waiting"
    LOST = "lost"
    UNREAD = "unread"
    READ = "read"


class Goal(enum.Enum):
    """What one can wait for a message to reach."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"


class LinkState(enum.Enum):
    """How the connection stands."""

    CONNECTING = "connecting"
    ONLINE = "online"
    OFFLINE = "offline"
    STOPPED = "stopped"


@dataclass(frozen=True)
class TimelineItem:
    """One entry of a conversation. An entry that has neither text nor notice could not be opened (yet)."""

    message_id: MessageId
    conversation_id: ConversationId
    sender: Contact
    sender_device: DeviceId
    text: str | None
    notice: Notice | None
    sent_at: datetime
    stored_at: datetime
    delivery: Delivery | None
    """How far it got, where this account wrote it."""
    reception: Reception | None
    """How far it got, where somebody else wrote it."""

    @property
    def is_outgoing(self) -> bool:
        """Whether this account wrote it."""
        return self.delivery is not None


@dataclass(frozen=True)
class Reset:
    """The whole content; always the first difference."""

    items: list


@dataclass(frozen=True)
class Appended:
    """New entries at the end, oldest first."""

    items: list[TimelineItem]


@dataclass(frozen=True)
class Changed:
    """Items that take the place of those with the same id; in the list, new ones too."""

    items: list


@dataclass(frozen=True)
class Interrupted:
    """Reading failed; the stream goes on."""

    error: WaxwingError


TimelineDiff = Union[Reset, Appended, Changed, Interrupted]
ListDiff = Union[Reset, Changed, Interrupted]


@dataclass(frozen=True)
class LastEntry:
    """The newest entry of a conversation, shortened."""

    message_id: MessageId
    preview: str
    stored_at: datetime
    delivery: Delivery | None
    reception: Reception | None


@dataclass(frozen=True)
class ConversationItem:
    """One line of the list of conversations. Greatest ``order`` first is the order of the list."""

    conversation_id: ConversationId
    peer: Contact
    unread: int
    last: LastEntry | None
    key_changed: bool
    order: int
    created_at: datetime


@dataclass(frozen=True)
class IncomingMessage:
    """An incoming message whose text is known."""

    message_id: MessageId
    conversation_id: ConversationId
    sender: Contact
    text: str
    sent_at: datetime
    stored_at: datetime
    place: int


class EventKind(enum.Enum):
    """What happened."""

    LINK = "link"
    CONVERSATION_CHANGED = "conversation_changed"
    DELIVERY_CHANGED = "delivery_changed"
    MESSAGE_READABLE = "message_readable"
    DRAINED = "drained"
    KEY_CHANGED = "key_changed"
    REGISTERED = "registered"
    SIGNED_OUT = "signed_out"
    RELAY_RESET = "relay_reset"
    STORE_ROLLED_BACK = "store_rolled_back"
    OUTBOX_EMPTY = "outbox_empty"
    LAGGED = "lagged"


@dataclass(frozen=True)
class Event:
    """Something that happened. Nothing depends on hearing it: every state can be read."""

    kind: EventKind
    link: LinkState | None = None
    conversation_id: ConversationId | None = None
    message_id: MessageId | None = None
    account: AccountId | None = None
    code: str | None = None


@dataclass(frozen=True)
class CatchUp:
    """What a background fetch brought."""

    messages: int
    completed: bool


@dataclass(frozen=True)
class LiveObjects:
    """Objects and calls of the library that are alive in this process."""

    clients: int
    conversations: int
    sent: int
    streams: int
    histories: int
    cancel_handles: int
    calls: int


# ---- from the library ----


def _same_name(kind: type[enum.Enum], value: enum.Enum):
    return kind[value.name]


def me_of(me: _ffi.Me) -> Me:
    return Me(me.account, me.device, me.handle)


def contact_of(contact: _ffi.Contact) -> Contact:
    return Contact(contact.account, contact.handle)


_PLAIN_STEPS = {
    _ffi.Delivery.QUEUED: Delivery(Step.QUEUED),
    _ffi.Delivery.SENDING: Delivery(Step.SENDING),
    _ffi.Delivery.CANCELLED: Delivery(Step.CANCELLED),
    _ffi.Delivery.SENT: Delivery(Step.SENT),
    _ffi.Delivery.DELIVERED: Delivery(Step.DELIVERED),
    _ffi.Delivery.READ: Delivery(Step.READ),
}


def delivery_of(delivery: _ffi.Delivery) -> Delivery:
    if delivery.is_HELD():
        return Delivery(Step.HELD, delivery.reason.name.lower())
    if delivery.is_FAILED():
        return Delivery(Step.FAILED, delivery.reason.name.lower())
    return _PLAIN_STEPS[type(delivery)]


def _state_of(state: _ffi.EntryState) -> tuple[Delivery | None, Reception | None]:
    if state.is_OUTGOING():
        return delivery_of(state.delivery), None
    if state.is_INCOMING():
        return None, _same_name(Reception, state.reception)
    return None, None


def item_of(item: _ffi.TimelineItem) -> TimelineItem:
    body = item.body
    delivery, reception = _state_of(item.state)
    return TimelineItem(
        message_id=item.message_id,
        conversation_id=item.conversation_id,
        sender=contact_of(item.sender),
        sender_device=item.sender_device,
        text=body.text if body.is_TEXT() else None,
        notice=_same_name(Notice, body.notice) if body.is_NOTICE() else None,
        sent_at=item.sent_at,
        stored_at=item.stored_at,
        delivery=delivery,
        reception=reception,
    )


def items_of(items: list[_ffi.TimelineItem]) -> list[TimelineItem]:
    return [item_of(item) for item in items]


def timeline_diff_of(diff: _ffi.TimelineDiff) -> TimelineDiff:
    if diff.is_RESET():
        return Reset(items_of(diff.items))
    if diff.is_APPENDED():
        return Appended(items_of(diff.items))
    if diff.is_CHANGED():
        return Changed(items_of(diff.items))
    return Interrupted(error_of(diff.error))


def conversation_item_of(item: _ffi.ConversationItem) -> ConversationItem:
    last = None
    if item.last is not None:
        delivery, reception = _state_of(item.last.state)
        last = LastEntry(item.last.message_id, item.last.preview, item.last.stored_at, delivery, reception)
    return ConversationItem(
        conversation_id=item.conversation_id,
        peer=contact_of(item.peer),
        unread=item.unread,
        last=last,
        key_changed=item.key_changed,
        order=item.order,
        created_at=item.created_at,
    )


def list_diff_of(diff: _ffi.ListDiff) -> ListDiff:
    if diff.is_RESET():
        return Reset([conversation_item_of(item) for item in diff.items])
    if diff.is_CHANGED():
        return Changed([conversation_item_of(item) for item in diff.items])
    return Interrupted(error_of(diff.error))


def incoming_of(message: _ffi.IncomingMessage) -> IncomingMessage:
    return IncomingMessage(
        message_id=message.message_id,
        conversation_id=message.conversation_id,
        sender=contact_of(message.sender),
        text=message.text,
        sent_at=message.sent_at,
        stored_at=message.stored_at,
        place=message.place,
    )


def incoming_to(message: IncomingMessage) -> _ffi.IncomingMessage:
    return _ffi.IncomingMessage(
        message_id=message.message_id,
        conversation_id=message.conversation_id,
        sender=_ffi.Contact(account=message.sender.account, handle=message.sender.handle),
        text="",
        sent_at=message.sent_at,
        stored_at=message.stored_at,
        place=message.place,
    )


def event_of(event: _ffi.Event) -> Event:
    kind = EventKind[type(event).__name__]
    state = getattr(event, "state", None)
    return Event(
        kind=kind,
        link=None if state is None else _same_name(LinkState, state),
        conversation_id=getattr(event, "conversation_id", None),
        message_id=getattr(event, "message_id", None),
        account=getattr(event, "account", None),
        code=getattr(event, "code", None),
    )


def link_of(state: _ffi.LinkState) -> LinkState:
    return _same_name(LinkState, state)
