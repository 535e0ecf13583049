"""What the app gives to the library: the store's key, registration tokens, a place for the log."""

from __future__ import annotations

import asyncio
import enum
import inspect
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Awaitable, Callable, Union

from . import _ffi

StoreKeySource = Union[bytes, Callable[[], Union[bytes, Awaitable[bytes]]]]
"""The 32 bytes that seal the store, or a function that gets them from a keystore."""


@dataclass(frozen=True)
class TokenRequest:
    """What a token is wanted for."""

    handle: str
    """The handle that is being registered."""
    expired: bool
    """Whether the relay said that the last one is past its time."""


TokenSource = Callable[[TokenRequest], Union[str, Awaitable[str]]]
"""Gets the integrator's signed token, when the relay asks for one."""


class ProviderError(Exception):
    """Raised by a provider that cannot give what it was asked for; its words come back in the error of the call."""


class _Asking:
    """Calls the app's function, on the loop where that is a coroutine; the library's thread waits."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask
        self._loop = asyncio.get_running_loop()

    def __call__(self, *arguments: Any) -> Any:
        try:
            answer = self._ask(*arguments)
            if inspect.isawaitable(answer):
                answer = asyncio.run_coroutine_threadsafe(_wait(answer), self._loop).result()
            return answer
        except ProviderError as error:
            raise _ffi.ProviderError.Unavailable(str(error)) from None
        except Exception as error:
            # Its words may hold anything: they stay here.
            logging.getLogger("waxwing").warning("a provider failed: %s", type(error).__name__)
            raise _ffi.ProviderError.Unavailable("the provider failed unexpectedly") from None


async def _wait(answer: Awaitable[Any]) -> Any:
    return await answer


class StoreKeys(_ffi.StoreKeyProvider):
    def __init__(self, source: StoreKeySource) -> None:
        self._ask = _Asking(source if callable(source) else lambda: source)

    def store_key(self) -> bytes:
        return bytes(self._ask())


class Tokens(_ffi.TokenProvider):
    def __init__(self, source: TokenSource) -> None:
        self._ask = _Asking(source)

    def token(self, request: _ffi.TokenRequest) -> str:
        return str(self._ask(TokenRequest(request.handle, request.expired)))


class LogLevel(enum.Enum):
    """How much a line of the log matters."""

    ERROR = logging.ERROR
    """Something is broken."""
    WARN = logging.WARNING
    """Something failed, and was mended or will be tried again."""
    INFO = logging.INFO
    """What an operator wants to know."""
    DEBUG = logging.DEBUG
    """What a developer wants to know."""
    TRACE = 5
    """Everything."""


@dataclass(frozen=True)
class LogRecord:
    """One line of the log."""

    level: LogLevel
    """How much it matters."""
    target: str
    """Which part of Waxwing says it."""
    text: str
    """What it says, with its values as ``name=value``."""
    at: datetime
    """When."""
    left_out: int
    """Lines left out before this one, because the sink was too slow."""


class _Sink(_ffi.LogSink):
    def __init__(self, take: Callable[[LogRecord], None]) -> None:
        self._take = take

    def take(self, record: _ffi.LogRecord) -> None:
        level = LogLevel[record.level.name]
        try:
            self._take(LogRecord(level, record.target, record.text, record.at, record.left_out))
        except Exception:
            raise _ffi.ProviderError.Unavailable("the sink failed") from None


def set_log(take: Callable[[LogRecord], None] | None, level: LogLevel = LogLevel.INFO) -> None:
    """Sends the library's log to a function, on a thread of the library and a line at a time; ``None``: to nobody.

    It holds codes and counts, never content, keys or names.
    """
    _ffi.set_log_sink(None if take is None else _Sink(take), _ffi.LogLevel[level.name])


def log_to(logger: logging.Logger, level: LogLevel = LogLevel.INFO) -> None:
    """Sends the library's log to a logger of Python's."""

    def take(record: LogRecord) -> None:
        logger.log(record.level.value, "%s: %s", record.target, record.text)

    set_log(take, level)
