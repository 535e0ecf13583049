"""Safety numbers: what two people compare."""

from __future__ import annotations

import enum

from . import _ffi
from ._group_models import Contact, contact_of


class Comparison(enum.Enum):
    """What comparing a safety number with what the other person shows gives. Only ``MATCH`` is good."""

    MATCH = "match"
    """The same two accounts with the same two keys: nobody stands between."""
    MISMATCH = "mismatch"
    """The same two accounts, and another key of at least one. Somebody may stand between, or one side has not seen yet that the other's
    key changed."""
    OTHER_PAIR = "other_pair"
    """The code is of another pair of accounts: of another conversation, or of another person."""
    OTHER_VERSION = "other_version"
    """The code is of another version of the format. One side needs an update; nothing is said about the keys."""
    UNREADABLE = "unreadable"
    """This is no code at all."""


class SafetyNumber:
    """The number of this account and a person's, as their keys were known when it was asked for.

    Where it is the same on the other person's screen, nobody stands between; then :meth:`Client.mark_verified`. ``str()`` gives its sixty
    digits in groups of five, in three lines.
    """

    def __init__(self, raw: _ffi.FfiSafetyNumber) -> None:
        self._raw = raw

    def __str__(self) -> str:
        return self._raw.lines()

    @property
    def digits(self) -> str:
        """The sixty digits, without spaces."""
        return self._raw.digits()

    @property
    def scannable(self) -> str:
        """What to show as a QR code, for the other person to scan."""
        return self._raw.scannable()

    def compare(self, scanned: str) -> Comparison:
        """Compares with what the other person shows."""
        return Comparison[self._raw.compare(scanned).name]

    @property
    def person(self) -> Contact:
        """With whom it is compared."""
        return contact_of(self._raw.person())

    @property
    def is_verified(self) -> bool:
        """Whether the person was marked as verified, with this very key."""
        return self._raw.is_verified()

    @property
    def key_is_accepted(self) -> bool:
        """Whether the key of this number is the one to which messages go. If not, it is a new one that was not accepted yet."""
        return self._raw.key_is_accepted()
