"""Accounts and messages: bindings/SCENARIOS.md."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import waxwing
from stage import Stage, refused, say, scenario, soon, take
from waxwing import AccountId, Appended, Goal, LinkState, MessageId, Reset, Step


@scenario()
async def test_register(stage: Stage) -> None:
    client = await stage.open("alice")
    assert client.me is None and client.link is LinkState.STOPPED
    me = await soon(client.register("alice"))
    assert me.handle == "alice" and client.me == me
    await soon(client.online())
    assert client.link is LinkState.ONLINE
    key = await client.recovery_key()
    assert len(key) == 77 and key not in repr([key])
    await soon(client.shut_down())

    client = await stage.open("alice")
    assert client.me == me
    with refused(waxwing.MisuseError, "already_registered"):
        await soon(client.register("carol"))
    await soon(client.shut_down())

    other = await stage.open("other")
    recovered = await soon(other.register("alice", recovery_key=key))
    assert recovered.account == me.account and recovered.device != me.device


@scenario()
async def test_exchange(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    chat = await soon(alice.direct("bob"))
    timeline = chat.timeline()
    assert await soon(timeline.__anext__()) == Reset([])
    sent = await soon(chat.send("hello"))

    (message,) = await take(bob.incoming("test"), 1)
    assert (message.text, message.message_id, message.sender.handle) == ("hello", sent.id, "alice")
    hour, now = timedelta(hours=1), datetime.now(timezone.utc)
    assert abs(message.sent_at - now) < hour and abs(message.stored_at - now) < hour

    back = await soon(bob.conversation(message.conversation_id))
    await soon(back.send("hello yourself"))
    while len(timeline.items) < 2:
        await soon(timeline.__anext__())
    assert [item.text for item in timeline.items] == ["hello", "hello yourself"]
    assert [item.is_outgoing for item in timeline.items] == [True, False]

    assert (await soon(bob.direct(alice.me.account))).id == message.conversation_id
    with refused(waxwing.NotFoundError, "not_found"):
        await soon(bob.direct(AccountId("01890a5d-ac96-774b-bcce-b302099a8057")))


@scenario()
async def test_offline_and_catch_up(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    await soon(alice.direct("bob"))
    await soon(alice.shut_down())

    alice = await stage.open("alice", offline=True)
    assert alice.link is LinkState.STOPPED
    chat = await soon(alice.direct("bob"))
    await soon(chat.send("one"))
    id = alice.new_message_id()
    assert (await soon(chat.send("two", id=id))).id == id
    assert await soon(alice.outbox_len()) == 2
    assert (await soon(chat.send("two", id=id))).id == id
    assert await soon(alice.outbox_len()) == 2
    with refused(waxwing.MisuseError, "message_id_taken"):
        await soon(chat.send("other", id=id))
    with refused(waxwing.OfflineError, "offline"):
        await soon(alice.direct("stranger"))
    await soon(alice.shut_down())

    alice = await stage.open("alice")
    await soon(alice.online())
    await soon(alice.flushed())
    incoming = bob.incoming("test")
    one, two = await take(incoming, 2)
    assert (one.text, two.text) == ("one", "two")
    await soon(incoming.done(one))
    await soon(bob.shut_down())

    bob = await stage.open("bob")
    incoming = bob.incoming("test")
    (again,) = await take(incoming, 1)
    assert again == two
    nothing_more = asyncio.create_task(incoming.__anext__())
    assert not (await asyncio.wait([nothing_more], timeout=0.5))[0]
    nothing_more.cancel()


@scenario()
async def test_receipts(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    sent = await say(alice, "bob", "hello")
    assert (await soon(sent.reached(Goal.SENT))).step in (Step.SENT, Step.DELIVERED)
    assert (await soon(sent.reached(Goal.DELIVERED))).step is Step.DELIVERED

    conversations = bob.conversations()
    await soon(conversations.__anext__())
    assert [item.unread for item in conversations.items] == [1]
    chat = await soon(bob.conversation(conversations.items[0].conversation_id))
    await soon(chat.mark_read(sent.id))
    assert (await soon(sent.reached(Goal.READ))).step is Step.READ
    while conversations.items[0].unread:
        await soon(conversations.__anext__())


@scenario()
async def test_retry_and_cancel(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    await soon(alice.direct("bob"))
    await soon(alice.shut_down())
    alice = await stage.open("alice", offline=True)
    chat = await soon(alice.direct("bob"))
    one, two = await soon(chat.send("one")), await soon(chat.send("two"))
    await soon(two.take_back())
    assert (await soon(two.state())).step is Step.CANCELLED
    with refused(waxwing.NotFoundError, "not_found"):
        await soon(alice.sent(MessageId("01890a5d-ac96-774b-bcce-b302099a8057")).state())

    await soon(alice.resume())
    await soon(one.reached(Goal.DELIVERED))
    with refused(waxwing.MisuseError, "too_late"):
        await soon(one.take_back())
    await soon(one.retry())
    await soon(chat.send("three"))
    assert [message.text for message in await take(bob.incoming("test"), 2)] == ["one", "three"]


@scenario()
async def test_two_clients_in_one_process(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    to_bob, to_alice = await soon(alice.direct("bob")), await soon(bob.direct("alice"))

    async def speak(chat: waxwing.Conversation, who: str) -> None:
        for number in range(50):
            await soon(chat.send(f"{who} {number}"))

    await asyncio.gather(speak(to_bob, "alice"), speak(to_alice, "bob"))
    for chat in (to_bob, to_alice):
        async with chat.timeline(200) as timeline:
            while len(timeline.items) < 100:
                await soon(timeline.__anext__())
            texts = [item.text for item in timeline.items]
        for who in ("alice", "bob"):
            said = [text for text in texts if text.startswith(who)]
            assert said == [f"{who} {number}" for number in range(50)]

    timeline = to_bob.timeline()
    await soon(timeline.__anext__())
    await soon(alice.shut_down())

    async def rest() -> None:
        async for diff in timeline:
            assert not isinstance(diff, Appended)

    await soon(rest())
    await soon(to_alice.send("still here"))
