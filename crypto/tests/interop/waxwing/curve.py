"""Curve arithmetic that the specification needs and libraries do not offer: strict checks of public keys (section 2), and
the verification with cofactor (section 17). On public values only.
"""

import hashlib

from waxwing.errors import Refused

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)

# The order of the subgroup that the base point generates.
ORDER = 2**252 + 27742317777372353535851937790883648493

# The canonical u-coordinates of the points of order 1, 2, 4 and 8, on the curve and on its twist.
MONTGOMERY_LOW_ORDER = {
    0,
    1,
    P - 1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
}


def is_montgomery_canonical(public: bytes) -> bool:
    """Whether the high bit is clear and u is below p."""
    return len(public) == 32 and int.from_bytes(public, "little") < P


def is_montgomery_low_order(public: bytes) -> bool:
    """Whether u is one of the five coordinates."""
    return int.from_bytes(public, "little") in MONTGOMERY_LOW_ORDER


# A point of edwards25519 in extended coordinates X, Y, Z, T (RFC 8032 §5.1.4).
Point = tuple[int, int, int, int]


def from_affine(x: int, y: int) -> Point:
    return x, y, 1, x * y % P


def add(one: Point, other: Point) -> Point:
    """The sum of two points; the formulas are complete."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, other
    a, b = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
    c, d = 2 * D * t1 * t2, 2 * z1 * z2
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar: int, point: Point) -> Point:
    """So many times the point."""
    product = IDENTITY
    for bit in bin(scalar)[2:]:
        product = add(product, product)
        if bit == "1":
            product = add(product, point)
    return product


def is_same(one: Point, other: Point) -> bool:
    (x1, y1, z1, _), (x2, y2, z2, _) = one, other
    return (x1 * z2 - x2 * z1) % P == 0 and (y1 * z2 - y2 * z1) % P == 0


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
    return from_affine(x if x & 1 == sign else P - x, y)


def encode_edwards(point: Point) -> bytes:
    """The canonical encoding."""
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")


def is_edwards_small_order(data: bytes) -> bool:
    """Whether eight times the point is the identity."""
    return is_same(multiply(8, decode_edwards(data)), IDENTITY)


IDENTITY: Point = from_affine(0, 1)
BASE: Point = decode_edwards((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def verify_with_cofactor(public: bytes, signature: bytes, message: bytes) -> None:
    """The verification of section 17: `[8][S]B = [8]R + [8][k]A`, `S` and `R` canonical, `R` not of small order."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= ORDER or is_edwards_small_order(r):
        raise Refused("S not canonical, or R of small order")
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % ORDER
    signed = add(decode_edwards(r), multiply(k, decode_edwards(public)))
    if not is_same(multiply(8 * s, BASE), multiply(8, signed)):
        raise Refused("the signature does not hold")
