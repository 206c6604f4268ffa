from __future__ import annotations

import numpy as np
import pytest

from hatelens.data.example import Example
from hatelens.errors import DataError
from hatelens.evaluation.groups import by_group, columns

EXAMPLES = [
    Example("1", "a", targets=("Quendari",), meta={"forum": "north"}),
    Example("2", "b", targets=("Quendari", "Veluvians"), meta={"forum": "north"}),
    Example("3", "c", targets=("Veluvians", "Veluvians"), meta={"forum": "south"}),
    Example("4", "d", targets=("Zorblaxians",), meta={"forum": ""}),
    Example("5", "e"),
]
TRUTH = np.array([True, False, True, False, False])
HATEFUL = np.array([0.9, 0.8, 0.3, 0.1, 0.2])


def test_figures_and_gaps_per_target_worked_out_by_hand():
    table = by_group(EXAMPLES, TRUTH, HATEFUL, minimum=2)
    quendari, veluvians = table.groups

    assert (quendari.group, quendari.rows) == ("Quendari", 2)
    assert quendari.values == {"accuracy": 0.5, "fpr": 1.0, "fnr": 0.0, "auroc": 1.0}
    assert veluvians.values == {"accuracy": 0.0, "fpr": 1.0, "fnr": 1.0, "auroc": 0.0}
    assert table.gaps == {"accuracy": 0.5, "fpr": 0.0, "fnr": 1.0, "auroc": 1.0}
    assert table.too_small == {"Zorblaxians": 1}
    assert table.minimum == 2


def test_a_figure_undefined_in_a_group_is_none_and_enters_no_gap():
    table = by_group(EXAMPLES, TRUTH, HATEFUL, column="forum", minimum=1)
    south = table.groups[1]

    assert [group.group for group in table.groups] == ["north", "south"]
    assert south.values["fpr"] is None
    assert south.values["auroc"] is None
    assert table.gaps["fpr"] is None
    assert table.gaps["accuracy"] == 0.5


def test_any_function_of_truth_and_score_is_a_metric():
    table = by_group(
        EXAMPLES, TRUTH, HATEFUL, metrics={"mean": lambda _, h: h.mean(keepdims=True)}, minimum=2
    )

    assert table.groups[0].values == {"mean": pytest.approx(0.85)}


def test_a_misspelt_column_is_an_error_with_the_ones_there_are():
    assert columns(EXAMPLES) == ["forum", "target"]
    with pytest.raises(DataError, match="did you mean 'forum'"):
        by_group(EXAMPLES, TRUTH, HATEFUL, column="forums")
    with pytest.raises(DataError, match="There are none"):
        by_group([Example("1", "a")], TRUTH[:1], HATEFUL[:1])
