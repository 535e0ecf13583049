"""What happens, from the moment it is listened for."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from . import _ffi
from ._models import LinkState, link_of
from ._types import AccountId, ConversationId, MessageId


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
    VERIFICATION_CHANGED = "verification_changed"
    """The person ``account`` was marked as verified, or is not verified any more."""
    DEVICES_CHANGED = "devices_changed"
    """The account ``account`` has other devices than before; it can be our own."""
    JOIN_REQUESTED = "join_requested"
    """``account`` asks to be in the group of ``conversation_id``, and waits for an answer."""
    JOIN_ANSWERED = "join_answered"
    """The group of ``conversation_id``, which this account asked to be in, let it in, or refused."""
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
    """For ``CONVERSATION_CHANGED``, ``JOIN_REQUESTED`` and ``JOIN_ANSWERED``."""
    message_id: MessageId | None = None
    """For ``DELIVERY_CHANGED`` and ``MESSAGE_READABLE``."""
    account: AccountId | None = None
    """For ``KEY_CHANGED``, ``VERIFICATION_CHANGED``, ``DEVICES_CHANGED`` and ``JOIN_REQUESTED``."""
    code: str | None = None
    """For ``SIGNED_OUT``."""


# ---- from the library ----


_EVENTS = {getattr(_ffi.Event, kind.name): kind for kind in EventKind}


def event_of(event: _ffi.Event) -> Event:
    state = getattr(event, "state", None)
    return Event(
        kind=_EVENTS[type(event)],
        link=None if state is None else link_of(state),
        conversation_id=getattr(event, "conversation_id", None),
        message_id=getattr(event, "message_id", None),
        account=getattr(event, "account", None),
        code=getattr(event, "code", None),
    )
