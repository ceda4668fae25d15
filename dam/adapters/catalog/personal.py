"""Personal data: the only statements that read or write it, and the ones that erase it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, insert, select, update  # noqa: TID251

from dam.adapters.catalog.columns import dumps
from dam.adapters.catalog.engine import Found, chunks
from dam.adapters.catalog.part import Part
from dam.adapters.catalog.tables import (
    consent_events,
    consent_versions,
    erasures,
    event_details,
    giver_details,
    subject_details,
    text_details,
)
from dam.core.private import (
    APART,
    Details,
    EventDetails,
    GiverDetails,
    SubjectDetails,
    join_event,
)

_BY_SUBJECT: tuple[Table, ...] = (subject_details, giver_details, text_details)


class PersonalReads(Part):
    """Who the pseudonyms are. Nothing read here may get into a log, an event or a file name."""

    def details(self, revisions: Iterable[str]) -> dict[str, Details]:
        """The personal data of consent versions by their `revision`; those erased are left out."""
        wanted = [revision for revision in dict.fromkeys(revisions) if revision]
        if not wanted:
            return {}
        subjects: dict[str, SubjectDetails] = {}
        givers: dict[str, list[GiverDetails]] = {}
        texts: dict[str, list[tuple[str, str]]] = {}
        for chunk in chunks(wanted):
            for row in self._apart(subject_details, chunk, subject_details.c.revision):
                subjects[row.revision] = SubjectDetails(
                    row.name, row.first_name, row.contact, row.birth_date, row.birth_year
                )
            for row in self._apart(giver_details, chunk, giver_details.c.place):
                givers.setdefault(row.revision, []).append(
                    GiverDetails(
                        row.place, row.name, row.contact, row.witness, row.authority_evidence
                    )
                )
            for row in self._apart(text_details, chunk, text_details.c.place):
                texts.setdefault(row.revision, []).append((row.place, row.text))
        return {
            revision: Details(
                subjects.get(revision, SubjectDetails()),
                tuple(givers.get(revision, ())),
                tuple(texts.get(revision, ())),
            )
            for revision in wanted
            if revision in subjects or revision in givers or revision in texts
        }

    def _apart(
        self, table: Table, revisions: Iterable[str], order: ColumnElement[object]
    ) -> Iterable[Found]:
        return self._db.rows(
            select(table).where(table.c.revision.in_(tuple(revisions))).order_by(order)
        )

    def names_of(self, subjects: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Every full and first name ever told of each subject; those without are left out."""
        found: dict[str, dict[str, None]] = {}
        who = subject_details.c
        for chunk in chunks(subjects):
            rows = self._db.rows(
                select(who.subject, who.name, who.first_name)
                .where(who.subject.in_(chunk))
                .order_by(who.subject, who.revision)
            )
            for row in rows:
                for name in (row.name, row.first_name):
                    if name:
                        found.setdefault(row.subject, {})[name] = None
        return {subject: tuple(sorted(names)) for subject, names in found.items()}

    def told_events(self, consent: str) -> tuple[dict[str, object], ...]:
        """As `all_events`, with who told each one and why."""
        return tuple(join_event(body, apart) for _, body, apart in self._events(consent))

    def _events(self, consent: str) -> list[tuple[int, dict[str, object], EventDetails]]:
        rows = self._db.rows(
            select(consent_events.c.row, consent_events.c.body, event_details.c.by,
                   event_details.c.reason)
            .select_from(consent_events.outerjoin(event_details))
            .where(consent_events.c.consent == consent)
            .order_by(consent_events.c.row)
        )  # fmt: skip
        return [(row.row, row.body, EventDetails(row.by, row.reason)) for row in rows]

    def erased(self, consents: Iterable[str]) -> frozenset[tuple[str, str]]:
        """Those of the consents whose subject's details were erased, as (consent, subject)."""
        found: set[tuple[str, str]] = set()
        for chunk in chunks(consents):
            rows = self._db.rows(
                select(erasures.c.consent, erasures.c.subject).where(erasures.c.consent.in_(chunk))
            )
            found.update((row.consent, row.subject) for row in rows)
        return frozenset(found)

    def erased_on(self, subject: str) -> datetime | None:
        """When the details of a subject were last erased, or None."""
        row = self._db.one(
            select(erasures.c.at).where(erasures.c.subject == subject, erasures.c.consent == "")
        )
        return None if row is None else row.at

    def consents_of(self, subject: str) -> tuple[str, ...]:
        """The ids of all consent records that ever spoke of a subject, in order."""
        return self._db.ids(
            select(consent_versions.c.consent)
            .where(consent_versions.c.subject == subject)
            .distinct()
            .order_by(consent_versions.c.consent)
        )


class PersonalWrites(PersonalReads):
    """What becomes known of persons, and what is forgotten."""

    def put_details(self, revision: str, subject: str, details: Details) -> None:
        """Keep the personal data of one consent version; nothing where it is kept already."""
        if not details or self.details([revision]):
            return
        who, key = details.subject, {"revision": revision, "subject": subject}
        if who != SubjectDetails():
            self._db.run(
                insert(subject_details).values(
                    **key,
                    name=who.name,
                    first_name=who.first_name,
                    contact=who.contact,
                    birth_date=who.birth_date,
                    birth_year=who.birth_year,
                )
            )
        for giver in details.givers:
            self._db.run(
                insert(giver_details).values(
                    **key,
                    place=giver.place,
                    name=giver.name,
                    contact=giver.contact,
                    witness=giver.witness,
                    authority_evidence=giver.authority_evidence,
                )
            )
        for place, text in details.texts:
            self._db.run(insert(text_details).values(**key, place=place, text=text))

    def erase_details(self, subject: str, at: datetime) -> tuple[str, ...]:
        """Forget for ever who a subject is; the ids of the records that are now without details.
        Call `Catalog.scrub` once the transaction is over: until then the file's journal may
        still hold what was erased.
        """
        consents = self.consents_of(subject)
        for table in _BY_SUBJECT:
            self._db.run(delete(table).where(table.c.subject == subject))
        for chunk in chunks(consents):
            own = select(consent_events.c.row).where(consent_events.c.consent.in_(chunk))
            self._db.run(delete(event_details).where(event_details.c.event.in_(own)))
        for consent in ("", *consents):
            place = (erasures.c.consent == consent, erasures.c.subject == subject)
            if not self._db.run(update(erasures).where(*place).values(at=at)):
                self._db.run(insert(erasures).values(consent=consent, subject=subject, at=at))
        return consents

    def keep_event(self, consent: str, body: dict[str, object], apart: EventDetails) -> None:
        """Keep an event of a consent, its free texts apart, unless it is known already."""
        if any((known, texts) == (body, apart) for _, known, texts in self._events(consent)):
            return
        # A digest over the free texts could be guessed; a random one serves as well.
        digest = _digest(body, secret=bool(apart) or APART in body.values())
        self._db.run(insert(consent_events).values(consent=consent, digest=digest, body=body))
        if apart:
            row = self._db.one(
                select(consent_events.c.row).where(
                    consent_events.c.consent == consent, consent_events.c.digest == digest
                )
            )
            assert row is not None
            self._db.run(
                insert(event_details).values(event=row.row, by=apart.by, reason=apart.reason)
            )


def _digest(body: dict[str, object], *, secret: bool) -> str:
    token = secrets.token_hex(16) if secret else ""
    return hashlib.sha256(f"{dumps(body)}{token}".encode("ascii")).hexdigest()
