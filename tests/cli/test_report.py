"""``hatelens report``."""

from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from hatelens.cli import main
from hatelens.errors import ConfigError, StorageError
from hatelens.storage import clock
from hatelens.storage import database as databases
from hatelens.storage.ledger import Ledger
from tests.storage.conftest import SPRING, an_answer


@pytest.fixture
def url(tmp_path):
    """A record of three answers, one of them flagged and a day later."""
    url = f"sqlite:///{tmp_path}/record.db"
    database = databases.opened(url)
    ledger = Ledger(database)
    late = an_answer(time=SPRING + clock.DAY, decision="flag", label="unkind", community="=[red]1")
    ledger.write([an_answer(community="my-forum"), an_answer(), late]).result(30)
    ledger.close()
    database.close()
    return url


def call(*arguments):
    return CliRunner().invoke(main.app, ["report", *arguments])


def test_the_report_is_tables_for_people(url):
    done = call("--database", url)
    assert done.exit_code == 0
    first, second, *_ = done.stdout.splitlines()
    assert first == "3 texts in 3 requests: 1 flagged, 2 clear, 0 unsure (0.0%)"
    assert second == "latency of a request: p50 8.2 ms, p95 8.2 ms, p99 8.2 ms"
    for name in ("unkind", "my-forum", "=[red]1", "(none)", "policy-1", "/infer", "2026-03-02"):
        assert name in done.stdout


@pytest.mark.parametrize("options", [["--format", "json"], ["--json"]])
def test_the_report_is_json_for_machines(url, options):
    record = json.loads(call("--database", url, *options).stdout)
    assert record["total"] == {"texts": 3, "flag": 1, "clear": 2, "unsure": 0}
    assert list(record["days"]) == ["2026-03-01", "2026-03-02"]


def test_the_report_is_csv_for_spreadsheets_without_formulas(url):
    rows = list(csv.reader(io.StringIO(call("--database", url, "--format", "csv").stdout)))
    assert rows[0][:3] == ["by", "name", "texts"]
    assert ["communities", "'=[red]1", "1", "1", "0", "0", "", "", "", ""] in rows


@pytest.mark.parametrize(
    ("options", "texts"),
    [
        (["--since", "2026-03-02"], 1),
        (["--until", "2026-03-01"], 2),
        (["--since", "2026-03-01", "--until", "2026-03-01"], 2),
        (["--since", "2026-03-01T12:01"], 1),
        (["--community", "my-forum"], 1),
        (["--community", ""], 1),
        (["--since", "2030-01-01"], 0),
    ],
)
def test_a_time_and_a_community_can_be_chosen(url, options, texts):
    assert json.loads(call("--database", url, "--json", *options).stdout)["total"]["texts"] == texts
    assert call("--database", url, *options).stdout.startswith(f"{texts} texts in")


def test_mistakes_are_one_line(url, tmp_path):
    for options in (["--since", "yesterday"], ["--until", "\x00"], ["--format", "xml"]):
        assert isinstance(call("--database", url, *options).exception, ConfigError)
    nowhere = call("--database", f"sqlite:///{tmp_path}/nowhere.db")
    assert isinstance(nowhere.exception, StorageError)
