"""What the ledger commits to without telling it: consent records and what was said of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Text, delete, insert, select, type_coerce  # noqa: TID251

from dam.adapters.catalog.changes import Changes
from dam.adapters.catalog.engine import chunks
from dam.adapters.catalog.part import build, columns
from dam.adapters.catalog.personal import PersonalReads, PersonalWrites
from dam.adapters.catalog.tables import consent_events, consent_versions, subject_keys
from dam.core import chain, commitment
from dam.core.private import NOTHING
from dam.core.replay import Held
from dam.core.rows import ConsentVersion

_COLUMNS = columns(consent_versions, ConsentVersion)
_BODY = type_coerce(consent_versions.c.body, Text).label("told")
_EVENT = type_coerce(consent_events.c.body, Text).label("told")


class CommittedReads(PersonalReads):
    """Commitments to what stands in the catalogue, where there still is a key for them."""

    def subject_keys(self, subjects: Iterable[str]) -> dict[str, bytes]:
        """The keys of these subjects; those without are left out."""
        found: dict[str, bytes] = {}
        for chunk in chunks(subjects):
            rows = self._db.rows(select(subject_keys).where(subject_keys.c.subject.in_(chunk)))
            found.update((row.subject, bytes(row.key)) for row in rows)
        return found

    def held_records(self, consents: Sequence[str]) -> Iterator[tuple[str, str, Held]]:
        """(consent, slot) and what the ledger says of each record of these consents (at most 500)

        that is the current one of its source.
        """
        rows = self._db.rows(
            select(*_COLUMNS, _BODY)
            .where(consent_versions.c.consent.in_(consents), consent_versions.c.current)
            .order_by(consent_versions.c.consent, consent_versions.c.slot)
        )
        keys = self.subject_keys({row.subject for row in rows})
        details = self.details(row.revision for row in rows)
        for row in rows:
            key = keys.get(row.subject)
            if key is None:
                continue
            version = build(ConsentVersion, row)
            apart = details.get(version.revision, NOTHING)
            fields = {
                "of": version.subject,
                "stated": "yes" if version.stated else "no",
                "record": commitment.record(key, version, row.told, apart),
            }
            ident = _ident(key, version.consent, version.slot)
            yield version.consent, version.slot, Held("consent", ident, fields)

    def held_said(self, consents: Sequence[str]) -> Iterator[tuple[str, Held]]:
        """Each of these consents (at most 500) and what the ledger says of all that was ever said

        of it: under the key of whom its newest version is about.
        """
        of = self._newest_subjects(consents)
        keys = self.subject_keys(of.values())
        said: dict[str, list[str]] = {consent: [] for consent in sorted(of)}
        for row in self._db.rows(
            select(consent_events.c.consent, _EVENT)
            .where(consent_events.c.consent.in_(consents))
            .order_by(consent_events.c.row)
        ):
            said.setdefault(row.consent, []).append(row.told)
        for consent, bodies in said.items():
            key = keys.get(of.get(consent, ""))
            if key is not None:
                fields = {"of": of[consent], "record": commitment.told(key, consent, bodies)}
                yield consent, Held("said", consent, fields)

    def _newest_subjects(self, consents: Sequence[str]) -> dict[str, str]:
        """The subject of the newest version of each of these consents."""
        rows = self._db.rows(
            select(consent_versions.c.consent, consent_versions.c.subject)
            .where(consent_versions.c.consent.in_(consents))
            .order_by(consent_versions.c.row)
        )
        return {row.consent: row.subject for row in rows}

    def _in_force_of(self, subject: str) -> list[tuple[str, str]]:
        """(consent, slot) of the current records about a subject."""
        rows = self._db.rows(
            select(consent_versions.c.consent, consent_versions.c.slot)
            .where(consent_versions.c.subject == subject, consent_versions.c.current)
            .order_by(consent_versions.c.consent, consent_versions.c.slot)
        )
        return [(row.consent, row.slot) for row in rows]


def _ident(key: bytes, consent: str, slot: str) -> str:
    return f"{consent} {commitment.slot_ref(key, consent, slot)}"


class CommittedWrites(CommittedReads, PersonalWrites, Changes):
    """Keys that are made and erased, and the notes of what is told of consents."""

    def tell_record(self, version: ConsentVersion, before: ConsentVersion | None) -> None:
        """A record has a new version at its source, in the place of `before`."""
        key = self.subject_keys([version.subject]).get(version.subject)
        if key is None:
            self.make_key(version.subject)
        if before is not None and before.subject != version.subject:
            old = self.subject_keys([before.subject]).get(before.subject)
            if old is not None:
                self.drop("consent", _ident(old, before.consent, before.slot))
        self.told[version.consent, version.slot] = None

    def make_key(self, subject: str) -> None:
        """Make the key of a subject that has none, and tell all that stands of it."""
        key = secrets.token_bytes(commitment.KEY_BYTES)
        self._db.run(insert(subject_keys).values(subject=subject, key=key))
        self.told.update(dict.fromkeys(self._in_force_of(subject)))

    def drop_record(self, consent: str, slot: str, subject: str) -> None:
        """A record about a subject is in force at this place no longer."""
        key = self.subject_keys([subject]).get(subject)
        if key is not None:
            self.drop("consent", _ident(key, consent, slot))

    def erase_key(self, subject: str) -> None:
        """Nobody can check any more what the ledger says of the subject's records."""
        key = self.subject_keys([subject]).get(subject)
        if key is None:
            return
        for consent, slot in self._in_force_of(subject):
            self.drop("consent", _ident(key, consent, slot))
        consents = self.consents_of(subject)
        for chunk in chunks(consents):
            for consent, of in self._newest_subjects(chunk).items():
                if of == subject:
                    self.drop("said", consent)
        self._db.run(delete(subject_keys).where(subject_keys.c.subject == subject))

    def renew_key(self, subject: str) -> None:
        """Tell what stands of a subject under a new key: what was told before says nothing more."""
        if self.subject_keys([subject]):
            self.erase_key(subject)
            self.make_key(subject)
            # Also what was said of consents of which no record is in force.
            for chunk in chunks(self.consents_of(subject)):
                for _, held in self.held_said(chunk):
                    self.note_fields(held.kind, held.id, dict(held.fields))

    def erase_details(self, subject: str, at: datetime) -> tuple[str, ...]:
        self.erase_key(subject)
        consents = super().erase_details(subject, at)
        self.note("erasure", subject, at=chain.instant(at))
        return consents

    def conclude_notes(self) -> None:
        """Note what stands of the consents that were told of."""
        for chunk in chunks(consent for consent, _ in self.told):
            for consent, slot, held in self.held_records(chunk):
                if (consent, slot) in self.told:
                    self.note_fields(held.kind, held.id, dict(held.fields))
            for _, held in self.held_said(chunk):
                self.note_fields(held.kind, held.id, dict(held.fields))
        self.told.clear()
