"""A cheap detector before a strong one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from hatelens import detect
from hatelens.errors import ModelError
from hatelens.labels import LabelSet
from hatelens.models import folder
from hatelens.models import manifest as manifests
from hatelens.models.cascade import Band, Cascade, Stage
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction, Span
from hatelens.models.manifest import Manifest

THREE = LabelSet(("normal", "offensive", "hateful"), ("hateful",))
TWO = LabelSet(("other", "hateful"), ("hateful",))
THRESHOLDS = Thresholds(flag=0.7, clear=0.4)


class Told:
    """A detector that scores a text by the number it holds, and remembers what it was asked."""

    def __init__(self, labels=TWO, size=100):
        self.labels, self.languages, self.thresholds = labels, ("en",), THRESHOLDS
        self.named = {}
        self.model_version = self.policy_version = "told"
        self.asked, self.size = [], size

    def predict(self, texts):
        self.asked.append(list(texts))
        return [self._said(text) for text in texts]

    def windows(self, text):
        if len(text) <= self.size:
            return [(0, len(text))]
        return [(i, min(i + self.size, len(text))) for i in range(0, len(text), self.size)]

    def _said(self, text):
        hateful = float(text.strip() or 0)
        rest = (1 - hateful) / (len(self.labels) - 1)
        scores = dict.fromkeys(self.labels.names, rest) | {"hateful": hateful}
        label = max(scores, key=scores.__getitem__)
        decision = self.thresholds.decide(hateful)
        spans = (Span(0, 1, hateful),)
        return Prediction(label, hateful, decision, scores, "told", "told", spans=spans)


def manifest(**values):
    settings = {"stages": []}
    return Manifest("c", "cascade", "parts", THREE, settings, {}, thresholds=THRESHOLDS, **values)


def cascade(band, first=None, last=None):
    return Cascade([Stage(first or Told(), band)], last or Told(THREE), manifest())


def test_what_the_first_stage_is_sure_of_goes_no_further():
    last = Told(THREE)
    model = cascade(Band(0.3), last=last)
    said = model.predict(["0.1", "0.5", "0.2", "0.9"])
    assert last.asked == [["0.5", "0.9"]]
    assert [one.hateful for one in said] == [0.1, 0.5, 0.2, 0.9]
    assert [one.decision for one in said] == ["clear", "unsure", "clear", "flag"]
    assert {one.model_version for one in said} == {model.model_version}
    assert model.languages == ("en",)


def test_it_may_also_flag_what_it_is_sure_of():
    last = Told(THREE)
    said = cascade(Band(0.3, flag_above=0.8), last=last).predict(["0.9", "0.8", "0.1"])
    assert last.asked == [["0.8"]]
    assert said[0].label == "hateful"


def test_when_all_is_answered_early_the_last_is_given_nothing():
    last = Told(THREE)
    assert len(cascade(Band(1.0), last=last).predict(["0.1"])) == 1
    assert last.asked == []
    assert cascade(Band(1.0)).predict([]) == []


def test_early_answers_are_on_the_scale_of_the_last_stage():
    band = Band(0.5, scale=((0.0, 0.0), (0.4, 0.1), (1.0, 0.9)))
    (said,) = cascade(band).predict(["0.2"])
    assert said.hateful == pytest.approx(0.05)
    assert sum(said.scores.values()) == pytest.approx(1)
    assert said.scores["hateful"] == pytest.approx(said.hateful)
    assert said.label == "normal"


def test_scores_share_a_side_as_the_first_stage_does():
    first = Told(LabelSet(("normal", "hateful"), ("hateful",)))
    (said,) = cascade(Band(0.5), first=first).predict(["0.2"])
    assert said.scores == pytest.approx({"normal": 0.8, "offensive": 0.0, "hateful": 0.2})
    (unknown,) = cascade(Band(0.5)).predict(["0.2"])
    assert unknown.scores == pytest.approx({"normal": 0.4, "offensive": 0.4, "hateful": 0.2})


def test_the_last_stage_reads_long_texts_in_windows_and_the_worst_one_counts():
    class Unsure(Told):
        def _said(self, text):
            return super()._said("0.5")

    last = Told(THREE, size=3)
    (said,) = cascade(Band(0.1), first=Unsure(), last=last).predict(["0.30.80.2"])
    assert last.asked == [["0.3", "0.8", "0.2"]]
    assert said.hateful == 0.8


def test_three_stages_pass_on_what_none_is_sure_of():
    middle, last = Told(), Told(THREE)
    stages = [Stage(Told(), Band(0.2)), Stage(middle, Band(0.5))]
    said = Cascade(stages, last, manifest()).predict(["0.1", "0.4", "0.6"])
    assert (middle.asked, last.asked) == ([["0.4", "0.6"]], [["0.6"]])
    assert [one.hateful for one in said] == [0.1, 0.4, 0.6]


def test_a_cascade_of_one_and_independent_labels_are_refused():
    with pytest.raises(ModelError, match="a stage before the last"):
        Cascade([], Told(THREE), manifest())
    with pytest.raises(ModelError, match="of which a text bears one"):
        cascade(Band(0.5), last=Told(replace(TWO, multi=True)))


def test_a_band_outlives_json():
    band = Band(0.25, 0.9, ((0.0, 0.1), (1.0, 0.8)))
    assert Band.from_dict(json.loads(json.dumps(band.to_dict()))) == band
    np.testing.assert_allclose(band.scaled(np.array([0.0, 0.5])), [0.1, 0.45])


@pytest.fixture
def written(linear_folder, tmp_path):
    """A cascade of two linear models: one inside its folder, one beside it."""
    target = tmp_path / "cascade"
    target.mkdir()
    shutil.copytree(linear_folder, target / "first")
    version = manifests.read(linear_folder).model_version
    stages = [
        {"folder": "first", "model_version": version} | Band(0.5).to_dict(),
        {"folder": "../linear", "model_version": version},
    ]
    labels = manifests.read(linear_folder).labels
    made = Manifest("c", "cascade", "parts", labels, {"stages": stages}, {})
    folder.write_manifest(target, made)
    return target


def edit(path, change):
    values = json.loads((path / "manifest.json").read_text())
    change(values["architecture"]["stages"])
    (path / "manifest.json").write_text(json.dumps(values))


def test_a_folder_opens_with_its_stages_wherever_it_is_named_from(written, tmp_path):
    texts = ["marsh folk sing", "quendari", ""]
    said = detect.load(str(written)).predict(texts)
    alone = detect.load(str(tmp_path / "linear")).predict(texts)
    assert [one.hateful for one in said] == pytest.approx([one.hateful for one in alone])
    assert said[0].model_version == manifests.read(written).model_version
    link = tmp_path / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to(written)
    assert detect.load(str(link)).predict(texts) == said


def test_another_band_is_another_version(written):
    before = manifests.read(written).model_version
    edit(written, lambda stages: stages[0].update(clear_below=0.6))
    assert manifests.read(written).model_version != before


@pytest.mark.parametrize("path", ["/etc", "../../x", "first/../..", "..", "."])
def test_a_stage_that_lies_elsewhere_is_refused(written, path):
    edit(written, lambda stages: stages[1].update(folder=path))
    with pytest.raises(ModelError, match="lies in the folder or beside it"):
        folder.load(str(written))


def test_a_stage_of_another_version_is_refused(written):
    edit(written, lambda stages: stages[1].update(model_version="0" * 16))
    with pytest.raises(ModelError, match="was fitted with version 0000"):
        folder.load(str(written))


def test_what_needs_weights_says_that_a_cascade_has_none(written):
    with pytest.raises(ModelError, match="no weights of its own"):
        folder.classifier(str(written))
    assert folder.classifier(str(written / "first")).labels.hateful == ("hateful",)
