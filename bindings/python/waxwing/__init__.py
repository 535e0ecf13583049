"""End-to-end encrypted messaging whose messages arrive once and in order, for asyncio.

.. code-block:: python

    import asyncio, waxwing

    async def main():
        async with waxwing.open("wss://relay.example", "bot.db", key) as client:
            if client.me is None:
                await client.register("echo")
            async with client.incoming("echo") as incoming:
                async for message in incoming:
                    chat = await client.conversation(message.conversation_id)
                    await chat.send(message.text)
                    await incoming.done(message)

    asyncio.run(main())
"""

from __future__ import annotations

import atexit as _atexit

from . import _ffi

try:
    # The generated code and the library were made for each other, or they must not meet.
    _ffi._uniffi_check_api_checksums(_ffi._UniffiLib)
except _ffi.InternalError as error:
    raise ImportError("the library does not fit this package: install both from one build") from error

from ._client import Client, Opening, OtherDevices, open, open_history
from ._conversation import Conversation, Sent
from ._devices import (
    BackupSummary,
    Device,
    LinkCode,
    Linking,
    LinkOffer,
    LinkStep,
    LinkStepKind,
    OwnDevices,
)
from ._errors import (
    Advice,
    BugError,
    GivenUpError,
    KeyChangedError,
    MisuseError,
    NotFoundError,
    NotPermittedError,
    OfflineError,
    RateLimitedError,
    RefusedError,
    Retry,
    ShutDownError,
    StorageError,
    TooLargeError,
    UndecryptableError,
    VersionUnsupportedError,
    WaxwingError,
    told as _told,
)
from ._events import Event, EventKind
from ._group_models import (
    Contact,
    GroupHead,
    GroupInfo,
    GroupNotice,
    GroupNoticeKind,
    GroupRole,
    GroupSettings,
    GroupStanding,
    GroupWho,
    Invitation,
    InvitationLink,
    InvitationState,
    Join,
    JoinRequest,
    JoinState,
    Member,
    MemberReceipt,
    Reach,
    Receipts,
)
from ._groups import Group, read_invitation
from ._history import History
from ._lists import ConversationItem, ConversationSettings, LastEntry, ListDiff
from ._models import (
    Appended,
    CatchUp,
    Changed,
    Custom,
    Delivery,
    Goal,
    IncomingMessage,
    Interrupted,
    LinkState,
    LiveObjects,
    Marks,
    Me,
    Mention,
    Notice,
    Reaction,
    Reception,
    Reset,
    Step,
    TimelineDiff,
    TimelineItem,
)
from ._providers import (
    LogLevel,
    LogRecord,
    ProviderError,
    StoreKeySource,
    TokenRequest,
    TokenSource,
    log_to,
    set_log,
)
from ._safety import Comparison, SafetyNumber
from ._streams import ConversationList, Events, Export, Incoming, Timeline
from ._types import AccountId, ConversationId, DeviceId, InvitationId, MessageId, RecoveryKey

__version__: str = _ffi.library_version()

# The interpreter kills whichever foreign thread is in it at its end, and such a death would take the process with it.
_atexit.register(_ffi.leave_app)


def generate_store_key() -> bytes:
    """Makes a new key for a store: 32 random bytes, to be kept in a keystore."""
    return _ffi.generate_store_key()


def live_objects() -> LiveObjects:
    """Counts what is alive in the library: a leak shows here."""
    live = _ffi.live_objects()
    return LiveObjects(
        clients=live.clients,
        conversations=live.conversations,
        groups=live.groups,
        sent=live.sent,
        streams=live.streams,
        linkings=live.linkings,
        safety_numbers=live.safety_numbers,
        histories=live.histories,
        cancel_handles=live.cancel_handles,
        calls=live.calls,
    )


async def provoke_panic() -> None:
    """Panics inside the library, to see what one's own reports make of it: always raises :class:`BugError`."""
    with _told():
        await _ffi.provoke_panic()


__all__ = [
    "AccountId",
    "Advice",
    "Appended",
    "BackupSummary",
    "BugError",
    "CatchUp",
    "Changed",
    "Client",
    "Comparison",
    "Contact",
    "Conversation",
    "ConversationId",
    "ConversationItem",
    "ConversationList",
    "ConversationSettings",
    "Custom",
    "Delivery",
    "Device",
    "DeviceId",
    "Event",
    "EventKind",
    "Events",
    "Export",
    "GivenUpError",
    "Goal",
    "Group",
    "GroupHead",
    "GroupInfo",
    "GroupNotice",
    "GroupNoticeKind",
    "GroupRole",
    "GroupSettings",
    "GroupStanding",
    "GroupWho",
    "History",
    "Incoming",
    "IncomingMessage",
    "Interrupted",
    "Invitation",
    "InvitationId",
    "InvitationLink",
    "InvitationState",
    "Join",
    "JoinRequest",
    "JoinState",
    "KeyChangedError",
    "LastEntry",
    "LinkCode",
    "LinkOffer",
    "LinkState",
    "LinkStep",
    "LinkStepKind",
    "Linking",
    "ListDiff",
    "LiveObjects",
    "LogLevel",
    "LogRecord",
    "Marks",
    "Me",
    "Member",
    "MemberReceipt",
    "Mention",
    "MessageId",
    "MisuseError",
    "NotFoundError",
    "NotPermittedError",
    "Notice",
    "OfflineError",
    "Opening",
    "OtherDevices",
    "OwnDevices",
    "ProviderError",
    "RateLimitedError",
    "Reach",
    "Reaction",
    "Receipts",
    "Reception",
    "RecoveryKey",
    "RefusedError",
    "Reset",
    "Retry",
    "SafetyNumber",
    "Sent",
    "ShutDownError",
    "Step",
    "StorageError",
    "StoreKeySource",
    "Timeline",
    "TimelineDiff",
    "TimelineItem",
    "TokenRequest",
    "TokenSource",
    "TooLargeError",
    "UndecryptableError",
    "VersionUnsupportedError",
    "WaxwingError",
    "generate_store_key",
    "live_objects",
    "log_to",
    "open",
    "open_history",
    "provoke_panic",
    "read_invitation",
    "set_log",
]
