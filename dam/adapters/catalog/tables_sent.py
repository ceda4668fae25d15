"""Tables about what went out and was asked back, what must not come back, and the ledger."""

from __future__ import annotations

from sqlalchemy import (  # noqa: TID251
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from dam.adapters.catalog.columns import Instant, Words
from dam.adapters.catalog.tables_base import Serial, metadata

packs = Table(
    "packs",
    metadata,
    Column("id", Words, primary_key=True),
    Column("purpose", String(32), nullable=False),
    Column("recipient", Words, nullable=False),
    Column("territory", String(16), nullable=False),
    Column("day", Date, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("path", Words, nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("state", String(8), nullable=False, server_default="made"),
    Column("use", String(32), nullable=False, server_default="editorial"),
    Column("until", Date),
    Column("format", String(8), nullable=False, server_default="folder"),
    Column("rules_digest", String(64), nullable=False, server_default=""),
    Column("preset_digest", String(64), nullable=False, server_default=""),
    Column("head_seq", BigInteger, nullable=False, server_default="0"),
    Column("head_hash", String(64), nullable=False, server_default=""),
    Column("signed", Boolean, nullable=False, server_default=false()),
)

pack_items = Table(
    "pack_items",
    metadata,
    Column("pack", Words, ForeignKey("packs.id"), primary_key=True),
    Column("file", Words, primary_key=True),
    Column("asset", Words, ForeignKey("assets.id"), nullable=False, index=True),
    Column("sha256", String(64), nullable=False),
    Column("facts_digest", String(64), nullable=False, server_default=""),
    Column("until", Date),
)

pack_item_consents = Table(
    "pack_item_consents",
    metadata,
    Column("pack", Words, primary_key=True),
    Column("file", Words, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("consent", Words, nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    ForeignKeyConstraint(["pack", "file"], ["pack_items.pack", "pack_items.file"]),
)

#: What must not come back, by keyed digest and likeness; no asset and no subject. `lifted_at`:
#: those shown agreed anew.
tombstones = Table(
    "tombstones",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, index=True),
    Column("likeness", Words, nullable=False),
    Column("at", Instant, nullable=False),
    Column("why", String(16), nullable=False),
    Column("event", String(64), nullable=False),
    Column("lifted_at", Instant),
)

#: What a person said of an asset that bears the trace of a tombstone. The reason may be personal.
tombstone_settlements = Table(
    "tombstone_settlements",
    metadata,
    Column("row", Serial, primary_key=True),
    Column("tombstone", String(32), nullable=False),
    Column("asset", Words, ForeignKey("assets.id"), nullable=False, index=True),
    Column("verdict", String(16), nullable=False),
    Column("role", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("tombstone", "asset"),
)

#: Files of packs that their recipients may use no longer. Notices and answers stand elsewhere.
pack_marks = Table(
    "pack_marks",
    metadata,
    Column("pack", Words, primary_key=True),
    Column("file", Words, primary_key=True),
    Column("why", String(16), primary_key=True),
    Column("at", Instant, nullable=False),
    ForeignKeyConstraint(["pack", "file"], ["pack_items.pack", "pack_items.file"]),
)

#: Recipients that were asked to stop using files of a pack. What opened a recall is the mark on a
#: file; a recall that has ended never opens again.
recalls = Table(
    "recalls",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("pack", Words, nullable=False, index=True),
    Column("opened_at", Instant, nullable=False),
    Column("deadline", Date, nullable=False),
    Column("ended_at", Instant),
    Column("role", Words, nullable=False),
)

#: The files that a recall asks for, each of a pack in one recall alone.
recall_files = Table(
    "recall_files",
    metadata,
    Column("pack", Words, primary_key=True),
    Column("file", Words, primary_key=True),
    Column("recall", String(32), ForeignKey("recalls.id"), nullable=False, index=True),
    Column("added_at", Instant, nullable=False),
    Column("told_at", Instant),
)

#: Notices and reminders that were written.
recall_letters = Table(
    "recall_letters",
    metadata,
    Column("recall", String(32), ForeignKey("recalls.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("deadline", Date, nullable=False),
)

#: What was noted of an answer: free text by people, so it stands apart and can be erased.
recall_notes = Table(
    "recall_notes",
    metadata,
    Column("recall", String(32), ForeignKey("recalls.id"), primary_key=True),
    Column("note", Words, nullable=False),
)

#: `at` and `body` are the very text that was sealed.
events = Table(
    "events",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("at", String(40), nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_events_subject", "subject", "type"),
)

#: One row: where the ledger ends. Without it a cut-off end of the chain looks whole.
ledger_head = Table(
    "ledger_head",
    metadata,
    Column("single", Boolean, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    CheckConstraint("single = true", name="ck_ledger_head_single"),
)
