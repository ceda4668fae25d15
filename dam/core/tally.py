"""The sums of an audit: how many assets stand where, by purpose, month, programme and so on.

Of what is summed up nothing names a person: subjects are pseudonyms.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from dam.core.model import Disposition, Purpose
from dam.core.report import AuditRow

UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which assets an audit is about. `since` and `until` bound the day of capture, both ends in;
    `place` is a city or a country."""

    since: date | None = None
    until: date | None = None
    programme: str | None = None
    place: str | None = None
    photographer: str | None = None
    purpose: Purpose = Purpose.ARCHIVE

    def meets(self, row: AuditRow) -> bool:
        """Whether the audit is about this asset; one without a day is in no span of days."""
        day = row.captured_on
        if (self.since or self.until) and day is None:
            return False
        return (
            (self.since is None or (day is not None and day >= self.since))
            and (self.until is None or (day is not None and day <= self.until))
            and (self.programme is None or row.programme == self.programme)
            and (self.photographer is None or row.photographer == self.photographer)
            and (self.place is None or self.place.casefold() in _places(row))
        )


def _places(row: AuditRow) -> set[str]:
    return {part.strip().casefold() for part in (row.place, *row.place.split(","))} - {""}


@dataclass(slots=True)
class Line:
    """One line of a view: assets by disposition for the purpose, and those that show minors.

    `covered` are those with minors that may be used, `until` is when the first of their
    consents ends.
    """

    dispositions: Counter[Disposition] = field(default_factory=Counter)
    with_minors: int = 0
    covered: int = 0
    until: date | None = None

    @property
    def assets(self) -> int:
        return self.dispositions.total()

    def add(self, row: AuditRow, purpose: Purpose) -> None:
        """Count a row in."""
        verdict = row.verdict(purpose)
        self.dispositions[verdict.disposition] += 1
        if row.minors:
            self.with_minors += 1
            self.covered += verdict.disposition is Disposition.APPROVED
        if row.until and verdict.disposition is Disposition.APPROVED:
            self.until = min(self.until or row.until, row.until)


@dataclass(slots=True)
class Tally:
    """All sums for one purpose; `ends` counts the assets it may be used for whose first consent

    ends in a month (`2027-03`).
    """

    purpose: Purpose = Purpose.ARCHIVE
    whole: Line = field(default_factory=Line)
    in_archive: int = 0
    minors: int = 0
    waivers: int = 0
    matrix: dict[Purpose, Counter[Disposition]] = field(
        default_factory=lambda: {p: Counter() for p in Purpose}
    )
    ends: Counter[str] = field(default_factory=Counter)
    months: dict[str, Line] = field(default_factory=dict)

    def add(self, row: AuditRow) -> None:
        """Count a row in."""
        self.whole.add(row, self.purpose)
        self.in_archive += row.archived_as is not None
        self.minors += row.minors
        self.waivers += len(row.waivers)
        for purpose in Purpose:
            self.matrix[purpose][row.verdict(purpose).disposition] += 1
        verdict = row.verdict(self.purpose)
        if row.until and verdict.disposition is Disposition.APPROVED:
            self.ends[row.until.strftime("%Y-%m")] += 1
        self.months.setdefault(month_of(row), Line()).add(row, self.purpose)


def month_of(row: AuditRow) -> str:
    """The month of capture as `2021-11`, or `UNDATED`."""
    return row.captured_on.strftime("%Y-%m") if row.captured_on else UNDATED


class View(enum.StrEnum):
    """What an audit can be told by; a row may belong to several lines, or to none."""

    MONTH = "month"
    PROGRAMME = "programme"
    PLACE = "place"
    PHOTOGRAPHER = "photographer"
    SUBJECT = "subject"
    CONSENT = "consent"


_NAMES: dict[View, Callable[[AuditRow], Iterable[str]]] = {
    View.MONTH: lambda row: (month_of(row),),
    View.PROGRAMME: lambda row: (row.programme or "",),
    View.PLACE: lambda row: (row.place,),
    View.PHOTOGRAPHER: lambda row: (row.photographer or "",),
    View.SUBJECT: lambda row: dict.fromkeys(row.subjects),
    View.CONSENT: lambda row: dict.fromkeys(row.consents),
}


def by(view: View, rows: Iterable[AuditRow], purpose: Purpose) -> dict[str, Line]:
    """The rows summed up by what `view` says, in the order of its names; "" where nobody said."""
    found: dict[str, Line] = {}
    for row in rows:
        for name in _NAMES[view](row):
            found.setdefault(name, Line()).add(row, purpose)
    return dict(sorted(found.items()))


def tally(rows: Iterable[AuditRow], purpose: Purpose = Purpose.ARCHIVE) -> Tally:
    """The sums of these rows."""
    found = Tally(purpose)
    for row in rows:
        found.add(row)
    return found
