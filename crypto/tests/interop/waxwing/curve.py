"""What a strict check of a public key needs of curve arithmetic (section 2), and no library offers. Public values only."""

from waxwing.errors import Refused

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)

# The canonical u-coordinates of the points of order 1, 2, 4 and 8, on the curve and on its twist.
MONTGOMERY_LOW_ORDER = {
    0,
    1,
    P - 1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
}

Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def is_montgomery_canonical(public: bytes) -> bool:
    """Whether the high bit is clear and u is below p."""
    return len(public) == 32 and int.from_bytes(public, "little") < P


def is_montgomery_low_order(public: bytes) -> bool:
    """Whether u is one of the five coordinates."""
    return int.from_bytes(public, "little") in MONTGOMERY_LOW_ORDER


def decode_edwards(data: bytes) -> Point:
    """The point of a canonical encoding (RFC 8032 §5.1.3)."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if len(data) != 32 or y >= P:
        raise Refused("not a canonical encoding")
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * SQRT_MINUS_ONE % P
    if v * x * x % P != u:
        raise Refused("not a point")
    if x == 0 and sign:
        raise Refused("not a canonical encoding")
    return (x if x & 1 == sign else P - x, y)


def add(one: Point, other: Point) -> Point:
    """The sum of two points of edwards25519, in affine coordinates."""
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P
    return x, y


def is_edwards_small_order(data: bytes) -> bool:
    """Whether eight times the point is the identity."""
    point = decode_edwards(data)
    for _ in range(3):
        point = add(point, point)
    return point == IDENTITY
