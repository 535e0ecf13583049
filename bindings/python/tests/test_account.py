"""Safety numbers, devices, backups, and the end of an account: bindings/SCENARIOS.md."""

from __future__ import annotations

import asyncio

import waxwing
from stage import Stage, begin_link, found, hear, link, refused, say, scenario, so, soon, take, texts, until
from waxwing import AccountId, Comparison, Delivery, EventKind, Goal, GroupRole, LinkStepKind, OtherDevices, Step

NOBODY = AccountId("01890a5d-ac96-774b-bcce-b302099a8057")


@scenario()
async def test_safety_and_verification(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    await say(alice, "bob", "hello")
    await take(bob.incoming("test"), 1)
    at_alice, at_bob = await soon(alice.safety_number("bob")), await soon(bob.safety_number(alice.me.account))
    assert at_alice.digits == at_bob.digits and len(at_alice.digits) == 60
    assert len(str(at_alice).splitlines()) == 3
    assert at_bob.compare(at_alice.scannable) is Comparison.MATCH
    assert at_alice.compare(at_alice.scannable) is Comparison.OTHER_PAIR
    assert at_alice.compare("nonsense") is Comparison.UNREADABLE
    assert at_alice.person.handle == "bob"
    assert not at_alice.is_verified and at_alice.key_is_accepted

    events = alice.events()
    await soon(alice.mark_verified(at_alice))
    event = await hear(events, lambda event: event.kind is EventKind.VERIFICATION_CHANGED)
    assert event.account == bob.me.account
    assert (await soon(alice.safety_number("bob"))).is_verified
    await soon(alice.shut_down())

    alice = await stage.open("alice")
    kept = await soon(alice.safety_number("bob"))
    assert kept.is_verified, "it is kept in the store"
    await soon(alice.mark_unverified(kept))
    assert not (await soon(alice.safety_number("bob"))).is_verified
    with refused(waxwing.NotFoundError, "not_found"):
        await soon(alice.safety_number("stranger"))
    with refused(waxwing.MisuseError, "invalid_input"):
        await soon(alice.safety_number("alice"))
    with refused(waxwing.NotFoundError, "unknown_account"):
        await soon(alice.accept_key(NOBODY))


@scenario()
async def test_linked_device(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    await soon((await say(alice, "bob", "one")).reached(Goal.DELIVERED))
    await say(bob, "alice", "two")
    await take(alice.incoming("test"), 1)
    laptop = await stage.open("laptop")
    with refused(waxwing.MisuseError, "link_text_invalid"):
        await soon(alice.link_device("nonsense"))

    here, there = await begin_link(laptop, alice)
    with refused(waxwing.NotPermittedError, "link_code_differs"):
        await soon(here.confirm("000 001" if there.code == "000 000" else "000 000"))
    with refused(waxwing.MisuseError, "link_step_taken"):
        await soon(here.confirm(there.code))
    assert laptop.me is None
    here, there = await begin_link(laptop, alice)
    linking = await soon(there.confirm(here.code))
    await soon(linking.break_off())
    assert await soon(linking.run()) == []

    for steps in await link(laptop, alice):
        assert (steps[0].kind, steps[-1].kind) == (LinkStepKind.LINKED, LinkStepKind.DONE)
        progress = [step.per_mille for step in steps if step.kind is LinkStepKind.HISTORY]
        assert progress == sorted(progress) and progress[-1] == 1000
        assert steps[0].device == laptop.me.device
    to_bob, at_laptop = await soon(alice.direct("bob")), await soon(laptop.direct("bob"))
    assert await texts(at_laptop) == ["one", "two"]
    states = [
        [(item.delivery, item.reception) for item in await soon(chat.read())] for chat in (to_bob, at_laptop)
    ]
    assert states[0] == states[1]
    assert not await soon(laptop.lacks_history())
    with refused(waxwing.MisuseError, "already_registered"):
        await soon(laptop.link_as_new())

    own, others = await soon(alice.devices()), await soon(laptop.devices())
    assert (len(own.devices), len(others.devices)) == (2, 2)
    assert own.holds_account_key and not others.holds_account_key
    await say(laptop, "bob", "from the laptop")

    async def outgoing() -> bool:
        return [item.is_outgoing for item in await to_bob.read() if item.text == "from the laptop"] == [True]

    await so(outgoing)
    await managed(alice, laptop)


async def managed(alice: waxwing.Client, laptop: waxwing.Client) -> None:
    """The laptop is named, gets its history again, and is removed."""
    device = laptop.me.device
    await soon(alice.rename_device(device, "the laptop"))
    for client in (alice, laptop):

        async def named() -> bool:
            return "the laptop" in [known.name for known in (await client.devices()).devices]

        await so(named)
    with refused(waxwing.MisuseError, "invalid_input"):
        await soon(alice.rename_device(device, "x" * 129))
    chat = await soon(laptop.direct("bob"))
    before = await texts(chat)
    async with await soon(laptop.fetch_history()) as linking:
        assert (await asyncio.wait_for(linking.run(), 60))[-1].kind is LinkStepKind.DONE
    assert await texts(chat) == before, "nothing is there twice"

    with refused(waxwing.NotPermittedError, "account_key_missing"):
        await soon(laptop.remove_device(alice.me.device))
    events = laptop.events()
    await soon(alice.remove_device(device))
    event = await hear(events, lambda event: event.kind is EventKind.SIGNED_OUT)
    assert event.code == "unknown_device"
    assert len((await soon(alice.devices())).devices) == 1


@scenario()
async def test_backup_and_restore(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    await soon((await say(alice, "bob", "a canary sings")).reached(Goal.DELIVERED))
    answer = (await say(bob, "alice", "so it does")).id
    await take(alice.incoming("test"), 1)
    to_bob = await soon(alice.direct("bob"))
    await soon(to_bob.react(answer, "+"))
    await soon(to_bob.set_pinned(True))
    await soon(alice.mark_verified(await soon(alice.safety_number("bob"))))
    birds = (await soon(alice.create_group("birds", ["bob"]))).id
    await found(bob, birds)

    file, key, of_bob = stage.folder / "alice.waxwing", await alice.recovery_key(), await bob.recovery_key()
    with refused(waxwing.MisuseError, "recovery_key_invalid"):
        await soon(alice.write_backup(file, "nonsense"))
    with refused(waxwing.NotPermittedError, "wrong_account_key"):
        await soon(alice.write_backup(file, of_bob))
    summary = await soon(alice.write_backup(file, key))
    content = file.read_bytes()
    assert summary.bytes == len(content) and b"canary" not in content
    before = await texts(to_bob)
    await soon(alice.shut_down())

    alice = await stage.open("new phone")
    await soon(alice.register("alice", recovery_key=key, other_devices=OtherDevices.REPLACE))
    cut = stage.folder / "cut"
    cut.write_bytes(content[: len(content) // 2])
    with refused(waxwing.UndecryptableError, "backup_damaged"):
        await soon(alice.restore_backup(cut, key))
    with refused(waxwing.NotPermittedError, "backup_key_wrong"):
        await soon(alice.restore_backup(file, of_bob))
    with refused(waxwing.MisuseError, "backup_other_account"):
        await soon(bob.restore_backup(file, key))
    for _ in range(2):
        assert await soon(alice.restore_backup(file, key)) == summary
        to_bob = await soon(alice.direct("bob"))
        assert await texts(to_bob) == before
        assert (await soon(alice.entry(answer))).reactions[0].reaction == "+"
        assert (await soon(to_bob.settings())).pinned
    assert (await soon(alice.safety_number("bob"))).is_verified
    group = (await soon(alice.conversation(birds))).group
    assert len((await soon(group.info())).members) == 2
    await say(alice, "bob", "on a new phone")
    messages = await take(bob.incoming("test"), 2)
    assert [message.text for message in messages] == ["a canary sings", "on a new phone"]


@scenario()
async def test_account_deletion(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    await say(bob, "alice", "a word that stays")
    await take(alice.incoming("test"), 1)
    laptop = await stage.open("laptop")
    await link(laptop, alice)
    with refused(waxwing.NotPermittedError, "account_key_missing"):
        await soon(laptop.delete_account())
    both = (await soon(alice.create_group("both", ["bob"]))).id
    group, account = (await found(bob, both)).group, alice.me.account

    events = [alice.events(), laptop.events()]
    await soon(alice.delete_account())
    for told in events:
        event = await hear(told, lambda event: event.kind is EventKind.SIGNED_OUT)
        assert event.code == "account_deleted"
    assert alice.me is None
    conversations = alice.conversations()
    await soon(conversations.__anext__())
    assert conversations.items == []
    assert "a word that stays" in await texts(await soon(laptop.direct("bob")))

    async def alone() -> list[waxwing.Member] | None:
        members = (await group.info()).members
        return list(members) if len(members) == 1 else None

    assert [member.role for member in await until(alone)] == [GroupRole.OWNER]
    to_alice = await soon(bob.direct(account))
    sent = await soon(to_alice.send("are you there?"))
    assert await soon(sent.reached(Goal.DELIVERED)) == Delivery(Step.FAILED, "recipient_gone")

    other = await stage.open("another")
    assert (await soon(other.register("alice"))).account != account
