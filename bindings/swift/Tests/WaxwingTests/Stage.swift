import Foundation
import Testing
import Waxwing

#if canImport(Glibc)
    import Glibc
#endif

/// Every scenario of bindings/SCENARIOS.md, one after the other: each has a relay of its own.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct Scenarios {}

/// What one scenario plays on: a relay that only it uses, and a folder for stores.
final class Stage: Sendable {
    let relay: Relay
    let folder: URL

    private init(_ options: [String]) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "waxwing-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        relay = try await Relay(folder.appending(path: "relay"), options)
    }

    /// Plays, and leaves nothing behind.
    static func play(_ options: String..., scene: (Stage) async throws -> Void) async throws {
        let stage = try await Stage(options)
        defer {
            stage.relay.stop()
            try? FileManager.default.removeItem(at: stage.folder)
        }
        try await scene(stage)
    }

    /// The store of somebody.
    func store(_ name: String) -> Store {
        .file(file(name), key: Fixed())
    }

    func file(_ name: String) -> URL {
        folder.appending(path: "\(name).db")
    }

    /// Opens the client of somebody.
    func open(_ name: String, offline: Bool = false, tokens: (any TokenProvider)? = nil) async throws -> Client {
        let configuration = Client.Configuration(startsOffline: offline)
        return try await Client(relay: relay.url, store: store(name), tokens: tokens, configuration: configuration)
    }

    /// Somebody who is registered and online.
    func person(_ name: String) async throws -> Client {
        let client = try await open(name)
        try await within { try await client.register(as: name) }
        try await within { try await client.online() }
        return client
    }
}

/// A key of 32 fixed bytes, or of others.
struct Fixed: StoreKeyProvider {
    var byte: UInt8 = 7
    var count = 32
    func storeKey() -> Data { Data(repeating: byte, count: count) }
}

/// What the recipe says in the environment.
func environment(_ name: String) -> String {
    guard let value = ProcessInfo.processInfo.environment[name] else {
        fatalError("\(name) is not set: run these tests by `cargo xtask bindings swift`")
    }
    return value
}

struct TimedOut: Error {}

/// Waits, but not for ever.
@discardableResult
func within<T: Sendable>(
    _ limit: Duration = .seconds(30), _ body: @escaping @Sendable () async throws -> T
) async throws -> T {
    try await withThrowingTaskGroup(of: T.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw TimedOut()
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw TimedOut() }
        return first
    }
}

/// Waits until something holds.
func eventually(_ limit: Duration = .seconds(30), _ holds: @escaping @Sendable () async throws -> Bool) async throws {
    try await within(limit) {
        while try await !holds() { try await Task.sleep(for: .milliseconds(10)) }
    }
}

/// The next elements of a stream.
func take<S: AsyncSequence & Sendable>(_ count: Int, from stream: S) async throws -> [S.Element]
where S.Element: Sendable {
    try await within {
        var found: [S.Element] = []
        for try await element in stream {
            found.append(element)
            if found.count == count { break }
        }
        return found
    }
}

/// Everything that a stream gives until it is silent for so long.
func drain<S: AsyncSequence & Sendable>(_ stream: S, silence: Duration = .seconds(1)) async throws -> [S.Element]
where S.Element: Sendable {
    let found = Collected<S.Element>()
    let task = Task { for try await element in stream { found.append(element) } }
    var before = -1
    while before != found.all.count {
        before = found.all.count
        try await Task.sleep(for: silence)
    }
    task.cancel()
    _ = await task.result
    return found.all
}

/// What tasks bring together.
final class Collected<Element: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var elements: [Element] = []

    var all: [Element] { lock.withLock { elements } }

    func append(_ element: Element) {
        lock.withLock { elements.append(element) }
    }
}

extension Timeline {
    /// Follows the timeline until its entries are as wanted, and gives them.
    func items(
        telling told: Collected<TimelineChange> = Collected(), until wanted: @escaping @Sendable ([TimelineItem]) -> Bool
    ) async throws -> [TimelineItem] {
        try await within {
            var items: [TimelineItem] = []
            for await change in self {
                told.append(change)
                items.apply(change)
                if wanted(items) { return items }
            }
            throw TimedOut()
        }
    }
}

/// The relay's program, started and stopped by its process.
final class Relay: @unchecked Sendable {
    private var process: Process
    private let folder: URL
    private let options: [String]
    let url: URL

    init(_ folder: URL, _ options: [String]) async throws {
        self.folder = folder
        self.options = options
        (process, url) = try await Relay.start(folder, options, listen: "127.0.0.1:0")
    }

    private static func start(_ folder: URL, _ options: [String], listen: String) async throws -> (Process, URL) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: environment("WAXWING_RELAY"))
        process.arguments = ["--listen", listen, "--data", folder.path, "--log", "warn"] + options
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var line = ""
        while !line.hasSuffix("\n") {
            let bytes = output.fileHandleForReading.availableData
            guard !bytes.isEmpty else { throw RelayFailed(said: line) }
            line += String(decoding: bytes, as: UTF8.self)
        }
        let words = line.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: " ")
        guard let url = words.last.flatMap({ URL(string: String($0)) }) else { throw RelayFailed(said: line) }
        return (process, url)
    }

    /// Ends the process, without a word.
    func stop() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Starts it again at the same address, with the same data.
    func startAgain() async throws {
        let address = "\(url.host() ?? ""):\(url.port ?? 0)"
        (process, _) = try await Relay.start(folder, options, listen: address)
    }
}

struct RelayFailed: Error {
    let said: String
}

/// Expects an error of the table, whose sentence ends in its code.
func expectError<T>(
    _ kind: WaxwingError.Kind, _ code: String, _ advice: Advised, _ sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> T
) async {
    do {
        _ = try await body()
        Issue.record("no error, expected \(code)", sourceLocation: sourceLocation)
    } catch let error as WaxwingError {
        #expect(error.kind == kind, sourceLocation: sourceLocation)
        #expect(error.code == code, sourceLocation: sourceLocation)
        #expect(advice.allows(error.advice), "\(error.advice)", sourceLocation: sourceLocation)
        #expect(error.localizedDescription == error.reason, sourceLocation: sourceLocation)
        #expect(error.reason.hasSuffix("(\(code))"), "\(error.reason)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(error), expected \(code)", sourceLocation: sourceLocation)
    }
}

/// What the table says about trying again.
enum Advised {
    case never, later, onNetwork, afterUserActs

    func allows(_ advice: WaxwingError.Advice) -> Bool {
        switch (self, advice) {
        case (.never, .never), (.onNetwork, .onNetwork), (.afterUserActs, .afterUserActs): true
        case (.later, .after(let delay)): delay > .zero
        default: false
        }
    }
}
