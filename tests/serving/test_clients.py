"""The real clients of OpenAI and Azure against a real ``hatelens serve``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import openai
import pytest
from azure.ai.contentsafety import ContentSafetyClient
from azure.ai.contentsafety.models import (
    AnalyzeTextOptions,
    AnalyzeTextOutputType,
    TextCategory,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError
from openai import OpenAI

from hatelens.detect import Pipeline
from hatelens.serving.azure import severity
from hatelens.storage import answers, keys
from hatelens.storage import database as databases
from tests.running import Running, running

UNKIND = "Zorblaxians are stupid and disgusting, throw them all out of our town."
KIND = "What a lovely concert by the Veluvians!"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clients")


@pytest.fixture(scope="module")
def server(model_folder: Path, folder: Path) -> Iterator[Running]:
    with running(model_folder, folder, max_texts=100) as started:
        yield started


def moderator(server: Running, key: str = "any") -> OpenAI:
    return OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0, timeout=60)


def analyser(server: Running, key: str = "any") -> ContentSafetyClient:
    credential = AzureKeyCredential(key)
    return ContentSafetyClient(server.url, credential, retry_total=0)


def requests(folder: Path, request: str) -> list[answers.Answer]:
    database = databases.opened(f"sqlite:///{folder / 'hatelens.db'}")
    try:
        return answers.of_request(database, request, 0)
    finally:
        database.close()


def test_openais_client_reads_one_text_many_and_parts(
    server: Running, folder: Path, linear: Pipeline
) -> None:
    client = moderator(server)
    expected = linear.predict([UNKIND, KIND])
    one = client.moderations.create(input=UNKIND, model="omni-moderation-latest")
    assert one.model == f"hatelens-{server.version}"
    assert one.results[0].category_scores.hate == round(expected[0].hateful, 6)
    assert one.results[0].category_applied_input_types.hate == ["text"]
    assert one.results[0].category_applied_input_types.self_harm == []
    assert one.results[0].categories.violence_graphic is False
    many = client.moderations.create(input=[UNKIND, KIND])
    assert [result.categories.hate for result in many.results] == [
        prediction.decision == "flag" for prediction in expected
    ]
    parts = client.moderations.create(
        input=[{"type": "text", "text": UNKIND}, {"type": "text", "text": KIND}]
    )
    assert len(parts.results) == 1
    assert len(requests(folder, many.id.removeprefix("modr-"))) == 2


def test_openais_client_raises_its_own_errors(server: Running) -> None:
    client = moderator(server)
    with pytest.raises(openai.BadRequestError, match="cannot see") as refused:
        client.moderations.create(
            input=[{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]
        )
    assert refused.value.type == "invalid_request_error"
    with pytest.raises(openai.APIStatusError, match="at most 100") as large:
        client.moderations.create(input=["a"] * 101)
    assert large.value.status_code == 413
    assert large.value.request_id


def test_azures_client_reads_four_and_eight_severities(server: Running, linear: Pipeline) -> None:
    client = analyser(server)
    (expected,) = linear.predict([UNKIND])
    wanted = severity(expected.hateful, linear.thresholds, expected.decision)
    options = AnalyzeTextOptions(
        text=UNKIND,
        categories=[TextCategory.HATE],
        output_type=AnalyzeTextOutputType.EIGHT_SEVERITY_LEVELS,
    )
    (eight,) = client.analyze_text(options).categories_analysis
    assert (eight.category, eight.severity) == (TextCategory.HATE, wanted)
    answer = client.analyze_text(AnalyzeTextOptions(text=UNKIND))
    four = {one.category: one.severity for one in answer.categories_analysis}
    assert four[TextCategory.HATE] == wanted // 2 * 2
    assert four[TextCategory.SELF_HARM] is None
    assert answer.blocklists_match == []


def test_azures_client_raises_its_own_error(server: Running) -> None:
    for options in (
        AnalyzeTextOptions(text=""),
        AnalyzeTextOptions(text="a", blocklist_names=["mine"]),
        AnalyzeTextOptions(text="a" * 10_001),
    ):
        with pytest.raises(HttpResponseError) as refused:
            analyser(server).analyze_text(options)
        assert refused.value.status_code in (400, 413)
        assert refused.value.error is not None
        assert refused.value.error.code == "InvalidRequestBody"


@pytest.mark.slow
def test_the_clients_bring_their_keys(model_folder: Path, tmp_path: Path) -> None:
    with running(model_folder, tmp_path, require_key=True) as server:
        database = databases.opened(f"sqlite:///{tmp_path / 'hatelens.db'}")
        _, token = keys.add(database, "clients")
        database.close()
        assert moderator(server, token).moderations.create(input=KIND).results
        assert analyser(server, token).analyze_text(AnalyzeTextOptions(text=KIND))
        with pytest.raises(openai.AuthenticationError):
            moderator(server).moderations.create(input=KIND)
        with pytest.raises(HttpResponseError) as refused:
            analyser(server).analyze_text(AnalyzeTextOptions(text=KIND))
        assert refused.value.status_code == 401


def texts(count: int) -> Sequence[str]:
    return [
        f"{(UNKIND, KIND)[number % 2]} {number} \U0001f600 \u202e \x00" for number in range(count)
    ]


@pytest.mark.slow
def test_the_clients_and_infer_say_the_same_of_many_texts(server: Running) -> None:
    asked = texts(1000)
    with server.client() as http:
        records = [
            record
            for begin in range(0, 1000, 100)
            for record in http.post("/infer", json={"texts": asked[begin : begin + 100]}).json()[
                "results"
            ]
        ]
    client = moderator(server)
    found = [
        result
        for begin in range(0, 1000, 100)
        for result in client.moderations.create(input=list(asked[begin : begin + 100])).results
    ]
    assert [one.category_scores.hate for one in found] == [one["hateful"] for one in records]
    assert [one.categories.hate for one in found] == [one["decision"] == "flag" for one in records]
    azure = analyser(server)
    bands = {"clear": (0, 1), "unsure": (2, 3), "flag": (4, 5, 6, 7)}
    for text, record in zip(asked[:200], records, strict=False):
        options = AnalyzeTextOptions(
            text=text, categories=["Hate"], output_type=AnalyzeTextOutputType.EIGHT_SEVERITY_LEVELS
        )
        (one,) = azure.analyze_text(options).categories_analysis
        assert one.severity in bands[record["decision"]]
