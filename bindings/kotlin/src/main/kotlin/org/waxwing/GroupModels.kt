package org.waxwing

/** Whether this account is in a group. */
public enum class GroupStanding {
    /** It is. */
    Member,

    /** It left, or was removed; what was said before stays. */
    Out,
}

/** What a member may do. */
public enum class GroupRole {
    /** Writes and reads, and what the settings allow to everyone. */
    Member,

    /** Adds and removes members, and sets title and settings. */
    Admin,

    /** Does all that, and gives roles. */
    Owner,
}

/** To whom something is allowed in a group. */
public enum class GroupWho {
    /** To all members. */
    Everyone,

    /** To owners and admins. */
    Admins,
}

/** What a list shows of a group. */
public data class GroupHead(
    /** What it is called. Empty: without a name. `toString` hides it. */
    val title: String,
    /** Whether this account is in it. */
    val standing: GroupStanding,
) {
    override fun toString(): String = "GroupHead(standing=$standing)"
}

/** Somebody in a group. */
public data class Member(
    /** Who. */
    val contact: Contact,
    /** What they may do. */
    val role: GroupRole,
)

/** What the members of a group may do. */
public data class GroupSettings(
    /** Who may write. */
    val write: GroupWho = GroupWho.Everyone,
    /** Who may add members. */
    val add: GroupWho = GroupWho.Admins,
    /** Who may change title and picture. */
    val edit: GroupWho = GroupWho.Admins,
)

/** What is known of a group. */
public data class GroupInfo(
    /** Its conversation. */
    val conversation: ConversationId,
    /** What it is called. Empty: without a name. `toString` hides it. */
    val title: String,
    /** Whether this account is in it. */
    val standing: GroupStanding,
    /** Who is in it, by ascending account; this account too. */
    val members: List<Member>,
    /** What members may do. */
    val settings: GroupSettings,
    /** The hash of its picture, if it has one, in 64 hexadecimal digits: the name of the picture in a cache. */
    val pictureHash: String?,
    /** Counts the changes of the group, from 1: all who are at the same number see the same members. */
    val epoch: Long,
) {
    override fun toString(): String = "GroupInfo(conversation=$conversation, standing=$standing, epoch=$epoch)"
}

/** Something that the sender of an entry did to a group. */
public sealed interface GroupNotice {
    /** It was made. */
    public data class Created(
        /** With these other members. */
        val others: List<Contact>,
    ) : GroupNotice

    /** This account was brought in: what was before cannot be read here. */
    public data object Joined : GroupNotice

    /** Members were added. */
    public data class Added(
        /** Who. */
        val who: List<Contact>,
    ) : GroupNotice

    /** Members were removed. */
    public data class Removed(
        /** Who. */
        val who: List<Contact>,
    ) : GroupNotice

    /** The sender left. */
    public data object Left : GroupNotice

    /** Somebody has a new role. */
    public data class Role(
        /** Who, and which. */
        val member: Member,
    ) : GroupNotice

    /** Members may do something else than before. */
    public data class Settings(
        /** What they may do now. */
        val settings: GroupSettings,
    ) : GroupNotice

    /** It is called something else now. */
    public data class Title(
        /** What. `toString` hides it. */
        val title: String,
    ) : GroupNotice {
        override fun toString(): String = "Title(..)"
    }

    /** It has another picture now, or none. */
    public data object Picture : GroupNotice

    /**
     * What this account wanted to do could not be done: others changed the group first, and it may not any more; or the relay's
     * limits do not allow it.
     */
    public data object NotDone : GroupNotice

    /**
     * The sender writes under another membership than ours of the same moment: the relay told us different things, or this member
     * lies; what it writes cannot be read here.
     */
    public data object Apart : GroupNotice

    /** A message of the sender reads otherwise at another member: the sender told the members different things, or that one lies. */
    public data class ToldOtherwise(
        /** At whom it reads otherwise. */
        val witness: Contact,
    ) : GroupNotice

    /** The sender, who is not in the group, asks to be. */
    public data object AsksToJoin : GroupNotice
}

/** How far a message got at a member. */
public enum class Reach {
    /** The member told nothing yet. */
    Unknown,

    /** It is on a device of the member. */
    Delivered,

    /** The member read it. */
    Read,
}

/** How far a message got at a member. */
public data class MemberReceipt(
    /** Who. */
    val contact: Contact,
    /** How far. */
    val reach: Reach,
)

/** How far a message got at the members of a group, besides its sender and those who came later. */
public data class Receipts(
    /** Each member, by ascending account. */
    val members: List<MemberReceipt>,
    /** How many have it, those who read it too. */
    val delivered: Long,
    /** How many read it. */
    val read: Long,
    /** Whether it is on a device of every member. */
    val allDelivered: Boolean,
    /** Whether every member read it. */
    val allRead: Boolean,
)
