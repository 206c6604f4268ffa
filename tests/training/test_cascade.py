"""Making a cascade, from recipe to folder."""

from __future__ import annotations

import numpy as np
import pytest

from hatelens import detect
from hatelens.config.compose import compose
from hatelens.data.example import Example
from hatelens.errors import DataError
from hatelens.labels import POOLED, LabelSet
from hatelens.models import folder
from hatelens.models import manifest as manifests
from hatelens.models.classifier import Classifier
from hatelens.training import student
from hatelens.training.cascade import _truth as truth_of
from hatelens.training.run import run
from hatelens.training.teacher import Teacher

SETTINGS = ["recipe=demo_cascade", "training.auroc_loss=0.2", "model.first.buckets=4096"]


@pytest.fixture(scope="module")
def made(trained_linear, tmp_path_factory, without_shared_data):
    target = tmp_path_factory.mktemp("cascade") / "model"
    return run(compose([*SETTINGS, f"model.strong={trained_linear}", f"out={target}"]))


def test_the_folder_holds_all_that_it_needs(made, trained_linear):
    names = {path.name for path in made.iterdir()}
    assert names == {"manifest.json", "config.yaml", "MODEL_CARD.md", "report", "first", "strong"}
    manifest = manifests.read(made)
    strong = manifests.read(trained_linear)
    assert (manifest.kind, manifest.labels) == ("cascade", strong.labels)
    assert manifest.thresholds == strong.thresholds
    assert manifest.architecture["stages"][1]["model_version"] == strong.model_version


def test_it_clears_some_and_asks_the_strong_detector_for_the_rest(made, trained_linear):
    texts = ["The Quendari sing well.", "Zorblaxians are worthless, throw them all out.", "Hello."]
    said, alone = (detect.load(str(path)).predict(texts) for path in (made, trained_linear))
    assert manifests.read(made).training["band"]["cleared"] > 0
    for one, other in zip(said, alone, strict=True):
        assert one.decision in {other.decision, "clear"}
        assert sum(one.scores.values()) == pytest.approx(1)


def test_the_card_says_bound_parts_and_cost(made):
    card = (made / "MODEL_CARD.md").read_text()
    for words in ("AUROC at most 0.2 lower", "texts that the first stage answers", "## Limits"):
        assert words in card
    assert manifests.read(made).model_version in card


def test_a_strong_model_beside_it_is_shared_and_the_same_recipe_gives_the_same(
    made, trained_linear, without_shared_data
):
    target = trained_linear.parent / "cascade"
    run(compose([*SETTINGS, f"model.strong={trained_linear}", f"out={target}"]))
    stages = manifests.read(target).architecture["stages"]
    assert stages[1]["folder"] == f"../{trained_linear.name}"
    assert not (target / "strong").exists()
    first = [manifests.read(path / "first").model_version for path in (made, target)]
    assert first[0] == first[1]


def test_a_band_of_another_data_set_is_refused(trained_linear, tmp_path, without_shared_data):
    settings = [*SETTINGS, f"model.strong={trained_linear}", f"out={tmp_path / 'x'}"]
    with pytest.raises(DataError, match=r"training\.band"):
        run(compose([*settings, "training.band=[ghc]", "model.first.cleaning=none"]))


def test_a_label_that_leaves_it_open_is_no_truth():
    labels = LabelSet(("normal", "offensive", "hateful"), ("hateful",))
    found = [
        truth_of(Example("1", "x", label), labels) for label in ("hateful", "normal|offensive")
    ]
    assert found == [1.0, 0.0]
    for label in ("normal|hateful", None):
        assert np.isnan(truth_of(Example("1", "x", label), labels))


def test_labels_move_what_is_learned_and_unlabelled_texts_stay():
    said = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]])
    logits = student.targets(said, np.array([1.0, 0.0, np.nan]), POOLED, 2.0)
    odds = logits[:, 1] - logits[:, 0]
    np.testing.assert_allclose(odds - np.log(1 / 9), [1.0, -1.0, 0.0], atol=1e-9)
    unlabelled = student.targets(said, np.full(3, np.nan), POOLED, 2.0)
    np.testing.assert_allclose(unlabelled[:, 1] - unlabelled[:, 0], np.log(1 / 9), atol=1e-9)


def test_a_student_learns_the_logits():
    texts = ["marsh folk sing", "worthless marsh"] * 10
    logits = np.array([[1.0, -1.0], [-1.0, 1.0]] * 10)
    architecture = {"buckets": 1024, "char_ngrams": [2, 3], "word_ngrams": [1, 1]}
    model = student.fit(texts, logits, architecture, 0.01)
    np.testing.assert_allclose(model.logits(texts), logits, atol=0.05)


def test_a_teacher_is_asked_once_for_each_text(trained_linear, tmp_path, monkeypatch):
    strong = folder.load(str(trained_linear))
    texts = ["one \ud800", "two", "one \ud800"]
    said = Teacher(strong, tmp_path).scores(texts)
    expected = [[one.scores[n] for n in strong.labels.names] for one in strong.predict(texts)]
    np.testing.assert_allclose(said, expected)

    monkeypatch.setattr(Classifier, "predict", lambda *_: pytest.fail("asked again"))
    np.testing.assert_array_equal(Teacher(strong, tmp_path).scores(texts), said)
    assert Teacher(strong, tmp_path).scores([]).shape == (0, len(strong.labels))
