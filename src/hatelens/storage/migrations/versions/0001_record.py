"""The record: answers, texts, suggestions, events, the chain over them, keys and jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and the head of an empty chain."""
    _make_rows()
    _make_chain()
    _make_keys_and_jobs()


def downgrade() -> None:
    """Refuse: going back would be to throw the record away."""
    raise NotImplementedError("There is nothing before the first version.")


def _make_rows() -> None:
    op.create_table(
        "facts",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "answers",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("request", sa.String, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        *_strings("route", "key", "community", "model", "policy", "label"),
        sa.Column("hateful", sa.Double, nullable=False),
        sa.Column("decision", sa.String, nullable=False),
        sa.Column("scores", sa.Text, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("latency", sa.Double, nullable=False),
        sa.Column("text_hash", sa.String, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
    )
    op.create_index("answers_time", "answers", ["time"])
    op.create_index("answers_text_hash", "answers", ["text_hash"])
    op.create_table(
        "texts",
        sa.Column("text_hash", sa.String, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("until", sa.BigInteger),
    )
    op.create_index("texts_until", "texts", ["until"])
    op.create_table(
        "suggestions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        *_strings("key", "community", "text_hash"),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.Column("token", sa.String, nullable=False),
    )
    op.create_index("suggestions_time", "suggestions", ["time"])
    op.create_table(
        "events",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        *_strings("kind", "subject"),
        sa.Column("facts", sa.Text, nullable=False),
    )


def _make_chain() -> None:
    op.create_table(
        "entries",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        *_strings("kind", "subject", "digest", "previous", "hash"),
    )
    chain = op.create_table(
        "chain",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
    )
    op.bulk_insert(chain, [{"id": 1, "seq": 0, "hash": "0" * 64}])


def _make_keys_and_jobs() -> None:
    op.create_table(
        "keys",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False, unique=True),
        sa.Column("scopes", sa.String, nullable=False),
        sa.Column("rate", sa.Integer, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("revoked", sa.BigInteger),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        *_strings("key", "community", "name", "form", "column", "state"),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("error", sa.String, nullable=False),
        sa.Column("lease", sa.BigInteger, nullable=False),
        sa.Column("worker", sa.String, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_index("jobs_state", "jobs", ["state"])


def _strings(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]
