"""Sections 5, 6 and 8: a handshake and a conversation, in every pair of implementations."""

import random

import peer
from parties import PythonParty
from scenario import Scenario, pairs, talking, twins
from waxwing import snapshot
from waxwing.errors import Duplicate, Refused
from waxwing.message import HANDSHAKE_BYTES, PLAINTEXT_BYTES_MAX, Message


class Handshakes(Scenario):
    def test_the_first_message_opens_and_is_answered(self) -> None:
        for last_resort in (False, True):
            for name, alice, bob in pairs():
                with self.subTest(name, last_resort=last_resort):
                    alice.initiate(bob.public, bob.publish(last_resort=last_resort))
                    self.assertEqual(bob.respond(alice.public, alice.encrypt(b"hello", b"one"), b"one"), b"hello")
                    self.assertEqual(alice.decrypt(bob.encrypt(b"", b"two"), b"two"), b"")
                    self.assertEqual(bob.decrypt(alice.encrypt(b"fine", b"three"), b"three"), b"fine")

    def test_every_unanswered_message_carries_the_handshake_and_any_may_come_first(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                alice.initiate(bob.public, bob.publish())
                run = [alice.encrypt(b"%d" % number) for number in range(6)]
                self.assertEqual(len({message[:HANDSHAKE_BYTES] for message in run}), 1)
                self.assertEqual(bob.respond(alice.public, run[3]), b"3")
                for number in (5, 0, 1, 4):
                    self.assertEqual(bob.decrypt(run[number]), b"%d" % number)
                self.assert_refused(bob, run[3], Duplicate)
                self.assertEqual(alice.decrypt(bob.encrypt(b"answer")), b"answer")
                answered = alice.encrypt(b"without")
                self.assertLess(len(answered), HANDSHAKE_BYTES)
                self.assertEqual(bob.decrypt(answered), b"without")
                self.assertEqual(bob.decrypt(run[2]), b"2")

    def test_both_name_the_session_and_the_handshake_alike(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                talking(alice, bob, answered=False)
                for party, initiated in ((alice, True), (bob, False)):
                    session = snapshot.decode(party.stored)
                    told = peer.shared().ask("session", session=party.stored)
                    self.assertEqual(bytes.fromhex(told["session"]), party.stored)
                    self.assertEqual(bytes.fromhex(told["id"]), session.id)
                    self.assertEqual(bytes.fromhex(told["handshake_id"]), session.handshake_id)
                    self.assertEqual((told["initiated_by_us"], session.initiated_by_us), (initiated, initiated))
                    self.assertEqual(told["is_acknowledged"], session.unanswered is None)
                ids = {snapshot.decode(party.stored).id for party in (alice, bob)}
                self.assertEqual(len(ids), 1)

    def test_an_initial_message_names_its_prekeys_to_both(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                alice.initiate(bob.public, bob.publish(weekly_id=2**32 - 1, one_time_id=77))
                message = alice.encrypt(b"")
                told, handshake = peer.shared().ask("message", message=message), Message.parse(message).handshake
                assert handshake
                self.assertEqual((told["weekly_id"], told["one_time_id"]), (2**32 - 1, 77))
                self.assertEqual((handshake.weekly_id, handshake.one_time_id), (2**32 - 1, 77))
                self.assertEqual(bytes.fromhex(told["handshake_id"]), handshake.id())

    def test_other_prekeys_people_and_associated_data_open_nothing(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                published = bob.publish()
                alice.initiate(bob.public, published)
                message = alice.encrypt(b"hello", b"bound")
                with self.assertRaises(Refused):
                    bob.respond(alice.public, message, b"other")
                with self.assertRaises(Refused):
                    bob.respond(PythonParty(3).public, message, b"bound")
                weekly, one_time = bob.weekly, bob.one_time
                bob.publish()
                with self.assertRaises(Refused):
                    bob.respond(alice.public, message, b"bound")
                bob.weekly = weekly
                with self.assertRaises(Refused):
                    bob.respond(alice.public, message, b"bound")
                bob.one_time = one_time
                self.assertEqual(bob.respond(alice.public, message, b"bound"), b"hello")

    def test_a_flipped_bit_in_a_first_message_is_refused(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                alice.initiate(bob.public, bob.publish())
                message = alice.encrypt(b"hello")
                places = [*range(50), *range(50, HANDSHAKE_BYTES, 97), *range(HANDSHAKE_BYTES, len(message))]
                for at in places:
                    with self.assertRaises(Refused, msg=f"byte {at}"):
                        bob.respond(alice.public, message[:at] + bytes([message[at] ^ 1 << at % 8]) + message[at + 1 :])
                self.assertEqual(bob.respond(alice.public, message), b"hello")

    def test_the_handshake_of_another_session_is_refused(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                talking(alice, bob, answered=False)
                stranger = PythonParty(3)
                stranger.initiate(bob.public, bob.publish())
                self.assert_refused(bob, stranger.encrypt(b"hello"))
                own = alice.encrypt(b"mine")
                self.assert_refused(alice, own)
                self.assert_refused(bob, own[:100] + bytes([own[100] ^ 1]) + own[101:])
                self.assertEqual(bob.decrypt(own[HANDSHAKE_BYTES:]), b"mine")  # the handshake was not needed any more

    def test_both_may_begin_at_once(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                of_bob, of_alice = bob.publish(), alice.publish()
                alice.initiate(bob.public, of_bob)
                bob.initiate(alice.public, of_alice)
                from_alice, from_bob = alice.encrypt(b"a"), bob.encrypt(b"b")
                begun_by_alice, begun_by_bob = alice.stored, bob.stored
                self.assertEqual(bob.respond(alice.public, from_alice), b"a")
                self.assertEqual(alice.respond(bob.public, from_bob), b"b")
                answer = alice.encrypt(b"to b")
                bob.stored, answered_by_bob = begun_by_bob, bob.stored
                self.assertEqual(bob.decrypt(answer), b"to b")
                bob.stored, alice.stored = answered_by_bob, begun_by_alice
                self.assertEqual(alice.decrypt(bob.encrypt(b"to a")), b"to a")


class Conversations(Scenario):
    def test_ping_pong_of_two_hundred(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                talking(alice, bob)
                for turn in range(200):
                    sender, receiver = (bob, alice) if turn % 2 else (alice, bob)
                    text = b"turn %d" % turn
                    self.assertEqual(receiver.decrypt(sender.encrypt(text, b"ad"), b"ad"), text)

    def test_plaintexts_up_to_the_limit(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                alice.initiate(bob.public, bob.publish())
                longest = random.Random(1).randbytes(PLAINTEXT_BYTES_MAX)
                before = alice.stored
                with self.assertRaises(Refused):
                    alice.encrypt(longest + b"a")
                self.assertEqual(alice.stored, before)
                self.assertEqual(bob.respond(alice.public, alice.encrypt(longest)), longest)
                self.assertEqual(alice.decrypt(bob.encrypt(b"")), b"")
                self.assertEqual(bob.decrypt(alice.encrypt(longest)), longest)

    def test_a_flipped_bit_anywhere_a_cut_and_other_associated_data_are_refused(self) -> None:
        for name, alice, bob in pairs():
            with self.subTest(name):
                talking(alice, bob)
                message = alice.encrypt(b"hello", b"bound")
                for at in range(len(message)):
                    self.assert_refused(
                        bob, message[:at] + bytes([message[at] ^ 1 << at % 8]) + message[at + 1 :], associated=b"bound"
                    )
                for cut in (0, 1, 3, 20, 77, 78, 109, 110, 125, len(message) - 1):
                    self.assert_refused(bob, message[:cut], associated=b"bound")
                self.assert_refused(bob, message + b"\0", associated=b"bound")
                self.assert_refused(bob, message, associated=b"")
                self.assert_refused(bob, message, associated=b"bounds")
                self.assertEqual(bob.decrypt(message, b"bound"), b"hello")
                self.assert_refused(bob, message, Duplicate, associated=b"other")

    def test_a_message_of_another_session_is_refused(self) -> None:
        alice, bob = twins()
        talking(alice, bob)
        message, older = alice.encrypt(b"hello"), bob.stored
        talking(alice, bob, answered=False)
        bob.stored, newer = older, bob.stored
        self.assertEqual(bob.decrypt(message), b"hello")
        bob.stored = newer
        self.assert_refused(bob, message)
