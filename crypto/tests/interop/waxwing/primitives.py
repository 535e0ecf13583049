"""The algorithms of suite 1, and the labels that keep their uses apart (section 1).

The labels are in the module that uses them, each as section 1 lists it and with its closing NUL (`label`).
"""

import hashlib
import hmac as hmac_module

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
    MLKEM1024PrivateKey,
    MLKEM1024PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from waxwing import curve
from waxwing.errors import Refused

FORMAT = 1
SUITE = 1

TAG_BYTES = 16


def label(text: str) -> bytes:
    """A label: ASCII, and one closing NUL."""
    return text.encode("ascii") + b"\0"


def sha256(label_: bytes, data: bytes) -> bytes:
    """`H(label, x)`."""
    return hashlib.sha256(label_ + data).digest()


def hmac(key: bytes, data: bytes) -> bytes:
    """`HMAC(key, x)` with SHA-256 (RFC 2104)."""
    return hmac_module.new(key, data, hashlib.sha256).digest()


def hkdf(salt: bytes, secret: bytes, info: bytes, *sizes: int) -> list[bytes]:
    """`HKDF(salt, input, info)` with SHA-256 (RFC 5869), cut into pieces of these sizes."""
    out = HKDF(hashes.SHA256(), sum(sizes), salt, info).derive(secret)
    pieces = []
    for size in sizes:
        pieces.append(out[:size])
        out = out[size:]
    return pieces


def seal(key: bytes, nonce: bytes, plaintext: bytes, bound: bytes) -> bytes:
    """AES-256-GCM: ciphertext and tag."""
    return AESGCM(key).encrypt(nonce, plaintext, bound)


def open_(key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    """AES-256-GCM: the plaintext, if the tag holds."""
    try:
        return AESGCM(key).decrypt(nonce, sealed, bound)
    except InvalidTag:
        raise Refused("the tag does not hold") from None


def equal(one: bytes, other: bytes) -> bool:
    """Compares in constant time."""
    return hmac_module.compare_digest(one, other)


# X25519 (RFC 7748).


def x25519_public(secret: bytes) -> bytes:
    """The public key of a secret."""
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def x25519(secret: bytes, public: bytes) -> bytes:
    """A DH. One that is all zeros is refused (section 2)."""
    try:
        return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise Refused("a DH that is all zeros") from None


def check_x25519_public(public: bytes) -> bytes:
    """A public key as section 2 admits it: canonical, and not of low order."""
    if not curve.is_montgomery_canonical(public):
        raise Refused("an X25519 key that is not canonical")
    if curve.is_montgomery_low_order(public):
        raise Refused("an X25519 key of low order")
    return public


# Ed25519 (RFC 8032), strictly.


def ed25519_public(seed: bytes) -> bytes:
    """The public key of a seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    """A signature of 64 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def check_ed25519_public(public: bytes) -> bytes:
    """A public key as section 2 admits it: the canonical encoding of a point that is not of small order."""
    if curve.is_edwards_small_order(public):
        raise Refused("an Ed25519 key of small order")
    return public


def verify(public: bytes, signature: bytes, message: bytes) -> None:
    """Strict verification: `R` is a canonical point that is not of small order; the rest is OpenSSL's, cofactorless and with `S` below the order."""
    if curve.is_edwards_small_order(signature[:32]):
        raise Refused("R of small order")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        raise Refused("the signature does not hold") from None


# ML-KEM (FIPS 203): 1024 in the handshake, 768 in the ratchet. The private half is the seed d ‖ z.

KEM_PUBLIC_BYTES = 1568
KEM_CIPHERTEXT_BYTES = 1568
KEM_SEED_BYTES = 64
KEM_768_PUBLIC_BYTES = 1184
KEM_768_CIPHERTEXT_BYTES = 1088


def kem_public(seed: bytes) -> bytes:
    """The public key of a seed."""
    return MLKEM1024PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()


def check_kem_public(public: bytes) -> bytes:
    """The modulus check of FIPS 203 §7.2: every coefficient is below q = 3329."""
    packed = public[:-32]
    for at in range(0, len(packed), 3):
        pair = int.from_bytes(packed[at : at + 3], "little")
        if pair & 0xFFF >= 3329 or pair >> 12 >= 3329:
            raise Refused("a KEM key beyond the modulus")
    return public


def encapsulate(public: bytes) -> tuple[bytes, bytes]:
    """A fresh ciphertext, and the secret in it."""
    secret, ciphertext = MLKEM1024PublicKey.from_public_bytes(public).encapsulate()
    return ciphertext, secret


def decapsulate(seed: bytes, ciphertext: bytes) -> bytes:
    """The secret of a ciphertext. Implicit rejection: a bad ciphertext gives another secret."""
    return MLKEM1024PrivateKey.from_seed_bytes(seed).decapsulate(ciphertext)


def kem_768_public(seed: bytes) -> bytes:
    """The public key of a seed."""
    return MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()


def encapsulate_768(public: bytes) -> tuple[bytes, bytes]:
    """A fresh ciphertext, and the secret in it."""
    secret, ciphertext = MLKEM768PublicKey.from_public_bytes(public).encapsulate()
    return ciphertext, secret


def decapsulate_768(seed: bytes, ciphertext: bytes) -> bytes:
    """The secret of a ciphertext."""
    return MLKEM768PrivateKey.from_seed_bytes(seed).decapsulate(ciphertext)
