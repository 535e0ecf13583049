"""Groups: made, changed and left; and the way into one."""

from __future__ import annotations

from datetime import timedelta

from . import _ffi
from ._errors import told
from ._group_models import (
    GroupInfo,
    GroupRole,
    GroupSettings,
    Invitation,
    InvitationLink,
    JoinRequest,
    Receipts,
    group_info_of,
    group_settings_to,
    invitation_link_of,
    invitation_of,
    join_request_of,
    receipts_of,
    whose,
)
from ._types import AccountId, ConversationId, InvitationId, MessageId


class Group:
    """A conversation's group: :attr:`Conversation.group` gives it.

    Everything that changes it is on disk when the call returns, and goes out by itself. Whether it stands, the group's other admins may
    have decided first: then the timeline says ``GroupNoticeKind.NOT_DONE``. Accounts are named by their handle or their id.
    """

    def __init__(self, raw: _ffi.FfiGroup) -> None:
        self._raw = raw

    @property
    def id(self) -> ConversationId:
        """The id of its conversation, the same on every device."""
        return self._raw.id()

    async def info(self) -> GroupInfo:
        """Title, members and settings, as they are known here now."""
        with told():
            return group_info_of(await self._raw.info())

    async def receipts(self, id: MessageId) -> Receipts:
        """How far a message of this account got at each member; ``not_found`` for one that is not ours in this group."""
        with told():
            return receipts_of(await self._raw.receipts(id))

    async def add(self, *who: str | AccountId) -> None:
        """Adds accounts. They read what is written from then on.

        Raises :class:`NotPermittedError`, :class:`NotFoundError` (``unknown_account``), :class:`OfflineError` for a handle that is not
        known here, :class:`MisuseError` (``invalid_input``) for members that are in it already.
        """
        with told():
            await self._raw.add_members([whose(one) for one in who])

    async def remove(self, *who: str | AccountId) -> None:
        """Removes accounts. The next message is sealed under a key that they are not given."""
        with told():
            await self._raw.remove_members([whose(one) for one in who])

    async def leave(self) -> None:
        """Leaves the group; what was said stays here. ``not_permitted`` for the last owner while others are in it."""
        with told():
            await self._raw.leave()

    async def set_role(self, who: str | AccountId, role: GroupRole) -> None:
        """Gives a member a role."""
        with told():
            await self._raw.set_role(whose(who), _ffi.GroupRole[role.name])

    async def set_title(self, title: str) -> None:
        """Calls it something else. An empty title: without a name."""
        with told():
            await self._raw.set_title(title)

    async def set_settings(self, settings: GroupSettings) -> None:
        """Says what members may do."""
        with told():
            await self._raw.set_settings(group_settings_to(settings))

    async def set_picture(self, picture: bytes | None) -> None:
        """Gives the group a picture, of at most 32 KiB and of whatever format you choose, or none. Only members see it."""
        with told():
            await self._raw.set_picture(picture)

    async def picture(self) -> bytes | None:
        """The group's picture, if it has one and its bytes are here: they come soon after the change."""
        with told():
            return await self._raw.picture()

    async def invite(self, *, needs_approval: bool = False, lifetime: timedelta | None = None) -> Invitation:
        """Makes an invitation; its link is text, which anybody can be given who shall be able to ask.

        :param needs_approval: Somebody who may add members looks at each request.
        :param lifetime: Nobody may ask after this time; ``None``: for ever, until the invitation is taken back.
        """
        terms = _ffi.InvitationTerms(needs_approval=needs_approval, lifetime=lifetime)
        with told():
            return invitation_of(await self._raw.invite(terms))

    async def invitations(self) -> list[Invitation]:
        """The invitations that are known here, those that are over too; the newest last."""
        with told():
            return [invitation_of(invitation) for invitation in await self._raw.invitations()]

    async def revoke(self, invitation: InvitationId) -> None:
        """Takes an invitation back, for good. Who waits by it is refused; who was let in stays."""
        with told():
            await self._raw.revoke(invitation)

    async def requests(self) -> list[JoinRequest]:
        """Who waits to be let in, by ascending account."""
        with told():
            return [join_request_of(asks) for asks in await self._raw.requests()]

    async def approve(self, who: str | AccountId) -> None:
        """Lets in somebody who waits; ``not_found`` for who does not."""
        with told():
            await self._raw.approve(whose(who))

    async def refuse(self, who: str | AccountId) -> None:
        """Refuses somebody who waits. They are told."""
        with told():
            await self._raw.refuse(whose(who))


def read_invitation(link: str) -> InvitationLink:
    """Reads the link of an invitation, to show what it says before the user asks. :class:`MisuseError` (``invitation_invalid``)."""
    with told():
        return invitation_link_of(_ffi.read_invitation(link))
