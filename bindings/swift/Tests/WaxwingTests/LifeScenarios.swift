import Foundation
import Testing
import Waxwing
import WaxwingNotifications

extension Scenarios {
    @Test func suspendAndResume() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let chat = try await alice.conversation(with: "bob")
            try await chat.send("hello")
            _ = try await take(1, from: bob.incoming(consumer: "test"))

            try await within { try await bob.suspend(within: .seconds(5)) }
            #expect(bob.link == .stopped)
            await expectError(.misuse, "suspended", .afterUserActs) { try await bob.drained() }
            let history = try await History(stage.store("bob"))
            let list = try await history.conversations()
            #expect(list.map(\.peer?.handle) == ["alice"])
            #expect(try await history.conversation(with: "alice") == chat.id)
            #expect(try await history.messages(in: chat.id).map(\.text) == ["hello"])
            #expect(try await history.me() == bob.me)
            let other = try await stage.open("bob", offline: true)
            try await other.close()

            try await chat.send("while you were away")
            try await within { try await alice.flushed() }
            let caughtUp = try await within { try await bob.catchUp(within: .seconds(20)) }
            #expect(caughtUp.messages == 1 && caughtUp.completed)
            #expect(bob.link == .stopped)
            await expectError(.misuse, "suspended", .afterUserActs) { try await bob.drained() }

            try await bob.resume()
            try await within { try await bob.online() }
            try await within { try await bob.drained() }
        }
    }

    @Test func cancellationInMidCall() async throws {
        try await Stage.play { stage in
            let alice = try await stage.person("alice")
            try await stage.person("bob").close()
            let chat = try await alice.conversation(with: "bob")
            let sent = try await chat.send("are you there?")
            try await within { try await sent.reached(.sent) }

            let calls = Diagnostics.liveObjects.calls
            let waiting = Task { try await sent.reached(.delivered) }
            try await Task.sleep(for: .milliseconds(100))
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await within { try await waiting.value } }
            try await eventually { Diagnostics.liveObjects.calls == calls }

            try await alice.suspend(within: .seconds(5))
            try await alice.close()
            let offline = try await stage.open("alice", offline: true)
            let offlineChat = try await offline.conversation(with: "bob")
            let draft = Draft("once", id: offline.newMessageId())
            let sending = Task { try await offlineChat.send(draft) }
            sending.cancel()
            _ = await sending.result
            let there = try await offlineChat.history().filter { $0.id == draft.id }
            #expect(there.count <= 1 && there.allSatisfy { $0.text == "once" })
            try await offlineChat.send(draft)

            let timeline = offlineChat.timeline()
            _ = try await take(1, from: timeline)
            let pulling = Task { await timeline.first { _ in true } }
            try await Task.sleep(for: .milliseconds(50))
            pulling.cancel()
            #expect(await pulling.value == nil)
            try await offlineChat.send("after that")
            let appended = try await take(1, from: timeline).compactMap { change -> [String?]? in
                if case .appended(let items) = change { items.map(\.text) } else { nil }
            }
            #expect(appended == [["after that"]])

            try await offline.resume()
            let bob = try await stage.open("bob")
            let inbox = bob.incoming(consumer: "test")
            #expect(try await take(3, from: inbox).map(\.text) == ["are you there?", "once", "after that"])
            #expect(try await drain(inbox).isEmpty)
        }
    }

    @Test func tenThousandObjectsLeaveNoLeak() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let chat = try await alice.conversation(with: "bob")
            let sent = try await chat.send("hello")
            _ = try await take(1, from: bob.incoming(consumer: "test"))
            try await within { try await sent.reached(.delivered) }
            // What other scenarios left behind must be gone first: it would be missed afterwards.
            try await eventually { Diagnostics.liveObjects.clients == 2 && Diagnostics.liveObjects.calls == 0 }
            let before = Diagnostics.liveObjects
            for _ in 0..<2500 {
                _ = alice.sentMessage(sent.id)
                #expect(await chat.timeline(.newest(1)).first { _ in true } != nil)
                _ = alice.events()
                _ = alice.conversations()
            }
            try await eventually { Diagnostics.liveObjects == before }

            for number in 0..<10 { _ = try await stage.open("dropped-\(number)", offline: true) }
            try await eventually { Diagnostics.liveObjects == before }
            for number in 0..<10 {
                // The files are let go of a moment after the objects.
                try await eventually {
                    do { try await stage.open("dropped-\(number)", offline: true).close() } catch let error as WaxwingError
                        where error.code == "store_in_use" { return false }
                    return true
                }
            }
        }
    }

    @Test func notificationExtensionFetchesOneMessage() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let fetcher = MessageFetcher(relay: stage.relay.url, store: stage.store("bob"))
            await expectError(.storage, "store_in_use", .later) { try await fetcher.fetch(within: .seconds(5)) }
            try await bob.suspend(within: .seconds(5))
            try await alice.conversation(with: "bob").send("hello")
            try await within { try await alice.flushed() }

            let fetched = try await within { try await fetcher.fetch(within: .seconds(20)) }
            #expect(fetched.map(\.text) == ["hello"])
            #expect(fetched.first?.sender.handle == "alice")
            #expect(try await within { try await fetcher.fetch(within: .seconds(20)) }.isEmpty)

            try await bob.resume()
            #expect(try await take(1, from: bob.incoming(consumer: "app")).map(\.text) == ["hello"])
        }
    }
}
