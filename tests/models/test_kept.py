"""What was computed is kept: nothing is made twice, and what a kill left is there again."""

from __future__ import annotations

import pytest

from hatelens.models.kept import key, remembered

ASKED = {key(word): word for word in ("tea", "marsh", "a \ud800", "b")}


class Maker:
    """Makes answers in parts of two, and dies before a part."""

    def __init__(self, dies_at=None):
        self.made = []
        self.dies_at = dies_at

    def __call__(self, missing):
        keys = list(missing)
        for begin in range(0, len(keys), 2):
            if begin // 2 == self.dies_at:
                raise KeyboardInterrupt
            part = keys[begin : begin + 2]
            self.made += part
            yield {each: missing[each].encode("utf-8", "surrogatepass") for each in part}


def test_nothing_is_made_twice(tmp_path):
    path, first, second = tmp_path / "deep" / "kept.sqlite", Maker(), Maker()
    found = remembered(path, ASKED, first)
    assert {
        each: answer.decode("utf-8", "surrogatepass") for each, answer in found.items()
    } == ASKED
    more = {**ASKED, key("new"): "new"}
    assert remembered(path, more, second) == {**found, key("new"): b"new"}
    assert second.made == [key("new")]


def test_what_a_killed_run_had_made_is_there(tmp_path):
    path, dying, living = tmp_path / "kept.sqlite", Maker(dies_at=1), Maker()
    with pytest.raises(KeyboardInterrupt):
        remembered(path, ASKED, dying)
    assert len(remembered(path, ASKED, living)) == 4
    assert not set(dying.made) & set(living.made)


def test_an_answer_that_is_there_stays_as_it_is(tmp_path):
    path = tmp_path / "kept.sqlite"
    one, two = {key("a"): "a"}, {key("a"): "a", key("b"): "b"}
    remembered(path, one, lambda missing: iter([{key("a"): b"first"}]))
    found = remembered(path, two, lambda missing: iter([{key("a"): b"second", key("b"): b"b"}]))
    assert found == {key("a"): b"first", key("b"): b"b"}


def test_keys_tell_parts_apart():
    assert key("ab", "c") != key("a", "bc")
    assert len(key("\ud800")) == 32


def test_more_keys_than_one_query_takes(tmp_path):
    asked = {key(str(number)): str(number) for number in range(1200)}
    found = remembered(tmp_path / "kept.sqlite", asked, Maker())
    assert remembered(tmp_path / "kept.sqlite", asked, Maker(dies_at=0)) == found
