"""One exception for each kind of error, with a stable code and what to do about it."""

from __future__ import annotations

import enum
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Iterator

from . import _ffi


class Retry(enum.Enum):
    """When it makes sense to try again."""

    NEVER = "never"
    """Not at all: the same call fails again."""
    AFTER = "after"
    """After a while, which the advice tells."""
    ON_NETWORK = "on_network"
    """Once there is a network; the client watches for it by itself."""
    AFTER_USER_ACTS = "after_user_acts"
    """Once the user did something about it."""


@dataclass(frozen=True)
class Advice:
    """When to try again."""

    retry: Retry
    """When."""
    after: timedelta | None = None
    """How long to wait, where the advice is ``AFTER``."""


class WaxwingError(Exception):
    """Why a call did not do what was asked. It never holds content, keys or names."""

    code: str
    """The error's stable word, for programs and for support."""
    advice: Advice
    """When to try again."""
    reason: str
    """What went wrong and what to do, in a sentence."""

    def __init__(self, code: str, advice: Advice, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.advice = advice
        self.reason = reason


class OfflineError(WaxwingError):
    """The relay cannot be reached."""


class RefusedError(WaxwingError):
    """The relay said no."""


class RateLimitedError(WaxwingError):
    """The relay wants fewer requests."""


class KeyChangedError(WaxwingError):
    """The other side's key changed, and the user has not accepted it."""


class UndecryptableError(WaxwingError):
    """Something could not be opened."""


class StorageError(WaxwingError):
    """The store on this device."""


class NotPermittedError(WaxwingError):
    """The token, signature or key is not enough."""


class NotFoundError(WaxwingError):
    """There is no such thing."""


class TooLargeError(WaxwingError):
    """Longer than allowed."""


class GivenUpError(WaxwingError):
    """Given up before it was done. (Cancelling a task of asyncio raises ``asyncio.CancelledError``, as always.)"""


class ShutDownError(WaxwingError):
    """The client is closed."""


class MisuseError(WaxwingError):
    """The call makes no sense as it was made."""


class VersionUnsupportedError(WaxwingError):
    """The relay and this build have no version in common."""


class BugError(WaxwingError):
    """A fault in this software."""


_KINDS = {
    _ffi.ErrorKind.OFFLINE: OfflineError,
    _ffi.ErrorKind.REFUSED: RefusedError,
    _ffi.ErrorKind.RATE_LIMITED: RateLimitedError,
    _ffi.ErrorKind.KEY_CHANGED: KeyChangedError,
    _ffi.ErrorKind.UNDECRYPTABLE: UndecryptableError,
    _ffi.ErrorKind.STORAGE: StorageError,
    _ffi.ErrorKind.PERMISSION: NotPermittedError,
    _ffi.ErrorKind.NOT_FOUND: NotFoundError,
    _ffi.ErrorKind.TOO_LARGE: TooLargeError,
    _ffi.ErrorKind.CANCELLED: GivenUpError,
    _ffi.ErrorKind.SHUT_DOWN: ShutDownError,
    _ffi.ErrorKind.MISUSE: MisuseError,
    _ffi.ErrorKind.VERSION_UNSUPPORTED: VersionUnsupportedError,
    _ffi.ErrorKind.BUG: BugError,
}


def _advice(advice: _ffi.Advice) -> Advice:
    if advice.is_AFTER():
        return Advice(Retry.AFTER, advice.delay)
    if advice.is_ON_NETWORK():
        return Advice(Retry.ON_NETWORK)
    if advice.is_AFTER_USER_ACTS():
        return Advice(Retry.AFTER_USER_ACTS)
    return Advice(Retry.NEVER)


def error_of(error: _ffi.FfiError) -> WaxwingError:
    return _KINDS[error.kind](error.code, _advice(error.advice), error.reason)


@contextmanager
def told() -> Iterator[None]:
    """Raises the exceptions of this package instead of the library's one."""
    try:
        yield
    except _ffi.FfiError.Failed as error:
        raise error_of(error) from None
