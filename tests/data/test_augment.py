"""Training texts once more in disguised spelling."""

from __future__ import annotations

from hatelens.data.augment import disguised
from hatelens.data.example import Example

TEXT = "the worthless marsh folk always sing"
EXAMPLES = [
    Example(
        str(n),
        TEXT,
        "hateful",
        votes=(0.0, 1.0),
        source="mine",
        attributes={"insult": 1.0},
        spans=((4, 13),) if n % 2 else None,
    )
    for n in range(40)
]


def test_the_share_that_was_asked_for_is_copied_with_all_that_people_said():
    made = disguised(EXAMPLES, 0.25, 0)
    assert len(made) == 10
    for one in made:
        assert one.id.endswith("~disguised")
        assert (one.label, one.votes, one.source) == ("hateful", (0.0, 1.0), "mine")
        assert one.attributes == {"insult": 1.0}
    assert sum(one.text != TEXT for one in made) >= 9
    assert len({one.id for one in made}) == 10


def test_marks_go_along_and_where_nobody_marked_there_are_none():
    by_id = {one.id.removesuffix("~disguised"): one for one in disguised(EXAMPLES, 1.0, 0)}
    for example in EXAMPLES:
        made = by_id[example.id]
        assert (made.spans is None) == (example.spans is None)
        for begin, end in made.spans or ():
            assert 0 <= begin < end <= len(made.text)


def test_the_seed_decides():
    assert disguised(EXAMPLES, 0.5, 1) == disguised(EXAMPLES, 0.5, 1)
    assert disguised(EXAMPLES, 0.5, 1) != disguised(EXAMPLES, 0.5, 2)
    assert disguised(EXAMPLES, 0.0, 1) == ()
    assert disguised([], 0.5, 1) == ()
