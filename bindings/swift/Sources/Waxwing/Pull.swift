internal import WaxwingFFI

/// A stream of the library, which gives batches when asked, handed out one element at a time.
///
/// The place in the stream is kept here and not in an iterator: whoever iterates again goes on where the last one stopped. A batch has a
/// number, and is given again to whoever asks with the number before it; so a pull that was given up loses nothing.
final class Pull<Element: Sendable>: Sendable {
    typealias Batch = (number: UInt64, elements: [Element])

    private struct State: Sendable {
        var number: UInt64 = 0
        var ready: ArraySlice<Element> = []
        var ended = false
    }

    private let state = Locked(State())
    private let fetch: @Sendable (UInt64, CancelHandle) async throws -> Batch?

    init(_ fetch: @escaping @Sendable (UInt64, CancelHandle) async throws -> Batch?) {
        self.fetch = fetch
    }

    /// Waits for the next element; `nil`: there is no more.
    func next() async throws -> Element? {
        while true {
            let (element, number, ended) = state.with { ($0.ready.popFirst(), $0.number, $0.ended) }
            if let element { return element }
            if ended { return nil }
            guard let batch = try await whileWanted({ try await self.fetch(number, $0) }) else {
                end()
                return nil
            }
            state.with { state in
                // Another task may have got the same batch.
                guard batch.number == state.number + 1 else { return }
                state.number = batch.number
                state.ready.append(contentsOf: batch.elements)
            }
        }
    }

    /// The last batch once more, as after a pull that was given up.
    func again() async throws -> Batch? {
        let number = state.with { $0.number }
        return try await whileWanted { try await self.fetch(number - 1, $0) }
    }

    /// From here on there is no more.
    func end() {
        state.with { $0.ended = true }
    }
}

extension Pull {
    /// Waits for the next element; `nil`: there is no more, or the task was cancelled. A fault of the library, which should not happen, is told
    /// as an element, and then there is no more.
    func next(fault: (WaxwingError) -> Element) async -> Element? {
        do {
            return try await next()
        } catch let error as WaxwingError {
            end()
            return fault(error)
        } catch {
            return nil
        }
    }
}
