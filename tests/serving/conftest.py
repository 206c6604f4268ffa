"""A small real detector, and the service around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from hatelens import detect
from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.labels import LabelSet
from hatelens.models.decision import Thresholds
from hatelens.models.detector import Prediction
from hatelens.serving import app as service
from tests import running
from tests.serving.recorded import url

UNKIND = ("stupid", "disgusting", "dreadful")


class Keywords:
    """Counts unkind words: a detector that anyone can check by hand."""

    labels = LabelSet(("kind", "unkind"), ("unkind",))
    thresholds = Thresholds(flag=0.7, clear=0.3)
    languages: tuple[str, ...] = ("en",)
    named: Mapping[str, float] = {"insult": 0.6, "<b>neighbours": 0.4}
    model_version = "keywords-1"
    policy_version = "policy-1"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        return [self._one(text) for text in texts]

    def windows(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]

    def _one(self, text: str) -> Prediction:
        found = sum(word in UNKIND for word in re.findall(r"\w+", text.lower()))
        hateful = 1 - 0.4 / (1 + found) if found else 0.1
        return Prediction(
            label="unkind" if hateful > 0.5 else "kind",
            hateful=hateful,
            decision=self.thresholds.decide(hateful),
            scores={"kind": 1 - hateful, "unkind": hateful},
            model_version=self.model_version,
            policy_version=self.policy_version,
            attributes={"insult": hateful},
            targets={"<b>neighbours": 0.5},
        )


class Broken(Keywords):
    """A model that fails, as one whose weights are gone."""

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        raise OSError("the weights are gone")


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    """Small limits, and a record of the test's own."""
    return ServerSettings(
        max_body_bytes=2000,
        max_texts=5,
        max_explained=2,
        max_text_chars=200,
        database=url(tmp_path),
        jobs_folder=str(tmp_path / "jobs"),
    )


@pytest.fixture
def app(settings: ServerSettings) -> FastAPI:
    return service.create(Pipeline(Keywords()), settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as opened:
        yield opened


@pytest.fixture
def broken(settings: ServerSettings) -> Iterator[TestClient]:
    app = service.create(Pipeline(Broken()), settings)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real linear model, trained on the sample set that the project ships."""
    return running.made(tmp_path_factory.mktemp("serving") / "linear")


@pytest.fixture(scope="session")
def linear(model_folder: Path) -> Pipeline:
    return detect.load(str(model_folder))
