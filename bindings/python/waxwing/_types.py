"""Ids and times. They are text and milliseconds on the way to the library."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)


class _Id(str):
    """Text of the form ``01890a5d-ac96-774b-bcce-b302099a8057``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class AccountId(_Id):
    """A person or a bot."""

    __slots__ = ()


class DeviceId(_Id):
    """One installation."""

    __slots__ = ()


class MessageId(_Id):
    """A message; it never changes."""

    __slots__ = ()


class ConversationId(_Id):
    """A conversation, the same on both sides."""

    __slots__ = ()


class InvitationId(_Id):
    """An invitation to a group. It does not tell its link."""

    __slots__ = ()


class RecoveryKey(str):
    """The account's secret key, for the user to write down: show it, never log it. Whoever has it is the account."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "RecoveryKey(..)"


def moment(milliseconds_since_1970: int) -> datetime:
    """A time with its zone, UTC."""
    return _EPOCH + _MILLISECOND * milliseconds_since_1970


def milliseconds(at: datetime) -> int:
    """The other way; a time without a zone counts as local time."""
    return (at.astimezone(timezone.utc) - _EPOCH) // _MILLISECOND


def characters(text: str, of_bytes: int) -> int:
    """How many characters of a text so many bytes of it are; what is beyond its end counts one by one."""
    encoded = text.encode()
    return len(encoded[:of_bytes].decode(errors="ignore")) + max(0, of_bytes - len(encoded))


def bytes_of(text: str, of_characters: int) -> int:
    """The other way."""
    return len(text[:of_characters].encode()) + max(0, of_characters - len(text))
