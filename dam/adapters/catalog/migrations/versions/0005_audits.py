"""What an audit tells of each asset, kept beside its decisions, and when facts were recorded."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa  # noqa: TID251
from alembic import op  # noqa: TID251

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ASSET = ["assets.id"]


def upgrade() -> None:
    op.create_table(
        "audit_profiles",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("pack_digest", sa.String(length=64), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("pack_digest", "told"),
    )
    op.create_table(
        "audit_rows",
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("archived_as", sa.Text()),
        sa.Column("captured_on", sa.Date()),
        sa.Column("photographer", sa.Text()),
        sa.Column("programme", sa.Text()),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("minors", sa.Integer(), nullable=False),
        sa.Column("consents", sa.Text(), nullable=False),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("majority", sa.Date()),
        sa.Column("holds_until", sa.Date()),
        sa.Column("profile", _SERIAL, nullable=False),
        sa.ForeignKeyConstraint(["asset"], _ASSET),
        sa.ForeignKeyConstraint(["profile"], ["audit_profiles.id"]),
        sa.PrimaryKeyConstraint("asset"),
        sqlite_with_rowid=False,
    )
    for name, columns in (
        ("day", ["captured_on", "profile", "minors", "until", "holds_until"]),
        ("until", ["until", "profile", "holds_until"]),
        ("majority", ["majority", "profile", "holds_until"]),
        ("holds", ["holds_until"]),
        ("profile", ["profile", "asset"]),
    ):
        op.create_index(f"ix_audit_rows_{name}", "audit_rows", columns)
    op.create_index(
        "ix_assets_archived",
        "assets",
        ["archived_as"],
        sqlite_where=sa.text("archived_as IS NOT NULL"),
        postgresql_where=sa.text("archived_as IS NOT NULL"),
    )
    op.create_table(
        "facts_versions",
        sa.Column("row", _SERIAL, nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asset"], _ASSET),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("ix_facts_versions_asset", "facts_versions", ["asset"])
    # Of assets whose facts never changed it is known since when: since they came. Of others
    # nobody knows when they did; but those of now counted when the last decision was made.
    op.execute(
        "INSERT INTO facts_versions (asset, digest, recorded_at) "
        "SELECT assets.id, assets.facts_digest, assets.added_at FROM assets "
        "WHERE assets.facts_digest IS NOT NULL "
        "AND (SELECT COUNT(*) FROM facts WHERE facts.asset = assets.id) = 1"
    )
    op.execute(
        "INSERT INTO facts_versions (asset, digest, recorded_at) "
        "SELECT assets.id, assets.facts_digest, MAX(decisions.made_at) FROM assets "
        "JOIN decisions ON decisions.asset = assets.id "
        "WHERE assets.facts_digest IS NOT NULL "
        "AND (SELECT COUNT(*) FROM facts WHERE facts.asset = assets.id) > 1 "
        "GROUP BY assets.id, assets.facts_digest"
    )
    op.create_table(
        "rule_pack_uses",
        sa.Column("row", _SERIAL, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    uses = sa.table(
        "rule_pack_uses",
        sa.column("digest", sa.String()),
        sa.column("used_at", sa.DateTime(timezone=True)),
    )
    found = op.get_bind().execute(
        sa.text("SELECT at, subject FROM events WHERE type = 'rules.used' ORDER BY seq")
    )
    for at, digest in found.all():
        used = datetime.fromisoformat(at).astimezone(UTC)
        op.execute(sa.insert(uses).values(digest=digest, used_at=used))
    # A past day is asked for by whom or what it is about.
    op.create_index("ix_events_subject", "events", ["subject", "type"])
    op.create_index("ix_consent_versions_of", "consent_versions", ["subject", "consent"])
    # What an audit tells is written with a decision: each asset is decided once more.
    op.execute(
        "INSERT INTO due_work (asset, mark) SELECT id, 1 FROM assets "
        "WHERE id NOT IN (SELECT asset FROM due_work) ORDER BY id"
    )
