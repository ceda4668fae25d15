"""Tables about photographs: where they came from, what is known of them, what they became."""

from __future__ import annotations

from sqlalchemy import (  # noqa: TID251
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from dam.adapters.catalog.columns import Decided, Huge, Instant, Json, Words
from dam.adapters.catalog.tables_base import Serial, asset, metadata

assets = Table(
    "assets",
    metadata,
    Column("id", Words, primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
    Column("format", String(32), nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("disposition", Decided, nullable=False),
    Column("archived_as", Words),
    Column("captured_on", Date),
    Column("captured_source", Words, nullable=False),
    Column("photographer", Words),
    Column("programme", Words),
    Column("country", Words),
    Column("city", Words),
    Column("facts_digest", String(64)),
    Column("added_at", Instant, nullable=False),
    Column("note", Words, nullable=False),
    Column("note_hint", Words, nullable=False),
    Index("ix_assets_added", "added_at", "id"),
    Index("ix_assets_disposition", "disposition", "added_at", "id"),
)

Index(
    "ix_assets_archived",
    assets.c.archived_as,
    sqlite_where=assets.c.archived_as.is_not(None),
)

provenance = Table(
    "provenance",
    metadata,
    Column("row", Serial, primary_key=True),
    asset(),
    Column("folder", LargeBinary, nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("shown", Words, nullable=False),
    Column("folder_key", Words, nullable=False),
    Column("name_key", Words, nullable=False),
    Column("stem_key", Words, nullable=False),
    Column("device", Huge, nullable=False),
    Column("inode", Huge, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", Huge, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("removed", Boolean, nullable=False),
    UniqueConstraint("asset", "folder", "name", "device", "inode", "mtime_ns", "size"),
    Index("ix_provenance_name", "folder_key", "name_key"),
    Index("ix_provenance_stem", "folder_key", "stem_key"),
)

Index(
    "ix_provenance_unremoved",
    provenance.c.row,
    sqlite_where=~provenance.c.removed,
)


def _version() -> tuple[Column[object], ...]:
    return (
        Column("kind", String(8), nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("shown", Words, nullable=False),
        Column("folder_key", Words, nullable=False),
        Column("name_key", Words, nullable=False),
        Column("seen_at", Instant, nullable=False),
    )


sidecars = Table("sidecars", metadata, Column("slot", Words, primary_key=True), *_version())

sidecar_versions = Table(
    "sidecar_versions",
    metadata,
    Column("row", Serial, primary_key=True),
    Column("slot", Words, ForeignKey("sidecars.slot"), nullable=False, index=True),
    *_version(),
)

sidecar_links = Table(
    "sidecar_links",
    metadata,
    asset(primary_key=True),
    Column("slot", Words, ForeignKey("sidecars.slot"), primary_key=True, index=True),
    Column("ambiguous", Boolean, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Words, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("digest", String(64), primary_key=True),
    asset(primary_key=True),
    Column("body", Json, nullable=False),
)

#: Which facts of an asset counted from when on.
facts_versions = Table(
    "facts_versions",
    metadata,
    Column("row", Serial, primary_key=True),
    Column("asset", Words, ForeignKey("assets.id"), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("recorded_at", Instant, nullable=False),
)

due_work = Table(
    "due_work",
    metadata,
    Column("row", Serial, primary_key=True),
    Column("asset", Words, ForeignKey("assets.id"), nullable=False, unique=True),
    Column("mark", Integer, nullable=False),
)

renditions = Table(
    "renditions",
    metadata,
    asset(primary_key=True),
    Column("purpose", String(32), primary_key=True),
    Column("relative", Words),
    Column("sha256", String(64)),
    Column("size", BigInteger),
    Column("state", String(8), nullable=False),
    Column("made_at", Instant, nullable=False),
    Index("ix_renditions_state", "state", "asset", "purpose"),
    CheckConstraint("state IN ('planned', 'filed', 'removed')", name="ck_renditions_state"),
)

#: What pictures look like, as text of `dam.core.likeness`; "" for one without features.
likenesses = Table(
    "likenesses",
    metadata,
    asset(primary_key=True),
    Column("told", Words, nullable=False),
)

#: Assets whose original is in restricted hold (`withdrawn`, `copy`) or gone (`erased`).
#: `tombstone` is the asset's own, "" once it is erased.
restrictions = Table(
    "restrictions",
    metadata,
    asset(primary_key=True),
    Column("state", String(16), nullable=False),
    Column("tombstone", String(32), nullable=False),
    Column("at", Instant, nullable=False),
)

#: What a withdrawal has still to remove from the disk, planned in its own transaction.
leaving = Table(
    "leaving",
    metadata,
    Column("row", Serial, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("asset", Words, nullable=False),
    Column("what", Words, nullable=False),
)
