"""Padding of contents to few sizes (section 7)."""

from waxwing.errors import Refused

MARK = b"\x80"
STEP_MIN = 128


def padded_size(content_bytes: int) -> int:
    """How long a content of so many bytes is when it is padded."""
    count = content_bytes + len(MARK)
    log2 = count.bit_length() - 1
    step = max(STEP_MIN, 1 << (log2 - 3)) if log2 > 3 else STEP_MIN
    return -(-count // step) * step


def pad(content: bytes) -> bytes:
    """`content ‖ 80 ‖ zeros`."""
    return (content + MARK).ljust(padded_size(len(content)), b"\0")


def unpad(padded: bytes) -> bytes:
    """The content, if the length is the one for it."""
    stripped = padded.rstrip(b"\0")
    if not stripped.endswith(MARK):
        raise Refused("no mark")
    content = stripped[:-1]
    if len(padded) != padded_size(len(content)):
        raise Refused("not the length for this content")
    return content
