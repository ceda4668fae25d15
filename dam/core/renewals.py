"""The consents that end soon: what to do about each, by when, and how many pictures rest on it.

The day on which somebody comes of age is a birthday, and personal: of that day the month alone is
told, wherever the reason why a consent ends is told as well.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

from dam.core.audit import Audit
from dam.core.consent import Standing
from dam.core.model import IN_FORCE_STATES, Disposition, Purpose
from dam.core.report import AuditRow
from dam.core.view import Dossier, chosen

#: So many assets are looked into together.
BATCH = 200
_OF_AGE = "18th birthday"


class Todo(enum.StrEnum):
    """What to do about a consent that ends."""

    RENEW = "renew"
    ASK = "ask"
    REVIEW = "review"


_TODO = {_OF_AGE: Todo.ASK, "risk review due": Todo.REVIEW}


@dataclass(frozen=True, slots=True, order=True)
class Renewal:
    """A consent record that ends soon, in the order of their days.

    `on` is the last day on which it is in force; where it ends because somebody may come of age,
    the first day of the month in which that may be. `because` is as `Standing.ends_because`,
    `pictures` how many that may be used rest on it.
    """

    on: date
    consent: str
    subject: str
    because: str
    pictures: int

    @property
    def todo(self) -> Todo:
        return _TODO.get(self.because, Todo.RENEW)

    @property
    def last(self) -> date | None:
        """The last day on which it is in force; None where that would tell a birthday."""
        return self.on if self.because != _OF_AGE else None

    @property
    def when(self) -> str:
        """The last day, or where that would tell a birthday its month, as `2027-03`."""
        return self.on.isoformat() if self.last else self.on.strftime("%Y-%m")


def soon(row: AuditRow, purpose: Purpose, day: date, ahead: int) -> bool:
    """Whether the picture may be used and a consent of somebody shown ends within `ahead` days."""
    return (
        row.until is not None
        and (row.until - day).days <= ahead
        and row.verdict(purpose).disposition is Disposition.APPROVED
    )


def ending(dossier: Dossier, day: date, term: str, ahead: int) -> Iterator[Standing]:
    """The consents of those shown that are in force on `day` and not for more than `ahead` days."""
    standings = dossier.standings(day, term)
    used = (chosen(p, standings) for p in dossier.facts.people.persons if p.identifiable)
    ends = {(s.id, s.subject): s for s in used if s is not None}
    return (s for s in ends.values() if _in_force(s, day) and (s.ends - day).days <= ahead)


def _in_force(standing: Standing, day: date) -> bool:
    """A waiver may let a picture pass whose consent is not in force."""
    return standing.state in IN_FORCE_STATES and standing.valid_from <= day <= standing.ends


def gathered(dossiers: Iterable[Dossier], day: date, term: str, ahead: int) -> tuple[Renewal, ...]:
    """One renewal for each consent that `ending` gives for these pictures, in order."""
    found: dict[tuple[str, str], Renewal] = {}
    for dossier in dossiers:
        for standing in ending(dossier, day, term, ahead):
            key = standing.id, standing.subject
            known = found.get(key) or Renewal(_on(standing), *key, standing.ends_because, 0)
            found[key] = replace(known, pictures=known.pictures + 1)
    return tuple(sorted(found.values()))


def _on(standing: Standing) -> date:
    """Where a calendar shows it. The month is that of the birthday, not of the day before it."""
    if standing.ends_because != _OF_AGE:
        return standing.ends
    return (standing.ends + timedelta(days=1)).replace(day=1)


def renewals(found: Audit) -> tuple[Renewal, ...]:
    """The consents that end within the days asked for and that pictures of this audit rest on.

    Only pictures that show somebody whose consent ends so soon are looked into.
    """
    day, purpose = found.as_of, found.wanted.purpose
    near = (row.asset for row in found.rows() if soon(row, purpose, day, found.ahead))
    return gathered(_dossiers(found, near), day, found.term, found.ahead)


def _dossiers(found: Audit, assets: Iterator[str]) -> Iterator[Dossier]:
    while batch := list(islice(assets, BATCH)):
        yield from found.dossiers(batch).values()


def calendar_id(origin: str) -> str:
    """A name for the calendar of the workspace whose `Audit.origin` this is; always the same."""
    return _named(origin)


def entry_id(origin: str, renewal: Renewal) -> str:
    """A name for the renewal's entry there, the same whenever it is written again.

    Made from ids that the entry tells anyway.
    """
    return _named(origin, renewal.consent, renewal.subject)


def _named(*words: str) -> str:
    told = "\n".join(("dam/renewal/1", *words))
    return f"{hashlib.sha256(told.encode()).hexdigest()[:40]}@dam"
