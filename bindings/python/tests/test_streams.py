"""Streams, cancellation, the app's life, leaks: bindings/SCENARIOS.md."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import waxwing
from stage import KEY, PATIENCE, Stage, eventually, refused, say, scenario, soon, take
from waxwing import EventKind, Goal, LinkState, Step


@scenario("--submits-burst", "2000")
async def test_subscription_that_lags(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    chat = await soon(alice.direct("bob"))
    timeline, events, conversations = chat.timeline(), alice.events(), bob.conversations()
    await soon(timeline.__anext__())
    await soon(conversations.__anext__())
    messages = [await soon(chat.send(str(number))) for number in range(300)]
    for sent in messages:
        await soon(sent.reached(Goal.DELIVERED))

    heard = []
    try:
        while True:
            heard.append(await asyncio.wait_for(events.__anext__(), 1))
    except asyncio.TimeoutError:
        pass
    assert heard[0].kind is EventKind.LAGGED
    assert [event.kind for event in heard].count(EventKind.LAGGED) == 1
    assert len(heard) <= 513

    while not (len(timeline.items) == 300 and timeline.items[-1].delivery.step is Step.DELIVERED):
        await soon(timeline.__anext__())
    assert timeline._received <= 4, "the first batch, and at most three"
    assert [item.text for item in timeline.items] == [str(number) for number in range(300)]
    assert all(item.delivery.step is Step.DELIVERED for item in timeline.items)
    while [item.unread for item in conversations.items] != [300]:
        await soon(conversations.__anext__())


@scenario()
async def test_streams_lose_nothing(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    chat = await soon(alice.direct("bob"))

    async def speak() -> None:
        for number in range(100):
            await soon(chat.send(str(number)))
            await asyncio.sleep(0.002)

    speaking, incoming, texts = asyncio.create_task(speak()), bob.incoming("test"), []
    end = asyncio.get_running_loop().time() + 60
    while len(texts) < 100 and asyncio.get_running_loop().time() < end:
        try:
            texts.append((await asyncio.wait_for(incoming.__anext__(), 0.01)).text)
        except asyncio.TimeoutError:
            pass
    await soon(speaking)
    assert texts == [str(number) for number in range(100)]

    await soon(alice.drained())
    await soon(alice.sent((await chat.read(1))[0].message_id).reached(Goal.DELIVERED))
    timeline = chat.timeline(10)
    while not timeline.items:
        await soon(timeline.__anext__())
    waiting = asyncio.create_task(_next_appended(timeline))
    await asyncio.sleep(0.1)
    older = await soon(timeline.older(10))
    assert [item.text for item in older] == [str(number) for number in range(80, 90)]
    assert not waiting.done()
    await soon(chat.send("at last"))
    await soon(waiting)
    assert timeline.items[-1].text == "at last"


async def _next_appended(timeline: waxwing.Timeline) -> None:
    async for diff in timeline:
        if isinstance(diff, waxwing.Appended):
            return


@scenario()
async def test_suspend_and_resume(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    await say(alice, "bob", "one")
    await take(bob.incoming("test"), 1)
    await soon(bob.suspend(timedelta(seconds=5)))
    assert bob.link is LinkState.STOPPED
    with refused(waxwing.MisuseError, "suspended"):
        await soon(bob.drained())
    history = await soon(waxwing.open_history(stage.store("bob"), KEY))
    assert [item.unread for item in await soon(history.conversations())] == [1]
    del history
    await soon((await stage.open("bob")).shut_down())

    await say(alice, "bob", "two")
    await soon(alice.flushed())
    caught_up = await soon(bob.catch_up(timedelta(seconds=20)))
    assert (caught_up.messages, caught_up.completed) == (1, True)
    with refused(waxwing.MisuseError, "suspended"):
        await soon(bob.drained())
    await soon(bob.resume())
    await soon(bob.online())
    await soon(bob.drained())


@scenario()
async def test_cancellation_in_mid_call(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    chat = await soon(alice.direct("bob"))
    await soon(bob.shut_down())
    sent = await soon(chat.send("one"))
    await soon(sent.reached(Goal.SENT))
    calls = waxwing.live_objects().calls
    waiting = asyncio.create_task(sent.reached(Goal.DELIVERED))
    await asyncio.sleep(0.1)
    waiting.cancel()
    await asyncio.wait([waiting], timeout=PATIENCE)
    assert waiting.cancelled()
    await eventually("no call runs", lambda: waxwing.live_objects().calls == calls)

    await soon(alice.shut_down())
    alice = await stage.open("alice", offline=True)
    chat = await soon(alice.direct("bob"))
    for number in range(20):
        id = alice.new_message_id()
        given_up = asyncio.create_task(chat.send(f"given up {number}", id=id))
        await asyncio.sleep(0 if number % 2 else 0.001)
        given_up.cancel()
        await asyncio.wait([given_up])
        assert (await soon(chat.send(f"given up {number}", id=id))).id == id
    bob = await stage.open("bob")
    incoming = bob.incoming("test")
    pulling = asyncio.create_task(incoming.__anext__())
    await asyncio.sleep(0.05)
    pulling.cancel()
    await asyncio.wait([pulling])
    await soon(alice.resume())
    texts = [message.text for message in await take(incoming, 20)]
    if pulling.cancelled():
        texts += [message.text for message in await take(incoming, 1)]
    else:
        texts.insert(0, pulling.result().text)
    assert texts == ["one", *(f"given up {number}" for number in range(20))]


@scenario()
async def test_ten_thousand_objects_leave_no_leak(stage: Stage) -> None:
    alice = await stage.person("alice")
    await stage.person("bob")
    chat = await soon(alice.direct("bob"))
    sent = await soon(chat.send("hello"))
    # What other scenarios left behind must be gone first: it would be missed afterwards.
    await eventually("only these are alive", lambda: _alive(waxwing.live_objects()) == (2, 1, 0))
    before = waxwing.live_objects()
    for _ in range(2500):
        alice.sent(sent.id)
        alice.events()
        alice.conversations()
        await soon(chat.timeline(1).__anext__())
    await eventually("all are gone", lambda: waxwing.live_objects() == before)

    for number in range(10):
        await waxwing.open(stage.url, stage.store(f"dropped-{number}"), KEY)
    await eventually("no client stays", lambda: waxwing.live_objects().clients == before.clients)
    for number in range(10):
        await soon((await stage.open(f"dropped-{number}")).shut_down())


def _alive(live: waxwing.LiveObjects) -> tuple[int, int, int]:
    return live.clients, live.conversations, live.streams
