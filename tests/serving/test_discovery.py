"""The discovery document."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.serving import discovery, perspective_attributes
from tests.serving.conftest import Keywords


def client(settings: ServerSettings, base_url: str = "http://testserver") -> TestClient:
    app = FastAPI()
    known = perspective_attributes.of(Pipeline(Keywords()))
    app.include_router(discovery.router(lambda: known, settings))
    return TestClient(app, base_url=base_url)


def test_the_document_names_this_server_and_what_its_model_scores() -> None:
    found = client(ServerSettings()).get("/$discovery/rest?version=v1alpha1&key=k").json()
    assert found["rootUrl"] == found["baseUrl"] == "http://testserver/"
    assert found["servicePath"] == ""
    assert set(found["resources"]["comments"]["methods"]) == {"analyze", "suggestscore"}
    assert "INSULT (its insult)" in found["description"]
    assert "TOXICITY (the model's hateful)" in found["description"]
    assert "auth" not in found  # else a client without a key looks for Google's credentials


def test_every_reference_leads_somewhere() -> None:
    found = client(ServerSettings()).get("/$discovery/rest").json()

    def references(value: object) -> set[str]:
        if isinstance(value, list):
            return set().union(*(references(one) for one in value))
        if not isinstance(value, dict):
            return set()
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(one) for one in value.values()))

    assert references(found) <= set(found["schemas"])
    assert all(name == schema["id"] for name, schema in found["schemas"].items())


@pytest.mark.parametrize("host", ["example.org", "example.org:8443", "127.0.0.1:1", "[::1]:8000"])
def test_the_clients_own_address_comes_back(host: str) -> None:
    found = client(ServerSettings()).get("/$discovery/rest", headers={"Host": host}).json()
    assert found["rootUrl"] == f"http://{host}/"


@pytest.mark.parametrize("host", ["evil.org/x?", "a@b", "", "x" * 300, 'a"><script>', "a:99999999"])
def test_a_host_that_is_none_does_not(host: str) -> None:
    found = client(ServerSettings()).get("/$discovery/rest", headers={"Host": host}).json()
    assert found["rootUrl"] == "http://testserver:80/"


@pytest.mark.parametrize("said", ["https://scores.example.org", "https://scores.example.org/"])
def test_behind_a_proxy_the_settings_say_the_address(said: str) -> None:
    found = client(ServerSettings(public_url=said)).get("/$discovery/rest").json()
    assert found["rootUrl"] == "https://scores.example.org/"


def test_there_is_one_version() -> None:
    answer = client(ServerSettings()).get("/$discovery/rest?version=v1")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "No version 'v1'; ask v1alpha1."
