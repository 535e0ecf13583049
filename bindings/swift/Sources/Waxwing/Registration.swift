internal import WaxwingFFI

/// This device's account.
public struct Me: Hashable, Sendable {
    /// The account.
    public let account: AccountId
    /// This device.
    public let device: DeviceId
    /// The name under which others find the account.
    public let handle: String
}

/// The account's secret key, for the user to write down: show its ``text``, never log it. Printing the value shows nothing.
public struct RecoveryKey: Hashable, Sendable {
    /// The text to write down.
    public let text: String

    /// Takes a key as the user wrote it down; whether it is one shows when it is used.
    public init(_ text: String) {
        self.text = text
    }
}

/// An account that is brought to this device, instead of making a new one.
public struct Recovery: Sendable {
    /// The account's key.
    public var key: RecoveryKey
    /// What happens to the account's other devices.
    public var otherDevices: OtherDevices

    /// Brings the account of this key here.
    public init(key: RecoveryKey, otherDevices: OtherDevices) {
        self.key = key
        self.otherDevices = otherDevices
    }

    /// What happens to the account's other devices when it is recovered.
    public enum OtherDevices: Hashable, Sendable {
        /// They are signed out: this device replaces them.
        case replace
        /// They stay: this device joins them.
        case keep
    }
}

/// Gets the signed token of the app's own login, when the relay asks for one.
///
/// It is asked during ``Client/register(as:token:recovering:)`` only, away from the main thread. What it throws ends the registration with
/// the code `token_unavailable`.
///
/// ```swift
/// struct Login: TokenProvider {
///     let session: Session
///     func token(for request: TokenRequest) async throws -> String {
///         try await session.messagingToken(for: request.handle, refreshing: request.isExpired)
///     }
/// }
/// ```
public protocol TokenProvider: Sendable {
    /// The token.
    func token(for request: TokenRequest) async throws -> String
}

/// What a token is wanted for.
public struct TokenRequest: Hashable, Sendable {
    /// The handle that is being registered.
    public let handle: String
    /// Whether the relay said that the last one is past its time.
    public let isExpired: Bool
}

/// A provider of the app, as the library asks it.
final class Tokens: WaxwingFFI.TokenProvider {
    private let provider: any TokenProvider

    init(_ provider: any TokenProvider) {
        self.provider = provider
    }

    func token(request: WaxwingFFI.TokenRequest) throws -> String {
        let request = TokenRequest(handle: request.handle, isExpired: request.expired)
        return try provided { [provider] in try await provider.token(for: request) }
    }
}
