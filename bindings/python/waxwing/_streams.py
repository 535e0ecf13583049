"""Streams as async iterators. A ``__anext__`` that is cancelled loses nothing: the next one goes on where it stood."""

from __future__ import annotations

from collections import deque
from typing import Any, Callable, Generic, TypeVar

from . import _ffi
from ._errors import told
from ._events import Event, event_of
from ._lists import ConversationItem, ListDiff, list_diff_of
from ._models import (
    Appended,
    Changed,
    IncomingMessage,
    Reset,
    TimelineDiff,
    TimelineItem,
    incoming_of,
    items_of,
    timeline_diff_of,
)

T = TypeVar("T")
Self = TypeVar("Self", bound="_Pulled[Any]")


class _Pulled(Generic[T]):
    """Pulls batches, and gives them out one by one."""

    def __init__(self, raw: Any, unpack: Callable[[Any], list[T]]) -> None:
        self._raw = raw
        self._unpack = unpack
        self._received = 0
        self._ready: deque[T] = deque()

    def __aiter__(self: Self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._ready:
            with told():
                batch = await self._raw.pull(self._received)
            if batch is None:
                raise StopAsyncIteration
            # Only a batch that is here counts as received: one whose pull was cancelled comes again. Another task may have got it.
            if batch.number == self._received + 1:
                self._received = batch.number
                self._ready.extend(self._unpack(batch))
        return self._ready.popleft()


class _Stream(_Pulled[T]):
    """A stream that can be ended. Leaving ``async with`` ends it, and so does closing the client."""

    def stop(self) -> None:
        """Ends the stream, also for whoever waits for it."""
        self._raw.stop()

    async def aclose(self) -> None:
        """Ends the stream."""
        self.stop()

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()


class Timeline(_Stream[TimelineDiff]):
    """A watch on a conversation: differences, and in :attr:`items` what they come to."""

    def __init__(self, raw: _ffi.FfiTimeline) -> None:
        super().__init__(raw, lambda batch: [timeline_diff_of(diff) for diff in batch.diffs])
        self.items: list[TimelineItem] = []
        """The entries as of the last difference, oldest first."""

    async def __anext__(self) -> TimelineDiff:
        diff = await super().__anext__()
        if isinstance(diff, Reset):
            self.items = list(diff.items)
        elif isinstance(diff, Appended):
            self.items.extend(diff.items)
        elif isinstance(diff, Changed):
            _replace(self.items, diff.items, lambda item: item.message_id)
        return diff

    async def older(self, limit: int = 50) -> list[TimelineItem]:
        """Reads entries before those that were told so far, oldest first, and watches them too."""
        with told():
            older = items_of(await self._raw.older(limit))
        self.items[:0] = older
        return older


class ConversationList(_Stream[ListDiff]):
    """A watch on the list of conversations: differences, and in :attr:`items` what they come to."""

    def __init__(self, raw: _ffi.FfiConversationList) -> None:
        super().__init__(raw, lambda batch: [list_diff_of(diff) for diff in batch.diffs])
        self.items: list[ConversationItem] = []
        """The conversations as of the last difference, in order."""

    async def __anext__(self) -> ListDiff:
        diff = await super().__anext__()
        if isinstance(diff, Reset):
            self.items = list(diff.items)
        elif isinstance(diff, Changed):
            rest = _replace(self.items, diff.items, lambda item: item.conversation_id)
            self.items.extend(rest)
            self.items.sort(key=lambda item: item.order, reverse=True)
        return diff


class Incoming(_Stream[IncomingMessage]):
    """Readable incoming messages, for a consumer that remembers how far it got."""

    def __init__(self, raw: _ffi.FfiIncoming) -> None:
        super().__init__(raw, lambda batch: [incoming_of(message) for message in batch.messages])

    async def done(self, message: IncomingMessage) -> None:
        """Remembers that this message and all before it are dealt with: after a restart the consumer begins behind it."""
        with told():
            await self._raw.done(message.place)


class Export(_Stream[TimelineItem]):
    """All entries of a conversation, oldest first. Those that come or change meanwhile are there, or are not."""

    def __init__(self, raw: _ffi.FfiExport) -> None:
        super().__init__(raw, lambda batch: items_of(batch.items))


class Events(_Stream[Event]):
    """What happens, from the moment this was asked for."""

    def __init__(self, raw: _ffi.FfiEvents) -> None:
        super().__init__(raw, lambda batch: [event_of(event) for event in batch.events])


def _replace(items: list[T], new: list[T], name: Callable[[T], Any]) -> list[T]:
    """Puts items in the place of those with the same name, and gives back the others."""
    by_name = {name(item): item for item in new}
    for index, item in enumerate(items):
        replacement = by_name.pop(name(item), None)
        if replacement is not None:
            items[index] = replacement
    return list(by_name.values())
