from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from hatelens.serving.metrics import lives
from hatelens.storage import audit
from hatelens.storage import database as databases
from tests.running import Running, running

PID = re.compile(r'process_resident_memory_bytes\{pid="(\d+)"\}')
PATIENCE = 60.0


def counts(server: Running) -> str:
    return httpx.get(server.url + "/metrics", timeout=30).text


def pids(server: Running) -> set[int]:
    return {int(found) for found in PID.findall(counts(server))}


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "It has not come about."
        time.sleep(0.1)


def asked(server: Running, count: int) -> list[str]:
    """Ask on as many connections, so that all workers have some; return the request ids."""

    def ask(number: int) -> str:
        content = {"text": f"Text number {number}."}
        answer = httpx.post(server.url + "/infer", json=content, timeout=30)
        assert answer.status_code == 200
        return answer.headers["x-request-id"]

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(ask, range(count)))


def verified(folder: Path) -> int:
    database = databases.opened(f"sqlite:///{folder / 'hatelens.db'}", new=False)
    verdict = audit.verify(database)
    database.close()
    assert verdict.fault == ""
    return verdict.entries


def test_workers_answer_on_one_socket_one_that_dies_comes_back_and_all_stop_together(
    model_folder: Path, tmp_path: Path
) -> None:
    with running(model_folder, tmp_path, "--workers", "2") as server:
        until(lambda: len(pids(server)) == 2)
        before = pids(server)
        assert server.process.pid not in before
        first = asked(server, 20)
        killed = min(before)
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(pids(server) - before) == 1 and killed not in pids(server))
        second = asked(server, 20)
        assert 'hatelens_requests_total{method="POST",route="/infer",status="200"} 40.0' in counts(
            server
        )
        after = pids(server)
        assert server.stop(signal.SIGTERM) == 0
    assert len({*first, *second}) == 40
    assert not any(map(lives, after))
    assert "Traceback" not in "".join(server.log)
    # 40 answers, and each of three starts.
    assert verified(tmp_path) == 43


@pytest.mark.slow
def test_workers_end_when_their_supervisor_is_killed(model_folder: Path, tmp_path: Path) -> None:
    with running(model_folder, tmp_path, workers=2) as server:
        until(lambda: len(pids(server)) == 2)
        workers = pids(server)
        server.process.kill()
        until(lambda: not any(map(lives, workers)))
    assert verified(tmp_path) == 2


@pytest.mark.slow
def test_ctrl_c_ends_all_workers_without_a_traceback(model_folder: Path, tmp_path: Path) -> None:
    with running(model_folder, tmp_path, workers=2) as server:
        until(lambda: len(pids(server)) == 2)
        workers = pids(server)
        for pid in (*workers, server.process.pid):  # as a terminal does
            os.kill(pid, signal.SIGINT)
        assert server.process.wait(PATIENCE) == 0
        until(lambda: not any(map(lives, workers)))
    assert "Traceback" not in "".join(server.log)


@pytest.mark.slow
def test_a_worker_that_cannot_start_says_why_and_ends_the_service(
    model_folder: Path, tmp_path: Path
) -> None:
    """Only a worker, which opens the model, can find that it has no such adapter."""
    policy = tmp_path / "policy.yaml"
    policy.write_text("communities: {a: {flag: 0.5, adapter: forum}}")
    with running(model_folder, tmp_path, workers=2, policy=policy, ready=False) as server:
        assert server.process.wait(PATIENCE) == 1
        assert server.reader is not None
        server.reader.join(PATIENCE)
    line = "hatelens: Only a mixture has adapters; this model has none named 'forum'.\n"
    assert line in server.log
    assert "Traceback" not in "".join(server.log)
