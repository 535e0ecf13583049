"""The Double Ratchet with header encryption (section 6), as functions from a state to the next."""

import secrets
from dataclasses import dataclass, field, replace

from waxwing import pq
from waxwing.errors import Duplicate, Refused, TooFarAhead
from waxwing.message import COMMITMENT_BYTES, SALT_BYTES, Header, RatchetMessage, before_header
from waxwing.pq import Refresh
from waxwing.primitives import TAG_BYTES, equal, hkdf, hmac, label, open_, seal, x25519, x25519_public

ROOT = label("Waxwing v1 root")
ROOT_PQ = label("Waxwing v1 root pq")
MESSAGE = label("Waxwing v1 message")

JUMP_MAX = 2_000
SKIPPED_MAX = 2_000
AGE_MAX = 4
AGE_MAX_WITH_KEYS = 16
NUMBERS = 2**32 - 1

Skipped = dict[int, bytes]


@dataclass(frozen=True)
class Waiting:
    """Our turn is due: a message of theirs was opened, and our next chain is made when we encrypt."""

    their_key: bytes
    header_key: bytes = field(repr=False)
    previous_length: int = 0


@dataclass(frozen=True)
class Sending:
    """Our chain."""

    secret: bytes = field(repr=False)
    chain_key: bytes = field(repr=False)
    header_key: bytes = field(repr=False)
    next_header_key: bytes = field(repr=False)
    number: int = 0
    previous_length: int = 0


@dataclass(frozen=True)
class Receiving:
    """Their current chain."""

    header_key: bytes = field(repr=False)
    chain_key: bytes = field(repr=False)
    number: int = 0
    skipped: Skipped = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Past:
    """A chain of theirs that has ended, of which messages may still come."""

    age: int
    header_key: bytes = field(repr=False)
    skipped: Skipped = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class State:
    """Everything that the two ratchets keep. `past` is oldest first."""

    root: bytes = field(repr=False)
    sending: Waiting | Sending
    next_header_key: bytes = field(repr=False)
    receiving: Receiving | None = None
    past: tuple[Past, ...] = ()
    refresh: Refresh = field(default_factory=Refresh)


def root_step(root: bytes, dh: bytes, shared: bytes) -> list[bytes]:
    """The next root, a chain key, and the header key of the chain after it. `shared` is of an exchange, or empty."""
    return hkdf(root, dh + shared, ROOT_PQ if shared else ROOT, 32, 32, 32)


def chain_step(chain_key: bytes) -> tuple[bytes, bytes]:
    """A message key, and the next chain key."""
    return hmac(chain_key, b"\x01"), hmac(chain_key, b"\x02")


def begin_as_initiator(root: bytes, our_header_key: bytes, their_header_key: bytes, weekly: bytes) -> State:
    """Alice, after the handshake (section 5): she makes a ratchet key and steps at once."""
    return start_chain(State(root, Waiting(weekly, our_header_key), their_header_key), 0)


def begin_as_responder(root: bytes, our_header_key: bytes, their_header_key: bytes, weekly_secret: bytes) -> State:
    """Bob, before he has opened anything: his weekly key stands as his first ratchet key, with a chain that never sends."""
    return State(root, Sending(weekly_secret, b"", b"", our_header_key), their_header_key)


def start_chain(state: State, now: int) -> State:
    """Makes our next ratchet key and our next chain, if our turn is due."""
    sending = state.sending
    if isinstance(sending, Sending):
        return state
    refresh, shared = pq.begin_chain(state.refresh, now)
    secret = secrets.token_bytes(32)
    root, chain_key, next_header_key = root_step(state.root, x25519(secret, sending.their_key), shared)
    chain = Sending(secret, chain_key, sending.header_key, next_header_key, 0, sending.previous_length)
    return replace(state, root=root, sending=chain, refresh=refresh)


def body_keys(salt: bytes, message_key: bytes) -> list[bytes]:
    """Key, nonce and commitment of one ciphertext."""
    return hkdf(salt, message_key, MESSAGE, 32, 12, COMMITMENT_BYTES)


def seal_message(
    state: State, session_id: bytes, plaintext: bytes, associated: bytes, now: int
) -> tuple[State, RatchetMessage]:
    """Encrypts one message. `now` is in seconds since 1970."""
    state = start_chain(state, now)
    sending = state.sending
    assert isinstance(sending, Sending)
    if sending.number >= NUMBERS:
        raise Refused("the chain has no numbers left")
    message_key, chain_key = chain_step(sending.chain_key)
    refresh = pq.before_sealing(state.refresh, now, sending.number, heard=state.receiving is not None)
    riding = pq.riding(refresh.exchange, sending.number)
    header = Header(x25519_public(sending.secret), sending.previous_length, sending.number, *riding)
    message = seal_with(sending.header_key, message_key, header.encode(), session_id, plaintext, associated)
    sending = replace(sending, chain_key=chain_key, number=sending.number + 1)
    return replace(state, sending=sending, refresh=refresh.counted()), message


def seal_with(
    header_key: bytes, message_key: bytes, header: bytes, session_id: bytes, plaintext: bytes, associated: bytes
) -> RatchetMessage:
    """Seals a header and a body with a fresh salt."""
    salt = secrets.token_bytes(SALT_BYTES)
    before = before_header(salt, len(header) + TAG_BYTES)
    sealed_header = seal(header_key, salt[:12], header, before)
    key, nonce, commitment = body_keys(salt, message_key)
    sealed_body = seal(key, nonce, plaintext, session_id + before + sealed_header + associated)
    return RatchetMessage(salt, before, sealed_header, commitment, sealed_body)


def open_body(message_key: bytes, session_id: bytes, message: RatchetMessage, associated: bytes) -> bytes:
    """Opens a body whose commitment holds."""
    key, nonce, commitment = body_keys(message.salt, message_key)
    if not equal(commitment, message.commitment):
        raise Refused("the commitment does not hold")
    return open_(key, nonce, message.sealed_body, session_id + message.before_commitment + associated)


def open_header(header_key: bytes, message: RatchetMessage) -> Header | None:
    """The header, if it opens under this key."""
    try:
        plain = open_(header_key, message.salt[:12], message.sealed_header, message.before_header)
    except Refused:
        return None
    return Header.decode(plain)


def open_message(state: State, session_id: bytes, message: RatchetMessage, associated: bytes) -> tuple[State, bytes]:
    """Opens one message: the current chain, the next one, past ones, in this order."""
    receiving = state.receiving
    if receiving and (header := open_header(receiving.header_key, message)):
        receiving, plain = open_in_current(receiving, header, session_id, message, associated)
        return opened_in_current(replace(state, receiving=receiving), header), plain
    if header := open_header(state.next_header_key, message):
        stepped, message_key = step(state, header)
        plain = open_body(message_key, session_id, message, associated)
        stepped = replace(stepped, refresh=pq.after_opening_new_chain(stepped.refresh, header))
        return opened_in_current(stepped, header), plain
    for at in reversed(range(len(state.past))):
        chain = state.past[at]
        if header := open_header(chain.header_key, message):
            left, plain = open_skipped(chain.skipped, header.number, session_id, message, associated)
            past = (*state.past[:at], replace(chain, skipped=left), *state.past[at + 1 :])
            return tidied(replace(state, past=past)), plain
    raise Refused("the header opens under no key")


def open_in_current(
    chain: Receiving, header: Header, session_id: bytes, message: RatchetMessage, associated: bytes
) -> tuple[Receiving, bytes]:
    """A message of their current chain: a late one, or the next, or one further on."""
    if header.number < chain.number:
        left, plain = open_skipped(chain.skipped, header.number, session_id, message, associated)
        return replace(chain, skipped=left), plain
    if header.number - chain.number > JUMP_MAX:
        raise TooFarAhead
    chain, message_key = walk_past(chain, header.number)
    return chain, open_body(message_key, session_id, message, associated)


def opened_in_current(state: State, header: Header) -> State:
    """What a message of the chain that is now their current one leaves behind."""
    is_ours_under_way = isinstance(state.sending, Sending)
    return tidied(replace(state, refresh=pq.after_opening_of_current_chain(state.refresh, header, is_ours_under_way)))


def open_skipped(
    skipped: Skipped, number: int, session_id: bytes, message: RatchetMessage, associated: bytes
) -> tuple[Skipped, bytes]:
    """Opens a late message with its kept key, which is gone then."""
    if number not in skipped:
        raise Duplicate
    plain = open_body(skipped[number], session_id, message, associated)
    return {other: key for other, key in skipped.items() if other != number}, plain


def walk(chain: Receiving, number: int) -> Receiving:
    """Walks a chain until `number` is next, and keeps the keys passed by."""
    chain_key, skipped = chain.chain_key, dict(chain.skipped)
    for passed in range(chain.number, number):
        skipped[passed], chain_key = chain_step(chain_key)
    return Receiving(chain.header_key, chain_key, max(number, chain.number), skipped)


def walk_past(chain: Receiving, number: int) -> tuple[Receiving, bytes]:
    """Walks a chain over `number`, and gives out its key."""
    if number >= NUMBERS:
        raise Refused("a chain has no such message")
    chain = walk(chain, number)
    message_key, chain_key = chain_step(chain.chain_key)
    return replace(chain, chain_key=chain_key, number=number + 1), message_key


def step(state: State, header: Header) -> tuple[State, bytes]:
    """Their next chain: the receiving root step, with both chains walked."""
    sending, ended = state.sending, state.receiving
    if isinstance(sending, Waiting):
        raise Refused("they cannot have begun a chain before we answered the one before")
    left_behind = max(0, header.previous_length - ended.number) if ended else 0
    if left_behind + header.number > JUMP_MAX:
        raise TooFarAhead
    past = state.past
    if ended:
        past = (*past, Past(0, ended.header_key, walk(ended, header.previous_length).skipped))
    past = tuple(replace(chain, age=chain.age + 1) for chain in past)
    shared = pq.shared_with_answer(state.refresh, header)
    root, chain_key, next_header_key = root_step(state.root, x25519(sending.secret, header.ratchet_key), shared)
    begun = Receiving(state.next_header_key, chain_key)
    receiving, message_key = walk_past(begun, header.number)
    waiting = Waiting(header.ratchet_key, sending.next_header_key, sending.number)
    return State(root, waiting, next_header_key, receiving, past, state.refresh), message_key


def tidied(state: State) -> State:
    """What every opening ends with: it is counted, surplus skipped keys leave, and then past chains that are too old."""
    state = evict(replace(state, refresh=state.refresh.counted()))
    return replace(state, past=tuple(chain for chain in state.past if is_kept(chain)))


def is_kept(chain: Past) -> bool:
    """Whether a past chain is young enough."""
    return chain.age <= (AGE_MAX_WITH_KEYS if chain.skipped else AGE_MAX)


def evict(state: State) -> State:
    """Lets the oldest skipped keys leave: of the oldest chain first, then by number."""
    chains = [dict(chain.skipped) for chain in state.past]
    if state.receiving:
        chains.append(dict(state.receiving.skipped))
    surplus = sum(len(skipped) for skipped in chains) - SKIPPED_MAX
    if surplus <= 0:
        return state
    for skipped in chains:
        for number in sorted(skipped)[:surplus]:
            del skipped[number]
            surplus -= 1
    past = tuple(replace(chain, skipped=skipped) for chain, skipped in zip(state.past, chains))
    receiving = replace(state.receiving, skipped=chains[-1]) if state.receiving else None
    return replace(state, past=past, receiving=receiving)
