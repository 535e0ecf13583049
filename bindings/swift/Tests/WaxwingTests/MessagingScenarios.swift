import Foundation
import Testing
import Waxwing

extension Scenarios {
    @Test func register() async throws {
        try await Stage.play { stage in
            let fresh = try await stage.open("alice")
            #expect(try fresh.me == nil)
            #expect(fresh.link == .stopped)
            let me = try await within { try await fresh.register(as: "alice") }
            #expect(me.handle == "alice")
            #expect(try fresh.me == me)
            try await within { try await fresh.online() }
            #expect(fresh.link == .online)
            let recoveryKey = try await fresh.recoveryKey()
            #expect(recoveryKey.text.count == 77)
            try await fresh.close()

            let again = try await stage.open("alice")
            #expect(try again.me == me)
            await expectError(.misuse, "already_registered", .never) { try await again.register(as: "carol") }

            let other = try await stage.open("alice-2")
            let recovery = Recovery(key: recoveryKey, otherDevices: .replace)
            let recovered = try await within { try await other.register(as: "alice", recovering: recovery) }
            #expect(recovered.account == me.account)
            #expect(recovered.device != me.device)
        }
    }

    @Test func exchange() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let chat = try await alice.conversation(with: "bob")
            #expect(chat.peer?.handle == "bob")
            let sent = try await chat.send("hello")

            let message = try #require(try await take(1, from: bob.incoming(consumer: "test")).first)
            #expect(message.text == "hello")
            #expect(message.id == sent.id)
            #expect(message.sender.handle == "alice")
            #expect(abs(message.sentAt.timeIntervalSinceNow) < 3600)
            #expect(abs(message.storedAt.timeIntervalSinceNow) < 3600)
            try await bob.conversation(message.conversation).send("hello yourself")

            let items = try await chat.timeline().items { $0.count == 2 }
            #expect(items.map(\.text) == ["hello", "hello yourself"])
            #expect(items.map(\.isOutgoing) == [true, false])
            guard case .incoming = items[1].status else {
                Issue.record("\(items.map(\.status))")
                return
            }

            let account = try #require(try alice.me).account
            #expect(try await bob.conversation(with: account).id == chat.id)
            let nobody = try #require(AccountId("01890a5d-ac96-774b-bcce-b302099a8057"))
            await expectError(.notFound, "not_found", .never) { try await bob.conversation(with: nobody) }
        }
    }

    @Test func offlineAndCatchUp() async throws {
        try await Stage.play { stage in
            let first = try await stage.person("alice")
            let bob = try await stage.person("bob")
            _ = try await first.conversation(with: "bob")
            try await first.close()

            let alice = try await stage.open("alice", offline: true)
            #expect(alice.link == .stopped)
            let chat = try await alice.conversation(with: "bob")
            try await chat.send("one")
            let two = Draft("two", id: alice.newMessageId())
            try await chat.send(two)
            #expect(try await alice.outboxCount() == 2)
            try await chat.send(two)
            #expect(try await alice.outboxCount() == 2)
            await expectError(.misuse, "message_id_taken", .never) { try await chat.send(Draft("three", id: two.id)) }
            await expectError(.offline, "offline", .onNetwork) { try await alice.conversation(with: "stranger") }
            try await alice.close()

            let online = try await stage.open("alice")
            try await within { try await online.flushed() }
            let inbox = bob.incoming(consumer: "test")
            let messages = try await take(2, from: inbox)
            #expect(messages.map(\.text) == ["one", "two"])
            try await inbox.done(with: messages[0])
            try await bob.close()
            let bobAgain = try await stage.open("bob")
            let inboxAgain = bobAgain.incoming(consumer: "test")
            #expect(try await take(1, from: inboxAgain).map(\.text) == ["two"])
            #expect(try await drain(inboxAgain).isEmpty)
        }
    }

    @Test func receipts() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let sent = try await alice.conversation(with: "bob").send("hello")
            try await within { try await sent.reached(.sent) }
            try await within { try await sent.reached(.delivered) }

            let list = Collected<[ConversationItem]>()
            let watching = Task {
                var items: [ConversationItem] = []
                for await change in bob.conversations() {
                    items.apply(change)
                    list.append(items)
                }
            }
            try await eventually { list.all.last?.map(\.unread) == [1] }
            let chat = try #require(list.all.last?.first)
            try await bob.conversation(chat.id).markRead(upTo: sent.id)
            #expect(try await within { try await sent.reached(.read) } == .read)
            try await eventually { list.all.last?.map(\.unread) == [0] }
            watching.cancel()
        }
    }

    @Test func retryAndCancel() async throws {
        try await Stage.play { stage in
            let first = try await stage.person("alice")
            let bob = try await stage.person("bob")
            _ = try await first.conversation(with: "bob")
            try await first.close()

            let alice = try await stage.open("alice", offline: true)
            let chat = try await alice.conversation(with: "bob")
            let one = try await chat.send("one")
            let two = try await chat.send("two")
            try await two.takeBack()
            #expect(try await two.state() == .cancelled)
            try await alice.resume()
            try await within { try await one.reached(.delivered) }
            await expectError(.misuse, "too_late", .never) { try await one.takeBack() }
            // What did not fail is on its way anyhow: nothing changes.
            let before = try await one.state()
            try await one.retry()
            #expect(try await one.state() == before)
            let stranger = alice.sentMessage(alice.newMessageId())
            await expectError(.notFound, "not_found", .never) { try await stranger.state() }
            let inbox = bob.incoming(consumer: "test")
            #expect(try await take(1, from: inbox).map(\.text) == ["one"])
            #expect(try await drain(inbox).isEmpty)
        }
    }

    @Test func twoClientsInOneProcess() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let ours = try await alice.conversation(with: "bob")
            let theirs = try await bob.conversation(with: "alice")
            async let a: Void = { for number in 1...50 { try await ours.send("a\(number)") } }()
            async let b: Void = { for number in 1...50 { try await theirs.send("b\(number)") } }()
            _ = try await (a, b)
            for chat in [ours, theirs] {
                let texts = try await chat.timeline(.newest(200)).items { $0.count == 100 }.compactMap(\.text)
                #expect(texts.filter { $0.hasPrefix("a") } == (1...50).map { "a\($0)" })
                #expect(texts.filter { $0.hasPrefix("b") } == (1...50).map { "b\($0)" })
            }

            let timeline = ours.timeline()
            let ending = Task { for await _ in timeline {} }
            try await alice.close()
            try await within { await ending.value }
            let sent = try await theirs.send("still here")
            #expect(try await within { try await sent.reached(.sent) } == .sent)
        }
    }
}
