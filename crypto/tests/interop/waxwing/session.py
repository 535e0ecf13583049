"""A session: one side of a conversation between two devices (sections 5 and 6)."""

import secrets
from dataclasses import dataclass

from waxwing import handshake, ratchet
from waxwing.bundle import Bundle
from waxwing.errors import Refused
from waxwing.handshake import Ours, Theirs
from waxwing.keys import OneTimePrekey, WeeklyPrekey
from waxwing.message import PLAINTEXT_BYTES_MAX, Handshake, Message
from waxwing.ratchet import State


@dataclass
class Session:
    """`unanswered` is the handshake that each message of ours carries until one of theirs was opened."""

    id: bytes
    handshake_id: bytes
    initiated_by_us: bool
    unanswered: Handshake | None
    state: State

    @classmethod
    def initiate(cls, ours: Ours, theirs: Theirs, bundle: Bundle) -> "Session":
        """Alice: begins a session with a device whose bundle was verified."""
        agreed, begun = handshake.initiate(ours, theirs, bundle, secrets.token_bytes(32))
        state = ratchet.begin_as_initiator(
            agreed.root, agreed.initiator_header_key, agreed.responder_header_key, bundle.weekly
        )
        return cls(agreed.session_id, begun.id(), True, begun, state)

    @classmethod
    def respond(
        cls,
        ours: Ours,
        theirs: Theirs,
        weekly: WeeklyPrekey,
        one_time: OneTimePrekey,
        message: Message,
        associated: bytes,
    ) -> tuple["Session", bytes]:
        """Bob: answers a handshake; there is a session only if the message that came with it opens."""
        begun = message.handshake
        if begun is None:
            raise Refused("not an initial message")
        agreed = handshake.respond(ours, theirs, weekly, one_time, begun)
        state = ratchet.begin_as_responder(
            agreed.root, agreed.responder_header_key, agreed.initiator_header_key, weekly.secret
        )
        state, plain = ratchet.open_message(state, agreed.session_id, message.ratchet, associated)
        return cls(agreed.session_id, begun.id(), False, None, state), plain

    def encrypt(self, plaintext: bytes, associated: bytes, now: int) -> bytes:
        """Seals one message; it carries the handshake until it was answered. `now` is in seconds since 1970."""
        if len(plaintext) > PLAINTEXT_BYTES_MAX:
            raise Refused("too long")
        self.state, message = ratchet.seal_message(self.state, self.id, plaintext, associated, now)
        prefix = self.unanswered.encode() if self.unanswered else b""
        return prefix + message.encode()

    def decrypt(self, message: Message, associated: bytes) -> bytes:
        """Opens one message. One that is refused changes nothing."""
        if message.handshake is not None and (self.initiated_by_us or message.handshake.id() != self.handshake_id):
            raise Refused("the handshake of another session")
        self.state, plain = ratchet.open_message(self.state, self.id, message.ratchet, associated)
        self.unanswered = None
        return plain
