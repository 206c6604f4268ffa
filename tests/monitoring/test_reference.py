"""What a model was made with."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hatelens.errors import DataError
from hatelens.monitoring import reference
from hatelens.monitoring.reference import Reference
from tests.monitoring import traffic

TEXTS = traffic.texts(600, 0)
SCORES = traffic.scores(600, 0).tolist()
LANGUAGES = ["en"] * 500 + ["de"] * 60 + [""] * 40


@pytest.fixture(scope="module")
def made() -> Reference:
    return reference.made(TEXTS, SCORES, LANGUAGES)


def test_it_goes_into_json_and_back_and_is_small(made: Reference) -> None:
    written = json.dumps(made.to_dict())
    assert len(written) < 20_000
    again = Reference.from_dict(json.loads(written))
    assert again.to_dict() == made.to_dict()
    assert again.sketch(TEXTS[0]) == made.sketch(TEXTS[0])


def test_it_holds_no_text(made: Reference) -> None:
    written = json.dumps(made.to_dict())
    assert not any(word in written for word in (*traffic.FINE, *traffic.THINGS))


def test_shares_sum_to_one(made: Reference) -> None:
    assert set(made.histograms) == set(reference.SIGNALS)
    for one in made.histograms.values():
        assert sum(one.shares) == pytest.approx(1)
        assert len(one.bins) == len(one.shares)
        assert one.limit > 0
    assert all(sum(shares) == pytest.approx(1) for shares in made.projected)


def test_languages_that_are_rare_or_unsure_share_a_bin(made: Reference) -> None:
    assert made.languages == ("en", "de")
    assert [made.language(code) for code in ("en", "de", "fr", "")] == [0, 1, 2, 2]
    assert made.histograms["language"].shares == pytest.approx((500 / 600, 0.1, 40 / 600), abs=0.01)


def test_a_sketch_is_a_bin_of_each_projection(made: Reference) -> None:
    found = np.frombuffer(made.sketch("a quiet walk"), np.uint8)
    assert len(found) == len(made.projections)
    assert int(found.max()) < 10


def test_too_few_texts_say_nothing() -> None:
    with pytest.raises(DataError, match="50 texts or more, and there are 3"):
        reference.made(TEXTS[:3], SCORES[:3], LANGUAGES[:3])


def test_of_many_texts_some_are_drawn_by_the_seed() -> None:
    items = range(10_000)
    first = reference.drawn(items, 0)
    assert len(first) == reference.MOST
    assert list(first) == sorted(first)
    assert reference.drawn(items, 0) == first != reference.drawn(items, 1)
    assert reference.drawn(range(7), 0) == range(7)


def test_a_model_that_says_the_same_of_all_texts_has_one() -> None:
    made = reference.made(["the same"] * 100, [0.5] * 100, [""] * 100)
    assert made.histograms["score"].shares == pytest.approx((0.005, 0.995), abs=0.001)
    assert made.languages == ()
