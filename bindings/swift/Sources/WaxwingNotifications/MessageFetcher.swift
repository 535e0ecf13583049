import Foundation
import Waxwing

/// What a notification service extension does: opens the store, fetches what is new, opens it, closes.
///
/// The push itself carries no content. App and extension share the store's file in the container of an app group and its key in a Keychain
/// access group. While the app is in the foreground it holds the store, and shows its messages itself: then ``fetch(within:)``
/// throws `store_in_use`. When it goes to the background, it calls `Client.suspend(within:)`.
///
/// ```swift
/// final class NotificationService: UNNotificationServiceExtension {
///     override func didReceive(
///         _ request: UNNotificationRequest,
///         withContentHandler show: @escaping (UNNotificationContent) -> Void
///     ) {
///         let content = request.content.mutableCopy() as! UNMutableNotificationContent
///         Task {
///             if let message = try? await fetcher.fetch(within: .seconds(20)).last {
///                 content.fill(with: message)
///             }
///             show(content)
///         }
///     }
/// }
/// ```
public struct MessageFetcher: Sendable {
    private let relay: URL
    private let store: Store
    private let configuration: Client.Configuration

    /// Names the store of the app.
    public init(relay: URL, store: Store, configuration: Client.Configuration = Client.Configuration()) {
        self.relay = relay
        self.store = store
        var configuration = configuration
        configuration.startsOffline = true
        self.configuration = configuration
    }

    /// Fetches what is new and gives it, oldest first; nothing is open when this returns. What is not shown now is there when the app is opened.
    ///
    /// - Throws: `WaxwingError` `store_in_use` while the app is at work, `not_registered`, or what the store says; `CancellationError`.
    public func fetch(within limit: Duration) async throws -> [TimelineItem] {
        let client = try await Client(relay: relay, store: store, configuration: configuration)
        do {
            let fresh = try await client.catchUp(within: limit).messages
            let messages = try await newest(fresh, of: client)
            try await client.close()
            return messages
        } catch {
            try? await client.close()
            throw error
        }
    }

    /// The messages that came last, and that the user has not seen.
    private func newest(_ count: Int, of client: Client) async throws -> [TimelineItem] {
        guard count > 0, case .reset(let list) = await client.conversations().first(where: { _ in true }) else { return [] }
        var found: [TimelineItem] = []
        for item in list where item.unread > 0 {
            let conversation = try await client.conversation(item.id)
            let page = try await conversation.history(.newest(min(count, item.unread)))
            found += page.filter { $0.status == .incoming(.unread) }
        }
        return found.sorted { $0.storedAt < $1.storedAt }.suffix(count)
    }
}

#if canImport(UserNotifications)
    import UserNotifications

    extension UNMutableNotificationContent {
        /// Shows a message: its sender as the title, its text, and one thread for each conversation.
        public func fill(with message: TimelineItem) {
            if let handle = message.sender.handle { title = handle }
            if let text = message.text { body = text }
            threadIdentifier = message.conversation.description
        }
    }
#endif
