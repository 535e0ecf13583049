"""Devices of either implementation behind one face, so that each scenario runs with every pair of them."""

import random
import secrets
from abc import ABC, abstractmethod
from typing import Any

from peer import Peer
from waxwing import bundle, snapshot
from waxwing.bundle import Bundle
from waxwing.errors import Refused
from waxwing.handshake import Ours, Theirs
from waxwing.keys import Address, DevicePublic, DeviceSecrets, OneTimePrekey, WeeklyPrekey
from waxwing.message import Message
from waxwing.session import Session


class Party(ABC):
    """A device with at most one session. `stored` is that session at rest."""

    def __init__(self, name: int) -> None:
        self.address = Address(bytes([name]) * 16, bytes([name, 255]) * 8)
        self.secrets = self.make_secrets()
        self.weekly = b""
        self.one_time = b""
        self.stored = b""
        self.now = 1_800_000_000

    @property
    def public(self) -> Theirs:
        """What its verified device list says."""
        return Theirs(self.address, self.keys())

    @abstractmethod
    def make_secrets(self) -> bytes: ...

    @abstractmethod
    def keys(self) -> DevicePublic: ...

    @abstractmethod
    def publish(self, weekly_id: int = 7, one_time_id: int = 9, last_resort: bool = False) -> bytes:
        """Makes prekeys, and the bundle of them."""

    @abstractmethod
    def initiate(self, theirs: Theirs, published: bytes) -> None: ...

    @abstractmethod
    def respond(self, theirs: Theirs, message: bytes, associated: bytes = b"") -> bytes: ...

    @abstractmethod
    def encrypt(self, plaintext: bytes, associated: bytes = b"") -> bytes:
        """Seals at the time `now`, in seconds since 1970."""

    @abstractmethod
    def decrypt(self, message: bytes, associated: bytes = b"") -> bytes: ...

    def open(self, theirs: Theirs, message: bytes, associated: bytes = b"") -> bytes:
        """Opens a message, with or without a session."""
        return self.decrypt(message, associated) if self.stored else self.respond(theirs, message, associated)


class PythonParty(Party):
    """A device of the second implementation."""

    def make_secrets(self) -> bytes:
        return DeviceSecrets.generate().encode()

    def keys(self) -> DevicePublic:
        return DeviceSecrets.decode(self.secrets).public()

    @property
    def ours(self) -> Ours:
        return Ours(self.address, DeviceSecrets.decode(self.secrets))

    def publish(self, weekly_id: int = 7, one_time_id: int = 9, last_resort: bool = False) -> bytes:
        make = OneTimePrekey.generate_last_resort if last_resort else OneTimePrekey.generate
        weekly, one_time = WeeklyPrekey.generate(weekly_id), make(one_time_id)
        self.weekly, self.one_time = weekly.encode(), one_time.encode()
        return bundle.make(self.address, self.ours.secrets, weekly, one_time)

    def initiate(self, theirs: Theirs, published: bytes) -> None:
        verified = Bundle.verify(published, theirs.address, theirs.keys)
        self.stored = snapshot.encode(Session.initiate(self.ours, theirs, verified))

    def respond(self, theirs: Theirs, message: bytes, associated: bytes = b"") -> bytes:
        weekly, one_time = WeeklyPrekey.decode(self.weekly), OneTimePrekey.decode(self.one_time)
        session, plain = Session.respond(self.ours, theirs, weekly, one_time, Message.parse(message), associated)
        self.stored = snapshot.encode(session)
        return plain

    def encrypt(self, plaintext: bytes, associated: bytes = b"") -> bytes:
        session = snapshot.decode(self.stored)
        message = session.encrypt(plaintext, associated, self.now)
        self.stored = snapshot.encode(session)
        return message

    def decrypt(self, message: bytes, associated: bytes = b"") -> bytes:
        session = snapshot.decode(self.stored)
        plain = session.decrypt(Message.parse(message), associated)
        self.stored = snapshot.encode(session)
        return plain


class RustParty(Party):
    """A device of the Rust crate."""

    def __init__(self, name: int, peer: Peer) -> None:
        self.peer = peer
        super().__init__(name)

    def make_secrets(self) -> bytes:
        return self.peer.bytes("device", "secrets")

    def keys(self) -> DevicePublic:
        found = self.peer.ask("device_public", secrets=self.secrets)
        return DevicePublic(bytes.fromhex(found["signing"]), bytes.fromhex(found["agreement"]))

    def publish(self, weekly_id: int = 7, one_time_id: int = 9, last_resort: bool = False) -> bytes:
        self.weekly = self.peer.bytes("weekly", "weekly", id=weekly_id)
        self.one_time = self.peer.bytes("one_time", "one_time", id=one_time_id, last_resort=last_resort)
        return self.peer.bytes("bundle", "bundle", **self.ours(), weekly=self.weekly, one_time=self.one_time)

    def ours(self) -> dict[str, Any]:
        return {"account": self.address.account, "device": self.address.device, "secrets": self.secrets}

    def initiate(self, theirs: Theirs, published: bytes) -> None:
        fields = {"ours": self.ours(), "theirs": named(theirs), "bundle": published}
        self.stored = self.peer.bytes("initiate", "session", **fields)

    def respond(self, theirs: Theirs, message: bytes, associated: bytes = b"") -> bytes:
        prekeys = {"weekly": self.weekly, "one_time": self.one_time}
        fields = {"ours": self.ours(), "theirs": named(theirs), **prekeys}
        answer = self.peer.ask("respond", **fields, message=message, associated=associated)
        self.stored = bytes.fromhex(answer["session"])
        return bytes.fromhex(answer["plaintext"])

    def encrypt(self, plaintext: bytes, associated: bytes = b"") -> bytes:
        return self._step("encrypt", "message", plaintext=plaintext, associated=associated, now=self.now)

    def decrypt(self, message: bytes, associated: bytes = b"") -> bytes:
        return self._step("decrypt", "plaintext", message=message, associated=associated)

    def _step(self, operation: str, wanted: str, **fields: bytes | int) -> bytes:
        try:
            answer = self.peer.ask(operation, session=self.stored, **fields)
        except Refused as refusal:
            unchanged = refusal.args[1] if len(refusal.args) > 1 else None
            if unchanged is not None:
                assert bytes.fromhex(unchanged) == self.stored, "a refusal changed the session"
            raise
        self.stored = bytes.fromhex(answer["session"])
        return bytes.fromhex(answer[wanted])


class TwinParty(Party):
    """One device that both implementations play in turn, on one stored session. Whatever is deterministic they must do alike,
    to the byte: opening a message gives both the same plaintext and the same stored session, or the same kind of refusal.
    """

    def __init__(self, name: int, peer: Peer, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random(secrets.randbits(64))
        self._rust, self._python = RustParty(name, peer), PythonParty(name)
        self._python.secrets = self._rust.secrets
        super().__init__(name)

    def make_secrets(self) -> bytes:
        return self._rust.secrets

    def keys(self) -> DevicePublic:
        ours, other = self._python.keys(), self._rust.keys()
        assert ours == other
        return ours

    def _one(self) -> Party:
        return self._chance.choice([self._rust, self._python])

    def _lend(self, party: Party) -> Party:
        party.weekly, party.one_time, party.stored, party.now = self.weekly, self.one_time, self.stored, self.now
        return party

    def _take(self, party: Party) -> None:
        self.weekly, self.one_time, self.stored = party.weekly, party.one_time, party.stored

    def publish(self, weekly_id: int = 7, one_time_id: int = 9, last_resort: bool = False) -> bytes:
        party = self._lend(self._one())
        published = party.publish(weekly_id, one_time_id, last_resort)
        self._take(party)
        return published

    def initiate(self, theirs: Theirs, published: bytes) -> None:
        party = self._lend(self._one())
        party.initiate(theirs, published)
        self._take(party)

    def encrypt(self, plaintext: bytes, associated: bytes = b"") -> bytes:
        party = self._lend(self._one())
        message = party.encrypt(plaintext, associated)
        self._take(party)
        return message

    def respond(self, theirs: Theirs, message: bytes, associated: bytes = b"") -> bytes:
        return self._both(lambda party: party.respond(theirs, message, associated))

    def decrypt(self, message: bytes, associated: bytes = b"") -> bytes:
        return self._both(lambda party: party.decrypt(message, associated))

    def _both(self, run: Any) -> bytes:
        outcomes = []
        for party in (self._lend(self._rust), self._lend(self._python)):
            try:
                outcomes.append((run(party), party.stored))
            except Refused as refusal:
                outcomes.append((kind(refusal), party.stored))
        (rust, rust_stored), (python, python_stored) = outcomes
        assert rust == python, f"Rust: {rust!r}, Python: {python!r}"
        assert rust_stored == python_stored, (
            f"stored sessions differ:\nRust   {rust_stored.hex()}\nPython {python_stored.hex()}"
        )
        self.stored = rust_stored
        if isinstance(rust, type):
            raise rust
        assert isinstance(rust, bytes)
        return rust


def kind(refusal: Refused) -> type[Refused]:
    """The kind of a refusal, as the specification tells them apart."""
    named_here = [found for found in type(refusal).__mro__ if found.__module__ == Refused.__module__]
    return named_here[0]


def named(theirs: Theirs) -> dict[str, Any]:
    keys = theirs.keys
    return {
        "account": theirs.address.account,
        "device": theirs.address.device,
        "signing": keys.signing,
        "agreement": keys.agreement,
    }
