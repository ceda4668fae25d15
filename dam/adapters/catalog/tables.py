"""The tables of the catalogue, as the newest revision in `migrations/versions` leaves them."""

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
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

from dam.adapters.catalog.columns import Decided, Huge, Instant, Json, Words

#: The newest revision in `migrations/versions`; a test holds the two together.
HEAD = "0009"

#: What an index is limited to is told for SQLite alone: naming another dialect here would load it
#: with every command. The revisions name PostgreSQL too.
metadata = MetaData()

#: SQLite counts up only in a primary key declared INTEGER.
_Serial = BigInteger().with_variant(Integer, "sqlite")


def _asset(*, primary_key: bool = False) -> Column[str]:
    return Column("asset", Words, ForeignKey("assets.id"), nullable=False, primary_key=primary_key)


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
    Column("row", _Serial, primary_key=True),
    _asset(),
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
    Column("row", _Serial, primary_key=True),
    Column("slot", Words, ForeignKey("sidecars.slot"), nullable=False, index=True),
    *_version(),
)

sidecar_links = Table(
    "sidecar_links",
    metadata,
    _asset(primary_key=True),
    Column("slot", Words, ForeignKey("sidecars.slot"), primary_key=True, index=True),
    Column("ambiguous", Boolean, nullable=False),
)

consent_versions = Table(
    "consent_versions",
    metadata,
    Column("row", _Serial, primary_key=True),
    Column("consent", Words, nullable=False),
    Column("slot", Words, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("subject", Words, nullable=False),
    Column("body", Json, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("stated", Boolean, nullable=False),
    Column("revision", String(32), nullable=False),
    Column("told_in", Words, nullable=False),
    Column("current", Boolean, nullable=False),
    Index("ix_consent_versions_consent", "consent"),
    Index("ix_consent_versions_slot", "slot"),
    Index("ix_consent_versions_of", "subject", "consent"),
)
Index(
    "ix_consent_versions_current",
    consent_versions.c.consent,
    consent_versions.c.slot,
    unique=True,
    sqlite_where=consent_versions.c.current == true(),
)
Index(
    "ix_consent_versions_subject",
    consent_versions.c.subject,
    sqlite_where=consent_versions.c.current == true(),
)

consent_events = Table(
    "consent_events",
    metadata,
    Column("row", _Serial, primary_key=True),
    Column("consent", Words, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", Json, nullable=False),
    UniqueConstraint("consent", "digest"),
)

#: Personal data, and nothing else of it anywhere: each row can be erased for ever. `revision`
#: is that of the consent version it was told with.
subject_details = Table(
    "subject_details",
    metadata,
    Column("revision", String(32), primary_key=True),
    Column("subject", Words, nullable=False, index=True),
    Column("name", Words),
    Column("first_name", Words),
    Column("contact", Words),
    Column("birth_date", Date),
    Column("birth_year", Integer),
)

giver_details = Table(
    "giver_details",
    metadata,
    Column("revision", String(32), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("subject", Words, nullable=False, index=True),
    Column("name", Words),
    Column("contact", Words),
    Column("witness", Words),
    Column("authority_evidence", Words),
)

text_details = Table(
    "text_details",
    metadata,
    Column("revision", String(32), primary_key=True),
    Column("place", String(64), primary_key=True),
    Column("subject", Words, nullable=False, index=True),
    Column("text", Words, nullable=False),
)

event_details = Table(
    "event_details",
    metadata,
    Column(
        "event",
        _Serial,
        ForeignKey("consent_events.row"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("by", Words),
    Column("reason", Words),
)

#: Which records lost their details for ever; "" for the subject itself.
erasures = Table(
    "erasures",
    metadata,
    Column("consent", Words, primary_key=True),
    Column("subject", Words, primary_key=True, index=True),
    Column("at", Instant, nullable=False),
)

#: What the ledger says of a subject's records can be checked with this key, and with nothing
#: else: erased, it says nothing any more.
subject_keys = Table(
    "subject_keys",
    metadata,
    Column("subject", Words, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)

#: As `subject_keys`, for sidecars; `ref` stands for the slot, which may name somebody.
sidecar_keys = Table(
    "sidecar_keys",
    metadata,
    Column("slot", Words, primary_key=True),
    Column("ref", String(32), nullable=False, unique=True),
    Column("key", LargeBinary, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Words, nullable=False),
)

asset_consents = Table(
    "asset_consents",
    metadata,
    _asset(primary_key=True),
    Column("consent", Words, primary_key=True, index=True),
)

asset_subjects = Table(
    "asset_subjects",
    metadata,
    _asset(primary_key=True),
    Column("subject", Words, primary_key=True, index=True),
)

facts = Table(
    "facts",
    metadata,
    Column("digest", String(64), primary_key=True),
    _asset(primary_key=True),
    Column("body", Json, nullable=False),
)

#: Which facts of an asset counted from when on.
facts_versions = Table(
    "facts_versions",
    metadata,
    Column("row", _Serial, primary_key=True),
    Column("asset", Words, ForeignKey("assets.id"), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("recorded_at", Instant, nullable=False),
)

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
    Column("row", _Serial, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("used_at", Instant, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("row", _Serial, primary_key=True),
    _asset(),
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
    Column("id", _Serial, primary_key=True),
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
    _asset(primary_key=True),
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
    Column("profile", _Serial, ForeignKey("audit_profiles.id"), nullable=False),
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
    Column("row", _Serial, primary_key=True),
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
    Column("row", _Serial, primary_key=True),
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

due_work = Table(
    "due_work",
    metadata,
    Column("row", _Serial, primary_key=True),
    Column("asset", Words, ForeignKey("assets.id"), nullable=False, unique=True),
    Column("mark", Integer, nullable=False),
)

renditions = Table(
    "renditions",
    metadata,
    _asset(primary_key=True),
    Column("purpose", String(32), primary_key=True),
    Column("relative", Words),
    Column("sha256", String(64)),
    Column("size", BigInteger),
    Column("state", String(8), nullable=False),
    Column("made_at", Instant, nullable=False),
    Index("ix_renditions_state", "state", "asset", "purpose"),
    CheckConstraint("state IN ('planned', 'filed', 'removed')", name="ck_renditions_state"),
)

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
    Column("row", _Serial, primary_key=True),
    Column("tombstone", String(32), nullable=False),
    Column("asset", Words, ForeignKey("assets.id"), nullable=False, index=True),
    Column("verdict", String(16), nullable=False),
    Column("role", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("tombstone", "asset"),
)

#: What pictures look like, as text of `dam.core.likeness`; "" for one without features.
likenesses = Table(
    "likenesses",
    metadata,
    _asset(primary_key=True),
    Column("told", Words, nullable=False),
)

#: Assets whose original is in restricted hold (`withdrawn`, `copy`) or gone (`erased`).
#: `tombstone` is the asset's own, "" once it is erased.
restrictions = Table(
    "restrictions",
    metadata,
    _asset(primary_key=True),
    Column("state", String(16), nullable=False),
    Column("tombstone", String(32), nullable=False),
    Column("at", Instant, nullable=False),
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

#: What a withdrawal has still to remove from the disk, planned in its own transaction.
leaving = Table(
    "leaving",
    metadata,
    Column("row", _Serial, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("asset", Words, nullable=False),
    Column("what", Words, nullable=False),
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
