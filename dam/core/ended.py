"""Who of those a photograph shows has taken a consent back, and who is shown beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from dam.core.consent import Standing, state_on
from dam.core.facts import PersonFact
from dam.core.model import IN_FORCE_STATES, ConsentState
from dam.core.view import Dossier, chosen

#: States by which a consent that was there has ended; `refused` never was one.
TAKEN_BACK: Final = frozenset({ConsentState.WITHDRAWN, ConsentState.REVOKED})


@dataclass(frozen=True, slots=True)
class Ended:
    """`subjects` took it back. `others` can be recognised beside them and did not: pseudonyms, or

    `person-N`. `spared` are those of the subjects of whom another record is in force.
    """

    subjects: frozenset[str] = frozenset()
    others: tuple[str, ...] = ()
    spared: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether nobody is left for whom the photograph could be kept in use."""
        return bool(self.subjects) and not self.others


NOBODY: Final = Ended()


def ended(dossier: Dossier, day: date, default_term: str) -> Ended:
    """Who took a consent back by this day, on whichever record; a later consent undoes it."""
    if not any(event.state in TAKEN_BACK for r in dossier.records for event in r.events):
        return NOBODY
    standings = dossier.standings(day, default_term)
    gone: set[str] = set()
    others: list[str] = []
    for number, person in enumerate(dossier.facts.people.persons, 1):
        if person.subject is not None and _took_back(person, dossier, day, standings):
            gone.add(person.subject)
        elif person.identifiable:
            others.append(person.subject or f"person-{number}")
    spared = {s for s in gone if any(_holds(each) for each in standings.get(s, ()))}
    return Ended(frozenset(gone), tuple(dict.fromkeys(others)), frozenset(spared))


def _holds(standing: Standing) -> bool:
    return standing.state in IN_FORCE_STATES


def _took_back(
    person: PersonFact, dossier: Dossier, day: date, standings: dict[str, list[Standing]]
) -> bool:
    standing = chosen(person, standings)
    if standing is not None and standing.state in TAKEN_BACK:
        return True
    for each in _others(standings.get(person.subject or "", ()), standing):
        events = [e for r in dossier.records if r.item.id == each.id for e in r.events]
        state, since = state_on(events, day)
        if state in TAKEN_BACK and (standing is None or since >= standing.state_on):
            return True
    return False


def _others(own: Sequence[Standing], standing: Standing | None) -> list[Standing]:
    return [each for each in own if standing is None or each.id != standing.id]
