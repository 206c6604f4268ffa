from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hatelens.detect import Pipeline
from hatelens.serving import metrics
from hatelens.serving.metrics import Metrics
from tests.serving.conftest import Keywords

LABELS = {"model": "keywords-1", "policy": "policy-1"}


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """Return a sample as Prometheus would read it."""
    for family in text_string_to_metric_families(metrics.written().decode()):
        for sample in family.samples:
            if sample.name == name and _holds(sample.labels, labels):
                return sample.value
    return None


def _holds(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(found.get(name) == value for name, value in wanted.items())


def test_requests_are_counted_by_route_and_status() -> None:
    counts = Metrics()
    counts.request("POST", "/infer", 200, 0.02)
    counts.request("POST", "/infer", 200, 0.04)
    counts.request("BREW", "-", 405, 0.001)
    found = {"method": "POST", "route": "/infer", "status": "200"}
    assert value(counts, "hatelens_requests_total", **found) == 2
    assert value(counts, "hatelens_requests_total", method="other", status="405") == 1
    assert value(counts, "hatelens_request_seconds_count", route="/infer") == 2
    assert value(counts, "hatelens_request_seconds_bucket", route="/infer", le="0.025") == 1


def test_batches_and_the_queue_are_counted() -> None:
    counts = Metrics()
    counts.batch(3, 0.02)
    counts.batch(64, 0.5)
    counts.queue(17)
    assert value(counts, "hatelens_batch_texts_sum") == 67
    assert value(counts, "hatelens_batch_texts_bucket", le="4.0") == 1
    assert value(counts, "hatelens_batch_seconds_count") == 2
    assert value(counts, "hatelens_queue_texts") == 17


def test_scores_and_decisions_are_counted_by_community_and_version() -> None:
    counts = Metrics(["my-forum"])
    predictions = Pipeline(Keywords()).predict(["A stupid film.", "A fine film."])
    counts.answers("my-forum", predictions)
    counts.answers("made up by a stranger", predictions[:1])
    own = LABELS | {"community": "my-forum"}
    assert value(counts, "hatelens_decisions_total", decision="flag", **own) == 1
    assert value(counts, "hatelens_decisions_total", decision="clear", **own) == 1
    assert value(counts, "hatelens_decisions_total", decision="flag", community="") == 1
    assert value(counts, "hatelens_scores_bucket", community="my-forum", le="0.1") == 1
    assert value(counts, "hatelens_scores_count", community="my-forum") == 2
    assert b"stranger" not in counts.written()


def test_the_process_is_measured() -> None:
    counts = Metrics()
    pid = str(os.getpid())
    memory = value(counts, "process_resident_memory_bytes", pid=pid)
    assert memory is not None
    assert memory > 10_000_000
    assert value(counts, "process_cpu_seconds_total", pid=pid)


WORKER = """
import os, sys
from hatelens.serving.metrics import Metrics
counts = Metrics()
counts.request("GET", "/live", 200, 0.001)
counts.batch(5, 0.1)
counts.queue(4)
print(os.getpid(), flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(metrics.SHARED, str(tmp_path))
    return tmp_path


def worker() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == str(process.pid)
    return process


def test_workers_count_together_and_one_that_is_gone_keeps_its_counts(folder: Path) -> None:
    first, second = worker(), worker()
    try:
        counts = Metrics()
        assert value(counts, "hatelens_requests_total", route="/live") == 2
        assert value(counts, "hatelens_batch_texts_sum") == 10
        assert value(counts, "hatelens_queue_texts") == 8
        for process in (first, second):
            pid = str(process.pid)
            assert value(counts, "process_resident_memory_bytes", pid=pid)
        first.kill()
        first.wait()
        metrics.sweep(str(folder))
        assert value(counts, "hatelens_requests_total", route="/live") == 2
        assert value(counts, "hatelens_queue_texts") == 4
        assert value(counts, "process_resident_memory_bytes", pid=str(first.pid)) is None
    finally:
        for process in (first, second):
            process.kill()
            process.communicate()


def test_a_process_that_is_gone_does_not_live() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert not metrics.lives(process.pid)
    assert metrics.lives(os.getpid())
