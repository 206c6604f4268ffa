"""Settings of the server, from ``HATELENS_*`` variables and the command line; read when asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hatelens.config.fields import Precision
from hatelens.errors import ConfigError

PREFIX = "HATELENS_"

SHORTEST_SECRET = 32
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Names = Annotated[
    tuple[str, ...],
    NoDecode,
    BeforeValidator(
        lambda value: (
            [name.strip() for name in value.split(",") if name.strip()]
            if isinstance(value, str)
            else value
        )
    ),
]
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
        log_format: ``plain`` lines for people, or ``json`` for machines.
        database: where the record is: ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``.
        secret: 32 characters or more, from which the keys of text hashes and of stored texts come.
        store_text: which texts are kept, encrypted: ``never``, ``flagged`` or ``all``.
        review_unsure: whether ``flagged`` also keeps texts whose decision is ``unsure``, so that a
            person can judge them.
        review_lease: seconds for which a text is one reviewer's; then another may get it.
        session_hours: after which a reviewer has to log in again.
        retention_days: after which a stored text is erased; 0 for never.
        record_days: after which an answer is removed from the record; 0 for never.
        drift_rate: texts a second that each process measures for drift; 0 for none.
        drift_days: after which what was measured is removed.
        webhook_url: where alarms are sent: https, or an address of this machine; empty for
            nowhere.
        webhook_secret: 32 characters or more, by which the receiver knows who sends.
        policy: path of the policy file, with the thresholds of communities; empty for none.
        require_key: whether a request needs an API key.
        rate_limit: requests a minute of a key or, without keys, of an address; 0 for any number.
        cors_origins: origins whose pages may ask; none by default.
        public_url: what clients reach the service by, where that is not its own address, as
            behind a proxy; empty for what the request says.
        max_queue: texts that may wait for the model; more are refused with 429.
        max_batch: texts that the model is given at once.
        deadline: seconds that a request may wait for the model; past that it is refused with 503.
        workers: processes that answer, each with a model of its own.
        drain: seconds that the requests under way have when the service is stopped.
        jobs_folder: where uploaded files and their results lie.
        max_job_bytes: size of the largest file.
        max_jobs: files that may wait or be worked on.
        job_hours: after which a finished file and its result are removed.
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
    log_format: Literal["plain", "json"] = "plain"
    database: str = Field("sqlite:///hatelens.db", min_length=1)
    secret: SecretStr = SecretStr("")
    store_text: Literal["never", "flagged", "all"] = "never"
    review_unsure: bool = True
    review_lease: int = Field(300, ge=10, le=86400)
    session_hours: int = Field(12, ge=1, le=24 * 30)
    retention_days: int = Field(90, ge=0, le=36500)
    record_days: int = Field(0, ge=0, le=36500)
    drift_rate: int = Field(20, ge=0, le=1000)
    drift_days: int = Field(7, ge=1, le=3650)
    webhook_url: str = ""
    webhook_secret: SecretStr = SecretStr("")
    policy: str = ""
    require_key: bool = False
    rate_limit: int = Field(0, ge=0)
    cors_origins: Names = ()
    public_url: str = ""
    max_queue: int = Field(2048, ge=1)
    max_batch: int = Field(64, ge=1)
    deadline: float = Field(30.0, gt=0, le=3600)
    workers: int = Field(1, ge=1, le=64)
    drain: float = Field(30.0, gt=0, le=3600)
    jobs_folder: str = Field("hatelens-jobs", min_length=1)
    max_job_bytes: int = Field(256 * 1024 * 1024, ge=1)
    max_jobs: int = Field(16, ge=1)
    job_hours: int = Field(24, ge=1, le=24 * 365)
    respond_base: str = ""
    respond_adapter: str = ""
    respond_mode: Literal["stop", "counter"] = "stop"
    respond_precision: Literal[""] | Precision = ""
    respond_guard: bool = True
    max_messages: int = Field(64, ge=1)
    max_message_chars: int = Field(8192, ge=1)
    max_reply_tokens: int = Field(128, ge=1, le=1024)
    max_waiting: int = Field(8, ge=1)

    @model_validator(mode="after")
    def _check_secret(self) -> ServerSettings:
        length = len(self.secret.get_secret_value())
        if 0 < length < SHORTEST_SECRET:
            raise ValueError(
                f"{PREFIX}SECRET has {length} characters; it must have {SHORTEST_SECRET} or more. "
                "Make one with: openssl rand -hex 32"
            )
        if not length and self.store_text != "never":
            raise ValueError(
                f"{PREFIX}STORE_TEXT is {self.store_text!r}, and texts are stored encrypted only: "
                f"set {PREFIX}SECRET, made with: openssl rand -hex 32, or store none."
            )
        return self

    @model_validator(mode="after")
    def _check_webhook(self) -> ServerSettings:
        if not self.webhook_url:
            return self
        if not _is_safe(self.webhook_url):
            # The address itself is not shown: it may be all that keeps others from sending there.
            raise ValueError(
                f"{PREFIX}WEBHOOK_URL is no address that alarms can go to; give https://HOST/PATH "
                "without a password, or http://127.0.0.1:PORT/PATH on this machine."
            )
        length = len(self.webhook_secret.get_secret_value())
        if length < SHORTEST_SECRET:
            raise ValueError(
                f"{PREFIX}WEBHOOK_SECRET has {length} characters; what is sent to a webhook is "
                f"signed, so it must have {SHORTEST_SECRET} or more. "
                "Make one with: openssl rand -hex 32"
            )
        return self


def _is_safe(url: str) -> bool:
    """Say whether an address is one over https, or one of this machine, and nothing else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    if not plain or not parts.hostname or "@" in parts.netloc or port == 0:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


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
    if not mistake["loc"]:  # a check of our own, which names what it is about
        return mistake["msg"].removeprefix("Value error, ")
    field = str(mistake["loc"][0])
    option = "--" + field.replace("_", "-")
    name = option if field in chosen else PREFIX + field.upper()
    found = ascii(mistake["input"])[:80]
    allowed = mistake["msg"].removeprefix("Input should be ")
    return f"{name} is {found}; it must be {allowed}. Change it or leave it out."
