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
from ._conversation import Conversation, Sent
from ._devices import BackupSummary, LinkCode, Linking, LinkOffer, OwnDevices, devices_of
from ._group_models import Join, join_of, whose
from ._history import History
from ._models import CatchUp, LinkState, Me, TimelineItem, item_of, items_of, link_of, me_of
from ._providers import StoreKeys, StoreKeySource, Tokens, TokenSource
from ._safety import SafetyNumber
from ._streams import ConversationList, Events, Incoming
from ._types import AccountId, ConversationId, DeviceId, MessageId, RecoveryKey


class OtherDevices(enum.Enum):
    """What happens to the account's other devices when it is recovered."""

    REPLACE = "replace"
    """They are signed out: this device replaces them."""
    KEEP = "keep"
    """They stay: this device joins them."""


_RECOVER = {OtherDevices.REPLACE: _ffi.Recover.REPLACE, OtherDevices.KEEP: _ffi.Recover.ADD}


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

    async def delete_account(self) -> None:
        """Deletes the account: at the relay, where nothing of it is left and its handle is free again, and here, where the store is emptied.

        Its groups are left before; where it was the only owner, another member becomes one. Its other devices are signed out and keep what
        they have. It cannot be undone, and goes on by itself once it has begun: ``SIGNED_OUT`` with ``account_deleted`` tells the end.

        Raises :class:`NotPermittedError` (``account_key_missing``) on a device that does not hold the account's key,
        :class:`OfflineError`.
        """
        with told():
            await self._raw.delete_account()

    # ---- backups ----

    async def write_backup(self, path: str | PathLike[str], recovery_key: str) -> BackupSummary:
        """Writes a backup into a file: contacts with whom was verified, groups, settings, and the conversations.

        One of this name is replaced once the new one is whole, and stays as it is otherwise. Raises :class:`NotPermittedError`
        (``wrong_account_key``) for a key of another account, :class:`StorageError` (``io_error``, ``disk_full``).
        """
        with told():
            written = await self._raw.write_backup(fspath(path), recovery_key)
        return BackupSummary(written.messages, written.bytes)

    async def restore_backup(self, path: str | PathLike[str], recovery_key: str) -> BackupSummary:
        """Takes a backup of this account in. Do it right after the account was brought to this device by its recovery key.

        It is read as a whole first: of a backup that is not right, nothing is taken. Taking it in twice adds nothing twice.

        Raises :class:`UndecryptableError` (``backup_damaged``, ``backup_unsupported``), :class:`NotPermittedError`
        (``backup_key_wrong``), :class:`MisuseError` (``backup_other_account``), :class:`StorageError` (``io_error``).
        """
        with told():
            taken = await self._raw.restore_backup(fspath(path), recovery_key)
        return BackupSummary(taken.messages, taken.bytes)

    # ---- devices ----

    async def devices(self) -> OwnDevices:
        """The devices of our own account. The event ``DEVICES_CHANGED`` tells when to look again."""
        with told():
            return devices_of(await self._raw.devices())

    async def rename_device(self, device: DeviceId, name: str) -> None:
        """Gives a device of our account a name, of at most 128 bytes. Our other devices are told; the relay does not see it."""
        with told():
            await self._raw.rename_device(device, name)

    async def remove_device(self, device: DeviceId) -> None:
        """Takes another device off our account: it is cut off at once, and told so.

        Raises :class:`NotPermittedError` (``account_key_missing``) on a device that does not hold the account's key.
        """
        with told():
            await self._raw.remove_device(device)

    async def link_as_new(self) -> LinkOffer:
        """Begins to link this new device, which has no account yet, to an account on another device."""
        with told():
            return LinkOffer(await self._raw.link_as_new())

    async def link_device(self, text: str) -> LinkCode:
        """Links a new device to this account: ``text`` is what the new device shows. Needs the account's key.

        Raises :class:`MisuseError` (``link_text_invalid``), :class:`NotPermittedError` (``account_key_missing``), :class:`GivenUpError`
        (``link_broken``) when the other device does not answer.
        """
        with told():
            return LinkCode(await self._raw.link_device(text))

    async def lacks_history(self) -> bool:
        """Whether a part of the account's past is missing here: the device was linked, and the transfer broke off."""
        with told():
            return await self._raw.lacks_history()

    async def fetch_history(self) -> Linking:
        """Asks the account's other devices for its past: the rest of it, where a transfer broke off, and otherwise all of it.

        The first of them that is online gives it; what is here already stays. :class:`NotFoundError` where there is no other device.
        """
        with told():
            return Linking(await self._raw.fetch_history())

    # ---- safety ----

    async def safety_number(self, who: str | AccountId) -> SafetyNumber:
        """The number that the user and another person compare, to know that nobody stands between them.

        Where the person's key changed and was not accepted yet, it is the number of the new key. :class:`NotFoundError` for an account
        that is not known here.
        """
        with told():
            return SafetyNumber(await self._raw.safety_number(whose(who)))

    async def mark_verified(self, number: SafetyNumber) -> None:
        """Marks a person as verified: the user found the same number on the other person's screen.

        It is kept until the person's key changes. Raises :class:`KeyChangedError` for a number that is not of the accepted key.
        """
        with told():
            await self._raw.mark_verified(number._raw)

    async def mark_unverified(self, number: SafetyNumber) -> None:
        """Takes back that a person was verified."""
        with told():
            await self._raw.mark_unverified(number._raw)

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

    async def create_group(self, title: str, members: Iterable[str | AccountId] = ()) -> Conversation:
        """Makes a group with these other members, and its conversation. It can be written to at once, offline too.

        Raises :class:`NotFoundError` (``unknown_account``), :class:`OfflineError` for a handle that is not known here,
        :class:`TooLargeError` for a title or for members beyond the limits.
        """
        with told():
            return Conversation(await self._raw.create_group(title, [whose(member) for member in members]))

    async def join(self, link: str) -> Join:
        """Asks to be in a group, by the link of an invitation; the event ``JOIN_ANSWERED`` tells the answer.

        Raises :class:`MisuseError` (``invitation_invalid``, ``blocked``), :class:`NotPermittedError` (``invitation_over``).
        """
        with told():
            return join_of(await self._raw.join(link))

    async def joins(self) -> list[Join]:
        """The groups that this device asked to be in, and how it stands with each."""
        with told():
            return [join_of(join) for join in await self._raw.joins()]

    def conversations(self) -> ConversationList:
        """Watches the list of conversations."""
        return ConversationList(self._raw.conversations())

    def sent(self, id: MessageId) -> Sent:
        """Takes up a message that was sent before, to follow it. Asking its state raises ``not_found`` if it is not one of ours."""
        return Sent(self._raw.sent(id))

    def new_message_id(self) -> MessageId:
        """Makes the id of a message that is to be sent."""
        return self._raw.new_message_id()

    async def entry(self, id: MessageId) -> TimelineItem:
        """One entry of a conversation, by its id; :class:`NotFoundError` where there is none."""
        with told():
            return item_of(await self._raw.entry(id))

    async def search(self, words: str, limit: int = 50) -> list[TimelineItem]:
        """Finds messages with these words in all conversations, the newest first, at most 500.

        Every word must be there, in any order; the last may be only begun. Case and accents do not matter.
        """
        with told():
            return items_of(await self._raw.search(words, limit))

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
