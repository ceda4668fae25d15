"""Tables about people: consents, and the personal data that stands apart and can be erased."""

from __future__ import annotations

from sqlalchemy import (  # noqa: TID251
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    true,
)

from dam.adapters.catalog.columns import Instant, Json, Words
from dam.adapters.catalog.tables_base import Serial, asset, metadata

consent_versions = Table(
    "consent_versions",
    metadata,
    Column("row", Serial, primary_key=True),
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
    Column("row", Serial, primary_key=True),
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
        Serial,
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

asset_consents = Table(
    "asset_consents",
    metadata,
    asset(primary_key=True),
    Column("consent", Words, primary_key=True, index=True),
)

asset_subjects = Table(
    "asset_subjects",
    metadata,
    asset(primary_key=True),
    Column("subject", Words, primary_key=True, index=True),
)
