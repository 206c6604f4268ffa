"""Settings of the server, from ``HATELENS_*`` variables and the command line; read when asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from hatelens.config.fields import Precision
from hatelens.errors import ConfigError

PREFIX = "HATELENS_"

LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"],
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
]


class ServerSettings(BaseSettings):
    """What ``hatelens serve`` needs to know.

    Each field is also an environment variable: ``max_texts`` is ``HATELENS_MAX_TEXTS``.

    Attributes:
        model: ``default``, a model folder or a name that ``hatelens.load`` takes.
        host: the address to listen on; the default is reachable from this machine only.
        port: the port to listen on; 0 lets the system choose a free one.
        max_body_bytes: size of the largest request body.
        max_texts: number of texts that one request may hold.
        max_explained: number of texts that one request may have explained; each costs as much
            as some tens of plain ones.
        max_text_chars: length of the longest text, in characters.
        log_level: ``debug``, ``info``, ``warning`` or ``error``.
        respond_base: chat model that ``POST /respond`` answers with; empty for none, or for the
            one that the adapter was trained on. Without base and adapter there is no /respond.
        respond_adapter: adapter of the chat model; empty for none.
        respond_mode: what is done with hate: ``stop`` or ``counter``.
        respond_precision: how the chat model's base is held: ``fp32``, ``bf16``, ``int8`` or
            ``nf4``; empty for what its adapter was trained in.
        respond_guard: whether the served detector guards what goes in and what comes out.
        max_messages: number of messages that a conversation may have.
        max_message_chars: length of the longest message, in characters.
        max_reply_tokens: tokens of a reply at most.
        max_waiting: conversations that may wait for a reply; more are refused.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True
    )

    model: str = Field("default", min_length=1)
    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(8000, ge=0, le=65535)
    max_body_bytes: int = Field(8 * 1024 * 1024, ge=1)
    max_texts: int = Field(1000, ge=1)
    max_explained: int = Field(32, ge=1)
    max_text_chars: int = Field(1024 * 1024, ge=1)
    log_level: LogLevel = "info"
    respond_base: str = ""
    respond_adapter: str = ""
    respond_mode: Literal["stop", "counter"] = "stop"
    respond_precision: Literal[""] | Precision = ""
    respond_guard: bool = True
    max_messages: int = Field(64, ge=1)
    max_message_chars: int = Field(8192, ge=1)
    max_reply_tokens: int = Field(128, ge=1, le=1024)
    max_waiting: int = Field(8, ge=1)


def read(**given: Any) -> ServerSettings:
    """Read the settings: what is given wins over the environment, which wins over the defaults.

    Args:
        **given: values by field name, as from command line options; None means not given.

    Raises:
        ConfigError: a value is wrong; the message names the option or the variable.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        return ServerSettings(**chosen)
    except ValidationError as error:
        raise ConfigError(_worded(error, chosen)) from None


def _worded(error: ValidationError, chosen: dict[str, Any]) -> str:
    """Word the first mistake as one line."""
    mistake = error.errors()[0]
    field = str(mistake["loc"][0])
    option = "--" + field.replace("_", "-")
    name = option if field in chosen else PREFIX + field.upper()
    found = ascii(mistake["input"])[:80]
    allowed = mistake["msg"].removeprefix("Input should be ")
    return f"{name} is {found}; it must be {allowed}. Change it or leave it out."
