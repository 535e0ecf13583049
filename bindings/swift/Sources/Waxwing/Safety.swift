internal import WaxwingFFI

/// The number of this account and a person's, as their keys were known when it was asked for: sixty digits to read out, or a text to scan.
///
/// Where it is the same on the other person's screen, nobody stands between; then ``Client/markVerified(_:)``.
public final class SafetyNumber: Sendable {
    fileprivate let ffi: FfiSafetyNumber

    fileprivate init(_ ffi: FfiSafetyNumber) {
        self.ffi = ffi
    }

    /// The sixty digits, without spaces.
    public var digits: String { ffi.digits() }
    /// The sixty digits in groups of five, in three lines, to be shown.
    public var lines: String { ffi.lines() }
    /// What to show as a QR code, for the other person to scan.
    public var scannable: String { ffi.scannable() }
    /// With whom it is compared.
    public var person: Contact { Contact(ffi.person()) }
    /// Whether the person was marked as verified, with this very key.
    public var isVerified: Bool { ffi.isVerified() }
    /// Whether the key of this number is the one to which messages go. If not, it is a new one that was not accepted yet.
    public var isKeyAccepted: Bool { ffi.keyIsAccepted() }

    /// Compares with what the other person shows. Only ``Comparison/match`` is good.
    public func compare(with scanned: String) -> Comparison {
        Comparison(ffi.compare(scanned: scanned))
    }

    /// What comparing a safety number with what the other person shows gives.
    public enum Comparison: Hashable, Sendable {
        /// The same two accounts with the same two keys: nobody stands between.
        case match
        /// The same two accounts, and another key of at least one. Somebody may stand between, or one side has not seen yet that the
        /// other's key changed.
        case mismatch
        /// The code is of another pair of accounts: of another conversation, or of another person.
        case otherPair
        /// The code is of another version of the format. One side needs an update; nothing is said about the keys.
        case otherVersion
        /// This is no code at all.
        case unreadable
    }
}

extension Client {
    // MARK: Who is who

    /// The number that the user and another person compare, to know that nobody stands between them. Where the person's key changed and
    /// was not accepted yet, it is the number of the new key.
    ///
    /// - Throws: ``WaxwingError`` `not_found` for an account that is not known here, `invalid_input` for one's own, `not_registered`.
    public func safetyNumber(with person: Whose) async throws -> SafetyNumber {
        SafetyNumber(try await toTheEnd { try await self.ffi.safetyNumber(whose: person.lowered) })
    }

    /// Marks a person as verified: the user found the same number on the other person's screen. It is kept until the person's key
    /// changes, and told as ``Event/verificationChanged(_:)``.
    ///
    /// - Throws: ``WaxwingError`` `key_changed` when the number is not that of the accepted key: accept the new key first, and compare
    ///   again; or what the store says.
    public func markVerified(_ number: SafetyNumber) async throws {
        try await toTheEnd { try await self.ffi.markVerified(number: number.ffi) }
    }

    /// Takes back that a person was verified.
    ///
    /// - Throws: As ``markVerified(_:)``.
    public func markUnverified(_ number: SafetyNumber) async throws {
        try await toTheEnd { try await self.ffi.markUnverified(number: number.ffi) }
    }

    /// Accepts an account's new key; messages that were held go out. Let the user compare safety numbers before.
    ///
    /// - Throws: ``WaxwingError`` `unknown_account` for an account that is not known here, or what the store says.
    public func acceptKey(of account: AccountId) async throws {
        try await toTheEnd { try await self.ffi.acceptKey(account: account.description) }
    }
}

extension SafetyNumber.Comparison {
    init(_ comparison: WaxwingFFI.Comparison) {
        switch comparison {
        case .match: self = .match
        case .mismatch: self = .mismatch
        case .otherPair: self = .otherPair
        case .otherVersion: self = .otherVersion
        case .unreadable: self = .unreadable
        }
    }
}
