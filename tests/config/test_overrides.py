from __future__ import annotations

from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from hatelens.config.overrides import quoted, read
from hatelens.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("key=1", 1),
        ("key=3e-3", 0.003),
        ("key=true", True),
        ("key=null", None),
        ("key=", ""),
        ("key=''", ""),
        ("key='5'", "5"),
        ("key=a b", "a b"),
        ("key=[a,b]", ["a", "b"]),
        ("key={a: 1}", {"a": 1}),
        ("key=runs/a=b", "runs/a=b"),
        ("key=fpr<=0.05", "fpr<=0.05"),
        ("key=precision>=0.9", "precision>=0.9"),
        ("key=it's", "it's"),
        ("key=[~/a.csv,my file.csv]", ["~/a.csv", "my file.csv"]),
        ("key={a: {'not hateful': '', \"b!\": c}}", {"a": {"not hateful": "", "b!": "c"}}),
        ("+key=1", 1),
        ("++key=1", 1),
    ],
)
def test_a_value_is_read_as_a_person_means_it(text: str, value: Any):
    override = read(text)

    assert override.key == "key"
    assert override.value == value


def test_off_and_no_stay_labels_on_a_command_line():
    assert read("data.labels=[OFF,no]").value == ["OFF", "no"]


@pytest.mark.parametrize(
    "text", ["nonsense", "", "=3", "~training", "a..b=3", ".a=3", "a.=3", "a@b=3"]
)
def test_what_is_no_setting_is_refused_with_an_example(text: str):
    with pytest.raises(ConfigError, match="settings are written key=value, as in recipe="):
        read(text)


def test_a_recipe_without_its_key_is_answered_with_the_right_spelling():
    with pytest.raises(ConfigError, match="as in recipe=linear_ghc"):
        read("linear_ghc")


def test_several_values_are_refused():
    with pytest.raises(ConfigError, match=r"one run takes one value.*training\.lr=\[a,b\]"):
        read("training.lr=1,2")


def test_a_broken_list_is_refused():
    with pytest.raises(ConfigError, match="no list and no mapping"):
        read("data.labels=[a")


def test_settings_of_hydra_are_refused():
    with pytest.raises(ConfigError, match=r"hydra\.run\.dir is a setting of Hydra"):
        read("hydra.run.dir=x")


@pytest.mark.parametrize(
    ("text", "is_choice"),
    [("recipe=a", True), ("model=linear", True), ("model={}", False), ("seed=a", False)],
)
def test_only_a_group_that_is_set_to_a_name_is_a_choice(text: str, is_choice: bool):
    assert read(text).is_choice is is_choice


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="$")))
def test_hydra_reads_a_quoted_text_back_unchanged(text: str):
    parsed = OverridesParser.create().parse_override(f"key={quoted(text)}")

    assert parsed.value() == text
