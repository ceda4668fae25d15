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


def lies_in(place: str, wanted: str) -> bool:
    """Whether a row's place (`Tanger, MA`) is the wanted one, or its town or country is."""
    parts = {part.strip().casefold() for part in (place, *place.split(","))}
    return bool(wanted.strip()) and wanted.strip().casefold() in parts


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
        self.count(row.verdict(purpose).disposition, row.minors, row.until)

    def count(
        self, disposition: Disposition, minors: int, until: date | None, number: int = 1
    ) -> None:
        """Count in so many assets alike; `minors` on each, `until` the first of their ends."""
        self.dispositions[disposition] += number
        approved = disposition is Disposition.APPROVED
        if minors:
            self.with_minors += number
            self.covered += number * approved
        if until and approved:
            self.until = min(self.until or until, until)


@dataclass(slots=True)
class Tally:
    """All sums for one purpose; `ends` counts the assets that may be used for it by the month

    (`2027-03`) in which the first of their consents ends.
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
        self.in_archive += row.archived_as is not None
        self.waivers += len(row.waivers)
        own = row.verdict(self.purpose).disposition
        self.count(row.captured_on, own, row.minors, row.until)
        for purpose in Purpose:
            self.matrix[purpose][row.verdict(purpose).disposition] += 1
        if row.until and own is Disposition.APPROVED:
            self.ends[month(row.until)] += 1

    def count(
        self,
        captured_on: date | None,
        disposition: Disposition,
        minors: int,
        until: date | None,
        number: int = 1,
    ) -> None:
        """Count in so many assets alike, but for `matrix` and `ends`: `disposition` is that for

        the purpose, `minors` those on each of them, `until` the first of their ends.
        """
        self.whole.count(disposition, minors, until, number)
        self.minors += minors * number
        line = self.months.setdefault(month(captured_on), Line())
        line.count(disposition, minors, until, number)


def month(day: date | None) -> str:
    """The month of a day as `2021-11`, or `UNDATED`."""
    return day.strftime("%Y-%m") if day else UNDATED


class View(enum.StrEnum):
    """What an audit can be told by; a row may belong to several lines, or to none."""

    MONTH = "month"
    PROGRAMME = "programme"
    PLACE = "place"
    PHOTOGRAPHER = "photographer"
    SUBJECT = "subject"
    CONSENT = "consent"


_NAMES: dict[View, Callable[[AuditRow], Iterable[str]]] = {
    View.MONTH: lambda row: (month(row.captured_on),),
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
