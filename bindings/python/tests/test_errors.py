"""Errors, providers, the log: bindings/SCENARIOS.md."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
import waxwing
from stage import FIXTURES, KEY, Stage, refused, say, scenario, soon, stage, take
from waxwing import LogLevel, Retry, TokenRequest

TOKEN_RELAY = ("--registration", "token", "--token-key", str(FIXTURES / "token-key.pem"))


async def _fails(call, kind: type[waxwing.WaxwingError], code: str, retry: Retry) -> None:
    with pytest.raises(waxwing.WaxwingError) as caught:
        await soon(call)
    error = caught.value
    assert (type(error), error.code, error.advice.retry) == (kind, code, retry)
    assert (error.advice.after is not None) == (retry is Retry.AFTER)
    assert str(error).endswith(f"({code})")


async def _open(*arguments, **options) -> waxwing.Client:
    return await waxwing.open(*arguments, **options)


@scenario()
async def test_errors_of_each_kind(stage_: Stage) -> None:
    alice, other = await stage_.person("alice"), await stage_.open("other")
    bob = await stage_.person("bob")
    no = waxwing
    await _fails(other.register("alice"), no.RefusedError, "handle_taken", Retry.AFTER_USER_ACTS)
    await _fails(other.register("no spaces"), no.MisuseError, "handle_invalid", Retry.AFTER_USER_ACTS)
    await _fails(alice.direct("nobody"), no.NotFoundError, "unknown_account", Retry.AFTER_USER_ACTS)
    chat = await soon(alice.direct("bob"))
    await _fails(chat.send("x" * 65537), no.TooLargeError, "message_too_large", Retry.NEVER)
    await _fails(waxwing.provoke_panic(), no.BugError, "panic", Retry.NEVER)

    url, store = stage_.url, stage_.store("bob")
    await _fails(_open(url, store, KEY), no.StorageError, "store_in_use", Retry.AFTER)
    await soon(bob.shut_down())
    await _fails(bob.flushed(), no.ShutDownError, "shut_down", Retry.NEVER)
    await _fails(_open(url, store, bytes(32)), no.StorageError, "wrong_store_key", Retry.AFTER_USER_ACTS)
    await _fails(_open(url, store, _locked), no.StorageError, "store_key_unavailable", Retry.AFTER_USER_ACTS)
    await _fails(_open("ws://192.0.2.1", None), no.MisuseError, "url_insecure", Retry.NEVER)

    bob = await stage_.open("bob", offline=True)
    await _fails(bob.direct("stranger"), no.OfflineError, "offline", Retry.ON_NETWORK)

    async with stage("--limit-loopback", "--registrations-per-hour", "1") as strict:
        await strict.person("first")
        second = await strict.open("second")
        await _fails(second.register("second"), no.RateLimitedError, "rate_limited", Retry.AFTER)
    async with stage(*TOKEN_RELAY) as closed:
        client = await closed.open("alice")
        await _fails(client.register("alice"), no.NotPermittedError, "token_required", Retry.AFTER_USER_ACTS)


def _locked() -> bytes:
    raise waxwing.ProviderError("the keychain is locked")


@scenario(*TOKEN_RELAY)
async def test_token_provider(stage: Stage) -> None:
    asked: list[TokenRequest] = []

    async def login(request: TokenRequest) -> str:
        await asyncio.sleep(0)
        asked.append(request)
        name = "token-alice.jwt" if request.expired else "token-alice-expired.jwt"
        return (FIXTURES / name).read_text().strip()

    alice = await stage.open("alice", tokens=login)
    assert (await soon(alice.register("alice"))).handle == "alice"
    assert asked == [TokenRequest("alice", False), TokenRequest("alice", True)]

    def down(_: TokenRequest) -> str:
        raise waxwing.ProviderError("the login is down")

    other = await stage.open("other", tokens=down)
    with refused(waxwing.NotPermittedError, "token_unavailable"):
        await soon(other.register("bob"))


@scenario()
async def test_store_key_provider(stage: Stage) -> None:
    def surprise() -> bytes:
        raise ZeroDivisionError("an error of the app's own")

    with refused(waxwing.StorageError, "store_key_unavailable"):
        await stage.open("alice", key=surprise)
    with refused(waxwing.MisuseError, "store_key_invalid"):
        await stage.open("alice", key=bytes(31))
    with refused(waxwing.MisuseError, "store_key_missing"):
        await stage.open("alice", key=None)
    one, two = waxwing.generate_store_key(), waxwing.generate_store_key()
    assert len(one) == len(two) == 32 and one != two

    async def from_a_keystore() -> bytes:
        await asyncio.sleep(0)
        return KEY

    alice = await stage.open("alice", key=from_a_keystore)
    await soon(alice.register("alice"))
    await stage.person("bob")
    await say(alice, "bob", "the canary sings")
    await soon(alice.shut_down())
    files = b"".join(path.read_bytes() for path in stage.folder.glob("alice.db*"))
    assert len(files) > 4096 and b"canary" not in files


ENDING = """
import asyncio, sys, threading, time
import waxwing

in_python = threading.Event()

def take(record):
    in_python.set()
    time.sleep(0.5)

class Late:
    # Keeps the interpreter busy with its end, while the sink comes back.
    def __del__(self, sleep=time.sleep):
        sleep(1)

sys.modules["late"] = Late()

async def main():
    waxwing.set_log(take, waxwing.LogLevel.TRACE)
    client = await waxwing.open("ws://127.0.0.1:1", None)
    waiting = asyncio.gather(client.register("alice"), return_exceptions=True)
    await asyncio.to_thread(in_python.wait)
    print("it ends")

asyncio.run(main())
"""


def test_a_program_may_end_while_the_library_is_at_work() -> None:
    ended = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "it ends\n", "")


@scenario()
async def test_nothing_blocks_the_event_loop(stage: Stage) -> None:
    asked, may_answer = threading.Event(), threading.Event()

    def slow_keystore() -> bytes:
        asked.set()
        assert may_answer.wait(30), "the loop stood still while the key was asked for"
        return KEY

    opening = asyncio.create_task(stage.open("alice", key=slow_keystore))
    while not asked.is_set():
        await asyncio.sleep(0.005)
    may_answer.set()
    await opening


@scenario()
async def test_log_sink(stage: Stage) -> None:
    lines: list[waxwing.LogRecord] = []

    def take(record: waxwing.LogRecord) -> None:
        lines.append(record)
        if len(lines) == 1:
            raise RuntimeError("a sink that fails")

    waxwing.set_log(take, LogLevel.DEBUG)
    try:
        alice = await stage.person("alice")
        await stage.person("bob")
        await say(alice, "bob", "the canary sings")
        stage.relay.kill()
        async with asyncio.timeout(30) if hasattr(asyncio, "timeout") else _no_limit():
            while len(lines) < 2:
                alice.network_changed()
                await asyncio.sleep(0.05)
    finally:
        waxwing.set_log(None)
    assert all(line.target.startswith("waxwing") for line in lines)
    said = " ".join(line.text for line in lines)
    assert not any(secret in said for secret in ("alice", "bob", "canary"))
    count = len(lines)
    await asyncio.sleep(0.3)
    assert len(lines) <= count + 1, "one may have been on its way"


class _no_limit:
    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


@scenario()
async def test_panic_becomes_a_typed_error(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    for _ in range(100):
        with refused(waxwing.BugError, "panic"):
            await soon(waxwing.provoke_panic())
    await say(alice, "bob", "still here")
    (message,) = await take(bob.incoming("test"), 1)
    assert message.text == "still here"


def test_wrong_checksum_is_refused_at_start() -> None:
    package = Path(waxwing.__file__).parent
    wrong = Path(os.environ["WAXWING_WRONG_LIBRARY"])
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "waxwing"
        shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
        run = [sys.executable, "-c", "import waxwing"]
        environment = {**os.environ, "PYTHONPATH": folder}
        assert subprocess.run(run, env=environment).returncode == 0, "the right one is taken"
        for library in wrong.iterdir():
            shutil.copy(library, copy)
        result = subprocess.run(run, env=environment, capture_output=True, text=True)
        assert result.returncode != 0
        assert "ImportError: the library does not fit this package" in result.stderr
