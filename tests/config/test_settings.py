from __future__ import annotations

import pytest

from hatelens.config import settings
from hatelens.errors import ConfigError


def test_the_defaults_listen_on_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MODEL", "HOST", "PORT"):
        monkeypatch.delenv(f"HATELENS_{name}", raising=False)
    read = settings.read()
    assert (read.model, read.host, read.port) == ("default", "127.0.0.1", 8000)


def test_an_option_wins_over_a_variable_which_wins_over_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HATELENS_PORT", "9001")
    monkeypatch.setenv("HATELENS_MAX_TEXTS", "7")
    assert settings.read().port == 9001
    read = settings.read(port=9002, host=None)
    assert (read.port, read.max_texts, read.host) == (9002, 7, "127.0.0.1")


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATELENS_PORT", "")
    assert settings.read().port == 8000


def test_a_log_level_may_be_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATELENS_LOG_LEVEL", "WARNING")
    assert settings.read().log_level == "warning"


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("HATELENS_PORT", "eighty", "a valid integer"),
        ("HATELENS_PORT", "70000", "less than or equal to 65535"),
        ("HATELENS_MAX_TEXTS", "0", "greater than or equal to 1"),
        ("HATELENS_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_wrong_variable_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        settings.read()
    line = str(caught.value)
    assert line.startswith(f"{variable} is {value!r}")
    assert allowed in line
    assert "\n" not in line


def test_a_wrong_option_is_named_as_it_was_typed() -> None:
    with pytest.raises(ConfigError, match="--port is 70000"):
        settings.read(port=70000)


SECRET = "a secret of the tests, long enough"


def test_texts_are_stored_only_with_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATELENS_STORE_TEXT", "flagged")
    with pytest.raises(ConfigError, match=r"HATELENS_STORE_TEXT is 'flagged'.*HATELENS_SECRET"):
        settings.read()
    monkeypatch.setenv("HATELENS_SECRET", SECRET)
    assert settings.read().secret.get_secret_value() == SECRET


def test_a_secret_is_long_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATELENS_SECRET", "sesame")
    with pytest.raises(ConfigError, match="HATELENS_SECRET has 6 characters") as caught:
        settings.read()
    assert "sesame" not in str(caught.value)
    monkeypatch.setenv("HATELENS_SECRET", SECRET)
    assert SECRET not in repr(settings.read())


def test_origins_stand_between_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.read().cors_origins == ()
    monkeypatch.setenv("HATELENS_CORS_ORIGINS", "https://forum.example, http://localhost:3000,")
    assert settings.read().cors_origins == ("https://forum.example", "http://localhost:3000")


def test_a_switch_is_true_or_false(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATELENS_REQUIRE_KEY", "true")
    assert settings.read().require_key is True
    monkeypatch.setenv("HATELENS_REQUIRE_KEY", "perhaps")
    with pytest.raises(ConfigError, match="HATELENS_REQUIRE_KEY is 'perhaps'"):
        settings.read()
