"""Kill -9 in the middle of a job, again and again: every row once in the result and on record."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import select

from hatelens.storage import audit, tables
from hatelens.storage import database as databases
from tests.running import Running, running

ROWS = 20_000
KILLS = 4
CSV = {"Content-Type": "text/csv"}


def kill(server: Running) -> None:
    """Kill all processes of a server at once, as a machine does that runs out of memory."""
    parent = psutil.Process(server.process.pid)
    for process in [parent, *parent.children(recursive=True)]:
        process.kill()
    server.process.wait(30)


def until(client: httpx.Client, job_id: str, rows: int) -> Any:
    """Wait until a job has so many rows, or is over."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        job = client.get(f"/jobs/{job_id}").json()
        if job["rows"] >= rows or job["state"] in ("done", "failed"):
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def on_record(folder: Path, job_id: str) -> Iterator[tuple[str, int]]:
    """Give part and place of each row of a job that is on record, and see that the chain holds."""
    database = databases.opened(f"sqlite:///{folder / 'hatelens.db'}")
    wanted = select(tables.answers.c.request, tables.answers.c.place).where(
        tables.answers.c.route == "/jobs"
    )
    with database.read() as connection:
        found = connection.execute(wanted).all()
    assert audit.verify(database).fault == ""
    database.close()
    for request, place in found:
        assert request.startswith(job_id)
        yield request, place


@pytest.mark.slow
@pytest.mark.timeout(900)  # each start waits for the lease of the one before
@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_row_comes_back_once_whenever_the_server_is_killed(
    model_folder: Path, tmp_path: Path, workers: str
) -> None:
    chance = random.Random(4)
    rows = b"".join(b"%d,Zorblaxian number %d said good morning\n" % (n, n) for n in range(ROWS))
    job_id, location, reached = "", "", 0
    result: list[str] = []
    for number in range(KILLS + 1):
        with running(model_folder, tmp_path, "--workers", workers) as server:
            with server.client() as client:
                if not job_id:
                    sent = client.post("/jobs", content=b"id,text\n" + rows, headers=CSV)
                    job_id, location = sent.json()["id"], sent.headers["location"]
                goal = ROWS if number == KILLS else reached + chance.randrange(100, 3000)
                job = until(client, job_id, goal)
                assert job["rows"] >= reached
                reached = job["rows"]
                if number == KILLS:
                    job = until(client, job_id, ROWS + 1)
                    assert (job["state"], job["rows"], job["bad_rows"]) == ("done", ROWS, 0)
                    result = client.get(f"{location}/result").text.splitlines()
            if number < KILLS:
                time.sleep(chance.random() / 10)
                kill(server)
    assert [line.partition(",")[0] for line in result[1:]] == [str(n) for n in range(ROWS)]
    counted = Counter(on_record(tmp_path, job_id))
    assert set(counted.values()) == {1}
    assert sum(counted.values()) == ROWS


@pytest.mark.slow
def test_a_large_upload_does_not_go_into_memory(model_folder: Path, tmp_path: Path) -> None:
    line = b"x" * 1000 + b"\n"

    def body() -> Iterator[bytes]:
        yield b"text\n"
        for _ in range(1000):
            yield line * 100

    with running(model_folder, tmp_path) as server, server.client() as client:
        process = psutil.Process(server.process.pid)
        client.post("/jobs", content=b"text\n" + line, headers=CSV)
        before = process.memory_info().rss
        sent = client.post("/jobs", content=body(), headers=CSV, timeout=120)
        assert sent.status_code == 202, sent.text
        assert (tmp_path / "hatelens-jobs" / sent.json()["id"] / "upload").stat().st_size > 100e6
        assert process.memory_info().rss - before < 40e6
        assert client.delete(sent.headers["location"]).status_code == 204
        assert not (tmp_path / "hatelens-jobs" / sent.json()["id"]).exists()
