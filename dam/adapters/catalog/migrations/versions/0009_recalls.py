"""Recalls: who was asked to stop using what, and who has answered."""

from __future__ import annotations

import sqlalchemy as sa  # noqa: TID251
from alembic import op  # noqa: TID251

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recalls",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("role", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_recalls_pack", "recalls", ["pack"])
    op.create_table(
        "recall_files",
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("recall", sa.String(length=32), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["recall"], ["recalls.id"]),
        sa.PrimaryKeyConstraint("pack", "file"),
    )
    op.create_index("ix_recall_files_recall", "recall_files", ["recall"])
    op.create_table(
        "recall_letters",
        sa.Column("recall", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["recall"], ["recalls.id"]),
        sa.PrimaryKeyConstraint("recall", "number"),
    )
    op.create_table(
        "recall_notes",
        sa.Column("recall", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["recall"], ["recalls.id"]),
        sa.PrimaryKeyConstraint("recall"),
    )
