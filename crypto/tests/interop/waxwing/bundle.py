"""Prekey bundles (section 4): all that a handshake needs of one device, under one signature."""

from dataclasses import dataclass

from waxwing.encoding import Reader, u32
from waxwing.errors import Refused
from waxwing.keys import Address, DevicePublic, DeviceSecrets, OneTimePrekey, WeeklyPrekey
from waxwing.primitives import (
    FORMAT,
    KEM_PUBLIC_BYTES,
    SUITE,
    check_kem_public,
    check_x25519_public,
    label,
    sign,
    verify,
)

SIGNED = label("Waxwing v1 prekey bundle")


@dataclass(frozen=True)
class Bundle:
    """The prekeys of one device. Only `verify` makes one."""

    address: Address
    device: DevicePublic
    weekly_id: int
    weekly: bytes
    one_time_id: int
    one_time: bytes | None
    kem: bytes

    @classmethod
    def verify(cls, encoded: bytes, address: Address, device: DevicePublic) -> "Bundle":
        """The bundle of the device that a verified device list names."""
        reader = Reader(encoded)
        reader.expect(FORMAT)
        reader.expect(SUITE)
        named = (Address(reader.take(16), reader.take(16)), reader.take(32), reader.take(32))
        if named != (address, device.signing, device.agreement):
            raise Refused("the bundle of another device")
        weekly_id, weekly, one_time_id = reader.u32(), reader.take(32), reader.u32()
        one_time = None if reader.flag() else reader.take(32)
        kem = reader.take(KEM_PUBLIC_BYTES)
        unsigned = reader.read_so_far()
        signature = reader.take(64)
        reader.finish()
        verify(device.signing, signature, SIGNED + unsigned)
        check_x25519_public(weekly)
        if one_time is not None:
            check_x25519_public(one_time)
        check_kem_public(kem)
        return cls(address, device, weekly_id, weekly, one_time_id, one_time, kem)


def make(address: Address, secrets: DeviceSecrets, weekly: WeeklyPrekey, one_time: OneTimePrekey) -> bytes:
    """The signed bundle that hands out these prekeys."""
    unsigned = bytes([FORMAT, SUITE]) + address.encode() + secrets.public().encode()
    unsigned += u32(weekly.id) + weekly.public() + u32(one_time.id) + bytes([one_time.is_last_resort])
    unsigned += (one_time.public() or b"") + one_time.kem_public()
    return unsigned + sign(secrets.signing, SIGNED + unsigned)
