"""Writes docs/cli.md from what the commands say of themselves; run it after changing an option."""

from __future__ import annotations

import html
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).with_name("cli.md")
COMMAND = ("typer", "hatelens.cli.main", "utils", "docs", "--name", "hatelens")
INTRODUCTION = """\
# Command line

What `--help` says of every command.
Results go to stdout, everything else to stderr.
The exit status is 0, or 1 where a check failed, or 2 for a mistake that you can mend;
that is told in one line.
"""


def page() -> str:
    """Return the page as it should be."""
    line = [sys.executable, "-m", *COMMAND]
    done = subprocess.run(line, check=True, capture_output=True, text=True)  # noqa: S603 -- no input
    commands = done.stdout.partition("\n## ")
    return INTRODUCTION + "\n## " + html.unescape(commands[2]).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
