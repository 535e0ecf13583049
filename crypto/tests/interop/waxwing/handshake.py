"""PQXDH (section 5): one secret of three or four DHs and a KEM."""

from dataclasses import dataclass, field

from waxwing.bundle import Bundle
from waxwing.encoding import u8, u32
from waxwing.errors import Refused
from waxwing.keys import Address, DevicePublic, DeviceSecrets, OneTimePrekey, WeeklyPrekey
from waxwing.message import Handshake
from waxwing.primitives import SUITE, decapsulate, encapsulate, hkdf, label, sha256, x25519, x25519_public

TRANSCRIPT = label("Waxwing v1 handshake transcript")
SESSION_ID = label("Waxwing v1 session id")
PQXDH = label("Waxwing v1 PQXDH X25519 ML-KEM-1024 SHA-256")

NO_KEY = bytes(32)


@dataclass(frozen=True)
class Ours:
    """Our side: where we are, and what only we know."""

    address: Address
    secrets: DeviceSecrets

    def party(self) -> "Theirs":
        return Theirs(self.address, self.secrets.public())


@dataclass(frozen=True)
class Theirs:
    """The other side, as its verified device list names it."""

    address: Address
    keys: DevicePublic

    def encode(self) -> bytes:
        return self.address.encode() + self.keys.encode()


@dataclass(frozen=True)
class Agreed:
    """What both sides have after the handshake."""

    root: bytes = field(repr=False)
    initiator_header_key: bytes = field(repr=False)
    responder_header_key: bytes = field(repr=False)
    session_id: bytes


@dataclass(frozen=True)
class Prekeys:
    """The public prekeys of Bob that a handshake uses, as the transcript names them."""

    weekly_id: int
    weekly: bytes
    one_time_id: int
    one_time: bytes | None
    kem: bytes

    def encode(self) -> bytes:
        ids_and_keys = u32(self.weekly_id) + self.weekly + u32(self.one_time_id) + (self.one_time or NO_KEY)
        return ids_and_keys + self.kem


def agree(
    alice: Theirs, bob: Theirs, prekeys: Prekeys, handshake: Handshake, dhs: list[bytes], shared: bytes
) -> Agreed:
    """The derivation, the same on both sides."""
    transcript = sha256(
        TRANSCRIPT,
        u8(SUITE) + alice.encode() + bob.encode() + prekeys.encode() + handshake.ephemeral + handshake.kem_ciphertext,
    )
    secret = b"\xff" * 32 + b"".join(dhs) + shared
    root, of_alice, of_bob = hkdf(bytes(32), secret, PQXDH + transcript, 32, 32, 32)
    return Agreed(root, of_alice, of_bob, sha256(SESSION_ID, transcript)[:16])


def initiate(ours: Ours, theirs: Theirs, bundle: Bundle, ephemeral: bytes) -> tuple[Agreed, Handshake]:
    """Alice's side, with a fresh ephemeral secret."""
    if (bundle.address, bundle.device) != (theirs.address, theirs.keys):
        raise Refused("the bundle of another device")
    kem_ciphertext, shared = encapsulate(bundle.kem)
    dhs = [
        x25519(ours.secrets.agreement, bundle.weekly),
        x25519(ephemeral, theirs.keys.agreement),
        x25519(ephemeral, bundle.weekly),
    ]
    if bundle.one_time is not None:
        dhs.append(x25519(ephemeral, bundle.one_time))
    handshake = Handshake(bundle.weekly_id, bundle.one_time_id, x25519_public(ephemeral), kem_ciphertext)
    prekeys = Prekeys(bundle.weekly_id, bundle.weekly, bundle.one_time_id, bundle.one_time, bundle.kem)
    return agree(ours.party(), theirs, prekeys, handshake, dhs, shared), handshake


def respond(ours: Ours, theirs: Theirs, weekly: WeeklyPrekey, one_time: OneTimePrekey, handshake: Handshake) -> Agreed:
    """Bob's side, with the prekeys that the handshake names."""
    if (handshake.weekly_id, handshake.one_time_id) != (weekly.id, one_time.id):
        raise Refused("made for other prekeys")
    dhs = [
        x25519(weekly.secret, theirs.keys.agreement),
        x25519(ours.secrets.agreement, handshake.ephemeral),
        x25519(weekly.secret, handshake.ephemeral),
    ]
    if one_time.secret is not None:
        dhs.append(x25519(one_time.secret, handshake.ephemeral))
    shared = decapsulate(one_time.kem_seed, handshake.kem_ciphertext)
    prekeys = Prekeys(weekly.id, weekly.public(), one_time.id, one_time.public(), one_time.kem_public())
    return agree(theirs, ours.party(), prekeys, handshake, dhs, shared)
