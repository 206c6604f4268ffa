"""``hatelens respond``: one reply, or a conversation."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hatelens.cli import respond
from hatelens.cli.main import app
from hatelens.errors import UserError
from hatelens.models.conversation import Message
from hatelens.models.guard import GuardedReply
from tests import tiny_chat


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_chat.write(tmp_path_factory.mktemp("chat")))


def test_one_text_is_answered_with_one_record(base: str) -> None:
    line = ["respond", "Hello", "--base", base, "--max-new-tokens", "4", "--json"]
    made = CliRunner().invoke(app, line)
    assert made.exit_code == 0, made.output
    assert set(json.loads(made.stdout)) == {"reply", "type", "held_back"}


def test_a_precision_that_does_not_exist_is_one_line(base: str) -> None:
    made = CliRunner().invoke(app, ["respond", "Hello", "--base", base, "--precision", "fp7"])
    assert isinstance(made.exception, UserError)
    assert "fp7" in str(made.exception)


def test_the_guard_is_any_detector(base: str, linear_folder, tmp_path: Path) -> None:
    from hatelens.labels import LabelSet
    from hatelens.models.guard import SAFE

    labels = LabelSet(("calm", "hateful"), ("hateful",))
    guard = linear_folder(tmp_path / "guard", "vermin", labels=labels)
    line = ["respond", "Veluvians are vermin", "--base", base, "--guard", str(guard)]
    made = CliRunner().invoke(app, line)
    assert made.stdout == f"{SAFE['stop']} [held back by the guard]\n"


def test_a_conversation_remembers_what_was_said_and_ends_with_an_empty_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[list[Message]] = []

    def answer(messages: Sequence[Message]) -> GuardedReply:
        asked.append(list(messages))
        return GuardedReply(f"reply {len(asked)}\x1b[31m", "informative", held_back=False)

    respond.converse(answer, iter(["one", "two", "", "three"]), as_json=False)
    assert capsys.readouterr().out == "reply 1\\x1b[31m\nreply 2\\x1b[31m\n"
    assert [one.content for one in asked[-1]] == ["one", "reply 1\x1b[31m", "two"]


def test_a_long_conversation_forgets_its_beginning_and_still_begins_with_the_user() -> None:
    asked: list[list[Message]] = []

    def answer(messages: Sequence[Message]) -> GuardedReply:
        asked.append(list(messages))
        return GuardedReply("yes", "informative", held_back=False)

    respond.converse(answer, iter(["a"] * 100), as_json=True)
    assert len(asked) == 100
    assert all(len(one) < respond.REMEMBERED and one[0].role == "user" for one in asked)


def test_lines_of_stdin_are_a_conversation(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = ["respond", "--base", base, "--max-new-tokens", "2", "--json"]
    made = CliRunner().invoke(app, line, input=b"Hello\nbad \xff byte\n")
    assert made.exit_code == 0, made.output
    assert len(made.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["x" * 9000], "has 9000 characters"),
        (["Hello", "--mode", "shout"], "No mode named 'shout'"),
        (["Hello", "--base", "nowhere"], "No base model named 'nowhere'"),
        (["Hello", "--adapter", "nowhere"], "There is no adapter 'nowhere'"),
        (["Hello", "--temperature", "-1"], "temperature must be from 0"),
    ],
)
def test_a_mistake_is_one_line(options: list[str], line: str) -> None:
    made = CliRunner().invoke(app, ["respond", *options])
    assert isinstance(made.exception, UserError)
    assert line in str(made.exception)
    assert "\n" not in str(made.exception)


def test_lines_longer_than_a_message_are_not_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"x" * 1_000_000))
    monkeypatch.setattr(sys, "stdin", stream)
    assert len(next(respond._lines())) < 100_000


def test_showing_the_help_loads_no_model() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from hatelens.cli.main import app; "
        "assert CliRunner().invoke(app, ['respond', '--help']).exit_code == 0; "
        "sys.exit(bool({'torch', 'transformers', 'pydantic'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
