"""What crossing to the library and back costs. Printed, for docs/bindings.md; the bounds only catch what is far off."""

from __future__ import annotations

import asyncio
import time
from typing import Awaitable, Callable

import pytest
from stage import soon, stage

GROUPS = 20


def test_costs(capsys: pytest.CaptureFixture[str]) -> None:
    call, batch = asyncio.run(_measure())
    with capsys.disabled():
        print(f"\npython: call {call:.0f} us, batch of 50 {batch:.0f} us")
    assert call < 1_000 and batch < 100_000


async def _measure() -> tuple[float, float]:
    async with stage() as played:
        alice = await played.person("alice")
        await played.person("bob")
        chat = await soon(alice.direct("bob"))
        for number in range(50):
            await soon(chat.send(f"message {number}, of the length that people write"))
        timeline = chat.timeline(50)
        assert len((await soon(timeline.__anext__())).items) == 50

        async def link() -> None:
            alice.link

        async def batch() -> None:
            # The first batch, once more: nothing is read from the store for it.
            diffs = timeline._unpack(await timeline._raw.pull(0))
            assert len(diffs[0].items) == 50

        return await _microseconds(20_000, link), await _microseconds(400, batch)


async def _microseconds(count: int, once: Callable[[], Awaitable[None]]) -> float:
    """How long one takes: so many one after the other, in groups, and of the groups the median."""
    samples = []
    for _ in range(GROUPS):
        start = time.perf_counter()
        for _ in range(count // GROUPS):
            await once()
        samples.append((time.perf_counter() - start) * 1e6 / (count // GROUPS))
    return sorted(samples)[GROUPS // 2]
