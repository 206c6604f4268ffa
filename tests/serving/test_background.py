"""Work beside something else."""

from __future__ import annotations

import asyncio

import pytest

from hatelens.serving import background


def test_work_goes_on_until_the_end_and_is_broken_off_then() -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            while True:
                seen.append("turn")
                await asyncio.sleep(0)
        finally:
            seen.append("end")

    async def whole() -> asyncio.Task[None]:
        async with background.beside(work()) as task:
            await asyncio.sleep(0.01)
        return task

    assert asyncio.run(whole()).cancelled()
    assert seen.count("turn") > 1
    assert seen[-1] == "end"


def test_work_that_has_failed_says_so_at_the_end() -> None:
    async def work() -> None:
        raise OSError("the disk is gone")

    async def whole() -> None:
        async with background.beside(work()):
            await asyncio.sleep(0.01)

    with pytest.raises(OSError, match="the disk is gone"):
        asyncio.run(whole())
