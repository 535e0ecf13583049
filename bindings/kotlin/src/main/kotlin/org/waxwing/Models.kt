package org.waxwing

import java.time.Instant

/** This device's account. */
public data class Me(
    /** The account. */
    val account: AccountId,
    /** This device. */
    val device: DeviceId,
    /** The name under which others find the account. `toString` hides it. */
    val handle: String,
) {
    override fun toString(): String = "Me(account=$account, device=$device)"
}

/** Somebody, as this device knows them. */
public data class Contact(
    /** The account. */
    val account: AccountId,
    /** The name under which it was last seen; null for an account that this device has forgotten. `toString` hides it. */
    val handle: String?,
) {
    override fun toString(): String = "Contact(account=$account)"
}

/** The account's secret key, for the user to write down. Its text is shown once and never logged: `toString` hides it. */
@JvmInline
public value class RecoveryKey(
    /** The text to write down. */
    public val text: String,
) {
    override fun toString(): String = "RecoveryKey(..)"
}

/** What happens to the account's other devices when it is recovered. */
public enum class OtherDevices {
    /** They are signed out: this device replaces them. */
    Replace,

    /** They stay: this device joins them. */
    Keep,
}

/** What a background fetch brought. */
public data class CatchUp(
    /** Incoming messages that became readable. */
    val messages: Long,
    /** Whether everything that the relay had is here, and everything that was to be sent is there. */
    val completed: Boolean,
)

/** How the connection stands. */
public enum class LinkState {
    /** Being opened. */
    Connecting,

    /** Logged in. */
    Online,

    /** Not connected; the next attempt comes by itself. */
    Offline,

    /** Not connected, and no attempt is made: not registered, paused, or opened offline. */
    Stopped,
}

/** How much a line of the log matters. */
public enum class LogLevel {
    /** Something is broken. */
    Error,

    /** Something failed, and was mended or will be tried again. */
    Warn,

    /** What an operator wants to know. */
    Info,

    /** What a developer wants to know. */
    Debug,

    /** Everything. */
    Trace,
}

/** One line of the log: codes and counts, never content, keys or names. */
public data class LogRecord(
    /** How much it matters. */
    val level: LogLevel,
    /** Which part of the software says it. */
    val target: String,
    /** What it says, with its values as `name=value`. */
    val text: String,
    /** When. */
    val at: Instant,
    /** Lines left out before this one, because the sink was too slow. */
    val leftOut: Long,
)

/** What a registration token is wanted for. */
public data class TokenRequest(
    /** The handle that is being registered. `toString` hides it. */
    val handle: String,
    /** Whether the relay said that the last token is past its time: then a new one is needed, not one from a cache. */
    val expired: Boolean,
) {
    override fun toString(): String = "TokenRequest(expired=$expired)"
}

/** What of Waxwing is alive in this process: a leak of the app shows here. */
public data class LiveObjects(
    /** Clients. */
    val clients: Long,
    /** Conversations. */
    val conversations: Long,
    /** Groups. */
    val groups: Long,
    /** Sent messages that are followed. */
    val sent: Long,
    /** Streams: timelines, lists, incoming messages, events, exports. */
    val streams: Long,
    /** Linkings of devices: those that wait, and those that are under way. */
    val linkings: Long,
    /** Safety numbers. */
    val safetyNumbers: Long,
    /** Stores that are open for reading. */
    val histories: Long,
    /** Calls that are running. */
    val calls: Long,
)
