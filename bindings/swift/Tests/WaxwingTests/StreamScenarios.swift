import Foundation
import Testing
import Waxwing

extension Scenarios {
    @Test func subscriptionThatLags() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let chat = try await alice.conversation(with: "bob")
            let events = alice.events()
            let timeline = chat.timeline(.newest(500))
            guard case .reset([]) = try await take(1, from: timeline).first else {
                Issue.record("a timeline begins with its content")
                return
            }
            let list = bob.conversations()
            _ = try await take(1, from: list)
            var messages: [SentMessage] = []
            for number in 1...300 { messages.append(try await chat.send("\(number)")) }
            let sent = try #require(messages.last)
            for message in messages { try await within(.seconds(60)) { try await message.reached(.delivered) } }

            let heard = try await drain(events)
            #expect(heard.first == .lagged)
            #expect(heard.filter { $0 == .lagged }.count == 1)
            #expect(heard.contains(.deliveryChanged(sent.id)))

            // At most three batches, of two changes each.
            let told = Collected<TimelineChange>()
            let items = try await timeline.items(telling: told) {
                $0.count == 300 && $0.allSatisfy { $0.status == .outgoing(.delivered) }
            }
            #expect(told.all.count <= 6, "\(told.all.count)")
            #expect(items.map(\.text) == (1...300).map { "\($0)" })

            let lines = Collected<[Int]>()
            try await within {
                var items: [ConversationItem] = []
                for await change in list {
                    items.apply(change)
                    lines.append(items.map(\.unread))
                    if items.map(\.unread) == [300] { break }
                }
            }
            #expect(lines.all.last == [300])
        }
    }

    @Test func streamsLoseNothing() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let chat = try await alice.conversation(with: "bob")
            let inbox = bob.incoming(consumer: "test")
            let sending = Task { for number in 1...100 { try await chat.send("\(number)") } }
            let got = Collected<IncomingMessage>()
            try await within {
                while got.all.count < 100 {
                    let pulling = Task { for try await message in inbox { got.append(message) } }
                    try await Task.sleep(for: .milliseconds(10))
                    pulling.cancel()
                    await #expect(throws: CancellationError.self) { try await pulling.value }
                }
            }
            try await sending.value
            #expect(got.all.map(\.text) == (1...100).map { "\($0)" })

            let timeline = chat.timeline(.newest(10))
            _ = try await take(1, from: timeline)
            let waiting = Task { await timeline.first { if case .appended = $0 { true } else { false } } }
            try await Task.sleep(for: .milliseconds(100))
            let older = try await within { try await timeline.older(10) }
            #expect(older.map(\.text) == (81...90).map { "\($0)" })
            try await chat.send("101")
            guard case .appended(let items) = try await within(.seconds(30), { await waiting.value }) else {
                Issue.record("the pull did not go on")
                return
            }
            #expect(items.map(\.text) == ["101"])
        }
    }

    @Test func logSink() async throws {
        try await Stage.play { stage in
            let lines = Collected<LogLine>()
            Diagnostics.log(to: Gather(lines: lines), upTo: .debug)
            let nowhere = try await stage.nowhere("one")
            await expectError(.offline, "offline", .onNetwork) { try await nowhere.register(as: "one-handle") }
            try await eventually { lines.all.contains { $0.target.hasPrefix("waxwing") } }

            Diagnostics.log(to: Throwing(lines: lines), upTo: .trace)
            let before = lines.all.count
            let elsewhere = try await stage.nowhere("two")
            await expectError(.offline, "offline", .onNetwork) { try await elsewhere.register(as: "two-handle") }
            try await eventually { lines.all.count > before }
            let (alice, bob) = (try await stage.person("alice-handle"), try await stage.person("bob-handle"))
            try await alice.conversation(with: "bob-handle").send("a text of nobody else")
            #expect(try await take(1, from: bob.incoming(consumer: "test")).count == 1)
            for line in lines.all {
                #expect(!line.text.contains("-handle") && !line.text.contains("nobody else"), "\(line)")
            }

            Diagnostics.log(to: nil)
            try await Task.sleep(for: .milliseconds(200))
            let after = lines.all.count
            let silent = try await stage.nowhere("three")
            await expectError(.offline, "offline", .onNetwork) { try await silent.register(as: "three-handle") }
            #expect(lines.all.count == after)
        }
    }
}

extension Stage {
    /// A client of an address where nothing listens.
    fileprivate func nowhere(_ name: String) async throws -> Client {
        try await Client(relay: URL(string: "ws://127.0.0.1:9")!, store: store(name))
    }
}

private struct Gather: LogSink {
    let lines: Collected<LogLine>
    func take(_ line: LogLine) { lines.append(line) }
}

private struct Throwing: LogSink {
    struct Full: Error {}
    let lines: Collected<LogLine>
    func take(_ line: LogLine) throws {
        lines.append(line)
        throw Full()
    }
}
