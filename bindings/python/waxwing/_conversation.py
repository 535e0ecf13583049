"""A conversation, and a message that is followed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Iterable

from . import _ffi
from ._errors import told
from ._group_models import Contact
from ._groups import Group
from ._lists import ConversationSettings, peer_of, settings_of
from ._models import Custom, Delivery, Goal, Mention, TimelineItem, delivery_of, items_of
from ._streams import Export, Timeline
from ._types import ConversationId, MessageId, bytes_of


def page(limit: int, before: MessageId | None, around: MessageId | None) -> _ffi.Page:
    if before is not None and around is not None:
        raise ValueError("a page is before an entry or around one")
    if before is not None:
        place = _ffi.PagePlace.BEFORE(before)
    else:
        place = _ffi.PagePlace.NEWEST() if around is None else _ffi.PagePlace.AROUND(around)
    return _ffi.Page(limit=limit, place=place)


def _mention(mention: Mention, text: str) -> _ffi.Mention:
    start, end = bytes_of(text, mention.start), bytes_of(text, mention.end)
    return _ffi.Mention(account=mention.account, start_bytes=start, length_bytes=max(0, end - start))


class Sent:
    """A message that this device sent, to follow it."""

    def __init__(self, raw: _ffi.FfiSent) -> None:
        self._raw = raw

    @property
    def id(self) -> MessageId:
        """The message's id, which never changes."""
        return self._raw.id()

    async def state(self) -> Delivery:
        """How far it got. :class:`NotFoundError` when the message is not one of ours."""
        with told():
            return delivery_of(await self._raw.state())

    async def reached(self, goal: Goal) -> Delivery:
        """Waits until it is at least this far, or stands still: then the answer is failed, cancelled or held."""
        with told():
            return delivery_of(await self._raw.reached(_ffi.DeliveryGoal[goal.name]))

    async def retry(self) -> None:
        """Sends a failed message after all. One that is on its way is left as it is."""
        with told():
            await self._raw.retry()

    async def take_back(self) -> None:
        """Takes it back, while it is not sealed yet or after it failed; ``too_late`` once it is sealed."""
        with told():
            await self._raw.take_back()


class Conversation:
    """A conversation with one other account, or with a group."""

    def __init__(self, raw: _ffi.FfiConversation) -> None:
        self._raw = raw

    @property
    def id(self) -> ConversationId:
        """Its id, the same on both sides; in a group, on every device."""
        return self._raw.id()

    @property
    def peer(self) -> Contact | None:
        """The other side, as it was when this value was made; ``None``: a group."""
        return peer_of(self._raw.party())

    @property
    def group(self) -> Group | None:
        """The group, where the conversation is one's."""
        raw = self._raw.group()
        return None if raw is None else Group(raw)

    # ---- writing and reading ----

    async def send(
        self,
        text: str,
        *,
        id: MessageId | None = None,
        reply_to: MessageId | None = None,
        forwarded: bool = False,
        mentions: Iterable[Mention] = (),
        custom: Custom | None = None,
    ) -> Sent:
        """Puts a message on its way. When this returns, it is on disk and will go out, whatever happens to the process.

        Sending the same again under the same ``id`` (from :meth:`Client.new_message_id`) changes nothing; another text under it is
        ``message_id_taken``. A text of more than 65,536 bytes raises :class:`TooLargeError`.

        :param reply_to: The message that this answers.
        :param forwarded: It was written somewhere else before.
        :param mentions: Accounts that are named in the text, in its order, without overlap; at most 64.
        :param custom: Content of your own; the text is what an app shows that does not know its type.

        Raises :class:`NotPermittedError` in a group that does not let this account write, and :class:`MisuseError` (``blocked``).
        """
        draft = _ffi.Draft(
            text=text,
            id=id,
            reply_to=reply_to,
            forwarded=forwarded,
            mentions=[_mention(mention, text) for mention in mentions],
            custom=None if custom is None else _ffi.Custom(kind=custom.kind, payload=custom.payload),
        )
        with told():
            return Sent(await self._raw.send(draft))

    def timeline(self, limit: int = 50, *, around: MessageId | None = None) -> Timeline:
        """Watches the newest entries. What changes after this call is told, also before the first iteration.

        :param around: Begins with this entry and those around it, to jump to it; what is newer is told as appended.
        """
        return Timeline(self._raw.timeline(page(limit, None, around)))

    async def read(
        self, limit: int = 50, *, before: MessageId | None = None, around: MessageId | None = None
    ) -> list[TimelineItem]:
        """Reads a page once, oldest entry first: the newest entries, those just before one, or one and those around it.

        Naming both is a ``ValueError``.
        """
        with told():
            return items_of(await self._raw.read_page(page(limit, before, around)))

    async def mark_read(self, up_to: MessageId) -> None:
        """Remembers that the user saw everything up to this entry, and lets the other side know."""
        with told():
            await self._raw.mark_read(up_to)

    async def search(self, words: str, limit: int = 50) -> list[TimelineItem]:
        """Finds messages with these words here, as :meth:`Client.search` does."""
        with told():
            return items_of(await self._raw.search(words, limit))

    def export(self) -> Export:
        """All entries, oldest first, one after the other; a conversation of any length needs little memory."""
        return Export(self._raw.export())

    # ---- about a message ----

    async def edit(self, id: MessageId, text: str) -> None:
        """Changes the text of a message that this account wrote. Mentions in it are gone.

        Raises :class:`NotPermittedError` (``not_allowed``) for a message of somebody else.
        """
        with told():
            await self._raw.edit(id, text)

    async def react(self, id: MessageId, reaction: str) -> None:
        """Reacts to a message, in place of this account's reaction before; an empty text takes it back."""
        with told():
            await self._raw.react(id, reaction)

    async def delete_for_everyone(self, id: MessageId) -> None:
        """Takes back a message that this account wrote. Its text is gone here at once, and elsewhere when they hear of it."""
        with told():
            await self._raw.delete_for_everyone(id)

    async def delete_for_me(self, id: MessageId) -> None:
        """Removes an entry from this account's devices. Nobody else is told."""
        with told():
            await self._raw.delete_for_me(id)

    # ---- how it is set; it follows to the account's other devices ----

    async def settings(self) -> ConversationSettings:
        """How the conversation is set."""
        with told():
            return settings_of(await self._raw.settings())

    async def set_draft(self, text: str) -> None:
        """Keeps what the user began to write; empty forgets it. Not for each key: other devices of the account are told."""
        with told():
            await self._raw.set_draft(text)

    async def mute(self, until: datetime | None = None) -> None:
        """Asks for silence until then; ``None``: for ever."""
        with told():
            await self._raw.set_muted(_ffi.Mute.FOR_EVER() if until is None else _ffi.Mute.UNTIL(until))

    async def unmute(self) -> None:
        """Asks for silence no more."""
        with told():
            await self._raw.set_muted(None)

    async def set_pinned(self, pinned: bool) -> None:
        """Puts the conversation to the top of the list, or back."""
        with told():
            await self._raw.set_pinned(pinned)

    async def set_archived(self, archived: bool) -> None:
        """Puts the conversation away, or back."""
        with told():
            await self._raw.set_archived(archived)

    async def set_marked_unread(self, marked: bool) -> None:
        """Marks the conversation, so that the user comes back to it. :meth:`mark_read` takes that back."""
        with told():
            await self._raw.set_marked_unread(marked)

    async def set_blocked(self, blocked: bool) -> None:
        """Blocks the other side, or lets it in again. What it sends meanwhile is dropped, and nothing is sent to it."""
        with told():
            await self._raw.set_blocked(blocked)

    async def set_timer(self, timer: timedelta | None) -> None:
        """Lets new messages of both sides disappear after so many seconds; ``None``: they stay.

        Those that one wrote oneself disappear so long after they were written, others after they were read. The other side is told,
        and may change it too.
        """
        with told():
            await self._raw.set_timer(timer)
