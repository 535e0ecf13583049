import Foundation
internal import WaxwingFFI

/// One device of one account: registers, sends and receives, online and offline.
///
/// ```swift
/// let client = try await Client(
///     relay: URL(string: "wss://relay.example")!,
///     store: .file(file, key: KeychainStoreKey(service: "org.example.chat"))
/// )
/// try await client.register(as: "alice")
///
/// let chat = try await client.conversation(with: "bob")
/// try await chat.send("hello")  // on disk when this returns
/// ```
///
/// A client can be used from any task. Nothing blocks: what takes its time is `async`. What only waits ends when its task is cancelled, with
/// `CancellationError`; what writes goes on to its end all the same, so cancelling never loses anything.
///
/// The client lives until ``close()``, or until nothing of it is held any more: neither itself nor a conversation, timeline or message of it.
public final class Client: Sendable {
    let ffi: FfiClient

    /// Opens the store and starts the client, which can be used at once, offline too. A registered device connects by itself.
    ///
    /// - Parameters:
    ///   - relay: The relay's address, such as `wss://relay.example`.
    ///   - store: Where the client keeps everything.
    ///   - tokens: Gets the token of the app's own login, for a relay that asks for one.
    ///   - configuration: What else there is to choose.
    /// - Throws: ``WaxwingError`` `url_invalid`, `url_insecure`, `certificate_invalid`, `store_key_unavailable`, `store_key_invalid`,
    ///   `wrong_store_key`, `store_corrupt`, `store_in_use`, `store_newer`, `disk_full`, `io_error`; `CancellationError`.
    public init(
        relay: URL,
        store: Store,
        tokens: (any TokenProvider)? = nil,
        configuration: Configuration = Configuration()
    ) async throws {
        let setup = ClientSetup(
            relayUrl: relay.absoluteString,
            store: store.place,
            agent: configuration.agent,
            offline: configuration.startsOffline,
            dangerousAllowPlain: configuration.dangerouslyAllowsPlain,
            extraRootsPem: configuration.extraRoots
        )
        ffi = try await whileWanted { cancel in
            try await openClient(
                setup: setup, key: store.key.map(StoreKeys.init), tokens: tokens.map(Tokens.init), cancel: cancel)
        }
    }

    /// What can be chosen when a client is opened.
    public struct Configuration: Sendable {
        /// Name and version of the app, for the relay's log; at most 64 bytes.
        public var agent: String?
        /// Does not connect before ``Client/resume()``, ``Client/catchUp(within:)`` or registering.
        public var startsOffline: Bool
        /// Root certificates that are trusted beside the usual ones, such as a company's own: PEM.
        public var extraRoots: [Data]
        /// Allows `ws://` to another machine. Contents stay sealed, but whoever is on the network sees who talks to whom.
        public var dangerouslyAllowsPlain: Bool

        /// What is right for most apps.
        public init(
            agent: String? = nil,
            startsOffline: Bool = false,
            extraRoots: [Data] = [],
            dangerouslyAllowsPlain: Bool = false
        ) {
            self.agent = agent
            self.startsOffline = startsOffline
            self.extraRoots = extraRoots
            self.dangerouslyAllowsPlain = dangerouslyAllowsPlain
        }
    }

    // MARK: The account

    /// Makes an account, or brings an existing one here; connects for it.
    ///
    /// Calling it again with the same handle, after it was interrupted, goes on where it stood.
    ///
    /// - Parameters:
    ///   - handle: The name under which others find the account: 2 to 32 of `a-z 0-9 . - _`.
    ///   - token: The token of the app's own login, where it is at hand; otherwise the token provider is asked, once the relay wants one.
    ///   - recovery: An account that is brought here, instead of making a new one.
    /// - Throws: ``WaxwingError`` `offline`, `already_registered`, `handle_invalid`, `recovery_key_invalid`, `token_unavailable`, or why the
    ///   relay refused: `handle_taken`, `token_required`, ...; `CancellationError`.
    @discardableResult
    public func register(as handle: String, token: String? = nil, recovering recovery: Recovery? = nil) async throws -> Me {
        let registration = Registration(handle: handle, token: token, recovery: recovery?.lowered)
        return Me(try await whileWanted { try await ffi.register(registration: registration, cancel: $0) })
    }

    /// This device's account, once it is registered.
    public var me: Me? {
        get throws { try call { try ffi.me().map(Me.init) } }
    }

    /// The account's secret key, for the user to write down. Whoever has it is the account.
    ///
    /// - Throws: ``WaxwingError`` `not_registered`, `not_found` on a device that does not hold it, or what the store says.
    public func recoveryKey() async throws -> RecoveryKey {
        RecoveryKey(try await toTheEnd { try await ffi.recoveryKey() })
    }

    // MARK: Conversations

    /// The conversation with the account of this handle, made if it is not there. One that is known is found offline.
    ///
    /// - Throws: ``WaxwingError`` `unknown_account`, `offline` for a handle that is not known here, `handle_invalid`, `not_registered`;
    ///   `CancellationError`.
    public func conversation(with handle: String) async throws -> Conversation {
        Conversation(try await whileWanted { try await ffi.direct(handle: handle, cancel: $0) })
    }

    /// The conversation with an account that is known here.
    ///
    /// - Throws: ``WaxwingError`` `not_found`, `not_registered`, or what the store says.
    public func conversation(with account: AccountId) async throws -> Conversation {
        Conversation(try await toTheEnd { try await ffi.directByAccount(account: account.description) })
    }

    /// A conversation that is known here.
    ///
    /// - Throws: ``WaxwingError`` `not_found`, or what the store says.
    public func conversation(_ id: ConversationId) async throws -> Conversation {
        Conversation(try await toTheEnd { try await ffi.conversation(id: id.description) })
    }

    /// Watches the list of conversations.
    public func conversations() -> ConversationList {
        ConversationList(ffi.conversations())
    }

    /// Takes up a message that was sent before, to follow it. Asking its state throws `not_found` if it is not one of ours.
    public func sentMessage(_ id: MessageId) -> SentMessage {
        SentMessage(ffi.sent(id: id.description))
    }

    /// Makes the id of a message that is to be sent: a ``Draft`` that carries it can be sent again without being there twice.
    public func newMessageId() -> MessageId {
        MessageId(lifted: ffi.newMessageId())
    }

    /// Readable incoming messages, for a consumer that is known by its name and remembers how far it got.
    public func incoming(consumer: String) -> IncomingMessages {
        IncomingMessages(ffi.incoming(consumer: consumer))
    }

    /// What happens, from now on.
    public func events() -> Events {
        Events(ffi.events())
    }
}
