"""How far a press pack got, what it was agreed for, and by what it was decided and rendered."""

from __future__ import annotations

import sqlalchemy as sa  # noqa: TID251
from alembic import op  # noqa: TID251

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Whatever an earlier version recorded had got its name: it may be out.
    made = sa.Column("state", sa.String(length=8), nullable=False, server_default="made")
    editorial = sa.Column("use", sa.String(length=32), nullable=False, server_default="editorial")
    for column in (
        made,
        editorial,
        sa.Column("until", sa.Date()),
        sa.Column("format", sa.String(length=8), nullable=False, server_default="folder"),
        sa.Column("rules_digest", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("preset_digest", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("head_seq", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("head_hash", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("signed", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("packs", column)
    digest = sa.Column("facts_digest", sa.String(length=64), nullable=False, server_default="")
    op.add_column("pack_items", digest)
    op.add_column("pack_items", sa.Column("until", sa.Date()))
