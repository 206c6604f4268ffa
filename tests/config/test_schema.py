from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from hatelens.config import schema
from hatelens.config.schema import (
    DataSettings,
    LinearModel,
    LinearTraining,
    MlpLayer,
    Recipe,
    ThresholdSettings,
    TwoStageModel,
    TwoStageTraining,
)
from hatelens.config.trainer import TrainerSettings

SCHEMAS = [
    value
    for value in vars(schema).values()
    if isinstance(value, type) and issubclass(value, BaseModel) and value is not BaseModel
]


def recipe(**changes: Any) -> Recipe:
    given = {
        "name": "mine",
        "model": {"kind": "linear"},
        "data": {"train": ["sample"]},
        "training": {"kind": "linear"},
    }
    return Recipe.model_validate(given | changes)


def test_a_recipe_needs_four_things_and_has_defaults_for_the_rest():
    made = recipe()

    assert made.model == LinearModel()
    assert made.training == LinearTraining(C=4.0, class_weight="balanced", max_iter=200)
    assert made.data.train == ("sample",)
    assert made.data.labels is None
    assert made.thresholds == ThresholdSettings(target="fpr<=0.05", abstain=0.05)
    assert (made.seed, made.out, made.overwrite) == (0, None, False)


def test_the_defaults_of_the_two_stage_kind_are_those_of_system_c():
    training = TwoStageTraining()

    assert (training.lr, training.batch_size, training.epochs) == (1e-3, 1024, 50)
    assert isinstance(TwoStageModel().layer, MlpLayer)


def test_a_recipe_cannot_be_changed():
    with pytest.raises(ValidationError):
        recipe().seed = 3  # type: ignore[misc]


@pytest.mark.parametrize("settings", SCHEMAS, ids=lambda settings: settings.__name__)
def test_every_field_says_what_it_is_and_unknown_keys_are_refused(settings: type[BaseModel]):
    undescribed = [name for name, field in settings.model_fields.items() if not field.description]

    assert undescribed == []
    # Other keys of a fine-tuning are checked against transformers' own.
    checked = issubclass(settings, TrainerSettings)
    assert settings.model_config.get("extra") == ("allow" if checked else "forbid")
    assert settings.model_config.get("frozen") is True


def test_the_training_must_be_for_the_kind_of_the_model():
    with pytest.raises(ValidationError, match="add training=linear or model=two_stage"):
        recipe(training={"kind": "two_stage"})


@pytest.mark.parametrize(
    "data",
    [
        {"train": ["a"], "labels": ["NOT", False]},
        {"train": ["a"], "labels": ["NOT", "x"], "hateful": [False]},
        {"train": ["a"], "label_map": {"olid": {False: "hateful"}}},
        {"train": ["a"], "label_map": {"olid": {"OFF": False}}},
        {"train": ["a"], "label_map": {False: {"OFF": "hateful"}}},
    ],
)
def test_a_label_that_yaml_made_a_boolean_is_refused_with_the_cure(data: dict[str, Any]):
    with pytest.raises(ValidationError, match='put it in quotes, as in "OFF"'):
        DataSettings.model_validate(data)


def test_a_label_that_maps_to_an_empty_text_is_allowed_because_it_is_left_out():
    made = DataSettings.model_validate({"train": ["a"], "label_map": {"a": {"unsure": ""}}})

    assert made.label_map == {"a": {"unsure": ""}}


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        (DataSettings, {"train": []}),
        (DataSettings, {"train": [3]}),
        (DataSettings, {"train": ["a"], "labels": []}),
        (DataSettings, {"train": ["a"], "labels": "hate"}),
        (DataSettings, {"train": ["a"], "label_map": ["a"]}),
        (DataSettings, {"train": ["a"], "label_map": {"a": "b"}}),
        (DataSettings, {"train": ["a"], "validation": 0}),
        (DataSettings, {"train": ["a"], "near_duplicate": 1.1}),
        (DataSettings, {"train": ["a"], "limit": 0}),
        (LinearModel, {"char_ngrams": [3, 2]}),
        (LinearModel, {"word_ngrams": [0, 2]}),
        (LinearModel, {"buckets": "many"}),
        (LinearTraining, {"C": float("nan")}),
        (LinearTraining, {"C": "4"}),
        (LinearTraining, {"max_iter": True}),
        (TwoStageTraining, {"profile": 1}),
        (MlpLayer, {"dropout": 1.0}),
        (MlpLayer, {"activation": "rellu"}),
        (ThresholdSettings, {"target": "precision>0.9"}),
        (ThresholdSettings, {"target": "fpr<=2"}),
        (ThresholdSettings, {"target": "fpr<=0"}),
        (ThresholdSettings, {"abstain": 1.0}),
    ],
)
def test_values_out_of_range_or_of_a_wrong_type_are_refused(
    settings: type[BaseModel], values: dict[str, Any]
):
    with pytest.raises(ValidationError):
        settings.model_validate(values)


@pytest.mark.parametrize(
    "target", ["precision>=0.9", "recall>=.8", "fpr<=0.01", "review_budget=0.05", "precision>=1"]
)
def test_every_target_of_the_thresholds_is_understood(target: str):
    assert ThresholdSettings(target=target).target == target


def test_a_single_data_set_needs_no_list():
    assert DataSettings.model_validate({"train": "sample"}).train == ("sample",)


@pytest.mark.parametrize("name", ["", "  ", "a/b", "..", "a\\b", "a\nb"])
def test_a_name_must_be_fit_for_a_folder(name: str):
    with pytest.raises(ValidationError, match="folder"):
        recipe(name=name)
