internal import WaxwingFFI

extension Client {
    // MARK: The link

    /// How the connection stands.
    public var link: LinkState {
        LinkState(ffi.link())
    }

    /// Waits until the device is logged in.
    ///
    /// - Throws: ``WaxwingError`` `shut_down`; `CancellationError`.
    public func online() async throws {
        try await whileWanted { try await self.ffi.online(cancel: $0) }
    }

    /// Waits until the relay has everything that can go out.
    ///
    /// - Throws: ``WaxwingError`` `shut_down`, `suspended`, or what the store says; `CancellationError`.
    public func flushed() async throws {
        try await whileWanted { try await self.ffi.flushed(cancel: $0) }
    }

    /// Waits until everything that the relay had, when it was connected to, is here.
    ///
    /// - Throws: ``WaxwingError`` `shut_down`, `suspended`, `not_registered`; `CancellationError`.
    public func drained() async throws {
        try await whileWanted { try await self.ffi.drained(cancel: $0) }
    }

    /// How many items wait for the relay to take them.
    ///
    /// - Throws: ``WaxwingError`` with what the store says.
    public func outboxCount() async throws -> Int {
        Int(clamping: try await toTheEnd { try await self.ffi.outboxLen() })
    }

    /// Says that the network changed, such as from an `NWPathMonitor`: the next attempt to connect is made at once.
    public func networkChanged() {
        ffi.networkChanged()
    }

    // MARK: The app's life

    /// Hangs up and lets go of the store: when this returns, no file is locked, so that iOS may freeze the process.
    ///
    /// While the link is up, what is on its way gets until the limit. Calls that need the store throw `suspended`, until ``resume()``;
    /// reading goes on.
    ///
    /// ```swift
    /// // In `applicationDidEnterBackground`, inside of a background task:
    /// try await client.suspend(within: .seconds(5))
    /// ```
    ///
    /// - Throws: ``WaxwingError`` `shut_down`, or what the store says; `CancellationError`.
    public func suspend(within limit: Duration) async throws {
        try await whileWanted { try await self.ffi.suspend(deadline: limit.seconds, cancel: $0) }
    }

    /// Takes the store up again, and connects.
    ///
    /// - Throws: ``WaxwingError`` `store_in_use` when another process took the store meanwhile, or what the store says.
    public func resume() async throws {
        try await toTheEnd { try await self.ffi.resume() }
    }

    /// Connects, takes in what the relay has, sends what waits, and goes back to how it was before: suspended, if it was.
    ///
    /// This is what a `BGAppRefreshTask` or a silent push calls.
    ///
    /// - Throws: ``WaxwingError`` `not_registered`, or what the store says; `CancellationError`. A relay that cannot be reached is no
    ///   error: nothing is completed then.
    @discardableResult
    public func catchUp(within limit: Duration) async throws -> CatchUp {
        CatchUp(try await whileWanted { try await self.ffi.catchUp(deadline: limit.seconds, cancel: $0) })
    }

    /// Hangs up, lets go of the store, and ends every stream. Calls throw `shut_down` from then on.
    ///
    /// - Throws: ``WaxwingError`` with what the store says; the client is closed all the same.
    public func close() async throws {
        try await toTheEnd { try await self.ffi.shutDown() }
    }
}

/// What a background fetch brought.
public struct CatchUp: Hashable, Sendable {
    /// Incoming messages that became readable.
    public let messages: Int
    /// Whether everything that the relay had is here, and everything that was to be sent is there.
    public let completed: Bool
}
