"""Sections 2 and 4: both implementations take and refuse the same keys, and read each other's stored forms and bundles."""

import secrets
import unittest
from typing import Any

import peer
from parties import PythonParty, RustParty, named
from waxwing import bundle, curve
from waxwing.bundle import Bundle
from waxwing.errors import Refused
from waxwing.handshake import Theirs
from waxwing.keys import DevicePublic, DeviceSecrets, OneTimePrekey, WeeklyPrekey
from waxwing.primitives import ed25519_public, sign


def little(number: int) -> bytes:
    return number.to_bytes(32, "little")


TOP = 2**255
SMALL_Y = {0, 1, curve.P - 1}


class PublicKeys(unittest.TestCase):
    def agree(self, signing: bytes, agreement: bytes, taken: bool) -> None:
        theirs: dict[str, Any] = {"device": bytes(16), "signing": signing, "agreement": agreement}
        for refuses in (
            lambda: DevicePublic.parse(signing, agreement),
            lambda: peer.shared().ask("sign_device_list", account=bytes(16), seed=bytes(32), devices=[theirs]),
        ):
            if taken:
                refuses()
            else:
                self.assertRaises(Refused, refuses)

    def test_agreement_keys(self) -> None:
        signing = DeviceSecrets.generate().public().signing
        for number in (9, 2, curve.P - 2, 5, 7, int.from_bytes(secrets.token_bytes(31), "little")):
            self.agree(signing, little(number), True)
        for number in curve.MONTGOMERY_LOW_ORDER:
            self.agree(signing, little(number), False)
            self.agree(signing, little(number + TOP), False)
        for number in (9 + TOP, *range(curve.P, TOP), 2**256 - 1):
            self.agree(signing, little(number), False)

    def test_signing_keys(self) -> None:
        agreement = DeviceSecrets.generate().public().agreement
        taken = refused = 0
        for number in (*range(2, 60), *range(curve.P - 20, TOP), *(n + TOP for n in range(60)), 2**256 - 1):
            good = is_good(little(number))
            taken, refused = taken + good, refused + (not good)
            self.agree(little(number), agreement, good)
        self.assertTrue(taken and refused)
        order8 = [point for point in map(eighth, range(2, 400)) if point]
        for encoded in (*order8[:2], *map(little, SMALL_Y), little(TOP + 1), little(TOP)):
            self.agree(encoded, agreement, False)

    def test_a_key_with_torsion_is_taken_by_both(self) -> None:
        """It is not of small order, and strict verification does not need more."""
        agreement = DeviceSecrets.generate().public().agreement
        point = curve.decode_edwards(ed25519_public(secrets.token_bytes(32)))
        mixed = curve.add(point, curve.from_affine(0, curve.P - 1))
        self.agree(curve.encode_edwards(mixed), agreement, True)


def is_good(encoded: bytes) -> bool:
    try:
        return not curve.is_edwards_small_order(encoded)
    except Refused:
        return False


def eighth(y: int) -> bytes | None:
    """A point of order 8 or less: any point times the order of the prime subgroup."""
    try:
        return curve.encode_edwards(curve.multiply(curve.ORDER, curve.decode_edwards(little(y))))
    except Refused:
        return None


class Bundles(unittest.TestCase):
    def setUp(self) -> None:
        self.rust, self.python = RustParty(1, peer.shared()), PythonParty(2)

    def refused_by_both(self, encoded: bytes, theirs: Theirs) -> None:
        with self.assertRaises(Refused):
            Bundle.verify(encoded, theirs.address, theirs.keys)
        with self.assertRaises(Refused):
            peer.shared().ask("verify_bundle", bundle=encoded, theirs=named(theirs))

    def test_each_verifies_what_the_other_published(self) -> None:
        for last_resort in (False, True):
            for ids in ((0, 0), (1, 2**32 - 1), (2**32 - 1, 1)):
                theirs, published = self.rust.public, self.rust.publish(*ids, last_resort)
                found = Bundle.verify(published, theirs.address, theirs.keys)
                self.assertEqual((found.weekly_id, found.one_time_id, found.one_time is None), (*ids, last_resort))
                theirs, published = self.python.public, self.python.publish(*ids, last_resort)
                peer.shared().ask("verify_bundle", bundle=published, theirs=named(theirs))

    def test_stored_prekeys_have_one_form(self) -> None:
        for last_resort in (False, True):
            self.rust.publish(3, 4, last_resort)
            weekly, one_time = WeeklyPrekey.decode(self.rust.weekly), OneTimePrekey.decode(self.rust.one_time)
            self.assertEqual((weekly.encode(), one_time.encode()), (self.rust.weekly, self.rust.one_time))
            # The bundle is a function of the stored prekeys, up to the signature, which Ed25519 makes deterministic.
            theirs = DeviceSecrets.decode(self.rust.secrets)
            made = bundle.make(self.rust.address, theirs, weekly, one_time)
            prekeys = {"weekly": self.rust.weekly, "one_time": self.rust.one_time}
            self.assertEqual(peer.shared().bytes("bundle", "bundle", **self.rust.ours(), **prekeys), made)

    def test_a_flipped_bit_is_refused_by_both(self) -> None:
        theirs, published = self.python.public, self.python.publish()
        for at in [*range(150), *range(150, len(published), 40), *range(len(published) - 64, len(published))]:
            self.refused_by_both(published[:at] + bytes([published[at] ^ 1 << at % 8]) + published[at + 1 :], theirs)
        self.refused_by_both(published[:-1], theirs)
        self.refused_by_both(published + b"\0", theirs)

    def test_a_bundle_of_another_device_is_refused_by_both(self) -> None:
        other = PythonParty(3)
        self.refused_by_both(other.publish(), self.python.public)
        self.refused_by_both(self.python.publish(), Theirs(self.python.address, other.keys()))
        self.refused_by_both(self.python.publish(), Theirs(other.address, self.python.keys()))

    def test_a_bad_key_is_refused_by_both_though_signed(self) -> None:
        published = self.python.publish()
        weekly, one_time = 98 + 4, 98 + 4 + 32 + 4 + 1
        kem = one_time + 32
        replaced = [(weekly, little(number)) for number in (*curve.MONTGOMERY_LOW_ORDER, curve.P, 9 + TOP)]
        replaced += [(one_time, little(number)) for number in (*curve.MONTGOMERY_LOW_ORDER, curve.P, 9 + TOP)]
        replaced += [(kem, b"\x01\x0d"), (kem + 1533, b"\xff\xff\xff")]
        replaced += [
            (weekly - 4, b"\0\0\0\1")
        ]  # the last is harmless, and shows that the others were refused for the key
        for at, value in replaced:
            unsigned = published[:at] + value + published[at + len(value) : -64]
            signed = unsigned + sign(DeviceSecrets.decode(self.python.secrets).signing, bundle.SIGNED + unsigned)
            if at == weekly - 4:
                Bundle.verify(signed, self.python.address, self.python.keys())
                peer.shared().ask("verify_bundle", bundle=signed, theirs=named(self.python.public))
            else:
                self.refused_by_both(signed, self.python.public)
