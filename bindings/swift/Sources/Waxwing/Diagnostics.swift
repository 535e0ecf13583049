import Foundation
internal import WaxwingFFI

/// What helps to find out what goes on: the log, the version, what is alive.
public enum Diagnostics {
    /// The version of Waxwing.
    public static var version: String { libraryVersion() }

    /// How many objects of Waxwing are alive in this process: a leak of the app shows here.
    public static var liveObjects: LiveObjects { LiveObjects(WaxwingFFI.liveObjects()) }

    /// Sends the log of this process to a sink from here on, up to a level; `nil`: to nobody.
    ///
    /// The log holds codes and counts, never content, keys or names.
    ///
    /// ```swift
    /// Diagnostics.log(to: SystemLog(subsystem: "org.example.chat"), upTo: .info)
    /// ```
    public static func log(to sink: (any LogSink)?, upTo level: LogLevel = .info) {
        setLogSink(sink: sink.map(Sink.init), level: level.lowered)
    }

    /// Makes a fault inside Waxwing, so that you see what your reports make of it. Nothing else in the process is touched.
    ///
    /// - Throws: Always: ``WaxwingError`` of kind `bug`, with the code `panic`.
    public static func provokeFault() async throws {
        try await toTheEnd { try await provokePanic() }
    }
}

/// Takes the log, a line at a time and in order, on a thread of Waxwing's.
public protocol LogSink: Sendable {
    /// Takes a line. What it throws is ignored, and the line is lost.
    func take(_ line: LogLine) throws
}

/// One line of the log.
public struct LogLine: Hashable, Sendable {
    /// How much it matters.
    public let level: LogLevel
    /// Which part of Waxwing says it.
    public let target: String
    /// What it says, with its values as `name=value`.
    public let text: String
    /// When.
    public let at: Date
    /// Lines left out before this one, because the sink was too slow.
    public let leftOut: Int
}

/// How much a line of the log matters.
public enum LogLevel: Hashable, Sendable, CaseIterable {
    /// Something is broken.
    case error
    /// Something failed, and was mended or will be tried again.
    case warning
    /// What an operator wants to know.
    case info
    /// What a developer wants to know.
    case debug
    /// Everything.
    case trace
}

/// Objects and calls that are alive in this process.
public struct LiveObjects: Hashable, Sendable {
    /// Clients.
    public let clients: Int
    /// Conversations.
    public let conversations: Int
    /// Groups, as they are held to change them.
    public let groups: Int
    /// Sent messages that are followed.
    public let sentMessages: Int
    /// Streams: timelines, lists, incoming messages, events, exports.
    public let streams: Int
    /// Linkings of devices, with their offers and codes.
    public let linkings: Int
    /// Safety numbers.
    public let safetyNumbers: Int
    /// Stores that are open for reading.
    public let histories: Int
    /// Calls that are running.
    public let calls: Int
    /// What gives up calls; one for each that can be given up.
    let cancelHandles: Int
}

/// A sink of the app, as the library calls it.
private final class Sink: WaxwingFFI.LogSink {
    private let sink: any LogSink

    init(_ sink: any LogSink) {
        self.sink = sink
    }

    func take(record: LogRecord) throws {
        do { try sink.take(LogLine(record)) } catch { throw ProviderError.Unavailable(reason: "") }
    }
}

#if canImport(os)
    import os

    /// The log, in the log of the system.
    public struct SystemLog: LogSink {
        private let subsystem: String

        /// Under this subsystem, usually the bundle's identifier; the category says which part of Waxwing speaks.
        public init(subsystem: String) {
            self.subsystem = subsystem
        }

        public func take(_ line: LogLine) {
            let type: OSLogType =
                switch line.level {
                case .error: .error
                case .warning: .default
                case .info: .info
                case .debug, .trace: .debug
                }
            Logger(subsystem: subsystem, category: line.target).log(level: type, "\(line.text, privacy: .public)")
        }
    }
#endif

// ---- between the library's values and ours ----

extension LogLevel {
    var lowered: WaxwingFFI.LogLevel {
        switch self {
        case .error: .error
        case .warning: .warn
        case .info: .info
        case .debug: .debug
        case .trace: .trace
        }
    }
}

extension LogLine {
    init(_ record: LogRecord) {
        self.init(
            level: LogLevel(record.level),
            target: record.target,
            text: record.text,
            at: record.at,
            leftOut: Int(clamping: record.leftOut)
        )
    }
}

extension LogLevel {
    init(_ level: WaxwingFFI.LogLevel) {
        switch level {
        case .error: self = .error
        case .warn: self = .warning
        case .info: self = .info
        case .debug: self = .debug
        case .trace: self = .trace
        }
    }
}

extension LiveObjects {
    init(_ live: WaxwingFFI.LiveObjects) {
        self.init(
            clients: Int(clamping: live.clients),
            conversations: Int(clamping: live.conversations),
            groups: Int(clamping: live.groups),
            sentMessages: Int(clamping: live.sent),
            streams: Int(clamping: live.streams),
            linkings: Int(clamping: live.linkings),
            safetyNumbers: Int(clamping: live.safetyNumbers),
            histories: Int(clamping: live.histories),
            calls: Int(clamping: live.calls),
            cancelHandles: Int(clamping: live.cancelHandles)
        )
    }
}
