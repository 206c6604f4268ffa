"""Training the kind ``two_stage``, on a tiny base."""

from __future__ import annotations

import csv
import sys

import numpy as np
import pytest
from safetensors.torch import load_file

from hatelens.config.schema import LinearLayer, MlpLayer, TwoStageModel, TwoStageTraining
from hatelens.training import two_stage
from hatelens.training.trained import Material
from tests.training.conftest import LABELS, halves, lesson

GOOD = ["marsh folk sing", "folk sing", "marsh marsh sing", "sing marsh"] * 6
BAD = ["worthless a b", "worthless", "a worthless b", "b a worthless"] * 6


def prepared(folder):
    folder.mkdir(exist_ok=True)
    held_out = lesson(GOOD[:4] + BAD[:4], halves(4))
    train = lesson(GOOD + BAD, halves(24))
    return Material(train, held_out, held_out.classes, LABELS, folder, folder / "resume")


@pytest.fixture
def model(base_folder):
    return TwoStageModel(base=str(base_folder), max_length=16, layer=LinearLayer())


FAST = TwoStageTraining(lr=0.05, batch_size=16, epochs=30)


def test_it_learns_logs_and_keeps_no_pickle(model, tmp_path):
    trained = two_stage.train(model, FAST, prepared(tmp_path / "work"), 0)
    assert trained.scorer.logits(GOOD + BAD).argmax(axis=1).tolist() == [0] * 24 + [1] * 24
    with (tmp_path / "work" / "log" / "metrics.csv").open() as file:
        losses = [
            float(row["validation_loss"]) for row in csv.DictReader(file) if row["validation_loss"]
        ]
    assert losses[-1] < losses[0]
    assert trained.facts["best_validation_loss"] == pytest.approx(min(losses), rel=1e-4)
    written = {path.suffix for path in (tmp_path / "work").rglob("*") if path.is_file()}
    assert written <= {".safetensors", ".json", ".csv", ".yaml"}


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(model, tmp_path):
    model = model.model_copy(update={"layer": MlpLayer(width=8)})
    weights = []
    for number, seed in enumerate((3, 3, 4)):
        folder = tmp_path / f"run{number}"
        two_stage.train(model, FAST.model_copy(update={"epochs": 2}), prepared(folder), seed)
        weights.append(load_file(folder / "model.safetensors")["stack.0.weight"].numpy())
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_it_stops_early_with_the_weights_of_the_best_epoch(model, tmp_path):
    patient = FAST.model_copy(update={"lr": 5.0, "epochs": 50, "patience": 2})
    trained = two_stage.train(model, patient, prepared(tmp_path / "work"), 0)
    assert trained.facts["epochs"] < 50


def test_a_profile_is_written_when_asked_for(model, tmp_path):
    profiled = FAST.model_copy(update={"profile": True, "epochs": 1})
    two_stage.train(model, profiled, prepared(tmp_path / "work"), 0)
    (profile,) = (tmp_path / "work" / "log").glob("*profile*")
    assert "run_training_epoch" in profile.read_text()


def test_progress_goes_to_a_terminal_on_stderr(model, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    two_stage.train(model, FAST.model_copy(update={"epochs": 1}), prepared(tmp_path / "work"), 0)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Epoch" in captured.err
