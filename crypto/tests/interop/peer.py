"""The Rust crate, as a process that answers JSON lines (`peer/main.rs`)."""

import atexit
import json
import os
import secrets
import subprocess
from pathlib import Path
from typing import Any

from waxwing.errors import BeforeStart, Duplicate, Forked, KeysMoved, Refused, Returned, RolledBack, TooFarAhead

CRATE = Path(__file__).resolve().parents[2]
REFUSALS = {
    "Duplicate": Duplicate,
    "BeforeStart": BeforeStart,
    "TooFarAhead": TooFarAhead,
    "RolledBack": RolledBack,
    "Forked": Forked,
    "Returned": Returned,
    "KeysMoved": KeysMoved,
}

Fields = dict[str, Any]


class RustRefused(Refused):
    """A refusal of the Rust side that has no name of its own here."""


class Peer:
    """One process, which keeps nothing between two questions."""

    def __init__(self) -> None:
        program = os.environ.get("WAXWING_INTEROP_PEER")
        cargo = ["cargo", "run", "--quiet", "--package", "waxwing-crypto", "--example", "interop_peer", "--"]
        command = [program] if program else cargo
        self._process = subprocess.Popen(
            [*command, secrets.token_hex(32)], cwd=CRATE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def ask(self, operation: str, **fields: Any) -> Fields:
        """Carries out one operation; a refusal is raised, with what was stored as it is then in `args`."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"do": operation, **in_hex(fields)}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the Rust side ended")
        answer = json.loads(line)
        if "broken" in answer:
            raise RuntimeError(f"{operation}: {answer['broken']}")
        if "refused" in answer:
            raise REFUSALS.get(answer["refused"], RustRefused)(answer["refused"], answer.get("stored"))
        ok: Fields = answer["ok"]
        return ok

    def bytes(self, operation: str, wanted: str, **fields: Any) -> bytes:
        """Carries out one operation that answers with bytes."""
        return bytes.fromhex(self.ask(operation, **fields)[wanted])


def in_hex(value: Any) -> Any:
    """Bytes as hex, anywhere in a request; what is absent is left out."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: in_hex(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [in_hex(inner) for inner in value]
    return value


_shared: Peer | None = None


def shared() -> Peer:
    """The process that all tests of a run talk with."""
    global _shared
    if _shared is None:
        _shared = Peer()
        atexit.register(_shared.close)
    return _shared
