"""Personal data apart: names, contacts, birth dates and free texts in tables of their own.

What records of the first schema hold of them is moved there, and digests that were made over
them are made anew. `dam.core.private` says what is personal.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

import sqlalchemy as sa  # noqa: TID251
from alembic import op  # noqa: TID251

from dam.adapters.catalog.columns import Words, dumps
from dam.core.facts import digest_of
from dam.core.private import Details, part, part_event

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CURRENT = sa.column("current", sa.Boolean()) == sa.true()
_OLD = "consent_versions_0001"
_INDEXES = ("current", "consent", "slot", "subject")


def upgrade() -> None:
    for name in _INDEXES:
        op.drop_index(f"ix_consent_versions_{name}", "consent_versions")
    op.rename_table("consent_versions", _OLD)
    _versions()
    _details()
    _move_versions()
    op.drop_table(_OLD)
    _move_events()


def _versions() -> None:
    """Consent versions as before, with the key of their details and where they were told."""
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
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.Column("told_in", sa.Text(), nullable=False),
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


def _details() -> None:
    """The restricted tables."""
    op.create_table(
        "subject_details",
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("first_name", sa.Text()),
        sa.Column("contact", sa.Text()),
        sa.Column("birth_date", sa.Date()),
        sa.Column("birth_year", sa.Integer()),
        sa.PrimaryKeyConstraint("revision"),
    )
    op.create_index("ix_subject_details_subject", "subject_details", ["subject"])
    op.create_table(
        "giver_details",
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("contact", sa.Text()),
        sa.Column("witness", sa.Text()),
        sa.Column("authority_evidence", sa.Text()),
        sa.PrimaryKeyConstraint("revision", "place"),
    )
    op.create_index("ix_giver_details_subject", "giver_details", ["subject"])
    op.create_table(
        "text_details",
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision", "place"),
    )
    op.create_index("ix_text_details_subject", "text_details", ["subject"])
    op.create_table(
        "event_details",
        sa.Column("event", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("by", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(["event"], ["consent_events.row"]),
        sa.PrimaryKeyConstraint("event"),
    )
    op.create_table(
        "erasures",
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("consent", "subject"),
    )
    op.create_index("ix_erasures_subject", "erasures", ["subject"])


def _table(name: str, *columns: str) -> sa.TableClause:
    """A table of texts as they are stored (whatever their column says, nothing is converted)."""
    return sa.table(name, *(sa.column(column) for column in columns))


_WORDS = ("consent", "slot", "digest", "subject", "body", "recorded_at", "stated", "current")


def _move_versions() -> None:
    bind = op.get_bind()
    old = _table(_OLD, "row", *_WORDS)
    new = _table("consent_versions", "row", *_WORDS, "revision", "told_in")
    for row in bind.execute(sa.select(old).order_by(old.c.row)).all():
        stored = dict(row._mapping)
        body, details = part(json.loads(stored["body"]))
        key = ""
        if details:
            key = secrets.token_hex(16)
            stored |= {"body": dumps(body), "digest": digest_of([body, key])}
            _keep(bind, key, stored["subject"], details)
        bind.execute(sa.insert(new).values({**stored, "revision": key, "told_in": ""}))


def _keep(bind: sa.Connection, key: str, subject: str, details: Details) -> None:
    """Write what one version tells of persons. `subject` is as it is stored already."""
    stored = Words().process_bind_param

    def text(value: str | None) -> str | None:
        return stored(value, bind.dialect)

    who = details.subject
    told: dict[str, Any] = {"revision": key, "subject": subject}
    born = who.birth_date.isoformat() if who.birth_date else None
    if any((who.name, who.first_name, who.contact, born, who.birth_year)):
        table = _table(
            "subject_details", *told, "birth_date", "birth_year", "name", "first_name", "contact"
        )
        told_of = {"birth_date": born, "birth_year": who.birth_year}
        told_of |= {
            "name": text(who.name),
            "first_name": text(who.first_name),
            "contact": text(who.contact),
        }
        bind.execute(sa.insert(table).values({**told, **told_of}))
    for giver in details.givers:
        known: dict[str, Any] = {
            "place": giver.place,
            "witness": text(giver.witness),
            "authority_evidence": text(giver.authority_evidence),
        }
        bind.execute(sa.insert(_table("giver_details", *told, *known)).values({**told, **known}))
    for place, words in details.texts:
        known = {"place": place, "text": text(words)}
        bind.execute(sa.insert(_table("text_details", *told, *known)).values({**told, **known}))


def _move_events() -> None:
    bind = op.get_bind()
    events = _table("consent_events", "row", "digest", "body")
    apart = _table("event_details", "event", "by", "reason")
    stored = Words().process_bind_param
    for row in bind.execute(sa.select(events).order_by(events.c.row)).all():
        body, details = part_event(json.loads(row.body))
        if not details:
            continue
        text = dumps(body)
        digest = hashlib.sha256(f"{text}{secrets.token_hex(16)}".encode("ascii")).hexdigest()
        bind.execute(
            sa.update(events).where(events.c.row == row.row).values(digest=digest, body=text)
        )
        by, reason = (stored(t, bind.dialect) for t in (details.by, details.reason))
        bind.execute(sa.insert(apart).values(event=row.row, by=by, reason=reason))
