"""Training the kind ``mixture``, over a tiny BERT."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import peft
import pytest

from hatelens.config.encoder import AdapterSettings, EncoderModel
from hatelens.config.mixture import GateModel, GateTraining, MixtureModel, MixtureTraining
from hatelens.data.example import Example
from hatelens.errors import ConfigError, DataError, ModelError
from hatelens.models import manifest as manifests
from hatelens.models import mixture as kind
from hatelens.models.classifier import Classifier
from hatelens.models.decision import softmax
from hatelens.models.manifest import Manifest, sha256
from hatelens.training import adapters, mixture
from hatelens.training.trained import Trained
from tests.models.adapter_folders import write_adapter
from tests.training.conftest import BAD, FAST, GOOD, LABELS, halves, lesson

PLATFORMS = {"microblog": ("birds",), "forum": ("posts",)}
TEXTS = [*GOOD, *BAD]


@pytest.fixture
def model(base_folder) -> MixtureModel:
    small = AdapterSettings(rank=2, alpha=4, targets=("query", "value"))
    return MixtureModel(
        over=EncoderModel(base=str(base_folder), max_length=16, adapter=small),
        platforms=PLATFORMS,
        gate=GateModel(base=str(base_folder), max_length=16),
    )


TRAINING = MixtureTraining(adapters=FAST, gate=GateTraining(kept=0.3, epochs=5))


def examples(first: int) -> list[Example]:
    """Return where the eight texts come from, twice."""
    sources = ["birds", "posts"] * 8
    return [Example(str(first + n), "a", source=source) for n, source in enumerate(sources)]


@pytest.fixture
def material(prepared):
    """Return the function that makes the material of two platforms."""

    def make(name="work", resume=None):
        train = lesson(TEXTS * 2, np.tile(halves(4), (2, 1)))
        held_out = replace(train, examples=examples(100))
        return prepared(
            name, train=replace(train, examples=examples(0)), held_out=held_out, resume=resume
        )

    return make


def changed(model: Any, **values: Any) -> Any:
    return type(model).model_validate(model.model_dump() | values)


def manifest_of(trained: Trained, work) -> Manifest:
    return Manifest(
        "tiny",
        "mixture",
        trained.runtime,
        LABELS,
        trained.architecture,
        {name: sha256(work / name) for name in trained.files},
        base=trained.base,
        cleaning="v1",
    )


@pytest.fixture
def trained(model, material):
    made = material()
    return mixture.train(model, TRAINING, made, 0), made


def test_a_mixture_comes_back_from_its_folder_with_the_same_scores(trained):
    made, material = trained
    manifest = manifest_of(made, material.work)
    again = kind.load(material.work, manifest)
    assert again.adapted.names == ("microblog", "forum", "all")
    before = made.scorer.logits(TEXTS)
    np.testing.assert_allclose(again.logits(TEXTS), before, atol=1e-6)
    assert len(Classifier(again, manifest).predict(["Marsh folk", "<b>"])) == 2
    json.dumps(manifest.architecture)


def test_each_adapter_learns_from_its_own_platform_and_one_from_all(trained):
    made, material = trained
    facts = made.facts["adapters"]
    counts = {name: one["texts"] for name, one in facts.items()}
    assert counts["all"] == counts["microblog"] + counts["forum"]
    assert counts["all"] + made.facts["gate"]["texts"] == 16
    assert 0 < made.facts["gate"]["texts"] < 12
    folders = {name: material.work / "adapters" / name for name in counts}
    weights = {sha256(path / "adapter_model.safetensors") for path in folders.values()}
    assert len(weights) == 3


def test_its_adapters_open_in_peft(trained):
    _, material = trained
    opened = peft.AutoPeftModelForSequenceClassification.from_pretrained(
        material.work / "adapters" / "forum", num_labels=2
    )
    assert opened.num_labels == 2


def test_the_gate_says_what_it_has_learned(trained):
    gate = trained[0].facts["gate"]
    assert gate["learns_from"] == "platform"
    assert 0.0 <= gate["platform_accuracy"] <= 1.0
    assert set(gate["mean_weights"]) == {"microblog", "forum"}


def test_a_gate_can_learn_from_the_task_and_weigh_the_adapter_over_all(model, material):
    wide = changed(model, gate=model.gate.model_dump() | {"all_data": True}, routing="top_k")
    by_task = changed(TRAINING, gate={"learns_from": "task", "epochs": 3, "kept": 0.0})
    made = material()
    trained = mixture.train(wide, by_task, made, 0)
    scorer = trained.scorer
    assert isinstance(scorer, kind.MixtureScorer)
    assert scorer.gate.names == ("microblog", "forum", "all")
    assert ((scorer.weights(TEXTS) > 0).sum(axis=1) == 2).all()
    assert trained.facts["gate"]["texts"] == 16


def test_a_gate_that_learns_from_the_platform_weighs_platforms_alone(model, material):
    wide = changed(model, gate=model.gate.model_dump() | {"all_data": True})
    with pytest.raises(ConfigError, match=r"cannot weigh all.*learns_from=task"):
        mixture.train(wide, TRAINING, material(), 0)


def test_a_killed_run_goes_on_with_the_next_adapter(model, material, monkeypatch, capsys):
    whole = material("whole")
    before = mixture.train(model, TRAINING, whole, 0)
    write, killed = adapters.write, material("killed")

    def dies(*values, **named):
        if values[-1] == "all":
            raise KeyboardInterrupt
        write(*values, **named)

    with monkeypatch.context() as patched:
        patched.setattr(adapters, "write", dies)
        with pytest.raises(KeyboardInterrupt):
            mixture.train(model, TRAINING, killed, 0)
    capsys.readouterr()
    after = mixture.train(model, TRAINING, material("again", resume=killed.resume), 0)
    said = capsys.readouterr()
    assert "adapter 'microblog' is there already" in said.err
    assert said.out == ""
    versions = [
        manifest_of(made, path).model_version
        for made, path in ((before, whole.work), (after, killed.work.with_name("again")))
    ]
    assert versions[0] == versions[1]


def test_an_adapter_trained_elsewhere_joins(model, material, base_folder, tmp_path, capsys):
    theirs = write_adapter(tmp_path / "theirs", base_folder, 7, labels=LABELS)
    joined = changed(model, adapters={"forum": str(theirs), "wiki": str(theirs)})
    by_task = changed(TRAINING, gate={"learns_from": "task", "epochs": 2})
    made = material()
    trained = mixture.train(joined, by_task, made, 0)
    scorer = trained.scorer
    assert isinstance(scorer, kind.MixtureScorer)
    assert scorer.adapted.names == ("microblog", "forum", "wiki", "all")
    assert scorer.gate.names == ("microblog", "forum", "wiki")
    alone = [scorer.adapted.logits(TEXTS, [name] * 8) for name in ("forum", "wiki")]
    np.testing.assert_allclose(softmax(alone[0]), softmax(alone[1]), atol=1e-6)
    assert "was trained on texts of cleaning 'none'" in capsys.readouterr().err
    again = kind.load(made.work, manifest_of(trained, made.work))
    np.testing.assert_allclose(again.logits(TEXTS), scorer.logits(TEXTS), atol=1e-6)


def test_an_adapter_on_another_base_is_refused(model, material, base_folder, tmp_path):
    theirs = write_adapter(tmp_path / "theirs", base_folder, 7, labels=LABELS)
    joined = changed(model, adapters={"forum": str(theirs)})
    base = manifests.read(theirs).base
    assert base is not None
    file = theirs / "manifest.json"
    other = {"base": {**vars(base), "sha256": "0" * 64}}
    file.write_text(json.dumps(json.loads(file.read_text()) | other))
    with pytest.raises(ModelError, match="'forum' has the base model of sha256 0000"):
        mixture.train(joined, TRAINING, material(), 0)
    file.unlink()
    with pytest.raises(ModelError, match="hatelens models adopt"):
        mixture.train(joined, TRAINING, material("again"), 0)


def test_a_platform_without_texts_is_named(model, material):
    for platforms, words in (
        ({"microblog": ["birds", "posts"], "wiki": ["posts:gab"]}, "named 'posts:gab'"),
        ({"microblog": ["birds"], "wiki": ["birdz"]}, "did you mean 'birds'"),
        ({"microblog": ["birds"]} | {"wiki": ["posts:x"]}, "named 'posts:x'"),
    ):
        with pytest.raises(DataError, match=words):
            mixture.train(changed(model, platforms=platforms), TRAINING, material(), 0)


def test_base_and_training_of_two_kinds_are_refused(model, material):
    other = changed(TRAINING, adapters={"kind": "decoder"})
    with pytest.raises(ConfigError, match=r"set training\.adapters\.kind=encoder"):
        mixture.train(model, other, material(), 0)
