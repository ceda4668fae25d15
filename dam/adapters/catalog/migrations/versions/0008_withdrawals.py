"""What was taken back: tombstones, restricted originals, marks on packs, work to be finished."""

from __future__ import annotations

import sqlalchemy as sa  # noqa: TID251
from alembic import op  # noqa: TID251

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tombstones",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("likeness", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_tombstones_digest", "tombstones", ["digest"])
    op.create_table(
        "tombstone_settlements",
        sa.Column("row", _SERIAL, nullable=False),
        sa.Column("tombstone", sa.String(length=32), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.PrimaryKeyConstraint("row"),
        sa.UniqueConstraint("tombstone", "asset"),
    )
    op.create_index("ix_tombstone_settlements_asset", "tombstone_settlements", ["asset"])
    op.create_table(
        "likenesses",
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.PrimaryKeyConstraint("asset"),
    )
    op.create_table(
        "restrictions",
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tombstone", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.PrimaryKeyConstraint("asset"),
    )
    op.create_table(
        "pack_marks",
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["pack", "file"], ["pack_items.pack", "pack_items.file"]),
        sa.PrimaryKeyConstraint("pack", "file", "why"),
    )
    op.create_table(
        "leaving",
        sa.Column("row", _SERIAL, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
