from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hatelens.detect import Pipeline
from hatelens.errors import ModelError
from hatelens.models.detector import Detector, Prediction
from hatelens.serving.answer import RefusalError
from hatelens.serving.engine import Engine
from tests.serving.conftest import Keywords


class Slow(Keywords):
    """Takes a moment and notes who is inside."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.threads: set[int] = set()
        self.passes: list[list[str]] = []

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.threads.add(threading.get_ident())
        self.passes.append(list(texts))
        time.sleep(0.02)
        self.inside -= 1
        return super().predict(texts)


class Held(Keywords):
    """Answers nothing before it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.free = threading.Event()
        self.passes: list[list[str]] = []

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.entered.set()
        assert self.free.wait(10)
        self.passes.append(list(texts))
        return super().predict(texts)


class Fails(Keywords):
    """Cannot read one of the texts."""

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        if "bad" in texts:
            raise OSError("cannot read it")
        return super().predict(texts)


@asynccontextmanager
async def started(model: Detector, **limits: Any) -> AsyncIterator[Engine]:
    engine = Engine(Pipeline(model), **limits)
    engine.start()
    try:
        yield engine
    finally:
        await engine.close()


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(coroutine, 20))


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 10)


def test_requests_of_a_moment_share_passes_and_the_event_loop_stays_free() -> None:
    model = Slow()
    seen: list[int] = []

    async def body() -> None:
        ticks = 0
        async with started(model, observe=lambda texts, _: seen.append(texts)) as engine:
            asked = [
                asyncio.ensure_future(engine.predict(["stupid" if number % 2 else "fine"]))
                for number in range(10)
            ]
            while not all(each.done() for each in asked):
                ticks += 1
                await asyncio.sleep(0.002)
            labels = [each.result()[0].label for each in asked]
        assert labels == ["kind", "unkind"] * 5
        assert ticks > 3

    run(body())
    assert model.most == 1
    assert threading.get_ident() not in model.threads
    assert len(model.passes) < 10
    assert seen == [len(each) for each in model.passes]
    assert sum(seen) == 10


class Overtaken(Keywords):
    """The pass with the first text ends after the next one has."""

    def __init__(self) -> None:
        self.overtaken = threading.Event()

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        if "first stupid" in texts:
            assert self.overtaken.wait(10)
        found = super().predict(texts)
        if "first stupid" not in texts:
            self.overtaken.set()
        return found


def test_two_lanes_work_at_once_and_the_order_stays() -> None:
    async def body() -> None:
        async with started(Overtaken(), lanes=2, max_batch=2) as engine:
            found = await engine.predict(["first stupid", "fine", "fine", "stupid"])
        assert [each.label for each in found] == ["unkind", "kind", "kind", "unkind"]

    run(body())


def test_a_long_request_is_cut_into_passes_and_others_are_answered_meanwhile() -> None:
    model = Slow()
    texts = [f"text {number}" for number in range(20)]

    async def body() -> None:
        async with started(model, max_batch=4) as engine:
            long = asyncio.ensure_future(engine.predict(texts))
            await asyncio.sleep(0.01)
            await engine.predict(["a stupid text"])
            assert not long.done()
            assert await long == Pipeline(Keywords()).predict(texts)

    run(body())
    assert max(map(len, model.passes)) == 4


def test_an_explained_request_holds_plain_ones_up_for_one_text_only() -> None:
    model = Slow()

    async def body() -> None:
        async with started(model) as engine:
            explained = asyncio.ensure_future(
                engine.predict(["one stupid text", "two stupid texts"] * 4, explain=True)
            )
            await asyncio.sleep(0.01)
            (plain,) = await engine.predict(["a fine text"])
            assert plain.explanation is None
            assert not explained.done()
            found = await explained
            assert [each.explanation for each in found] == [{"method": "occlusion"}] * 8
            assert all(each.spans for each in found)

    run(body())


def test_an_adapter_answers_alone_where_it_is_asked_for() -> None:
    class Forum(Keywords):
        model_version = "forum-1"

    async def body() -> None:
        async with started(Slow(), adapters={"forum": Pipeline(Forum())}) as engine:
            both = await asyncio.gather(
                engine.predict(["a text"]), engine.predict(["a text"], adapter="forum")
            )
            assert [found[0].model_version for found in both] == ["keywords-1", "forum-1"]
            assert engine.answering("forum").model_version == "forum-1"

    run(body())


def test_a_full_line_is_refused_with_the_time_to_wait() -> None:
    model = Held()

    async def body() -> None:
        async with started(model, max_queue=2) as engine:
            asked = [asyncio.ensure_future(engine.predict(["first"]))]
            await until(model.entered)
            asked += [asyncio.ensure_future(engine.predict([text])) for text in ("a", "b")]
            await asyncio.sleep(0)
            assert engine.waiting == 2
            with pytest.raises(RefusalError, match="2 texts wait for the model already") as caught:
                await engine.predict(["c"])
            assert caught.value.status == 429
            assert 1 <= caught.value.retry_after <= 60
            model.free.set()
            await asyncio.gather(*asked)

    run(body())
    assert [text for each in model.passes for text in each] == ["first", "a", "b"]


def test_past_its_deadline_a_request_is_refused_before_it_is_computed() -> None:
    model = Held()

    async def body() -> None:
        async with started(model, deadline=0.05) as engine:
            first = asyncio.ensure_future(engine.predict(["first"]))
            await until(model.entered)
            with pytest.raises(RefusalError, match=r"busy for 0\.05 seconds") as caught:
                await engine.predict(["late"])
            assert caught.value.status == 503
            patient = asyncio.ensure_future(engine.predict(["patient"], deadline=10))
            await asyncio.sleep(0.06)
            model.free.set()
            assert (await first)[0].label == "kind"
            assert (await patient)[0].label == "kind"

    run(body())
    assert [text for each in model.passes for text in each] == ["first", "patient"]


def test_who_goes_away_is_not_computed() -> None:
    model = Held()

    async def body() -> None:
        async with started(model, max_batch=1) as engine:
            first = asyncio.ensure_future(engine.predict(["first", "second"]))
            await until(model.entered)
            gone = asyncio.ensure_future(engine.predict(["gone"]))
            await asyncio.sleep(0)
            gone.cancel()
            first.cancel()
            await asyncio.wait([gone, first])
            assert engine.waiting == 0
            model.free.set()

    run(body())
    assert model.passes == [["first"]]


def test_a_text_that_the_model_fails_on_takes_no_others_answers_away() -> None:
    async def body() -> None:
        async with started(Fails()) as engine:
            found = await asyncio.gather(
                *(engine.predict([text]) for text in ("fine", "bad", "stupid")),
                return_exceptions=True,
            )
            fine, bad, stupid = found
            assert isinstance(bad, OSError)
            assert not isinstance(fine, BaseException)
            assert not isinstance(stupid, BaseException)
            assert (fine[0].label, stupid[0].label) == ("kind", "unkind")

    run(body())


def test_a_model_server_that_is_down_is_asked_once_for_a_pass() -> None:
    class Down(Keywords):
        asked = 0

        def predict(self, texts: Sequence[str]) -> list[Prediction]:
            time.sleep(0.02)
            Down.asked += 1
            raise ModelError("The model's server is down.")

    async def body() -> None:
        async with started(Down()) as engine:
            found = await asyncio.gather(
                *(engine.predict([str(number)]) for number in range(20)), return_exceptions=True
            )
            assert {str(each) for each in found} == {"The model's server is down."}

    run(body())
    assert Down.asked < 5


def test_closing_answers_what_was_let_in_and_lets_nothing_more_in() -> None:
    model = Slow()

    async def body() -> None:
        engine = Engine(Pipeline(model), max_batch=2)
        engine.start()
        asked = [asyncio.ensure_future(engine.predict([str(number)])) for number in range(10)]
        await asyncio.sleep(0)
        await engine.close()
        assert len(await asyncio.gather(*asked)) == 10
        with pytest.raises(RefusalError, match="stopping") as caught:
            await engine.predict(["late"])
        assert caught.value.status == 503

    run(body())


def test_no_texts_are_no_question() -> None:
    async def body() -> None:
        async with started(Keywords()) as engine:
            assert await engine.predict([]) == []

    run(body())


def test_an_engine_is_idle_when_nobody_waits_and_nothing_is_read() -> None:
    model = Held()

    async def body() -> None:
        async with started(model) as engine:
            assert engine.idle
            asked = asyncio.ensure_future(engine.predict(["first"]))
            await until(model.entered)
            assert not engine.waiting
            assert not engine.idle
            model.free.set()
            await asked
            assert engine.idle

    run(body())
