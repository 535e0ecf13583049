import Foundation
import Testing
import Waxwing

extension Scenarios {
    @Test func groups() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let carol = try await stage.person("carol")
            let birds = try await within { try await alice.createGroup("birds", with: ["bob", "carol"]) }
            #expect(birds.party.group?.title == "birds" && birds.party.group?.standing == .member)
            #expect(birds.peer == nil)
            let atBob = try await until { try await bob.conversation(birds.id) }
            let atCarol = try await until { try await carol.conversation(birds.id) }
            #expect(try await bob.listed().first?.party.group?.title == "birds")
            let (alices, bobs) = (try #require(birds.group), try #require(atBob.group))

            let info = try await bobs.info()
            #expect(info.standing == .member && info.title == "birds" && info.epoch >= 1)
            #expect(info.settings == GroupSettings(write: .everyone, add: .admins, edit: .admins))
            let roles = Dictionary(uniqueKeysWithValues: info.members.map { ($0.contact.handle ?? "", $0.role) })
            #expect(roles == ["alice": .owner, "bob": .member, "carol": .member])

            let sent = try await birds.send("hello, birds")
            for (client, chat) in [(bob, atBob), (carol, atCarol)] {
                let message = try #require(try await take(1, from: client.incoming(consumer: "test")).first)
                #expect(message.text == "hello, birds" && message.groupTitle == "birds")
                #expect(message.sender.handle == "alice")
                #expect(!message.marks.isAfterRemoval)
                try await chat.markRead(upTo: message.id)
            }
            let receipts = try await until {
                let receipts = try await alices.receipts(of: sent.id)
                return receipts.isReadByAll ? receipts : nil
            }
            #expect(receipts.members.map(\.reach) == [.read, .read])
            #expect(receipts.isDeliveredToAll && receipts.delivered == 2 && receipts.read == 2)
            let history = try await History(stage.store("alice"))
            #expect(try await history.receipts(of: sent.id, in: birds.id) == receipts)
            #expect(try await history.groupInfo(of: birds.id).members.count == 3)
            try await changes(birds, alices, bobs, atCarol)
            try await leaving(birds, alices, bobs, atCarol)
        }
    }

    /// Roles, title, settings and picture.
    private func changes(_ birds: Conversation, _ alices: ChatGroup, _ bobs: ChatGroup, _ atCarol: Conversation) async throws {
        let carols = try #require(atCarol.group)
        await expectCode("not_permitted") { try await bobs.setTitle("Bob's") }
        try await within { try await alices.setRole(of: "bob", to: .admin) }
        _ = try await until { try await bobs.setTitle("Bob's birds") }
        try await eventually { try await carols.info().title == "Bob's birds" }
        let told = try await atCarol.notices()
        #expect(
            told.contains { if case .role(let member) = $0 { member.contact.handle == "bob" && member.role == .admin } else { false } })
        #expect(told.contains(.title("Bob's birds")))

        let settings = GroupSettings(write: .admins, add: .admins, edit: .admins)
        try await alices.setSettings(settings)
        try await eventually { try await carols.info().settings == settings }
        await expectCode("not_permitted") { try await atCarol.send("may I?") }

        let picture = Data((0..<1000).map { UInt8($0 % 256) })
        try await alices.setPicture(picture)
        try await eventually { try await bobs.picture() == picture }
        #expect(try await bobs.info().pictureHash?.count == 32)
    }

    /// Carol is removed, and everybody else leaves.
    private func leaving(_ birds: Conversation, _ alices: ChatGroup, _ bobs: ChatGroup, _ atCarol: Conversation) async throws {
        let carols = try #require(atCarol.group)
        try await within { try await alices.remove(["carol"]) }
        try await eventually { try await carols.info().standing == .out }
        let sent = try await birds.send("without Carol")
        try await within { try await sent.reached(.delivered) }
        #expect(try await !atCarol.texts().contains("without Carol"))

        try await bobs.leave()
        try await eventually { try await alices.info().members.count == 1 }
        try await eventually { try await birds.notices().contains(.left) }
        try await alices.leave()
        try await eventually { try await alices.info().standing == .out }
    }

    @Test func groupInvitation() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let birds = try await within { try await alice.createGroup("birds") }
            let group = try #require(birds.group)
            let made = try await group.invite()
            #expect(made.state == .open)
            let link = try #require(made.link)
            let read = try InvitationLink(link)
            #expect(read.handle == "alice" && read.conversation == birds.id)
            #expect(!read.needsApproval && read.expiresAt == nil)
            await expectCode("invitation_invalid") { try InvitationLink("nonsense") }

            let events = bob.events()
            let asked = try await bob.join(link)
            #expect(asked.conversation == birds.id && asked.state != .refused)
            _ = try await until { try await bob.conversation(birds.id) }
            try await hear(events) { $0 == .joinAnswered(birds.id) }
            #expect(try await bob.joins().map(\.state) == [.joined])
            try await withApproval(stage, alice, group)
        }
    }

    private func withApproval(_ stage: Stage, _ alice: Client, _ group: ChatGroup) async throws {
        let (carol, dave) = (try await stage.person("carol"), try await stage.person("dave"))
        let made = try await group.invite(needsApproval: true, lifetime: .seconds(3600))
        let ends = try #require(made.expiresAt)
        #expect(made.needsApproval && ends <= Date.now.addingTimeInterval(3660))
        let (link, events) = (try #require(made.link), alice.events())
        for client in [carol, dave] {
            #expect(try await client.join(link).state == .waiting)
        }
        let asks = try #require(try carol.me).account
        try await hear(events) { $0 == .joinRequested(group.id, by: asks) }
        let requests = try await until {
            let requests = try await group.joinRequests()
            return requests.count == 2 ? requests : nil
        }
        #expect(requests.allSatisfy { $0.invitation == made.id })
        #expect(Set(requests.map(\.contact.handle)) == ["carol", "dave"])

        try await within { try await group.approve("carol") }
        _ = try await until { try await carol.conversation(group.id) }
        try await within { try await group.refuse("dave") }
        try await eventually { try await dave.joins().map(\.state) == [.refused] }
        #expect(try await group.joinRequests().isEmpty)

        try await group.revoke(made.id)
        #expect(try await group.invitations().first { $0.id == made.id }?.state == .revoked)
        let erin = try await stage.person("erin")
        try await erin.join(link)
        try await eventually { try await erin.joins().map(\.state) == [.refused] }
    }
}
