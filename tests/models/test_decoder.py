"""The kind ``decoder``: saved, opened, asked in three ways."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hatelens.labels import LabelSet
from hatelens.models import causal, decoder, folder, label_words
from hatelens.models.base import resolve
from hatelens.models.manifest import Manifest
from tests import hostile, language_model

LABELS = LabelSet(("normal", "offensive", "hateful"), ("hateful",))
WORDS = {"normal": "normal", "offensive": "very offensive", "hateful": "hate"}
ADAPTER = {"rank": 4, "alpha": 8, "dropout": 0.0, "targets": ["q_proj", "lm_head"], "bias": "none"}
TEXTS = ["the folk of the marsh sing", "Zorblaxians are vermin", "", "tea " * 30]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return language_model.write(tmp_path_factory.mktemp("lm"))


def settings(base, **more):
    return {
        "kind": "decoder",
        "base": str(base),
        "precision": "fp32",
        "prompt": "classify",
        "chat": True,
        "max_length": 200,
        "head": "labels",
        "decode": "probability",
        "answers": WORDS,
        "adapter": None,
        "generation": {},
    } | more


def stirred(model):
    torch.manual_seed(3)
    for name, weights in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.2)
    return model.eval()


def built(base, architecture):
    """Open a base as its architecture says, with an adapter as if it had been trained."""
    found = resolve(str(base))
    tokens = decoder.prompted(base, architecture)
    if architecture["head"] == "linear":
        torch.manual_seed(0)
        model, task = causal.open_classifier(found, LABELS, tokens.pad), "SEQ_CLS"
    else:
        model, task = causal.open_base(found), "CAUSAL_LM"
    if architecture["adapter"]:
        model = stirred(causal.adapted(model, architecture["adapter"], task))
    return decoder.DecoderScorer(model, tokens, architecture), found


def write(target, scorer, found):
    with folder.writing(target) as work:
        files = decoder.save(scorer.model, scorer.tokens, work)
        manifest = Manifest(
            name="test",
            kind="decoder",
            runtime="torch",
            labels=LABELS,
            architecture=scorer.settings,
            files=folder.hashes(work, files),
            base=found.record,
        )
        folder.write_manifest(work, manifest)
    return files


@pytest.mark.parametrize("head", ["labels", "linear"])
@pytest.mark.parametrize("adapter", [None, ADAPTER, {**ADAPTER, "targets": ["v_proj"]}])
def test_a_folder_opens_with_the_scores_that_it_was_saved_with(base, tmp_path, head, adapter):
    if head == "linear" and adapter and "lm_head" in adapter["targets"]:
        pytest.skip("a model with a head of its own has no lm_head")
    scorer, found = built(base, settings(base, head=head, adapter=adapter))
    files = write(tmp_path / "model", scorer, found)
    opened = folder.classifier(str(tmp_path / "model"))
    np.testing.assert_allclose(opened.logits(TEXTS), scorer.logits(TEXTS), atol=1e-4)
    assert {"tokenizer.json", "chat_template.jinja", "prompt.txt"} <= set(files)
    assert not (tmp_path / "model" / "README.md").exists()
    assert ("adapter_model.safetensors" in files) == bool(adapter)


def test_an_adapter_holds_no_weights_of_the_base(base, tmp_path):
    scorer, found = built(base, settings(base, adapter=ADAPTER))
    write(tmp_path / "model", scorer, found)
    whole = (base / "model.safetensors").stat().st_size
    assert (tmp_path / "model" / "adapter_model.safetensors").stat().st_size < whole / 4


def test_the_prompt_of_the_folder_is_read_and_not_the_packages(base, tmp_path):
    scorer, found = built(base, settings(base))
    write(tmp_path / "model", scorer, found)
    written = (tmp_path / "model" / "prompt.txt").read_text(encoding="utf-8")
    assert written == scorer.tokens.prompt.template
    opened: Any = folder.classifier(str(tmp_path / "model")).scorer
    assert opened.tokens.prompt.name == "classify"
    assert opened.tokens.prefix == scorer.tokens.prefix


@pytest.mark.parametrize("head", ["labels", "linear"])
def test_a_batch_equals_its_texts_one_by_one(base, head):
    scorer, _ = built(base, settings(base, head=head))
    alone = [scorer.logits([text])[0] for text in TEXTS]
    np.testing.assert_allclose(scorer.logits(TEXTS), alone, atol=1e-4)


def test_a_prediction_knows_its_label_and_nothing_hostile_breaks_it(base, tmp_path):
    scorer, found = built(base, settings(base))
    write(tmp_path / "model", scorer, found)
    detector = folder.load(str(tmp_path / "model"))
    texts = list(hostile.strings(40, longest=3000))
    said = detector.predict([text[slice(*detector.windows(text)[0])] for text in texts])
    assert all(one.label in LABELS.names for one in said)
    assert all(abs(sum(one.scores.values()) - 1) < 1e-6 for one in said)


def test_shots_of_the_architecture_stand_in_the_prompt(base):
    shots = [{"text": "they sing", "answer": "normal"}]
    plain = decoder.prompted(base, settings(base))
    shown = decoder.prompted(base, settings(base, shots=shots, max_length=400))
    assert len(shown.prefix) > len(plain.prefix)


def test_generated_answers_are_parsed_and_others_counted_apart(base):
    scorer, _ = built(base, settings(base, decode="generate"))
    made = scorer.logits(TEXTS)
    assert made.shape == (4, 3)
    assert scorer.read == 4
    assert scorer.unparsable == 4  # random weights say nothing sensible
    assert (made == 0).all()


def test_votes_of_several_answers_become_shares(base):
    scorer, _ = built(base, settings(base, decode="generate"))
    votes = scorer._votes(["hate", "Normal.", "hate!", "who knows"])
    np.testing.assert_allclose(votes / votes.sum(), [1 / 3, 0, 2 / 3])
    assert scorer.unparsable == 0


def test_a_text_scores_by_its_label_words(base):
    scorer, _ = built(base, settings(base))
    answers = label_words.answers(scorer.tokens, WORDS)
    expected = label_words.score(scorer.model, scorer.tokens, TEXTS, answers, 1)
    np.testing.assert_allclose(scorer.logits(TEXTS), expected, atol=1e-4)
