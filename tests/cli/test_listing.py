"""Lists on the terminal."""

from __future__ import annotations

import pytest

from hatelens.cli import listing


def test_columns_are_as_wide_as_their_longest_cell(capsys: pytest.CaptureFixture[str]) -> None:
    listing.write([("NAME", "ROLE"), ("anna", "reviewer"), ("a longer name", "")])
    assert capsys.readouterr().out == (
        "NAME           ROLE\nanna           reviewer\na longer name\n"
    )
