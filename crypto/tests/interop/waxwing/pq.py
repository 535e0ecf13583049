"""The post-quantum ratchet (section 16): now and then a whole ML-KEM-768 exchange rides in the headers of the ratchet.

One side offers a key, the other answers with a ciphertext, and the shared secret goes into a root step beside the DH.
This module holds the four states and their moves; `waxwing.ratchet` asks it while it seals and opens.
"""

import secrets
from dataclasses import dataclass, field, replace

from waxwing.errors import Refused
from waxwing.message import Header
from waxwing.primitives import KEM_SEED_BYTES, decapsulate_768, encapsulate_768, kem_768_public

OFFER_EVERY = 8
DUE_AFTER_MESSAGES = 50
DUE_AFTER_SECONDS = 7 * 24 * 60 * 60
COUNT_MAX = 2**32 - 1


@dataclass(frozen=True)
class Idle:
    """Nothing is under way."""


@dataclass(frozen=True)
class Offered:
    """We offered a key, at that time."""

    seed: bytes = field(repr=False)
    time: int


@dataclass(frozen=True)
class Asked:
    """They offered a key, and our next chain will answer."""

    key: bytes


@dataclass(frozen=True)
class Answering:
    """Every header of our chain has the answer."""

    ciphertext: bytes


Exchange = Idle | Offered | Asked | Answering


@dataclass(frozen=True)
class Refresh:
    """How long ago the last exchange was, in messages and by the clock, and how far the next one is."""

    messages: int = 0
    time: int | None = None
    exchange: Exchange = Idle()

    def counted(self) -> "Refresh":
        """One message more was sealed or opened."""
        return replace(self, messages=min(self.messages + 1, COUNT_MAX))

    def is_due(self, now: int) -> bool:
        """50 messages, or 7 days in whichever direction the clock went."""
        if self.time is not None and abs(now - self.time) >= DUE_AFTER_SECONDS:
            return True
        return self.messages >= DUE_AFTER_MESSAGES


def begin_chain(refresh: Refresh, now: int) -> tuple[Refresh, bytes]:
    """Our chain begins. If we were asked this is the answer; the secret that joins the root step is empty otherwise."""
    if not isinstance(refresh.exchange, Asked):
        return refresh, b""
    ciphertext, shared = encapsulate_768(refresh.exchange.key)
    return Refresh(0, now, Answering(ciphertext)), shared


def before_sealing(refresh: Refresh, now: int, number: int, heard: bool) -> Refresh:
    """Dates the handshake with our first message, and makes an offer where one is due."""
    if refresh.time is None:
        refresh = replace(refresh, time=now)
    may_offer = heard and number % OFFER_EVERY == 0
    if isinstance(refresh.exchange, Idle) and may_offer and refresh.is_due(now):
        refresh = replace(refresh, exchange=Offered(secrets.token_bytes(KEM_SEED_BYTES), now))
    return refresh


def riding(exchange: Exchange, number: int) -> tuple[bytes | None, bytes | None]:
    """The offer and the answer that the header of this message has."""
    if isinstance(exchange, Offered) and number % OFFER_EVERY == 0:
        return kem_768_public(exchange.seed), None
    if isinstance(exchange, Answering):
        return None, exchange.ciphertext
    return None, None


def shared_with_answer(refresh: Refresh, header: Header) -> bytes:
    """The secret that joins the root step of their next chain: empty without an answer."""
    if header.answer is None:
        return b""
    if not isinstance(refresh.exchange, Offered):
        raise Refused("an answer to no offer")
    return decapsulate_768(refresh.exchange.seed, header.answer)


def after_opening_new_chain(refresh: Refresh, header: Header) -> Refresh:
    """Their next chain has begun: an answered offer is complete, and so is an answer of ours."""
    exchange = refresh.exchange
    if isinstance(exchange, Offered) and header.answer is not None:
        return Refresh(0, exchange.time, Idle())
    if isinstance(exchange, Answering):
        return replace(refresh, exchange=Idle())
    return refresh


def after_opening_of_current_chain(refresh: Refresh, header: Header, is_our_chain_under_way: bool) -> Refresh:
    """An offer of theirs counts, unless we are in an exchange of our own that may still go on."""
    is_busy = is_our_chain_under_way and isinstance(refresh.exchange, Offered | Answering)
    if header.offer is None or is_busy:
        return refresh
    return replace(refresh, exchange=Asked(header.offer))
