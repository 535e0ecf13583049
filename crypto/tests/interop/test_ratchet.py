"""Section 6: loss, reordering, repetition, limits, and what a peer that lies can put into a header.

Most of it is played by twins: both implementations open every message, and must come to the same stored session, byte for byte.
"""

import random
import secrets
from dataclasses import replace
from typing import Any

from parties import Party
from scenario import Scenario, forge, pairs, talking, twins
from waxwing import curve, ratchet, snapshot
from waxwing.errors import Duplicate, Refused, TooFarAhead
from waxwing.primitives import x25519_public
from waxwing.ratchet import Past, Receiving, Sending, State, Waiting

SEEDS = 24


class Disorder(Scenario):
    def test_any_loss_order_and_repetition_gives_each_plaintext_once(self) -> None:
        for seed in range(SEEDS):
            with self.subTest(seed=seed):
                self.run_of_disorder(random.Random(seed), *twins(seed))
        for seed in range(SEEDS, SEEDS + 4):
            for name, alice, bob in pairs():
                with self.subTest(name, seed=seed):
                    self.run_of_disorder(random.Random(seed), alice, bob)

    def run_of_disorder(self, chance: random.Random, alice: Party, bob: Party) -> None:
        loss, repetition, burst = chance.choice([0.0, 0.2, 0.6]), chance.choice([0.0, 0.2]), chance.choice([1, 3, 9])
        alice.initiate(bob.public, bob.publish(last_resort=chance.random() < 0.5))
        other = {id(alice): bob, id(bob): alice}
        flying: list[tuple[Party, bytes, bytes]] = []
        opened: set[bytes] = set()
        for _ in range(160):
            if not flying or chance.random() < 0.4:
                sender = chance.choice([alice, bob]) if bob.stored else alice
                for _ in range(chance.randint(1, burst)):
                    text = chance.randbytes(chance.randint(8, 60))
                    flying.append((other[id(sender)], sender.encrypt(text, text[:3]), text))
                continue
            at = chance.randrange(len(flying)) if chance.random() < 0.5 else 0
            receiver, message, text = flying[at] if chance.random() < repetition else flying.pop(at)
            if chance.random() < loss:
                continue
            if text in opened:
                self.assert_not_opened_again(receiver, message, text)
            elif self.opens(receiver, other[id(receiver)], message, text):
                opened.add(text)
        self.assertTrue(opened)

    def opens(self, receiver: Party, sender: Party, message: bytes, text: bytes) -> bool:
        """A message that is new opens, unless its chain has left."""
        before = receiver.stored
        try:
            self.assertEqual(receiver.open(sender.public, message, text[:3]), text)
            return True
        except Refused:
            self.assertEqual(receiver.stored, before)
            return False

    def assert_not_opened_again(self, receiver: Party, message: bytes, text: bytes) -> None:
        before = receiver.stored
        with self.assertRaises(Refused):
            receiver.decrypt(message, text[:3])
        self.assertEqual(receiver.stored, before)


class Limits(Scenario):
    def test_two_thousand_may_be_skipped_and_no_more(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                talking(alice, bob)
                run = [alice.encrypt(b"%d" % number) for number in range(2003)]
                self.assert_refused(bob, run[2001], TooFarAhead)
                self.assertEqual(bob.decrypt(run[2000]), b"2000")
                self.assertEqual(bob.decrypt(run[2002]), b"2002")  # 2001 keys: the oldest leaves
                self.assert_refused(bob, run[0], Duplicate)
                for number in (1, 1999, 2001):
                    self.assertEqual(bob.decrypt(run[number]), b"%d" % number)
                self.assert_refused(bob, run[1], Duplicate)

    def test_both_chains_of_a_message_count_together(self) -> None:
        for left_behind, number, opens in ((1000, 1000, True), (1000, 1001, False), (0, 2000, True), (2000, 1, False)):
            with self.subTest(left_behind=left_behind, number=number):
                alice, bob = twins()
                talking(alice, bob)
                bob.decrypt(alice.encrypt(b"begins the chain"))
                for _ in range(left_behind):
                    alice.encrypt(b"lost")
                alice.decrypt(bob.encrypt(b"turn"))
                for _ in range(number):
                    alice.encrypt(b"lost too")
                message = alice.encrypt(b"far")
                if opens:
                    self.assertEqual(bob.decrypt(message), b"far")
                else:
                    self.assert_refused(bob, message, TooFarAhead)

    def test_past_chains_age_alike(self) -> None:
        for seed, late in enumerate((0.0, 0.3, 1.0, 0.5, 0.1)):
            with self.subTest(seed=seed):
                self.turns(random.Random(seed), late)

    def turns(self, chance: random.Random, late: float) -> None:
        alice, bob = twins(chance.getrandbits(32))
        sender: Party
        receiver: Party
        talking(alice, bob)
        kept: list[tuple[Party, bytes]] = []
        for turn in range(50):
            sender, receiver = (alice, bob) if turn % 2 == 0 else (bob, alice)
            for _ in range(chance.randint(1, 3)):
                message = sender.encrypt(b"late")
                if chance.random() < late:
                    kept.append((receiver, message))
            receiver.decrypt(sender.encrypt(b"in time"))
            chance.shuffle(kept)
            for _ in range(len(kept) // 10):
                receiver, message = kept.pop()
                try:
                    self.assertEqual(receiver.decrypt(message), b"late")
                except Refused:
                    pass  # its chain has left; that both say so is what the twins see to

    def test_an_old_chain_leaves_with_its_last_key(self) -> None:
        """Whether that was used, or had to make room."""
        for room_is_needed in (False, True):
            alice, bob = twins()
            talking(alice, bob)
            lost = alice.encrypt(b"lost")
            for _ in range(7):
                bob.decrypt(alice.encrypt(b"ping"))
                alice.decrypt(bob.encrypt(b"pong"))
            self.assertEqual(max(chain.age for chain in state_of(bob).past), 6)
            if room_is_needed:
                for _ in range(2000):
                    alice.encrypt(b"skipped")
                bob.decrypt(alice.encrypt(b"far"))
            else:
                bob.decrypt(lost)
            self.assertEqual(max(chain.age for chain in state_of(bob).past), 4)
            self.assert_refused(bob, lost)

    def test_a_chain_ends_with_its_numbers(self) -> None:
        for number in (2**32 - 3, 2**32 - 2, 2**32 - 1):
            for name, alice, bob in pairs():
                with self.subTest(name, number=number):
                    talking(alice, bob)
                    bob.decrypt(alice.encrypt(b"begins the chain"))
                    set_numbers(alice, bob, number)
                    if number < 2**32 - 1:
                        self.assertEqual(bob.decrypt(alice.encrypt(b"near the end")), b"near the end")
                    else:
                        self.assertRaises(Refused, alice.encrypt, b"beyond")
                        self.assert_refused(bob, forge(alice))

    def test_an_old_copy_of_a_session_numbers_its_messages_again(self) -> None:
        """Section 8: no key and nonce repeat, and the other side takes them for duplicates."""
        for name, alice, bob in pairs():
            with self.subTest(name):
                talking(alice, bob)
                alice.encrypt(b"begins the chain")
                copy = alice.stored
                self.assertEqual(bob.decrypt(alice.encrypt(b"one")), b"one")
                alice.stored = copy
                self.assert_refused(bob, alice.encrypt(b"two"), Duplicate)
                self.assertEqual(bob.decrypt(alice.encrypt(b"three")), b"three")


class Lies(Scenario):
    """Headers that open, and that no honest device writes."""

    def test_weak_and_odd_ratchet_keys_are_refused_in_any_chain(self) -> None:
        odd = [*curve.MONTGOMERY_LOW_ORDER, curve.P, curve.P + 9, 9 + 2**255]
        for begun in (False, True):
            alice, bob = twins()
            talking(alice, bob)
            if begun:
                bob.decrypt(alice.encrypt(b"begins the chain"))
            for number in odd:
                self.assert_refused(bob, forge(alice, ratchet_key=number.to_bytes(32, "little")))
            self.assertEqual(bob.decrypt(alice.encrypt(b"fine")), b"fine")

    def test_numbers_that_are_far_are_told_before_a_chain_is_walked(self) -> None:
        alice, bob = twins()
        talking(alice, bob)
        last = 2**32 - 1
        lies: list[dict[str, Any]] = [{"number": last}, {"previous_length": last}]
        for fields in (*lies, {"number": last, "previous_length": last}):
            self.assert_refused(bob, forge(alice, **fields), TooFarAhead)

    def test_a_number_that_a_past_chain_never_had_is_a_duplicate(self) -> None:
        alice, bob = twins()
        talking(alice, bob)
        bob.decrypt(alice.encrypt(b"begins the chain"))
        lies = [forge(alice, number=number) for number in (1, 99, 2**32 - 1)]
        alice.decrypt(bob.encrypt(b"turn"))
        bob.decrypt(alice.encrypt(b"next chain"))
        for lie in lies:
            self.assert_refused(bob, lie, Duplicate)

    def test_what_a_begun_chain_does_not_need_is_not_looked_at(self) -> None:
        for fields in ({"ratchet_key": x25519_public(secrets.token_bytes(32))}, {"previous_length": 99_999}):
            alice, bob = twins()
            talking(alice, bob)
            bob.decrypt(alice.encrypt(b"begins the chain"))
            self.assertEqual(bob.decrypt(forge(alice, **fields)), b"forged")

    def test_a_previous_length_below_what_came_or_before_the_first_chain_counts_as_nothing(self) -> None:
        alice, bob = twins()
        alice.initiate(bob.public, bob.publish())
        self.assertEqual(bob.respond(alice.public, forge(alice, previous_length=5_000, number=2_000)), b"forged")
        self.assertEqual(alice.decrypt(forge(bob, previous_length=5_000)), b"forged")
        alice, bob = twins()
        talking(alice, bob)
        self.assertEqual(bob.decrypt(forge(alice, previous_length=0)), b"forged")

    def test_a_next_chain_before_our_turn_is_refused(self) -> None:
        alice, bob = twins()
        talking(alice, bob)
        bob.decrypt(alice.encrypt(b"our turn is due"))
        session = snapshot.decode(alice.stored)
        sending = session.state.sending
        assert isinstance(sending, Sending)
        session.state = replace(session.state, sending=replace(sending, header_key=sending.next_header_key))
        alice.stored = snapshot.encode(session)
        self.assert_refused(bob, forge(alice))


class Snapshots(Scenario):
    """Section 8: whatever is not the one encoding of a session is refused, by both."""

    def test_limits_and_order_of_chains(self) -> None:
        alice, bob = twins()
        talking(alice, bob)
        bob.decrypt(alice.encrypt(b"our turn is due"))
        for taken, change in chains(state_of(bob)):
            session = snapshot.decode(bob.stored)
            session.state = change
            self.assert_snapshot(snapshot.encode(session), taken)

    def test_a_role_fits_its_chains(self) -> None:
        alice, bob = twins()
        talking(alice, bob, answered=False)
        waiting = state_of(bob).sending
        receiving = Receiving(b"h" * 32, b"c" * 32, 1)
        unanswered, responder = snapshot.decode(alice.stored), snapshot.decode(bob.stored)
        for taken, session in (
            (True, unanswered),
            (True, responder),
            (False, replace(unanswered, handshake_id=bytes(32))),
            (False, replace(unanswered, unanswered=None)),
            (False, replace(unanswered, state=replace(unanswered.state, sending=waiting))),
            (False, replace(unanswered, state=replace(unanswered.state, receiving=receiving))),
            (False, replace(responder, state=replace(responder.state, receiving=None))),
        ):
            self.assert_snapshot(snapshot.encode(session), taken)

    def test_a_snapshot_with_other_bytes_is_refused(self) -> None:
        alice, bob = twins()
        talking(alice, bob, answered=False)
        for stored in (alice.stored, bob.stored):
            for at, value in ((0, 0), (0, 1), (0, 3), (1, 0), (1, 2), (2, 3)):
                self.assert_snapshot(stored[:at] + bytes([value]) + stored[at + 1 :], False)
            self.assert_snapshot(stored[:-1], False)
            self.assert_snapshot(stored + b"\0", False)


def chains(state: State) -> list[tuple[bool, State]]:
    """States that are and are not a session's: `state` is one whose turn is due, with one chain of theirs."""

    def key() -> bytes:
        return secrets.token_bytes(32)

    def skipped(count: int) -> ratchet.Skipped:
        return {number: key() for number in range(count)}

    def past(*chains: tuple[int, int]) -> State:
        return replace(state, past=tuple(Past(age, key(), skipped(count)) for age, count in chains))

    receiving, sending = state.receiving, state.sending
    assert receiving and isinstance(sending, Waiting)

    def current(number: int, kept: ratchet.Skipped) -> State:
        return replace(state, past=(), receiving=replace(receiving, number=number, skipped=kept))

    four = [(4, 0), (3, 0), (2, 0), (1, 0)]
    sixteen = [(16 - younger, 1) for younger in range(16)]
    return [
        (True, state),
        (True, current(5, {4: key()})),
        (False, current(5, {5: key()})),
        (False, current(5, {9: key()})),
        (True, current(5_000, skipped(2_000))),
        (False, current(5_000, skipped(2_001))),
        (False, replace(past((1, 1)), receiving=current(5_000, skipped(2_000)).receiving)),
        (True, past((1, 0))),
        (True, past(*four)),
        (False, past((5, 0), *four)),
        (True, past((16, 1), *four)),
        (False, past((17, 1), *four)),
        (False, past((0, 0))),
        (False, past((1, 0), (0, 0))),
        (False, past((2, 0))),
        (False, past((3, 0), (1, 0))),
        (False, past((2, 0), (2, 0))),
        (False, past((1, 0), (2, 0))),
        (True, past(*sixteen)),
        (False, past(*sixteen, (1, 0))),
        (False, replace(state, receiving=None)),
        (True, replace(state, sending=Sending(key(), key(), key(), key(), 2**32 - 1, 0))),
        (False, replace(state, sending=replace(sending, their_key=bytes(32)))),
        (False, replace(state, sending=replace(sending, their_key=b"\xff" * 32))),
    ]


def state_of(party: Party) -> State:
    return snapshot.decode(party.stored).state


def set_numbers(sender: Party, receiver: Party, number: int) -> None:
    """Puts both near the end of a chain, as if the messages before had come."""
    session = snapshot.decode(sender.stored)
    assert isinstance(session.state.sending, Sending)
    session.state = replace(session.state, sending=replace(session.state.sending, number=number))
    sender.stored = snapshot.encode(session)
    session = snapshot.decode(receiver.stored)
    assert session.state.receiving
    session.state = replace(session.state, receiving=replace(session.state.receiving, number=number))
    receiver.stored = snapshot.encode(session)
