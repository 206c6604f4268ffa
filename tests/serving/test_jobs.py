"""``/jobs``: files in, progress, results out, each job seen by the key that sent it."""

from __future__ import annotations

import csv
import io
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from hatelens.serving import job_worker
from hatelens.serving.job_record import JobRecord
from hatelens.serving.job_rows import COLUMNS
from hatelens.serving.record import Error
from hatelens.storage import database as databases
from hatelens.storage import identity, keys
from tests.serving import recorded
from tests.serving.whole import running

CSV = {"Content-Type": "text/csv"}
JSONL = {"Content-Type": "application/x-ndjson"}
POSTS = b"id,text\n1,A stupid film.\n2,A lovely film.\n3,\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_worker, "PAUSE", 0.02)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with running(folder, max_job_bytes=10_000, max_text_chars=50) as opened:
        yield opened


def ended(client: TestClient, sent: Any, headers: Mapping[str, str] | None = None) -> Any:
    """Wait until a job is over; return what is told of it then."""
    assert sent.status_code == 202, sent.text
    for _ in range(600):
        job = client.get(sent.headers["location"], headers=headers).json()
        if job["state"] in ("done", "failed"):
            return JobRecord.model_validate(job).model_dump()
        time.sleep(0.02)
    raise AssertionError(job)


def table(content: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content, newline="")))


def test_a_csv_file_comes_back_with_what_the_model_says(client: TestClient) -> None:
    sent = client.post("/jobs", content=POSTS, headers=CSV)
    job = ended(client, sent)
    assert sent.json()["state"] == "waiting"
    assert (job["state"], job["rows"], job["bad_rows"], job["progress"]) == ("done", 3, 1, 1.0)
    assert (job["error"], job["column"], job["name"]) == ("", "text", "upload.csv")
    answer = client.get(job["result"])
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="upload-scored.csv"'
    header, first, second, third = table(answer.text)
    assert header == ["id", "text", *COLUMNS]
    assert first[2:] == ["unkind", "0.8", "flag", "keywords-1", "policy-1", ""]
    assert second[2:5] == ["kind", "0.1", "clear"]
    assert third[-1] == "upload.csv, row 3: has nothing in 'text'; one character is needed."


def test_a_form_with_a_jsonl_file_and_another_field(client: TestClient) -> None:
    content = b'{"comment": "stupid \\ud800", "n": 1.0}\n{"n": 2}\n'
    files = {"file": ("my posts.jsonl", content, "application/octet-stream")}
    job = ended(client, client.post("/jobs?column=comment", files=files))
    answer = client.get(job["result"])
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    first, second = answer.text.splitlines()
    assert first.startswith('{"comment": "stupid \\ud800", "n": 1.0, "hatelens_label": "unkind"')
    assert json.loads(second)["hatelens_error"].startswith("my posts.jsonl, row 2: has no")


def test_more_rows_than_a_part_come_back_once_and_in_order(client: TestClient) -> None:
    rows = b"".join(b"row %d\n" % number for number in range(300))
    job = ended(client, client.post("/jobs", content=b"text\n" + rows, headers=CSV))
    assert job["rows"] == 300
    found = table(client.get(job["result"]).text)[1:]
    assert [row[0] for row in found] == [f"row {number}" for number in range(300)]


def test_a_file_of_bad_rows_only_is_done_too(client: TestClient) -> None:
    job = ended(client, client.post("/jobs", content=b"text\n\xff\n\xfe\n", headers=CSV))
    assert (job["state"], job["rows"], job["bad_rows"]) == ("done", 2, 2)
    assert client.get(job["result"]).content.count(b"is not UTF-8") == 2


def test_the_communitys_thresholds_decide(client: TestClient) -> None:
    sent = client.post("/jobs?community=my-forum", content=b"text\nA film.\n", headers=CSV)
    policy = table(client.get(ended(client, sent)["result"]).text)[1][-2]
    assert (
        policy
        == client.post("/predict?community=my-forum", json={"input_data": "A film."}).json()[
            "policy_version"
        ]
    )


@pytest.mark.parametrize(
    ("content", "headers", "query", "refusal"),
    [
        (b"", CSV, "", "422 The header has no column 'text'"),
        (b"id,comment\n1,a\n", CSV, "", "422 The header has no column 'text'; there are 'id', "),
        (b"text\n", CSV, "", "422 The file holds no rows"),
        (b"text\na\n", JSONL, "", "422 The first row is not JSON"),
        (b"text\na\n", {"Content-Type": "text/plain"}, "", "415 Content-Type is 'text/plain'"),
        (b"a", {"Content-Type": "multipart/form-data"}, "", "400 The form has no boundary"),
        (b"text\n" + b"a\n" * 5000, CSV, "", "413 The upload is larger than 10000 bytes"),
        (b"text\na\n", CSV, "?column=", "422 column has 0 characters"),
        (b"text\na\n", CSV, "?column=" + "x" * 257, "422 column has 257 characters; 1 to 256"),
        (b"text\na\n", CSV, "?community=" + "x" * 129, "422 community has 129 characters"),
        (b"text\na\n", CSV, "?column=%3Cb%3E%00", r"422 The header has no column '<b>\x00'"),
    ],
)
def test_what_is_no_job_is_refused_at_once(
    client: TestClient, content: bytes, headers: dict[str, str], query: str, refusal: str
) -> None:
    answer = client.post(f"/jobs{query}", content=content, headers=headers)
    line = Error.model_validate(answer.json()).error
    assert f"{answer.status_code} {line}".startswith(refusal)
    assert "\n" not in line


def test_what_is_refused_leaves_no_file(client: TestClient, folder: Path) -> None:
    ended(client, client.post("/jobs", content=POSTS, headers=CSV))
    before = set((folder / "jobs").iterdir())
    for content in (b"id\n1\n", b"text\n" + b"a\n" * 5000):
        assert client.post("/jobs", content=content, headers=CSV).status_code in (413, 422)
    assert set((folder / "jobs").iterdir()) == before


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize(
    "job", ["0123456789abcdefghjkmnpqr", "1", "%2e%2e", "' OR 1=1 --", "x" * 5000, "%00"]
)
def test_there_is_no_such_job(client: TestClient, method: str, job: str) -> None:
    for path in (f"/jobs/{job}", f"/jobs/{job}/result"):
        answer = client.request(method, path)
        assert answer.status_code in (404, 405)
        assert len(answer.json()["error"]) < 100


def test_a_removed_job_is_gone_with_its_files(client: TestClient, folder: Path) -> None:
    job = ended(client, client.post("/jobs", content=POSTS, headers=CSV))
    assert (folder / "jobs" / job["id"]).is_dir()
    assert client.delete(f"/jobs/{job['id']}").status_code == 204
    assert not (folder / "jobs" / job["id"]).exists()
    for answer in (client.get(job["result"]), client.delete(f"/jobs/{job['id']}")):
        assert answer.status_code == 404


def test_only_the_key_that_sent_a_job_sees_it(tmp_path: Path) -> None:
    with running(tmp_path, require_key=True) as client:
        database = databases.opened(recorded.url(tmp_path))
        tokens = [
            keys.add(database, name, scopes=frozenset({scope}), rate=0)[1]
            for name, scope in (("one", "jobs"), ("two", "jobs"), ("three", "detect"))
        ]
        database.close()
        mine, other, wrong = ({"Authorization": f"Bearer {token}"} for token in tokens)
        assert client.post("/jobs", content=POSTS, headers=CSV).status_code == 401
        assert client.post("/jobs", content=POSTS, headers=CSV | wrong).status_code == 403
        job = ended(client, client.post("/jobs", content=POSTS, headers=CSV | mine), mine)
        paths = (f"/jobs/{job['id']}", job["result"])
        assert [client.get(path, headers=other).status_code for path in paths] == [404, 404]
        assert client.delete(paths[0], headers=other).status_code == 404
        assert [client.get(path, headers=mine).status_code for path in paths] == [200, 200]


def test_too_many_jobs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_worker, "PAUSE", 60.0)  # nobody takes them up
    with running(tmp_path, max_jobs=2, drain=0.1) as client:
        time.sleep(0.2)
        answers = [client.post("/jobs", content=POSTS, headers=CSV) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert "2 jobs are waiting" in answers[2].json()["error"]
        waiting = answers[0].headers["location"]
        assert client.get(f"{waiting}/result").status_code == 409
        assert "The job is waiting" in client.get(f"{waiting}/result").json()["error"]
        assert client.delete(waiting).status_code == 204
        assert client.post("/jobs", content=POSTS, headers=CSV).status_code == 202
    assert len(list((tmp_path / "jobs").iterdir())) == 2


def test_a_disk_that_takes_nothing_is_503(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("a file where the folder should be")
    with running(tmp_path) as client:
        answer = client.post("/jobs", content=POSTS, headers=CSV)
    assert answer.status_code == 503
    assert "cannot be kept" in answer.json()["error"]
    assert str(tmp_path) not in answer.text


def test_jobs_are_removed_when_their_time_has_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_worker, "HOUR", 0)
    monkeypatch.setattr(job_worker, "SWEEP", 0.0)
    left = tmp_path / "jobs" / identity.new()
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    with running(tmp_path) as client:
        sent = client.post("/jobs", content=POSTS, headers=CSV)
        for _ in range(600):
            if client.get(sent.headers["location"]).status_code == 404 and not left.exists():
                break
            time.sleep(0.02)
    assert list((tmp_path / "jobs").iterdir()) == []


def test_the_interface_names_the_routes(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths["/jobs"]) == {"post"}
    assert set(paths["/jobs/{job_id}"]) == {"get", "delete"}
    assert set(paths["/jobs"]["post"]["requestBody"]["content"]) == {
        "text/csv",
        "application/x-ndjson",
        "multipart/form-data",
    }
