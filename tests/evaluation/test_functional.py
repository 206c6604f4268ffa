from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from hatelens.data.example import Example
from hatelens.errors import DataError
from hatelens.evaluation.functional import (
    ALWAYS,
    case_id,
    functional_test,
    is_functional,
    read_baselines,
)

DATA = Path(os.environ.get("HATELENS_DATA", Path(__file__).parents[2] / "../shared/data"))
needs_hatecheck = pytest.mark.skipif(
    not (DATA / "hatecheck").is_dir(), reason="needs the HateCheck folder under HATELENS_DATA"
)


def case(number: int, function: str, *targets: str) -> Example:
    return Example(f"hatecheck:{number}", "x", targets=targets, meta={"functionality": function})


CASES = [
    case(1, "derog_h", "Quendari"),
    case(2, "derog_h", "Veluvians"),
    case(3, "negate_nh", "Quendari"),
    case(4, "negate_nh"),
    case(5, "negate_nh"),
]
TRUTH = np.array([True, True, False, False, False])
SAID = np.array([True, False, False, True, False])


def hatecheck() -> tuple[list[Example], np.ndarray]:
    with (DATA / "hatecheck/test_suite_cases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    cases = [
        Example(row["case_id"], "", targets=(row["target_ident"],) if row["target_ident"] else (),
                meta={"functionality": row["functionality"]})
        for row in rows
    ]  # fmt: skip
    return cases, np.array([row["label_gold"] == "hateful" for row in rows])


def test_functions_sides_and_targets_worked_out_by_hand():
    found = functional_test(CASES, TRUTH, SAID)
    derog, negate = found.functions

    assert (derog.function, derog.expected, derog.cases) == ("derog_h", "hateful", 2)
    assert derog.accuracy == 0.5
    assert (negate.expected, negate.accuracy) == ("not hateful", pytest.approx(2 / 3))
    assert found.score.hateful == 0.5
    assert found.score.non_hateful == pytest.approx(2 / 3)
    assert found.score.overall == pytest.approx(3 / 5)
    assert found.score.macro_functions == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found.score.macro_f1 == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found.targets["Quendari"].overall == 1.0
    assert found.targets["Veluvians"].non_hateful is None


def test_a_function_of_both_sides_says_so():
    found = functional_test(
        [case(1, "mixed"), case(2, "mixed")], np.array([True, False]), np.array([True, True])
    )

    assert found.functions[0].expected == "both"


def test_texts_without_functions_are_no_functional_test():
    assert is_functional(CASES)
    assert not is_functional([*CASES, Example("6", "x")])
    assert not is_functional([])


def test_a_baseline_is_scored_on_the_same_cases_or_left_out():
    whole = {str(number): True for number in range(1, 7)}
    found = functional_test(CASES, TRUTH, SAID, {"Yes": whole, "Part": {"1": True}})

    assert set(found.baselines) == {"Yes", ALWAYS}
    assert found.baselines["Yes"] == found.baselines[ALWAYS]
    assert found.functions[0].baselines == {"Yes": 1.0}


def test_the_number_of_a_case_comes_from_its_meta_or_its_id():
    assert case_id(Example("x", "", meta={"case_id": "7"})) == "7"
    assert case_id(Example("hatecheck:8", "")) == "8"
    assert case_id(Example("9", "")) == "9"


def test_a_verdict_of_another_word_is_an_error_with_its_line(tmp_path):
    path = tmp_path / "baseline_predictions.csv"
    path.write_text("case_id,mine\n1,hateful\n2,perhaps\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"line 3: mine must be hateful or non-hateful.*'perhaps'"):
        read_baselines(path)


@needs_hatecheck
def test_the_published_baselines_are_reproduced():
    cases, truth = hatecheck()
    verdicts = read_baselines(DATA / "hatecheck/baseline_predictions.csv")
    found = functional_test(cases, truth, np.ones(len(truth), dtype=bool), verdicts)
    published = {  # hateful, non-hateful, all (%), macro-F1
        "BERT-Davidson": (75.5, 36.0, 63.2, 0.559),
        "BERT-Founta": (65.5, 48.5, 60.2, 0.563),
        "Perspective": (89.5, 48.2, 76.6, 0.702),
        "SiftNinja": (9.0, 86.6, 33.2, 0.302),
        ALWAYS: (100.0, 0.0, 68.7, 0.407),
    }

    assert len(found.functions) == 29
    assert sum(function.cases for function in found.functions) == 3728
    for name, (hateful, non_hateful, overall, macro_f1) in published.items():
        score = found.baselines[name]
        assert score.hateful == pytest.approx(hateful / 100, abs=6e-4), name
        assert score.non_hateful == pytest.approx(non_hateful / 100, abs=6e-4), name
        assert score.overall == pytest.approx(overall / 100, abs=6e-4), name
        assert score.macro_f1 == pytest.approx(macro_f1, abs=6e-4), name
    assert found.score == found.baselines[ALWAYS]


@needs_hatecheck
@pytest.mark.parametrize(
    ("function", "cases", "accuracies"),
    [
        ("derog_neg_emote_h", 140, (88.6, 90.7, 98.6, 7.9)),
        ("slur_reclaimed_nh", 81, (39.5, 33.3, 28.4, 18.5)),
        ("negate_neg_nh", 133, (12.8, 12.0, 3.8, 96.2)),
        ("counter_quote_nh", 173, (26.6, 32.9, 15.6, 79.8)),
        ("target_group_nh", 62, (35.5, 59.7, 62.9, 98.4)),
        ("spell_leet_h", 173, (48.0, 43.9, 68.2, 16.2)),
    ],
)
def test_the_published_accuracy_of_functions_is_reproduced(function, cases, accuracies):
    examples, truth = hatecheck()
    verdicts = read_baselines(DATA / "hatecheck/baseline_predictions.csv")
    found = functional_test(examples, truth, truth, verdicts)
    row = next(row for row in found.functions if row.function == function)

    assert row.cases == cases
    assert [100 * accuracy for accuracy in row.baselines.values()] == (
        pytest.approx(list(accuracies), abs=0.06)
    )
