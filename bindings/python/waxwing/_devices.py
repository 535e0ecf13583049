"""The devices of our own account, and linking one.

.. code-block:: python

    # on the new device                       # on one of the account
    offer = await new.link_as_new()
    print(offer.text)                         code = await client.link_device(text)
    code = await offer.scanned()
    print(code.code)                          print(code.code)
    linking = await code.confirm(theirs)      linking = await code.confirm(theirs)
    async for step in linking: ...            async for step in linking: ...
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from . import _ffi
from ._errors import told
from ._streams import _Pulled
from ._types import DeviceId


@dataclass(frozen=True)
class Device:
    """One device of our own account."""

    id: DeviceId
    """Which."""
    name: str | None = field(repr=False)
    """What the user calls it."""
    is_this: bool
    """Whether it is the one that runs this."""
    known_since: datetime
    """Since when this device knows of it."""


@dataclass(frozen=True)
class OwnDevices:
    """The devices of our own account, those that were known first standing first."""

    devices: tuple[Device, ...]
    """All of them, this one too."""
    holds_account_key: bool
    """Whether this device holds the account's key: only then can it link and remove others, and delete the account."""


class LinkStepKind(enum.Enum):
    """How far a linking is."""

    LINKED = "linked"
    """The account has the new ``device``, and the relay knows."""
    HISTORY = "history"
    """A part of the history is over: ``messages`` and ``per_mille`` say how much."""
    DONE = "done"
    """All of it is over. It is the last step."""


@dataclass(frozen=True)
class LinkStep:
    """How far a linking is."""

    kind: LinkStepKind
    """What happened."""
    device: DeviceId | None = None
    """For ``LINKED``."""
    messages: int = 0
    """For ``HISTORY``: messages that went over."""
    per_mille: int = 0
    """For ``HISTORY``: how much of the whole that is, from 0 to 1000."""


@dataclass(frozen=True)
class BackupSummary:
    """What a backup held."""

    messages: int
    """Messages and other entries of conversations."""
    bytes: int
    """The length of the backup. It is padded: few lengths are possible."""


class Linking(_Pulled[LinkStep]):
    """A linking under way, on either device: iterate over it to the end, which is behind ``LinkStepKind.DONE``. It stands still while
    nobody asks for the next step, and the other device waits a minute for it. Leaving ``async with`` breaks it off, where it is not over.

    Raises :class:`GivenUpError`: ``link_broken`` before the history began, and then both devices are as they were; later
    ``history_incomplete``, and :meth:`Client.fetch_history` gets the rest.
    """

    def __init__(self, raw: _ffi.FfiLinking) -> None:
        super().__init__(raw, lambda batch: [_step_of(step) for step in batch.steps])

    async def run(self) -> list[LinkStep]:
        """Goes on to the end, and gives all steps that are left."""
        return [step async for step in self]

    async def break_off(self) -> None:
        """Breaks it off. Before the history began, both devices are as they were; later, the new device lacks a part of it."""
        with told():
            await self._raw.break_off()

    async def __aenter__(self) -> Linking:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.break_off()


class LinkCode:
    """Two devices that have agreed on keys, and wait for a person."""

    def __init__(self, raw: _ffi.FfiLinkCode) -> None:
        self._raw = raw

    @property
    def code(self) -> str:
        """The six digits to show here."""
        return self._raw.code()

    async def confirm(self, theirs: str) -> Linking:
        """Takes the six digits that a person read on the *other* device. There is one try.

        Raises :class:`NotPermittedError` (``link_code_differs``): nothing was sent; begin anew.
        """
        with told():
            return Linking(await self._raw.confirm(theirs))


class LinkOffer:
    """A new device that waits to be linked."""

    def __init__(self, raw: _ffi.FfiLinkOffer) -> None:
        self._raw = raw

    @property
    def text(self) -> str:
        """What to show as a QR code, or as text."""
        return self._raw.text()

    async def scanned(self) -> LinkCode:
        """Waits until a device of the account has read the text, at most ten minutes. Who gives up begins anew."""
        with told():
            return LinkCode(await self._raw.scanned())


# ---- from the library ----


def devices_of(own: _ffi.OwnDevices) -> OwnDevices:
    devices = (Device(device.id, device.name, device.is_this, device.known_since) for device in own.devices)
    return OwnDevices(tuple(devices), own.holds_account_key)


def _step_of(step: _ffi.LinkStep) -> LinkStep:
    if step.is_LINKED():
        return LinkStep(LinkStepKind.LINKED, device=step.device)
    if step.is_HISTORY():
        return LinkStep(LinkStepKind.HISTORY, messages=step.messages, per_mille=step.per_mille)
    return LinkStep(LinkStepKind.DONE)
