from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hatelens.cli.data import app
from hatelens.errors import ConfigError, DataError
from tests.data.conftest import sentence, write_csv


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATELENS_DATA", "")
    monkeypatch.setenv("HATELENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def mine(tmp_path: Path) -> Path:
    return write_csv(
        tmp_path / "mine.csv",
        [{"comment": sentence(n), "class": "hate" if n % 2 else "fine"} for n in range(40)],
    )


def test_list_says_what_is_at_hand() -> None:
    records = {record["name"]: record for record in json.loads(run("list", "--json").stdout)}

    assert records["sample"]["at_hand"]
    assert records["sample"]["rows"] == 598
    assert not records["hatecheck"]["at_hand"]
    assert records["hatecheck"]["test_only"]


def test_list_prints_a_table() -> None:
    result = run("list")

    assert result.exit_code == 0
    assert "hatecheck" in result.stdout
    assert "CC-BY-4.0" in result.stdout


def test_show_gives_figures_and_pictures_but_no_texts(tmp_path: Path) -> None:
    result = run("show", "sample")

    assert result.exit_code == 0
    assert "598" in result.stdout
    assert (tmp_path / "reports/data/sample/classes.png").is_file()
    from hatelens.data import catalog

    assert not any(one.text in result.stdout for one in catalog.load("sample").examples)


def test_show_can_draw_elsewhere_or_nothing(tmp_path: Path) -> None:
    drawn = json.loads(run("show", "sample", "--out", "there", "--json").stdout)
    bare = json.loads(run("show", "sample", "--no-pictures", "--json").stdout)

    assert drawn["pictures"] == ["there/classes.png", "there/lengths.png", "there/agreement.png"]
    assert bare["pictures"] == []
    assert bare["splits"]["test"] == 118


def test_show_reads_a_file_of_ones_own(tmp_path: Path) -> None:
    columns = ["--column", "text=comment", "--column", "label=class"]

    result = run("show", str(mine(tmp_path)), "--json", "--no-pictures", *columns)

    assert json.loads(result.stdout)["classes"] == {"fine": 20, "hate": 20}


def test_check_of_a_sound_set_exits_0() -> None:
    result = run("check", "sample")

    assert result.exit_code == 0
    assert "598" in result.stdout
    assert json.loads(run("check", "sample", "--json").stdout)["serious"] is False


def test_check_exits_1_when_something_is_serious(tmp_path: Path) -> None:
    write_csv(tmp_path / "bad.csv", [{"text": "the same words", "label": "a"} for _ in range(9)])

    result = run("check", "bad.csv")

    assert result.exit_code == 1
    assert "SERIOUS" in result.stdout


def test_check_counts_what_was_left_out(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "gaps.csv",
        [{"text": sentence(n) if n % 9 else "", "label": "a"} for n in range(40)],
    )

    assert "left out: the text is empty" in run("check", "gaps.csv").stdout


def test_fetch_without_a_network_is_a_user_error(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("fetch", "measuring_hate_speech")

    assert isinstance(result.exception, DataError)
    assert "--revision COMMIT" in str(result.exception)
    assert "hateful" in result.stderr


@pytest.mark.parametrize("as_json", [True, False])
def test_fetch_prints_the_hashes(monkeypatch: pytest.MonkeyPatch, as_json: bool) -> None:
    from hatelens.data.fetch import Fetched

    files = (Fetched(Path("a.csv"), "ab12"),)
    monkeypatch.setattr("hatelens.data.fetch.fetch", lambda *_, **__: files)

    result = run("fetch", "edos", *(["--json"] if as_json else []))

    expected = [{"path": "a.csv", "sha256": "ab12"}] if as_json else None
    assert result.stdout == (json.dumps(expected) + "\n" if expected else "a.csv  sha256 ab12\n")


@pytest.mark.parametrize("column", ["comment", "=comment", "text="])
def test_a_column_option_without_a_role_is_refused(tmp_path: Path, column: str) -> None:
    result = run("check", str(mine(tmp_path)), "--column", column)

    assert isinstance(result.exception, ConfigError)
    assert "ROLE=COLUMN" in str(result.exception)


def test_annotate_writes_a_data_set_and_names_it(tmp_path: Path, trained_linear: Path) -> None:
    posts = write_csv(tmp_path / "posts.csv", [{"comment": sentence(n)} for n in range(30)])
    given = [str(posts), "--model", str(trained_linear), "--column", "text=comment"]

    result = run("annotate", *given, "--out", "said.jsonl")
    explained = run("annotate", *given, "--out", "why.jsonl", "--explain", "--json")

    assert result.stdout == "said.jsonl\n"
    rows = [json.loads(line) for line in Path("said.jsonl").read_text("utf-8").splitlines()]
    assert [row["text"] for row in rows] == [sentence(n) for n in range(30)]
    assert json.loads(explained.stdout) == {"path": "why.jsonl", "rows": 30, "found": 0}
    assert "occlusion" in Path("why.jsonl").read_text("utf-8")


def test_annotate_goes_on_where_it_was_stopped(tmp_path: Path, trained_linear: Path) -> None:
    posts = write_csv(tmp_path / "posts.csv", [{"text": sentence(n)} for n in range(30)])
    given = [str(posts), "--model", str(trained_linear), "--out", "said.jsonl"]
    run("annotate", *given)
    whole = Path("said.jsonl").read_bytes()
    Path("said.jsonl").unlink()
    Path("said.jsonl.part").write_bytes(whole[: len(whole) // 2])

    result = run("annotate", *given)

    assert "rows had been written before and were kept" in result.stderr
    assert Path("said.jsonl").read_bytes() == whole
