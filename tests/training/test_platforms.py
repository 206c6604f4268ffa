"""Where training texts come from, and parts of the material."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hatelens.data.augment import SUFFIX
from hatelens.data.example import Example
from hatelens.errors import DataError
from hatelens.training import platforms
from tests.training.conftest import BAD, GOOD, halves, lesson

PLATFORMS = {"microblog": ("birds", "mixed:twitter"), "forum": ("mixed:gab", "forum")}
EXAMPLES = [
    Example("1", "a", source="birds"),
    Example("2", "b", source="mixed", meta={"platform": "twitter"}),
    Example("3", "c", source="mixed", meta={"platform": "gab"}),
    Example("4", "d", source="forum", meta={"platform": "somewhere"}),
]


def test_a_text_belongs_to_the_platform_of_its_data_set_or_of_its_column():
    found = platforms.of(EXAMPLES, PLATFORMS)
    assert found == ["microblog", "microblog", "forum", "forum"]


def test_a_text_whose_column_says_nothing_that_was_named_comes_from_nowhere():
    found = platforms.of(EXAMPLES, {"forum": ("mixed:gab", "forum", "birds")})
    assert found == ["forum", platforms.NOWHERE, "forum", "forum"]


def test_a_data_set_of_no_platform_is_refused_and_one_of_two_too():
    with pytest.raises(DataError, match="mixed belongs to no platform; name it"):
        platforms.of(EXAMPLES, {"forum": ("forum", "birds")})
    with pytest.raises(DataError, match="birds stands under a and b"):
        platforms.of(EXAMPLES, {"a": ("birds",), "b": ("birds",)})


def test_a_data_set_that_is_not_there_is_named():
    platforms.check(EXAMPLES, PLATFORMS)
    with pytest.raises(DataError, match=r"platforms\.forum named 'mixed:gap'.*'mixed:gab'"):
        platforms.check(EXAMPLES, {"forum": ("mixed:gap",)})


def test_kept_texts_are_about_as_many_as_asked_for_and_do_not_depend_on_the_order():
    examples = [Example(str(number), "a", source="birds") for number in range(2000)]
    kept = platforms.kept(examples, 0.2, 0)
    assert 0.17 < kept.mean() < 0.23
    np.testing.assert_array_equal(platforms.kept(examples[::-1], 0.2, 0), kept[::-1])
    assert (platforms.kept(examples, 0.2, 1) != kept).any()
    assert not platforms.kept(examples, 0.0, 0).any()


def test_copies_of_a_text_and_texts_of_a_thread_are_kept_together():
    examples = [Example(str(number), "a", source="birds") for number in range(200)]
    copies = [replace(one, id=one.id + SUFFIX) for one in examples]
    kept = platforms.kept([*examples, *copies], 0.5, 0)
    np.testing.assert_array_equal(kept[:200], kept[200:])
    thread = [replace(one, group="thread") for one in examples]
    assert platforms.kept(thread, 0.5, 0).mean() in {0.0, 1.0}


def test_a_part_has_its_texts_with_all_that_is_known_of_them(prepared, tmp_path):
    marked = replace(
        lesson(GOOD + BAD, halves(4), {"insult": np.arange(8.0)[:, None]}),
        marks=[None] * 7 + [((0, 1),)],
        examples=[Example(str(number), "a", source="birds") for number in range(8)],
    )
    whole = prepared(train=marked, held_out=marked)
    chosen = np.array([False, True] * 4)
    part = platforms.part(whole, chosen, ~chosen, tmp_path / "w", tmp_path / "r")
    assert part.train.texts == (GOOD + BAD)[1::2]
    assert part.held_out.texts == (GOOD + BAD)[::2]
    np.testing.assert_array_equal(part.train.heads["insult"][:, 0], [1, 3, 5, 7])
    assert [one.id for one in part.train.examples] == ["1", "3", "5", "7"]
    assert part.train.marks[-1] == ((0, 1),)
    np.testing.assert_array_equal(part.held_out_truth, halves(4)[::2])
    assert (part.work, part.resume) == (tmp_path / "w", tmp_path / "r")
