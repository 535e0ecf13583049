"""Device lists (section 3): the devices of an account, signed by it, each list naming the one before and what was removed."""

from dataclasses import dataclass
from itertools import pairwise

from waxwing.encoding import Reader, u8, u64
from waxwing.errors import Forked, KeysMoved, Refused, Returned, RolledBack
from waxwing.keys import AccountKey, DevicePublic
from waxwing.primitives import check_ed25519_public, label, sha256, sign, verify

SIGNED = label("Waxwing v1 device list")
HASHED = label("Waxwing v1 device list hash")
REMOVED = label("Waxwing v1 removed device")

LIST_FORMAT = 2
DEVICES_MAX = 8
REMOVALS_MAX = 64
NO_HASH = bytes(32)


@dataclass(frozen=True)
class Entry:
    """One device."""

    device: bytes
    keys: DevicePublic

    def encode(self) -> bytes:
        return self.device + self.keys.encode()

    def key_hash(self) -> bytes:
        """By which a removal remembers the signing key."""
        return sha256(REMOVED, self.keys.signing)[:16]


@dataclass(frozen=True)
class Removal:
    """A device that must not come back, and the first version without it."""

    since: int
    device: bytes
    key_hash: bytes

    def encode(self) -> bytes:
        return u64(self.since) + self.device + self.key_hash

    def is_of(self, entry: Entry) -> bool:
        return self.device == entry.device or self.key_hash == entry.key_hash()


@dataclass(frozen=True)
class DeviceList:
    """A list whose signature holds. Only `sign` and `verify` make one."""

    account: bytes
    key: bytes
    version: int
    previous_hash: bytes
    entries: tuple[Entry, ...]
    removals: tuple[Removal, ...]
    encoded: bytes

    @classmethod
    def sign(cls, account: bytes, key: AccountKey, previous: "DeviceList | None", entries: list[Entry]) -> "DeviceList":
        """The list that follows `previous`, or the first one."""
        version = previous.version + 1 if previous else 1
        previous_hash = previous.hash() if previous else NO_HASH
        removals = previous.remembered_by_next(entries) if previous else ()
        encoded = encode_signed(account, key, version, previous_hash, sorted(entries, key=Entry.encode), removals)
        signed = cls.verify(encoded, account, key.public())
        if previous:
            signed.check_successor_of(previous)
        return signed

    @classmethod
    def verify(cls, encoded: bytes, account: bytes, key: bytes) -> "DeviceList":
        """A list that somebody handed us, as the account key's."""
        reader = Reader(encoded)
        reader.expect(LIST_FORMAT)
        named, version, previous_hash = reader.take(16), reader.u64(), reader.take(32)
        raw = [(reader.take(16), reader.take(32), reader.take(32)) for _ in range(reader.u8())]
        removals = tuple(Removal(reader.u64(), reader.take(16), reader.take(16)) for _ in range(reader.u8()))
        unsigned = reader.read_so_far()
        signature = reader.take(64)
        reader.finish()
        if named != account:
            raise Refused("the list of another account")
        verify(check_ed25519_public(key), signature, SIGNED + unsigned)
        entries = tuple(Entry(device, DevicePublic.parse(signing, agreement)) for device, signing, agreement in raw)
        found = cls(account, key, version, previous_hash, entries, removals, encoded)
        found.check()
        return found

    def check(self) -> None:
        """What holds of every list by itself."""
        if self.version == 0 or (self.version == 1) != (self.previous_hash == NO_HASH):
            raise Refused("the first version is 1, and it alone has no list before it")
        if not 1 <= len(self.entries) <= DEVICES_MAX or len(self.removals) > REMOVALS_MAX:
            raise Refused("no devices, or too many, or too many removals")
        if not ascends([entry.device for entry in self.entries]):
            raise Refused("devices out of order, or named twice")
        for keys in zip(*((entry.keys.signing, entry.keys.agreement) for entry in self.entries), strict=True):
            if len(set(keys)) != len(keys):
                raise Refused("a key that stands twice")
        if not ascends([removal.encode() for removal in self.removals]):
            raise Refused("removals out of order")
        if not all(2 <= removal.since <= self.version for removal in self.removals):
            raise Refused("a removal since a version that cannot be")
        self.check_nobody_returns(self.removals)

    def check_nobody_returns(self, removals: tuple[Removal, ...]) -> None:
        """No entry has the id or the key hash of a removal."""
        if any(removal.is_of(entry) for removal in removals for entry in self.entries):
            raise Returned

    def hash(self) -> bytes:
        """What the next list names as the one before it."""
        return sha256(HASHED, self.encoded)

    def remembered_by_next(self, entries: list[Entry]) -> tuple[Removal, ...]:
        """The removals of the next list, if that has these entries."""
        staying = {entry.device for entry in entries}
        gone = [Removal(self.version + 1, e.device, e.key_hash()) for e in self.entries if e.device not in staying]
        return tuple(sorted([*self.removals, *gone], key=Removal.encode)[-REMOVALS_MAX:])

    def check_successor_of(self, known: "DeviceList") -> None:
        """Refuses a list that may not replace the known one."""
        if (self.account, self.key) != (known.account, known.key):
            raise Refused("the list of another account, or under another key")
        if self.version < known.version:
            raise RolledBack
        if self.version == known.version:
            if self.encoded != known.encoded:
                raise Forked
            return
        is_next = self.version == known.version + 1
        if is_next and self.previous_hash != known.hash():
            raise Forked
        self.check_nobody_returns(known.removals)
        if any(has_moved(entry, before) for entry in self.entries for before in known.entries):
            raise KeysMoved
        if is_next and self.removals != known.remembered_by_next(list(self.entries)):
            raise Forked


def has_moved(entry: Entry, before: Entry) -> bool:
    """Whether two entries have something the same, and not all."""
    same = {
        entry.device == before.device,
        entry.keys.signing == before.keys.signing,
        entry.keys.agreement == before.keys.agreement,
    }
    return len(same) == 2


def ascends(values: list[bytes]) -> bool:
    """Whether each is smaller than the next."""
    return all(one < other for one, other in pairwise(values))


def encode_signed(
    account: bytes,
    key: AccountKey,
    version: int,
    previous_hash: bytes,
    entries: list[Entry],
    removals: tuple[Removal, ...],
) -> bytes:
    """Signs a list, whatever it says."""
    unsigned = bytes([LIST_FORMAT]) + account + u64(version) + previous_hash
    unsigned += u8(len(entries)) + b"".join(entry.encode() for entry in entries)
    unsigned += u8(len(removals)) + b"".join(removal.encode() for removal in removals)
    return unsigned + sign(key.seed, SIGNED + unsigned)
