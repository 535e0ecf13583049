"""Keys and ids (section 2), and their stored forms."""

import secrets
from dataclasses import dataclass, field

from waxwing.encoding import Reader, u32
from waxwing.primitives import (
    FORMAT,
    KEM_SEED_BYTES,
    check_ed25519_public,
    check_x25519_public,
    ed25519_public,
    kem_public,
    x25519_public,
)


@dataclass(frozen=True)
class Address:
    """An account id and a device id, 16 opaque bytes each."""

    account: bytes
    device: bytes

    def encode(self) -> bytes:
        return self.account + self.device


@dataclass(frozen=True)
class DevicePublic:
    """The two public keys of a device. Only `parse` checks them."""

    signing: bytes
    agreement: bytes

    @classmethod
    def parse(cls, signing: bytes, agreement: bytes) -> "DevicePublic":
        return cls(check_ed25519_public(signing), check_x25519_public(agreement))

    def encode(self) -> bytes:
        return self.signing + self.agreement


@dataclass(frozen=True)
class AccountKey:
    """The account's Ed25519 seed."""

    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> "AccountKey":
        return cls(secrets.token_bytes(32))

    def public(self) -> bytes:
        return ed25519_public(self.seed)


@dataclass(frozen=True)
class DeviceSecrets:
    """The signing seed and the agreement secret of a device."""

    signing: bytes = field(repr=False)
    agreement: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> "DeviceSecrets":
        return cls(secrets.token_bytes(32), secrets.token_bytes(32))

    @classmethod
    def decode(cls, stored: bytes) -> "DeviceSecrets":
        reader = Reader(stored)
        found = cls(reader.take(32), reader.take(32))
        reader.finish()
        return found

    def encode(self) -> bytes:
        return self.signing + self.agreement

    def public(self) -> DevicePublic:
        return DevicePublic(ed25519_public(self.signing), x25519_public(self.agreement))


@dataclass(frozen=True)
class WeeklyPrekey:
    """The X25519 prekey of a week."""

    id: int
    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls, id_: int) -> "WeeklyPrekey":
        return cls(id_, secrets.token_bytes(32))

    @classmethod
    def decode(cls, stored: bytes) -> "WeeklyPrekey":
        reader = Reader(stored)
        reader.expect(FORMAT)
        found = cls(reader.u32(), reader.take(32))
        reader.finish()
        return found

    def encode(self) -> bytes:
        return bytes([FORMAT]) + u32(self.id) + self.secret

    def public(self) -> bytes:
        return x25519_public(self.secret)


@dataclass(frozen=True)
class OneTimePrekey:
    """The prekey of one handshake; without an X25519 secret it is a last-resort prekey."""

    id: int
    secret: bytes | None = field(repr=False)
    kem_seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, id_: int) -> "OneTimePrekey":
        return cls(id_, secrets.token_bytes(32), secrets.token_bytes(KEM_SEED_BYTES))

    @classmethod
    def generate_last_resort(cls, id_: int) -> "OneTimePrekey":
        return cls(id_, None, secrets.token_bytes(KEM_SEED_BYTES))

    @classmethod
    def decode(cls, stored: bytes) -> "OneTimePrekey":
        reader = Reader(stored)
        reader.expect(FORMAT)
        id_, last_resort = reader.u32(), reader.flag()
        secret = None if last_resort else reader.take(32)
        found = cls(id_, secret, reader.take(KEM_SEED_BYTES))
        reader.finish()
        return found

    def encode(self) -> bytes:
        return bytes([FORMAT]) + u32(self.id) + bytes([self.is_last_resort]) + (self.secret or b"") + self.kem_seed

    @property
    def is_last_resort(self) -> bool:
        return self.secret is None

    def public(self) -> bytes | None:
        """The X25519 one-time key."""
        return None if self.secret is None else x25519_public(self.secret)

    def kem_public(self) -> bytes:
        return kem_public(self.kem_seed)
