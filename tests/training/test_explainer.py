"""What a language model is taught to answer: a class and, in the next line, why."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hatelens.config.decoder import DecoderAdapter, DecoderModel, DecoderTraining
from hatelens.data.example import Example
from hatelens.detect import Pipeline
from hatelens.explain.explanation import fault
from hatelens.labels import LabelSet
from hatelens.models import folder as folders
from hatelens.models import prompt
from hatelens.models.classifier import Classifier
from hatelens.models.manifest import Manifest
from hatelens.models.prompt_tokens import PromptTokenizer
from hatelens.text.alignment import untouched
from hatelens.training import decoder
from hatelens.training.explainer import LABEL_WEIGHT, Teacher, turns
from hatelens.training.trained import Lesson
from tests import language_model

LABELS = LabelSet(("normal", "offensive", "hateful"), ("hateful",))
WORDS = {"normal": "normal", "offensive": "rude", "hateful": "hate"}
TEXT = "Those Veluvians are lazy liars."


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return language_model.write(tmp_path_factory.mktemp("lm"))


@pytest.fixture(scope="module")
def tokens(base):
    asked = prompt.load("explain", chat=True)
    return PromptTokenizer(base, asked, 400, {"labels": "normal / rude / hate"})


@pytest.fixture(scope="module")
def teacher(tokens):
    return Teacher(tokens, LABELS, WORDS, {("posts", TEXT): "It implies: they lie."})


def one(label, text=TEXT, **values):
    return Example(id=text[:9], text=text, label=label, source="davidson2017", **values)


def turn(teacher, example):
    return teacher.turn(example, untouched(example.text))


def words(teacher, answer):
    return teacher.tokens.decode(answer)


def test_a_marked_text_teaches_its_class_and_why(teacher):
    made = turn(teacher, one("hateful", spans=((20, 30),), targets=("Women",)))
    assert made.prompt == teacher.tokens.encode(TEXT)
    label, whole = made.answers
    assert label == teacher.tokens.answer("hate")
    assert whole[-1] == teacher.tokens.eos
    said, explanation = words(teacher, whole).split("\n")
    assert said == "hate"
    assert json.loads(explanation) == {
        "affected_groups": ["women"],
        "reason": "It attacks women.",
        "harmful_words": ["lazy liars"],
    }
    assert made.weights == (LABEL_WEIGHT, 1.0)


def test_a_text_of_which_nobody_said_why_teaches_its_class_alone(teacher):
    made = turn(teacher, one("offensive"))
    assert made.answers == (teacher.tokens.answer("rude"),)


def test_a_harmless_text_teaches_that_there_is_nothing_to_quote(teacher):
    made = turn(teacher, one("normal"))
    explanation = json.loads(words(teacher, made.answers[1]).split("\n")[1])
    assert (explanation["affected_groups"], explanation["harmful_words"]) == ([], [])


@pytest.mark.parametrize(("targets", "said"), [(("women",), "hate"), ((), "rude")])
def test_a_text_of_one_of_two_classes_teaches_no_class_but_why(teacher, targets, said):
    example = Example(id="1", text=TEXT, label="offensive|hateful", source="posts", targets=targets)
    made = turn(teacher, example)
    asked = teacher.tokens.encode(TEXT)
    assert made.prompt[: len(asked)] == asked
    assert words(teacher, made.prompt[len(asked) :]) == f"{said}\n"
    (answer,) = made.answers
    assert words(teacher, answer).startswith('{"affected_groups":[')
    assert words(teacher, answer).endswith('"reason":"It implies: they lie.","harmful_words')
    assert answer[-1] != teacher.tokens.eos


def test_a_text_without_a_class_teaches_nothing(teacher):
    assert turn(teacher, one(None)) is None
    assert turn(teacher, one("offensive|hateful")) is None


def examples():
    hateful = [
        one("hateful", f"Those {group} are {word} liars.", spans=((6, 9),), targets=(group,))
        for group in ("Veluvians", "Quendari", "Zorblaxians")
        for word in ("lazy", "worthless", "bad")
    ]
    normal = [one("normal", f"The {word} folk sing well.") for word in ("marsh", "old", "young")]
    return hateful + normal * 3


def lesson():
    known = examples()
    classes = np.array([[1.0, 0, 0] if each.label == "normal" else [0, 0, 1.0] for each in known])
    return Lesson([untouched(each.text) for each in known], classes, examples=known)


def test_every_text_of_a_lesson_has_its_turn(tokens):
    made = turns(lesson(), LABELS, tokens, WORDS)
    assert len(made) == len(examples())
    assert all(len(each.answers) == 2 for each in made)


def test_a_model_that_was_taught_explains_from_its_folder(base, tmp_path):
    from hatelens.training.trained import Material

    taught = lesson()
    material = Material(
        taught, taught, taught.classes, LABELS, tmp_path / "model", tmp_path / "resume"
    )
    material.work.mkdir()
    model = DecoderModel(
        base=str(base),
        prompt="explain",
        explains=True,
        max_length=400,
        cleaning="none",
        answers=WORDS,
        adapter=DecoderAdapter(rank=4, alpha=8, dropout=0.0),
    )
    training = DecoderTraining(
        objective="answer",
        num_train_epochs=2.0,
        per_device_train_batch_size=6,
        learning_rate=3e-3,
    )
    trained = decoder.train(model, training, material, 0)
    manifest = Manifest(
        "tiny",
        "decoder",
        trained.runtime,
        LABELS,
        trained.architecture,
        folders.hashes(material.work, trained.files),
        base=trained.base,
    )
    folders.write_manifest(material.work, manifest)
    opened = folders.load(str(material.work))
    assert isinstance(opened, Classifier)
    pipeline = Pipeline(opened)
    assert pipeline.writer is not None
    for text, said in zip(taught.texts, pipeline.predict(taught.texts, explain=True), strict=True):
        assert said.explanation is not None
        assert fault(said.explanation) == ""
        assert said.explanation["class"] == said.label
        assert all(words in text for words in said.explanation["harmful_words"])
        marked = [text[span.begin : span.end] for span in said.spans]
        assert bool(marked) == bool(said.explanation["harmful_words"])
