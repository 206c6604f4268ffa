"""The page about the command line is what the commands say."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_holds_what_the_commands_say_of_themselves():
    made = runpy.run_path(str(DOCS / "make_cli.py"))["page"]()

    written = (DOCS / "cli.md").read_text(encoding="utf-8")

    assert written == made, "docs/cli.md is stale: run .venv/bin/python docs/make_cli.py"
