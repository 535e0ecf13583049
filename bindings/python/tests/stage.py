"""A real relay, fresh folders, and people with one device each."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any, AsyncIterator, Awaitable, Callable, TypeVar

import waxwing

PATIENCE = 30.0
KEY = bytes([7] * 32)
FIXTURES = Path(os.environ.get("WAXWING_FIXTURES", Path(__file__).parents[2] / "tests" / "fixtures"))

T = TypeVar("T")


async def soon(wait: Awaitable[T]) -> T:
    """Waits, but not for ever."""
    return await asyncio.wait_for(wait, PATIENCE)


async def eventually(what: str, is_so: Callable[[], Any]) -> None:
    """Looks again and again until it is so."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while not is_so():
        assert asyncio.get_running_loop().time() < end, f"in {PATIENCE} s it did not come to: {what}"
        gc.collect()
        await asyncio.sleep(0.02)


@contextlib.contextmanager
def refused(kind: type[waxwing.WaxwingError], code: str):
    """What is inside must fail like this."""
    try:
        yield
    except waxwing.WaxwingError as error:
        assert (type(error), error.code) == (kind, code), repr(error)
        assert str(error).endswith(f"({code})"), str(error)
    else:
        raise AssertionError(f"it did not fail, and should with `{code}`")


class Relay:
    """The relay's program, as a process of its own."""

    def __init__(self, data: Path, *options: str) -> None:
        self._data, self._options = data, options
        self.url = self._start("127.0.0.1:0")

    def _start(self, listen: str) -> str:
        program = os.environ.get("WAXWING_RELAY")
        assert program, "run me with `cargo xtask bindings python`"
        command = [program, "--listen", listen, "--data", str(self._data), "--log", "warn", *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        assert line.startswith("listening on "), line
        return line.removeprefix("listening on ").strip()

    def start_again(self) -> None:
        """At the same address, with the same data."""
        self._start(self.url.removeprefix("ws://"))

    def kill(self) -> None:
        """As if the power failed."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


class Stage:
    """A relay that only this test uses, and a fresh folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.relay = Relay(folder / "relay", *options)
        self._clients: list[waxwing.Client] = []

    @property
    def url(self) -> str:
        return self.relay.url

    def store(self, name: str) -> Path:
        return self.folder / f"{name}.db"

    async def open(self, name: str, **options: Any) -> waxwing.Client:
        client = await soon(_await(waxwing.open(self.url, self.store(name), options.pop("key", KEY), **options)))
        self._clients.append(client)
        return client

    async def person(self, name: str) -> waxwing.Client:
        client = await self.open(name)
        me = await soon(client.register(name))
        assert me.handle == name
        return client

    async def close(self) -> None:
        for client in self._clients:
            await soon(client.shut_down())
        self.relay.kill()


async def _await(opening: Any) -> waxwing.Client:
    return await opening


@contextlib.asynccontextmanager
async def stage(*options: str) -> AsyncIterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="waxwing-python-") as folder:
        stage = Stage(Path(folder), *options)
        try:
            yield stage
        finally:
            await stage.close()


def scenario(*options: str):
    """A test that plays on a stage."""

    def wrap(play: Callable[[Stage], Awaitable[None]]) -> Callable[[], None]:
        def test() -> None:
            async def run() -> None:
                async with stage(*options) as made:
                    await asyncio.wait_for(play(made), 240)

            asyncio.run(run())

        test.__name__, test.__doc__ = play.__name__, play.__doc__
        return test

    return wrap


async def say(client: waxwing.Client, to: str, text: str) -> waxwing.Sent:
    chat = await soon(client.direct(to))
    return await soon(chat.send(text))


async def take(incoming: waxwing.Incoming, count: int) -> list[waxwing.IncomingMessage]:
    return [await soon(incoming.__anext__()) for _ in range(count)]


async def until(look: Callable[[], Awaitable[T | None]]) -> T:
    """Looks again and again until there is an answer."""

    async def answer() -> T:
        while (found := await look()) is None:
            await asyncio.sleep(0.02)
        return found

    return await soon(answer())


async def so(look: Callable[[], Awaitable[bool]]) -> None:
    """Looks again and again until it is so."""

    async def answer() -> bool | None:
        return True if await look() else None

    await until(answer)


async def found(client: waxwing.Client, id: waxwing.ConversationId) -> waxwing.Conversation:
    """A conversation that soon is there."""

    async def look() -> waxwing.Conversation | None:
        try:
            return await client.conversation(id)
        except waxwing.NotFoundError:
            return None

    return await until(look)


async def hear(events: waxwing.Events, is_it: Callable[[waxwing.Event], bool]) -> waxwing.Event:
    """Waits for an event."""
    while not is_it(event := await soon(events.__anext__())):
        pass
    return event


async def texts(chat: waxwing.Conversation) -> list[str]:
    return [item.text for item in await soon(chat.read(200)) if item.text is not None]


async def link(new: waxwing.Client, account: waxwing.Client) -> tuple[list[waxwing.LinkStep], list[waxwing.LinkStep]]:
    """A new device is linked to an account, and everything comes over."""
    at_new, at_account = await begin_link(new, account)
    here, there = await soon(at_new.confirm(at_account.code)), await soon(at_account.confirm(at_new.code))
    return tuple(await asyncio.wait_for(asyncio.gather(here.run(), there.run()), 120))


async def begin_link(new: waxwing.Client, account: waxwing.Client) -> tuple[waxwing.LinkCode, waxwing.LinkCode]:
    offer = await soon(new.link_as_new())
    return tuple(await soon(asyncio.gather(offer.scanned(), account.link_device(offer.text))))
