"""What consent records say about the people of many photographs, read once for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from dam.core import private
from dam.core.consent import Record
from dam.core.facts import Facts
from dam.core.record import ConsentEvent, ConsentItem
from dam.core.rows import ConsentVersion


class Told:
    """Consent records by (consent, slot) with every event of each consent, for many photos."""

    def __init__(
        self,
        records: Mapping[tuple[str, str], tuple[ConsentVersion, ConsentItem]],
        events: Mapping[str, Sequence[ConsentEvent]],
    ) -> None:
        self._records, self._events = records, events
        self._of_consent: dict[str, list[tuple[str, str]]] = {}
        self._of_subject: dict[str, list[tuple[str, str]]] = {}
        for key, (_, item) in records.items():
            self._of_consent.setdefault(key[0], []).append(key)
            self._of_subject.setdefault(item.subject.id, []).append(key)
        self._made: dict[tuple[tuple[str, str], ...], tuple[Record, ...]] = {}

    def about(self, facts: Facts) -> tuple[Record, ...]:
        """The records about the people of one photo, by consent id and slot."""
        keys: set[tuple[str, str]] = set()
        for person in facts.people.persons:
            keys.update(self._of_consent.get(person.consent or "", ()))
            keys.update(self._of_subject.get(person.subject or "", ()))
        found: list[Record] = []
        for _, same in groupby(sorted(keys), key=lambda key: key[0]):
            found += self._versions(tuple(same))
        return tuple(found)

    def _versions(self, keys: tuple[tuple[str, str], ...]) -> tuple[Record, ...]:
        """The versions of one consent; photos that show the same people share them."""
        if keys not in self._made:
            versions = [self._records[key] for key in keys]
            known = {_public(event): None for _, item in versions for event in item.events}
            known |= dict.fromkeys(self._events.get(keys[0][0], ()))
            self._made[keys] = tuple(
                Record(item, version.slot, tuple(known), version.stated, version.revision)
                for version, item in versions
            )
        return self._made[keys]


def _public(event: ConsentEvent) -> ConsentEvent:
    """An event without its free texts, as the catalogue keeps events."""
    body, _ = private.part_event(event.model_dump(mode="json", exclude_unset=True))
    return ConsentEvent.model_validate(body)
