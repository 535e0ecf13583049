"""Section 3: lists that one implementation signs and the other verifies, and what both refuse."""

import hashlib
import random
import unittest
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import peer
from parties import kind
from waxwing import curve, device_list
from waxwing.device_list import DeviceList, Entry, Removal
from waxwing.errors import Forked, KeysMoved, Refused, Returned, RolledBack
from waxwing.keys import AccountKey, DevicePublic, DeviceSecrets

ACCOUNT = b"the account's id"
HASH = b"\1" * 32


def entry(number: int) -> Entry:
    return Entry(bytes([number]) * 16, DeviceSecrets.generate().public())


def removal(since: int, number: int) -> Removal:
    return Removal(since, bytes([number]) * 16, bytes([number, 9]) * 8)


def signed_by_rust(key: AccountKey, previous: DeviceList | None, entries: list[Entry]) -> bytes:
    devices = [{"device": e.device, "signing": e.keys.signing, "agreement": e.keys.agreement} for e in entries]
    fields: dict[str, Any] = {"previous": previous.encoded} if previous else {}
    return peer.shared().bytes("sign_device_list", "list", account=ACCOUNT, seed=key.seed, devices=devices, **fields)


def outcome(run: Callable[[], object]) -> type[Refused] | None:
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

        fields: dict[str, Any] = {"list": encoded, "account": account, "key": key}
        if known:
            fields["known"] = known.encoded
        rust = outcome(lambda: peer.shared().ask("verify_device_list", **fields))
        self.assertEqual(rust, outcome(in_python))
        return rust

    def forge(self, version: int, previous: bytes, entries: list[Entry], *removals: Removal) -> bytes:
        """Signs what `DeviceList.sign` might not."""
        return device_list.encode_signed(ACCOUNT, self.key, version, previous, entries, removals)

    def sign(self, known: DeviceList | None, *entries: Entry) -> DeviceList:
        """Signs in both, to the same bytes."""
        signed = DeviceList.sign(ACCOUNT, self.key, known, list(entries))
        self.assertEqual(signed_by_rust(self.key, known, list(entries)), signed.encoded)
        self.assertIsNone(self.both(signed.encoded, known))
        return signed

    def test_both_sign_the_same_bytes_and_remember_what_was_removed(self) -> None:
        chance = random.Random(3)
        known, staying = None, [entry(0)]
        for number in range(1, 120):
            going = chance.sample(staying, chance.randint(0, min(2, len(staying))))
            staying = [one for one in staying if one not in going][:6] + [entry(number)]
            chance.shuffle(staying)
            known = self.sign(known, *staying)
        assert known
        self.assertEqual(len(known.removals), device_list.REMOVALS_MAX)

    def test_both_refuse_to_sign_what_may_not_follow(self) -> None:
        phone, laptop, new = entry(1), entry(2), entry(3)
        first = self.sign(None, phone, laptop)
        second = self.sign(first, phone)
        for known, entries in (
            (second, [phone, laptop]),
            (second, [phone, replace(laptop, device=new.device)]),
            (second, [phone, replace(new, device=laptop.device)]),
            (first, [phone, replace(new, device=laptop.device)]),
            (first, [phone, replace(laptop, device=new.device)]),
            (first, []),
            (first, [phone, phone]),
            (first, [phone, replace(phone, device=new.device)]),
            (first, [entry(n) for n in range(9)]),
        ):
            with self.assertRaises(Refused):
                DeviceList.sign(ACCOUNT, self.key, known, entries)
            with self.assertRaises(Refused):
                signed_by_rust(self.key, known, entries)

    def test_successors_forks_and_rollbacks(self) -> None:
        phone, laptop, new = entry(1), entry(2), entry(3)
        first = self.sign(None, phone)
        second = self.sign(first, phone, laptop)
        third = self.sign(second, laptop)
        other_second = self.sign(first, new)
        other_third = self.sign(other_second, new)
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

    def test_removals_that_do_not_follow_are_a_fork(self) -> None:
        phone, laptop = entry(1), entry(2)
        first = self.sign(None, phone, laptop)
        gone = Removal(2, laptop.device, laptop.key_hash())
        for removals, expected in (
            ((gone,), None),
            ((), Forked),
            ((gone, removal(2, 9)), Forked),
            ((replace(gone, key_hash=bytes(16)),), Forked),
            ((replace(gone, device=bytes(16)),), Forked),
        ):
            self.assertIs(self.both(self.forge(2, first.hash(), [phone], *removals), first), expected)
        # Over a gap there is nothing to compare them with.
        for removals in ((), (removal(3, 9),), (replace(gone, since=3),)):
            self.assertIsNone(self.both(self.forge(3, HASH, [phone], *removals), first))

    def test_nobody_returns_and_no_key_moves_however_far_apart(self) -> None:
        phone, laptop, new = entry(1), entry(2), entry(3)
        first = self.sign(None, phone, laptop)
        second = self.sign(first, phone)
        moved = [
            replace(new, device=phone.device),
            replace(phone, device=new.device),
            replace(phone, keys=DevicePublic(phone.keys.signing, new.keys.agreement)),
            replace(phone, keys=DevicePublic(new.keys.signing, phone.keys.agreement)),
            replace(new, keys=DevicePublic(new.keys.signing, phone.keys.agreement)),
        ]
        back = [laptop, replace(new, device=laptop.device), replace(laptop, device=new.device)]
        other_phone = replace(entry(4), device=phone.device)
        for version, previous in ((3, second.hash()), (9, HASH)):
            for one in back:
                self.assertIs(self.both(self.forge(version, previous, [one]), second), Returned)
                self.assertIs(
                    self.both(self.forge(version, previous, sorted([one, other_phone], key=Entry.encode)), second),
                    Returned,
                )
            for one in moved:
                self.assertIs(self.both(self.forge(version, previous, [one]), second), KeysMoved)
        # Of several reasons the next version has its previous hash first, and its removals last.
        for one in (*back, *moved):
            self.assertIs(self.both(self.forge(3, HASH, [one]), second), Forked)
        self.assertIs(self.both(self.forge(2, HASH, [laptop], Removal(2, laptop.device, bytes(16)))), Returned)
        self.assertIs(self.both(self.forge(2, HASH, [laptop], Removal(2, bytes(16), laptop.key_hash()))), Returned)

    def test_the_greatest_version_follows_any(self) -> None:
        phone = entry(1)
        first = self.sign(None, phone)
        self.assertIsNone(self.both(self.forge(2**64 - 1, HASH, [phone]), first))

    def test_what_is_not_a_list_both_refuse_though_signed(self) -> None:
        one, two = entry(1), entry(2)
        good = self.forge(2, HASH, [one, two], removal(2, 7), removal(2, 8))
        self.assertIsNone(self.both(good))
        weak = Entry(b"\3" * 16, DevicePublic(one.keys.signing, bytes(32)))
        twice = [replace(two, keys=DevicePublic(one.keys.signing, two.keys.agreement))]
        twice += [replace(two, keys=DevicePublic(two.keys.signing, one.keys.agreement))]
        for name, encoded in {
            "version 0": self.forge(0, bytes(32), [one]),
            "version 0 with a hash": self.forge(0, HASH, [one]),
            "first with a hash": self.forge(1, HASH, [one]),
            "second without": self.forge(2, bytes(32), [one]),
            "no device": self.forge(1, bytes(32), []),
            "9 devices": self.forge(1, bytes(32), [entry(n) for n in range(9)]),
            "descending": self.forge(1, bytes(32), [two, one]),
            "twice": self.forge(1, bytes(32), [one, one]),
            "a signing key twice": self.forge(1, bytes(32), [one, twice[0]]),
            "an agreement key twice": self.forge(1, bytes(32), [one, twice[1]]),
            "a weak key": self.forge(1, bytes(32), [one, weak]),
            "a removal in the first": self.forge(1, bytes(32), [one], removal(1, 7)),
            "a removal since 1": self.forge(2, HASH, [one], removal(1, 7)),
            "a removal since later": self.forge(2, HASH, [one], removal(3, 7)),
            "removals descending": self.forge(3, HASH, [one], removal(3, 7), removal(2, 8)),
            "a removal twice": self.forge(2, HASH, [one], removal(2, 7), removal(2, 7)),
            "65 removals": self.forge(2, HASH, [one], *(removal(2, n) for n in range(10, 75))),
        }.items():
            with self.subTest(name):
                self.assertIs(self.both(encoded), Refused)
        self.assertIsNone(self.both(self.forge(2, HASH, [one], *(removal(2, n) for n in range(10, 74)))))
        self.assertIsNone(self.both(self.forge(1, bytes(32), [entry(n) for n in range(8)])))

    def test_a_flipped_bit_another_account_and_another_key_are_refused(self) -> None:
        good = self.forge(2, HASH, [entry(1), entry(2)], removal(2, 7))
        for at in range(len(good)):
            self.assertIs(self.both(good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :]), Refused)
        self.assertIs(self.both(good[:-1]), Refused)
        self.assertIs(self.both(good + b"\0"), Refused)
        self.assertIs(self.both(good, account=bytes(16)), Refused)
        self.key = AccountKey.generate()
        self.assertIs(self.both(good), Refused)

    def test_signatures_are_verified_strictly(self) -> None:
        """`S` plus the order, and an `R` of small order for which the equation holds, pass with a lenient verifier only."""
        good = self.forge(1, bytes(32), [entry(1)])
        s = int.from_bytes(good[-32:], "little") + curve.ORDER
        self.assertIs(self.both(good[:-32] + s.to_bytes(32, "little")), Refused)
        unsigned, r = good[:-64], curve.encode_edwards(curve.IDENTITY)
        challenge = hashlib.sha512(r + self.key.public() + device_list.SIGNED + unsigned).digest()
        s = int.from_bytes(challenge, "little") * scalar_of(self.key.seed) % curve.ORDER
        self.assertIs(self.both(unsigned + r + s.to_bytes(32, "little")), Refused)


def scalar_of(seed: bytes) -> int:
    """The secret scalar of a seed (RFC 8032 §5.1.5)."""
    number = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return number & (1 << 254) - 8 | 1 << 254
