"""Section 3: lists that one implementation signs and the other verifies, and what both refuse."""

import unittest
from typing import Any

import peer
from parties import kind
from waxwing import device_list
from waxwing.device_list import DeviceList, Entry
from waxwing.encoding import u8, u64
from waxwing.errors import Forked, Refused, RolledBack
from waxwing.keys import AccountKey, DeviceSecrets
from waxwing.primitives import sign

ACCOUNT = b"the account's id"


def entry(number: int) -> Entry:
    return Entry(bytes([number]) * 16, DeviceSecrets.generate().public())


def signed_by_rust(key: AccountKey, previous: DeviceList | None, entries: list[Entry]) -> bytes:
    devices = [{"device": e.device, "signing": e.keys.signing, "agreement": e.keys.agreement} for e in entries]
    fields: dict[str, Any] = {"previous": previous.encoded} if previous else {}
    return peer.shared().bytes("sign_device_list", "list", account=ACCOUNT, seed=key.seed, devices=devices, **fields)


def outcome(run: Any) -> type[Refused] | None:
    try:
        run()
    except Refused as refusal:
        return kind(refusal)
    return None


class DeviceLists(unittest.TestCase):
    def setUp(self) -> None:
        self.key = AccountKey.generate()

    def both(self, encoded: bytes, known: DeviceList | None = None, account: bytes = ACCOUNT) -> type[Refused] | None:
        """What both make of a list: the same."""
        key = self.key.public()

        def in_python() -> None:
            found = DeviceList.verify(encoded, account, key)
            if known:
                found.check_successor_of(known)

        fields = {"known": known.encoded} if known else {}
        rust = outcome(
            lambda: peer.shared().ask("verify_device_list", list=encoded, account=account, key=key, **fields)
        )
        self.assertEqual(rust, outcome(in_python))
        return rust

    def sign(self, version: int, previous: bytes, entries: list[Entry], count: int | None = None) -> bytes:
        """Signs what `DeviceList.sign` would not."""
        unsigned = b"\1" + ACCOUNT + u64(version) + previous + u8(len(entries) if count is None else count)
        unsigned += b"".join(e.device + e.keys.encode() for e in entries)
        return unsigned + sign(self.key.seed, device_list.SIGNED + unsigned)

    def test_both_sign_the_same_bytes(self) -> None:
        known = None
        for entries in ([entry(5)], [entry(9), entry(2)], [entry(n) for n in range(16)], [entry(7)]):
            known, before = DeviceList.sign(ACCOUNT, self.key, known, entries), known
            self.assertEqual(signed_by_rust(self.key, before, entries), known.encoded)
            self.assertIsNone(self.both(known.encoded, before))

    def test_successors_forks_and_rollbacks(self) -> None:
        first = DeviceList.sign(ACCOUNT, self.key, None, [entry(1)])
        second = DeviceList.sign(ACCOUNT, self.key, first, [entry(1), entry(2)])
        third = DeviceList.sign(ACCOUNT, self.key, second, [entry(2)])
        other_second = DeviceList.sign(ACCOUNT, self.key, first, [entry(3)])
        other_third = DeviceList.sign(ACCOUNT, self.key, other_second, [entry(3)])
        for known, following, expected in (
            (first, first, None),
            (first, second, None),
            (first, third, None),
            (first, other_third, None),
            (third, second, RolledBack),
            (third, first, RolledBack),
            (second, other_second, Forked),
            (second, other_third, Forked),
            (third, other_second, RolledBack),
        ):
            self.assertIs(self.both(following.encoded, known), expected)

    def test_the_greatest_version_follows_any(self) -> None:
        first = DeviceList.sign(ACCOUNT, self.key, None, [entry(1)])
        self.assertIsNone(self.both(self.sign(2**64 - 1, b"\1" * 32, [entry(1)]), first))

    def test_what_is_not_a_list_both_refuse_though_signed(self) -> None:
        hash_ = b"\1" * 32
        one, two = entry(1), entry(2)
        weak = Entry(b"\3" * 16, type(one.keys)(one.keys.signing, bytes(32)))
        for name, encoded in {
            "version 0": self.sign(0, bytes(32), [one]),
            "version 0 with a hash": self.sign(0, hash_, [one]),
            "first with a hash": self.sign(1, hash_, [one]),
            "second without": self.sign(2, bytes(32), [one]),
            "no device": self.sign(1, bytes(32), []),
            "17 devices": self.sign(1, bytes(32), [entry(n) for n in range(17)]),
            "descending": self.sign(1, bytes(32), [two, one]),
            "twice": self.sign(1, bytes(32), [one, one]),
            "count too high": self.sign(1, bytes(32), [one], 2),
            "count too low": self.sign(1, bytes(32), [one, two], 1),
            "a weak key": self.sign(1, bytes(32), [one, weak]),
        }.items():
            with self.subTest(name):
                self.assertIs(self.both(encoded), Refused)
        self.assertIsNone(self.both(self.sign(1, bytes(32), [one, two])))

    def test_a_flipped_bit_another_account_and_another_key_are_refused(self) -> None:
        good = DeviceList.sign(ACCOUNT, self.key, None, [entry(1), entry(2)]).encoded
        for at in range(len(good)):
            self.assertIs(self.both(good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :]), Refused)
        self.assertIs(self.both(good[:-1]), Refused)
        self.assertIs(self.both(good + b"\0"), Refused)
        self.assertIs(self.both(good, account=bytes(16)), Refused)
        self.key = AccountKey.generate()
        self.assertIs(self.both(good), Refused)

    def test_signatures_are_verified_strictly(self) -> None:
        """`S` plus the order, and an `R` of small order, hold for a lenient verifier only."""
        good = DeviceList.sign(ACCOUNT, self.key, None, [entry(1)]).encoded
        order = 2**252 + 27742317777372353535851937790883648493
        s = int.from_bytes(good[-32:], "little") + order
        self.assertIs(self.both(good[:-32] + s.to_bytes(32, "little")), Refused)
        self.assertIs(self.both(good[:-64] + b"\1" + bytes(31) + good[-32:]), Refused)
