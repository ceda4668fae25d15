"""Regions drawn by hand, to be destroyed in every rendition, and how each of them ended."""

from __future__ import annotations

import sqlalchemy as sa  # noqa: TID251
from alembic import op  # noqa: TID251

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "redactions",
        sa.Column("row", _SERIAL, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.PrimaryKeyConstraint("row"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("ix_redactions_asset", "redactions", ["asset"])
    op.create_table(
        "redaction_reasons",
        sa.Column("redaction", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["redaction"], ["redactions.id"]),
        sa.PrimaryKeyConstraint("redaction"),
    )
    op.create_table(
        "redaction_ends",
        sa.Column("redaction", sa.String(length=32), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["redaction"], ["redactions.id"]),
        sa.PrimaryKeyConstraint("redaction"),
    )
