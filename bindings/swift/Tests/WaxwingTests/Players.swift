import Foundation
import Testing
import Waxwing

// What the scenarios of groups, annotations, settings and accounts have in common.

extension Stage {
    /// Opens a client, and brings somebody's account to it.
    func recovered(
        _ name: String, as handle: String, by key: RecoveryKey, _ others: Recovery.OtherDevices
    ) async throws -> Client {
        let client = try await open(name)
        try await within { try await client.register(as: handle, recovering: Recovery(key: key, otherDevices: others)) }
        try await within { try await client.online() }
        return client
    }
}

/// Waits until there is something. What throws is not there yet.
func until<T: Sendable>(_ find: @escaping @Sendable () async throws -> T?) async throws -> T {
    try await within {
        while true {
            if let found = try? await find() { return found }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// Listens until something happens.
func hear(_ events: Events, _ wanted: @escaping @Sendable (Event) -> Bool) async throws {
    try await within {
        for await event in events where wanted(event) { return }
        throw TimedOut()
    }
}

/// Expects an error with this code.
func expectCode<T>(
    _ code: String, _ sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> T
) async {
    do {
        _ = try await body()
        Issue.record("no error, expected \(code)", sourceLocation: sourceLocation)
    } catch let error as WaxwingError {
        #expect(error.code == code, sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(error), expected \(code)", sourceLocation: sourceLocation)
    }
}

extension Client {
    /// Reads the first change of the list.
    func listed() async throws -> [ConversationItem] {
        guard case .reset(let items) = try await take(1, from: conversations()).first else { throw TimedOut() }
        return items
    }

    /// Sends a text to somebody.
    @discardableResult
    func say(_ text: String, to handle: String) async throws -> SentMessage {
        try await conversation(with: handle).send(text)
    }
}

extension Conversation {
    /// The texts that stand in it, oldest first.
    func texts() async throws -> [String] {
        try await history(.newest(200)).compactMap(\.text)
    }

    /// An entry, once it is so.
    func entry(_ id: MessageId, when isSo: @escaping @Sendable (TimelineItem) -> Bool) async throws -> TimelineItem {
        try await until { try await self.history(.newest(200)).first { $0.id == id && isSo($0) } }
    }

    /// The settings, once they are so.
    @discardableResult
    func settings(
        when isSo: @escaping @Sendable (ConversationSettings) -> Bool
    ) async throws -> ConversationSettings {
        try await until {
            let settings = try await self.settings()
            return isSo(settings) ? settings : nil
        }
    }

    /// What happened to the group.
    func notices() async throws -> [GroupNotice] {
        try await history(.newest(200)).compactMap { if case .group(let notice) = $0.body { notice } else { nil } }
    }
}
