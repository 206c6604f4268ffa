"""The command line as a whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hatelens
from hatelens.cli import main


def call(*arguments, monkeypatch):
    """Run the command line in this process and return the exit status."""
    monkeypatch.setattr(sys, "argv", ["hatelens", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main.run()
    return stopped.value.code


def test_the_version_is_printed(monkeypatch, capsys):
    assert call("--version", monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out == f"hatelens {hatelens.__version__}\n"


def test_a_mistake_is_one_line_on_stderr_and_exit_2(monkeypatch, capsys):
    assert call("detect", "--model", "nowhere", "a text", monkeypatch=monkeypatch) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("hatelens: There is no model folder 'nowhere'")
    assert captured.err.count("\n") == 1


def test_a_stop_by_the_keyboard_is_no_traceback(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "app", interrupted)
    assert call(monkeypatch=monkeypatch) == 130
    assert capsys.readouterr().err == "hatelens: stopped.\n"


def test_help_names_every_command_and_loads_nothing_heavy():
    code = (
        "import sys; sys.argv = ['hatelens', '--help']\n"
        "from hatelens.cli import main\n"
        "try:\n    main.run()\nexcept SystemExit:\n    pass\n"
        "heavy = ('numpy', 'torch', 'onnxruntime', 'sklearn', 'pydantic', 'fastapi')\n"
        "heavy += ('py3langid', 'rich')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *text, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    for name in ("detect", "train", "evaluate", "compare", "serve", "export", "data", "models"):
        assert name in "\n".join(text)
