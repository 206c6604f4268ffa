from __future__ import annotations

from dataclasses import replace

import pytest

from hatelens.config.policy import Community, Policy
from hatelens.detect import Pipeline
from hatelens.errors import ModelError
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction
from hatelens.serving.communities import Communities
from hatelens.serving.engine import Engine
from tests.serving.conftest import Keywords


class Forum(Keywords):
    model_version = "forum-1"
    policy_version = "forum-policy"


STRICT = Community("strict", 0.2, 0.05)
OWN = Community("own", 0.9, 0.85, adapter="forum")


@pytest.fixture
def communities() -> Communities:
    engine = Engine(Pipeline(Keywords()), adapters={"forum": Pipeline(Forum())})
    return Communities(engine, Policy({"strict": STRICT, "own": OWN}))


def predicted(text: str) -> Prediction:
    return Pipeline(Keywords()).predict([text])[0]


def test_a_community_decides_by_its_own_thresholds(communities: Communities) -> None:
    said = predicted("What a stupid film.")
    assert (said.decision, said.hateful) == ("flag", 0.8)
    mild = replace(said, hateful=0.1, decision="clear")
    assert communities.decided(mild, "strict").decision == "unsure"
    assert communities.decided(said, "own").decision == "clear"
    assert communities.thresholds("strict") == Thresholds(0.2, 0.05)


def test_only_decision_and_policy_version_change(communities: Communities) -> None:
    said = predicted("What a stupid film.")
    decided = communities.decided(said, "strict")
    version = STRICT.version("policy-1")
    assert decided == replace(said, decision="flag", policy_version=version)
    assert communities.versions("strict") == {
        "X-Model-Version": "keywords-1",
        "X-Policy-Version": version,
    }


@pytest.mark.parametrize("name", ["", "unheard of"])
def test_a_community_that_is_not_in_the_file_is_decided_by_the_model(
    communities: Communities, name: str
) -> None:
    said = predicted("What a stupid film.")
    assert communities.decided(said, name) is said
    assert communities.thresholds(name) == Keywords.thresholds
    assert communities.adapter(name) == ""
    assert communities.versions(name) == {
        "X-Model-Version": "keywords-1",
        "X-Policy-Version": "policy-1",
    }


def test_a_text_in_a_language_that_the_model_does_not_know_stays_unsure(
    communities: Communities,
) -> None:
    said = predicted("Das war gestern Abend doch ein ziemlich langweiliger Film.")
    decided = communities.decided(said, "strict")
    assert (decided.decision, decided.note) == ("unsure", said.note)


def test_a_community_with_an_adapter_has_its_versions(communities: Communities) -> None:
    assert communities.adapter("own") == "forum"
    assert communities.versions("own") == {
        "X-Model-Version": "forum-1",
        "X-Policy-Version": OWN.version("forum-policy"),
    }


def test_only_a_mixture_has_adapters() -> None:
    with pytest.raises(ModelError, match="Only a mixture has adapters; this model has none named"):
        Pipeline(Keywords()).adapter("forum")
