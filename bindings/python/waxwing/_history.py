"""A store that is only read."""

from __future__ import annotations

from . import _ffi
from ._conversation import page
from ._errors import told
from ._group_models import GroupInfo, Receipts, group_info_of, receipts_of
from ._lists import ConversationItem, conversation_item_of
from ._models import Me, TimelineItem, item_of, items_of, me_of
from ._streams import Export
from ._types import ConversationId, MessageId


class History:
    """A store that is only read, also while another process works with it."""

    def __init__(self, raw: _ffi.FfiHistory) -> None:
        self._raw = raw

    async def me(self) -> Me | None:
        """The device's account, once it is registered."""
        with told():
            me = await self._raw.me()
        return None if me is None else me_of(me)

    async def conversations(self) -> list[ConversationItem]:
        """All conversations, in the order of the list."""
        with told():
            return [conversation_item_of(item) for item in await self._raw.conversations()]

    async def direct(self, handle: str) -> ConversationId:
        """The conversation with the account of this handle."""
        with told():
            return await self._raw.direct(handle)

    async def read(
        self,
        conversation: ConversationId,
        limit: int = 50,
        *,
        before: MessageId | None = None,
        around: MessageId | None = None,
    ) -> list[TimelineItem]:
        """Reads a page of a conversation, oldest entry first."""
        with told():
            return items_of(await self._raw.read_page(conversation, page(limit, before, around)))

    async def group_info(self, conversation: ConversationId) -> GroupInfo:
        """Title, members and settings of a group; :class:`NotFoundError` for a conversation that is no group's."""
        with told():
            return group_info_of(await self._raw.group_info(conversation))

    async def receipts(self, conversation: ConversationId, id: MessageId) -> Receipts:
        """How far a message of this account got at each member of a group."""
        with told():
            return receipts_of(await self._raw.receipts(conversation, id))

    async def entry(self, id: MessageId) -> TimelineItem:
        """One entry of a conversation, by its id; :class:`NotFoundError` where there is none."""
        with told():
            return item_of(await self._raw.entry(id))

    async def search(
        self, words: str, limit: int = 50, *, conversation: ConversationId | None = None
    ) -> list[TimelineItem]:
        """Finds messages with these words, in one conversation or in all, as :meth:`Client.search` does."""
        with told():
            return items_of(await self._raw.search(words, conversation, limit))

    def export(self, conversation: ConversationId) -> Export:
        """All entries of a conversation, oldest first, one after the other."""
        return Export(self._raw.export(conversation))
