"""What consent records about the people of many photographs said before an instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from pydantic import ValidationError

from dam.adapters.desk import Desk
from dam.core import private
from dam.core.consent import Record
from dam.core.facts import Facts
from dam.core.past import Doubt, Learned, Why
from dam.core.record import ConsentEvent, ConsentItem
from dam.core.rows import ConsentVersion
from dam.core.told import Told


class Said:
    """The records, the events and the names that were known before an instant.

    `doubts` tells what of it was lost since, for one photograph.
    """

    def __init__(self, desk: Desk, facts: Iterable[Facts], before: datetime) -> None:
        people = [person for each in facts for person in each.people.persons]
        self._ids = {p.consent for p in people if p.consent}
        self._subjects = {p.subject for p in people if p.subject}
        every = desk.catalog.versions_told(sorted(self._ids), sorted(self._subjects))
        self._before = before
        self._then = [v for v in every if v.recorded_at < before]
        self._later = [v for v in every if v.recorded_at >= before]
        self._erased = desk.catalog.erasures_of(self._then)
        self._details = desk.catalog.details(v.revision for v in self._then)
        self._first: dict[object, datetime] = {}
        for version in self._then:
            for key in (_key(version), version.revision):
                first = self._first.setdefault(key, version.recorded_at)
                self._first[key] = min(first, version.recorded_at)
        self._lost = {v.subject for v in self._then if self._was_lost(v)}
        self._names = self._known_names()
        self._events = self._known_events()
        self._newest = self._changes()
        #: Which version of a record counted, by (consent, slot).
        self.versions: dict[tuple[str, str], ConsentVersion] = {}
        self._broken: set[tuple[str, str]] = set()
        self._told = Told(dict(self._records()), self._parsed_events())

    def about(self, facts: Facts) -> tuple[Record, ...]:
        """The records about the people of one photograph, by consent id and slot."""
        return self._told.about(facts)

    def names(self, facts: Facts) -> dict[str, tuple[str, ...]]:
        """Every full and first name that had been told of the people of one photograph."""
        _, subjects = self._people(facts)
        return {s: tuple(sorted(self._names[s])) for s in subjects if s in self._names}

    def doubts(self, facts: Facts) -> tuple[Doubt, ...]:
        """What of the records about one photograph cannot be had any more."""
        ids, subjects = self._people(facts)
        subjects |= {record.item.subject.id for record in self.about(facts)}
        erased = [Doubt(Why.ERASED, subject) for subject in sorted(subjects & self._lost)]
        broken = {c for c, s in self._broken if c in ids or s in subjects}
        return (*erased, *(Doubt(Why.RECORD_UNREADABLE, consent) for consent in sorted(broken)))

    def changed(self, facts: Facts) -> datetime | None:
        """When something about the people of one photograph was last recorded, or erased."""
        ids, subjects = self._people(facts)
        ids |= {record.item.id for record in self.about(facts)}
        keys = [("consent", i) for i in ids] + [("subject", s) for s in subjects]
        return max((self._newest[key] for key in keys if key in self._newest), default=None)

    def learned(self, day: date) -> Iterator[Learned]:
        """Every event of that day or an earlier one that was recorded since, oldest first."""
        known = {consent: list(bodies) for consent, bodies in self._events.items()}
        for version in self._later:
            mine = known.setdefault(version.consent, [])
            for body in _events(version):
                if body in mine:
                    continue
                mine.append(body)
                try:
                    event = ConsentEvent.model_validate(body)
                except ValidationError:
                    continue
                if event.on <= day:
                    yield Learned(
                        version.consent, version.subject, event.state, event.on, version.recorded_at
                    )

    def _people(self, facts: Facts) -> tuple[set[str], set[str]]:
        persons = facts.people.persons
        return {p.consent for p in persons if p.consent}, {p.subject for p in persons if p.subject}

    def _was_lost(self, version: ConsentVersion) -> bool:
        """Whether its personal details counted then and are gone now."""
        if not version.revision or version.revision in self._details:
            return False
        told = self._first[version.revision]
        return not any(told <= at < self._before for at in self._erased[_key(version)])

    def _erased_then(self, version: ConsentVersion) -> bool:
        """Whether the details of its subject had been erased, since the record was there."""
        first, gone = self._first[_key(version)], self._erased[_key(version)]
        return any(first <= at < self._before for at in gone)

    def _records(self) -> Iterator[tuple[tuple[str, str], tuple[ConsentVersion, ConsentItem]]]:
        """As `Desk.whole` of the versions that were the current ones."""
        for version in self._then:
            self.versions[version.consent, version.slot] = version
        for key, version in list(self.versions.items()):
            if version.consent not in self._ids and version.subject not in self._subjects:
                continue
            details = self._details.get(version.revision, private.NOTHING)
            try:
                item = ConsentItem.model_validate(private.join(version.body, details))
            except ValidationError:
                self._broken.add((version.consent, version.subject))
                continue
            stated = version.stated and not self._erased_then(version)
            yield key, (replace(version, stated=stated), item)

    def _known_names(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for version in self._then:
            details = self._details.get(version.revision)
            if details is not None:
                who = details.subject
                told = {name for name in (who.name, who.first_name) if name}
                if told:
                    found.setdefault(version.subject, set()).update(told)
        return found

    def _known_events(self) -> dict[str, list[dict[str, object]]]:
        found: dict[str, list[dict[str, object]]] = {}
        for version in self._then:
            mine = found.setdefault(version.consent, [])
            mine += [body for body in _events(version) if body not in mine]
        return found

    def _parsed_events(self) -> dict[str, tuple[ConsentEvent, ...]]:
        found = {}
        for consent, bodies in self._events.items():
            try:
                found[consent] = tuple(map(ConsentEvent.model_validate, bodies))
            except ValidationError:
                self._broken.update(_key(v) for v in self._then if v.consent == consent)
        return found

    def _changes(self) -> dict[tuple[str, str], datetime]:
        newest: dict[tuple[str, str], datetime] = {}
        for version in self._then:
            gone = (at for at in self._erased[_key(version)] if at < self._before)
            at = max((version.recorded_at, *gone))
            for key in (("consent", version.consent), ("subject", version.subject)):
                newest[key] = max(newest.get(key, at), at)
        return newest


def _key(version: ConsentVersion) -> tuple[str, str]:
    return version.consent, version.subject


def _events(version: ConsentVersion) -> list[dict[str, object]]:
    told = version.body.get("events")
    return [body for body in told if isinstance(body, dict)] if isinstance(told, list) else []
