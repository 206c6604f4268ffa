"""Published classifiers and adapters."""

from __future__ import annotations

import json
import shutil
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

import hatelens
from hatelens.errors import ModelError
from hatelens.labels import LabelSet
from hatelens.models import base, encoder, folder, published
from hatelens.models.adopt import adopt
from hatelens.models.base import resolve
from hatelens.models.cascade import Band
from hatelens.models.heads import sigmoid
from hatelens.models.manifest import Manifest
from hatelens.models.published import Wishes, by_name
from tests.conftest import WORDS, write_tokenizer

TEXTS = ["marsh folk sing", "worthless a b", ""]


@pytest.fixture
def classifier(tmp_path):
    """Return the function that writes a classifier as others publish it."""

    def write(*names, name="theirs", **settings):
        torch.manual_seed(5)
        labels: dict[str, Any] = {"id2label": dict(enumerate(names))} if names else {}
        config = BertConfig(
            vocab_size=len(WORDS),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=64,
            **labels,
            **settings,
        )
        path = tmp_path / name
        BertForSequenceClassification(config).save_pretrained(path)
        write_tokenizer(path / "tokenizer.json")
        return path

    return write


@pytest.fixture
def adapter(tmp_path, base_folder):
    """Write an adapter of three classes as others publish it."""
    labels = LabelSet(("a", "b", "c"), ("c",))
    settings = {"rank": 2, "alpha": 4, "dropout": 0.0, "targets": ["query"]}
    torch.manual_seed(5)
    tuned: Any = encoder.adapted(encoder.classifier(resolve(str(base_folder)), labels), settings)
    tuned.save_pretrained(tmp_path / "adapter")
    return tmp_path / "adapter"


def change(path, **values):
    """Change values of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_classifier_opens_with_the_scores_of_transformers(classifier):
    path = classifier("normal", "hate")
    detector = hatelens.load(str(path))
    theirs: Any = BertForSequenceClassification.from_pretrained(path).eval()
    tokens = torch.tensor([[2, 14, 15, 16, 3]])
    with torch.inference_mode():
        expected = theirs(tokens).logits.softmax(dim=1)[0].tolist()
    (prediction,) = detector.predict(TEXTS[:1])
    assert list(prediction.scores.values()) == pytest.approx(expected, abs=1e-5)
    assert prediction.hateful == pytest.approx(expected[1], abs=1e-5)
    made = folder.read(path)
    assert (made.kind, made.runtime, made.cleaning) == ("encoder", "torch", "none")
    assert made.labels == LabelSet(("normal", "hate"), ("hate",))
    assert made.thresholds.flag == made.thresholds.clear == 0.5


def test_it_can_be_the_last_stage_of_a_cascade(classifier, linear_folder):
    path = classifier("normal", "hate")
    stages = [
        {"folder": "../linear", "model_version": folder.read(linear_folder).model_version}
        | Band(0.0).to_dict(),
        {"folder": "../theirs", "model_version": folder.read(path).model_version},
    ]
    made = Manifest("c", "cascade", "parts", folder.read(path).labels, {"stages": stages}, {})
    target = path.with_name("cascade")
    target.mkdir()
    folder.write_manifest(target, made)

    said = [one.hateful for one in hatelens.load(str(target)).predict(TEXTS)]
    assert said == [one.hateful for one in hatelens.load(str(path)).predict(TEXTS)]


def test_its_version_is_stable_and_follows_its_weights(classifier):
    path = classifier("normal", "hate")
    versions = [folder.read(path).model_version for _ in range(2)]
    moved = shutil.copytree(path, path.with_name("elsewhere"))
    versions.append(folder.read(moved).model_version)
    assert len(set(versions)) == 1
    change(path / "config.json", note="another")
    assert folder.read(path).model_version != versions[0]


def test_independent_labels_have_probabilities_of_their_own(classifier):
    path = classifier("toxic", "insult", "threat", problem_type="multi_label_classification")
    made = folder.classifier(str(path))
    assert made.labels.multi
    predictions = made.predict(TEXTS)
    expected = sigmoid(made.logits(TEXTS))
    found = [list(one.scores.values()) for one in predictions]
    np.testing.assert_allclose(found, expected)
    assert [one.hateful for one in predictions] == pytest.approx(expected[:, 0].tolist())


def test_a_single_output_is_a_probability_of_its_own(classifier):
    assert folder.read(classifier("toxicity")).calibration.method == "sigmoid"


def test_an_independent_model_is_the_same_after_an_export(classifier, tmp_path):
    from hatelens.export import onnx

    path = classifier("toxic", "insult", "threat", problem_type="multi_label_classification")
    proof = onnx.export(str(path), tmp_path / "onnx", "onnx", TEXTS)
    assert proof.largest < 1e-4
    assert folder.read(tmp_path / "onnx").calibration.method == "sigmoid"


@pytest.mark.parametrize(
    ("names", "hateful"),
    [
        (("normal", "offensive", "hate speech"), ("hate speech",)),
        (("NOT-HATE", "HATE"), ("HATE",)),
        (("nothate", "hate"), ("hate",)),
        (("neutral", "toxic"), ("toxic",)),
        (("non-toxic", "toxic"), ("toxic",)),
        (("toxic", "obscene", "identity_hate"), ("identity_hate",)),
        (("abusive", "offensive", "fine"), ("abusive", "offensive")),
        (("LABEL_0", "LABEL_1"), ()),
    ],
)
def test_labels_of_hate_go_before_labels_of_abuse(names, hateful):
    assert by_name(names) == hateful


def test_where_no_name_tells_the_way_to_say_it_is_named(classifier, tmp_path):
    path = classifier("fine", "bad")
    with pytest.raises(ModelError, match=r"There are fine, bad: .* adopt .* --hateful LABEL"):
        folder.load(str(path))
    adopt(str(path), tmp_path / "ours", Wishes(hateful=("bad",)))
    assert folder.load(str(tmp_path / "ours")).labels.hateful == ("bad",)
    with pytest.raises(ModelError, match="No label named 'worse'"):
        adopt(str(path), tmp_path / "no", Wishes(hateful=("worse",)))
    assert not (tmp_path / "no").exists()


def test_labels_can_be_named_when_adopting(classifier, tmp_path):
    path = classifier()
    with pytest.raises(ModelError, match=r"does not name its labels|There are LABEL_0, LABEL_1"):
        folder.load(str(path))
    adopt(str(path), tmp_path / "ours", Wishes(("bad",), ("fine", "bad")))
    assert folder.read(tmp_path / "ours").labels.names == ("fine", "bad")
    with pytest.raises(ModelError, match="has 2 outputs; found 3 names"):
        adopt(str(path), tmp_path / "no", Wishes(("c",), ("a", "b", "c")))


def test_an_adopted_folder_is_an_ordinary_one_of_the_same_version(classifier, tmp_path):
    path = classifier("normal", "hate")
    (path / "README.md").write_text("# Theirs\n")
    (path / "pytorch_model.bin").write_bytes(b"pickle")
    adopt(str(path), tmp_path / "ours", Wishes())
    names = {each.name for each in (tmp_path / "ours").iterdir()}
    assert names == {
        "config.json",
        "manifest.json",
        "model.safetensors",
        "tokenizer.json",
        "MODEL_CARD.md",
    }
    assert folder.read(tmp_path / "ours").model_version == folder.read(path).model_version
    with pytest.raises(ModelError, match="is not a published model"):
        adopt(str(tmp_path / "ours"), tmp_path / "again", Wishes())


def test_a_pickle_is_never_read(classifier):
    path = classifier("normal", "hate")
    (path / "model.safetensors").rename(path / "pytorch_model.bin")
    with pytest.raises(ModelError, match="a pickle, which can run code and is never read"):
        folder.load(str(path))
    (path / "pytorch_model.bin").unlink()
    with pytest.raises(ModelError, match="holds no weights in safetensors"):
        folder.load(str(path))


def test_code_that_comes_with_a_model_is_never_run(classifier):
    path = classifier("normal", "hate")
    code = {"AutoConfig": "evil.Config", "AutoModelForSequenceClassification": "evil.Model"}
    change(path / "config.json", auto_map=code, model_type="evil")
    (path / "evil.py").write_text("raise SystemExit('ran')\n")
    with pytest.raises(ModelError, match="cannot be opened"):
        folder.load(str(path))


def test_a_model_that_is_no_classifier_is_refused(base_folder, classifier):
    with pytest.raises(ModelError, match="holds BertModel, no classifier of texts"):
        folder.load(str(base_folder))
    path = classifier("score", problem_type="regression")
    with pytest.raises(ModelError, match="holds a regression"):
        folder.load(str(path))


def test_weights_that_are_not_there_are_said_rather_than_drawn_at_random(classifier):
    from safetensors.torch import load_file, save_file

    path = classifier("normal", "hate")
    weights = load_file(path / "model.safetensors")
    del weights["classifier.weight"]
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks weights .*classifier\.weight"):
        folder.load(str(path))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is damaged"),
        ("[]", "holds no object"),
        ('{"architectures": ["XForSequenceClassification"], "id2label": {"1": "a"}}', "count"),
        ('{"architectures": ["XForSequenceClassification"], "id2label": {"x": "a"}}', "damaged"),
        ('{"architectures": ["XForSequenceClassification"], "id2label": {"0": 1}}', "damaged"),
    ],
)
def test_a_damaged_configuration_is_one_plain_line(classifier, content, said):
    path = classifier("normal", "hate")
    (path / "config.json").write_text(content)
    with pytest.raises(ModelError, match=said) as caught:
        folder.load(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "told", "expected"),
    [
        ({}, {}, 64),
        ({}, {"model_max_length": 48}, 48),
        ({}, {"model_max_length": 10**30}, 64),
        ({"max_position_embeddings": 8192}, {}, 512),
        ({"model_type": "roberta", "pad_token_id": 1, "max_position_embeddings": 66}, {}, 64),
        ({"max_position_embeddings": None}, {}, 512),
    ],
)
def test_a_window_is_what_tokenizer_and_positions_allow(classifier, settings, told, expected):
    path = classifier("normal", "hate")
    change(path / "config.json", **settings)
    (path / "tokenizer_config.json").write_text(json.dumps(told))
    assert folder.read(path).architecture["max_length"] == expected


def test_a_tokenizer_is_made_of_a_vocabulary(classifier, tmp_path):
    path = classifier("normal", "hate")
    (path / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"no tokenizer\.json\. Make one with"):
        folder.load(str(path))
    with pytest.raises(ModelError, match=r"no tokenizer\.json"):
        adopt(str(path), tmp_path / "no", Wishes())
    (path / "vocab.txt").write_text("\n".join([*WORDS, "[MASK]"]))
    (path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    adopt(str(path), tmp_path / "ours", Wishes())
    write_tokenizer(path / "tokenizer.json")
    made, before = (folder.classifier(str(each)) for each in (tmp_path / "ours", path))
    np.testing.assert_allclose(made.logits(TEXTS), before.logits(TEXTS), atol=1e-6)


def test_a_vocabulary_that_makes_no_tokenizer_is_refused(classifier, tmp_path):
    path = classifier("normal", "hate")
    (path / "tokenizer.json").unlink()
    (path / "spiece.model").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"no tokenizer\.json"):
        adopt(str(path), tmp_path / "no", Wishes())
    (path / "spiece.model").rename(path / "vocab.json")
    (path / "tokenizer_config.json").write_text('{"tokenizer_class": "RobertaTokenizer"}')
    with pytest.raises(ModelError, match=r"no tokenizer\.json"):
        adopt(str(path), tmp_path / "no", Wishes())


def test_a_window_of_next_to_nothing_is_refused(classifier):
    path = classifier("normal", "hate")
    change(path / "config.json", max_position_embeddings=4)
    with pytest.raises(ModelError, match="reads 4 tokens, which is too few"):
        folder.load(str(path))


def test_an_adapter_names_its_base_on_the_hub(adapter, base_folder, monkeypatch, tmp_path):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: str(base_folder))
    adopt(str(adapter), tmp_path / "ours", Wishes(("c",), ("a", "b", "c"), "someone/base@abc"))
    record = folder.read(tmp_path / "ours").base
    assert record is not None
    assert (record.name, record.revision) == ("someone/base", "abc")


def test_weights_in_several_files_are_read_and_hashed(classifier):
    path = classifier("normal", "hate")
    before = folder.classifier(str(path)).logits(TEXTS)
    model = BertForSequenceClassification.from_pretrained(path)
    (path / "model.safetensors").unlink()
    model.save_pretrained(path, max_shard_size="4KB")
    made = folder.classifier(str(path))
    assert sum(name.startswith("model-0") for name in made.manifest.files) > 1
    np.testing.assert_allclose(made.logits(TEXTS), before, atol=1e-6)


def test_an_adapter_needs_labels_and_then_opens(adapter, base_folder, tmp_path):
    with pytest.raises(ModelError, match=r"has no tokenizer|does not name its labels"):
        folder.load(str(adapter))
    wishes = Wishes(("c",), ("a", "b", "c"))
    adopt(str(adapter), tmp_path / "ours", wishes)
    made = folder.classifier(str(tmp_path / "ours"))
    assert made.logits(TEXTS).shape == (3, 3)
    assert made.manifest.base is not None
    assert made.manifest.base.sha256 == resolve(str(base_folder)).record.sha256


def test_an_adapter_with_its_own_configuration_opens_as_it_is(adapter, base_folder):
    shutil.copy(base_folder / "tokenizer.json", adapter)
    values = {"id2label": {"0": "fine", "1": "rude", "2": "hate"}, "max_position_embeddings": 64}
    (adapter / "config.json").write_text(json.dumps(values))
    assert set(hatelens.load(str(adapter)).predict(["a"])[0].scores) == {"fine", "rude", "hate"}


def test_an_adapter_whose_base_is_not_at_hand_says_how_to_name_it(adapter, base_folder, tmp_path):
    change(adapter / "adapter_config.json", base_model_name_or_path="someone/base")
    wishes = Wishes(("c",), ("a", "b", "c"))
    with pytest.raises(ModelError, match=r"adopt .* --base NAME"):
        adopt(str(adapter), tmp_path / "no", wishes)
    named = Wishes(("c",), ("a", "b", "c"), str(base_folder))
    adopt(str(adapter), tmp_path / "ours", named)
    assert folder.load(str(tmp_path / "ours")).labels.names == ("a", "b", "c")


def test_an_adapter_for_something_else_or_in_a_pickle_is_refused(adapter, classifier, tmp_path):
    wishes = Wishes(("c",), ("a", "b", "c"))
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    with pytest.raises(ModelError, match=r"adapter_model\.bin, a pickle"):
        adopt(str(adapter), tmp_path / "no", wishes)
    change(adapter / "adapter_config.json", task_type="CAUSAL_LM")
    with pytest.raises(ModelError, match="an adapter for CAUSAL_LM"):
        folder.load(str(adapter))
    with pytest.raises(ModelError, match="is no adapter; leave out --base"):
        adopt(str(classifier("normal", "hate")), tmp_path / "no", Wishes(base="minilm"))


def test_a_hub_id_is_fetched_at_its_revision(classifier, monkeypatch):
    import huggingface_hub

    path, asked = classifier("normal", "hate"), []

    def download(name, **named):
        asked.append((name, named["revision"]))
        return str(path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert folder.load("someone/some-model@abc123").labels.hateful == ("hate",)
    assert asked == [("someone/some-model", "abc123")]
    with pytest.raises(ModelError, match="owner/name@REVISION"):
        folder.load("someone/some-model")


def test_a_hub_that_cannot_be_reached_is_one_plain_line(monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="cannot be had"):
        published.fetched("someone/some-model@" + "0" * 40)
    assert base.resolve("minilm").record.source.startswith("package")


def test_a_folder_of_neither_kind_says_so(tmp_path):
    with pytest.raises(ModelError, match="is not a model folder"):
        folder.load(str(tmp_path))
