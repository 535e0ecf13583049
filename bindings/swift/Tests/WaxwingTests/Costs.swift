import Foundation
import Testing

@testable import Waxwing

extension Scenarios {
    /// What crossing from Swift to Rust and back costs. Printed, for docs/bindings.md; the bounds only catch what is far off.
    @Test func costs() async throws {
        try await Stage.play { stage in
            let (alice, _) = (try await stage.person("alice"), try await stage.person("bob"))
            let chat = try await alice.conversation(with: "bob")
            for number in 1...50 { try await chat.send("message \(number), of the length that people write") }
            let timeline = chat.timeline(.newest(50))
            _ = try await take(1, from: timeline)

            let call = try await microseconds(20_000) { _ = alice.link }
            let asyncCall = try await microseconds(5_000) { try await alice.online() }
            let batch = try await microseconds(500) {
                // The last batch, once more: nothing is read from the store for it.
                guard case .reset(let items) = try await timeline.pull.again()?.elements.first, items.count == 50 else {
                    throw TimedOut()
                }
            }
            let page = try await microseconds(500) {
                let items = try await chat.history(.newest(50))
                #expect(items.count == 50)
            }
            print("swift: call \(call) us, batch of 50 \(batch) us")
            print("swift: async call \(asyncCall) us, page of 50 read from the store \(page) us")
            #expect(call < 1_000 && asyncCall < 20_000 && batch < 100_000)
        }
    }
}

/// How long one takes: so many one after the other, in twenty groups, and of the groups the median.
private func microseconds(_ count: Int, _ body: () async throws -> Void) async throws -> Int {
    let clock = ContinuousClock()
    var samples: [Double] = []
    for _ in 0..<20 {
        let elapsed = try await clock.measure { for _ in 0..<(count / 20) { try await body() } }
        samples.append(elapsed.seconds * 1e6 / Double(count / 20))
    }
    return Int(samples.sorted()[10].rounded())
}
