"""Sender keys (section 17): one chain for each sending device and epoch, known to every device of the group."""

import secrets
from dataclasses import dataclass, field, replace

from waxwing import ratchet
from waxwing.curve import verify_with_cofactor
from waxwing.encoding import Reader, u8, u32, u64
from waxwing.errors import BeforeStart, Duplicate, Refused, TooFarAhead
from waxwing.keys import Address
from waxwing.message import COMMITMENT_BYTES, MESSAGE_BYTES_MAX, PLAINTEXT_BYTES_MAX, SALT_BYTES
from waxwing.primitives import (
    FORMAT,
    SUITE,
    TAG_BYTES,
    check_ed25519_public,
    ed25519_public,
    equal,
    label,
    open_,
    seal,
    sha256,
    sign,
)
from waxwing.ratchet import JUMP_MAX, NUMBERS, SKIPPED_MAX, Skipped, chain_step
from waxwing.snapshot import decode_skipped, encode_skipped

SENDER_KEY = label("Waxwing v1 sender key")
SIGNED = label("Waxwing v1 group message")
DIGEST = label("Waxwing v1 group message digest")
TRANSCRIPT = label("Waxwing v1 group transcript")

KIND_GROUP = 3
OWN = 0
ANOTHERS = 1


@dataclass(frozen=True)
class Epoch:
    """One epoch of one group: the roster that everybody who may read has verified."""

    group: bytes
    number: int
    roster_hash: bytes


@dataclass(frozen=True)
class Origin:
    """What a sender key belongs to."""

    epoch: Epoch
    sender: Address

    def encode(self) -> bytes:
        epoch = self.epoch
        return epoch.group + u64(epoch.number) + epoch.roster_hash + self.sender.encode()

    @classmethod
    def read(cls, reader: Reader) -> "Origin":
        epoch = Epoch(reader.take(16), reader.u64(), reader.take(32))
        return cls(epoch, Address(reader.take(16), reader.take(16)))

    def hash(self, signing: bytes) -> bytes:
        """The origin hash, with the signing key of the chain."""
        return sha256(SENDER_KEY, u8(SUITE) + self.encode() + signing)


def chain_id(origin_hash: bytes) -> bytes:
    return origin_hash[:16]


@dataclass(frozen=True)
class GroupMessage:
    """A group message as it came: nothing in it has been authenticated."""

    chain_id: bytes
    iteration: int
    salt: bytes
    commitment: bytes
    sealed_body: bytes
    signature: bytes

    def before_commitment(self) -> bytes:
        return bytes([FORMAT, KIND_GROUP, SUITE]) + self.chain_id + u32(self.iteration) + self.salt

    def before_signature(self) -> bytes:
        return self.before_commitment() + self.commitment + self.sealed_body

    def encode(self) -> bytes:
        return self.before_signature() + self.signature

    @classmethod
    def parse(cls, data: bytes) -> "GroupMessage":
        if len(data) > MESSAGE_BYTES_MAX:
            raise Refused("longer than any message")
        reader = Reader(data)
        for byte in (FORMAT, KIND_GROUP, SUITE):
            reader.expect(byte)
        start = (reader.take(16), reader.u32(), reader.take(SALT_BYTES), reader.take(COMMITMENT_BYTES))
        if reader.left() < TAG_BYTES + 64:
            raise Refused("too short for a tag and a signature")
        return cls(*start, reader.take(reader.left() - 64), reader.take(64))


def digest_of(origin_hash: bytes, message: GroupMessage, associated: bytes) -> bytes:
    """What is signed, and what members compare."""
    return sha256(DIGEST, origin_hash + u64(len(associated)) + associated + message.before_signature())


@dataclass(frozen=True)
class SenderKey:
    """Our own key for one group in one epoch."""

    origin: Origin
    signing_seed: bytes = field(repr=False)
    number: int
    chain_key: bytes = field(repr=False)

    @classmethod
    def generate(cls, epoch: Epoch, ours: Address) -> "SenderKey":
        return cls(Origin(epoch, ours), secrets.token_bytes(32), 0, secrets.token_bytes(32))

    def origin_hash(self) -> bytes:
        return self.origin.hash(ed25519_public(self.signing_seed))

    def distribution(self) -> bytes:
        """What a device needs to read our messages from the next one on. It is secret."""
        start = bytes([FORMAT, SUITE]) + self.origin.encode() + ed25519_public(self.signing_seed)
        return start + u32(self.number) + self.chain_key

    def encrypt(self, plaintext: bytes, associated: bytes) -> tuple["SenderKey", GroupMessage, bytes]:
        """The key afterwards, the message, and its digest."""
        if len(plaintext) > PLAINTEXT_BYTES_MAX:
            raise Refused("too long")
        if self.number >= NUMBERS:
            raise Refused("the chain has no numbers left")
        message_key, chain_key = chain_step(self.chain_key)
        message, digest = seal_with(self, message_key, self.number, plaintext, associated)
        return replace(self, number=self.number + 1, chain_key=chain_key), message, digest

    def encode(self) -> bytes:
        start = bytes([FORMAT, SUITE, OWN]) + self.origin.encode()
        return start + self.signing_seed + u32(self.number) + self.chain_key

    @classmethod
    def decode(cls, stored: bytes) -> "SenderKey":
        reader = Reader(stored)
        for byte in (FORMAT, SUITE, OWN):
            reader.expect(byte)
        found = cls(Origin.read(reader), reader.take(32), reader.u32(), reader.take(32))
        reader.finish()
        return found


def seal_with(
    key: SenderKey, message_key: bytes, number: int, plaintext: bytes, associated: bytes
) -> tuple[GroupMessage, bytes]:
    """Seals and signs with a fresh salt."""
    origin_hash, salt = key.origin_hash(), secrets.token_bytes(SALT_BYTES)
    cipher_key, nonce, commitment = ratchet.body_keys(salt, message_key)
    message = GroupMessage(chain_id(origin_hash), number, salt, commitment, b"", b"")
    sealed = seal(cipher_key, nonce, plaintext, origin_hash + message.before_commitment() + associated)
    message = replace(message, sealed_body=sealed)
    digest = digest_of(origin_hash, message, associated)
    return replace(message, signature=sign(key.signing_seed, SIGNED + digest)), digest


@dataclass(frozen=True)
class ReceiverKey:
    """The key of another device for one group in one epoch. `next` is the number after the highest that was opened."""

    origin: Origin
    signing: bytes
    first: int
    next: int
    chain_key: bytes = field(repr=False)
    skipped: Skipped = field(default_factory=dict, repr=False)

    @classmethod
    def accept(cls, distribution: bytes, epoch: Epoch, sender: Address) -> "ReceiverKey":
        """The epoch is that of the verified roster; the sender is known from the session by which the bytes came."""
        reader = Reader(distribution)
        reader.expect(FORMAT)
        reader.expect(SUITE)
        origin, signing, first = Origin.read(reader), check_ed25519_public(reader.take(32)), reader.u32()
        found = cls(origin, signing, first, first, reader.take(32))
        reader.finish()
        if origin != Origin(epoch, sender):
            raise Refused("of another group, epoch, roster or sender")
        return found

    def verify(self, message: GroupMessage, associated: bytes) -> bytes:
        """The digest of a message of this chain that its sender has signed."""
        origin_hash = self.origin.hash(self.signing)
        if message.chain_id != chain_id(origin_hash):
            raise Refused("of another chain")
        digest = digest_of(origin_hash, message, associated)
        verify_with_cofactor(self.signing, message.signature, SIGNED + digest)
        return digest

    def decrypt(self, message: GroupMessage, associated: bytes) -> tuple["ReceiverKey", bytes, bytes]:
        """The key afterwards, the plaintext, and the digest."""
        digest = self.verify(message, associated)
        if message.iteration < self.first:
            raise BeforeStart
        if message.iteration < self.next:
            if message.iteration not in self.skipped:
                raise Duplicate
            plain = self._open_body(self.skipped[message.iteration], message, associated)
            left = {number: key for number, key in self.skipped.items() if number != message.iteration}
            return replace(self, skipped=left), plain, digest
        if message.iteration - self.next > JUMP_MAX:
            raise TooFarAhead
        walked, message_key = self._walk(message.iteration)
        return walked, self._open_body(message_key, message, associated), digest

    def _open_body(self, message_key: bytes, message: GroupMessage, associated: bytes) -> bytes:
        cipher_key, nonce, commitment = ratchet.body_keys(message.salt, message_key)
        if not equal(commitment, message.commitment):
            raise Refused("the commitment does not hold")
        bound = self.origin.hash(self.signing) + message.before_commitment() + associated
        return open_(cipher_key, nonce, message.sealed_body, bound)

    def _walk(self, iteration: int) -> tuple["ReceiverKey", bytes]:
        """The key beyond that iteration, and the message key of it. Of the skipped keys the lowest numbers leave first."""
        if iteration >= NUMBERS:
            raise Refused("a chain has no such message")
        chain_key, skipped = self.chain_key, dict(self.skipped)
        for passed in range(self.next, iteration):
            skipped[passed], chain_key = chain_step(chain_key)
        message_key, chain_key = chain_step(chain_key)
        kept = sorted(skipped)[-SKIPPED_MAX:]
        skipped = {number: skipped[number] for number in kept}
        return replace(self, next=iteration + 1, chain_key=chain_key, skipped=skipped), message_key

    def encode(self) -> bytes:
        start = bytes([FORMAT, SUITE, ANOTHERS]) + self.origin.encode() + self.signing
        return start + u32(self.first) + u32(self.next) + self.chain_key + encode_skipped(self.skipped)

    @classmethod
    def decode(cls, stored: bytes) -> "ReceiverKey":
        reader = Reader(stored)
        for byte in (FORMAT, SUITE, ANOTHERS):
            reader.expect(byte)
        origin, signing = Origin.read(reader), check_ed25519_public(reader.take(32))
        found = cls(origin, signing, reader.u32(), reader.u32(), reader.take(32), decode_skipped(reader))
        reader.finish()
        if found.first > found.next or len(found.skipped) > SKIPPED_MAX:
            raise Refused("more than a key can have")
        if any(not found.first <= number < found.next for number in found.skipped):
            raise Refused("a skipped number that cannot be")
        return found


def transcript(digests: list[bytes]) -> bytes:
    """What members compare, over an order that all share."""
    value = bytes(32)
    for digest in digests:
        value = sha256(TRANSCRIPT, value + digest)
    return value
