"""Byte layouts: fixed fields side by side, integers unsigned and big-endian (section 1)."""

from waxwing.errors import Refused


def u8(value: int) -> bytes:
    return value.to_bytes(1, "big")


def u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


class Reader:
    """Reads a layout from its beginning. Whatever is not exactly as drawn is refused (section 1)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if self.left() < count:
            raise Refused("too short")
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(self.left())

    def left(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self._at

    def read_so_far(self) -> bytes:
        """What was read until now."""
        return self._data[: self._at]

    def u8(self) -> int:
        return self.take(1)[0]

    def u16(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def u64(self) -> int:
        return int.from_bytes(self.take(8), "big")

    def flag(self) -> bool:
        """A byte that is 0 or 1."""
        value = self.u8()
        if value > 1:
            raise Refused("a flag that is not 0 or 1")
        return value == 1

    def expect(self, byte: int) -> None:
        """A byte that has one value."""
        if self.u8() != byte:
            raise Refused("an unknown format, kind or suite")

    def finish(self) -> None:
        """Nothing follows."""
        if self.left():
            raise Refused("too long")
