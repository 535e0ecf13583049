import Foundation
internal import WaxwingFFI

/// An invitation, as those see it who let in: owners, admins, and whoever made it.
public struct Invitation: Hashable, Sendable, Identifiable {
    /// Which.
    public let id: InvitationId
    /// Who made it.
    public let by: Contact
    /// When.
    public let madeAt: Date
    /// Until when one may ask; `nil`: for ever.
    public let expiresAt: Date?
    /// Whether somebody looks at each request.
    public let needsApproval: Bool
    /// Whether it still lets in.
    public let state: State
    /// The link, on the device that made it: text for a message, and for a QR code (its characters are those of the compact mode). Whoever
    /// has it can ask.
    public let link: String?

    /// Whether an invitation still lets in.
    public enum State: Hashable, Sendable {
        /// It does.
        case open
        /// Its time is over.
        case expired
        /// It was taken back.
        case revoked
        /// Whoever made it may not add members any more.
        case void
    }
}

/// What the link of an invitation says, to be shown before the user asks.
public struct InvitationLink: Hashable, Sendable {
    /// The group's conversation.
    public let conversation: ConversationId
    /// The handle of whoever made it. The link says so: nobody vouches for it.
    public let handle: String
    /// Whether somebody looks at each request.
    public let needsApproval: Bool
    /// Until when one may ask; `nil`: for ever.
    public let expiresAt: Date?

    /// Reads a link. Nobody is asked.
    ///
    /// - Throws: ``WaxwingError`` `invitation_invalid`.
    public init(_ link: String) throws {
        let read = try call { try readInvitation(link: link) }
        conversation = ConversationId(lifted: read.conversationId)
        handle = read.handle
        needsApproval = read.needsApproval
        expiresAt = read.expiresAt
    }
}

/// Somebody who waits to be let in.
public struct JoinRequest: Hashable, Sendable {
    /// Who.
    public let contact: Contact
    /// By which invitation.
    public let invitation: InvitationId
    /// When it came.
    public let askedAt: Date
}

/// A group that this account asked to be in.
public struct Join: Hashable, Sendable {
    /// The group's conversation; it is here once this account is in.
    public let conversation: ConversationId
    /// How it stands.
    public let state: State
    /// When this account asked last; `nil`: it was in already.
    public let askedAt: Date?

    /// How it stands with a group that this account asked to be in.
    public enum State: Hashable, Sendable {
        /// Nobody answered yet.
        case waiting
        /// It was refused, or the invitation is over.
        case refused
        /// It is in, or was.
        case joined
    }
}

extension Client {
    // MARK: The way into a group

    /// Asks to be in a group, by the link of an invitation. When this returns, the question is on disk and will go out; the answer is told as
    /// ``Event/joinAnswered(_:)``. Asking again says the same again.
    ///
    /// - Throws: ``WaxwingError`` `invitation_invalid`, `invitation_over`, `blocked` where all whom it names are, `not_registered`,
    ///   `message_too_large` where 64 such questions wait, or what the store says.
    @discardableResult
    public func join(_ link: String) async throws -> Join {
        Join(try await toTheEnd { try await self.ffi.join(link: link) })
    }

    /// The groups that this device asked to be in, and how it stands with each.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func joins() async throws -> [Join] {
        try await toTheEnd { try await self.ffi.joins().map(Join.init) }
    }
}

extension ChatGroup {
    // MARK: Letting in

    /// Makes an invitation; its link is text, which anybody can be given who shall be able to ask. It names this account and up to three
    /// owners and admins, any of whose devices let in, as long as this account may add members.
    ///
    /// - Parameters:
    ///   - needsApproval: Somebody who may add members looks at each request.
    ///   - lifetime: Nobody may ask after this time; `nil`: for ever.
    /// - Throws: ``WaxwingError`` `not_permitted`, `invalid_input` for no time at all, `message_too_large` where the group has 64 open
    ///   invitations, or what the store says.
    public func invite(needsApproval: Bool = false, lifetime: Duration? = nil) async throws -> Invitation {
        let terms = InvitationTerms(needsApproval: needsApproval, lifetime: lifetime?.seconds)
        return Invitation(try await toTheEnd { try await self.ffi.invite(terms: terms) })
    }

    /// The invitations that are known here, those that are over too; the newest last.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func invitations() async throws -> [Invitation] {
        try await toTheEnd { try await self.ffi.invitations().map(Invitation.init) }
    }

    /// Takes an invitation back, for good. Who waits by it is refused; who was let in stays.
    ///
    /// - Throws: ``WaxwingError`` `not_found`, `not_permitted` for who is neither owner nor admin and did not make it, or what the store says.
    public func revoke(_ invitation: InvitationId) async throws {
        try await toTheEnd { try await self.ffi.revoke(invitation: invitation.description) }
    }

    /// Who waits to be let in, by ascending account.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func joinRequests() async throws -> [JoinRequest] {
        try await toTheEnd { try await self.ffi.requests().map(JoinRequest.init) }
    }

    /// Lets in somebody who waits.
    ///
    /// - Throws: ``WaxwingError`` `not_found` for who does not wait, `not_permitted`, or what the store says; `CancellationError`.
    public func approve(_ whose: Whose) async throws {
        try await whileWanted { try await self.ffi.approve(whose: whose.lowered, cancel: $0) }
    }

    /// Refuses somebody who waits. They are told.
    ///
    /// - Throws: As ``approve(_:)``.
    public func refuse(_ whose: Whose) async throws {
        try await whileWanted { try await self.ffi.refuse(whose: whose.lowered, cancel: $0) }
    }
}

extension Invitation: Unprinted {}
extension InvitationLink: Unprinted {}

// ---- between the library's values and ours ----

extension Invitation {
    init(_ invitation: WaxwingFFI.Invitation) {
        self.init(
            id: InvitationId(lifted: invitation.id),
            by: Contact(invitation.by),
            madeAt: invitation.madeAt,
            expiresAt: invitation.expiresAt,
            needsApproval: invitation.needsApproval,
            state: State(invitation.state),
            link: invitation.link
        )
    }
}

extension Invitation.State {
    init(_ state: InvitationState) {
        switch state {
        case .open: self = .open
        case .expired: self = .expired
        case .revoked: self = .revoked
        case .void: self = .void
        }
    }
}

extension JoinRequest {
    init(_ request: WaxwingFFI.JoinRequest) {
        self.init(
            contact: Contact(request.contact), invitation: InvitationId(lifted: request.invitation), askedAt: request.askedAt)
    }
}

extension Join {
    init(_ join: WaxwingFFI.Join) {
        self.init(
            conversation: ConversationId(lifted: join.conversationId), state: State(join.state), askedAt: join.askedAt)
    }
}

extension Join.State {
    init(_ state: JoinState) {
        switch state {
        case .waiting: self = .waiting
        case .refused: self = .refused
        case .joined: self = .joined
        }
    }
}
