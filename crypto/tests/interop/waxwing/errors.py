"""What can go wrong. Section 1: "refuse" means an error, and that no state is changed."""


class Refused(Exception):
    """What came is not authentic, not well-formed, or not for us."""


class Duplicate(Refused):
    """Section 6: the header is authentic, and the message was opened before, or its key has left."""


class TooFarAhead(Refused):
    """Section 6: the header is authentic, and the message skips more than 2,000 others."""


class RolledBack(Refused):
    """Section 3: the device list is older than the known one."""


class Forked(Refused):
    """Section 3: the device list does not continue the known one."""


class Returned(Refused):
    """Section 3: a device that was removed is back, by its id or its keys."""


class KeysMoved(Refused):
    """Section 3: a device has other keys than before, or its keys moved to another device."""


class BeforeStart(Refused):
    """Section 17: the message is from before this device was given the sender key."""
