"""A base language model that is asked without training."""

from __future__ import annotations

import pytest

from hatelens.errors import ModelError
from hatelens.labels import LabelSet
from hatelens.models import zero_shot
from hatelens.models.prompt_turns import Shot
from hatelens.models.zero_shot import Question
from tests import language_model

LABELS = LabelSet(("normal", "hateful"), ("hateful",))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(language_model.write(tmp_path_factory.mktemp("lm")))


def test_a_base_answers_with_the_labels_it_is_given(base):
    detector = zero_shot.detector(base, Question("classify", LABELS))
    (said,) = detector.predict(["the folk sing"])
    assert set(said.scores) == set(LABELS.names)
    assert (detector.thresholds.flag, detector.thresholds.clear) == (0.5, 0.5)
    assert detector.manifest.calibration.method == "none"


def test_examples_change_the_version_and_leave_the_text_its_room(base):
    plain = zero_shot.detector(base, Question("classify", LABELS))
    shots = (Shot("they sing", "normal"), Shot("vermin", "hateful"))
    shown = zero_shot.detector(base, Question("classify", LABELS, shots))
    text = "tea with milk " * 200
    assert plain.windows(text) == shown.windows(text)
    assert plain.model_version != shown.model_version


def test_a_prompt_that_writes_its_turns_gets_no_chat_template(base):
    detector = zero_shot.detector(base, Question("mhs", LABELS))
    assert detector.manifest.architecture["chat"] is False


def test_a_base_without_a_chat_template_is_asked_without(tmp_path):
    folder = language_model.write(tmp_path, chat=False)
    detector = zero_shot.detector(str(folder), Question("classify", LABELS))
    assert detector.manifest.architecture["chat"] is False
    assert len(detector.predict(["the folk sing"])) == 1


def test_a_base_that_is_not_there_is_said():
    with pytest.raises(ModelError, match="did you mean 'smollm2'"):
        zero_shot.detector("smolm2", Question("classify", LABELS))
