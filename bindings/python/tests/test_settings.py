"""How conversations are set, and messages that disappear: bindings/SCENARIOS.md."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Callable

import waxwing
from stage import Stage, refused, scenario, so, soon, take, until
from waxwing import ConversationSettings, MessageId, Notice, OtherDevices


async def set(
    chat: waxwing.Conversation, is_so: Callable[[ConversationSettings], bool]
) -> ConversationSettings:
    """The settings, once they are so."""

    async def look() -> ConversationSettings | None:
        settings = await chat.settings()
        return settings if is_so(settings) else None

    return await until(look)


@scenario()
async def test_conversation_settings(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    tablet, key = await stage.open("tablet"), await soon(alice.recovery_key())
    await soon(tablet.register("alice", recovery_key=key, other_devices=OtherDevices.KEEP))
    one, other = await soon(alice.direct("bob")), await soon(tablet.direct("bob"))
    await soon(one.set_draft("half a"))
    await soon(one.set_pinned(True))
    await soon(one.set_archived(True))
    await soon(one.set_marked_unread(True))
    await soon(one.mute())
    wanted = ConversationSettings(
        draft="half a", muted=True, pinned=True, archived=True, marked_unread=True
    )
    await set(other, lambda settings: settings == wanted)
    conversations = tablet.conversations()
    await soon(conversations.__anext__())
    while [item.settings for item in conversations.items if item.conversation_id == one.id] != [wanted]:
        await soon(conversations.__anext__())

    noon = (datetime.now(timezone.utc) + timedelta(days=1)).replace(hour=12, microsecond=123_000)
    await soon(other.mute(until=noon))
    assert (await set(one, lambda settings: settings.muted_until is not None)).muted_until == noon
    await soon(other.unmute())
    await soon(other.set_pinned(False))
    await soon(other.set_archived(False))
    await soon(other.set_draft(""))
    await set(one, lambda settings: settings == ConversationSettings(marked_unread=True))

    incoming, to_alice = alice.incoming("test"), await soon(bob.direct("alice"))
    await soon(to_alice.send("hello"))
    (hello,) = await take(incoming, 1)
    await soon(one.mark_read(hello.message_id))
    await set(one, lambda settings: settings == ConversationSettings())

    await soon(one.set_blocked(True))
    with refused(waxwing.MisuseError, "blocked"):
        await soon(one.send("to nobody"))
    await soon(to_alice.send("unheard"))
    await soon(bob.flushed())
    # A device that connects anew has drained what waited before.
    await soon(alice.suspend())
    await soon(alice.resume())
    await soon(alice.drained())
    await soon(one.set_blocked(False))
    await set(other, lambda settings: not settings.blocked)
    await soon(to_alice.send("heard"))
    assert [message.text for message in await take(alice.incoming("again"), 2)] == ["hello", "heard"]


async def gone(client: waxwing.Client, id: MessageId) -> None:
    async def look() -> bool:
        try:
            await client.entry(id)
        except waxwing.NotFoundError:
            return True
        return False

    await so(look)


@scenario()
async def test_disappearing(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    to_bob, to_alice = await soon(alice.direct("bob")), await soon(bob.direct("alice"))
    second = timedelta(seconds=1)
    await soon(to_bob.set_timer(second))
    for chat in (to_bob, to_alice):
        await set(chat, lambda settings: settings.timer == second)

        async def told() -> bool:
            items = await chat.read()
            return (Notice.TIMER_CHANGED, second) in [(item.notice, item.timer) for item in items]

        await so(told)
    goes = (await soon(to_bob.send("gone"))).id
    (message,) = await take(bob.incoming("test"), 1)
    assert message.marks.expires_after == second
    await gone(alice, goes)
    assert (await soon(bob.entry(goes))).text == "gone", "it waits to be read"
    await soon(to_alice.mark_read(goes))
    await gone(bob, goes)
    with refused(waxwing.MisuseError, "invalid_input"):
        await soon(to_bob.set_timer(timedelta(days=36_600)))

    await soon(to_bob.set_timer(None))
    await set(to_alice, lambda settings: settings.timer is None)
    await soon(to_bob.send("stays"))
    (message,) = await take(bob.incoming("stays"), 1)
    assert (message.text, message.marks.expires_after) == ("stays", None)
