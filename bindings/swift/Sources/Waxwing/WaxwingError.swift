import Foundation
internal import WaxwingFFI

/// Why a call did not do what was asked.
///
/// Sort by ``kind-swift.property``, act on ``advice-swift.property``, tell support the ``code``. The error never holds content, keys or names, so it
/// can go into any log. A task that was cancelled throws `CancellationError`, as everywhere in Swift.
///
/// ```swift
/// do {
///     try await client.register(as: name)
/// } catch let error as WaxwingError where error.code == "handle_taken" {
///     askForAnotherName()
/// } catch let error as WaxwingError where error.kind == .offline {
///     // Call again once there is a network.
/// }
/// ```
public struct WaxwingError: Error, Hashable, Sendable {
    /// What sort of error it is.
    public let kind: Kind
    /// The error's stable word, such as `handle_taken`, for programs and for support.
    public let code: String
    /// When it makes sense to try again.
    public let advice: Advice
    /// What went wrong and what to do, in a sentence, in English.
    public let reason: String

    /// What sort of error it is, sorted by what the caller can do. More may come: give a `switch` over it a `default`.
    public enum Kind: Hashable, Sendable, CaseIterable {
        /// The relay cannot be reached.
        case offline
        /// The relay said no.
        case refused
        /// The relay wants fewer requests.
        case rateLimited
        /// The other side's key changed, and the user has not accepted it.
        case keyChanged
        /// Something could not be opened.
        case undecryptable
        /// The store on this device.
        case storage
        /// The token, signature or key is not enough.
        case permission
        /// There is no such thing.
        case notFound
        /// Longer than allowed.
        case tooLarge
        /// It was given up before it was done, and not by the task: a linking that broke.
        case givenUp
        /// The client is closed.
        case shutDown
        /// The call makes no sense as it was made.
        case misuse
        /// The relay and this build have no version in common.
        case versionUnsupported
        /// A fault in Waxwing.
        case bug
    }

    /// When it makes sense to try again.
    public enum Advice: Hashable, Sendable {
        /// Not at all: the same call fails again.
        case never
        /// After a while.
        case after(Duration)
        /// Once there is a network; the client watches for it by itself.
        case onNetwork
        /// Once the user did something about it.
        case afterUserActs
    }
}

extension WaxwingError: LocalizedError {
    public var errorDescription: String? { reason }

    public var recoverySuggestion: String? {
        switch advice {
        case .never: nil
        case .after(let delay): "Try again in \(max(1, delay.components.seconds)) s."
        case .onNetwork: "Try again once there is a network."
        case .afterUserActs: "Try again once this is dealt with."
        }
    }
}

extension WaxwingError {
    /// The error of the library, as an app sees it; `nil` for a call that was cancelled.
    init?(_ error: FfiError) {
        switch error {
        case .Failed(let kind, let code, let advice, let reason):
            if code == "cancelled" { return nil }
            self.init(kind: Kind(kind), code: code, advice: Advice(advice), reason: reason)
        }
    }

    /// Why reading for a stream failed. Nobody cancels that.
    init(interruption error: FfiError) {
        self = WaxwingError(error)
            ?? WaxwingError(kind: .bug, code: "cancelled", advice: .never, reason: "reading was given up (cancelled)")
    }

    /// What is thrown for an error of the library.
    static func lifted(_ error: FfiError) -> any Error {
        WaxwingError(error) ?? CancellationError()
    }
}

extension WaxwingError.Kind {
    /// Without a `default`: a kind that is new stops the build here.
    init(_ kind: ErrorKind) {
        switch kind {
        case .offline: self = .offline
        case .refused: self = .refused
        case .rateLimited: self = .rateLimited
        case .keyChanged: self = .keyChanged
        case .undecryptable: self = .undecryptable
        case .storage: self = .storage
        case .permission: self = .permission
        case .notFound: self = .notFound
        case .tooLarge: self = .tooLarge
        case .cancelled: self = .givenUp
        case .shutDown: self = .shutDown
        case .misuse: self = .misuse
        case .versionUnsupported: self = .versionUnsupported
        case .bug: self = .bug
        }
    }
}

extension WaxwingError.Advice {
    init(_ advice: WaxwingFFI.Advice) {
        switch advice {
        case .never: self = .never
        case .after(let delay): self = .after(.seconds(delay))
        case .onNetwork: self = .onNetwork
        case .afterUserActs: self = .afterUserActs
        }
    }
}
