"""A session at rest (section 8): one encoding, and whatever is not that encoding is refused."""

from itertools import pairwise

from waxwing.encoding import Reader, u8, u16, u32, u64
from waxwing.errors import Refused
from waxwing.message import HANDSHAKE_BYTES, decode_handshake
from waxwing.pq import Answering, Asked, Exchange, Idle, Offered, Refresh
from waxwing.primitives import (
    KEM_768_CIPHERTEXT_BYTES,
    KEM_768_PUBLIC_BYTES,
    KEM_SEED_BYTES,
    SUITE,
    check_kem_public,
    check_x25519_public,
)
from waxwing.ratchet import AGE_MAX, SKIPPED_MAX, Past, Receiving, Sending, Skipped, State, Waiting, is_kept
from waxwing.session import Session

SNAPSHOT_FORMAT = 2

ROLE_RESPONDER = 0
ROLE_INITIATOR = 1
ROLE_UNANSWERED = 2


def encode(session: Session) -> bytes:
    """The bytes that are stored."""
    role = ROLE_INITIATOR if session.initiated_by_us else ROLE_RESPONDER
    handshake = b""
    if session.unanswered:
        role, handshake = ROLE_UNANSWERED, session.unanswered.encode()
    start = bytes([SNAPSHOT_FORMAT, SUITE, role]) + handshake + session.id + session.handshake_id
    return start + encode_state(session.state)


def encode_state(state: State) -> bytes:
    out = state.root + encode_sending(state.sending) + state.next_header_key
    if state.receiving is None:
        out += u8(0)
    else:
        chain = state.receiving
        out += u8(1) + chain.header_key + chain.chain_key + u32(chain.number) + encode_skipped(chain.skipped)
    out += u8(len(state.past))
    for past in state.past:
        out += u8(past.age) + past.header_key + encode_skipped(past.skipped)
    return out + encode_refresh(state.refresh)


def encode_refresh(refresh: Refresh) -> bytes:
    time = u8(0) if refresh.time is None else u8(1) + u64(refresh.time)
    return u32(refresh.messages) + time + encode_exchange(refresh.exchange)


def encode_exchange(exchange: Exchange) -> bytes:
    if isinstance(exchange, Offered):
        return u8(1) + exchange.seed + u64(exchange.time)
    if isinstance(exchange, Asked):
        return u8(2) + exchange.key
    if isinstance(exchange, Answering):
        return u8(3) + exchange.ciphertext
    return u8(0)


def encode_sending(sending: Waiting | Sending) -> bytes:
    if isinstance(sending, Waiting):
        return u8(0) + sending.their_key + sending.header_key + u32(sending.previous_length)
    keys = sending.secret + sending.chain_key + sending.header_key + sending.next_header_key
    return u8(1) + keys + u32(sending.number) + u32(sending.previous_length)


def encode_skipped(skipped: Skipped) -> bytes:
    return u16(len(skipped)) + b"".join(u32(number) + skipped[number] for number in sorted(skipped))


def decode(stored: bytes) -> Session:
    """The session that was stored."""
    reader = Reader(stored)
    reader.expect(SNAPSHOT_FORMAT)
    reader.expect(SUITE)
    role = reader.u8()
    if role > ROLE_UNANSWERED:
        raise Refused("an unknown role")
    unanswered = decode_handshake(reader.take(HANDSHAKE_BYTES)) if role == ROLE_UNANSWERED else None
    session = Session(reader.take(16), reader.take(32), role != ROLE_RESPONDER, unanswered, decode_state(reader))
    reader.finish()
    check_role(session)
    check_chains(session.state)
    check_exchange(session.state)
    return session


def check_role(session: Session) -> None:
    """Until something of theirs was opened there is no chain of theirs, and only the initiator is without one."""
    state, unanswered = session.state, session.unanswered
    if (state.receiving is None) != (unanswered is not None):
        raise Refused("a role that does not fit the chains")
    if state.receiving is None and (state.past or isinstance(state.sending, Waiting)):
        raise Refused("chains of theirs before the first")
    if unanswered and unanswered.id() != session.handshake_id:
        raise Refused("the id of another handshake")


def check_chains(state: State) -> None:
    """No more than a session keeps, and in its order."""
    chains = [chain.skipped for chain in state.past]
    if state.receiving:
        chains.append(state.receiving.skipped)
        if any(number >= state.receiving.number for number in state.receiving.skipped):
            raise Refused("a skipped number that is not below the next")
    if sum(len(skipped) for skipped in chains) > SKIPPED_MAX:
        raise Refused("too many skipped keys")
    if any(not is_kept(chain) for chain in state.past):
        raise Refused("a past chain that is too old")
    ages = [chain.age for chain in state.past]
    if any(older <= younger for older, younger in pairwise(ages)):
        raise Refused("ages out of order")
    youngest = ages[-AGE_MAX:]
    if youngest != list(range(len(youngest), 0, -1)):
        raise Refused("ages that no turns make")


def check_exchange(state: State) -> None:
    """Section 16: nothing rides along before the first answer; whoever drew a share dated it; an answer has a chain."""
    exchange, time = state.refresh.exchange, state.refresh.time
    if not isinstance(exchange, Idle) and state.receiving is None:
        raise Refused("an exchange before the first answer")
    if isinstance(exchange, Offered | Answering) and time is None:
        raise Refused("an exchange without its time")
    if isinstance(exchange, Answering) and isinstance(state.sending, Waiting):
        raise Refused("an answer without a chain")


def decode_state(reader: Reader) -> State:
    root = reader.take(32)
    sending = decode_sending(reader)
    next_header_key = reader.take(32)
    receiving = None
    if reader.flag():
        receiving = Receiving(reader.take(32), reader.take(32), reader.u32(), decode_skipped(reader))
    past = tuple(Past(reader.u8(), reader.take(32), decode_skipped(reader)) for _ in range(reader.u8()))
    return State(root, sending, next_header_key, receiving, past, decode_refresh(reader))


def decode_refresh(reader: Reader) -> Refresh:
    messages = reader.u32()
    time = reader.u64() if reader.flag() else None
    return Refresh(messages, time, decode_exchange(reader))


def decode_exchange(reader: Reader) -> Exchange:
    state = reader.u8()
    if state == 0:
        return Idle()
    if state == 1:
        return Offered(reader.take(KEM_SEED_BYTES), reader.u64())
    if state == 2:
        return Asked(check_kem_public(reader.take(KEM_768_PUBLIC_BYTES)))
    if state == 3:
        return Answering(reader.take(KEM_768_CIPHERTEXT_BYTES))
    raise Refused("an unknown state of the exchange")


def decode_sending(reader: Reader) -> Waiting | Sending:
    if reader.flag():
        secret, chain_key, header_key, next_header_key = (reader.take(32) for _ in range(4))
        return Sending(secret, chain_key, header_key, next_header_key, reader.u32(), reader.u32())
    return Waiting(check_x25519_public(reader.take(32)), reader.take(32), reader.u32())


def decode_skipped(reader: Reader) -> Skipped:
    skipped: Skipped = {}
    last = -1
    for _ in range(reader.u16()):
        number = reader.u32()
        if number <= last:
            raise Refused("numbers out of order")
        skipped[number], last = reader.take(32), number
    return skipped
