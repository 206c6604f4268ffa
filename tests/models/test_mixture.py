"""The kind ``mixture``: routing, and its folder."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from hatelens.errors import ModelError
from hatelens.models import folder, mixture
from hatelens.models import manifest as manifests
from hatelens.models.classifier import Classifier
from hatelens.models.decision import Calibration, softmax
from hatelens.models.manifest import sha256
from hatelens.models.mixture import MixtureScorer
from hatelens.models.routing import Kind, Routing
from tests.models.adapter_folders import LABELS, NAMES, TEXTS, write_mixture

KINDS: tuple[Kind, ...] = ("blend", "cat", "top_k", "one", "uniform", "all")


@pytest.fixture
def scorer(tmp_path, base_folder) -> MixtureScorer:
    return write_mixture(tmp_path / "model", base_folder, Routing())


def routed(scorer: MixtureScorer, kind: Kind, k: int = 1) -> MixtureScorer:
    return MixtureScorer(scorer.adapted, scorer.gate, Routing(kind, k, "forum"))


def test_top_1_answers_as_the_single_adapter(scorer):
    best = scorer.gate.weights(TEXTS).argmax(axis=1)
    alone = scorer.adapted.logits(TEXTS, [NAMES[each] for each in best])
    mixed = routed(scorer, "top_k").logits(TEXTS)
    np.testing.assert_allclose(softmax(mixed), softmax(alone), atol=1e-6)


def test_a_single_adapter_can_be_asked_by_name(scorer):
    for kind, name in (("one", "forum"), ("all", "all")):
        alone = scorer.adapted.logits(TEXTS, [name] * len(TEXTS))
        mixed = routed(scorer, kind).logits(TEXTS)
        np.testing.assert_allclose(softmax(mixed), softmax(alone), atol=1e-6)


def test_a_blend_is_the_weighted_mean_of_the_probabilities(scorer):
    weights = scorer.weights(TEXTS)
    apart = [softmax(scorer.adapted.logits(TEXTS, [name] * len(TEXTS))) for name in NAMES]
    expected = np.einsum("ta,atl->tl", weights, np.stack(apart))
    np.testing.assert_allclose(np.exp(scorer.logits(TEXTS)), expected, atol=1e-6)
    np.testing.assert_allclose(weights[:, 2], 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_equals_its_texts_one_by_one(scorer, kind):
    mixed = routed(scorer, kind, 2)
    alone = np.concatenate([mixed.logits([text]) for text in TEXTS])
    np.testing.assert_allclose(mixed.logits(TEXTS), alone, atol=1e-5)


def test_only_the_adapters_with_a_weight_are_asked(scorer, monkeypatch):
    asked: list[list[str]] = []
    logits = scorer.adapted.logits

    def listened(texts, adapters):
        asked.append(list(adapters))
        return logits(texts, adapters)

    monkeypatch.setattr(scorer.adapted, "logits", listened)
    routed(scorer, "top_k").logits(TEXTS)
    routed(scorer, "blend").logits(TEXTS)
    assert [len(names) for names in asked] == [5, 10]
    assert "all" not in asked[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_gives_the_scores_of_the_model_that_wrote_it(tmp_path, base_folder, kind):
    before = write_mixture(tmp_path / "model", base_folder, Routing(kind, 2, "forum"))
    shutil.move(tmp_path / "model", tmp_path / "moved")
    manifest = manifests.read(tmp_path / "moved")
    after = mixture.load(tmp_path / "moved", manifest)
    np.testing.assert_allclose(after.logits(TEXTS), before.logits(TEXTS), atol=1e-6)
    (prediction,) = Classifier(after, manifest).predict(["marsh folk"])
    assert sum(prediction.scores.values()) == pytest.approx(1.0)
    assert set(prediction.scores) == set(LABELS.names)
    assert after.windows("a") == [(0, 1)]


def test_its_logits_can_be_calibrated(scorer):
    logits = scorer.logits(TEXTS)
    np.testing.assert_allclose(Calibration().apply(logits), np.exp(logits), atol=1e-12)
    warm = Calibration("temperature", 2.0).apply(logits)
    assert (warm.max(axis=1) < np.exp(logits).max(axis=1)).all()
    np.testing.assert_array_equal(warm.argmax(axis=1), logits.argmax(axis=1))


def test_each_adapter_of_the_folder_is_a_model_of_its_own(tmp_path, scorer):
    alone = folder.classifier(str(tmp_path / "model" / "adapters" / "forum"))
    theirs = scorer.adapted.logits(TEXTS, ["forum"] * len(TEXTS))
    np.testing.assert_allclose(alone.scorer.logits(TEXTS), theirs, atol=1e-5)


def test_another_adapter_is_another_version(tmp_path, base_folder, scorer):
    path = tmp_path / "model"
    manifest = manifests.read(path)
    part = path / "adapters" / "forum"
    shutil.rmtree(part)
    shutil.copytree(path / "adapters" / "all", part)
    with pytest.raises(ModelError, match="is not the file that"):
        manifests.read(path)
    named = {name: sha256(path / name) for name in manifest.files}
    values = json.loads((path / "manifest.json").read_text()) | {"files": named}
    (path / "manifest.json").write_text(json.dumps(values))
    changed = manifests.read(path)
    assert changed.model_version != manifest.model_version
    after = mixture.load(path, changed).logits(TEXTS)
    assert np.abs(after - scorer.logits(TEXTS)).max() > 1e-3


def test_another_routing_is_another_version(tmp_path, base_folder):
    versions = set()
    for kind in KINDS:
        write_mixture(tmp_path / kind / "model", base_folder, Routing(kind, 2, "forum"))
        versions.add(manifests.read(tmp_path / kind / "model").model_version)
    assert len(versions) == len(KINDS)


def test_an_adapter_outside_the_folder_is_refused(tmp_path, scorer, edit_manifest):
    path = tmp_path / "model"
    values = json.loads((path / "manifest.json").read_text())["architecture"]
    for name in ("../../parts/forum", "gone"):
        edit_manifest(path, architecture=values | {"adapters": [name]})
        with pytest.raises(ModelError, match="lacks its adapter"):
            mixture.load(path, manifests.read(path))
