import Foundation
internal import WaxwingFFI

/// Waits for what a provider of the app gives. The library asks on threads of its own that may block; none of Swift's waits here.
func provided<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) throws -> T {
    let answer = Locked<Result<T, any Error>?>(nil)
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        let result: Result<T, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        answer.with { $0 = result }
        done.signal()
    }
    done.wait()
    switch answer.with({ $0 }) {
    case .success(let value): return value
    // The words of other errors may hold anything, so they are not passed on.
    case .failure(let failure as ProviderFailure): throw ProviderError.Unavailable(reason: failure.reason)
    case .failure, nil: throw ProviderError.Unavailable(reason: "the provider failed unexpectedly")
    }
}
