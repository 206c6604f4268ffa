"""What a request puts on record for a person to look at, and who hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select

from hatelens.models.detector import Prediction
from hatelens.serving.desk import Answered, Asked, Desk
from hatelens.storage import reviews, tables
from tests.serving.conftest import Keywords
from tests.serving.test_desk import SECRET, opened, run

FOREIGN = "Quel film stupide, et ces gens sont vraiment affreux dans cette petite ville."


class Doubtful(Keywords):
    """Unsure of everything that it finds unkind; and it sees threats."""

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        found = super().predict(texts)
        return [
            replace(one, hateful=0.5, decision="unsure", attributes={"THREAT": 0.9})
            if one.label == "unkind"
            else one
            for one in found
        ]


def queue(desk: Desk) -> Sequence[Row[Any]]:
    with desk.database.read() as connection:
        wanted = select(tables.reviews).order_by(tables.reviews.c.priority.desc())
        return connection.execute(wanted).all()


@pytest.mark.parametrize(
    ("policy", "keep", "texts"),
    [("never", True, 0), ("flagged", True, 1), ("all", True, 2), ("all", False, 0)],
)
def test_a_flagged_text_waits_for_a_person_where_it_is_stored(
    tmp_path: Path, policy: str, keep: bool, texts: int
) -> None:
    async def body() -> None:
        async with opened(tmp_path, secret=SECRET, store_text=policy) as desk:
            asked = Asked(("A stupid film.", "A fine film."), "/infer", community="c", keep=keep)
            answered = await desk.answer(asked)
            waiting = queue(desk)
            assert [row.answer for row in waiting] == list(answered.ids[:1] if texts else ())
            for row in waiting:
                assert (row.community, row.origin, row.state) == ("c", "doubt", "waiting")
                assert row.text_hash == desk.sealer.hash("A stupid film.")
                pressing = reviews.priority(0.8, 0.7, 0.3, 0.8)
                assert row.priority == pytest.approx(pressing)
            with desk.database.read() as connection:
                assert len(connection.execute(select(tables.texts)).all()) == texts

    run(body())


@pytest.mark.parametrize(("review_unsure", "stored"), [(True, 1), (False, 0)])
def test_an_unsure_text_is_stored_for_review_unless_that_is_switched_off(
    tmp_path: Path, review_unsure: bool, stored: int
) -> None:
    async def body() -> None:
        given = {"secret": SECRET, "store_text": "flagged", "review_unsure": review_unsure}
        async with opened(tmp_path, Doubtful(), **given) as desk:
            await desk.answer(Asked(("A stupid film.", "A fine film."), "/infer"))
            waiting = queue(desk)
            assert len(waiting) == stored
            with desk.database.read() as connection:
                assert len(connection.execute(select(tables.texts)).all()) == stored
            for row in waiting:
                assert row.priority == pytest.approx(reviews.priority(0.5, 0.7, 0.3, 0.9))

    run(body())


def test_a_text_in_a_language_that_the_model_lacks_does_not_wait(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path, secret=SECRET, store_text="all") as desk:
            answered = await desk.answer(Asked((FOREIGN,), "/infer"))
            assert answered.predictions[0].language == "fr"
            assert answered.predictions[0].decision == "unsure"
            assert queue(desk) == []

    run(body())


def test_the_thresholds_of_the_community_say_what_is_pressing(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path, secret=SECRET, store_text="all") as desk:
            await desk.answer(Asked(("A fine film.",), "/infer", community="strict"))
            (row,) = queue(desk)
            assert row.priority == pytest.approx(reviews.priority(0.1, 0.05, 0.05, 0.1))

    run(body())


def test_many_texts_wait_and_a_text_that_comes_again_does_not(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path, secret=SECRET, store_text="flagged") as desk:
            texts = tuple(f"A stupid film, part {number}." for number in range(40))
            await desk.answer(Asked((*texts, *texts), "/infer"))
            await desk.answer(Asked(texts[:3], "/infer"))
            assert len(queue(desk)) == 40

    run(body())


def test_requests_at_once_with_one_text_make_one_item(tmp_path: Path) -> None:
    async def body() -> None:
        async with opened(tmp_path, secret=SECRET, store_text="flagged") as desk:
            await asyncio.gather(
                *(desk.answer(Asked(("A stupid film.",), "/infer")) for _ in range(8))
            )
            assert len(queue(desk)) == 1

    run(body())


def test_who_listens_hears_what_is_on_record_and_cannot_break_an_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[tuple[Asked, Answered, int]] = []

    async def body() -> None:
        async with opened(tmp_path) as desk:

            def failing(asked: Asked, answered: Answered) -> None:
                raise RuntimeError("no ears")

            def hearing(asked: Asked, answered: Answered) -> None:
                with desk.database.read() as connection:
                    found = connection.execute(select(tables.answers)).all()
                heard.append((asked, answered, len(found)))

            desk.heard += [failing, hearing]
            asked = Asked(("A stupid film.",), "/infer")
            assert heard == []
            answered = await desk.answer(asked)
            assert heard == [(asked, answered, 1)]

    run(body())
    assert "Something that listens to answers failed." in caplog.text
    assert "stupid" not in caplog.text
