"""Reviewing, changing the model, and watching it: users, queue, verdicts, shadows, alarms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _make_people()
    _make_reviews()
    _make_verdicts_and_appeals()
    _make_served()
    _make_watching()


def downgrade() -> None:
    """Refuse: going back would be to throw verdicts away."""
    raise NotImplementedError("What was reviewed is part of the record; it is never removed.")


def _make_people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        *_strings("digest", "role"),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("disabled", sa.BigInteger),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String, primary_key=True),
        *_strings("user", "csrf"),
        *_numbers("time", "until"),
    )
    op.create_index("sessions_user", "sessions", ["user"])


def _make_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("answer", sa.String, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        *_strings("text_hash", "community"),
        sa.Column("priority", sa.Double, nullable=False),
        *_strings("origin", "excluded", "state", "holder"),
        *_numbers("lease", "claimed"),
    )
    op.create_index("reviews_state", "reviews", ["state", "priority"])
    op.create_index("reviews_text_hash", "reviews", ["text_hash"])


def _make_verdicts_and_appeals() -> None:
    # An appeal names the request that it is about.
    op.create_index("answers_request", "answers", ["request"])
    op.create_table(
        "verdicts",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        *_strings("answer", "text_hash", "reviewer", "label", "side"),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        *_strings("appeal"),
        sa.Column("undone", sa.BigInteger),
    )
    op.create_index("verdicts_time", "verdicts", ["time"])
    op.create_index("verdicts_answer", "verdicts", ["answer"])
    op.create_index("verdicts_text_hash", "verdicts", ["text_hash"])
    op.create_index("verdicts_reviewer", "verdicts", ["reviewer", "time"])
    op.create_table(
        "appeals",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        *_strings("request", "answer", "key"),
        sa.Column("reason", sa.Text, nullable=False),
        *_strings("state", "verdict"),
        sa.Column("settled", sa.BigInteger),
    )
    op.create_index("appeals_answer", "appeals", ["answer"])


def _make_served() -> None:
    op.create_table(
        "served",
        sa.Column("role", sa.String, primary_key=True),
        *_strings("path", "version"),
        sa.Column("time", sa.BigInteger, nullable=False),
        *_strings("by"),
    )
    op.create_table(
        "shadows",
        sa.Column("answer", sa.String, primary_key=True),
        *_strings("model"),
        sa.Column("time", sa.BigInteger, nullable=False),
        *_strings("label"),
        sa.Column("hateful", sa.Double, nullable=False),
        *_strings("decision"),
    )
    op.create_index("shadows_model", "shadows", ["model", "time"])


def _make_watching() -> None:
    op.create_table(
        "observations",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        *_strings("model"),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
        *_strings("language"),
        sa.Column("sketch", sa.LargeBinary, nullable=False),
        # Else SQLite would give the numbers of removed rows again, and a watch that has seen
        # them would see no new ones.
        sqlite_autoincrement=True,
    )
    op.create_index("observations_time", "observations", ["time"])
    op.create_table(
        "watches",
        sa.Column("model", sa.String, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "alarms",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        *_strings("model", "signal", "method"),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("limit_", sa.Double, nullable=False),
        sa.Column("window", sa.BigInteger, nullable=False),
        sa.Column("explanation", sa.Text, nullable=False),
    )
    op.create_index("alarms_time", "alarms", ["time"])


def _strings(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]
