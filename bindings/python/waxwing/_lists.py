"""Lines of the list of conversations, and how conversations are set."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Union

from . import _ffi
from ._errors import error_of
from ._group_models import Contact, GroupHead, contact_of, head_of
from ._models import Changed, Delivery, Interrupted, Reception, Reset, state_of
from ._types import ConversationId, MessageId


@dataclass(frozen=True)
class ConversationSettings:
    """How the user set a conversation. It follows to the account's other devices."""

    draft: str = field(default="", repr=False)
    """What the user began to write."""
    muted: bool = False
    """It makes no noise: until ``muted_until``, or for ever where there is none."""
    muted_until: datetime | None = None
    """Until when it makes no noise."""
    pinned: bool = False
    """It stands at the top of the list."""
    archived: bool = False
    """It is put away."""
    marked_unread: bool = False
    """The user wants to come back to it."""
    blocked: bool = False
    """Nothing is taken from the other side, and nothing is sent to it."""
    timer: timedelta | None = None
    """New messages of both sides disappear after so long; ``None``: they stay."""


@dataclass(frozen=True)
class LastEntry:
    """The newest entry of a conversation, shortened."""

    message_id: MessageId
    """Its id."""
    sender: Contact
    """Who wrote it."""
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
    peer: Contact | None
    """The other side; ``None``: a group."""
    group: GroupHead | None
    """The group; ``None``: a conversation with one account."""
    unread: int
    """Incoming messages that the user has not seen."""
    unread_mentions: int
    """How many of them name this account."""
    settings: ConversationSettings
    """How the user set it."""
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


# ---- from the library ----


def settings_of(settings: _ffi.ConversationSettings) -> ConversationSettings:
    return ConversationSettings(
        draft=settings.draft,
        muted=settings.muted is not None,
        muted_until=getattr(settings.muted, "moment", None),
        pinned=settings.pinned,
        archived=settings.archived,
        marked_unread=settings.marked_unread,
        blocked=settings.blocked,
        timer=settings.timer,
    )


def peer_of(party: _ffi.Party) -> Contact | None:
    return contact_of(party.contact) if party.is_ACCOUNT() else None


def _last_of(last: _ffi.LastEntry) -> LastEntry:
    delivery, reception = state_of(last.state)
    sender = contact_of(last.sender)
    return LastEntry(last.message_id, sender, last.preview, last.stored_at, delivery, reception)


def conversation_item_of(item: _ffi.ConversationItem) -> ConversationItem:
    return ConversationItem(
        conversation_id=item.conversation_id,
        peer=peer_of(item.party),
        group=head_of(item.party.head) if item.party.is_GROUP() else None,
        unread=item.unread,
        unread_mentions=item.unread_mentions,
        settings=settings_of(item.settings),
        last=None if item.last is None else _last_of(item.last),
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
