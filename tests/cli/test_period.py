"""``--since`` and ``--until``."""

from __future__ import annotations

import pytest

from hatelens.cli import period
from hatelens.errors import ConfigError
from hatelens.storage import clock


def test_a_day_goes_to_its_end() -> None:
    begin, end = period.read("2026-03-01", "2026-03-01")
    assert begin is not None
    assert end == begin + clock.DAY
    assert period.read(None, None) == (None, None)


def test_what_is_no_day_is_refused() -> None:
    with pytest.raises(ConfigError):
        period.read("soon", None)
