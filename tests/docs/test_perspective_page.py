"""The page that leads away from Perspective, walked as a new user would."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import running

PAGE = Path(__file__).parents[2] / "docs" / "serving" / "perspective.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FIGURE = re.compile(r"[0-9]+\.[0-9]+")
ADDRESS = "http://127.0.0.1:8000"
BEFORE = ("pip install", "hatelens serve", "activate")
"""What a new user has done before: installed it and started the server."""


def blocks(language: str) -> list[str]:
    """Return what the page says in a language, without what was done before."""
    found = [text for name, text in BLOCK.findall(PAGE.read_text("utf-8")) if name == language]
    return [text for text in found if not any(words in text for words in BEFORE)]


def did(command: list[str], folder: Path) -> str:
    """Run a command as in a terminal where the environment is active; return what it prints."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {name: value for name, value in os.environ.items() if "HATELENS" not in name}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment | {"PATH": path, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def plain(text: str) -> tuple[str, list[float]]:
    """Return the words of an output, and its figures, of which the last digits may differ."""
    words = " ".join(FIGURE.sub("#", text).split())
    return words, [float(figure) for figure in FIGURE.findall(text)]


def same(found: str, expected: str) -> bool:
    """Say whether two outputs tell the same: another processor may round otherwise."""
    (words, figures), (other_words, others) = plain(found), plain(expected)
    return words == other_words and figures == pytest.approx(others, abs=0.02)


def test_the_page_has_what_is_walked() -> None:
    shell = "".join(blocks("sh"))
    assert f'curl "{ADDRESS}/v1alpha1/comments:analyze' in shell
    assert f'curl "{ADDRESS}/v1alpha1/comments:suggestscore' in shell
    assert "hatelens migrate --logged scores.csv" in shell
    assert len(blocks("python")) == len(blocks("json")) == 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_a_new_user_gets_what_the_page_says(tmp_path: Path) -> None:
    (answer,), (program,), (printed,) = blocks("json"), blocks("python"), blocks("text")
    with running("default", tmp_path) as server:
        commands = [text.replace(ADDRESS, server.url) for text in blocks("sh")]
        said = {text: did(["sh", "-ec", text], tmp_path) for text in commands}
        python = did([sys.executable, "-c", program.replace(ADDRESS, server.url)], tmp_path)
    (analyzed,) = [out for text, out in said.items() if "comments:analyze" in text]
    (suggested,) = [out for text, out in said.items() if "comments:suggestscore" in text]
    (moved,) = [out for text, out in said.items() if "hatelens migrate" in text]
    assert json.loads(analyzed) == ast.literal_eval(python)
    assert same(json.dumps(json.loads(analyzed)), json.dumps(json.loads(answer)))
    assert json.loads(suggested)["clientToken"] == "comment-53922"
    assert same(moved, printed)
    with running("default", tmp_path, "--policy", "policy.yaml") as server:
        assert server.client().get("/ready").status_code == 200
