"""Groups: bindings/SCENARIOS.md."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import waxwing
from stage import Stage, found, hear, refused, scenario, so, soon, take, texts, until
from waxwing import (
    ConversationId,
    EventKind,
    Goal,
    GroupNoticeKind,
    GroupRole,
    GroupSettings,
    GroupStanding,
    GroupWho,
    InvitationState,
    JoinState,
    Reach,
)


async def notices(chat: waxwing.Conversation) -> list[waxwing.GroupNotice]:
    return [item.group_notice for item in await soon(chat.read(200)) if item.group_notice is not None]


@scenario()
async def test_groups(stage: Stage) -> None:
    alice, bob, carol = [await stage.person(name) for name in ("alice", "bob", "carol")]
    birds = await soon(alice.create_group("birds", ["bob", "carol"]))
    assert birds.peer is None
    at_bob, at_carol = await found(bob, birds.id), await found(carol, birds.id)
    conversations = bob.conversations()
    await soon(conversations.__anext__())
    head = conversations.items[0].group
    assert (head.title, head.standing, conversations.items[0].peer) == ("birds", GroupStanding.MEMBER, None)

    alices, bobs, carols = birds.group, at_bob.group, at_carol.group
    info = await soon(bobs.info())
    assert (info.title, info.standing, info.settings) == ("birds", GroupStanding.MEMBER, GroupSettings())
    assert info.epoch >= 1
    roles = {member.contact.handle: member.role for member in info.members}
    assert roles == {"alice": GroupRole.OWNER, "bob": GroupRole.MEMBER, "carol": GroupRole.MEMBER}

    sent = await soon(birds.send("hello, birds"))
    for client, chat in [(bob, at_bob), (carol, at_carol)]:
        (message,) = await take(client.incoming("test"), 1)
        assert (message.text, message.group_title) == ("hello, birds", "birds")
        assert message.sender.handle == "alice"
        await soon(chat.mark_read(message.message_id))

    async def all_read() -> waxwing.Receipts | None:
        receipts = await alices.receipts(sent.id)
        return receipts if receipts.all_read else None

    receipts = await until(all_read)
    assert [member.reach for member in receipts.members] == [Reach.READ, Reach.READ]
    assert (receipts.delivered, receipts.read, receipts.all_delivered) == (2, 2, True)

    with refused(waxwing.NotPermittedError, "not_permitted"):
        await soon(bobs.set_title("Bob's"))
    await soon(alices.set_role("bob", GroupRole.ADMIN))

    async def renamed() -> bool:
        try:
            await bobs.set_title("Bob's birds")
        except waxwing.NotPermittedError:
            return False
        return True

    await so(renamed)

    async def carol_sees() -> bool:
        return (await carols.info()).title == "Bob's birds"

    await so(carol_sees)
    told = await notices(at_carol)
    roles = [notice.member for notice in told if notice.kind is GroupNoticeKind.ROLE]
    assert [(member.contact.handle, member.role) for member in roles] == [("bob", GroupRole.ADMIN)]
    assert [notice.title for notice in told if notice.kind is GroupNoticeKind.TITLE] == ["Bob's birds"]

    settings = GroupSettings(write=GroupWho.ADMINS)
    await soon(alices.set_settings(settings))

    async def carol_may_not() -> bool:
        return (await carols.info()).settings == settings

    await so(carol_may_not)
    with refused(waxwing.NotPermittedError, "not_permitted"):
        await soon(at_carol.send("may I?"))

    picture = bytes(number % 256 for number in range(1000))
    await soon(alices.set_picture(picture))

    async def bob_sees_it() -> bool:
        return await bobs.picture() == picture

    await so(bob_sees_it)
    assert len((await soon(bobs.info())).picture_hash) == 32

    await soon(alices.remove("carol"))

    async def carol_is_out() -> bool:
        return (await carols.info()).standing is GroupStanding.OUT

    await so(carol_is_out)
    await soon((await soon(birds.send("without Carol"))).reached(Goal.DELIVERED))
    assert "without Carol" not in await texts(at_carol)
    await soon(bobs.leave())

    async def alone() -> bool:
        return len((await alices.info()).members) == 1

    await so(alone)

    async def told_so() -> bool:
        return GroupNoticeKind.LEFT in [notice.kind for notice in await notices(birds)]

    await so(told_so)
    await soon(alices.leave())


async def stands(client: waxwing.Client, id: ConversationId, state: JoinState) -> None:
    async def look() -> bool:
        return state in [join.state for join in await client.joins() if join.conversation_id == id]

    await so(look)


@scenario()
async def test_group_invitation(stage: Stage) -> None:
    alice, bob = await stage.person("alice"), await stage.person("bob")
    birds = await soon(alice.create_group("birds"))
    group = birds.group
    made = await soon(group.invite())
    assert made.state is InvitationState.OPEN and made.link not in repr(made)
    link = waxwing.read_invitation(made.link)
    assert (link.handle, link.conversation_id) == ("alice", birds.id)
    assert (link.needs_approval, link.expires_at) == (False, None)
    with refused(waxwing.MisuseError, "invitation_invalid"):
        waxwing.read_invitation("nonsense")

    events = bob.events()
    join = await soon(bob.join(made.link))
    assert join.conversation_id == birds.id and join.state is not JoinState.REFUSED
    await found(bob, birds.id)
    event = await hear(events, lambda event: event.kind is EventKind.JOIN_ANSWERED)
    assert event.conversation_id == birds.id
    await stands(bob, birds.id, JoinState.JOINED)

    hour = timedelta(hours=1)
    made = await soon(group.invite(needs_approval=True, lifetime=hour))
    assert made.needs_approval
    assert made.expires_at <= datetime.now(timezone.utc) + hour + timedelta(minutes=1)
    carol, dave = await stage.person("carol"), await stage.person("dave")
    events = alice.events()
    for client in (carol, dave):
        assert (await soon(client.join(made.link))).state is JoinState.WAITING
    event = await hear(events, lambda event: event.account == carol.me.account)
    assert (event.kind, event.conversation_id) == (EventKind.JOIN_REQUESTED, birds.id)

    async def both() -> list[waxwing.JoinRequest] | None:
        requests = await group.requests()
        return requests if len(requests) == 2 else None

    assert {asks.contact.handle for asks in await until(both)} == {"carol", "dave"}
    await soon(group.approve("carol"))
    await found(carol, birds.id)
    await soon(group.refuse(dave.me.account))
    await stands(dave, birds.id, JoinState.REFUSED)

    await soon(group.revoke(made.id))
    states = {invitation.id: invitation.state for invitation in await soon(group.invitations())}
    assert states[made.id] is InvitationState.REVOKED
    erin = await stage.person("erin")
    await soon(erin.join(made.link))
    await stands(erin, birds.id, JoinState.REFUSED)
