"""What comes out: frozen dataclasses. What people wrote, and who they are, is not in their ``repr``, so that no log gets it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar, Union

from . import _ffi
from ._errors import WaxwingError, error_of
from ._types import AccountId, ConversationId, DeviceId, MessageId


@dataclass(frozen=True)
class Me:
    """This device's account."""

    account: AccountId
    """The account."""
    device: DeviceId
    """This device."""
    handle: str = field(repr=False)
    """The name under which others find the account."""


@dataclass(frozen=True)
class Contact:
    """Somebody, as this device knows them."""

    account: AccountId
    """The account."""
    handle: str | None = field(repr=False)
    """The name under which it was last seen; ``None`` for an account that this device has forgotten."""


class Notice(enum.Enum):
    """Something that happened in a conversation, told to the user in its place."""

    KEY_CHANGED = "key_changed"
    """The account's key is another one than before; sending waits for the user."""
    KEY_ACCEPTED = "key_accepted"
    """The user accepted the new key."""
    DEVICES_CHANGED = "devices_changed"
    """The account has a further device, or other devices than before."""
    RELAY_RESET = "relay_reset"
    """The relay lost its database; what was not delivered is sent again."""


class Step(enum.Enum):
    """How far an outgoing message got."""

    QUEUED = "queued"
    """On disk here; not sealed yet."""
    HELD = "held"
    """Waits: for the user to accept a changed key, or for a recipient that the relay does not know."""
    SENDING = "sending"
    """Sealed; perhaps on its way."""
    FAILED = "failed"
    """It will not go out, unless it is retried."""
    CANCELLED = "cancelled"
    """The user took it back before it was sealed."""
    SENT = "sent"
    """The relay has it on disk."""
    DELIVERED = "delivered"
    """A device of the recipient has it on disk."""
    READ = "read"
    """The recipient read it."""


@dataclass(frozen=True)
class Delivery:
    """How far an outgoing message got, and why it stands still."""

    step: Step
    """How far."""
    reason: str | None = None
    """For one that is held (``key_changed``, ``recipient_gone``) or failed (``too_large``, ``refused``): why."""


class Reception(enum.Enum):
    """How far an incoming message got."""

    WAITING = "waiting"
    """Not opened yet: the sender has been asked to send it again."""
    LOST = "lost"
    """It could not be opened, and the sender could not send it again."""
    UNREAD = "unread"
    """On disk, not seen by the user."""
    READ = "read"
    """Seen by the user."""


class Goal(enum.Enum):
    """What one can wait for a message to reach."""

    SENT = "sent"
    """The relay has it on disk."""
    DELIVERED = "delivered"
    """A device of the recipient has it on disk."""
    READ = "read"
    """The recipient read it."""


class LinkState(enum.Enum):
    """How the connection stands."""

    CONNECTING = "connecting"
    """Being opened."""
    ONLINE = "online"
    """Logged in."""
    OFFLINE = "offline"
    """Not connected; the next attempt comes by itself."""
    STOPPED = "stopped"
    """Not connected, and no attempt is made."""


@dataclass(frozen=True)
class TimelineItem:
    """One entry of a conversation. An entry that has neither text nor notice could not be opened (yet)."""

    message_id: MessageId
    """The message's id, which never changes."""
    conversation_id: ConversationId
    """Where it stands."""
    sender: Contact
    """Who wrote it."""
    sender_device: DeviceId
    """On which device."""
    text: str | None = field(repr=False)
    """What it says."""
    notice: Notice | None
    """What happened, where this tells of something."""
    sent_at: datetime
    """When the sender's clock said it was written: to be shown, and not to sort by."""
    stored_at: datetime
    """When it came to this device's disk."""
    delivery: Delivery | None
    """How far it got, where this account wrote it."""
    reception: Reception | None
    """How far it got, where somebody else wrote it."""

    @property
    def is_outgoing(self) -> bool:
        """Whether this account wrote it."""
        return self.delivery is not None


Item = TypeVar("Item", covariant=True)


@dataclass(frozen=True)
class Reset(Generic[Item]):
    """The whole content, in order; always the first difference."""

    items: list[Item]
    """What is there."""


@dataclass(frozen=True)
class Appended(Generic[Item]):
    """New entries at the end, oldest first."""

    items: list[Item]
    """The new ones."""


@dataclass(frozen=True)
class Changed(Generic[Item]):
    """Items that take the place of those with the same id; in the list of conversations, new ones too."""

    items: list[Item]
    """As they are now."""


@dataclass(frozen=True)
class Interrupted:
    """Reading failed; the stream goes on, and tries again."""

    error: WaxwingError
    """Why."""


TimelineDiff = Union[Reset[TimelineItem], Appended[TimelineItem], Changed[TimelineItem], Interrupted]
"""What changed in a timeline."""


@dataclass(frozen=True)
class LastEntry:
    """The newest entry of a conversation, shortened."""

    message_id: MessageId
    """Its id."""
    preview: str = field(repr=False)
    """The beginning of its text; empty for an entry without text."""
    stored_at: datetime
    """When it came to this device's disk."""
    delivery: Delivery | None
    """How far it got, where this account wrote it."""
    reception: Reception | None
    """How far it got, where somebody else wrote it."""


@dataclass(frozen=True)
class ConversationItem:
    """One line of the list of conversations."""

    conversation_id: ConversationId
    """The conversation."""
    peer: Contact
    """The other side."""
    unread: int
    """Incoming messages that the user has not seen."""
    last: LastEntry | None
    """The newest entry, if there is one."""
    key_changed: bool
    """Whether sending waits for the user to accept the other side's new key."""
    order: int
    """Greatest first is the order of the list. It follows the messages, never a clock."""
    created_at: datetime
    """When the conversation was made."""


ListDiff = Union[Reset[ConversationItem], Changed[ConversationItem], Interrupted]
"""What changed in the list of conversations."""


@dataclass(frozen=True)
class IncomingMessage:
    """An incoming message whose text is known."""

    message_id: MessageId
    """The message's id, which never changes."""
    conversation_id: ConversationId
    """Where it stands."""
    sender: Contact
    """Who wrote it."""
    text: str = field(repr=False)
    """What it says."""
    sent_at: datetime
    """When the sender's clock said it was written: to be shown, and not to sort by."""
    stored_at: datetime
    """When it came to this device's disk."""
    place: int
    """Its place in the order of arrival on this device."""


class EventKind(enum.Enum):
    """What happened. More may come."""

    LINK = "link"
    """The connection changed: ``link`` says how it stands."""
    CONVERSATION_CHANGED = "conversation_changed"
    """The timeline, unread count or name of ``conversation_id`` changed."""
    DELIVERY_CHANGED = "delivery_changed"
    """The message ``message_id``, which is ours, changed its state."""
    MESSAGE_READABLE = "message_readable"
    """The incoming message ``message_id`` became readable."""
    DRAINED = "drained"
    """The relay has no more for this device."""
    KEY_CHANGED = "key_changed"
    """The key of ``account`` changed; sending to it waits for :meth:`Client.accept_key`."""
    REGISTERED = "registered"
    """The relay confirmed this device."""
    SIGNED_OUT = "signed_out"
    """The relay does not know this device any more; ``code`` is the word that says why."""
    RELAY_RESET = "relay_reset"
    """The relay lost its database; what was not delivered is sent again."""
    STORE_ROLLED_BACK = "store_rolled_back"
    """The store is an old copy of itself: messages since then may be missing, and its sessions start anew."""
    OUTBOX_EMPTY = "outbox_empty"
    """The relay has everything that this device sent."""
    LAGGED = "lagged"
    """This listener was too slow, and missed events: read again what it shows."""


@dataclass(frozen=True)
class Event:
    """Something that happened. Nothing depends on hearing it: every state can be read."""

    kind: EventKind
    """What happened, and which of the others say to whom."""
    link: LinkState | None = None
    """For ``LINK``."""
    conversation_id: ConversationId | None = None
    """For ``CONVERSATION_CHANGED``."""
    message_id: MessageId | None = None
    """For ``DELIVERY_CHANGED`` and ``MESSAGE_READABLE``."""
    account: AccountId | None = None
    """For ``KEY_CHANGED``."""
    code: str | None = None
    """For ``SIGNED_OUT``."""


@dataclass(frozen=True)
class CatchUp:
    """What a background fetch brought."""

    messages: int
    """Incoming messages that became readable."""
    completed: bool
    """Whether everything that the relay had is here, and everything that was to be sent is there."""


@dataclass(frozen=True)
class LiveObjects:
    """Objects and calls of the library that are alive in this process."""

    clients: int
    """Clients."""
    conversations: int
    """Conversations."""
    sent: int
    """Sent messages that are followed."""
    streams: int
    """Streams: timelines, lists, incoming messages, events."""
    histories: int
    """Stores that are open for reading."""
    cancel_handles: int
    """What gives up calls, in other languages."""
    calls: int
    """Calls that are running."""


# ---- from the library ----


Kind = TypeVar("Kind", bound=enum.Enum)


def _same_name(kind: type[Kind], value: enum.Enum) -> Kind:
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


_EVENTS = {getattr(_ffi.Event, kind.name): kind for kind in EventKind}


def event_of(event: _ffi.Event) -> Event:
    state = getattr(event, "state", None)
    return Event(
        kind=_EVENTS[type(event)],
        link=None if state is None else _same_name(LinkState, state),
        conversation_id=getattr(event, "conversation_id", None),
        message_id=getattr(event, "message_id", None),
        account=getattr(event, "account", None),
        code=getattr(event, "code", None),
    )


def link_of(state: _ffi.LinkState) -> LinkState:
    return _same_name(LinkState, state)
