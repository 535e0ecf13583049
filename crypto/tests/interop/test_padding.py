"""Section 7: both implementations pad and unpad alike."""

import random
import unittest

import peer
from waxwing import padding
from waxwing.errors import Refused


class Padding(unittest.TestCase):
    def test_every_size_is_padded_alike(self) -> None:
        around = [2**power + off for power in range(7, 18) for off in range(-2, 3)]
        for size in [*range(300), *range(2030, 2060), *around, *random.Random(1).sample(range(131_072), 100)]:
            content = random.Random(size).randbytes(size)
            padded = peer.shared().bytes("pad", "padded", content=content)
            self.assertEqual(padded, padding.pad(content), size)
            self.assertEqual(padding.unpad(padded), content)

    def test_what_padding_would_not_make_both_refuse(self) -> None:
        good = padding.pad(bytes(500))
        tampered = [b"", bytes(128), b"\x80", good[:-1], good + b"\0", good + bytes(128), good[:-1] + b"\1", b"a" * 128]
        tampered += [b"a" * 127 + b"\x80" + bytes(128), padding.pad(bytes(2100)) + bytes(128)]
        for padded in tampered:
            with self.subTest(size=len(padded)):
                with self.assertRaises(Refused):
                    padding.unpad(padded)
                with self.assertRaises(Refused):
                    peer.shared().ask("unpad", padded=padded)

    def test_contents_that_end_like_padding_come_back(self) -> None:
        for content in (b"", b"\x80", b"\x80\0\0", bytes(127), b"a\x80" + bytes(300)):
            self.assertEqual(peer.shared().bytes("unpad", "content", padded=padding.pad(content)), content)
