"""Section 17: sender keys. Either implementation writes, and both read, to the same plaintext and the same stored key."""

import hashlib
import random
import secrets
import unittest
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import peer
from parties import kind
from waxwing import curve, primitives, sender_keys
from waxwing.errors import BeforeStart, Duplicate, Refused, TooFarAhead
from waxwing.keys import Address
from waxwing.message import PLAINTEXT_BYTES_MAX
from waxwing.ratchet import body_keys, chain_step
from waxwing.sender_keys import Epoch, GroupMessage, Origin, ReceiverKey, SenderKey

EPOCH = Epoch(b"the group's id  ", 2**40 + 3, b"h" * 32)
SENDER = Address(b"a" * 16, b"d" * 16)
T = TypeVar("T")
IMPLEMENTATIONS = ("Rust", "Python")


def fields(epoch: Epoch, sender: Address) -> dict[str, Any]:
    named = {"group": epoch.group, "number": epoch.number, "roster_hash": epoch.roster_hash}
    return {"epoch": named, "sender": {"account": sender.account, "device": sender.device}}


class Writer:
    """A device that writes, played by one implementation."""

    def __init__(self, implementation: str, epoch: Epoch = EPOCH, sender: Address = SENDER) -> None:
        self.implementation = implementation
        if implementation == "Rust":
            self.stored = peer.shared().bytes("make_sender_key", "key", **fields(epoch, sender))
        else:
            self.stored = SenderKey.generate(epoch, sender).encode()

    @property
    def key(self) -> SenderKey:
        """As the stored form says."""
        return SenderKey.decode(self.stored)

    def distribution(self) -> bytes:
        """It is a function of the key, so both must make the same."""
        told, key = peer.shared().ask("own_sender_key", key=self.stored), self.key
        assert bytes.fromhex(told["key"]) == self.stored == key.encode()
        assert bytes.fromhex(told["chain_id"]) == sender_keys.chain_id(key.origin_hash())
        assert told["messages"] == key.number
        assert bytes.fromhex(told["distribution"]) == key.distribution()
        return key.distribution()

    def encrypt(self, plaintext: bytes, associated: bytes = b"") -> tuple[bytes, bytes]:
        """A message and its digest."""
        if self.implementation == "Rust":
            given = {"key": self.stored, "plaintext": plaintext, "associated": associated}
            answer = peer.shared().ask("group_encrypt", **given)
            self.stored = bytes.fromhex(answer["key"])
            return bytes.fromhex(answer["message"]), bytes.fromhex(answer["digest"])
        key, message, digest = self.key.encrypt(plaintext, associated)
        self.stored = key.encode()
        return message.encode(), digest

    def forge(self, iteration: int, plaintext: bytes = b"forged") -> bytes:
        """A message with any number at or above the next."""
        chain_key = self.key.chain_key
        for _ in range(min(iteration - self.key.number, 3_000)):
            chain_key = chain_step(chain_key)[1]
        return sender_keys.seal_with(self.key, chain_step(chain_key)[0], iteration, plaintext, b"")[0].encode()


class Reader:
    """A device that reads, played by both."""

    def __init__(self, distribution: bytes, epoch: Epoch = EPOCH, sender: Address = SENDER) -> None:
        given = {"distribution": distribution, **fields(epoch, sender)}
        self.stored = both(
            lambda: peer.shared().bytes("accept_sender_key", "key", **given),
            lambda: ReceiverKey.accept(distribution, epoch, sender).encode(),
        )

    def decrypt(self, message: bytes, associated: bytes = b"") -> tuple[bytes, bytes]:
        """The plaintext and the digest."""

        def in_rust() -> tuple[bytes, ...]:
            given = {"key": self.stored, "message": message, "associated": associated}
            try:
                answer = peer.shared().ask("group_decrypt", **given)
            except Refused as refusal:
                assert refusal.args[1] in (None, self.stored.hex()), "a refusal changed the key"
                raise
            return tuple(bytes.fromhex(answer[name]) for name in ("key", "plaintext", "digest"))

        def in_python() -> tuple[bytes, ...]:
            key, plain, digest = ReceiverKey.decode(self.stored).decrypt(GroupMessage.parse(message), associated)
            return key.encode(), plain, digest

        self.stored, plain, digest = both(in_rust, in_python)
        return plain, digest

    def backlog(self, messages: list[bytes], associated: bytes = b"") -> list[bool]:
        """Whether the signatures hold, in batches and alone."""
        items = [{"message": message} for message in messages]
        told = peer.shared().ask("group_backlog", key=self.stored, messages=items, associated=associated)
        key = ReceiverKey.decode(self.stored)
        alone = [holds(lambda m=m: key.verify(GroupMessage.parse(m), associated)) for m in messages]  # type: ignore[misc]
        assert told["verified"] == alone
        return alone


def holds(run: Callable[[], object]) -> bool:
    try:
        run()
    except Refused:
        return False
    return True


def both(in_rust: Callable[[], T], in_python: Callable[[], T]) -> T:
    """The same outcome of both: what is returned, or the kind of the refusal."""
    outcomes: list[T | type[Refused]] = []
    for run in (in_rust, in_python):
        try:
            outcomes.append(run())
        except Refused as refusal:
            outcomes.append(kind(refusal))
    rust, python = outcomes
    assert rust == python, f"Rust: {rust!r}, Python: {python!r}"
    if isinstance(rust, type):
        raise rust
    return rust


class SenderKeys(unittest.TestCase):
    def refused(
        self, reader: Reader, message: bytes, expected: type[Refused] = Refused, associated: bytes = b""
    ) -> None:
        before = reader.stored
        with self.assertRaises(Refused) as caught:
            reader.decrypt(message, associated)
        self.assertIs(type(caught.exception), expected)
        self.assertEqual(reader.stored, before)


class Reading(SenderKeys):
    def test_every_member_reads_the_same_and_has_the_same_digest(self) -> None:
        for implementation in IMPLEMENTATIONS:
            with self.subTest(implementation):
                writer = Writer(implementation)
                members = [Reader(writer.distribution()) for _ in range(3)]
                for number in range(4):
                    message, digest = writer.encrypt(b"hello %d" % number, b"bound")
                    for member in members:
                        self.assertEqual(member.decrypt(message, b"bound"), (b"hello %d" % number, digest))

    def test_a_stored_key_goes_on_in_the_other_implementation(self) -> None:
        writer = Writer("Rust")
        reader = Reader(writer.distribution())
        for number in range(6):
            writer.implementation = IMPLEMENTATIONS[number % 2]
            self.assertEqual(reader.decrypt(writer.encrypt(b"%d" % number)[0])[0], b"%d" % number)

    def test_who_comes_late_reads_from_then_on(self) -> None:
        for implementation in IMPLEMENTATIONS:
            with self.subTest(implementation):
                writer = Writer(implementation)
                early, before = Reader(writer.distribution()), [writer.encrypt(b"early")[0] for _ in range(3)]
                late = Reader(writer.distribution())
                told = peer.shared().ask("anothers_sender_key", key=late.stored)
                self.assertEqual((told["first"], told["next"]), (3, 3))
                after = writer.encrypt(b"later")[0]
                for message in before:
                    self.refused(late, message, BeforeStart)
                self.assertEqual(late.decrypt(after)[0], b"later")
                self.refused(late, before[2], BeforeStart)
                self.assertEqual(early.decrypt(after)[0], b"later")
                self.assertEqual(early.decrypt(before[1])[0], b"early")

    def test_any_order_loss_and_repetition_gives_each_once(self) -> None:
        for seed in range(10):
            chance = random.Random(seed)
            with self.subTest(seed=seed):
                writer = Writer(chance.choice(IMPLEMENTATIONS))
                reader = Reader(writer.distribution())
                flying, opened = [], set()
                for number in range(30):
                    flying.append((number, writer.encrypt(b"%d" % number, b"ad")[0]))
                    while flying and chance.random() < 0.5:
                        number, message = flying[chance.randrange(len(flying))]
                        if number in opened:
                            self.refused(reader, message, Duplicate, b"ad")
                            flying.remove((number, message))
                        elif chance.random() < 0.8:
                            self.assertEqual(reader.decrypt(message, b"ad")[0], b"%d" % number)
                            opened.add(number)
                self.assertGreater(len(opened), 9)

    def test_an_old_copy_numbers_its_messages_again_and_they_are_duplicates(self) -> None:
        for implementation in IMPLEMENTATIONS:
            writer = Writer(implementation)
            reader, copy = Reader(writer.distribution()), writer.stored
            self.assertEqual(reader.decrypt(writer.encrypt(b"one")[0])[0], b"one")
            writer.stored = copy
            self.refused(reader, writer.encrypt(b"two")[0], Duplicate)

    def test_plaintexts_up_to_the_limit(self) -> None:
        for implementation in IMPLEMENTATIONS:
            writer = Writer(implementation)
            reader, copy = Reader(writer.distribution()), writer.stored
            with self.assertRaises(Refused):
                writer.encrypt(bytes(PLAINTEXT_BYTES_MAX + 1))
            self.assertEqual(writer.stored, copy)
            for size in (0, PLAINTEXT_BYTES_MAX):
                self.assertEqual(reader.decrypt(writer.encrypt(bytes(size))[0])[0], bytes(size))
        longest = 131_072 - 151
        self.assertEqual(reader.decrypt(writer.forge(2, bytes(longest)))[0], bytes(longest))
        self.refused(reader, writer.forge(2, bytes(longest + 1)))

    def test_transcripts_agree(self) -> None:
        digests = [secrets.token_bytes(32) for _ in range(5)]
        items = [{"digest": digest} for digest in digests]
        told = peer.shared().bytes("transcript", "transcript", digests=items)
        self.assertEqual(told, sender_keys.transcript(digests))


class Limits(SenderKeys):
    def test_two_thousand_may_be_skipped_and_are_kept(self) -> None:
        writer = Writer("Python")
        reader = Reader(writer.distribution())
        self.refused(reader, writer.forge(2_001), TooFarAhead)
        self.assertEqual(reader.decrypt(writer.forge(2_000))[0], b"forged")
        self.assertEqual(reader.decrypt(writer.forge(2_002))[0], b"forged")  # 2,001 keys: the lowest number leaves
        self.refused(reader, writer.forge(0), Duplicate)
        for number in (1, 1_999, 2_001):
            self.assertEqual(reader.decrypt(writer.forge(number))[0], b"forged")
            self.refused(reader, writer.forge(number), Duplicate)

    def test_a_jump_of_four_billion_is_refused_at_once(self) -> None:
        writer = Writer("Python")
        self.refused(Reader(writer.distribution()), writer.forge(2**32 - 1), TooFarAhead)

    def test_a_chain_ends_with_its_numbers(self) -> None:
        for implementation in IMPLEMENTATIONS:
            for number in (2**32 - 3, 2**32 - 2, 2**32 - 1):
                writer = Writer(implementation)
                writer.stored = replace(writer.key, number=number).encode()
                reader = Reader(writer.distribution())
                if number < 2**32 - 1:
                    self.assertEqual(reader.decrypt(writer.encrypt(b"last")[0])[0], b"last")
                else:
                    self.assertRaises(Refused, writer.encrypt, b"beyond")
                    self.refused(reader, writer.forge(number))


class Lies(SenderKeys):
    def test_a_distribution_of_another_group_epoch_roster_or_sender_is_refused(self) -> None:
        for implementation in IMPLEMENTATIONS:
            distribution = Writer(implementation).distribution()
            for epoch, sender in (
                (replace(EPOCH, group=bytes(16)), SENDER),
                (replace(EPOCH, number=EPOCH.number + 1), SENDER),
                (replace(EPOCH, roster_hash=bytes(32)), SENDER),
                (EPOCH, replace(SENDER, account=bytes(16))),
                (EPOCH, replace(SENDER, device=bytes(16))),
            ):
                with self.assertRaises(Refused):
                    Reader(distribution, epoch, sender)
            Reader(distribution)

    def test_what_is_no_distribution_is_refused(self) -> None:
        good = Writer("Python").distribution()
        signing = 2 + 88
        bad = [good[:-1], good + b"\0", b"", b"\2" + good[1:], good[:1] + b"\2" + good[2:]]
        bad += [good[:signing] + key + good[signing + 32 :] for key in (bytes(32), b"\1" + bytes(31), b"\xff" * 32)]
        for distribution in bad:
            with self.assertRaises(Refused):
                Reader(distribution)

    def test_whoever_hands_on_the_key_of_another_is_found_out(self) -> None:
        writer, thief = Writer("Rust"), Address(b"t" * 16, b"t" * 16)
        stolen = writer.distribution()
        with self.assertRaises(Refused):
            Reader(stolen, sender=thief)
        renamed = stolen[:2] + Origin(EPOCH, thief).encode() + stolen[2 + 88 :]
        self.refused(Reader(renamed, sender=thief), writer.encrypt(b"hello")[0])

    def test_a_member_who_knows_the_chain_cannot_write_in_it(self) -> None:
        writer = Writer("Rust")
        reader = Reader(writer.distribution())
        forger = Writer("Python")
        key = writer.key
        message, digest = sender_keys.seal_with(key, chain_step(key.chain_key)[0], 0, b"forged", b"")
        signature = primitives.sign(forger.key.signing_seed, sender_keys.SIGNED + digest)
        self.refused(reader, replace(message, signature=signature).encode())
        self.refused(reader, forger.encrypt(b"of another chain")[0])
        other = replace(GroupMessage.parse(forger.encrypt(b"x")[0]), chain_id=message.chain_id)
        self.refused(reader, other.encode())
        self.assertEqual(reader.decrypt(message.encode())[0], b"forged")  # with the real signature it is the real one

    def test_what_the_sender_signed_and_did_not_seal_is_refused(self) -> None:
        writer = Writer("Python")
        reader, key = Reader(writer.distribution()), writer.key
        good = sender_keys.seal_with(key, chain_step(key.chain_key)[0], 0, b"hello", b"")[0]
        for lie in (
            replace(good, commitment=bytes(32)),
            replace(good, sealed_body=bytes(21)),
            replace(good, salt=bytes(16)),
            replace(good, iteration=1),
        ):
            digest = sender_keys.digest_of(key.origin_hash(), lie, b"")
            signature = primitives.sign(key.signing_seed, sender_keys.SIGNED + digest)
            self.refused(reader, replace(lie, signature=signature).encode())
        self.assertEqual(reader.decrypt(good.encode())[0], b"hello")

    def test_a_flipped_bit_a_cut_and_other_associated_data_are_refused(self) -> None:
        for implementation in IMPLEMENTATIONS:
            writer = Writer(implementation)
            reader = Reader(writer.distribution())
            message, _ = writer.encrypt(b"hello", b"bound")
            for at in [*range(0, 24, 2), *range(24, len(message), 5), *range(len(message) - 4, len(message))]:
                self.refused(
                    reader, message[:at] + bytes([message[at] ^ 1 << at % 8]) + message[at + 1 :], associated=b"bound"
                )
            for cut in (0, 3, 39, 71, 150, len(message) - 1):
                self.refused(reader, message[:cut], associated=b"bound")
            self.refused(reader, message + b"\0", associated=b"bound")
            self.refused(reader, message, associated=b"")
            self.assertEqual(reader.decrypt(message, b"bound")[0], b"hello")
            self.refused(reader, message, associated=b"")
            self.refused(reader, message, Duplicate, b"bound")

    def test_a_backlog_is_verified_as_each_alone(self) -> None:
        writer = Writer("Rust")
        reader = Reader(writer.distribution())
        messages = [writer.encrypt(b"%d" % number)[0] for number in range(70)]
        self.assertEqual(reader.backlog(messages[:66]), [True] * 66)
        for at, byte in ((3, 50), (40, -1), (41, -40), (65, 10)):
            message = bytearray(messages[at])
            message[byte] ^= 1
            messages[at] = bytes(message)
        verified = reader.backlog(messages)
        self.assertEqual([at for at, good in enumerate(verified) if not good], [3, 40, 41, 65])


class Torsion(SenderKeys):
    """Signatures that only who has the signing key can make, and that the two equations of Ed25519 tell apart."""

    def setUp(self) -> None:
        self.scalar, self.torsion = secrets.randbelow(curve.ORDER), order_8()

    def writer(self, public: curve.Point) -> tuple[Origin, bytes, bytes, Reader]:
        signing, chain_key = curve.encode_edwards(public), bytes(32)
        origin = Origin(EPOCH, SENDER)
        start = bytes([1, 1]) + origin.encode() + signing
        return origin, signing, chain_key, Reader(start + bytes(4) + chain_key)

    def signed(self, public: curve.Point, r_torsion: curve.Point, **changes: Any) -> tuple[Reader, bytes]:
        """A message under that key, whose R has that point of small order added."""
        origin, signing, chain_key, reader = self.writer(public)
        key = SenderKey(origin, bytes(32), 0, chain_key)
        origin_hash = origin.hash(signing)
        sealed = seal_under(key, origin_hash)
        to_sign = sender_keys.SIGNED + sender_keys.digest_of(origin_hash, sealed, b"")
        nonce = changes.get("nonce", secrets.randbelow(curve.ORDER))
        r = changes.get("r", curve.encode_edwards(curve.add(curve.multiply(nonce, curve.BASE), r_torsion)))
        k = int.from_bytes(hashlib.sha512(r + signing + to_sign).digest(), "little")
        s = (nonce + k * self.scalar) % curve.ORDER + changes.get("more", 0)
        return reader, replace(sealed, signature=r + s.to_bytes(32, "little")).encode()

    def test_both_verify_with_the_cofactor_alone_and_in_a_batch(self) -> None:
        honest = curve.multiply(self.scalar, curve.BASE)
        mixed = curve.add(honest, self.torsion)
        for public in (honest, mixed):
            for r_torsion in (curve.IDENTITY, self.torsion, curve.add(self.torsion, self.torsion)):
                reader, message = self.signed(public, r_torsion)
                self.assertEqual(reader.backlog([message]), [True])
                self.assertEqual(reader.backlog([message] * 5), [True] * 5)
                self.assertEqual(reader.decrypt(message)[0], b"torsion")

    def test_both_refuse_what_is_not_canonical_or_of_small_order(self) -> None:
        honest = curve.multiply(self.scalar, curve.BASE)
        small = [curve.IDENTITY, self.torsion, curve.multiply(4, self.torsion)]
        cases: list[dict[str, Any]] = [{"more": curve.ORDER}]
        cases += [{"nonce": 0, "r": curve.encode_edwards(point)} for point in small]
        cases += [
            {"nonce": 0, "r": (curve.P + 1).to_bytes(32, "little")},
            {"nonce": 0, "r": b"\1" + bytes(30) + b"\x80"},
        ]
        for changes in cases:
            reader, message = self.signed(honest, curve.IDENTITY, **changes)
            self.refused(reader, message)
            self.assertEqual(reader.backlog([message]), [False])
            self.assertEqual(reader.backlog([message] * 3), [False] * 3)
        for point in small:
            with self.assertRaises(Refused):
                self.writer(point)


def order_8() -> curve.Point:
    """A point of order 8."""
    for y in range(2, 1_000):
        try:
            point = curve.multiply(curve.ORDER, curve.decode_edwards(y.to_bytes(32, "little")))
        except Refused:
            continue
        if not curve.is_same(curve.multiply(4, point), curve.IDENTITY):
            return point
    raise AssertionError("there are four such points in eight")


def seal_under(key: SenderKey, origin_hash: bytes) -> GroupMessage:
    """Seals for a signing key of which only the scalar is known; the signature is still to come."""
    salt = secrets.token_bytes(16)
    cipher_key, nonce, commitment = body_keys(salt, chain_step(key.chain_key)[0])
    message = GroupMessage(sender_keys.chain_id(origin_hash), 0, salt, commitment, b"", bytes(64))
    bound = origin_hash + message.before_commitment()
    return replace(message, sealed_body=primitives.seal(cipher_key, nonce, b"torsion", bound))


class AtRest(SenderKeys):
    def taken(self, operation: str, decode: Callable[[bytes], Any], stored: bytes) -> bool:
        def in_rust() -> bytes:
            return peer.shared().bytes(operation, "key", key=stored)

        def in_python() -> bytes:
            encoded: bytes = decode(stored).encode()
            return encoded

        try:
            self.assertEqual(both(in_rust, in_python), stored)
            return True
        except Refused:
            return False

    def test_an_own_key_has_one_encoding(self) -> None:
        stored = Writer("Rust").stored
        for changed, expected in (
            (stored, True),
            (replace(SenderKey.decode(stored), number=2**32 - 1).encode(), True),
            (stored[:-1], False),
            (stored + b"\0", False),
            *((stored[:at] + b"\2" + stored[at + 1 :], False) for at in range(3)),
            (stored[:2] + b"\1" + stored[3:], False),
        ):
            self.assertEqual(self.taken("own_sender_key", SenderKey.decode, changed), expected)

    def test_anothers_key_has_one_encoding(self) -> None:
        writer = Writer("Python")
        writer.encrypt(b"before")
        reader = Reader(writer.distribution())
        reader.decrypt(writer.forge(5))
        key = ReceiverKey.decode(reader.stored)
        self.assertEqual((key.first, key.next, sorted(key.skipped)), (1, 6, [1, 2, 3, 4]))
        many = {number: bytes(32) for number in range(2_001)}
        for changed, expected in (
            (key, True),
            (replace(key, skipped={}), True),
            (replace(key, skipped={5: bytes(32)}), True),
            (replace(key, skipped={6: bytes(32)}), False),
            (replace(key, skipped={0: bytes(32)}), False),
            (replace(key, first=6, skipped={}), True),
            (replace(key, first=7, skipped={}), False),
            (replace(key, first=0, next=5_000, skipped=many), False),
            (replace(key, first=0, next=5_000, skipped=dict(list(many.items())[1:])), True),
            (replace(key, signing=bytes(32)), False),
            (replace(key, next=2**32 - 1), True),
        ):
            self.assertEqual(self.taken("anothers_sender_key", ReceiverKey.decode, changed.encode()), expected, changed)
        stored = reader.stored
        self.assertFalse(self.taken("anothers_sender_key", ReceiverKey.decode, stored[:-1]))
        self.assertFalse(self.taken("anothers_sender_key", ReceiverKey.decode, stored + b"\0"))
        self.assertFalse(self.taken("anothers_sender_key", ReceiverKey.decode, stored[:2] + b"\0" + stored[3:]))
