"""The worker of jobs: behind the requests of people, and once for every row, whatever dies."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from hatelens.detect import Pipeline
from hatelens.models.detector import Prediction
from hatelens.serving import job_rows, job_run, job_worker
from hatelens.serving.job_files import JobFiles, Note
from hatelens.storage import answers, audit, clock, jobs
from hatelens.storage import database as databases
from tests.serving import recorded
from tests.serving.conftest import Broken, Keywords
from tests.serving.whole import running

CSV = {"Content-Type": "text/csv"}
ROWS = 200
POSTS = b"id,text\n" + b"".join(b"%d,row %d\n" % (n, n) for n in range(ROWS))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_worker, "PAUSE", 0.02)
    monkeypatch.setattr(job_run, "PAUSE", 0.02)
    monkeypatch.setattr(job_run, "LEASE", 0.2)


def sent(client: TestClient, content: bytes = POSTS) -> str:
    """Send a file; return the id of its job."""
    answer = client.post("/jobs", content=content, headers=CSV)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def until(true: Callable[[], Any]) -> Any:
    """Wait until something is so; return it."""
    for _ in range(600):
        if found := true():
            return found
        time.sleep(0.02)
    raise AssertionError(true)


def over(client: TestClient, job_id: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = client.get(f"/jobs/{job_id}").json()
        return job if job["state"] in ("done", "failed") else None

    return until(ended)


def table(client: TestClient, job_id: str) -> list[list[str]]:
    content = client.get(f"/jobs/{job_id}/result").text
    return list(csv.reader(io.StringIO(content, newline="")))


def on_record(folder: Path, job_id: str) -> list[tuple[str, int]]:
    """Return part and place of each row of a job that is on record."""
    database = databases.opened(recorded.url(folder))
    found = [
        (one.request, one.place)
        for part in range(ROWS)
        for one in answers.of_request(database, f"{job_id}.{part}", 0)
    ]
    assert audit.verify(database).fault == ""
    database.close()
    return found


def dies(at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker die in its second part: before, while or after its result is written."""
    add = JobFiles.add

    def dying(self: JobFiles, content: bytes, note: Note) -> Note:
        if note.parts != 2:
            return add(self, content, note)
        if at == "after":
            add(self, content, note)
        if at == "while":
            with self.made.open("ab") as file:
                file.write(content[: len(content) // 2])
        raise asyncio.CancelledError

    monkeypatch.setattr(JobFiles, "add", dying)


@pytest.mark.parametrize("at", ["before", "while", "after"])
def test_a_job_goes_on_where_its_worker_died_with_every_row_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    with monkeypatch.context() as patch, running(tmp_path) as client:
        dies(at, patch)
        job_id = sent(client)
        until(lambda: len(on_record(tmp_path, job_id)) == 128)
        time.sleep(0.1)
    with running(tmp_path) as client:
        job = over(client, job_id)
        assert (job["state"], job["rows"], job["progress"]) == ("done", ROWS, 1.0)
        found = table(client, job_id)
    assert [row[0] for row in found[1:]] == [str(n) for n in range(ROWS)]
    assert {row[3] for row in found[1:]} == {"0.1"}
    parts = on_record(tmp_path, job_id)
    assert len(parts) == len(set(parts)) == ROWS


def test_a_job_goes_on_under_other_limits_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"text\n" + b"".join(b"row %d %s\n" % (n, b"x" * (n % 7 * 200)) for n in range(ROWS))
    with monkeypatch.context() as patch, running(tmp_path) as client:
        dies("before", patch)
        job_id = sent(client, content)
        until(lambda: len(on_record(tmp_path, job_id)) > 100)
        time.sleep(0.1)
    monkeypatch.setattr(job_rows, "PART_ROWS", 10)
    with running(tmp_path, max_text_chars=1000) as client:
        job = over(client, job_id)
        found = table(client, job_id)
    assert (job["state"], job["rows"]) == ("done", ROWS)
    assert [row[0].split()[1] for row in found[1:]] == [str(n) for n in range(ROWS)]
    for number, row in enumerate(found[1:]):
        if number >= 64:
            assert ("of text; at most 1000" in row[-1]) == (number % 7 > 4)


class Gated(Keywords):
    """Waits before each pass until it is let go, and notes what it was asked."""

    def __init__(self) -> None:
        self.go = threading.Semaphore(0)
        self.asked: list[list[str]] = []

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.asked.append(list(texts))
        self.go.acquire(timeout=30)
        return super().predict(texts)


def test_requests_in_line_go_before_the_next_part(tmp_path: Path) -> None:
    gated = Gated()
    with running(tmp_path, Pipeline(gated), max_batch=1) as client, ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(client.post, "/infer", json={"text": f"ask {n}"}) for n in range(4)]
        until(lambda: gated.asked)
        time.sleep(0.2)  # the others are in line now
        job_id = sent(client, b"text\nthe row\n")
        until(lambda: client.get(f"/jobs/{job_id}").json()["state"] == "running")
        for _ in range(5):
            gated.go.release()
            time.sleep(0.1)
        assert {one.result().status_code for one in asked} == {200}
        assert over(client, job_id)["state"] == "done"
    order = [text for texts in gated.asked for text in texts]
    assert order[-1] == "the row"
    assert len(order) == 5


def test_a_busy_service_gets_on_with_its_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_run, "PATIENCE", 0.1)
    gated = Gated()
    with running(tmp_path, Pipeline(gated), max_batch=1) as client, ThreadPoolExecutor(9) as pool:
        asked = [pool.submit(client.post, "/infer", json={"text": f"ask {n}"}) for n in range(9)]
        until(lambda: gated.asked)
        job_id = sent(client, b"text\nthe row\n")
        time.sleep(0.5)
        gated.go.release(100)
        assert over(client, job_id)["state"] == "done"
        assert {one.result().status_code for one in asked} == {200}
    order = [text for texts in gated.asked for text in texts]
    assert len(order) == 10


def test_a_full_queue_makes_a_job_wait_and_not_fail(tmp_path: Path) -> None:
    gated = Gated()
    with running(tmp_path, Pipeline(gated), max_queue=2) as client, ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(client.post, "/infer", json={"text": "ask"}) for _ in range(2)]
        until(lambda: gated.asked)
        job_id = sent(client, b"text\none\ntwo\n")
        time.sleep(0.3)
        gated.go.release(100)
        assert over(client, job_id)["state"] == "done"
        assert {one.result().status_code for one in asked} == {200}


def test_a_model_that_fails_ends_the_job_with_one_line(tmp_path: Path) -> None:
    with running(tmp_path, Pipeline(Broken())) as client:
        job = over(client, sent(client))
        assert job["state"] == "failed"
        assert job["error"] == "The model failed on a row; the server's log says why."
        answer = client.get(f"/jobs/{job['id']}/result")
        assert answer.status_code == 409
        assert "The job is failed: The model failed" in answer.json()["error"]


def test_a_job_whose_files_are_gone_fails_with_one_line(tmp_path: Path) -> None:
    gated = Gated()
    with running(tmp_path, Pipeline(gated)) as client:
        job_id = sent(client)
        until(lambda: gated.asked)
        JobFiles(tmp_path / "jobs", job_id).remove()
        gated.go.release(100)
        assert over(client, job_id)["error"].startswith("The files of the job are gone")


def test_a_job_whose_rows_are_all_broken_fails_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_rows, "LOST", 100)
    with running(tmp_path) as client:
        job = over(client, sent(client, b"text,n\na,1\n" + b'x,"y\n' * 100))
    assert job["state"] == "failed"
    assert job["error"].startswith("Too many rows have open quotes")


def test_a_removed_job_stops_and_the_next_goes_on(tmp_path: Path) -> None:
    gated = Gated()
    with running(tmp_path, Pipeline(gated)) as client:
        first = sent(client)
        until(lambda: gated.asked)
        assert client.delete(f"/jobs/{first}").status_code == 204
        gated.go.release(100)
        second = sent(client, b"text\nthe next\n")
        assert over(client, second)["state"] == "done"
        assert not (tmp_path / "jobs" / first).exists()
    assert sum(map(len, gated.asked)) <= 64 + 1


def test_a_service_that_stops_gives_its_job_back_after_the_part(tmp_path: Path) -> None:
    gated = Gated()
    with running(tmp_path, Pipeline(gated)) as client:
        job_id = sent(client)
        until(lambda: gated.asked)
        threading.Timer(0.2, gated.go.release, (100,)).start()
    database = databases.opened(recorded.url(tmp_path))
    job = jobs.find(database, job_id)
    taken = jobs.claim(database, "another", clock.now(), clock.now() + clock.SECOND)
    database.close()
    assert job is not None
    assert job.state == "waiting"
    assert taken is not None
    note = JobFiles(tmp_path / "jobs", job_id).note()
    assert note.rows == len(on_record(tmp_path, job_id)) == 64


def test_a_worker_whose_job_was_taken_over_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gated = Gated()
    with running(tmp_path, Pipeline(gated)) as client:
        job_id = sent(client)
        until(lambda: gated.asked)
        time.sleep(0.3)  # its lease is over
        database = databases.opened(recorded.url(tmp_path))
        later = clock.now() + 600 * clock.SECOND
        assert jobs.claim(database, "another", clock.now(), later) is not None
        gated.go.release(100)
        until(lambda: len(on_record(tmp_path, job_id)) == 64)
        time.sleep(0.3)
        assert JobFiles(tmp_path / "jobs", job_id).note() == Note()
        found = jobs.find(database, job_id)
        assert found is not None
        assert found.worker == "another"
        database.close()


def test_a_long_part_keeps_its_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_worker, "BEAT", 0.05)
    gated = Gated()
    with running(tmp_path, Pipeline(gated)) as client:
        job_id = sent(client, b"text\nthe row\n")
        until(lambda: gated.asked)
        time.sleep(0.6)  # three leases
        database = databases.opened(recorded.url(tmp_path))
        assert jobs.claim(database, "another", clock.now(), clock.now()) is None
        database.close()
        gated.go.release(100)
        assert over(client, job_id)["state"] == "done"
