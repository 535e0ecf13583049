import Foundation
import Testing
import Waxwing

extension Scenarios {
    @Test func errorsOfEachKind() async throws {
        try await Stage.play { stage in
            let alice = try await stage.person("alice")
            let bob = try await stage.open("bob")
            await expectError(.refused, "handle_taken", .afterUserActs) {
                try await within { try await bob.register(as: "alice") }
            }
            await expectError(.misuse, "handle_invalid", .afterUserActs) { try await bob.register(as: "no spaces") }
            await expectError(.storage, "store_in_use", .later) { try await stage.open("alice") }
            await expectError(.notFound, "unknown_account", .afterUserActs) {
                try await within { try await alice.conversation(with: "nobody") }
            }
            try await within { try await bob.register(as: "bob") }
            let chat = try await within { try await alice.conversation(with: "bob") }
            await expectError(.tooLarge, "message_too_large", .never) {
                try await chat.send(String(repeating: "x", count: 65_537))
            }
            await expectError(.bug, "panic", .never) { try await Diagnostics.provokeFault() }
            await expectError(.misuse, "url_insecure", .never) {
                _ = try await Client(relay: URL(string: "ws://192.0.2.1")!, store: .memory)
            }

            try await alice.close()
            await expectError(.shutDown, "shut_down", .never) { try await chat.send("too late") }
            await expectError(.storage, "wrong_store_key", .afterUserActs) {
                let store = Store.file(stage.file("alice"), key: Fixed(byte: 8))
                _ = try await Client(relay: stage.relay.url, store: store)
            }
            let offline = try await stage.open("alice", offline: true)
            await expectError(.offline, "offline", .onNetwork) { try await offline.conversation(with: "stranger") }
            await expectError(.storage, "store_key_unavailable", .afterUserActs) {
                let store = Store.file(stage.file("locked"), key: Locked())
                do { _ = try await Client(relay: stage.relay.url, store: store) } catch let error as WaxwingError {
                    #expect(error.reason.contains("locked by the user"))
                    throw error
                }
            }
        }
        try await Stage.play("--limit-loopback", "--registrations-per-hour", "1") { stage in
            _ = try await stage.person("alice")
            let bob = try await stage.open("bob")
            await expectError(.rateLimited, "rate_limited", .later) {
                try await within { try await bob.register(as: "bob") }
            }
        }
        try await Stage.play("--registration", "token", "--token-key", fixture("token-key.pem").path) { stage in
            let alice = try await stage.open("alice")
            await expectError(.permission, "token_required", .afterUserActs) {
                try await within { try await alice.register(as: "alice") }
            }
        }
    }

    @Test func tokenProvider() async throws {
        try await Stage.play("--registration", "token", "--token-key", fixture("token-key.pem").path) { stage in
            let login = Login()
            let alice = try await stage.open("alice", tokens: login)
            try await within { try await alice.register(as: "alice") }
            #expect(login.asked.all.map(\.handle) == ["alice", "alice"])
            #expect(login.asked.all.map(\.isExpired) == [false, true])
            #expect(try alice.me?.handle == "alice")

            let bob = try await stage.open("bob", tokens: SignedOut())
            await expectError(.permission, "token_unavailable", .afterUserActs) {
                try await within { try await bob.register(as: "bob") }
            }
        }
    }

    @Test func storeKeyProvider() async throws {
        try await Stage.play { stage in
            let (url, file) = (stage.relay.url, stage.file("alice"))
            await expectError(.storage, "store_key_unavailable", .afterUserActs) {
                let store = Store.file(file, key: Broken())
                do { _ = try await Client(relay: url, store: store) } catch let error as WaxwingError {
                    #expect(!error.reason.contains("secret"))
                    throw error
                }
            }
            await expectError(.misuse, "store_key_invalid", .never) {
                _ = try await Client(relay: url, store: .file(file, key: Fixed(count: 31)))
            }
            let (one, other) = (StoreKey.generate(), StoreKey.generate())
            #expect(one.count == 32 && other.count == 32 && one != other)

            let alice = try await stage.person("alice")
            _ = try await stage.person("bob")
            let text = "a text that nobody else has"
            let sent = try await alice.conversation(with: "bob").send(text)
            try await within { try await sent.reached(.sent) }
            try await alice.close()
            #expect(try Data(contentsOf: file).range(of: Data(text.utf8)) == nil)
        }
    }

    @Test func nothingBlocksTheMainActor() async throws {
        try await Stage.play { stage in
            let (key, url, file) = (SlowKey(), stage.relay.url, stage.file("alice"))
            let opening = Task { @MainActor in try await Client(relay: url, store: .file(file, key: key)) }
            // The key comes only once the main actor has seen that it is asked for: while `opening` waits.
            let giving = Task { @MainActor in
                while key.asked.all.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                key.give()
            }
            try await within(.seconds(60)) {
                _ = try await opening.value
                try await giving.value
            }
        }
    }

    @Test func panicBecomesATypedError() async throws {
        try await Stage.play { stage in
            let (alice, bob) = (try await stage.person("alice"), try await stage.person("bob"))
            for _ in 0..<100 {
                await expectError(.bug, "panic", .never) { try await Diagnostics.provokeFault() }
            }
            let chat = try await alice.conversation(with: "bob")
            try await chat.send("still here")
            #expect(try await take(1, from: bob.incoming(consumer: "test")).map(\.text) == ["still here"])
            try await bob.conversation(with: "alice").send("me too")
            #expect(try await take(1, from: alice.incoming(consumer: "test")).map(\.text) == ["me too"])
        }
    }

    @Test func wrongChecksumIsRefusedAtStart() throws {
        let fits = try probe(library: environment("WAXWING_LIBRARY"))
        #expect(fits.status == 0)
        #expect(fits.said == "\(Diagnostics.version)\n")
        let wrong = try probe(library: environment("WAXWING_WRONG_LIBRARY"))
        #expect(wrong.status != 0)
        #expect(wrong.said.contains("checksum mismatch"), "\(wrong.said)")
    }
}

private func fixture(_ name: String) -> URL {
    URL(fileURLWithPath: environment("WAXWING_FIXTURES")).appending(path: name)
}

private struct Locked: StoreKeyProvider {
    func storeKey() throws -> Data { throw ProviderFailure("locked by the user") }
}

private struct Broken: StoreKeyProvider {
    struct Failure: Error { let secret = "a secret of the app" }
    func storeKey() throws -> Data { throw Failure() }
}

/// Blocks its thread until it may answer, as a keystore might.
private final class SlowKey: StoreKeyProvider {
    let asked = Collected<Bool>()
    private let mayAnswer = DispatchSemaphore(value: 0)

    func storeKey() throws -> Data {
        asked.append(true)
        guard mayAnswer.wait(timeout: .now() + 30) == .success else { throw TimedOut() }
        return Data(repeating: 7, count: 32)
    }

    func give() { mayAnswer.signal() }
}

private struct Login: TokenProvider {
    let asked = Collected<TokenRequest>()

    func token(for request: TokenRequest) async throws -> String {
        asked.append(request)
        let file = fixture(request.isExpired ? "token-alice.jwt" : "token-alice-expired.jwt")
        return try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

private struct SignedOut: TokenProvider {
    func token(for request: TokenRequest) throws -> String { throw ProviderFailure("nobody is logged in") }
}

/// Runs the probe with a library of this folder.
private func probe(library: String) throws -> (status: Int32, said: String) {
    let process = Process()
    let tests = URL(fileURLWithPath: CommandLine.arguments[0])
    process.executableURL = tests.deletingLastPathComponent().appending(path: "waxwing-probe")
    process.environment = ["LD_LIBRARY_PATH": library, "SWIFT_BACKTRACE": "enable=no"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let said = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: said, as: UTF8.self))
}
