"""What a message carries, what is said about it, and finding it again: bindings/SCENARIOS.md."""

from __future__ import annotations

from typing import Callable

import waxwing
from stage import KEY, Stage, refused, scenario, soon, take, until
from waxwing import Appended, Custom, Mention, MessageId, Reset, TimelineItem


async def when(
    chat: waxwing.Conversation, id: MessageId, is_so: Callable[[TimelineItem], bool]
) -> TimelineItem:
    """The entry, once it is so."""

    async def look() -> TimelineItem | None:
        items = [item for item in await chat.read(200) if item.message_id == id and is_so(item)]
        return items[0] if items else None

    return await until(look)


@scenario()
async def test_annotations(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    to_bob, to_alice = await soon(alice.direct("bob")), await soon(bob.direct("alice"))
    id = (await soon(to_bob.send("helo"))).id
    await take(bob.incoming("test"), 1)
    await soon(to_bob.edit(id, "hello"))
    assert (await when(to_alice, id, lambda item: item.edited)).text == "hello"

    for reaction in ("👍", "❤️"):
        await soon(to_alice.react(id, reaction))
    item = await when(to_bob, id, lambda item: [said.reaction for said in item.reactions] == ["❤️"])
    assert [who.handle for who in item.reactions[0].by] == ["bob"]
    await soon(to_alice.react(id, ""))
    await when(to_bob, id, lambda item: item.reactions == ())
    with refused(waxwing.NotPermittedError, "not_allowed"):
        await soon(to_alice.edit(id, "mine"))

    await soon(to_bob.delete_for_everyone(id))
    for chat in (to_bob, to_alice):
        assert (await when(chat, id, lambda item: item.deleted)).text is None
    stays = (await soon(to_bob.send("stays with Alice"))).id
    await when(to_alice, stays, lambda item: True)
    await soon(to_alice.delete_for_me(stays))
    with refused(waxwing.NotFoundError, "not_found"):
        await soon(bob.entry(stays))
    assert stays not in [item.message_id for item in await soon(to_alice.read())]
    assert (await soon(alice.entry(stays))).text == "stays with Alice"


@scenario()
async def test_marks(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    to_bob, to_alice = await soon(alice.direct("bob")), await soon(bob.direct("alice"))
    one = (await soon(to_bob.send("one"))).id
    await take(bob.incoming("test"), 1)
    mention = Mention(alice.me.account, 0, 6)
    await soon(to_alice.send("@alice: é, two", reply_to=one, mentions=[mention]))
    (answer,) = await take(alice.incoming("test"), 1)
    assert (answer.marks.reply_to, answer.marks.mentions) == (one, (mention,))
    later = Mention(alice.me.account, 3, 9)
    await soon(to_alice.send("é, @alice", mentions=[later]))
    conversations = alice.conversations()
    await soon(conversations.__anext__())
    while conversations.items[0].unread_mentions < 2:
        await soon(conversations.__anext__())
    assert (await soon(to_bob.read(1)))[0].marks.mentions == (later,)

    await soon(to_bob.send("one", forwarded=True))
    place = Custom("example.com/location", bytes([1, 2, 3]))
    await soon(to_bob.send("a place", custom=place))
    messages = await take(bob.incoming("again"), 3)
    assert [message.marks.forwarded for message in messages] == [False, True, False]
    assert (messages[2].text, messages[2].marks.custom) == ("a place", place)
    assert (await soon(to_alice.read(1)))[0].marks.custom == place
    with refused(waxwing.MisuseError, "invalid_input"):
        await soon(to_bob.send("short", mentions=[Mention(alice.me.account, 40, 46)]))


@scenario()
async def test_search_jump_and_export(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    to_bob, to_alice = await soon(alice.direct("bob")), await soon(bob.direct("alice"))
    texts = ["the Éclair of ten" if number == 10 else f"number {number}" for number in range(1, 61)]
    for text in texts:
        await soon(to_bob.send(text))
    await take(bob.incoming("test"), 60)
    (item,) = everywhere = await soon(bob.search("eclair"))
    assert await soon(to_alice.search("eclair")) == everywhere
    assert await soon(bob.search("tart")) == []
    assert await soon(bob.entry(item.message_id)) == item

    page = [entry.text for entry in await soon(to_alice.read(9, around=item.message_id))]
    first = texts.index(page[0])
    assert page == texts[first : first + 9] and item.text in page
    timeline = to_alice.timeline(9, around=item.message_id)
    diff = await soon(timeline.__anext__())
    assert isinstance(diff, Reset) and item in diff.items
    await soon(to_bob.send("at last"))
    while timeline.items[-1].text != "at last":
        assert isinstance(await soon(timeline.__anext__()), Appended)

    assert [entry.text async for entry in to_alice.export()] == [*texts, "at last"]
    history = await soon(waxwing.open_history(stage.store("bob"), KEY))
    assert await soon(history.search("eclair")) == everywhere
    assert await soon(history.search("eclair", conversation=to_alice.id)) == everywhere
    assert [entry.text async for entry in history.export(to_alice.id)] == [*texts, "at last"]
