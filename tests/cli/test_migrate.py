"""``hatelens migrate``."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hatelens.cli.main import app
from hatelens.config import policy
from hatelens.config.policy import Community, Policy
from hatelens.errors import ConfigError, DataError, ModelError, UserError
from hatelens.labels import LabelSet

LABELS = LabelSet(("normal", "hateful"), ("hateful",))
HARSH = ("vermin and mould", "all vermin", "vermin vermin vermin", "the mould and the vermin")
MILD = ("good tea", "a nice concert", "my neighbours cook", "what a day", "rain again", "hello")


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def model(linear_folder, tmp_path) -> str:
    return str(linear_folder(tmp_path / "model", "vermin", "mould", labels=LABELS))


@pytest.fixture
def log(tmp_path) -> Path:
    """Ten texts that the other service scored: one harmless text too high, one harsh too low."""
    scores = (0.9, 0.85, 0.3, 0.95, 0.1, 0.88, 0.2, 0.05, 0.15, 0.6)
    rows = zip(HARSH + MILD, scores, (*"1111", *"000000"), strict=True)
    path = tmp_path / "scores.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("comment", "TOXICITY", "hate"), *rows])
    return path


def migrate(model: str, log: Path, *more: object, catch: bool = False):
    columns = ("--column", "text=comment", "--column", "score=TOXICITY")
    fixed = ("--logged", log, "--model", model, *columns, "--resamples", 20)
    arguments = ["migrate", *map(str, (*fixed, *more))]
    return CliRunner().invoke(app, arguments, catch_exceptions=catch)


def test_the_threshold_that_flags_as_many_is_written_as_a_policy(model, log, tmp_path):
    out = tmp_path / "policy.yaml"
    options = ("--threshold", 0.8, "--community", "my-forum", "--out", out)
    result = migrate(model, log, *options)
    folder = tmp_path / "policy-migration"

    assert result.exit_code == 0
    assert "hateful, 10 texts, same share" in result.stdout
    assert result.stdout.splitlines()[-2:] == [
        f"2 of 10 texts change sides: {folder / 'changed.csv'}", f"Policy: {out}",
    ]  # fmt: skip
    found = policy.read(out).communities["my-forum"]
    made = json.loads((folder / "migration.json").read_text())
    assert made["flag"]["share_ours"]["value"] == made["flag"]["share_theirs"]["value"] == 0.4
    assert found.flag == found.clear == pytest.approx(made["flag"]["threshold"]["value"], abs=1e-6)
    assert (made["their_threshold"], made["match"]) == (0.8, "share")
    assert (folder / "migration.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "sides.png").is_file()
    with (folder / "changed.csv").open(newline="") as file:
        changed = {row["text"]: row["our_decision"] for row in csv.DictReader(file)}
    assert changed == {"vermin vermin vermin": "flag", "a nice concert": "clear"}


def test_the_precision_can_be_kept_and_a_persons_share_with_it(model, log, tmp_path):
    out = tmp_path / "policy.yaml"
    options = ("--match", "precision", "--column", "label=hate", "--threshold", 0.8)
    result = migrate(model, log, *options, "--review", 0.5, "--out", out, "--json")
    made = json.loads(result.stdout)

    assert made["flag"]["precision_theirs"]["value"] == 0.75
    assert made["flag"]["precision_ours"]["value"] >= 0.75
    assert made["clear"]["precision_theirs"]["value"] == 0.6
    found = policy.read(out).communities["default"]
    assert found.clear <= found.flag


def test_decisions_alone_are_enough(model, tmp_path):
    log = tmp_path / "decisions.jsonl"
    rows = [{"text": text, "verdict": "gone"} for text in HARSH]
    rows += [{"text": text, "verdict": "stays"} for text in MILD]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ("--column", "decision=verdict", "--flagged", "gone", "--out", tmp_path / "p.yaml")
    arguments = ["--logged", log, "--model", model, "--resamples", 5, *options, "--report",
                 tmp_path / "here"]  # fmt: skip
    result = CliRunner().invoke(app, ["migrate", *map(str, arguments)], catch_exceptions=False)

    assert "0 of 10 texts change sides" in result.stdout
    assert not (tmp_path / "here" / "sides.png").exists()


def test_other_communities_and_what_was_found_before_stay(model, log, tmp_path):
    out = tmp_path / "policy.yaml"
    other = Community(name="other", flag=0.9, clear=0.5, attributes={"INSULT": 0.8})
    own = Community(name="mine", flag=0.8, clear=0.3)
    policy.write(Policy({"other": other, "mine": own}), out)
    options = ("--threshold", 0.8, "--community", "mine", "--attribute", "TOXICITY", "--out", out)
    result = migrate(model, log, *options)

    assert "TOXICITY, 10 texts, same share" in result.stdout
    found = policy.read(out).communities
    assert found["other"] == other
    assert (found["mine"].flag, found["mine"].clear) == (0.8, 0.3)
    assert 0 < found["mine"].attributes["TOXICITY"] < 1


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ((), ConfigError, "found neither"),
        (("--threshold", 0.5, "--column", "decision=hate"), ConfigError, "found both"),
        (("--threshold", "nan"), ConfigError, "must be a number"),
        (("--threshold", 0.5, "--review", 0.6), ConfigError, "swap them"),
        (("--threshold", 0.5, "--match", "shrae"), ConfigError, "did you mean 'share'"),
        (("--threshold", 0.5, "--column", "txet=a"), ConfigError, "did you mean 'text'"),
        (("--threshold", 0.5, "--attribute", "THREAT"), UserError, "Unknown requested attribute"),
        (
            ("--threshold", 0.5, "--review", 0.4, "--attribute", "TOXICITY"),
            ConfigError,
            "leave it out, or --attribute",
        ),
        (("--threshold", 0.5, "--match", "precision"), DataError, "label=COLUMN"),
        (("--threshold", 2.0), DataError, "flagged 0 of 10"),
        (("--threshold", 0.5, "--community", ""), ConfigError, "0 characters; it must have 1"),
        (("--threshold", 0.5, "--out", "no/such/folder/p.yaml"), ConfigError, "There is no folder"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_writes_no_policy(model, log, options, error, words):
    out = log.with_name("policy.yaml")
    result = migrate(model, log, "--out", out, *options, catch=True)

    assert isinstance(result.exception, error)
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not out.exists()


def test_a_broken_policy_file_is_said_before_the_work_and_stays(model, log, tmp_path):
    out = tmp_path / "policy.yaml"
    out.write_text("communities: [a]")
    result = migrate(model, log, "--threshold", 0.5, "--out", out, catch=True)

    assert isinstance(result.exception, ConfigError)
    assert "policy.yaml" in str(result.exception)
    assert out.read_text() == "communities: [a]"
    assert not (tmp_path / "policy-migration").exists()


def test_the_adapter_of_a_community_is_what_scores(model, log, tmp_path):
    out = tmp_path / "policy.yaml"
    policy.write(Policy({"mine": Community("mine", 0.8, 0.3, adapter="forum")}), out)
    options = ("--threshold", 0.5, "--community", "mine", "--out", out)
    result = migrate(model, log, *options, catch=True)

    assert isinstance(result.exception, ModelError)
    assert "none named 'forum'" in str(result.exception)


def test_what_is_left_out_is_said(model, log, tmp_path):
    with log.open("a") as file:
        file.write("no score for this one,,1\n")
    result = migrate(model, log, "--threshold", 0.8, "--out", tmp_path / "p.yaml")
    assert "Left out: 1 (no score)" in result.stdout


def test_the_command_is_known_without_loading_what_it_needs():
    code = (
        "import sys; import hatelens.cli.migrate; "
        "print(sorted({'matplotlib', 'pydantic', 'scipy', 'numpy', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
