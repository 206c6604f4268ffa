"""The benchmark under load: its clients on a real socket, its check of the record, its table."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.load import clients, naive_server, report
from benchmarks.load import database as records
from benchmarks.load.__main__ import material, parsed
from benchmarks.load.clients import request
from benchmarks.load.database import Check
from benchmarks.load.report import Latency, Report, Row
from starlette.testclient import TestClient

from hatelens.detect import Pipeline
from hatelens.storage import database, identity
from hatelens.storage.answers import Answer
from hatelens.storage.ledger import Ledger
from tests.serving.conftest import Keywords

ROOT = Path(__file__).parents[2]


class Listening(socketserver.ThreadingTCPServer):
    """A server that keeps what it was asked."""

    daemon_threads = True
    seen: list[tuple[str, dict[str, Any]]]


class Handler(socketserver.StreamRequestHandler):
    """Answers in two pieces; to ``fail`` with 500, and ``cut`` is where it goes away."""

    def handle(self):
        assert isinstance(self.server, Listening)
        while (line := self.rfile.readline()).strip():
            length = 0
            while header := self.rfile.readline().strip():
                if header.lower().startswith(b"content-length"):
                    length = int(header.split(b":")[1])
            body = json.loads(self.rfile.read(length))
            self.server.seen.append((line.split()[1].decode(), body))
            if "cut" in body.values():
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
                return
            status = b"500 No" if "fail" in body.values() else b"200 OK"
            head = b"HTTP/1.1 %s\r\nX-Request-Id: id-%d\r\nContent-Le" % (status, len(body))
            self.wfile.write(head)
            self.wfile.flush()
            self.wfile.write(b"ngth: 2\r\n\r\n{}")


@contextmanager
def listening():
    with Listening(("127.0.0.1", 0), Handler) as server:
        server.seen = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server, server.server_address[1]
        server.shutdown()


def test_each_request_is_sent_once_and_each_answer_is_noted():
    texts = [f"text {i}" for i in range(40)]
    with listening() as (server, port):
        found = clients.drive(port, [request(text) for text in texts], 8, 30)
    assert sorted(body["text"] for _, body in server.seen) == sorted(texts)
    assert {path for path, _ in server.seen} == {"/infer"}
    assert sorted(one.place for one in found.acknowledged) == list(range(40))
    assert {one.request for one in found.answers} == {"id-1"}
    assert found.unanswered == 0
    assert 0 < max(one.seconds for one in found.answers) <= found.seconds
    assert found.processor > 0


def test_what_is_refused_or_cut_off_is_not_acknowledged():
    asked = [request("fail"), request("cut"), request("a text", "another")]
    with listening() as (server, port):
        found = clients.drive(port, asked, 3, 30)
    assert {"texts": ["a text", "another"]} in [body for _, body in server.seen]
    assert sorted((one.place, one.status) for one in found.answers) == [(0, 500), (2, 200)]
    assert [one.place for one in found.acknowledged] == [2]
    assert found.unanswered == 1


def test_a_server_that_is_not_there_is_an_error():
    with listening() as (_, port):
        pass
    with pytest.raises(OSError, match="refused"):
        clients.drive(port, [request("a text")], 2, 30)


def test_no_two_texts_are_alike_however_many_are_asked_for():
    texts = material("sample", 5_000)
    assert len(texts) == len(set(texts)) == 5_000
    assert material("sample", 10) == texts[:10]
    assert all(text.strip() for text in texts)


def test_the_naive_servers_answer_with_the_record():
    for way in naive_server.WAYS:
        client = TestClient(naive_server.create(Pipeline(Keywords()), way))
        answer = client.post("/infer", json={"text": "a stupid film"})
        assert (answer.status_code, answer.json()["label"]) == (200, "unkind")


def answer(request: str, place: int = 0) -> Answer:
    return Answer(
        id=identity.new(),
        request=request,
        place=place,
        time=1,
        route="/infer",
        key="",
        community="",
        model="m",
        policy="p",
        label="kind",
        hateful=0.1,
        decision="clear",
        scores={"scores": {"kind": 1.0}},
        language="en",
        latency=1.0,
        text_hash="0" * 64,
        length=3,
    )


def test_a_request_that_is_not_on_record_exactly_once_is_found(tmp_path):
    url = f"sqlite:///{tmp_path / 'record.db'}"
    with closing(database.opened(url)) as record, closing(Ledger(record)) as ledger:
        entries = [answer("one"), answer("two"), answer("two", 1), answer("again"), answer("again")]
        ledger.write(entries).result(30)
    assert records.check(url, {"one": 1, "two": 2}).doubled == ("again",)
    found = records.check(url, {"one": 1, "two": 3, "gone": 1, "again": 1})
    assert (found.missing, found.doubled) == (("two", "gone"), ("again",))
    assert (found.texts, found.entries, found.fault) == (6, 5, "")
    assert not found.holds


RECORD = Check(texts=300, missing=(), doubled=(), entries=310, fault="")
REPORT = Report(
    machine="a machine",
    model="0123456789abcdef",
    data="sample",
    database="sqlite",
    clients=64,
    workers=1,
    characters=40.0,
    rows=(
        Row("bare model, in batches", 300, 1.0, server=0.9),
        Row("hatelens serve", 300, 1.25, Latency(1, 2, 3, 4), 1.2, 0.1),
        Row("naive, slower", 100, 1.0, Latency(1, 2, 3, 4), 1.2, 0.1),
        Row("naive, faster", 200, 1.0, Latency(1, 2, 3, 4), 1.2, 0.1),
    ),
    statuses={"200": 300},
    unanswered=0,
    record=RECORD,
)


def test_the_table_names_both_ratios_and_what_became_of_every_request():
    text = report.markdown(REPORT)
    assert "| bare model, in batches | 300 | 300.0 | 1.00 | - | - | - | - | 3.00 | - |" in text
    assert "| hatelens serve | 300 | 240.0 | 0.80 | 1.0 | 2.0 | 3.0 | 4.0 | 4.00 | 0.33 |" in text
    assert "- To the bare model: 0.80 times; at least 0.75 is reached." in text
    assert "- To the faster naive server: 1.20 times; at least 1.4 is missed." in text
    assert "- Answers: 300 with 200; 0 requests unanswered." in text
    assert "- On record: of 300 acknowledged requests 0 missing, 0 doubled." in text
    assert REPORT.holds


@pytest.mark.parametrize(
    "change",
    [
        {"statuses": {"200": 299, "503": 1}},
        {"unanswered": 1},
        {"record": replace(RECORD, missing=("one",))},
        {"record": replace(RECORD, doubled=("one",))},
        {"record": replace(RECORD, fault="Entry 3 was changed.")},
    ],
)
def test_one_lost_request_is_a_failure(change):
    assert not replace(REPORT, **change).holds


def test_percentiles_are_of_the_nearest_rank():
    found = report.latency([i / 1000 for i in range(1, 201)])
    assert found == Latency(100.0, 190.0, 198.0, 200.0)
    assert report.latency([]) is None


def test_the_issue_names_the_defaults_and_a_number_must_be_above_0(capsys):
    options = parsed([])
    assert (options.requests, options.clients, options.data) == (20_000, 64, "ghc")
    with pytest.raises(SystemExit):
        parsed(["--clients", "0"])
    assert "it is 0; it must be at least 1" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    "where", [[], ["--postgres", "--workers", "2"]], ids=["sqlite", "postgres"]
)
def test_it_measures_a_real_service(trained_linear, tmp_path, where):
    command = [sys.executable, "-m", "benchmarks.load", "--model", str(trained_linear)]
    command += ["--data", "sample", "--requests", "2000", "--naive", "200", "--clients", "16"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path), *where],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "load.json").read_text())
    assert found["statuses"] == {"200": 2000}
    assert found["record"]["texts"] == 2000
    assert found["record"]["entries"] >= 2016
    assert [one["texts"] for one in found["rows"]] == [2000, 2000, 200, 200]
    assert all(one["rate"] > 0 for one in found["rows"])
    assert done.stdout.strip() == (tmp_path / "load.md").read_text().strip()
