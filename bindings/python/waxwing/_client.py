"""The client: one device of one account."""

from __future__ import annotations

import asyncio
import atexit
import enum
import weakref
from contextlib import suppress
from datetime import timedelta
from os import PathLike, fspath
from typing import Any, Callable, Coroutine, Generator, Iterable

from . import _ffi
from ._errors import WaxwingError, told
from ._models import (
    CatchUp,
    Contact,
    ConversationItem,
    Delivery,
    Goal,
    LinkState,
    Me,
    TimelineItem,
    contact_of,
    conversation_item_of,
    delivery_of,
    items_of,
    link_of,
    me_of,
)
from ._providers import StoreKeys, StoreKeySource, Tokens, TokenSource
from ._streams import ConversationList, Events, Incoming, Timeline
from ._types import AccountId, ConversationId, MessageId, RecoveryKey

class OtherDevices(enum.Enum):
    """What happens to the account's other devices when it is recovered."""

    REPLACE = "replace"
    """They are signed out: this device replaces them."""
    KEEP = "keep"
    """They stay: this device joins them."""


_RECOVER = {OtherDevices.REPLACE: _ffi.Recover.REPLACE, OtherDevices.KEEP: _ffi.Recover.ADD}


def _page(limit: int, before: MessageId | None) -> _ffi.Page:
    return _ffi.Page(limit=limit, before=before)


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
    """A conversation with one other account."""

    def __init__(self, raw: _ffi.FfiConversation) -> None:
        self._raw = raw

    @property
    def id(self) -> ConversationId:
        """Its id, the same on both sides."""
        return self._raw.id()

    @property
    def peer(self) -> Contact:
        """The other side, as it was when this value was made."""
        return contact_of(self._raw.peer())

    async def send(self, text: str, *, id: MessageId | None = None) -> Sent:
        """Puts a message on its way. When this returns, it is on disk and will go out, whatever happens to the process.

        Sending the same again under the same ``id`` (from :meth:`Client.new_message_id`) changes nothing; another text under it is
        ``message_id_taken``. A text of more than 65,536 bytes raises :class:`TooLargeError`.
        """
        with told():
            return Sent(await self._raw.send(_ffi.Draft(text=text, id=id)))

    def timeline(self, limit: int = 50) -> Timeline:
        """Watches the newest entries. What changes after this call is told, also before the first iteration."""
        return Timeline(self._raw.timeline(_page(limit, None)))

    async def read(self, limit: int = 50, *, before: MessageId | None = None) -> list[TimelineItem]:
        """Reads a page once, oldest entry first: the newest entries, or those just before one."""
        with told():
            return items_of(await self._raw.read_page(_page(limit, before)))

    async def mark_read(self, up_to: MessageId) -> None:
        """Remembers that the user saw everything up to this entry, and lets the other side know."""
        with told():
            await self._raw.mark_read(up_to)


class Client:
    """One device of one account. An async context manager, which shuts it down.

    A task that is cancelled gives up its call; what the call was writing goes on to its end.
    """

    def __init__(self, raw: _ffi.FfiClient) -> None:
        self._raw = raw
        _alive.add(self)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.shut_down()

    # ---- the account ----

    async def register(
        self,
        handle: str,
        *,
        token: str | None = None,
        recovery_key: str | None = None,
        other_devices: OtherDevices = OtherDevices.REPLACE,
    ) -> Me:
        """Makes an account, or brings the one of a recovery key here; connects for it.

        Calling it again with the same handle, after it was interrupted, goes on where it stood. ``token``: that of your own login,
        where it is at hand; otherwise the token source is asked, once the relay wants one.

        Raises :class:`OfflineError`, :class:`MisuseError` (``handle_invalid``, ``already_registered``, ``recovery_key_invalid``),
        :class:`RefusedError` (``handle_taken``), :class:`NotPermittedError` (``token_required``, ``token_unavailable``, ...).
        """
        recovery = None
        if recovery_key is not None:
            recovery = _ffi.Recovery(key=recovery_key, others=_RECOVER[other_devices])
        registration = _ffi.Registration(handle=handle, token=token, recovery=recovery)
        with told():
            return me_of(await self._raw.register(registration))

    @property
    def me(self) -> Me | None:
        """This device's account, once it is registered."""
        with told():
            me = self._raw.me()
        return None if me is None else me_of(me)

    async def recovery_key(self) -> RecoveryKey:
        """The account's secret key, for the user to write down. :class:`NotFoundError` on a device that does not hold it."""
        with told():
            return RecoveryKey(await self._raw.recovery_key())

    async def accept_key(self, account: AccountId) -> None:
        """Accepts an account's new key; messages that were held go out. Compare safety numbers before."""
        with told():
            await self._raw.accept_key(account)

    # ---- conversations ----

    async def direct(self, whose: str | AccountId) -> Conversation:
        """The conversation with an account, by its handle or, where it is known here, by its id.

        One that is known is found offline. Raises :class:`NotFoundError` (``unknown_account``, ``not_found``), and :class:`OfflineError`
        for a handle that is not known here.
        """
        with told():
            if isinstance(whose, AccountId):
                return Conversation(await self._raw.direct_by_account(whose))
            return Conversation(await self._raw.direct(whose))

    async def conversation(self, id: ConversationId) -> Conversation:
        """A conversation that is known here; :class:`NotFoundError` for any other."""
        with told():
            return Conversation(await self._raw.conversation(id))

    def conversations(self) -> ConversationList:
        """Watches the list of conversations."""
        return ConversationList(self._raw.conversations())

    def sent(self, id: MessageId) -> Sent:
        """Takes up a message that was sent before, to follow it. Asking its state raises ``not_found`` if it is not one of ours."""
        return Sent(self._raw.sent(id))

    def new_message_id(self) -> MessageId:
        """Makes the id of a message that is to be sent."""
        return self._raw.new_message_id()

    def incoming(self, consumer: str) -> Incoming:
        """Readable incoming messages, for a consumer that is known by its name and remembers how far it got."""
        return Incoming(self._raw.incoming(consumer))

    def events(self) -> Events:
        """What happens, from now on."""
        return Events(self._raw.events())

    # ---- the link ----

    @property
    def link(self) -> LinkState:
        """How the connection stands."""
        return link_of(self._raw.link())

    async def online(self) -> None:
        """Waits until the device is logged in."""
        with told():
            await self._raw.online()

    async def flushed(self) -> None:
        """Waits until the relay has everything that can go out."""
        with told():
            await self._raw.flushed()

    async def drained(self) -> None:
        """Waits until everything that the relay had, when it was connected to, is here."""
        with told():
            await self._raw.drained()

    async def outbox_len(self) -> int:
        """How many items wait for the relay to take them."""
        with told():
            return await self._raw.outbox_len()

    # ---- the app's life ----

    async def suspend(self, deadline: timedelta = timedelta(seconds=5)) -> None:
        """Hangs up and lets go of the store: no file is locked when this returns. What is on its way gets until the deadline.

        Calls that need the store raise ``suspended``, until :meth:`resume`; reading goes on.
        """
        with told():
            await self._raw.suspend(deadline)

    async def resume(self) -> None:
        """Takes the store up again, and connects. ``store_in_use`` when another process took it meanwhile."""
        with told():
            await self._raw.resume()

    async def catch_up(self, deadline: timedelta = timedelta(seconds=25)) -> CatchUp:
        """Connects, takes in what the relay has, sends what waits, and goes back to how it was before: suspended, if it was.

        A relay that cannot be reached is no error: nothing is completed then.
        """
        with told():
            caught_up = await self._raw.catch_up(deadline)
        return CatchUp(caught_up.messages, caught_up.completed)

    def network_changed(self) -> None:
        """Says that the network changed: the next attempt to connect is made at once."""
        self._raw.network_changed()

    async def shut_down(self) -> None:
        """Hangs up, lets go of the store, and ends every stream. Calls raise :class:`ShutDownError` from then on."""
        _alive.discard(self)
        with told():
            await self._raw.shut_down()


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
        self, conversation: ConversationId, limit: int = 50, *, before: MessageId | None = None
    ) -> list[TimelineItem]:
        """Reads a page of a conversation, oldest entry first."""
        with told():
            return items_of(await self._raw.read_page(conversation, _page(limit, before)))


class Opening:
    """What :func:`open` gives: ``await`` it for the client, or use it in ``async with``, which shuts the client down at its end."""

    def __init__(self, open: Callable[[], Coroutine[Any, Any, Client]]) -> None:
        self._open = open
        self._client: Client | None = None

    def __await__(self) -> Generator[Any, None, Client]:
        return self._open().__await__()

    async def __aenter__(self) -> Client:
        self._client = await self._open()
        return self._client

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.shut_down()


def open(
    relay_url: str,
    store: str | PathLike[str] | None,
    key: StoreKeySource | None = None,
    *,
    tokens: TokenSource | None = None,
    agent: str | None = None,
    offline: bool = False,
    dangerous_allow_plain: bool = False,
    extra_roots_pem: Iterable[bytes] = (),
) -> Opening:
    """Opens the store and starts a client, which can be used at once, offline too. A registered device connects by itself.

    ``async with waxwing.open("wss://relay.example", "bot.db", key) as client:`` shuts it down at the end; ``await
    waxwing.open(...)`` leaves that to you.

    :param relay_url: The relay's address, such as ``wss://relay.example``.
    :param store: The file that keeps everything, made if it is not there; ``None``: in memory, for tests.
    :param key: The 32 bytes that seal the store, or a function that gets them, also a coroutine function.
    :param tokens: Gets the token of your own login, for a relay that asks for one.
    :param agent: Name and version of the program, for the relay's log; at most 64 bytes.
    :param offline: Does not connect before :meth:`Client.resume`, :meth:`Client.catch_up` or registering.
    :param dangerous_allow_plain: Allows ``ws://`` to another machine. Contents stay sealed; who talks to whom does not.
    :param extra_roots_pem: Root certificates that are trusted beside the usual ones.

    Raises :class:`StorageError` (``wrong_store_key``, ``store_in_use``, ``store_key_unavailable``, ...) and :class:`MisuseError`
    (``url_invalid``, ``url_insecure``, ``store_key_missing``, ``store_key_invalid``).
    """

    async def opened() -> Client:
        setup = _ffi.ClientSetup(
            relay_url=relay_url,
            store=_place(store),
            agent=agent,
            offline=offline,
            dangerous_allow_plain=dangerous_allow_plain,
            extra_roots_pem=list(extra_roots_pem),
        )
        keys = None if key is None else StoreKeys(key)
        with told():
            return Client(await _ffi.open_client(setup, keys, None if tokens is None else Tokens(tokens)))

    return Opening(opened)


async def open_history(store: str | PathLike[str], key: StoreKeySource) -> History:
    """Opens a store that a client made, to be read only. :class:`NotFoundError` when there is none."""
    with told():
        return History(await _ffi.open_history(_place(store), StoreKeys(key)))


def _place(store: str | PathLike[str] | None) -> _ffi.StorePlace:
    return _ffi.StorePlace.MEMORY() if store is None else _ffi.StorePlace.FILE(fspath(store))


_alive: weakref.WeakSet[Client] = weakref.WeakSet()


@atexit.register
def _shut_down_all() -> None:
    """Clients that nobody shut down: the library must not be at work while the process ends."""
    for client in list(_alive):
        with suppress(WaxwingError, RuntimeError):
            asyncio.run(client.shut_down())
