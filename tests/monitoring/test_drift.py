"""The watch over live traffic."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from hatelens.models.detector import Prediction
from hatelens.monitoring import drift, reference
from hatelens.monitoring.drift import Alarm, Observation, Watch
from hatelens.monitoring.reference import Reference
from tests.monitoring import traffic


@pytest.fixture(scope="module")
def made() -> Reference:
    count = 1500
    scores = traffic.scores(count, 0).tolist()
    return reference.made(traffic.texts(count, 0), scores, ["en"] * count)


def seen(
    made: Reference,
    count: int,
    seed: int,
    *,
    longer: int = 0,
    hateful: float = 1.0,
    language: str = "en",
) -> list[Observation]:
    """Measure traffic."""
    texts = traffic.texts(count, seed, longer=longer)
    scores = traffic.scores(count, seed, hateful=hateful)
    return [
        Observation(float(score), len(text), language, made.sketch(text))
        for text, score in zip(texts, scores, strict=True)
    ]


def watched(watch: Watch, traffic: Sequence[Observation]) -> list[Alarm]:
    """Return the alarms, with the numbers of their texts as times."""
    return [alarm for at, one in enumerate(traffic) for alarm in watch.add(one, time=at)]


def test_a_text_is_measured(made: Reference) -> None:
    text = "a quiet walk"
    prediction = Prediction("hateful", 0.8, "flag", {}, "m-1", "p-1", language="en")
    assert drift.observe(text, prediction, made) == Observation(0.8, 12, "en", made.sketch(text))


def test_unchanged_traffic_raises_no_alarm(made: Reference) -> None:
    for seed in (1, 2, 3):
        assert watched(Watch(made), seen(made, 4000, seed)) == []


@pytest.mark.parametrize(
    ("changed", "signal"),
    [({"longer": 8}, "length"), ({"hateful": 6.0}, "score"), ({"language": "de"}, "language")],
    ids=["length", "score", "language"],
)
def test_what_changes_is_noticed_soon(
    made: Reference, changed: dict[str, Any], signal: str
) -> None:
    watch = Watch(made)
    assert watched(watch, seen(made, 1000, 1)) == []
    found = watched(watch, seen(made, 500, 2, **changed))
    assert signal in {one.signal for one in found}
    assert found[0].time < 300
    psi = next(one for one in found if one.method == "psi")
    assert (psi.value > psi.limit, psi.window) == (True, 250)
    assert f"{psi.value:.3f}" in psi.explanation


def test_a_lasting_change_is_one_alarm(made: Reference) -> None:
    found = watched(Watch(made), seen(made, 3000, 2, longer=8))
    assert [one.signal for one in found if one.method == "psi"].count("length") == 1


def test_what_has_come_back_can_raise_another_alarm(made: Reference) -> None:
    watch = Watch(made)
    there, home = seen(made, 500, 2, language="de"), seen(made, 1000, 3)
    counts = [len(watched(watch, part)) for part in (there, home, there)]
    assert (counts[0], counts[2]) == (1, 1)


def test_means_that_move_are_noticed_without_the_reference(made: Reference) -> None:
    low, high = seen(made, 800, 1), seen(made, 800, 2, hateful=6.0)
    found = [one for one in watched(Watch(made), [*low, *high]) if one.method == "adwin"]
    assert {one.signal for one in found} >= {"score"}
    assert found[0].time >= 800
    assert (found[0].limit, found[0].value > 0) == (0.0, True)


def test_the_state_shows_the_window_beside_the_reference(made: Reference) -> None:
    watch = Watch(made)
    watched(watch, seen(made, 100, 1, language="de"))
    state = watch.state()
    assert (state.texts, state.window) == (100, 100)
    language = state.signals["language"]
    assert language.bins == ("en", "other")
    assert language.recent[1] == pytest.approx(100.5 / 101, abs=1e-4)
    assert language.psi > language.limit


def test_a_restart_goes_on_where_it_was(made: Reference) -> None:
    first = Watch(made)
    watched(first, seen(made, 700, 1))
    again = Watch.from_dict(made, json.loads(json.dumps(first.to_dict())))
    assert again.state() == first.state()
    rest = seen(made, 500, 2, longer=8)
    expected = [one for one in watched(first, rest) if one.method == "psi"]
    assert [one for one in watched(again, rest) if one.method == "psi"] == expected != []


def test_the_state_of_a_long_watch_is_bounded(made: Reference) -> None:
    watch = Watch(made)
    watched(watch, seen(made, 3000, 1))
    assert len(json.dumps(watch.to_dict())) < 40_000
