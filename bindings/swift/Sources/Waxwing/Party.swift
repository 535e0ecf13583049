internal import WaxwingFFI

/// An account, by its id or by its handle. A handle can be written down as it is:
///
/// ```swift
/// try await client.createGroup("birds", with: ["bob", "carol"])
/// ```
public enum Whose: Hashable, Sendable, ExpressibleByStringLiteral {
    /// By its id, which must be known here.
    case account(AccountId)
    /// By its handle; one that is known here is found offline.
    case handle(String)

    public init(stringLiteral handle: String) {
        self = .handle(handle)
    }
}

/// Whom a conversation is with.
public enum Party: Hashable, Sendable {
    /// One other account.
    case account(Contact)
    /// A group.
    case group(GroupHead)

    /// The other account; `nil`: it is a group.
    public var contact: Contact? {
        if case .account(let contact) = self { contact } else { nil }
    }

    /// The group's head; `nil`: it is no group.
    public var group: GroupHead? {
        if case .group(let head) = self { head } else { nil }
    }
}

/// What a list shows of a group.
public struct GroupHead: Hashable, Sendable {
    /// What it is called. Empty: without a name.
    public let title: String
    /// Whether this account is in it.
    public let standing: GroupStanding
}

/// Whether this account is in a group.
public enum GroupStanding: Hashable, Sendable {
    /// It is.
    case member
    /// It left, or was removed; what was said before stays.
    case out
}

extension Whose: Unprinted {}
extension Party: Unprinted {}
extension GroupHead: Unprinted {}

// ---- between the library's values and ours ----

extension Whose {
    var lowered: WaxwingFFI.Whose {
        switch self {
        case .account(let account): .account(account: account.description)
        case .handle(let handle): .handle(handle: handle)
        }
    }
}

extension Party {
    init(_ party: WaxwingFFI.Party) {
        switch party {
        case .account(let contact): self = .account(Contact(contact))
        case .group(let head):
            self = .group(GroupHead(title: head.title, standing: GroupStanding(head.standing)))
        }
    }
}

extension GroupStanding {
    init(_ standing: WaxwingFFI.GroupStanding) {
        switch standing {
        case .member: self = .member
        case .out: self = .out
        }
    }
}
