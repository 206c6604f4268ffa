"""``hatelens models``, ``train`` and ``export``."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from hatelens.cli.main import app
from hatelens.errors import ConfigError, ModelError
from hatelens.labels import LabelSet
from tests.llama import byte_tokenizer, decoder_folder, needs
from tests.model_server import Answer, chat_tokens, listed, serving

LABELS = LabelSet(("normal", "hateful"), ("hateful",))


def call(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)


def test_kinds_bases_and_folders_are_listed(linear_folder, tmp_path):
    linear_folder(tmp_path / "runs" / "mine", "vermin", labels=LABELS)
    listing = json.loads(call("models", "list", "--runs", tmp_path / "runs", "--json").stdout)
    assert {"encoder", "linear", "two_stage"} <= set(listing["kinds"])
    assert "minilm (installed)" in listing["bases"]
    assert listing["folders"] == [str(tmp_path / "runs" / "mine")]


def test_a_list_for_people_says_where_there_is_nothing(tmp_path):
    shown = call("models", "list", "--runs", tmp_path).stdout
    assert "folders:\n  (none)" in shown


def test_a_folder_is_shown(trained_two_stage, linear_folder, tmp_path):
    shown = call("models", "show", trained_two_stage).stdout
    assert "two_stage (torch)" in shown
    assert "minilm, package" in shown
    record = json.loads(call("models", "show", trained_two_stage, "--json").stdout)
    assert record["model_version"] in shown
    plain = linear_folder(tmp_path / "plain", "vermin", labels=LABELS)
    assert "base            none" in call("models", "show", plain).stdout


def test_training_prints_the_folder_on_its_last_line(tmp_path, without_shared_data):
    out = tmp_path / "model"
    result = call("train", "recipe=demo_linear", "model.buckets=512", f"out={out}")
    assert result.stdout.splitlines()[-1] == str(out)
    again = call("train", "recipe=demo_linear", f"out={out}", "overwrite=true", "--json")
    assert json.loads(again.stdout) == {"folder": str(out)}


def test_a_misspelt_key_says_which_one_was_meant():
    with pytest.raises(ConfigError, match=r"did you mean 'training\.C'|training"):
        call("train", "recipe=demo_linear", "training.CC=1")


def test_an_export_prints_its_folder_and_its_proof(trained_linear, tmp_path):
    result = call("export", trained_linear, "--to", "onnx", "--out", tmp_path / "onnx")
    assert result.stdout.splitlines()[-1] == str(tmp_path / "onnx")
    assert "Compared on 500 texts" in result.stderr
    as_json = call("export", trained_linear, "--to", "onnx", "--out", tmp_path / "two", "--json")
    assert json.loads(as_json.stdout)["label_agreement"] == 1.0


def test_an_unknown_form_is_said(trained_linear, tmp_path):
    with pytest.raises(ModelError, match="There are gguf, gguf-4bit, onnx, onnx-int8"):
        call("export", trained_linear, "--to", "onxx", "--out", tmp_path / "x")


def test_a_published_classifier_is_adopted(base_folder, tmp_path):
    from hatelens.models import encoder
    from hatelens.models.base import resolve

    theirs = tmp_path / "theirs"
    encoder.classifier(resolve(str(base_folder)), LABELS).save_pretrained(theirs)
    (theirs / "tokenizer.json").write_bytes((base_folder / "tokenizer.json").read_bytes())
    assert "encoder (torch)" in call("models", "show", theirs).stdout
    done = call("models", "adopt", theirs, "--hateful", "normal", "--out", tmp_path / "ours")
    assert done.stdout.splitlines()[-1] == str(tmp_path / "ours")
    shown = json.loads(call("models", "show", tmp_path / "ours", "--json").stdout)
    assert shown["labels"]["hateful"] == ["normal"]
    as_json = call("models", "adopt", theirs, "--out", tmp_path / "two", "--json").stdout
    assert json.loads(as_json) == {"folder": str(tmp_path / "two")}


def test_a_model_behind_a_server_becomes_a_folder(tmp_path):
    def answer(path: str, body: object) -> Answer:
        return listed("tiny") if path == "/v1/models" else chat_tokens(no=-0.1, yes=-3.0)

    asked = ("--label", "fine", "--label", "rude", "--hateful", "rude")
    words = ("--answer", "no", "--answer", "yes")
    with serving(answer) as server:
        out = tmp_path / "remote"
        done = call("models", "remote", server.url, *asked, *words, "--out", out)
        assert done.stdout == f"{out}\n"
        assert "Asked by probability" in done.stderr
        assert "remote (http)" in call("models", "show", out).stdout
        found = json.loads(call("detect", "--model", out, "--json", "I like tea.").stdout)
        assert found["label"] == "fine"
        again = call(
            "models", "remote", server.url, *asked, *words, "--out", out.parent / "b", "--json"
        )
        assert json.loads(again.stdout)["decode"] == "probability"


def test_a_decoder_is_exported_to_gguf(tmp_path):
    needs("xllamacpp")
    source = decoder_folder(tmp_path / "source", byte_tokenizer())
    result = call("export", source, "--to", "gguf-4bit", "--out", tmp_path / "out")
    assert result.stdout == f"{tmp_path / 'out'}\n"
    assert "Compared on 200 texts" in result.stderr
    assert "decoder (gguf)" in call("models", "show", tmp_path / "out").stdout
    with pytest.raises(ModelError, match="has no ONNX form"):
        call("export", source, "--to", "onnx", "--out", tmp_path / "onnx")
