"""Which of Perspective's attributes a model can score."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hatelens.detect import Pipeline
from hatelens.models.cascade import Band, Cascade, Stage
from hatelens.models.manifest import Manifest
from hatelens.serving import perspective_attributes as attributes
from hatelens.serving.perspective_attributes import UnknownAttributeError
from tests.serving.conftest import Keywords


class Headed(Keywords):
    """The same with other heads."""

    def __init__(self, **named: float) -> None:
        self.named: Mapping[str, float] = named


def of(model: Keywords) -> attributes.Attributes:
    return attributes.of(Pipeline(model))


def test_a_model_without_heads_scores_what_hateful_means() -> None:
    found = of(Headed())
    assert found.sources == {"TOXICITY": "hateful", "IDENTITY_ATTACK": "hateful"}


def test_a_head_of_the_same_name_goes_before_hateful() -> None:
    heads = dict.fromkeys(("toxicity", "identity_attack", "insult", "profanity", "threat"), 0.5)
    assert of(Headed(**heads)).sources == {
        "TOXICITY": "toxicity",
        "IDENTITY_ATTACK": "identity_attack",
        "INSULT": "insult",
        "THREAT": "threat",
        "PROFANITY": "profanity",
    }


def test_other_names_of_the_same_are_known() -> None:
    names = ("obscene", "identity_hate", "severe_toxic", "sexual_explicit", "women")
    assert of(Headed(**dict.fromkeys(names, 0.5))).sources == {
        "TOXICITY": "hateful",
        "SEVERE_TOXICITY": "severe_toxic",
        "IDENTITY_ATTACK": "identity_hate",
        "PROFANITY": "obscene",
        "SEXUALLY_EXPLICIT": "sexual_explicit",
    }


@pytest.mark.parametrize(
    "name",
    ["INSULT", "INSULT_EXPERIMENTAL", "INSULT@6", "INSULT@latest", "INSULT@keywords-1",
     "INSULT_EXPERIMENTAL@2"],
)  # fmt: skip
def test_a_version_of_theirs_or_the_one_that_is_served_is_answered(name: str) -> None:
    assert of(Keywords()).source(name) == "insult"


@pytest.mark.parametrize(
    "name",
    ["", "insult", "THREAT", "INSULT@", "INSULT@keywords-2", "INSULT@5d6781568b055b72", "@6",
     "<B>NEIGHBOURS", "HATEFUL", "_EXPERIMENTAL", "INSULT@6@6"],
)  # fmt: skip
def test_nothing_else_is(name: str) -> None:
    assert of(Keywords()).source(name) == ""


def test_all_unknown_ones_are_told_at_once() -> None:
    with pytest.raises(UnknownAttributeError) as caught:
        of(Keywords()).check(["THREAT", "INSULT", "FLIRTATION"])
    assert str(caught.value) == (
        "Unknown requested attribute: THREAT, FLIRTATION. The served model (keywords-1) scores "
        "TOXICITY, IDENTITY_ATTACK, INSULT; leave the others out."
    )


def test_a_cascade_scores_what_all_of_its_stages_do() -> None:
    last = Headed(insult=0.5, threat=0.5)
    manifest = Manifest("two", "cascade", "stages", last.labels, {}, {})
    for first, sources in (
        (Headed(), {"TOXICITY", "IDENTITY_ATTACK"}),
        (Headed(insult=0.4), {"TOXICITY", "IDENTITY_ATTACK", "INSULT"}),
    ):
        cascade = Cascade([Stage(first, Band(0.1))], last, manifest)
        assert set(attributes.of(Pipeline(cascade)).sources) == sources


def test_scores_are_those_of_the_record() -> None:
    (prediction,) = Keywords().predict(["A stupid, stupid, stupid film"])
    assert attributes.score(prediction, "insult") == prediction.to_dict()["attributes"]["insult"]
    assert attributes.score(prediction, attributes.HATEFUL) == prediction.to_dict()["hateful"]
