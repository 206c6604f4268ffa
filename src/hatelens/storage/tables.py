"""The tables of the record; ``migrations/`` makes them, and a test holds the two together."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

from hatelens.storage import canonical


class Plain(TypeDecorator[str]):
    """Text that any database takes, whatever a stranger put into it; also where it is looked up."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Escape what cannot be stored."""
        return None if value is None else canonical.text(value)


metadata = MetaData()
# On SQLite, a key of this very type is the row's own number and costs nothing.
Number = BigInteger().with_variant(Integer(), "sqlite")

facts = Table(
    "facts",
    metadata,
    Column("name", Plain, primary_key=True),
    Column("value", Text, nullable=False),
)

answers = Table(
    "answers",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("request", Plain, nullable=False),
    Column("place", Integer, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("route", Plain, nullable=False),
    Column("key", Plain, nullable=False),
    Column("community", Plain, nullable=False),
    Column("model", Plain, nullable=False),
    Column("policy", Plain, nullable=False),
    Column("label", Plain, nullable=False),
    Column("hateful", Double, nullable=False),
    Column("decision", Plain, nullable=False),
    Column("scores", Text, nullable=False),
    Column("language", Plain, nullable=False),
    Column("latency", Double, nullable=False),
    Column("text_hash", Plain, nullable=False),
    Column("length", BigInteger, nullable=False),
    Index("answers_time", "time"),
    Index("answers_text_hash", "text_hash"),
    Index("answers_request", "request"),
)

texts = Table(
    "texts",
    metadata,
    Column("text_hash", Plain, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("until", BigInteger),
    Index("texts_until", "until"),
)

suggestions = Table(
    "suggestions",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("key", Plain, nullable=False),
    Column("community", Plain, nullable=False),
    Column("text_hash", Plain, nullable=False),
    Column("attributes", Text, nullable=False),
    Column("token", Plain, nullable=False),
    Index("suggestions_time", "time"),
)

events = Table(
    "events",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("kind", Plain, nullable=False),
    Column("subject", Plain, nullable=False),
    Column("facts", Text, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("time", BigInteger, nullable=False),
    Column("kind", Plain, nullable=False),
    Column("subject", Plain, nullable=False),
    Column("digest", Plain, nullable=False),
    Column("previous", Plain, nullable=False),
    Column("hash", Plain, nullable=False),
)

chain = Table(
    "chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Plain, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("name", Plain, nullable=False),
    Column("digest", Plain, nullable=False, unique=True),
    Column("scopes", Plain, nullable=False),
    Column("rate", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("key", Plain, nullable=False),
    Column("community", Plain, nullable=False),
    Column("name", Plain, nullable=False),
    Column("form", Plain, nullable=False),
    Column("column", Plain, nullable=False),
    Column("state", Plain, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("error", Plain, nullable=False),
    Column("lease", BigInteger, nullable=False),
    Column("worker", Plain, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("jobs_state", "state"),
)

users = Table(
    "users",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("name", Plain, nullable=False, unique=True),
    Column("digest", Plain, nullable=False),
    Column("role", Plain, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("disabled", BigInteger),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Plain, primary_key=True),
    Column("user", Plain, nullable=False),
    Column("csrf", Plain, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("sessions_user", "user"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("answer", Plain, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("text_hash", Plain, nullable=False),
    Column("community", Plain, nullable=False),
    Column("priority", Double, nullable=False),
    Column("origin", Plain, nullable=False),
    Column("excluded", Plain, nullable=False),
    Column("state", Plain, nullable=False),
    Column("holder", Plain, nullable=False),
    Column("lease", BigInteger, nullable=False),
    Column("claimed", BigInteger, nullable=False),
    Index("reviews_state", "state", "priority"),
    Index("reviews_text_hash", "text_hash"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("answer", Plain, nullable=False),
    Column("text_hash", Plain, nullable=False),
    Column("reviewer", Plain, nullable=False),
    Column("label", Plain, nullable=False),
    Column("side", Plain, nullable=False),
    Column("note", Text, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("appeal", Plain, nullable=False),
    Column("undone", BigInteger),
    Index("verdicts_time", "time"),
    Index("verdicts_answer", "answer"),
    Index("verdicts_text_hash", "text_hash"),
    Index("verdicts_reviewer", "reviewer", "time"),
)

appeals = Table(
    "appeals",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("request", Plain, nullable=False),
    Column("answer", Plain, nullable=False),
    Column("key", Plain, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Plain, nullable=False),
    Column("verdict", Plain, nullable=False),
    Column("settled", BigInteger),
    Index("appeals_answer", "answer"),
)

served = Table(
    "served",
    metadata,
    Column("role", Plain, primary_key=True),
    Column("path", Plain, nullable=False),
    Column("version", Plain, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("by", Plain, nullable=False),
)

shadows = Table(
    "shadows",
    metadata,
    Column("answer", Plain, primary_key=True),
    Column("model", Plain, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("label", Plain, nullable=False),
    Column("hateful", Double, nullable=False),
    Column("decision", Plain, nullable=False),
    Index("shadows_model", "model", "time"),
)

observations = Table(
    "observations",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("time", BigInteger, nullable=False),
    Column("model", Plain, nullable=False),
    Column("score", Double, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("language", Plain, nullable=False),
    Column("sketch", LargeBinary, nullable=False),
    Index("observations_time", "time"),
    sqlite_autoincrement=True,
)

watches = Table(
    "watches",
    metadata,
    Column("model", Plain, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("seen", BigInteger, nullable=False),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("model", Plain, nullable=False),
    Column("signal", Plain, nullable=False),
    Column("method", Plain, nullable=False),
    Column("value", Double, nullable=False),
    Column("limit_", Double, nullable=False),
    Column("window", BigInteger, nullable=False),
    Column("explanation", Text, nullable=False),
    Index("alarms_time", "time"),
)
