"""A training run, from recipe to folder."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaml

import hatelens
from hatelens.config.compose import compose
from hatelens.config.schema import ThresholdSettings
from hatelens.errors import ConfigError, ModelError
from hatelens.models import manifest as manifests
from hatelens.models.decision import Thresholds
from hatelens.training.run import TRAINERS, run
from hatelens.training.run import _thresholds as thresholds_of


def test_the_folder_holds_everything_that_was_promised(trained_two_stage):
    names = {path.name for path in trained_two_stage.iterdir()}
    assert names == {
        "manifest.json",
        "model.safetensors",
        "tokenizer.json",
        "config.yaml",
        "MODEL_CARD.md",
        "report",
        "log",
    }
    assert (trained_two_stage / "report" / "report.html").is_file()


def test_the_manifest_tells_what_it_was_made_from(trained_linear):
    manifest = manifests.read(trained_linear)
    assert (manifest.kind, manifest.runtime, manifest.cleaning) == ("linear", "numpy", "v1")
    assert manifest.labels.hateful == ("hateful",)
    (source,) = manifest.data
    assert source.card == "sample"
    assert source.licence.startswith("CC0")
    assert source.rows_train > 300
    assert len(manifest.split["train"]) == 64
    assert 0 < manifest.thresholds.clear <= manifest.thresholds.flag < 1
    assert manifest.package == hatelens.__version__


def test_it_does_better_than_guessing_on_texts_it_has_not_seen(trained_linear):
    report = json.loads((trained_linear / "report" / "report.json").read_text())
    assert report["classes"]["summary"]["auroc"]["low"] > 0.6


def test_the_configuration_trains_the_same_model_again(trained_linear, tmp_path):
    recipe = compose([f"recipe={trained_linear / 'config.yaml'}", f"out={tmp_path / 'again'}"])
    again = run(recipe)
    versions = [manifests.read(folder).model_version for folder in (trained_linear, again)]
    assert versions[0] == versions[1]
    config = yaml.safe_load((again / "config.yaml").read_text())
    assert config["model"]["kind"] == "linear"


def test_the_model_card_names_data_limits_and_versions(trained_linear):
    card = (trained_linear / "MODEL_CARD.md").read_text()
    manifest = manifests.read(trained_linear)
    for words in ("sample", "CC0", manifest.model_version, "## Limits", "macro_f1"):
        assert words in card


def test_without_a_folder_named_it_goes_into_runs(tmp_path, monkeypatch, without_shared_data):
    monkeypatch.chdir(tmp_path)
    folder = run(compose(["recipe=demo_linear", "model.buckets=1024"]))
    assert folder.parent.name == "runs"
    assert folder.name.startswith("demo_linear-")


def test_an_existing_folder_is_kept(trained_linear):
    with pytest.raises(ModelError, match="overwrite=true"):
        run(compose(["recipe=demo_linear", f"out={trained_linear}"]))


def test_a_target_that_no_threshold_reaches_does_not_lose_the_training(capsys):
    scores, truth = np.array([0.9, 0.1]), np.array([False, True])
    thresholds = thresholds_of(scores, truth, ThresholdSettings(target="precision>=0.9"))
    assert thresholds == Thresholds()
    assert "The threshold stays at 0.5" in capsys.readouterr().err


def test_a_kind_that_nobody_trains_is_said():
    with pytest.raises(ConfigError, match="No kind of model to train"):
        TRAINERS.load("oracle")
