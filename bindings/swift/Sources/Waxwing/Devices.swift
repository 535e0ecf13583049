import Foundation
internal import WaxwingFFI

/// The devices of one's own account, those that were known first standing first.
public struct OwnDevices: Hashable, Sendable {
    /// All of them, this one too.
    public let devices: [OwnDevice]
    /// Whether this device holds the account's key: only then can it link and remove others, and delete the account.
    public let holdsAccountKey: Bool
}

/// One device of one's own account.
public struct OwnDevice: Hashable, Sendable, Identifiable {
    /// Which.
    public let id: DeviceId
    /// What the user calls it.
    public let name: String?
    /// Whether it is the one that runs this.
    public let isThis: Bool
    /// Since when this device knows of it.
    public let knownSince: Date
}

extension Client {
    // MARK: The account's devices

    /// The devices of this account. ``Event/devicesChanged(_:)`` tells when to look again.
    ///
    /// - Throws: ``WaxwingError`` `not_registered`, or what the store says.
    public func devices() async throws -> OwnDevices {
        OwnDevices(try await toTheEnd { try await self.ffi.devices() })
    }

    /// Gives a device of this account a name. The account's other devices are told; the relay does not see it.
    ///
    /// - Throws: ``WaxwingError`` `not_found`; `invalid_input` for a name that is empty, holds control characters or is longer than 128
    ///   bytes; or what the store says.
    public func renameDevice(_ device: DeviceId, to name: String) async throws {
        try await toTheEnd { try await self.ffi.renameDevice(device: device.description, name: name) }
    }

    /// Takes another device off this account: it is cut off at once, and told so; nobody seals anything for it any more.
    ///
    /// - Throws: ``WaxwingError`` `account_key_missing` on a device that does not hold the account's key, `not_found`, `invalid_input` for
    ///   this device, `offline`, `device_list_conflict` when another device was faster: look again, and try again; `CancellationError`.
    public func removeDevice(_ device: DeviceId) async throws {
        try await whileWanted { try await self.ffi.removeDevice(device: device.description, cancel: $0) }
    }

    /// Deletes this account: at the relay, where nothing of it is left and its handle is free again, and here, where the store is
    /// emptied. Its groups are left before; where it was the only owner, another member becomes one. Its other devices are signed out and
    /// keep what they have. What others were sent and have is theirs; what they have not fetched yet is gone.
    ///
    /// It cannot be undone. Once it has begun it goes on by itself, also where this throws `offline` because the link broke, and after a
    /// restart: ``Event/signedOut(code:)`` with `account_deleted` tells the end.
    ///
    /// - Throws: ``WaxwingError`` `account_key_missing` on a device that does not hold the account's key, `not_registered`, `offline` where
    ///   there is no link; `CancellationError`.
    public func deleteAccount() async throws {
        try await whileWanted { try await self.ffi.deleteAccount(cancel: $0) }
    }
}

extension OwnDevice: Unprinted {}

// ---- between the library's values and ours ----

extension OwnDevices {
    init(_ own: WaxwingFFI.OwnDevices) {
        self.init(devices: own.devices.map(OwnDevice.init), holdsAccountKey: own.holdsAccountKey)
    }
}

extension OwnDevice {
    init(_ device: WaxwingFFI.Device) {
        self.init(id: DeviceId(lifted: device.id), name: device.name, isThis: device.isThis, knownSince: device.knownSince)
    }
}
