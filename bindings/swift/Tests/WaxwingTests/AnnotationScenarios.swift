import Foundation
import Testing
import Waxwing

extension Scenarios {
    @Test func annotations() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let toBob = try await alice.conversation(with: "bob")
            let toAlice = try await bob.conversation(with: "alice")
            let id = try await toBob.send("helo").id
            _ = try await take(1, from: bob.incoming(consumer: "test"))
            try await toBob.edit(id, to: "hello")
            #expect(try await toAlice.entry(id) { $0.isEdited }.text == "hello")

            try await toAlice.react(to: id, with: "👍")
            try await toAlice.react(to: id, with: "❤️")
            let reacted = try await toBob.entry(id) { $0.reactions.contains { $0.reaction == "❤️" } }
            #expect(reacted.reactions.count == 1)
            #expect(reacted.reactions[0].by.map(\.handle) == ["bob"])
            try await toAlice.react(to: id, with: nil)
            _ = try await toBob.entry(id) { $0.reactions.isEmpty }
            await expectCode("not_allowed") { try await toAlice.edit(id, to: "mine") }

            try await toBob.deleteForEveryone(id)
            for chat in [toBob, toAlice] {
                #expect(try await chat.entry(id) { $0.body == .deleted }.text == nil)
            }
            let stays = try await toBob.send("stays with Alice").id
            _ = try await until { try await bob.entry(stays) }
            try await toAlice.deleteForMe(stays)
            await expectCode("not_found") { try await bob.entry(stays) }
            #expect(try await !toAlice.history(.newest(200)).contains { $0.id == stays })
            #expect(try await alice.entry(stays).text == "stays with Alice")
        }
    }

    @Test func marks() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let toBob = try await alice.conversation(with: "bob")
            let toAlice = try await bob.conversation(with: "alice")
            let one = try await toBob.send("one").id
            _ = try await take(1, from: bob.incoming(consumer: "test"))
            let account = try #require(try alice.me).account
            var two = Draft("é, @alice: two", replyTo: one)
            two.mentions = [Mention(account, at: try #require(two.text.range(of: "@alice")))]
            try await toAlice.send(two)
            let answer = try #require(try await take(1, from: alice.incoming(consumer: "test")).first)
            #expect(answer.marks.replyTo == one)
            #expect(answer.marks.mentions.map(\.account) == [account])
            #expect(answer.marks.mentions.map { answer.text[$0.range] } == ["@alice"])
            let history = try await History(stage.store("alice"))
            #expect(try await history.conversations().first?.unreadMentions == 1)

            try await toBob.send(Draft("one", isForwarded: true))
            let place = CustomContent(kind: "example.com/location", payload: Data([1, 2, 3]))
            try await toBob.send(Draft("a place", custom: place))
            let messages = try await take(3, from: bob.incoming(consumer: "again"))
            #expect(messages.map(\.marks.isForwarded) == [false, true, false])
            #expect(messages[2].text == "a place" && messages[2].marks.custom == place)
            let last = try #require(try await toAlice.history().last)
            #expect(last.text == "a place" && last.marks.custom == place)
            let longer = "a text that is longer, for @alice"
            let outside = Mention(account, at: try #require(longer.range(of: "@alice")))
            await expectCode("invalid_input") { try await toBob.send(Draft("short", mentions: [outside])) }
        }
    }

    @Test func searchJumpAndExport() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let toBob = try await alice.conversation(with: "bob")
            let toAlice = try await bob.conversation(with: "alice")
            let all = (1...60).map { $0 == 10 ? "the Éclair of ten" : "number \($0)" }
            for text in all { try await toBob.send(text) }
            _ = try await take(60, from: bob.incoming(consumer: "test"))
            let everywhere = try await bob.search("eclair")
            #expect(everywhere.map(\.text) == ["the Éclair of ten"])
            #expect(try await toAlice.search("eclair") == everywhere)
            #expect(try await bob.search("tart").isEmpty)
            let found = try #require(everywhere.first)
            #expect(try await bob.entry(found.id) == found)

            let page = try await toAlice.history(.around(found.id, 9)).compactMap(\.text)
            let oldest = try #require(page.first)
            let first = try #require(all.firstIndex(of: oldest))
            #expect(page == Array(all[first..<(first + 9)]))
            #expect(page.contains("the Éclair of ten"))
            let timeline = toAlice.timeline(.around(found.id, 9))
            let told = Collected<TimelineChange>()
            _ = try await timeline.items(telling: told) { $0.contains { $0.id == found.id } }
            try await toBob.send("at last")
            _ = try await timeline.items(telling: told) { $0.last?.text == "at last" }

            let exported = Collected<String>()
            for try await entry in toAlice.export() { if let text = entry.text { exported.append(text) } }
            #expect(exported.all == all + ["at last"])
            let history = try await History(stage.store("bob"))
            #expect(try await history.search("eclair") == everywhere)
            #expect(try await history.search("eclair", in: toAlice.id) == everywhere)
            #expect(try await history.entry(found.id) == found)
            let again = Collected<String>()
            for try await entry in history.export(toAlice.id) { if let text = entry.text { again.append(text) } }
            #expect(again.all == exported.all)
        }
    }
}
