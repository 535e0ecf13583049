"""A second implementation of the Waxwing protocol, written from `docs/spec.md` alone.

It is for reading and for checking, not for use: Python cannot wipe secrets or promise constant time. Each module names the
sections it follows. Nothing here was taken from the Rust crate, which is why it can tell whether the specification is complete.
"""
