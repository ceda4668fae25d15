"""Keys of what the ledger commits to, and the state at which replaying an older ledger begins."""

from __future__ import annotations

import sqlalchemy as sa  # noqa: TID251
from alembic import op  # noqa: TID251

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subject_keys",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_table(
        "sidecar_keys",
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("slot"),
        sa.UniqueConstraint("ref"),
    )
    # Events before this revision do not tell all that stands: whoever writes next tells it.
    op.execute(
        "INSERT INTO notes (key, value) SELECT 'ledger:baseline', 'due' "
        "WHERE EXISTS (SELECT 1 FROM events)"
    )
