"""People and groups: who is in one, what members may do, what happened, and how far messages got."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Iterable

from . import _ffi
from ._types import AccountId, ConversationId, InvitationId


@dataclass(frozen=True)
class Contact:
    """Somebody, as this device knows them."""

    account: AccountId
    """The account."""
    handle: str | None = field(repr=False)
    """The name under which it was last seen; ``None`` for an account that this device has forgotten."""


class GroupStanding(enum.Enum):
    """Whether this account is in a group."""

    MEMBER = "member"
    """It is."""
    OUT = "out"
    """It left, or was removed; what was said before stays."""


class GroupRole(enum.Enum):
    """What a member may do."""

    MEMBER = "member"
    """Writes and reads, and what the settings allow to everyone."""
    ADMIN = "admin"
    """Adds and removes members, and sets title and settings."""
    OWNER = "owner"
    """Does all that, and gives roles."""


class GroupWho(enum.Enum):
    """To whom something is allowed in a group."""

    EVERYONE = "everyone"
    """To all members."""
    ADMINS = "admins"
    """To owners and admins."""


class GroupNoticeKind(enum.Enum):
    """What somebody did to a group. More may come."""

    CREATED = "created"
    """It was made, with ``who`` as its other members."""
    JOINED = "joined"
    """This account was brought in: what was before cannot be read here."""
    ADDED = "added"
    """``who`` were added."""
    REMOVED = "removed"
    """``who`` were removed."""
    LEFT = "left"
    """The sender left."""
    ROLE = "role"
    """``member`` has a new role."""
    SETTINGS = "settings"
    """Members may do something else than before: ``settings``."""
    TITLE = "title"
    """It is called ``title`` now."""
    PICTURE = "picture"
    """It has another picture now, or none."""
    NOT_DONE = "not_done"
    """What this account wanted to do could not be done: others changed the group first, and it may not any more; or the relay's limits do
    not allow it."""
    APART = "apart"
    """The sender writes under another membership than ours of the same moment: the relay told us different things, or this member lies;
    what it writes cannot be read here."""
    TOLD_OTHERWISE = "told_otherwise"
    """A message of the sender reads otherwise at ``who``: the sender told the two of you different things, or that member lies."""
    ASKS_TO_JOIN = "asks_to_join"
    """The sender, who is not in the group, asks to be."""


class Reach(enum.Enum):
    """How far a message got at a member."""

    UNKNOWN = "unknown"
    """The member told nothing yet."""
    DELIVERED = "delivered"
    """It is on a device of the member."""
    READ = "read"
    """The member read it."""


@dataclass(frozen=True)
class GroupHead:
    """What a list shows of a group."""

    title: str = field(repr=False)
    """What it is called. Empty: without a name."""
    standing: GroupStanding
    """Whether this account is in it."""


@dataclass(frozen=True)
class Member:
    """Somebody in a group."""

    contact: Contact
    """Who."""
    role: GroupRole
    """What they may do."""


@dataclass(frozen=True)
class GroupSettings:
    """What the members of a group may do."""

    write: GroupWho = GroupWho.EVERYONE
    """Who may write."""
    add: GroupWho = GroupWho.ADMINS
    """Who may add members."""
    edit: GroupWho = GroupWho.ADMINS
    """Who may change title and picture."""


@dataclass(frozen=True)
class GroupInfo:
    """What is known of a group."""

    conversation_id: ConversationId
    """Its conversation."""
    title: str = field(repr=False)
    """What it is called. Empty: without a name."""
    standing: GroupStanding
    """Whether this account is in it."""
    members: tuple[Member, ...] = field(repr=False)
    """Who is in it, by ascending account; this account too."""
    settings: GroupSettings
    """What members may do."""
    picture_hash: bytes | None
    """The hash of its picture, if it has one."""
    epoch: int
    """Counts the changes of the group, from 1: all who are at the same number see the same members."""


@dataclass(frozen=True)
class GroupNotice:
    """Something that the sender of an entry did to the group."""

    kind: GroupNoticeKind
    """What, and which of the others say more."""
    who: tuple[Contact, ...] = ()
    """For ``CREATED``, ``ADDED``, ``REMOVED`` and ``TOLD_OTHERWISE``."""
    member: Member | None = None
    """For ``ROLE``."""
    settings: GroupSettings | None = None
    """For ``SETTINGS``."""
    title: str | None = field(default=None, repr=False)
    """For ``TITLE``."""


@dataclass(frozen=True)
class MemberReceipt:
    """How far a message got at a member."""

    contact: Contact
    """Who."""
    reach: Reach
    """How far."""


@dataclass(frozen=True)
class Receipts:
    """How far a message got at the members of a group, besides its sender and those who came later."""

    members: tuple[MemberReceipt, ...]
    """Each member, by ascending account."""
    delivered: int
    """How many have it, those who read it too."""
    read: int
    """How many read it."""
    all_delivered: bool
    """Whether it is on a device of every member."""
    all_read: bool
    """Whether every member read it."""


class InvitationState(enum.Enum):
    """Whether an invitation still lets in."""

    OPEN = "open"
    """It does."""
    EXPIRED = "expired"
    """Its time is over."""
    REVOKED = "revoked"
    """It was taken back."""
    VOID = "void"
    """Whoever made it may not add members any more."""


class JoinState(enum.Enum):
    """How it stands with a group that this account asked to be in."""

    WAITING = "waiting"
    """Nobody answered yet."""
    REFUSED = "refused"
    """It was refused, or the invitation is over."""
    JOINED = "joined"
    """It is in, or was."""


@dataclass(frozen=True)
class Invitation:
    """An invitation, as those see it who let in: owners, admins, and whoever made it."""

    id: InvitationId
    """Which."""
    by: Contact
    """Who made it."""
    made_at: datetime
    """When."""
    expires_at: datetime | None
    """Until when one may ask; ``None``: for ever."""
    needs_approval: bool
    """Whether somebody looks at each request."""
    state: InvitationState
    """Whether it still lets in."""
    link: str | None = field(repr=False)
    """The link, on the device that made it: text for a message, and for a QR code. Whoever has it can ask."""


@dataclass(frozen=True)
class InvitationLink:
    """What a link says, to be shown before the user asks."""

    conversation_id: ConversationId
    """The group's conversation."""
    handle: str = field(repr=False)
    """The handle of whoever made it. The link says so: nobody vouches for it."""
    needs_approval: bool
    """Whether somebody looks at each request."""
    expires_at: datetime | None
    """Until when one may ask; ``None``: for ever."""


@dataclass(frozen=True)
class JoinRequest:
    """Somebody who waits to be let in."""

    contact: Contact
    """Who."""
    invitation: InvitationId
    """By which invitation."""
    asked_at: datetime
    """When it came."""


@dataclass(frozen=True)
class Join:
    """A group that this account asked to be in."""

    conversation_id: ConversationId
    """The group's conversation; it is here once this account is in."""
    state: JoinState
    """How it stands."""
    asked_at: datetime | None
    """When this account asked last; ``None``: it was in already."""


# ---- from the library, and back ----


def contact_of(contact: _ffi.Contact) -> Contact:
    return Contact(contact.account, contact.handle)


def contacts_of(contacts: Iterable[_ffi.Contact]) -> tuple[Contact, ...]:
    return tuple(contact_of(contact) for contact in contacts)


def whose(who: str | AccountId) -> _ffi.Whose:
    return _ffi.Whose.ACCOUNT(who) if isinstance(who, AccountId) else _ffi.Whose.HANDLE(who)


def head_of(head: _ffi.GroupHead) -> GroupHead:
    return GroupHead(head.title, GroupStanding[head.standing.name])


def member_of(member: _ffi.Member) -> Member:
    return Member(contact_of(member.contact), GroupRole[member.role.name])


def group_settings_of(settings: _ffi.GroupSettings) -> GroupSettings:
    return GroupSettings(
        GroupWho[settings.write.name], GroupWho[settings.add.name], GroupWho[settings.edit.name]
    )


def group_settings_to(settings: GroupSettings) -> _ffi.GroupSettings:
    def who(ours: GroupWho) -> _ffi.GroupWho:
        return _ffi.GroupWho[ours.name]

    return _ffi.GroupSettings(write=who(settings.write), add=who(settings.add), edit=who(settings.edit))


def group_info_of(info: _ffi.GroupInfo) -> GroupInfo:
    return GroupInfo(
        conversation_id=info.conversation_id,
        title=info.title,
        standing=GroupStanding[info.standing.name],
        members=tuple(member_of(member) for member in info.members),
        settings=group_settings_of(info.settings),
        picture_hash=info.picture_hash,
        epoch=info.epoch,
    )


_NOTICES = {getattr(_ffi.GroupNotice, kind.name): kind for kind in GroupNoticeKind}


def group_notice_of(notice: _ffi.GroupNotice) -> GroupNotice:
    who = getattr(notice, "others", None) or getattr(notice, "who", None) or ()
    witness = getattr(notice, "witness", None)
    if witness is not None:
        who = (witness,)
    member, settings = getattr(notice, "member", None), getattr(notice, "settings", None)
    return GroupNotice(
        kind=_NOTICES[type(notice)],
        who=contacts_of(who),
        member=None if member is None else member_of(member),
        settings=None if settings is None else group_settings_of(settings),
        title=getattr(notice, "title", None),
    )


def receipts_of(receipts: _ffi.Receipts) -> Receipts:
    return Receipts(
        members=tuple(
            MemberReceipt(contact_of(member.contact), Reach[member.reach.name]) for member in receipts.members
        ),
        delivered=receipts.delivered,
        read=receipts.read,
        all_delivered=receipts.all_delivered,
        all_read=receipts.all_read,
    )


def invitation_of(invitation: _ffi.Invitation) -> Invitation:
    return Invitation(
        id=InvitationId(invitation.id),
        by=contact_of(invitation.by),
        made_at=invitation.made_at,
        expires_at=invitation.expires_at,
        needs_approval=invitation.needs_approval,
        state=InvitationState[invitation.state.name],
        link=invitation.link,
    )


def invitation_link_of(link: _ffi.InvitationLink) -> InvitationLink:
    return InvitationLink(link.conversation_id, link.handle, link.needs_approval, link.expires_at)


def join_request_of(asks: _ffi.JoinRequest) -> JoinRequest:
    return JoinRequest(contact_of(asks.contact), InvitationId(asks.invitation), asks.asked_at)


def join_of(join: _ffi.Join) -> Join:
    return Join(join.conversation_id, JoinState[join.state.name], join.asked_at)
