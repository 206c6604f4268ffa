"""Kill -9 in the middle of the load: what was acknowledged is on record once, and it goes on.

The clients note the id of every answer that reached them whole. All processes of the server are
killed at once, at a random moment; the database is left as they left it.
"""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from benchmarks.load import clients, database, server
from benchmarks.load.clients import Outcome
from benchmarks.load.server import HATELENS, Server

CLIENTS = 32
REQUESTS = 20_000
"""More than are answered before the kill, so that it always comes in the middle."""
TEXTS = ("Good morning, Zorblaxians.", "What a stupid film.", "Is it late?")


class Crashes:
    """One database, and what was acknowledged on it before the kills.

    Args:
        model: a model folder.
        url: of the database.
        place: for the server's logs.
        workers: processes of the server.
    """

    def __init__(self, model: Path, url: str, place: Path, workers: int) -> None:
        self.url = url
        self.place = place
        self.command = [*HATELENS, "serve", "--model", str(model), "--port", "0"]
        self.command += ["--workers", str(workers)]
        self.environment = {
            "HATELENS_DATABASE": url,
            "HATELENS_JOBS_FOLDER": str(place / "jobs"),
        }
        self.acknowledged: Counter[str] = Counter()
        self.starts = 0

    @contextmanager
    def up(self) -> Iterator[Server]:
        self.starts += 1
        log = self.place / f"log-{self.starts}"
        with server.running(self.command, log, self.environment) as running:
            yield running

    def load(self, running: Server, count: int, watch: Callable[[int], object] = int) -> Outcome:
        """Ask about one, two or three texts at a time, and note what is acknowledged."""
        sizes = [1 + i % 3 for i in range(count)]
        asked = (
            clients.request(*(f"{text} {i}" for text in TEXTS[:size]))
            for i, size in enumerate(sizes)
        )
        found = clients.drive(running.port, asked, CLIENTS, 60, watch)
        assert {one.status for one in found.answers} <= {200}
        for one in found.acknowledged:
            self.acknowledged[one.request] += sizes[one.place]
        return found

    def crash(self, answers: int, later: float) -> None:
        """Start, load, kill so many seconds after so many answers, and look at what is left."""
        with self.up() as running:
            processes = running.processes()
            killer = threading.Timer(later, running.kill)
            found = self.load(running, REQUESTS, lambda n: n == answers and killer.start())
            killer.join()
            assert len(found.acknowledged) >= answers
            assert found.unanswered, "the kill came after the load"
            assert not any(one.is_running() for one in processes)
        self.check()

    def check(self) -> None:
        """Every acknowledged text is there once, and the chain holds."""
        found = database.check(self.url, self.acknowledged)
        assert (found.missing, found.doubled, found.fault) == ((), (), "")
        assert found.entries >= sum(self.acknowledged.values())

    def goes_on(self) -> None:
        """The next start answers again, and ends when it is asked to."""
        with self.up() as running:
            found = self.load(running, 100)
            assert (len(found.acknowledged), found.unanswered) == (100, 0)
            assert running.stop() == 0
        self.check()

    def verify(self) -> None:
        """The command, too, says that the record holds."""
        command = [*HATELENS, "audit", "verify", "--database", self.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_was_acknowledged_survives_a_kill_and_the_server_goes_on(model_folder, tmp_path):
    crashes = Crashes(model_folder, f"sqlite:///{tmp_path / 'record.db'}", tmp_path, workers=1)
    crashes.crash(answers=100, later=0.01)
    crashes.goes_on()


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("postgres", [False, True], ids=["sqlite", "postgresql"])
def test_ten_kills_on_one_database_lose_and_double_nothing(
    model_folder, tmp_path, postgres, workers
):
    moments = random.Random(f"{postgres} {workers}")
    with database.temporary(postgres=postgres) as url:
        crashes = Crashes(model_folder, url, tmp_path, workers)
        for _ in range(10):
            crashes.crash(answers=moments.randint(1, 500), later=moments.uniform(0, 0.1))
        crashes.goes_on()
        crashes.verify()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("postgres", [False, True], ids=["sqlite", "postgresql"])
def test_a_server_that_was_killed_while_it_started_starts_again(model_folder, tmp_path, postgres):
    """The tables are made at the first start: nothing half made may stand in the way."""
    shares = random.Random(3)
    with database.temporary(postgres=False) as other:
        begun = time.monotonic()
        with Crashes(model_folder, other, tmp_path, workers=2).up():
            whole = time.monotonic() - begun
    with database.temporary(postgres=postgres) as url:
        crashes = Crashes(model_folder, url, tmp_path, workers=2)
        for _ in range(8):
            with server.started(crashes.command, tmp_path / "log", crashes.environment):
                time.sleep(whole * shares.uniform(0.5, 1.1))
        crashes.goes_on()
