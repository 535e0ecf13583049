import Foundation
import Testing
import Waxwing

extension Scenarios {
    @Test func linkedDevice() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let sent = try await alice.say("one", to: "bob")
            try await within { try await sent.reached(.delivered) }
            try await bob.say("two", to: "alice")
            _ = try await take(1, from: alice.incoming(consumer: "test"))
            let laptop = try await stage.open("laptop")
            await expectCode("link_text_invalid") { try await alice.linkDevice("nonsense") }

            // A mistyped code.
            var (atNew, atAccount) = try await begin(laptop, alice)
            let wrong = atAccount.digits == "000 000" ? "000 001" : "000 000"
            let mistyped = atNew
            await expectCode("link_code_differs") { try await mistyped.confirm(wrong) }
            await expectCode("link_step_taken") { try await mistyped.confirm(wrong) }
            #expect(try laptop.me == nil)
            // One that is broken off.
            (atNew, atAccount) = try await begin(laptop, alice)
            let broken = try await atAccount.confirm(atNew.digits)
            try await broken.breakOff()
            #expect(try await steps(broken).isEmpty)

            let (here, there) = try await link(laptop, alice)
            for steps in [here, there] {
                #expect(steps.last == .done)
                let progress = steps.compactMap { if case .history(_, let perMille) = $0 { perMille } else { nil } }
                #expect(progress == progress.sorted() && progress.last == 1000)
            }
            let device = try #require(try laptop.me).device
            #expect(here.first == .linked(device) && there.first == .linked(device))
            let (atLaptop, atAlice) = (try await laptop.conversation(with: "bob"), try await alice.conversation(with: "bob"))
            #expect(try await atLaptop.texts() == ["one", "two"])
            #expect(try await atLaptop.history().map(\.status) == atAlice.history().map(\.status))
            #expect(try await !laptop.lacksHistory())
            await expectCode("already_registered") { try await laptop.linkAsNew() }

            let (own, others) = (try await alice.devices(), try await laptop.devices())
            #expect(own.devices.count == 2 && others.devices.count == 2)
            #expect(own.holdsAccountKey && !others.holdsAccountKey)
            try await atLaptop.send("from the laptop")
            try await eventually {
                try await atAlice.history().contains { $0.text == "from the laptop" && $0.isOutgoing }
            }
            try await managed(alice, laptop, device)
        }
    }

    /// Named, given its history again, and removed.
    private func managed(_ alice: Client, _ laptop: Client, _ device: DeviceId) async throws {
        try await alice.renameDevice(device, to: "the laptop")
        for client in [alice, laptop] {
            try await eventually { try await client.devices().devices.contains { $0.name == "the laptop" } }
        }
        await expectCode("invalid_input") {
            try await alice.renameDevice(device, to: String(repeating: "x", count: 129))
        }
        let toBob = try await laptop.conversation(with: "bob")
        let before = try await toBob.texts()
        let again = try await laptop.fetchHistory()
        #expect(try await steps(again).last == .done)
        #expect(try await toBob.texts() == before, "nothing is there twice")

        let first = try #require(try alice.me).device
        await expectCode("account_key_missing") { try await laptop.removeDevice(first) }
        let events = laptop.events()
        try await within { try await alice.removeDevice(device) }
        try await hear(events) { $0 == .signedOut(code: "unknown_device") }
        #expect(try await alice.devices().devices.map(\.isThis) == [true])
    }

    @Test func backupAndRestore() async throws {
        try await Stage.play { stage in
            let (first, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            let sent = try await first.say("a canary sings", to: "bob")
            try await within { try await sent.reached(.delivered) }
            let answer = try await bob.say("so it does", to: "alice").id
            _ = try await take(1, from: first.incoming(consumer: "test"))
            let chat = try await first.conversation(with: "bob")
            try await chat.react(to: answer, with: "+")
            try await chat.setPinned(true)
            try await first.markVerified(try await first.safetyNumber(with: "bob"))
            let birds = try await first.createGroup("birds", with: ["bob"]).id
            _ = try await until { try await bob.conversation(birds) }

            let (paper, bobs) = (try await first.recoveryKey(), try await bob.recoveryKey())
            let file = stage.folder.appending(path: "alice.waxwing")
            await expectCode("recovery_key_invalid") {
                try await first.writeBackup(to: file, key: RecoveryKey("nonsense"))
            }
            await expectCode("wrong_account_key") { try await first.writeBackup(to: file, key: bobs) }
            let summary = try await within { try await first.writeBackup(to: file, key: paper) }
            let bytes = try Data(contentsOf: file)
            #expect(summary.bytes == bytes.count)
            #expect(bytes.range(of: Data("canary".utf8)) == nil)
            let texts = try await chat.texts()
            try await first.close()

            let alice = try await stage.recovered("new phone", as: "alice", by: paper, .replace)
            let cut = stage.folder.appending(path: "cut")
            try bytes.prefix(bytes.count / 2).write(to: cut)
            await expectCode("backup_damaged") { try await alice.restoreBackup(from: cut, key: paper) }
            await expectCode("backup_key_wrong") { try await alice.restoreBackup(from: file, key: bobs) }
            await expectCode("backup_other_account") { try await bob.restoreBackup(from: file, key: paper) }
            for _ in 1...2 {
                #expect(try await within { try await alice.restoreBackup(from: file, key: paper) } == summary)
                let restored = try await alice.conversation(with: "bob")
                #expect(try await restored.texts() == texts)
                #expect(try await alice.entry(answer).reactions.map(\.reaction) == ["+"])
                #expect(try await restored.settings().isPinned)
            }
            #expect(try await alice.safetyNumber(with: "bob").isVerified)
            #expect(try await alice.conversation(birds).group?.info().members.count == 2)
            let inbox = bob.incoming(consumer: "test")
            try await alice.say("on a new phone", to: "bob")
            #expect(try await take(2, from: inbox).map(\.text) == ["a canary sings", "on a new phone"])
        }
    }

    @Test func accountDeletion() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            try await bob.say("a word that stays", to: "alice")
            _ = try await take(1, from: alice.incoming(consumer: "test"))
            let laptop = try await stage.open("laptop")
            _ = try await link(laptop, alice)
            await expectCode("account_key_missing") { try await laptop.deleteAccount() }
            let both = try await alice.createGroup("both", with: ["bob"]).id
            let group = try #require(try await until { try await bob.conversation(both) }.group)
            let account = try #require(try alice.me).account

            let events = [alice.events(), laptop.events()]
            try await within { try await alice.deleteAccount() }
            for told in events {
                try await hear(told) { $0 == .signedOut(code: "account_deleted") }
            }
            #expect(try alice.me == nil)
            #expect(try await alice.listed().isEmpty)
            #expect(try await laptop.conversation(with: "bob").texts().contains("a word that stays"))
            let alone = try await until {
                let members = try await group.info().members
                return members.count == 1 ? members : nil
            }
            #expect(alone.map(\.role) == [.owner])
            let sent = try await bob.conversation(with: account).send("are you there?")
            #expect(try await within { try await sent.reached(.delivered) } == .failed(.recipientGone))

            let other = try await stage.open("another")
            let me = try await within { try await other.register(as: "alice") }
            #expect(me.account != account)
        }
    }
}

/// Both devices show six digits.
private func begin(_ new: Client, _ account: Client) async throws -> (LinkCode, LinkCode) {
    let offer = try await new.linkAsNew()
    let codes = try await within {
        async let atNew = offer.scanned()
        async let atAccount = account.linkDevice(offer.text)
        return (try await atNew, try await atAccount)
    }
    await expectCode("link_step_taken") { try await offer.scanned() }
    return codes
}

/// All steps of a linking.
private func steps(_ linking: Linking) async throws -> [LinkStep] {
    try await within {
        var steps: [LinkStep] = []
        for try await step in linking { steps.append(step) }
        return steps
    }
}

/// Links a device to its end.
private func link(_ new: Client, _ account: Client) async throws -> ([LinkStep], [LinkStep]) {
    let (atNew, atAccount) = try await begin(new, account)
    let (here, there) = (try await atNew.confirm(atAccount.digits), try await atAccount.confirm(atNew.digits))
    async let these = steps(here)
    async let those = steps(there)
    return (try await these, try await those)
}
