"""Progress bars."""

from __future__ import annotations

import io
import sys

from hatelens.progress import track


def test_without_a_terminal_items_pass_without_a_bar(capsys):
    assert list(track([1, 2], "Working")) == [1, 2]
    assert capsys.readouterr().err == ""


def test_on_a_terminal_the_bar_is_on_stderr(monkeypatch, capsys):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(track(iter([1, 2]), "Working", total=2)) == [1, 2]
    assert "Working" in terminal.getvalue()
    assert capsys.readouterr().out == ""
