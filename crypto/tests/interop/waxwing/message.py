"""The layouts of messages (sections 5 and 6). Nothing here has been authenticated."""

from dataclasses import dataclass

from waxwing.encoding import Reader, u8, u16, u32
from waxwing.errors import Refused
from waxwing.primitives import (
    FORMAT,
    KEM_768_CIPHERTEXT_BYTES,
    KEM_768_PUBLIC_BYTES,
    KEM_CIPHERTEXT_BYTES,
    SUITE,
    TAG_BYTES,
    check_kem_public,
    check_x25519_public,
    label,
    sha256,
)

HANDSHAKE_ID = label("Waxwing v1 handshake id")

KIND_INITIAL = 1
KIND_RATCHET = 2

MESSAGE_BYTES_MAX = 131_072
PLAINTEXT_BYTES_MAX = 129_335

SALT_BYTES = 16
COMMITMENT_BYTES = 32
HEADER_PLAIN = 0
HEADER_WITH_OFFER = 1
HEADER_WITH_ANSWER = 2
SEALED_HEADER_BYTES = 41 + TAG_BYTES
SEALED_HEADER_LENGTHS = (
    SEALED_HEADER_BYTES,
    SEALED_HEADER_BYTES + KEM_768_PUBLIC_BYTES,
    SEALED_HEADER_BYTES + KEM_768_CIPHERTEXT_BYTES,
)
HANDSHAKE_BYTES = 1611


@dataclass(frozen=True)
class RatchetMessage:
    """`before_header` and `before_commitment` are what the two seals bind."""

    salt: bytes
    before_header: bytes
    sealed_header: bytes
    commitment: bytes
    sealed_body: bytes

    @property
    def before_commitment(self) -> bytes:
        return self.before_header + self.sealed_header

    def encode(self) -> bytes:
        return self.before_commitment + self.commitment + self.sealed_body


@dataclass(frozen=True)
class Handshake:
    """What an initial message carries before its ratchet message."""

    weekly_id: int
    one_time_id: int
    ephemeral: bytes
    kem_ciphertext: bytes

    def encode(self) -> bytes:
        kinds = bytes([FORMAT, KIND_INITIAL, SUITE])
        return kinds + u32(self.weekly_id) + u32(self.one_time_id) + self.ephemeral + self.kem_ciphertext

    def id(self) -> bytes:
        return sha256(HANDSHAKE_ID, self.encode())


@dataclass(frozen=True)
class Message:
    """A message as it came: an initial one has a handshake."""

    handshake: Handshake | None
    ratchet: RatchetMessage

    @classmethod
    def parse(cls, data: bytes) -> "Message":
        if len(data) > MESSAGE_BYTES_MAX:
            raise Refused("longer than any message")
        if data[:2] == bytes([FORMAT, KIND_INITIAL]):
            handshake = decode_handshake(data[:HANDSHAKE_BYTES])
            message = decode_ratchet_message(data[HANDSHAKE_BYTES:])
            if len(message.sealed_header) != SEALED_HEADER_BYTES:
                raise Refused("before the first answer, nothing else rides along")
            return cls(handshake, message)
        return cls(None, decode_ratchet_message(data))


def decode_handshake(data: bytes) -> Handshake:
    reader = Reader(data)
    for byte in (FORMAT, KIND_INITIAL, SUITE):
        reader.expect(byte)
    weekly_id, one_time_id = reader.u32(), reader.u32()
    handshake = Handshake(
        weekly_id, one_time_id, check_x25519_public(reader.take(32)), reader.take(KEM_CIPHERTEXT_BYTES)
    )
    reader.finish()
    return handshake


def before_header(salt: bytes, sealed_header_bytes: int) -> bytes:
    """A ratchet message up to its sealed header."""
    return bytes([FORMAT, KIND_RATCHET, SUITE]) + salt + u16(sealed_header_bytes)


def decode_ratchet_message(data: bytes) -> RatchetMessage:
    reader = Reader(data)
    for byte in (FORMAT, KIND_RATCHET, SUITE):
        reader.expect(byte)
    salt = reader.take(SALT_BYTES)
    header_bytes = reader.u16()
    if header_bytes not in SEALED_HEADER_LENGTHS:
        raise Refused("another header length")
    before = reader.read_so_far()
    sealed_header, commitment = reader.take(header_bytes), reader.take(COMMITMENT_BYTES)
    if reader.left() < TAG_BYTES:
        raise Refused("too short for a tag")
    return RatchetMessage(salt, before, sealed_header, commitment, reader.rest())


@dataclass(frozen=True)
class Header:
    """What a sealed header says. It has an offer or an answer of section 16, or neither."""

    ratchet_key: bytes
    previous_length: int
    number: int
    offer: bytes | None = None
    answer: bytes | None = None

    def encode(self) -> bytes:
        form, riding = HEADER_PLAIN, b""
        if self.offer is not None:
            form, riding = HEADER_WITH_OFFER, self.offer
        elif self.answer is not None:
            form, riding = HEADER_WITH_ANSWER, self.answer
        return u8(form) + self.ratchet_key + u32(self.previous_length) + u32(self.number) + riding

    @classmethod
    def decode(cls, data: bytes) -> "Header":
        reader = Reader(data)
        form = reader.u8()
        if form > HEADER_WITH_ANSWER:
            raise Refused("an unknown form of header")
        ratchet_key, previous_length, number = check_x25519_public(reader.take(32)), reader.u32(), reader.u32()
        offer = check_kem_public(reader.take(KEM_768_PUBLIC_BYTES)) if form == HEADER_WITH_OFFER else None
        answer = reader.take(KEM_768_CIPHERTEXT_BYTES) if form == HEADER_WITH_ANSWER else None
        reader.finish()
        return cls(ratchet_key, previous_length, number, offer, answer)
