"""One catalogue's kept audit rows that are true on the day of an audit: their sums, their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from heapq import merge

from dam.adapters.catalog import Catalog, Profile, Shown, Which
from dam.core.findings import nears, severity
from dam.core.model import Decision, Disposition, Purpose
from dam.core.report import Kind, Verdict, verdict_for
from dam.core.tally import Line, Tally, View, month

#: So many assets are read together; the catalogue takes 500 at most.
BATCH = 500
_COLUMNS = {
    View.PROGRAMME: "programme",
    View.PLACE: "place",
    View.PHOTOGRAPHER: "photographer",
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """Kept rows of `catalog`: those of `which` with one of these profiles, less `left_out`.

    `which` says as much as it can without the list of what is left out, for the sums. `anew`:
    they were decided for this audit, and the archive may not be as they say.
    """

    catalog: Catalog
    which: Which
    profiles: Mapping[int, Profile]
    purpose: Purpose
    left_out: frozenset[str] = frozenset()
    anew: bool = False

    @property
    def day(self) -> date:
        return self.which.day

    def verdict(self, number: int) -> Verdict | None:
        """What assets of a profile may do for the purpose; None where it does not count here."""
        told = self.profiles.get(number)
        return None if told is None else _verdict(told, self.purpose)

    def count(self, tally: Tally, kinds: Counter[Kind], ahead: int) -> None:
        """Add up everything here, the kinds of findings too; waivers and files are not counted."""
        numbers: Counter[int] = Counter()
        for captured_on, number, minors, pictures, until in self.catalog.audit_days(self.which):
            if (told := self.verdict(number)) is not None:
                tally.count(captured_on, told.disposition, minors, until, pictures)
                numbers[number] += pictures
        for number, pictures in numbers.items():
            profile = self.profiles[number]
            for purpose in Purpose:
                tally.matrix[purpose][_verdict(profile, purpose).disposition] += pictures
            for kind in _verdict(profile, self.purpose).kinds:
                kinds[kind] += pictures
        for until, number, pictures in self.catalog.audit_ends(self.which):
            if self._usable(number):
                tally.ends[month(until)] += pictures
                kinds[Kind.EXPIRING] += pictures * nears(until, self.day, ahead)
        upto = _ahead(self.day, ahead)
        for _, number, pictures in self.catalog.audit_majorities(self.which, upto):
            kinds[Kind.MAJORITY_SOON] += pictures * self._usable(number)

    def urgent(self) -> Counter[Kind]:
        """How many findings of each kind are critical only since the picture stands in the archive

        though it may not be used; see `findings.severity`.
        """
        found: Counter[Kind] = Counter()
        for number, profile in self.profiles.items() if self.anew else ():
            told = _verdict(profile, self.purpose)
            spoken = self.purpose is Purpose.ARCHIVE or not profile.verdicts
            if told.disposition is Disposition.APPROVED or not spoken:
                continue
            which = replace(self.which, profiles=frozenset({number}))
            filed = self.catalog.audit_archived(which)
            for kind in told.kinds:
                found[kind] += filed * (severity(kind) is not severity(kind, archived=True))
        return found

    def _usable(self, number: int) -> bool:
        told = self.verdict(number)
        return told is not None and told.disposition is Disposition.APPROVED

    def archived(self) -> int:
        """How many of the assets here stand in the archive."""
        which = replace(self.which, profiles=frozenset(self.profiles))
        return self.catalog.audit_archived(which)

    def lines(self, view: View, found: dict[str, Line]) -> None:
        """Add up by programme, place or photographer; "" where nobody said."""
        for name, number, minors, pictures, until in self.catalog.audit_sums(
            _COLUMNS[view], self.which
        ):
            if (told := self.verdict(number)) is not None:
                line = found.setdefault(name or "", Line())
                line.count(told.disposition, minors, until, pictures)

    def rows(self) -> Iterator[Shown]:
        """Every row here by asset."""
        return filter(self._counts, self.catalog.audit_rows(self.which))

    def rows_of(self, ids: Sequence[str]) -> list[Shown]:
        """The rows of those of these assets that are here, by asset."""
        return list(filter(self._counts, self.catalog.audit_rows_of(ids, self.which)))

    def _counts(self, shown: Shown) -> bool:
        return shown.row.asset not in self.left_out and shown.profile in self.profiles

    def concerned(
        self, meant: Callable[[Kind], bool], ahead: int, filed_held: bool, more: Sequence[str]
    ) -> Iterator[str]:
        """The assets that may have findings of such kinds, by id, each once; others among them.

        `filed_held`: those too that stand in the archive though they may not be used. `more` are
        known to be concerned by something that no row tells, in order.
        """
        numbers = [
            number
            for number, told in self.profiles.items()
            if any(map(meant, _verdict(told, self.purpose).kinds))
            or (filed_held and not self._usable(number))
        ]
        streams = [self.catalog.audit_ids(number) for number in numbers]
        if meant(Kind.EXPIRING) or meant(Kind.MAJORITY_SOON):
            streams.append(iter(self.catalog.audit_nearing(_ahead(self.day, ahead))))
        last = ""
        for asset in merge(*streams, more):
            if asset != last:
                yield asset
            last = asset

    def decisions(self, ids: Sequence[str], purpose: Purpose) -> dict[str, Decision]:
        """The decisions for a purpose on these assets."""
        return self.catalog.decisions_for(ids, purpose)

    def verdicts(self, ids: Sequence[str], purpose: Purpose) -> dict[str, Verdict]:
        """What each of these assets (at most 500) may do, of those that are here, filters or no."""
        found = self.catalog.audit_profiles_of(ids)
        return {
            asset: _verdict(self.profiles[number], purpose)
            for asset, number in found.items()
            if number in self.profiles and asset not in self.left_out
        }


def _verdict(told: Profile, purpose: Purpose) -> Verdict:
    return verdict_for(purpose, told.disposition, told.verdicts)


def _ahead(day: date, days: int) -> date:
    return day + timedelta(days=min(days, (date.max - day).days))
