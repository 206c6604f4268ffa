from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from hatelens.data import dataset
from hatelens.errors import ConfigError, DataError
from hatelens.evaluation import compare
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.predictions import Predictions, predict
from hatelens.evaluation.selection import Selection, select
from hatelens.labels import LabelSet


@pytest.fixture
def selection(village) -> Selection:
    return select(village, "test")


@pytest.fixture
def noisy(keyword) -> Callable[..., Predictions]:
    """Make predictions of which about a share is right on the pooled question."""

    def make_noisy(selection: Selection, accuracy: float, seed: int, name: str) -> Predictions:
        said = predict(keyword(LabelSet(("fine", "hate"), ("hate",))), selection, name=name)
        right = np.random.default_rng(seed).random(len(said.rows)) < accuracy
        rows = tuple(
            replace(row, hateful=0.9 if row.truth_hateful == bool(hit) else 0.1)
            for row, hit in zip(said.rows, right, strict=True)
        )
        return replace(said, rows=rows)

    return make_noisy


def test_models_that_know_the_labels_are_compared_on_them(selection, keyword):
    said = [predict(keyword(version=v), selection, name=v) for v in ("a", "b")]
    made = compare.compare(said, selection, resamples=50)

    assert made.question == "classes"
    assert [model.model for model in made.models] == ["a", "b"]
    assert made.models[0].figures["accuracy"].value == 0.8
    assert made.models[0].differences == {}
    assert made.models[1].differences["accuracy"] == Estimate(0.0, 0.0, 0.0)
    assert made.rows == 200


def test_one_model_with_other_labels_makes_it_the_pooled_question(selection, keyword):
    other = keyword(LabelSet(("fine", "hate"), ("hate",)))
    made = compare.compare(
        [predict(keyword(), selection), predict(other, selection)], selection, resamples=50
    )

    assert made.question == "pooled"


def test_the_interval_of_a_difference_is_paired(selection, noisy):
    first, second = noisy(selection, 0.7, 0, "a"), noisy(selection, 0.7, 0, "b")
    made = compare.compare([first, second], selection, resamples=100)
    gap = made.models[1].differences["accuracy"]

    # The same answers differ by nothing in every resample, however wide each interval is.
    assert gap == Estimate(0.0, 0.0, 0.0)
    single = made.models[0].figures["accuracy"]
    assert single.high is not None
    assert single.low is not None
    assert single.high - single.low > 0.05


def test_a_real_difference_is_seen_and_one_by_chance_is_not(make, noisy):
    selection = select(make(rows=2000), "test")
    said = [noisy(selection, share, seed, str(share))
            for seed, share in enumerate((0.7, 0.8, 0.705))]  # fmt: skip
    made = compare.compare(said, selection, resamples=200)
    better, same = (model.differences["accuracy"] for model in made.models[1:])

    assert better.value == pytest.approx(0.1, abs=0.05)
    assert compare.verdict("accuracy", better) == "better"
    assert compare.verdict("accuracy", same) == "-"


@pytest.mark.parametrize(
    ("name", "difference", "word"),
    [
        ("accuracy", Estimate(0.1, 0.05, 0.2), "better"),
        ("accuracy", Estimate(-0.1, -0.2, -0.05), "worse"),
        ("ece", Estimate(0.1, 0.05, 0.2), "worse"),
        ("brier", Estimate(-0.1, -0.2, -0.05), "better"),
        ("accuracy", Estimate(0.1, -0.1, 0.2), "-"),
        ("auroc", Estimate(None), "-"),
    ],
)
def test_a_verdict_stands_only_where_the_interval_leaves_nought_out(name, difference, word):
    assert compare.verdict(name, difference) == word


def test_predictions_on_other_texts_are_an_error(selection, village, keyword):
    few = predict(keyword(), select(village, "test", limit=10), name="few")
    with pytest.raises(DataError, match="few was measured on other texts than 200 of village"):
        compare.compare([few], selection)
    with pytest.raises(DataError, match="no model to compare"):
        compare.compare([], selection)


def test_a_comparison_is_written_as_json_markdown_page_and_picture(selection, tmp_path, noisy):
    said = [noisy(selection, 0.9, 0, "<b>one|"), noisy(selection, 0.5, 1, "two")]
    made = compare.compare(said, selection, resamples=50)
    html = compare.write(made, tmp_path).read_text(encoding="utf-8")
    markdown = (tmp_path / "comparison.md").read_text(encoding="utf-8")
    found = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))

    assert "<b>" not in html + markdown
    assert "data:image/png;base64," in html
    assert "worse" in markdown
    assert found["models"][1]["differences"]["accuracy"]["value"] < -0.2
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_one_model_alone_has_no_table_of_differences(selection, tmp_path, keyword):
    compare.write(
        compare.compare([predict(keyword(), selection)], selection, resamples=5), tmp_path
    )

    assert "Difference" not in (tmp_path / "comparison.md").read_text(encoding="utf-8")


def test_a_functional_test_adds_its_sides(village, tmp_path, keyword):
    cases = [replace(e, meta={"functionality": e.label or ""}) for e in village.examples]
    selection = select(dataset.make(village.card, cases, []), "test")
    made = compare.compare([predict(keyword(), selection)] * 2, selection, resamples=5)
    html = compare.write(made, tmp_path).read_text(encoding="utf-8")

    assert made.models[0].functional is not None
    assert made.models[0].functional.hateful == 0.5
    assert "mean over functions" in html


def test_a_file_in_place_of_the_folder_is_an_error(selection, tmp_path, keyword):
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    made = compare.compare([predict(keyword(), selection)], selection, resamples=5)
    with pytest.raises(ConfigError, match="is a file"):
        compare.write(made, tmp_path / "taken")
