"""The sender and the worker end when they are told to, even at the very moment when somebody wakes them."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.dialogue import House


@pytest.mark.parametrize("ticks", range(6))
@pytest.mark.parametrize("who", ["sender", "worker"])
async def test_a_wake_up_does_not_hide_the_end(house: House, who: str, ticks: int) -> None:
    runs = house.sender if who == "sender" else house.worker
    task = asyncio.create_task(runs.run())
    await asyncio.wait([task], timeout=0.05)  # it has looked, and waits for more
    runs.wake()
    for _tick in range(ticks):
        await asyncio.sleep(0)
    task.cancel()
    done, _running = await asyncio.wait([task], timeout=5)
    assert done, "it goes on in spite of the cancellation"
    assert task.cancelled()
