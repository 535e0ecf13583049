"""What the tests share: two devices, of every pair of implementations."""

import random
import unittest
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import peer
from parties import Party, PythonParty, RustParty, TwinParty, kind
from waxwing import ratchet, snapshot
from waxwing.errors import Refused
from waxwing.message import Header
from waxwing.primitives import x25519_public
from waxwing.ratchet import Sending


class Pair(NamedTuple):
    """Alice begins; Bob published the bundle."""

    name: str
    alice: Party
    bob: Party


def pairs() -> Iterator[Pair]:
    """Rust begins, Python begins, and both sides played by both at once."""
    rust = peer.shared()
    yield Pair("Rust to Python", RustParty(1, rust), PythonParty(2))
    yield Pair("Python to Rust", PythonParty(1), RustParty(2, rust))
    yield Pair("twins", *twins())


def twins(seed: int | None = None) -> tuple[TwinParty, TwinParty]:
    """Both devices played by both implementations; the seed decides who seals what."""
    chance = None if seed is None else random.Random(seed)
    return TwinParty(1, peer.shared(), chance), TwinParty(2, peer.shared(), chance)


def talking(alice: Party, bob: Party, answered: bool = True) -> None:
    """Brings both into a new session, in which Bob may have answered."""
    alice.stored = bob.stored = b""
    alice.initiate(bob.public, bob.publish())
    bob.open(alice.public, alice.encrypt(b"first"))
    if answered:
        alice.open(bob.public, bob.encrypt(b"answer"))


class Scenario(unittest.TestCase):
    """A test that can say: this is refused, in this way, and nothing has changed."""

    def assert_refused(
        self, party: Party, message: bytes, expected: type[Refused] = Refused, associated: bytes = b""
    ) -> None:
        before = party.stored
        with self.assertRaises(Refused) as caught:
            party.decrypt(message, associated)
        self.assertIs(kind(caught.exception), expected)
        self.assertEqual(party.stored, before)

    def assert_snapshot(self, stored: bytes, taken: bool) -> None:
        """Both take these bytes as a session, and give them back; or neither does."""

        def in_python() -> None:
            self.assertEqual(snapshot.encode(snapshot.decode(stored)), stored)

        def in_rust() -> None:
            self.assertEqual(peer.shared().bytes("session", "session", session=stored), stored)

        for run in (in_python, in_rust):
            if taken:
                run()
            else:
                self.assertRaises(Refused, run)


def forge(party: Party, raw: Callable[[Header], bytes] = Header.encode, **fields: object) -> bytes:
    """The next message of this party with another header: what only a peer that lies can make. Its session stays as it is."""
    session = snapshot.decode(party.stored)
    sending = ratchet.start_chain(session.state, party.now).sending
    assert isinstance(sending, Sending)
    honest = Header(x25519_public(sending.secret), sending.previous_length, sending.number)
    header = replace(honest, **fields)  # type: ignore[arg-type]
    chain_key = sending.chain_key
    for _ in range(min(header.number - sending.number, 2 * ratchet.JUMP_MAX)):
        chain_key = ratchet.chain_step(chain_key)[1]
    message_key = ratchet.chain_step(chain_key)[0]
    message = ratchet.seal_with(sending.header_key, message_key, raw(header), session.id, b"forged", b"")
    prefix = session.unanswered.encode() if session.unanswered else b""
    return prefix + message.encode()
