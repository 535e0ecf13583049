"""What the hand-written layer adds of its own, without a relay."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import waxwing
from waxwing import _errors, _ffi, _streams, _types

NOW = datetime.now(timezone.utc)
ALICE = waxwing.Contact(waxwing.AccountId("01890a5d-ac96-774b-bcce-b302099a8057"), "a secret")


def _item(id: str, text: str) -> waxwing.TimelineItem:
    return waxwing.TimelineItem(
        message_id=waxwing.MessageId(id),
        conversation_id=waxwing.ConversationId("chat"),
        sender=ALICE,
        sender_device=waxwing.DeviceId("device"),
        text=text,
        notice=None,
        sent_at=NOW,
        stored_at=NOW,
        delivery=None,
        reception=waxwing.Reception.UNREAD,
    )


def test_what_people_wrote_is_not_printed() -> None:
    message = waxwing.IncomingMessage(
        waxwing.MessageId("1"), waxwing.ConversationId("2"), ALICE, "a secret", NOW, NOW, 1
    )
    me = waxwing.Me(ALICE.account, waxwing.DeviceId("3"), "a secret")
    last = waxwing.LastEntry(waxwing.MessageId("1"), ALICE, "a secret", NOW, None, None)
    said = repr([_item("1", "a secret"), message, me, last, ALICE, waxwing.RecoveryKey("a secret")])
    assert "secret" not in said
    group = waxwing.GroupInfo(
        waxwing.ConversationId("2"),
        "a secret",
        waxwing.GroupStanding.MEMBER,
        (waxwing.Member(ALICE, waxwing.GroupRole.OWNER),),
        waxwing.GroupSettings(),
        None,
        1,
    )
    title = waxwing.GroupNotice(waxwing.GroupNoticeKind.TITLE, title="a secret")
    head = waxwing.GroupHead("a secret", waxwing.GroupStanding.MEMBER)
    device = waxwing.Device(waxwing.DeviceId("3"), "a secret", True, NOW)
    custom = waxwing.Marks(custom=waxwing.Custom("kind", b"a secret"))
    settings = waxwing.ConversationSettings(draft="a secret")
    reaction = waxwing.Reaction("a secret", (ALICE,))
    assert "secret" not in repr([group, title, head, device, custom, settings, reaction])
    assert str(waxwing.RecoveryKey("a secret")) == "a secret", "it is there to be shown"


def test_mentions_are_counted_in_characters_here_and_in_bytes_there() -> None:
    text = "é 🐦 @alice"
    start = text.index("@")
    assert _types.bytes_of(text, start) == len("é 🐦 ".encode()) == 8
    assert _types.characters(text, 8) == start
    assert _types.bytes_of("é", 5) == 2 + 4, "what is beyond the end stays beyond it"
    assert _types.characters("é", 6) == 1 + 4


def test_whatever_the_library_may_say_has_a_name_here() -> None:
    for ours, theirs in [
        (waxwing.Reception, _ffi.Reception),
        (waxwing.LinkState, _ffi.LinkState),
        (waxwing.Goal, _ffi.DeliveryGoal),
        (waxwing.LogLevel, _ffi.LogLevel),
    ]:
        assert {name.name for name in ours} == {name.name for name in theirs}
    for ours, theirs in [
        (waxwing.GroupRole, _ffi.GroupRole),
        (waxwing.GroupStanding, _ffi.GroupStanding),
        (waxwing.GroupWho, _ffi.GroupWho),
        (waxwing.Reach, _ffi.Reach),
        (waxwing.InvitationState, _ffi.InvitationState),
        (waxwing.JoinState, _ffi.JoinState),
        (waxwing.Comparison, _ffi.Comparison),
    ]:
        assert {name.name for name in ours} == {name.name for name in theirs}
    assert {notice.name for notice in waxwing.Notice} == _variants(_ffi.Notice)
    assert {notice.name for notice in waxwing.GroupNoticeKind} == _variants(_ffi.GroupNotice)
    assert {step.name for step in waxwing.LinkStepKind} == _variants(_ffi.LinkStep)
    assert _variants(_ffi.Party) == {"ACCOUNT", "GROUP"}
    assert _variants(_ffi.Mute) == {"UNTIL", "FOR_EVER"}
    assert {kind.name for kind in waxwing.EventKind} == _variants(_ffi.Event)
    assert {step.name for step in waxwing.Step} == _variants(_ffi.Delivery)
    assert {retry.name for retry in waxwing.Retry} == _variants(_ffi.Advice)
    assert set(_errors._KINDS) == set(_ffi.ErrorKind)
    assert _variants(_ffi.EntryBody) == {"TEXT", "UNREADABLE", "NOTICE", "GROUP", "DELETED"}
    assert _variants(_ffi.EntryState) == {"OUTGOING", "INCOMING", "LOCAL"}
    assert _variants(_ffi.TimelineDiff) == {"RESET", "APPENDED", "CHANGED", "INTERRUPTED"}
    assert _variants(_ffi.ListDiff) == {"RESET", "CHANGED", "INTERRUPTED"}


def _variants(kind: type) -> set[str]:
    return {name for name, value in vars(kind).items() if isinstance(value, type)}


def test_times_go_to_the_library_and_back() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678000, timezone.utc)
    assert _types.moment(_types.milliseconds(at)) == at
    assert _types.milliseconds(at.astimezone(timezone(timedelta(hours=9)))) == _types.milliseconds(at)


@dataclass
class _Batch:
    number: int
    elements: list[int]


class _Numbers:
    """Gives batches as the library does: the last one again to whoever does not have it."""

    def __init__(self, *batches: list[int]) -> None:
        self._batches = batches

    async def pull(self, after: int) -> _Batch | None:
        await asyncio.sleep(0)
        return _Batch(after + 1, self._batches[after]) if after < len(self._batches) else None


def test_a_stream_that_two_tasks_read_gives_each_element_once() -> None:
    async def run() -> None:
        stream = _streams._Stream(_Numbers([1, 2], [3], [], [4, 5]), lambda batch: batch.elements)

        async def read() -> list[int]:
            return [element async for element in stream]

        one, other = await asyncio.gather(read(), read())
        assert sorted(one + other) == [1, 2, 3, 4, 5]
        assert await read() == [], "what has ended stays so"

    asyncio.run(run())


def test_a_timeline_is_kept_up_to_date() -> None:
    async def run() -> None:
        diffs = [
            waxwing.Reset([_item("1", "one"), _item("2", "two")]),
            waxwing.Appended([_item("3", "three")]),
            waxwing.Changed([_item("2", "changed"), _item("9", "not shown")]),
            waxwing.Interrupted(waxwing.StorageError("io_error", waxwing.Advice(waxwing.Retry.NEVER), "")),
        ]
        timeline = waxwing.Timeline(_Numbers(diffs))
        timeline._unpack = lambda batch: batch.elements
        assert len([diff async for diff in timeline]) == 4
        assert [item.text for item in timeline.items] == ["one", "changed", "three"]

    asyncio.run(run())
