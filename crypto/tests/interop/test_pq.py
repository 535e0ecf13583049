"""Section 16: the post-quantum ratchet. Offers of either side, of both at once, under loss; its clock; and what a liar can put into a header."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import peer
from parties import Party
from scenario import Scenario, forge, pairs, talking, twins
from waxwing import primitives, snapshot
from waxwing.errors import Duplicate, Refused
from waxwing.message import Message
from waxwing.pq import Answering, Asked, Exchange, Idle, Offered, Refresh
from waxwing.ratchet import State

PLAIN, OFFER, ANSWER = 57, 1241, 1145
WEEK = 7 * 24 * 60 * 60


def header_length(message: bytes) -> int:
    return len(Message.parse(message).ratchet.sealed_header)


def state_of(party: Party) -> State:
    return snapshot.decode(party.stored).state


def refresh_of(party: Party) -> Refresh:
    """What the stored session says, and Rust says of it too."""
    refresh = state_of(party).refresh
    told = peer.shared().ask("session", session=party.stored)
    assert (told["messages_since"], told["refreshed_at"]) == (refresh.messages, refresh.time)
    return refresh


def set_refresh(party: Party, **fields: object) -> bytes:
    """The stored session with another refresh."""
    session = snapshot.decode(party.stored)
    refresh = replace(session.state.refresh, **fields)  # type: ignore[arg-type]
    session.state = replace(session.state, refresh=refresh)
    return snapshot.encode(session)


class Exchanges(Scenario):
    def test_an_exchange_is_offered_answered_and_complete(self) -> None:
        for name, alice, bob in pairs():
            for offering, answering in ((alice, bob), (bob, alice)):
                with self.subTest(name, offered_by=offering.address.account[0]):
                    talking(alice, bob)
                    if offering is bob:
                        bob.decrypt(alice.encrypt(b"so that it is his turn"))
                    offering.stored = set_refresh(offering, messages=50)
                    offering.now, answering.now = 1_900_000_000, 1_900_000_777
                    offer = offering.encrypt(b"offer")
                    self.assertEqual(header_length(offer), OFFER)
                    self.assertEqual(answering.decrypt(offer), b"offer")
                    answers = [answering.encrypt(b"answer"), answering.encrypt(b"answer")]
                    self.assertEqual([header_length(answer) for answer in answers], [ANSWER, ANSWER])
                    self.assertEqual(
                        refresh_of(answering), replace(refresh_of(answering), messages=2, time=1_900_000_777)
                    )
                    self.assertEqual(offering.decrypt(answers[1]), b"answer")
                    self.assertEqual(refresh_of(offering), Refresh(1, 1_900_000_000, Idle()))
                    self.assertEqual(offering.decrypt(answers[0]), b"answer")
                    self.assertEqual(answering.decrypt(offering.encrypt(b"done")), b"done")
                    self.assertEqual(refresh_of(answering), Refresh(3, 1_900_000_777, Idle()))
                    self.assertEqual(header_length(answering.encrypt(b"plain")), PLAIN)

    def test_fifty_messages_make_an_exchange_due_and_every_eighth_offers(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                talking(alice, bob)  # Alice has counted two messages
                run = [header_length(alice.encrypt(b"")) for _ in range(66)]
                self.assertEqual([at for at, length in enumerate(run) if length != PLAIN], [48, 56, 64])
                talking(alice, bob, answered=False)  # Bob has counted one
                run = [header_length(bob.encrypt(b"")) for _ in range(66)]
                self.assertEqual([at for at, length in enumerate(run) if length != PLAIN], [56, 64])
                self.assertEqual(refresh_of(bob).messages, 67)

    def test_nothing_is_offered_before_the_first_answer(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                alice.initiate(bob.public, bob.publish())
                self.assertEqual({header_length(alice.encrypt(b"")) for _ in range(60)}, {PLAIN})

    def test_seven_days_make_an_exchange_due_whichever_way_the_clock_went(self) -> None:
        for name, alice, bob in pairs():
            for offset, offers in ((WEEK - 1, False), (WEEK, True), (1 - WEEK, False), (-WEEK, True)):
                with self.subTest(name, offset=offset):
                    talking(alice, bob)
                    first = alice.now
                    self.assertEqual(refresh_of(alice).time, first)
                    alice.now += offset
                    self.assertEqual(header_length(alice.encrypt(b"")), OFFER if offers else PLAIN)
                    alice.now = first

    def test_who_only_read_has_no_time_yet(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                talking(alice, bob, answered=False)
                self.assertEqual(refresh_of(bob), Refresh(1, None, Idle()))
                bob.now = 0
                self.assertEqual(header_length(bob.encrypt(b"")), PLAIN)
                self.assertEqual(refresh_of(bob), Refresh(2, 0, Idle()))

    def test_the_count_stops_at_its_end(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                talking(alice, bob)
                alice.stored = set_refresh(
                    alice, messages=2**32 - 1, exchange=Asked(primitives.kem_768_public(bytes(64)))
                )
                alice.decrypt(bob.encrypt(b""))
                self.assertEqual(refresh_of(alice).messages, 2**32 - 1)

    def test_ping_pong_refreshes_about_every_fifty(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                talking(alice, bob)
                lengths: Counter[int] = Counter()
                for turn in range(208):
                    sender, receiver = (bob, alice) if turn % 2 else (alice, bob)
                    message = sender.encrypt(b"turn")
                    lengths[header_length(message)] += 1
                    self.assertEqual(receiver.decrypt(message), b"turn")
                self.assertEqual((lengths[OFFER], lengths[ANSWER]), (4, 4))


class Disorder(Scenario):
    def test_both_offer_at_once_under_loss_and_both_see_it_alike(self) -> None:
        seen: Counter[tuple[str, ...]] = Counter()
        for seed in range(16):
            with self.subTest(seed=seed):
                self.run_of_disorder(random.Random(seed), *twins(seed), seen)
        for seed in range(16, 20):
            for name, alice, bob in pairs():
                with self.subTest(name, seed=seed):
                    self.run_of_disorder(random.Random(seed), alice, bob, seen)
        # The runs came through all that section 16 tells of.
        for one, other in (("Offered", "Offered"), ("Offered", "Asked"), ("Offered", "Answering")):
            self.assertTrue(seen[one, other] or seen[other, one], f"{one} beside {other} never happened: {seen}")
        for impossible in (
            ("Asked", "Asked"),
            ("Answering", "Answering"),
            ("Asked", "Answering"),
            ("Answering", "Asked"),
        ):
            self.assertFalse(seen[impossible], f"two offers count at once: {impossible}")
        for move in (("Offered", "became", "Asked"), ("Offered", "became", "Idle"), ("Answering", "became", "Idle")):
            self.assertTrue(seen[move], f"{move} never happened: {seen}")

    def run_of_disorder(self, chance: random.Random, alice: Party, bob: Party, seen: Counter[tuple[str, ...]]) -> None:
        talking(alice, bob)
        loss = chance.choice([0.0, 0.2, 0.5])
        flying: list[tuple[Party, bytes]] = []
        for _ in range(200):
            before = names(alice, bob)
            if not flying or chance.random() < 0.4:
                sender, receiver = chance.choice([(alice, bob), (bob, alice)])
                # Only for speed: the next message in need of it finds an exchange due.
                sender.stored = set_refresh(sender, messages=50) if chance.random() < 0.5 else sender.stored
                flying += [(receiver, sender.encrypt(b"text")) for _ in range(chance.randint(1, 5))]
            else:
                receiver, message = flying.pop(chance.randrange(len(flying)) if chance.random() < 0.5 else 0)
                if chance.random() >= loss:
                    self.open_if_kept(receiver, message)
            after = names(alice, bob)
            seen[after] += 1
            for was, now in zip(before, after, strict=True):
                seen[was, "became", now] += was != now
        # Whatever was lost, the two can go on, and finish an exchange.
        for turn in range(40):
            sender, receiver = (bob, alice) if turn % 2 else (alice, bob)
            self.assertEqual(receiver.decrypt(sender.encrypt(b"heal")), b"heal")
        self.assertLess(max(refresh_of(party).messages for party in (alice, bob)), 60)

    def open_if_kept(self, receiver: Party, message: bytes) -> None:
        try:
            self.assertEqual(receiver.decrypt(message), b"text")
        except Refused as refusal:
            self.assertNotIsInstance(refusal, Duplicate)


def names(*parties: Party) -> tuple[str, ...]:
    return tuple(type(state_of(party).refresh.exchange).__name__ for party in parties)


class Lies(Scenario):
    def test_an_answer_to_no_offer_is_refused_and_one_in_a_begun_chain_is_passed_over(self) -> None:
        answer = bytes(primitives.KEM_768_CIPHERTEXT_BYTES)
        alice, bob = twins()
        talking(alice, bob)
        self.assert_refused(bob, forge(alice, answer=answer))
        bob.stored = set_refresh(bob, messages=50)
        bob.encrypt(b"an offer that is lost")
        bob.stored = set_refresh(bob, exchange=Offered(bytes(64), 5))
        self.assert_refused(bob, forge(alice, answer=answer))  # it decapsulates to another secret
        bob.decrypt(alice.encrypt(b"begins the chain"))
        self.assertEqual(bob.decrypt(forge(alice, answer=answer)), b"forged")
        self.assertEqual(state_of(bob).refresh.exchange, Offered(bytes(64), 5))

    def test_an_offer_that_is_no_key_is_refused_in_any_chain(self) -> None:
        bad = b"\xff" * primitives.KEM_768_PUBLIC_BYTES
        alice, bob = twins()
        talking(alice, bob)
        self.assert_refused(bob, forge(alice, offer=bad))
        bob.decrypt(alice.encrypt(b"begins the chain"))
        late = forge(alice, offer=bad)
        self.assert_refused(bob, late)
        alice.encrypt(b"lost")
        bob.decrypt(alice.encrypt(b"skips"))
        self.assert_refused(bob, late)
        alice.decrypt(bob.encrypt(b"turn"))
        bob.decrypt(alice.encrypt(b"next chain"))
        self.assert_refused(bob, late)

    def test_an_offer_in_a_past_chain_is_passed_over_and_one_in_the_current_counts_late_too(self) -> None:
        offer = primitives.kem_768_public(b"s" * 64)
        alice, bob = twins()
        talking(alice, bob)
        bob.decrypt(alice.encrypt(b"begins the chain"))
        first, second = forge(alice, offer=offer, number=1), forge(alice, offer=offer, number=2)
        alice.encrypt(b"lost")
        alice.encrypt(b"lost")
        bob.decrypt(alice.encrypt(b"skips two"))
        self.assertEqual(bob.decrypt(first), b"forged")
        self.assertEqual(state_of(bob).refresh.exchange, Asked(offer))
        bob.stored = set_refresh(bob, exchange=Idle())
        alice.decrypt(bob.encrypt(b"turn"))
        bob.decrypt(alice.encrypt(b"next chain"))
        self.assertEqual(bob.decrypt(second), b"forged")
        self.assertEqual(state_of(bob).refresh.exchange, Idle())

    def test_an_offer_waits_for_whoever_is_in_an_exchange_and_replaces_an_earlier_one(self) -> None:
        offer, other = primitives.kem_768_public(b"s" * 64), primitives.kem_768_public(b"t" * 64)
        busy: tuple[Exchange, ...] = (Offered(bytes(64), 5), Answering(bytes(1088)))
        cases = [(ours, True, ours) for ours in busy]
        cases += [(Idle(), True, Asked(offer)), (Asked(other), True, Asked(offer)), (Asked(other), False, Asked(offer))]
        cases += [(Idle(), False, Asked(offer)), (Offered(bytes(64), 5), False, Asked(offer))]
        for exchange, under_way, expected in cases:
            with self.subTest(exchange=type(exchange).__name__, under_way=under_way):
                alice, bob = twins()
                talking(alice, bob)
                bob.decrypt(alice.encrypt(b"begins the chain"))
                if under_way:
                    bob.encrypt(b"our chain")
                else:
                    bob.stored = set_refresh(bob, time=5)
                bob.stored = set_refresh(bob, exchange=exchange)
                self.assertEqual(bob.decrypt(forge(alice, offer=offer)), b"forged")
                self.assertEqual(state_of(bob).refresh.exchange, expected)

    def test_a_header_has_the_length_of_its_form(self) -> None:
        alice, bob = twins()
        talking(alice, bob)
        for form in (0, 1, 2, 3, 255):
            for riding in (0, 1088, 1184):
                if (form, riding) in ((0, 0), (1, 1184), (2, 1088)):
                    continue
                lie = forge(alice, raw=lambda header, f=form, r=riding: bytes([f]) + header.encode()[1:] + bytes(r))  # type: ignore[misc]
                self.assert_refused(bob, lie)
        for riding in (1, 1087, 1089, 1183, 1185):
            self.assert_refused(bob, forge(alice, raw=lambda header, r=riding: header.encode() + bytes(r)))  # type: ignore[misc]

    def test_nothing_rides_in_an_initial_message(self) -> None:
        lies: list[dict[str, Any]] = [{"offer": primitives.kem_768_public(bytes(64))}, {"answer": bytes(1088)}]
        for riding in lies:
            alice, bob = twins()
            alice.initiate(bob.public, bob.publish())
            with self.assertRaises(Refused):
                bob.respond(alice.public, forge(alice, **riding))
            self.assertEqual(bob.respond(alice.public, forge(alice)), b"forged")
            self.assert_refused(bob, forge(alice, number=1, **riding))


class Snapshots(Scenario):
    def test_an_exchange_at_rest_has_what_it_needs(self) -> None:
        key = primitives.kem_768_public(bytes(64))
        offered, asked, answering = Offered(bytes(64), 2**64 - 1), Asked(key), Answering(bytes(1088))
        alice, bob = twins()
        talking(alice, bob)
        bob.decrypt(alice.encrypt(b"his turn is due"))
        cases: list[tuple[Party, bool, dict[str, Any]]] = [
            (alice, True, {"messages": 2**32 - 1, "time": 2**64 - 1}),
            (alice, True, {"exchange": offered}),
            (alice, False, {"exchange": offered, "time": None}),
            (alice, True, {"exchange": asked}),
            (alice, True, {"exchange": asked, "time": None}),
            (alice, True, {"exchange": answering}),
            (alice, False, {"exchange": answering, "time": None}),
            (alice, False, {"exchange": Asked(b"\xff" * 1184)}),
            (bob, True, {"exchange": offered}),
            (bob, True, {"exchange": asked}),
            (bob, False, {"exchange": answering}),
        ]
        for party, taken, fields in cases:
            with self.subTest(str(fields)[:60], taken=taken):
                self.assert_snapshot(set_refresh(party, **fields), taken)
        talking(alice, bob, answered=False)
        for exchange in (offered, asked):
            self.assert_snapshot(set_refresh(alice, exchange=exchange), False)
        self.assert_snapshot(set_refresh(alice, time=None), True)
        self.assert_snapshot(set_refresh(alice, exchange=answering), False)
        self.assert_snapshot(set_refresh(bob, exchange=asked), True)
        self.assert_snapshot(alice.stored[:-1] + b"\4", False)
