"""A training run, from recipe to folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import yaml

import hatelens
from hatelens.config.compose import compose
from hatelens.config.schema import ThresholdSettings
from hatelens.errors import ConfigError, ModelError
from hatelens.labels import LabelSet
from hatelens.models import manifest as manifests
from hatelens.models.decision import Thresholds
from hatelens.training.run import TRAINERS, run
from hatelens.training.run import _thresholds as thresholds_of

LABELS = LabelSet(("normal", "hateful"), ("hateful",))


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
    scores, truth = np.array([0.9, 0.1]), np.array([[1.0, 0.0], [0.0, 1.0]])
    settings = ThresholdSettings(target="precision>=0.9")
    assert thresholds_of(scores, truth, LABELS, settings) == Thresholds()
    said = capsys.readouterr().err
    assert "set on 2 validation texts only" in said
    assert "The threshold stays at 0.5" in said


def test_thresholds_are_set_on_texts_of_which_it_is_known_whether_they_are_hateful():
    labels = LabelSet(("normal", "offensive", "hateful"), ("hateful",))
    scores = np.array([0.9, 0.1, 0.95, 0.99])
    truth = np.array([[0.0, 0, 1], [1, 1, 0], [0, 1, 1], [0, 1, 1]])  # two may be either
    settings = ThresholdSettings(target="precision>=0.9", abstain=0.0)
    assert 0.1 < thresholds_of(scores, truth, labels, settings).flag <= 0.9


@pytest.fixture(scope="module")
def trained_encoder(tmp_path_factory, base_folder, cache, without_shared_data):
    """A tiny encoder with two folds, a head and an own argument of the Trainer."""
    folder = tmp_path_factory.mktemp("encoder")
    recipe = folder / "tiny.yaml"
    recipe.write_text(
        "defaults: [demo_encoder, _self_]\n"
        "heads:\n"
        "  attributes:\n"
        "    type: attributes\n"
        "    names: [toxic]\n"
        "    train: {sample: {label=hateful: toxic}}\n"
    )
    out = folder / "model"
    return run(
        compose(
            [
                f"recipe={recipe}",
                f"model.base={base_folder}",
                "model.max_length=32",
                "data.limit=120",
                "folds=2",
                "training.num_train_epochs=1",
                "training.logging_steps=1",
                f"out={out}",
            ]
        )
    )


def test_an_encoder_folder_holds_its_heads_and_the_figures_of_its_folds(trained_encoder):
    names = {path.name for path in trained_encoder.iterdir()}
    assert {"model.safetensors", "heads.safetensors", "config.json", "MODEL_CARD.md"} <= names
    manifest = manifests.read(trained_encoder)
    (head,) = manifest.heads
    assert (head.name, head.names) == ("attributes", ("toxic",))
    figures = manifest.training["folds"]["macro_f1"]
    assert set(figures) == {"mean", "deviation", "fold 1", "fold 2"}
    assert 0 <= figures["mean"] <= 1
    (prediction,) = hatelens.load(str(trained_encoder)).predict(["a marsh"])
    assert set(prediction.attributes) == {"toxic"}


def test_what_a_killed_run_would_go_on_from_is_gone_when_all_is_written(trained_encoder):
    left = Path(os.environ["HATELENS_CACHE"]) / "resume"
    assert trained_encoder.is_dir()
    assert not list(left.glob("*"))


def test_a_kind_that_nobody_trains_is_said():
    with pytest.raises(ConfigError, match="No kind of model to train"):
        TRAINERS.load("oracle")
