# What is generated counts as untyped: what is written by hand is what apps see.
from typing import Any

def __getattr__(name: str) -> Any: ...
