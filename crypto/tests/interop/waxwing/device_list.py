"""Device lists (section 3): the devices of an account, signed by it, each list naming the one before."""

from dataclasses import dataclass
from itertools import pairwise

from waxwing.encoding import Reader, u8, u64
from waxwing.errors import Forked, Refused, RolledBack
from waxwing.keys import AccountKey, DevicePublic
from waxwing.primitives import FORMAT, check_ed25519_public, label, sha256, sign, verify

SIGNED = label("Waxwing v1 device list")
HASHED = label("Waxwing v1 device list hash")

DEVICES_MAX = 16
NO_HASH = bytes(32)
VERSION_MAX = 2**64 - 1


@dataclass(frozen=True)
class Entry:
    """One device."""

    device: bytes
    keys: DevicePublic


@dataclass(frozen=True)
class DeviceList:
    """A list whose signature holds. Only `sign` and `verify` make one."""

    account: bytes
    version: int
    previous_hash: bytes
    entries: tuple[Entry, ...]
    encoded: bytes

    @classmethod
    def sign(cls, account: bytes, key: AccountKey, previous: "DeviceList | None", entries: list[Entry]) -> "DeviceList":
        """The list that follows `previous`, or the first one."""
        version = previous.version + 1 if previous else 1
        previous_hash = previous.hash() if previous else NO_HASH
        ordered = sorted(entries, key=lambda entry: entry.device)
        unsigned = bytes([FORMAT]) + account + u64(version) + previous_hash + u8(len(ordered))
        unsigned += b"".join(entry.device + entry.keys.encode() for entry in ordered)
        encoded = unsigned + sign(key.seed, SIGNED + unsigned)
        return cls.verify(encoded, account, key.public())

    @classmethod
    def verify(cls, encoded: bytes, account: bytes, key: bytes) -> "DeviceList":
        """A list that somebody handed us, as the account key's."""
        reader = Reader(encoded)
        reader.expect(FORMAT)
        named, version, previous_hash, count = reader.take(16), reader.u64(), reader.take(32), reader.u8()
        if named != account:
            raise Refused("the list of another account")
        if version == 0 or (version == 1) != (previous_hash == NO_HASH):
            raise Refused("the first version is 1, and it alone has no list before it")
        if not 1 <= count <= DEVICES_MAX:
            raise Refused("no devices, or too many")
        raw = [(reader.take(16), reader.take(32), reader.take(32)) for _ in range(count)]
        ids = [device for device, _, _ in raw]
        if any(one >= other for one, other in pairwise(ids)):
            raise Refused("devices out of order, or named twice")
        unsigned = reader.read_so_far()
        signature = reader.take(64)
        reader.finish()
        verify(check_ed25519_public(key), signature, SIGNED + unsigned)
        entries = tuple(Entry(device, DevicePublic.parse(signing, agreement)) for device, signing, agreement in raw)
        return cls(account, version, previous_hash, entries, encoded)

    def hash(self) -> bytes:
        """What the next list names as the one before it."""
        return sha256(HASHED, self.encoded)

    def check_successor_of(self, known: "DeviceList") -> None:
        """Refuses a list that may not replace the known one."""
        if self.account != known.account:
            raise Refused("the list of another account")
        if self.version < known.version:
            raise RolledBack
        if self.version == known.version and self.encoded != known.encoded:
            raise Forked
        if self.version == known.version + 1 and self.previous_hash != known.hash():
            raise Forked
