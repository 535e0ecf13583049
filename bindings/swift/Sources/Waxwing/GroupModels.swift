import Foundation
internal import WaxwingFFI

/// What is known of a group.
public struct GroupInfo: Hashable, Sendable {
    /// Its conversation.
    public let conversation: ConversationId
    /// What it is called. Empty: without a name.
    public let title: String
    /// Whether this account is in it.
    public let standing: GroupStanding
    /// Who is in it, by ascending account; this account too.
    public let members: [GroupMember]
    /// What members may do.
    public let settings: GroupSettings
    /// The hash of its picture, if it has one.
    public let pictureHash: Data?
    /// Counts the changes of the group, from 1: all who are at the same number see the same members.
    public let epoch: Int
}

/// Somebody in a group.
public struct GroupMember: Hashable, Sendable {
    /// Who.
    public let contact: Contact
    /// What they may do.
    public let role: GroupRole
}

/// What a member may do.
public enum GroupRole: Hashable, Sendable {
    /// Writes and reads, and what the settings allow to everyone.
    case member
    /// Adds and removes members, and sets title and settings.
    case admin
    /// Does all that, and gives roles.
    case owner
}

/// What the members of a group may do.
public struct GroupSettings: Hashable, Sendable {
    /// Who may write.
    public var write: Who
    /// Who may add members.
    public var add: Who
    /// Who may change title and picture.
    public var edit: Who

    /// Makes some.
    public init(write: Who, add: Who, edit: Who) {
        self.write = write
        self.add = add
        self.edit = edit
    }

    /// To whom something is allowed in a group.
    public enum Who: Hashable, Sendable {
        /// To all members.
        case everyone
        /// To owners and admins.
        case admins
    }
}

/// Something that the sender of an entry did to the group. More may come: give a `switch` over it a `default`.
public enum GroupNotice: Hashable, Sendable {
    /// It was made, with these other members.
    case created(with: [Contact])
    /// This account was brought in: what was before cannot be read here.
    case joined
    /// These were added.
    case added([Contact])
    /// These were removed.
    case removed([Contact])
    /// The sender left.
    case left
    /// A member has a new role.
    case role(GroupMember)
    /// Members may do something else than before.
    case settings(GroupSettings)
    /// It is called so now.
    case title(String)
    /// It has another picture now, or none.
    case picture
    /// What this account wanted to do could not be done: others changed the group first, and it may not any more; or the relay's limits do
    /// not allow it.
    case notDone
    /// The sender writes under another membership than ours of the same moment: the relay told us different things, or this member lies;
    /// what it writes cannot be read here.
    case apart
    /// A message of the sender reads otherwise at this member. The sender told the two of you different things, or this member lies: ask
    /// both what was written.
    case toldOtherwise(witness: Contact)
    /// The sender, who is not in the group, asks to be.
    case asksToJoin
}

/// How far a message got at the members of a group, besides its sender and those who came later.
public struct Receipts: Hashable, Sendable {
    /// Each member, by ascending account.
    public let members: [MemberReceipt]
    /// How many have it, those who read it too.
    public let delivered: Int
    /// How many read it.
    public let read: Int
    /// Whether it is on a device of every member.
    public let isDeliveredToAll: Bool
    /// Whether every member read it.
    public let isReadByAll: Bool
}

/// How far a message got at a member.
public struct MemberReceipt: Hashable, Sendable {
    /// Who.
    public let contact: Contact
    /// How far.
    public let reach: Reach

    /// How far a message got at a member.
    public enum Reach: Hashable, Sendable {
        /// The member told nothing yet.
        case unknown
        /// It is on a device of the member.
        case delivered
        /// The member read it.
        case read
    }
}

extension GroupInfo: Unprinted {}
extension GroupNotice: Unprinted {}

// ---- between the library's values and ours ----

extension GroupInfo {
    init(_ info: WaxwingFFI.GroupInfo) {
        self.init(
            conversation: ConversationId(lifted: info.conversationId),
            title: info.title,
            standing: GroupStanding(info.standing),
            members: info.members.map(GroupMember.init),
            settings: GroupSettings(info.settings),
            pictureHash: info.pictureHash,
            epoch: Int(clamping: info.epoch)
        )
    }
}

extension GroupMember {
    init(_ member: WaxwingFFI.Member) {
        self.init(contact: Contact(member.contact), role: GroupRole(member.role))
    }
}

extension GroupRole {
    init(_ role: WaxwingFFI.GroupRole) {
        switch role {
        case .member: self = .member
        case .admin: self = .admin
        case .owner: self = .owner
        }
    }

    var lowered: WaxwingFFI.GroupRole {
        switch self {
        case .member: .member
        case .admin: .admin
        case .owner: .owner
        }
    }
}

extension GroupSettings {
    init(_ settings: WaxwingFFI.GroupSettings) {
        self.init(write: Who(settings.write), add: Who(settings.add), edit: Who(settings.edit))
    }

    var lowered: WaxwingFFI.GroupSettings {
        WaxwingFFI.GroupSettings(write: write.lowered, add: add.lowered, edit: edit.lowered)
    }
}

extension GroupSettings.Who {
    init(_ who: GroupWho) {
        switch who {
        case .everyone: self = .everyone
        case .admins: self = .admins
        }
    }

    var lowered: GroupWho {
        switch self {
        case .everyone: .everyone
        case .admins: .admins
        }
    }
}

extension GroupNotice {
    init(_ notice: WaxwingFFI.GroupNotice) {
        switch notice {
        case .created(let others): self = .created(with: others.map(Contact.init))
        case .joined: self = .joined
        case .added(let who): self = .added(who.map(Contact.init))
        case .removed(let who): self = .removed(who.map(Contact.init))
        case .left: self = .left
        case .role(let member): self = .role(GroupMember(member))
        case .settings(let settings): self = .settings(GroupSettings(settings))
        case .title(let title): self = .title(title)
        case .picture: self = .picture
        case .notDone: self = .notDone
        case .apart: self = .apart
        case .toldOtherwise(let witness): self = .toldOtherwise(witness: Contact(witness))
        case .asksToJoin: self = .asksToJoin
        }
    }
}

extension Receipts {
    init(_ receipts: WaxwingFFI.Receipts) {
        self.init(
            members: receipts.members.map(MemberReceipt.init),
            delivered: Int(clamping: receipts.delivered),
            read: Int(clamping: receipts.read),
            isDeliveredToAll: receipts.allDelivered,
            isReadByAll: receipts.allRead
        )
    }
}

extension MemberReceipt {
    init(_ receipt: WaxwingFFI.MemberReceipt) {
        self.init(contact: Contact(receipt.contact), reach: Reach(receipt.reach))
    }
}

extension MemberReceipt.Reach {
    init(_ reach: WaxwingFFI.Reach) {
        switch reach {
        case .unknown: self = .unknown
        case .delivered: self = .delivered
        case .read: self = .read
        }
    }
}
