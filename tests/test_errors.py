"""A person's mistakes are worded plainly."""

from __future__ import annotations

import json

import pytest

from hatelens.errors import MissingExtraError, require, unknown


def test_a_wrong_name_is_answered_with_the_one_that_was_meant():
    assert unknown("recipe", "demo_liner", ["demo_linear", "other"]) == (
        "No recipe named 'demo_liner'; did you mean 'demo_linear'? There are demo_linear, other."
    )


def test_a_name_like_no_other_gets_the_list_alone():
    assert unknown("kind", "xyz", ["linear"]) == "No kind named 'xyz'. There are linear."


def test_where_nothing_exists_that_is_said_with_what_to_do():
    line = unknown("kind", "a", [], do="Make one.")
    assert line == "No kind named 'a'. There are none. Make one."


def test_an_installed_library_is_imported():
    assert require("json", "train") is json


def test_a_missing_library_names_the_line_that_installs_it():
    with pytest.raises(MissingExtraError, match=r'pip install "hatelens\[scale\]"'):
        require("no_such_library.part", "scale")


def test_another_way_out_than_installing_is_named():
    with pytest.raises(MissingExtraError, match=r'hatelens\[train\]", or export it$'):
        require("no_such_library", "train", or_else="or export it")


def test_a_library_that_is_broken_inside_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import not_there_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        require("half_installed", "train")
