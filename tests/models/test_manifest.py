"""Manifests: versions that change when they must, folders that are what they say."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hatelens.errors import ModelError
from hatelens.labels import LabelSet
from hatelens.models import manifest as manifests
from hatelens.models.decision import Calibration, Thresholds
from hatelens.models.manifest import Base, Manifest, Source

MANIFEST = Manifest(
    name="tiny",
    kind="linear",
    runtime="numpy",
    labels=LabelSet(("normal", "hateful"), ("hateful",)),
    architecture={"buckets": 8},
    files={"model.safetensors": "abc"},
    base=Base("minilm", "package", None, "def"),
    data=(Source("sample", "123", "CC0-1.0", 10, 2),),
    split={"train": "t"},
)


def test_a_manifest_survives_json():
    assert Manifest.from_dict(json.loads(MANIFEST.to_json())) == MANIFEST


@pytest.mark.parametrize(
    "change",
    [
        {"files": {"model.safetensors": "abd"}},
        {"calibration": Calibration("temperature", 2.0)},
        {"cleaning": "v1"},
        {"base": None},
        {"labels": LabelSet(("normal", "hateful"), ())},
        {"architecture": {"buckets": 9}},
    ],
)
def test_what_changes_a_score_changes_the_model_version(change):
    assert replace(MANIFEST, **change).model_version != MANIFEST.model_version
    assert replace(MANIFEST, **change).policy_version == MANIFEST.policy_version


def test_what_changes_a_decision_changes_the_policy_version_alone():
    other = replace(MANIFEST, thresholds=Thresholds(0.9, 0.8))
    assert other.policy_version != MANIFEST.policy_version
    assert other.model_version == MANIFEST.model_version


def test_a_name_or_a_target_changes_no_version():
    other = replace(MANIFEST, name="other", thresholds=Thresholds(target="fpr<=0.5"))
    assert other.model_version == MANIFEST.model_version
    assert other.policy_version == MANIFEST.policy_version


def test_a_folder_without_a_manifest_is_no_model_folder(tmp_path):
    with pytest.raises(ModelError, match="is not a model folder"):
        manifests.read(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', '{"format": 1, "name": "x"}'])
def test_a_damaged_manifest_is_said_to_be(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match="is damaged"):
        manifests.read(tmp_path)


def test_a_manifest_of_a_later_format_asks_for_an_upgrade(tmp_path):
    (tmp_path / "manifest.json").write_text('{"format": 99}')
    with pytest.raises(ModelError, match="upgrade hatelens"):
        manifests.read(tmp_path)


def test_a_changed_weight_file_is_found(linear_folder):
    with (linear_folder / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x42")
    with pytest.raises(ModelError, match=r"model\.safetensors is not the file"):
        manifests.read(linear_folder)


def test_a_missing_weight_file_is_found(linear_folder):
    (linear_folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="is not the file"):
        manifests.read(linear_folder)
