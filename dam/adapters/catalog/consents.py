"""Consent records with all they ever said, and which photographs rest on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import ColumnElement, delete, insert, select, update  # noqa: TID251

from dam.adapters.catalog.committed import CommittedReads, CommittedWrites
from dam.adapters.catalog.engine import chunks
from dam.adapters.catalog.part import build, columns, values
from dam.adapters.catalog.tables import (
    asset_consents,
    asset_subjects,
    consent_events,
    consent_versions,
)
from dam.core.errors import DamError
from dam.core.private import NOTHING, Details
from dam.core.rows import ConsentVersion

_COLUMNS = columns(consent_versions, ConsentVersion)


class ConsentReads(CommittedReads):
    """What consent records say and whom they concern."""

    def current_consents(
        self, ids: Iterable[str] | None = None, subjects: Iterable[str] | None = None
    ) -> tuple[ConsentVersion, ...]:
        """The current version of each consent at each source, by consent and source.

        Those whose id is in `ids` and those whose subject is in `subjects`, together; all of
        them where both are None.
        """
        if ids is None and subjects is None:
            return tuple(self.consents())
        found: dict[tuple[str, str], ConsentVersion] = {}
        for column, chosen in (
            (consent_versions.c.consent, ids),
            (consent_versions.c.subject, subjects),
        ):
            for chunk in chunks(chosen or ()):
                for row in self._db.rows(
                    select(*_COLUMNS).where(consent_versions.c.current, column.in_(chunk))
                ):
                    version = build(ConsentVersion, row)
                    found[version.consent, version.slot] = version
        return tuple(found[key] for key in sorted(found))

    def consents(self) -> Iterator[ConsentVersion]:
        """Stream the current version of each consent at each source, by consent and source."""
        rows = self._db.pages(
            select(*_COLUMNS).where(consent_versions.c.current),
            (consent_versions.c.consent, consent_versions.c.slot),
        )
        return (build(ConsentVersion, row) for row in rows)

    def consents_of_slot(self, slot: str) -> tuple[ConsentVersion, ...]:
        """The current versions that one source stated, by consent."""
        rows = self._db.rows(
            select(*_COLUMNS)
            .where(consent_versions.c.current, consent_versions.c.slot == slot)
            .order_by(consent_versions.c.consent)
        )
        return tuple(build(ConsentVersion, row) for row in rows)

    def consent_at(self, consent: str, slot: str) -> ConsentVersion | None:
        """The current version of a consent at one source, or None."""
        row = self._db.one(
            select(*_COLUMNS).where(
                consent_versions.c.consent == consent,
                consent_versions.c.slot == slot,
                consent_versions.c.current,
            )
        )
        return None if row is None else build(ConsentVersion, row)

    def consent_history(self, consent: str) -> tuple[ConsentVersion, ...]:
        """Every version of a consent record from every source, oldest first."""
        rows = self._db.rows(
            select(*_COLUMNS)
            .where(consent_versions.c.consent == consent)
            .order_by(consent_versions.c.row)
        )
        return tuple(build(ConsentVersion, row) for row in rows)

    def all_events(self, consent: str) -> tuple[dict[str, object], ...]:
        """Every event that any version from any source ever told, in the order they came.

        Events are append-only (ISO/IEC TS 27560): a later version that leaves out a
        withdrawal does not undo it.
        """
        rows = self._db.rows(
            select(consent_events.c.body)
            .where(consent_events.c.consent == consent)
            .order_by(consent_events.c.row)
        )
        return tuple(row.body for row in rows)

    def events_of(self, consents: Iterable[str]) -> dict[str, tuple[dict[str, object], ...]]:
        """As `all_events`, of many consents by id; those without are left out."""
        found: dict[str, list[dict[str, object]]] = {}
        for chunk in chunks(consents):
            for row in self._db.rows(
                select(consent_events.c.consent, consent_events.c.body)
                .where(consent_events.c.consent.in_(chunk))
                .order_by(consent_events.c.row)
            ):
                found.setdefault(row.consent, []).append(row.body)
        return {consent: tuple(bodies) for consent, bodies in found.items()}

    def assets_using_consents(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The assets whose decisions looked at one of these consents, in order."""
        return self._resting_on(asset_consents.c.asset, asset_consents.c.consent, ids)

    def assets_with_subjects(self, subjects: Iterable[str]) -> tuple[str, ...]:
        """The assets that show one of these subjects, in order."""
        return self._resting_on(asset_subjects.c.asset, asset_subjects.c.subject, subjects)

    def _resting_on(
        self, asset: ColumnElement[str], column: ColumnElement[str], chosen: Iterable[str]
    ) -> tuple[str, ...]:
        found: set[str] = set()
        for chunk in chunks(chosen):
            found.update(self._db.ids(select(asset).where(column.in_(chunk))))
        return tuple(sorted(found))


class ConsentWrites(ConsentReads, CommittedWrites):
    """What arrives about consent. Nothing that was recorded is ever overwritten."""

    def put_consent(self, version: ConsentVersion, details: Details = NOTHING) -> bool:
        """Record a consent as a source tells it; false if that is its current version there.

        Its `events` (a list of objects, may be missing) join those recorded before. `details`
        are what `private.part` took out of its body; where they are on record already they
        may be left out. DamError where the events are something else.
        """
        known = self.consent_at(version.consent, version.slot)
        if known is not None and (known.digest, known.stated) == (version.digest, version.stated):
            return False
        if version.revision:
            details = details or self.details([version.revision]).get(version.revision, NOTHING)
            self.put_details(version.revision, version.subject, details)
        self._keep_events(version, details)
        self._db.run(
            update(consent_versions)
            .where(
                consent_versions.c.consent == version.consent,
                consent_versions.c.slot == version.slot,
                consent_versions.c.current,
            )
            .values(current=False)
        )
        self._db.run(insert(consent_versions).values(values(version) | {"current": True}))
        self.tell_record(version, known)
        return True

    def _keep_events(self, version: ConsentVersion, details: Details) -> None:
        told = version.body.get("events", [])
        if not isinstance(told, list | tuple):
            raise DamError("The events of a consent record are not a list")
        for place, item in enumerate(told):
            if not isinstance(item, dict):
                raise DamError("An event of a consent record is not an object")
            self.keep_event(version.consent, item, details.event(place))

    def record_consent_use(self, asset: str, consents: Iterable[str]) -> None:
        """The decisions on an asset looked at these consents, and at no others."""
        self._db.run(delete(asset_consents).where(asset_consents.c.asset == asset))
        for consent in sorted(set(consents)):
            self._db.run(insert(asset_consents).values(asset=asset, consent=consent))

    def set_subjects(self, asset: str, subjects: Iterable[str], consents: Iterable[str]) -> None:
        """An asset shows these subjects and rests on these consents, and no others."""
        self._db.run(delete(asset_subjects).where(asset_subjects.c.asset == asset))
        for subject in sorted(set(subjects)):
            self._db.run(insert(asset_subjects).values(asset=asset, subject=subject))
        self.record_consent_use(asset, consents)
