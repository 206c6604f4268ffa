from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import anyio

from hatelens.detect import Pipeline
from hatelens.models.detector import Prediction
from hatelens.serving.engine import Engine
from tests.serving.conftest import Keywords


class Slow(Keywords):
    """Takes a moment and notes who is inside."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.threads: set[int] = set()

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.threads.add(threading.get_ident())
        time.sleep(0.02)
        self.inside -= 1
        return super().predict(texts)


def test_one_request_at_a_time_reaches_the_model_and_the_event_loop_stays_free() -> None:
    model = Slow()
    engine = Engine(Pipeline(model))
    answers: dict[int, str] = {}
    ticks: list[float] = []

    async def ask(number: int) -> None:
        text = "stupid" if number % 2 else "fine"
        answers[number] = (await engine.predict([text]))[0].label

    async def tick() -> None:
        for _ in range(10):
            ticks.append(time.perf_counter())
            await anyio.sleep(0.005)

    async def all_at_once() -> None:
        async with anyio.create_task_group() as group:
            for number in range(10):
                group.start_soon(ask, number)
            group.start_soon(tick)

    begun = time.perf_counter()
    anyio.run(all_at_once)
    assert model.most == 1
    assert threading.get_ident() not in model.threads
    assert answers == {number: "unkind" if number % 2 else "kind" for number in range(10)}
    assert ticks[-1] - begun < time.perf_counter() - begun


def test_the_versions_are_headers() -> None:
    assert Engine(Pipeline(Keywords())).versions() == {
        "X-Model-Version": "keywords-1",
        "X-Policy-Version": "policy-1",
    }
