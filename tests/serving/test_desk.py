from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, Table, select

from hatelens.config.policy import Community, Policy
from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.errors import ConfigError, StorageError
from hatelens.serving.answer import RefusalError
from hatelens.serving.desk import Asked, Desk
from hatelens.serving.engine import Engine
from hatelens.storage import audit, clock, tables
from hatelens.storage.database import Database
from tests.serving.conftest import Keywords
from tests.serving.recorded import url
from tests.serving.test_engine import Held

SECRET = "a secret of the tests, long enough"
POLICY = Policy({"strict": Community("strict", 0.05, 0.05)})


@asynccontextmanager
async def opened(folder: Path, model: Keywords | None = None, **given: Any) -> AsyncIterator[Desk]:
    settings = ServerSettings(database=url(folder), **given)
    engine = Engine(Pipeline(model or Keywords()), max_queue=settings.max_queue)
    desk = Desk(engine, settings, POLICY)
    async with desk.open():
        yield desk


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(coroutine, 30))


def rows(database: Database, table: Table) -> Sequence[Row[Any]]:
    with database.read() as connection:
        return connection.execute(select(table)).all()


def test_an_answer_is_on_record_when_it_is_given(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path) as desk:
            asked = Asked(
                ("A stupid film.", "A fine film."), "/infer", key="k1", community="c1", request="r1"
            )
            answered = await desk.answer(asked)
            found = rows(desk.database, tables.answers)
            assert answered.request == "r1"
            assert [row.id for row in found] == list(answered.ids)
            assert [(row.request, row.place) for row in found] == [("r1", 0), ("r1", 1)]
            assert [(row.label, row.decision) for row in found] == [
                ("unkind", "flag"),
                ("kind", "clear"),
            ]
            first = found[0]
            assert (first.route, first.key, first.community) == ("/infer", "k1", "c1")
            assert (first.model, first.policy) == ("keywords-1", "policy-1")
            assert (first.hateful, first.length) == (0.8, 14)
            assert first.text_hash == desk.sealer.hash("A stupid film.")
            assert "stupid" not in str(found)
            assert 0 < first.latency < 10_000
            assert abs(first.time - clock.now()) < 60 * clock.SECOND
            assert rows(desk.database, tables.texts) == []
            assert audit.verify(desk.database).fault == ""

    run(body())


class Next(Keywords):
    model_version = "next-1"
    policy_version = "next-policy"


def test_a_request_is_answered_by_the_model_that_was_served_when_it_came(tmp_path: Path) -> None:
    model = Held()

    async def body() -> None:
        async with opened(tmp_path, model) as desk:
            before = [
                asyncio.ensure_future(desk.answer(Asked((text,), "/infer", community="strict")))
                for text in ("first", "second")
            ]
            await asyncio.to_thread(model.entered.wait, 10)
            switched = asyncio.ensure_future(desk.switch(Engine(Pipeline(Next()))))
            await asyncio.sleep(0)
            after = await desk.answer(Asked(("third",), "/infer", community="strict"))
            assert after.predictions[0].model_version == "next-1"
            assert not any(each.done() for each in (*before, switched))
            model.free.set()
            await switched
            for each in before:
                answered = await each
                assert answered.predictions[0].model_version == "keywords-1"
                versions = answered.served.versions("strict")
                assert versions["X-Model-Version"] == "keywords-1"
                assert versions["X-Policy-Version"] == answered.predictions[0].policy_version
            assert desk.pipeline.model_version == "next-1"
            found = rows(desk.database, tables.answers)
            assert sorted(row.model for row in found) == ["keywords-1", "keywords-1", "next-1"]
            assert len({row.policy for row in found}) == 2
            assert audit.verify(desk.database).fault == ""

    run(body())


def test_a_request_without_an_id_gets_one_and_the_next_another(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path) as desk:
            both = [(await desk.answer(Asked(("a",), "/infer"))).request for _ in range(2)]
            assert len(set(both)) == 2
            assert all(len(each) == 26 for each in both)

    run(body())


def test_a_community_decides_and_its_policy_is_on_record(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path) as desk:
            answered = await desk.answer(Asked(("A fine film.",), "/infer", community="strict"))
            (prediction,), (row,) = answered.predictions, rows(desk.database, tables.answers)
            assert (prediction.decision, prediction.label) == ("flag", "kind")
            assert row.policy == prediction.policy_version != "policy-1"
            assert desk.versions("strict")["X-Policy-Version"] == row.policy
            assert desk.thresholds("strict").flag == 0.05

    run(body())


@pytest.mark.parametrize(
    ("policy", "keep", "stored"),
    [
        ("never", True, set()),
        ("flagged", True, {"A stupid film."}),
        ("all", True, {"A stupid film.", "A fine film."}),
        ("all", False, set()),
    ],
)
def test_texts_are_stored_as_the_settings_say_and_the_request_allows(
    tmp_path: Path, policy: str, keep: bool, stored: set[str]
) -> None:
    async def body() -> None:
        async with opened(tmp_path, secret=SECRET, store_text=policy, retention_days=2) as desk:
            asked = ("A stupid film.", "A fine film.", "A stupid film.")
            await desk.answer(Asked(asked, "/infer", keep=keep))
            found = rows(desk.database, tables.texts)
            assert {desk.sealer.open(row.sealed) for row in found} == stored
            for row in found:
                assert b"film" not in row.sealed
                assert 1.9 * clock.DAY < row.until - clock.now() < 2 * clock.DAY
            assert len(rows(desk.database, tables.answers)) == 3

    run(body())


def test_texts_may_be_kept_for_ever(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path, secret=SECRET, store_text="all", retention_days=0) as desk:
            await desk.answer(Asked(("a\ud800\x00b",), "/infer"))
            (row,) = rows(desk.database, tables.texts)
            assert row.until is None
            assert desk.sealer.open(row.sealed) == "a\ud800\x00b"

    run(body())


def test_many_texts_are_all_on_record_in_their_order(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path) as desk:
            asked = tuple(f"text {number}" for number in range(300))
            answered = await desk.answer(Asked(asked, "/infer"))
            found = rows(desk.database, tables.answers)
            by_place = {row.place: row for row in found}
            assert [by_place[place].id for place in range(300)] == list(answered.ids)
            assert by_place[299].text_hash == desk.sealer.hash("text 299")

    run(body())


def test_what_is_refused_is_not_on_record(tmp_path: Path) -> None:
    model = Held()

    async def body() -> None:
        async with opened(tmp_path, model, max_queue=1) as desk:
            first = asyncio.ensure_future(desk.answer(Asked(("a",), "/infer")))
            assert await asyncio.to_thread(model.entered.wait, 10)
            second = asyncio.ensure_future(desk.answer(Asked(("b",), "/infer")))
            await asyncio.sleep(0)
            with pytest.raises(RefusalError, match="wait for the model already"):
                await desk.answer(Asked(("c",), "/infer"))
            model.free.set()
            await asyncio.gather(first, second)
            assert len(rows(desk.database, tables.answers)) == 2

    run(body())


def test_nothing_is_answered_that_cannot_be_put_on_record(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path) as desk:
            desk.ledger.close()
            with pytest.raises(StorageError):
                await desk.answer(Asked(("a",), "/infer"))
            assert rows(desk.database, tables.answers) == []

    run(body())


def test_the_database_can_be_held_up_but_not_for_ever(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path, deadline=0.2) as desk:
            with (
                desk.database.begin(),  # another process writes, and takes its time
                pytest.raises(StorageError, match="cannot be written now"),
            ):
                await desk.answer(Asked(("a",), "/infer"))
            answered = await desk.answer(Asked(("b",), "/infer"))
            assert answered.ids[0] in {row.id for row in rows(desk.database, tables.answers)}

    run(body())


def test_parts_of_a_text_are_labelled_without_being_answers(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path) as desk:
            text, parts = "A fine film. A stupid one.", ("A fine film.", "A stupid one.")
            asked = Asked((text,), "/infer", community="strict", parts=parts)
            answered = await desk.answer(asked)
            assert [each.decision for each in answered.parts] == ["flag", "flag"]
            assert [round(each.hateful, 1) for each in answered.parts] == [0.1, 0.8]
            (row,) = rows(desk.database, tables.answers)
            assert (row.id, row.length) == (answered.ids[0], len(text))

    run(body())


@pytest.mark.parametrize(("policy", "stored"), [("never", 0), ("flagged", 0), ("all", 1)])
def test_a_suggestion_is_on_record(tmp_path: Path, policy: str, stored: int) -> None:
    async def body() -> None:
        async with opened(tmp_path, secret=SECRET, store_text=policy) as desk:
            made = await desk.suggest(
                text="A dull film.", attributes={"TOXICITY": 0.1}, community="c", token="t", key="k"
            )
            (row,) = rows(desk.database, tables.suggestions)
            assert (row.id, row.community, row.token, row.key) == (made, "c", "t", "k")
            assert row.text_hash == desk.sealer.hash("A dull film.")
            assert len(rows(desk.database, tables.texts)) == stored
            assert audit.verify(desk.database).fault == ""

    run(body())


def test_the_start_is_on_record_with_model_and_policy(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path) as desk:
            (row,) = rows(desk.database, tables.events)
            assert (row.kind, row.subject) == ("model.load", "keywords-1")
            assert '"policy":"policy-1"' in row.facts

    run(body())


def test_another_secret_is_refused_at_the_start(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path, secret=SECRET):
            pass
        with pytest.raises(ConfigError, match="HATELENS_SECRET is not the one"):
            async with opened(tmp_path, secret=SECRET[::-1]):
                pass

    run(body())


def test_leaving_answers_what_was_let_in(tmp_path: Path) -> None:
    model = Held()

    async def body() -> None:
        async with opened(tmp_path, model) as desk:
            asked = asyncio.ensure_future(desk.answer(Asked(("a stupid text",), "/infer")))
            assert await asyncio.to_thread(model.entered.wait, 10)
            model.free.set()
            answered = await asked
        async with opened(tmp_path) as desk:
            assert [row.id for row in rows(desk.database, tables.answers)] == list(answered.ids)

    run(body())
