"""Tables about what was decided, and on what it rests."""

from __future__ import annotations

from sqlalchemy import (  # noqa: TID251
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    true,
)

from dam.adapters.catalog.columns import Decided, Instant, Json, Words
from dam.adapters.catalog.tables_base import Serial, asset, metadata

rule_packs = Table(
    "rule_packs",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("body", Json, nullable=False),
)

#: Which rule pack counted from when on.
rule_pack_uses = Table(
    "rule_pack_uses",
    metadata,
    Column("row", Serial, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("used_at", Instant, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("row", Serial, primary_key=True),
    asset(),
    Column("purpose", String(32), nullable=False),
    Column("territory", String(16), nullable=False),
    Column("day", Date, nullable=False),
    Column("disposition", Decided, nullable=False),
    Column("facts_digest", String(64), nullable=False),
    Column("pack_digest", String(64), nullable=False),
    Column("holds_until", Date),
    Column("body", Json, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("current", Boolean, nullable=False),
    Index("ix_decisions_asset", "asset"),
)

Index(
    "ix_decisions_current",
    decisions.c.asset,
    decisions.c.purpose,
    unique=True,
    sqlite_where=decisions.c.current == true(),
)

Index(
    "ix_decisions_until",
    decisions.c.holds_until,
    sqlite_where=decisions.c.current == true(),
)

Index(
    "ix_decisions_pack",
    decisions.c.pack_digest,
    sqlite_where=decisions.c.current == true(),
)

#: What an asset may do for each purpose and what stands in the way, as text; many share one.
#: `pack_digest` is "" where no rule was asked.
audit_profiles = Table(
    "audit_profiles",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("pack_digest", String(64), nullable=False),
    Column("told", Words, nullable=False),
    UniqueConstraint("pack_digest", "told"),
)

#: What an audit tells of an asset, true until `holds_until` while the rule pack is the same and
#: the asset waits for no decision; `archived_as` follows that of the asset. Ids in `consents` and
#: `subjects` stand on lines of their own. Without rowid every index ends in the asset, so that
#: the sums of an audit need nothing else.
audit_rows = Table(
    "audit_rows",
    metadata,
    asset(primary_key=True),
    Column("archived_as", Words),
    Column("captured_on", Date),
    Column("photographer", Words),
    Column("programme", Words),
    Column("place", Words, nullable=False),
    Column("people", Integer, nullable=False),
    Column("minors", Integer, nullable=False),
    Column("consents", Words, nullable=False),
    Column("subjects", Words, nullable=False),
    Column("until", Date),
    Column("majority", Date),
    Column("holds_until", Date),
    Column("profile", Serial, ForeignKey("audit_profiles.id"), nullable=False),
    Index("ix_audit_rows_day", "captured_on", "profile", "minors", "until", "holds_until"),
    Index("ix_audit_rows_until", "until", "profile", "holds_until"),
    Index("ix_audit_rows_majority", "majority", "profile", "holds_until"),
    Index("ix_audit_rows_holds", "holds_until"),
    Index("ix_audit_rows_profile", "profile", "asset"),
    sqlite_with_rowid=False,
)

waivers = Table(
    "waivers",
    metadata,
    Column("row", Serial, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("asset", Words, ForeignKey("assets.id"), nullable=False, index=True),
    Column("rule", String(64), nullable=False),
    Column("role", Words, nullable=False),
    Column("given_on", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("body", Json, nullable=False),
)

#: Free text by people, which may be personal: a row here can be erased, the waiver stays.
waiver_reasons = Table(
    "waiver_reasons",
    metadata,
    Column("waiver", String(32), ForeignKey("waivers.id"), primary_key=True),
    Column("reason", Words, nullable=False),
)

waiver_ends = Table(
    "waiver_ends",
    metadata,
    Column("waiver", String(32), ForeignKey("waivers.id"), primary_key=True),
    Column("why", String(16), nullable=False),
    Column("role", Words, nullable=False),
    Column("ended_at", Instant, nullable=False),
)

#: Regions drawn by hand; `body` holds the box as fractions of the upright picture.
redactions = Table(
    "redactions",
    metadata,
    Column("row", Serial, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("asset", Words, ForeignKey("assets.id"), nullable=False, index=True),
    Column("subject", Words, nullable=False),
    Column("role", Words, nullable=False),
    Column("drawn_at", Instant, nullable=False),
    Column("body", Json, nullable=False),
)

#: Free text by people, as `waiver_reasons`.
redaction_reasons = Table(
    "redaction_reasons",
    metadata,
    Column("redaction", String(32), ForeignKey("redactions.id"), primary_key=True),
    Column("reason", Words, nullable=False),
)

redaction_ends = Table(
    "redaction_ends",
    metadata,
    Column("redaction", String(32), ForeignKey("redactions.id"), primary_key=True),
    Column("role", Words, nullable=False),
    Column("ended_at", Instant, nullable=False),
)
