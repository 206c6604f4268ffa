from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from hatelens.config.settings import ServerSettings
from hatelens.detect import Pipeline
from hatelens.labels import LabelSet
from hatelens.serving import app as service
from hatelens.serving.page import EXAMPLES
from tests.serving.conftest import Keywords


class Elements(HTMLParser):
    """Collects every start tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_has_no_inline_code_and_loads_only_its_own_files(
    client: TestClient, path: str
) -> None:
    answer = client.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for tag, attributes in Elements(answer.text).found:
        assert tag != "style"
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "href"):
            if name in attributes:
                address = attributes[name] or ""
                assert re.fullmatch(r"/[a-z./]*", address)
                assert client.get(address).status_code == 200


def test_the_page_names_the_model_and_its_thresholds(client: TestClient) -> None:
    (answer,) = (
        attributes
        for _, attributes in Elements(client.get("/").text).found
        if attributes.get("id") == "answer"
    )
    assert answer["data-clear"] == "0.3"
    assert answer["data-flag"] == "0.7"
    assert answer["data-hateful"] == '["unkind"]'
    assert json.loads(answer["data-named"] or "") == {"insult": 0.6, "<b>neighbours": 0.4}
    assert Keywords.model_version in client.get("/").text


def test_the_text_field_is_labelled_and_has_no_name_that_could_reach_an_address(
    client: TestClient,
) -> None:
    found = Elements(client.get("/").text).found
    fields = [attributes for tag, attributes in found if tag == "textarea"]
    labels = [attributes["for"] for tag, attributes in found if tag == "label"]
    assert [field["id"] for field in fields] == labels
    assert not [field for field in fields if "name" in field]


def test_labels_with_markup_are_escaped(settings: ServerSettings) -> None:
    class Marked(Keywords):
        labels = LabelSet(
            ("kind", "\"'><script>alert(1)</script>"), ("\"'><script>alert(1)</script>",)
        )
        model_version = "<script>alert(2)</script>"

    with TestClient(service.create(Pipeline(Marked()), settings)) as client:
        html = client.get("/").text
    assert "<script>alert" not in html
    (answer,) = (a for _, a in Elements(html).found if a.get("id") == "answer")
    assert "alert(1)" in (answer["data-hateful"] or "")


def test_the_script_writes_texts_only_as_text(client: TestClient) -> None:
    script = client.get("/static/page.js").text
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in script


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("page.js", "text/javascript; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_static_files_have_their_type(client: TestClient, name: str, media: str) -> None:
    assert client.get(f"/static/{name}").headers["content-type"] == media


@pytest.mark.parametrize("name", ["none.js", "..%2fpage.py", "%00", "%ff", "x" * 3000])
def test_no_other_file_is_served(client: TestClient, name: str) -> None:
    answer = client.get(f"/static/{name}")
    assert answer.status_code == 404
    assert len(answer.json()["error"]) < 200


def test_the_examples_are_answered(client: TestClient) -> None:
    for example in EXAMPLES:
        assert client.post("/infer", json={"text": example}).status_code == 200


def test_the_docs_list_every_path_of_openapi(client: TestClient) -> None:
    html = client.get("/docs").text
    for path in client.get("/openapi.json").json()["paths"]:
        assert f" {path}</code>" in html
