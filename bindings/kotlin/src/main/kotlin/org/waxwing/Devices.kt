package org.waxwing

import org.waxwing.internal.asOurs
import org.waxwing.internal.calling
import java.time.Instant

/** One device of our own account. */
public data class Device(
    /** Which. */
    val id: DeviceId,
    /** What the user calls it. `toString` hides it. */
    val name: String?,
    /** Whether it is the one that runs this. */
    val isThis: Boolean,
    /** Since when this device knows of it. */
    val knownSince: Instant,
) {
    override fun toString(): String = "Device(id=$id, isThis=$isThis, knownSince=$knownSince)"
}

/** The devices of our own account. */
public data class OwnDevices(
    /** All of them, this one too; those that were known first stand first. */
    val devices: List<Device>,
    /** Whether this device holds the account's key: only then can it link and remove others, and delete the account. */
    val holdsAccountKey: Boolean,
)

/** The devices of our own account. [Event.DevicesChanged] tells when to look again. */
public suspend fun WaxwingClient.devices(): OwnDevices = calling { ffi.devices() }.asOurs()

/**
 * Gives a device of our account a name. Our other devices are told; the relay does not see it.
 *
 * @param name at most 128 bytes in UTF-8.
 * @throws WaxwingException.Misuse `invalid_input` for a longer one.
 */
public suspend fun WaxwingClient.renameDevice(device: DeviceId, name: String) {
    calling { ffi.renameDevice(device, name) }
}

/**
 * Takes another device off our account: it is cut off at once, and told so.
 *
 * @throws WaxwingException.Permission `account_key_missing` on a device that does not hold the account's key.
 */
public suspend fun WaxwingClient.removeDevice(device: DeviceId) {
    calling { ffi.removeDevice(device) }
}

/**
 * Deletes the account: at the relay, where nothing of it is left and its handle is free again, and here, where the store is emptied.
 *
 * Its groups are left before; where it was the only owner, another member becomes one. Its other devices are signed out and keep
 * what they have. It cannot be undone, and goes on by itself once it has begun: [Event.SignedOut] with `account_deleted` tells the
 * end.
 *
 * @throws WaxwingException.Permission `account_key_missing` on a device that does not hold the account's key.
 * @throws WaxwingException.Offline `offline`.
 */
public suspend fun WaxwingClient.deleteAccount() {
    calling { ffi.deleteAccount() }
}
