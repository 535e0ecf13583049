import Foundation
internal import WaxwingFFI

/// Makes a call of the library; its error becomes ours.
func call<T>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as FfiError { throw WaxwingError.lifted(error) }
}

/// Makes a call of the library that writes, and that goes on to its end, also when the task is cancelled.
func toTheEnd<T: Sendable>(_ body: @Sendable () async throws -> T) async throws -> T {
    do { return try await body() } catch let error as FfiError { throw WaxwingError.lifted(error) }
}

/// Makes a call of the library that may take long. Cancelling the task gives it up; what it was writing goes on to its end.
func whileWanted<T: Sendable>(_ body: @Sendable (CancelHandle) async throws -> T) async throws -> T {
    try Task.checkCancellation()
    let handle = CancelHandle()
    return try await withTaskCancellationHandler {
        try await toTheEnd { try await body(handle) }
    } onCancel: {
        handle.cancel()
    }
}

/// A value that one thread at a time works with.
final class Locked<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) {
        self.value = value
    }

    func with<T>(_ body: (inout Value) throws -> T) rethrows -> T {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}

extension Duration {
    /// In seconds; never below zero, which the library does not know.
    var seconds: TimeInterval {
        let (seconds, attoseconds) = components
        return max(0, TimeInterval(seconds) + TimeInterval(attoseconds) / 1e18)
    }
}
