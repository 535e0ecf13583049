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

from ._client import Client, Conversation, History, Opening, OtherDevices, Sent, open, open_history
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
from ._models import (
    Appended,
    CatchUp,
    Changed,
    Contact,
    ConversationItem,
    Delivery,
    Event,
    EventKind,
    Goal,
    IncomingMessage,
    Interrupted,
    LastEntry,
    LinkState,
    ListDiff,
    LiveObjects,
    Me,
    Notice,
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
from ._streams import ConversationList, Events, Incoming, Timeline
from ._types import AccountId, ConversationId, DeviceId, MessageId, RecoveryKey

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
        live.clients,
        live.conversations,
        live.sent,
        live.streams,
        live.histories,
        live.cancel_handles,
        live.calls,
    )


async def provoke_panic() -> None:
    """Panics inside the library, to see what one's own reports make of it: always raises :class:`BugError`."""
    with _told():
        await _ffi.provoke_panic()


__all__ = [
    "AccountId",
    "Advice",
    "Appended",
    "BugError",
    "CatchUp",
    "Changed",
    "Client",
    "Contact",
    "Conversation",
    "ConversationId",
    "ConversationItem",
    "ConversationList",
    "Delivery",
    "DeviceId",
    "Event",
    "EventKind",
    "Events",
    "GivenUpError",
    "Goal",
    "History",
    "Incoming",
    "IncomingMessage",
    "Interrupted",
    "KeyChangedError",
    "LastEntry",
    "LinkState",
    "ListDiff",
    "LiveObjects",
    "LogLevel",
    "LogRecord",
    "Me",
    "MessageId",
    "MisuseError",
    "NotFoundError",
    "NotPermittedError",
    "Notice",
    "OfflineError",
    "Opening",
    "OtherDevices",
    "ProviderError",
    "RateLimitedError",
    "Reception",
    "RecoveryKey",
    "RefusedError",
    "Reset",
    "Retry",
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
    "set_log",
]
