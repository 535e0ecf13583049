"""What comes out: frozen dataclasses. What people wrote, and who they are, is not in their ``repr``, so that no log gets it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar, Union

from . import _ffi
from ._errors import WaxwingError, error_of
from ._group_models import Contact, GroupNotice, contact_of, contacts_of, group_notice_of
from ._types import AccountId, ConversationId, DeviceId, MessageId, characters


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
class Mention:
    """An account that is named in a text: ``text[start:end]`` is its name there."""

    account: AccountId
    """Who."""
    start: int
    """Where the name begins, in characters of the text."""
    end: int
    """Where it ends."""


@dataclass(frozen=True)
class Custom:
    """Content of the app's own; the text beside it is what an app shows that does not know its type."""

    kind: str
    """Its type, such as ``example.com/location``; 1 to 64 bytes."""
    payload: bytes = field(repr=False)
    """Its bytes. With the text they are at most 65,536."""


@dataclass(frozen=True)
class Marks:
    """What a message carries besides its words."""

    reply_to: MessageId | None = None
    """The message that it answers. Nobody vouches that there is such a message."""
    forwarded: bool = False
    """It was written somewhere else before, as its sender says."""
    mentions: tuple[Mention, ...] = ()
    """Accounts that are named in it, in the order of the text."""
    custom: Custom | None = None
    """Content of the app's own."""
    expires_after: timedelta | None = None
    """It disappears so long after it was sent here, or read here; ``None``: it stays."""
    after_removal: bool = False
    """In a group: it came when its sender was no member any more. Whether it was written before, nobody can tell."""


@dataclass(frozen=True)
class Reaction:
    """A reaction to a message, and who reacted so."""

    reaction: str = field(repr=False)
    """What: one character as people see it."""
    by: tuple[Contact, ...]
    """Who."""


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
    TIMER_CHANGED = "timer_changed"
    """The sender of the entry set the timer of disappearing messages; the entry's ``timer`` says to what."""


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
    """For one that is held (``key_changed``, ``recipient_gone``) or failed (``too_large``, ``not_permitted``, ``recipient_gone``,
    ``refused``): why."""


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
    """One entry of a conversation. One that is not deleted, and has neither text nor notice, could not be opened (yet)."""

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
    marks: Marks = Marks()
    """What it carries besides its words."""
    edited: bool = False
    """Whether its author changed it since."""
    deleted: bool = False
    """Whether its author took it back."""
    reactions: tuple[Reaction, ...] = ()
    """What people reacted, the most frequent first."""
    group_notice: GroupNotice | None = None
    """What the sender did to the group, where this tells of it."""
    timer: timedelta | None = None
    """For ``Notice.TIMER_CHANGED``: how long messages stay from now on; ``None``: for ever."""

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
    marks: Marks = Marks()
    """What it carries besides its words."""
    group_title: str | None = field(default=None, repr=False)
    """The title of the group whose conversation it is; ``None`` in a conversation with one account."""


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
    groups: int
    """Groups."""
    sent: int
    """Sent messages that are followed."""
    streams: int
    """Streams: timelines, lists, incoming messages, events, exports."""
    linkings: int
    """Linkings of devices: those that wait, and those that are under way."""
    safety_numbers: int
    """Safety numbers."""
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


def state_of(state: _ffi.EntryState) -> tuple[Delivery | None, Reception | None]:
    if state.is_OUTGOING():
        return delivery_of(state.delivery), None
    if state.is_INCOMING():
        return None, _same_name(Reception, state.reception)
    return None, None


_NOTICES = {getattr(_ffi.Notice, notice.name): notice for notice in Notice}


def marks_of(marks: _ffi.Marks, text: str) -> Marks:
    custom = marks.custom
    return Marks(
        reply_to=marks.reply_to,
        forwarded=marks.forwarded,
        mentions=tuple(_mention_of(mention, text) for mention in marks.mentions),
        custom=None if custom is None else Custom(custom.kind, custom.payload),
        expires_after=marks.expires_after,
        after_removal=marks.after_removal,
    )


def _mention_of(mention: _ffi.Mention, text: str) -> Mention:
    start, end = mention.start_bytes, mention.start_bytes + mention.length_bytes
    return Mention(mention.account, characters(text, start), characters(text, end))


def item_of(item: _ffi.TimelineItem) -> TimelineItem:
    body = item.body
    text = body.text if body.is_TEXT() else None
    notice = body.notice if body.is_NOTICE() else None
    delivery, reception = state_of(item.state)
    return TimelineItem(
        message_id=item.message_id,
        conversation_id=item.conversation_id,
        sender=contact_of(item.sender),
        sender_device=item.sender_device,
        text=text,
        notice=None if notice is None else _NOTICES[type(notice)],
        sent_at=item.sent_at,
        stored_at=item.stored_at,
        delivery=delivery,
        reception=reception,
        marks=marks_of(item.marks, text or ""),
        edited=item.edited,
        deleted=body.is_DELETED(),
        reactions=tuple(Reaction(said.reaction, contacts_of(said.by)) for said in item.reactions),
        group_notice=group_notice_of(body.notice) if body.is_GROUP() else None,
        timer=getattr(notice, "timer", None),
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


def incoming_of(message: _ffi.IncomingMessage) -> IncomingMessage:
    return IncomingMessage(
        message_id=message.message_id,
        conversation_id=message.conversation_id,
        sender=contact_of(message.sender),
        text=message.text,
        sent_at=message.sent_at,
        stored_at=message.stored_at,
        place=message.place,
        marks=marks_of(message.marks, message.text),
        group_title=message.group_title,
    )


def link_of(state: _ffi.LinkState) -> LinkState:
    return _same_name(LinkState, state)
