"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa  # noqa: TID251
from alembic import op  # noqa: TID251

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CURRENT = sa.column("current", sa.Boolean()) == sa.true()
_UNREMOVED = ~sa.column("removed", sa.Boolean())


def upgrade() -> None:
    _assets()
    _provenance()
    _sidecars()
    _consent()
    _decided()
    _made()
    _ledger()


def _assets() -> None:
    """One row a photograph."""
    op.create_table(
        "assets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.String(length=32), nullable=False),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("disposition", sa.String(16), nullable=False),
        sa.Column("archived_as", sa.Text()),
        sa.Column("captured_on", sa.Date()),
        sa.Column("captured_source", sa.Text(), nullable=False),
        sa.Column("photographer", sa.Text()),
        sa.Column("programme", sa.Text()),
        sa.Column("country", sa.Text()),
        sa.Column("city", sa.Text()),
        sa.Column("facts_digest", sa.String(length=64)),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("note_hint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_index("ix_assets_added", "assets", ["added_at", "id"])
    op.create_index("ix_assets_disposition", "assets", ["disposition", "added_at", "id"])


def _provenance() -> None:
    """Where originals were dropped."""
    op.create_table(
        "provenance",
        sa.Column("row", _SERIAL, nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("folder", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("folder_key", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("stem_key", sa.Text(), nullable=False),
        sa.Column("device", sa.String(40), nullable=False),
        sa.Column("inode", sa.String(40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.String(40), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.PrimaryKeyConstraint("row"),
        sa.UniqueConstraint("asset", "folder", "name", "device", "inode", "mtime_ns", "size"),
    )
    op.create_index("ix_provenance_name", "provenance", ["folder_key", "name_key"])
    op.create_index("ix_provenance_stem", "provenance", ["folder_key", "stem_key"])
    op.create_index(
        "ix_provenance_unremoved",
        "provenance",
        ["row"],
        sqlite_where=_UNREMOVED,
        postgresql_where=_UNREMOVED,
    )


def _sidecars() -> None:
    """What stands beside them."""
    op.create_table(
        "sidecars",
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("folder_key", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("slot"),
    )
    op.create_table(
        "sidecar_versions",
        sa.Column("row", _SERIAL, nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("folder_key", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["slot"], ["sidecars.slot"]),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(("ix_sidecar_versions_slot"), "sidecar_versions", ["slot"])
    op.create_table(
        "sidecar_links",
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.ForeignKeyConstraint(["slot"], ["sidecars.slot"]),
        sa.PrimaryKeyConstraint("asset", "slot"),
    )
    op.create_index(("ix_sidecar_links_slot"), "sidecar_links", ["slot"])


def _consent() -> None:
    """Consent records, their events, and what rests on them."""
    op.create_table(
        "consent_versions",
        sa.Column("row", _SERIAL, nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated", sa.Boolean(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index(
        "ix_consent_versions_current",
        "consent_versions",
        ["consent", "slot"],
        unique=True,
        sqlite_where=_CURRENT,
        postgresql_where=_CURRENT,
    )
    op.create_index("ix_consent_versions_consent", "consent_versions", ["consent"])
    op.create_index("ix_consent_versions_slot", "consent_versions", ["slot"])
    op.create_index(
        "ix_consent_versions_subject",
        "consent_versions",
        ["subject"],
        sqlite_where=_CURRENT,
        postgresql_where=_CURRENT,
    )
    op.create_table(
        "consent_events",
        sa.Column("row", _SERIAL, nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row"),
        sa.UniqueConstraint("consent", "digest"),
    )
    op.create_table(
        "notes",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "asset_consents",
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.PrimaryKeyConstraint("asset", "consent"),
    )
    op.create_index(("ix_asset_consents_consent"), "asset_consents", ["consent"])
    op.create_table(
        "asset_subjects",
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.PrimaryKeyConstraint("asset", "subject"),
    )
    op.create_index(("ix_asset_subjects_subject"), "asset_subjects", ["subject"])


def _decided() -> None:
    """Facts, rules, decisions, and what waits to be decided."""
    op.create_table(
        "facts",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.PrimaryKeyConstraint("digest", "asset"),
    )
    op.create_table(
        "rule_packs",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "decisions",
        sa.Column("row", _SERIAL, nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("territory", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("disposition", sa.String(16), nullable=False),
        sa.Column("facts_digest", sa.String(length=64), nullable=False),
        sa.Column("pack_digest", sa.String(length=64), nullable=False),
        sa.Column("holds_until", sa.Date()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("ix_decisions_asset", "decisions", ["asset"])
    op.create_index(
        "ix_decisions_current",
        "decisions",
        ["asset", "purpose"],
        unique=True,
        sqlite_where=_CURRENT,
        postgresql_where=_CURRENT,
    )
    op.create_index(
        "ix_decisions_pack",
        "decisions",
        ["pack_digest"],
        sqlite_where=_CURRENT,
        postgresql_where=_CURRENT,
    )
    op.create_index(
        "ix_decisions_until",
        "decisions",
        ["holds_until"],
        sqlite_where=_CURRENT,
        postgresql_where=_CURRENT,
    )
    op.create_table(
        "due_work",
        sa.Column("row", _SERIAL, nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.PrimaryKeyConstraint("row"),
        sa.UniqueConstraint("asset"),
    )


def _made() -> None:
    """Renditions and the packs they went out in."""
    op.create_table(
        "renditions",
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("relative", sa.Text()),
        sa.Column("sha256", sa.String(length=64)),
        sa.Column("size", sa.BigInteger()),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'filed', 'removed')", name="ck_renditions_state"),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.PrimaryKeyConstraint("asset", "purpose"),
    )
    op.create_index("ix_renditions_state", "renditions", ["state", "asset", "purpose"])
    op.create_table(
        "packs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("territory", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "pack_items",
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.id"]),
        sa.ForeignKeyConstraint(["pack"], ["packs.id"]),
        sa.PrimaryKeyConstraint("pack", "file"),
    )
    op.create_index(("ix_pack_items_asset"), "pack_items", ["asset"])
    op.create_table(
        "pack_item_consents",
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["pack", "file"], ["pack_items.pack", "pack_items.file"]),
        sa.PrimaryKeyConstraint("pack", "file", "place"),
    )
    op.create_index(("ix_pack_item_consents_consent"), "pack_item_consents", ["consent"])


def _ledger() -> None:
    """The chain of events and its end."""
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "ledger_head",
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("single = true", name="ck_ledger_head_single"),
        sa.PrimaryKeyConstraint("single"),
    )
