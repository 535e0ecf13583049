internal import WaxwingFFI

extension Client {
    // MARK: Linking a device

    /// Begins to link this new device, which has no account yet, to an account on another device.
    ///
    /// ```swift
    /// let offer = try await client.linkAsNew()
    /// show(qrCode: offer.text)
    /// let code = try await offer.scanned()
    /// show(code.digits)
    /// for try await step in try await code.confirm(askForTheOthersDigits()) {
    ///     show(step)
    /// }
    /// ```
    ///
    /// - Throws: ``WaxwingError`` `already_registered`, `io_error`.
    public func linkAsNew() async throws -> LinkOffer {
        LinkOffer(try await toTheEnd { try await self.ffi.linkAsNew() })
    }

    /// Links a new device to this account: the text is what the new device shows. Needs the account's key.
    ///
    /// - Throws: ``WaxwingError`` `link_text_invalid`, `account_key_missing`, `not_registered`, `offline`, `link_broken` when the other
    ///   device does not answer; `CancellationError`.
    public func linkDevice(_ text: String) async throws -> LinkCode {
        LinkCode(try await whileWanted { try await self.ffi.linkDevice(text: text, cancel: $0) })
    }

    /// Whether a part of the account's past is missing here: the device was linked, and the transfer broke off. ``fetchHistory()`` gets it.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func lacksHistory() async throws -> Bool {
        try await toTheEnd { try await self.ffi.lacksHistory() }
    }

    /// Asks the account's other devices for its past: the rest of it, where a transfer broke off, and otherwise all of it. The first of
    /// them that is online gives it; what is here already stays. No code is compared: the devices of an account know each other.
    ///
    /// - Throws: ``WaxwingError`` `not_registered`; `not_found` where the account has no other device.
    public func fetchHistory() async throws -> Linking {
        Linking(try await toTheEnd { try await self.ffi.fetchHistory() })
    }
}

/// A new device that waits to be linked. ``Client/linkAsNew()`` gives it.
public final class LinkOffer: Sendable {
    private let ffi: FfiLinkOffer

    fileprivate init(_ ffi: FfiLinkOffer) {
        self.ffi = ffi
    }

    /// What to show as a QR code, or as text.
    public var text: String { ffi.text() }

    /// Waits until a device of the account has read the text, at most ten minutes. It can be asked once; who gives up begins anew.
    ///
    /// - Throws: ``WaxwingError`` `offline`, `link_broken`: begin anew; `link_step_taken`; `CancellationError`.
    public func scanned() async throws -> LinkCode {
        LinkCode(try await whileWanted { try await self.ffi.scanned(cancel: $0) })
    }
}

/// Two devices that have agreed on keys, and wait for a person.
public final class LinkCode: Sendable {
    private let ffi: FfiLinkCode

    fileprivate init(_ ffi: FfiLinkCode) {
        self.ffi = ffi
    }

    /// The six digits to show here, as `123 456`.
    public var digits: String { ffi.code() }

    /// Takes the six digits that a person read on the *other* device. There is one try.
    ///
    /// - Throws: ``WaxwingError`` `link_code_differs`: nothing was sent; begin anew. `link_step_taken`.
    public func confirm(_ theirs: String) async throws -> Linking {
        Linking(try await toTheEnd { try await self.ffi.confirm(theirs: theirs) })
    }
}

/// A linking under way, on either device: it goes on while it is iterated. Iterate to its end, on both.
///
/// Leaving the loop loses nothing, and the linking stands still until the next iteration; the other device waits a minute for it. It is broken
/// off by ``breakOff()``, and when nothing holds it any more.
public final class Linking: AsyncSequence, Sendable {
    public typealias Element = LinkStep

    private let ffi: FfiLinking
    private let pull: Pull<LinkStep>

    fileprivate init(_ ffi: FfiLinking) {
        self.ffi = ffi
        pull = Pull { after, cancel in
            try await ffi.pull(after: after, cancel: cancel).map { ($0.number, $0.steps.map(LinkStep.init)) }
        }
    }

    /// Breaks the linking off. Before the history began, both devices are as they were; later, the new device lacks a part of it.
    ///
    /// - Throws: Nothing at present.
    public func breakOff() async throws {
        try await toTheEnd { try await ffi.breakOff() }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pull: pull)
    }

    /// Goes through a ``Linking``.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        let pull: Pull<LinkStep>

        /// Waits for the next step; `nil`: it is over, or was broken off.
        ///
        /// - Throws: ``WaxwingError`` `link_broken` and what else can go wrong. Before the history began, both devices are as they were.
        ///   Later, the new device is linked and lacks a part of the history: it gets `history_incomplete`, and may fetch the rest by
        ///   ``Client/fetchHistory()``. `CancellationError`.
        public mutating func next() async throws -> LinkStep? {
            try await pull.next()
        }
    }
}

/// How far a linking is. More may come: give a `switch` over it a `default`.
public enum LinkStep: Hashable, Sendable {
    /// The account has the new device, and the relay knows.
    case linked(DeviceId)
    /// A part of the history is over: so many messages, and so much of the whole, from 0 to 1000.
    case history(messages: Int, perMille: Int)
    /// All of it is over. It is the last step.
    case done
}

extension LinkStep {
    init(_ step: WaxwingFFI.LinkStep) {
        switch step {
        case .linked(let device): self = .linked(DeviceId(lifted: device))
        case .history(let messages, let perMille):
            self = .history(messages: Int(clamping: messages), perMille: Int(perMille))
        case .done: self = .done
        }
    }
}
