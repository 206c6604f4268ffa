"""Measures the service under load, next to the bare model and to a naive server, in one run.

    python -m benchmarks.load --model default --data ghc --out benchmarks/results

The bare model labels the first half of the texts before the servers and the second half after
them, so that a machine that changes its pace changes all figures alike. Every request asks about
one text, and no text is asked about twice. After the load every acknowledged request is looked up
in the database by its X-Request-Id, and the audit chain is verified. Ends with 1 where the service
failed or its record does not hold; how fast it is decides nothing. Clients, servers and database
are on this machine; nothing else is talked to. Writes a table (Markdown, JSON) without any text.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.load import clients, database, naive_server, report, server
from benchmarks.load.clients import Outcome
from benchmarks.load.report import Report, Row

from hatelens.data import catalog
from hatelens.errors import UserError
from hatelens.models import folder

HERE = Path(__file__).parent
LOADS = 3.0
"""Seconds after which a server has begun with what it loads late, as what it watches drift by."""
IDLE = 0.1
"""Seconds of a core in a second, below which a server is at rest."""
SLOWEST = 4
"""Texts a second below which a load is given up, so that it ends in any case."""


@dataclass(frozen=True)
class Options:
    """What is measured.

    Attributes:
        model: a model folder or name.
        data: a data set, whose texts are asked about.
        requests: to the service.
        naive: requests to each naive server, the first ones; 0 leaves them out.
        clients: connections at once.
        workers: processes of the service.
        database: URL; empty for one that is made for this run.
        postgres: whether that one is PostgreSQL.
        out: folder for load.md and load.json; None to print only.
    """

    model: str
    data: str
    requests: int
    naive: int
    clients: int
    workers: int
    database: str
    postgres: bool
    out: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the table and return the exit status."""
    options = parsed(arguments)
    try:
        found = measured(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    if options.out:
        report.write(found, options.out)
    print(report.markdown(found))
    return 0 if found.holds else 1


def parsed(arguments: Sequence[str] | None) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=folder.DEFAULT)
    parser.add_argument("--data", default="ghc")
    parser.add_argument("--requests", type=_count, default=20_000)
    parser.add_argument("--naive", type=partial(_count, least=0), default=4_000)
    parser.add_argument("--clients", type=_count, default=64)
    parser.add_argument("--workers", type=_count, default=1)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--database", default="", help="URL; by default a new file of SQLite")
    where.add_argument("--postgres", action="store_true", help="a new PostgreSQL of its own")
    parser.add_argument("--out", type=Path, default=None, help="folder for load.md and load.json")
    return Options(**vars(parser.parse_args(arguments)))


def _count(text: str, least: int = 1) -> int:
    """Read a number."""
    number = int(text)
    if number < least:
        raise argparse.ArgumentTypeError(f"it is {number}; it must be at least {least}")
    return number


def material(data: str, count: int) -> list[str]:
    """Return that many texts, no two alike: those of the data set, then the same with a number."""
    texts = [one.text.strip() for one in catalog.load(data).examples]
    fresh = list(dict.fromkeys(text for text in texts if text))
    made = dict.fromkeys(fresh)
    for again in range(2, 2 + count):
        if len(made) >= count:
            break
        made |= dict.fromkeys(f"{text} {again}" for text in fresh)
    return list(made)[:count]


def measured(options: Options) -> Report:
    """Measure the model alone, the service, the naive servers, and the model alone again."""
    machine = report.machine()  # its load before this one
    texts = material(options.data, options.requests)
    half = len(texts) // 2
    before = bare(options.model, texts[:half])
    with at(options) as url:
        ours, outcome = service(options, url, texts)
        record = database.check(url, Counter(one.request for one in outcome.acknowledged))
    naive = [naive_row(options, way, texts) for way in naive_server.WAYS if options.naive]
    after = bare(options.model, texts[half:])
    alone = Row(
        "bare model, in batches",
        len(texts),
        before["seconds"] + after["seconds"],
        server=before["processor"] + after["processor"],
    )
    return Report(
        machine=machine,
        model=after["model_version"],
        data=options.data,
        database=url.partition(":")[0].partition("+")[0],
        clients=options.clients,
        workers=options.workers,
        characters=sum(map(len, texts)) / len(texts),
        rows=(alone, ours, *naive),
        statuses={
            str(status): count
            for status, count in sorted(Counter(one.status for one in outcome.answers).items())
        },
        unanswered=outcome.unanswered,
        record=record,
    )


@contextmanager
def at(options: Options) -> Iterator[str]:
    """Give the URL of the database: the one that was named, or one for this run."""
    if options.database:
        yield options.database
        return
    with database.temporary(postgres=options.postgres) as url:
        yield url


def bare(model: str, texts: Sequence[str]) -> dict[str, Any]:
    """Return how long the model alone takes for texts, as bare_model prints it."""
    if not texts:
        return {"seconds": 0.0, "processor": 0.0}
    command = [sys.executable, str(HERE / "bare_model.py"), model]
    done = subprocess.run(
        command, input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def service(options: Options, url: str, texts: Sequence[str]) -> tuple[Row, Outcome]:
    """Load ``hatelens serve`` as it is, its log and its record included."""
    command = [*server.HATELENS, "serve", "--model", options.model, "--port", "0"]
    command += ["--workers", str(options.workers)]
    return loaded("hatelens serve", command, {"HATELENS_DATABASE": url}, options, texts)


def naive_row(options: Options, way: str, texts: Sequence[str]) -> Row:
    """Load a naive server."""
    command = [sys.executable, str(HERE / "naive_server.py"), options.model, "--way", way]
    name = {"threads": "naive FastAPI, in threads", "loop": "naive FastAPI, in the event loop"}[way]
    row, outcome = loaded(name, command, {}, options, texts[: options.naive])
    failed = outcome.unanswered + len(outcome.answers) - len(outcome.acknowledged)
    if failed:
        raise RuntimeError(f"{name} failed on {failed} requests; there is nothing to compare with.")
    return row


def loaded(
    name: str,
    command: Sequence[str],
    environment: dict[str, str],
    options: Options,
    texts: Sequence[str],
) -> tuple[Row, Outcome]:
    """Start a server, warm it up, let it come to rest, load it and stop it."""
    requests = [clients.request(text) for text in texts]
    warm = [clients.request(f"Good morning {i}.") for i in range(options.clients)]
    limit = 60 + len(texts) / SLOWEST
    with (
        tempfile.TemporaryDirectory() as place,
        server.running(
            command, Path(place) / "log", environment | {"HATELENS_JOBS_FOLDER": f"{place}/jobs"}
        ) as up,
    ):
        clients.drive(up.port, warm, options.clients, limit)
        rest(up)
        spent = up.processor()
        outcome = clients.drive(up.port, requests, options.clients, limit)
        spent = up.processor() - spent
        up.stop()
    seconds = [one.seconds for one in outcome.acknowledged]
    row = Row(
        name,
        len(outcome.acknowledged),
        outcome.seconds,
        latency=report.latency(seconds),
        server=spent,
        clients=outcome.processor,
    )
    return row, outcome


def rest(up: server.Server) -> None:
    """Wait until a server has done what it does once, after its start: at most half a minute."""
    time.sleep(LOADS)
    for _ in range(30):
        spent = up.processor()
        time.sleep(1)
        if up.processor() - spent < IDLE:
            return


if __name__ == "__main__":
    # Asked to end, it ends the servers first; they are in process groups of their own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
