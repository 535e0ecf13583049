import Foundation
internal import WaxwingFFI

/// Where a client keeps everything: keys, messages, and what is still to be sent.
///
/// ```swift
/// let folder = URL.applicationSupportDirectory
/// let store = Store.file(folder.appending(path: "waxwing.db"), key: KeychainStoreKey(service: "org.example.chat"))
/// ```
public struct Store: Sendable {
    let place: StorePlace
    let key: (any StoreKeyProvider)?

    /// One encrypted file, made if it is not there. Beside it stand its log (`-wal`, `-shm`) and a lock file (`.lock`).
    ///
    /// On iOS, an app and its notification service extension share the file in the container of an app group.
    public static func file(_ url: URL, key: any StoreKeyProvider) -> Store {
        Store(place: .file(path: url.path), key: key)
    }

    /// In memory, for tests and previews: gone with the client.
    public static let memory = Store(place: .memory, key: nil)
}

/// Gives the 32 bytes that seal the store, from wherever the app keeps its secrets.
///
/// ``KeychainStoreKey`` does it with the Keychain. It is asked once for each client that is opened, away from the main thread. What it
/// throws stops the opening with the code `store_key_unavailable`; throw ``ProviderFailure`` to say why in the error.
///
/// ```swift
/// struct FixedKey: StoreKeyProvider {
///     let bytes: Data
///     func storeKey() -> Data { bytes }
/// }
/// ```
public protocol StoreKeyProvider: Sendable {
    /// The 32 bytes.
    func storeKey() async throws -> Data
}

/// What a ``StoreKeyProvider`` or a ``TokenProvider`` throws to say why it cannot give what it is asked for.
public struct ProviderFailure: Error, Hashable, Sendable {
    /// Why, for people. It comes back in the error of the call, so no secrets in it.
    public var reason: String

    /// Makes one.
    public init(_ reason: String) {
        self.reason = reason
    }
}

/// The keys of stores.
public enum StoreKey {
    /// Makes a new key: 32 random bytes, for the app to keep.
    public static func generate() -> Data {
        generateStoreKey()
    }
}

/// A provider of the app, as the library asks it.
final class StoreKeys: WaxwingFFI.StoreKeyProvider {
    private let provider: any StoreKeyProvider

    init(_ provider: any StoreKeyProvider) {
        self.provider = provider
    }

    func storeKey() throws -> Data {
        try provided { [provider] in try await provider.storeKey() }
    }
}
