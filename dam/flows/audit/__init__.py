"""audit: what do we hold, on whose consent, until when, and what is wrong.

What decisions told is kept beside them (`settle.keep`), and the database makes the sums. Only
what the day, a changed rule or something new may have changed is decided anew, into a
catalogue that is thrown away (`anew`). What that changes is told, and carried out by the next
`dam ingest`, not here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from heapq import merge

from dam.adapters.catalog import Catalog, Which
from dam.adapters.desk import Desk
from dam.core.audit import Audit, untold
from dam.core.findings import AHEAD_DAYS, Finding, Severity, findings, gone, severity
from dam.core.model import Purpose
from dam.core.report import AuditRow, Kind
from dam.core.tally import Line, Tally, View, Wanted, by, lies_in
from dam.core.view import Dossier
from dam.flows.audit.anew import Anew, Past, as_it_was, decided_anew, dossiers
from dam.flows.audit.around import filed, waiting
from dam.flows.audit.packs import packs, today, unanswered
from dam.flows.audit.shelf import BATCH, Shelf

#: Begins with how many assets must be decided anew, then is called for each.
Progress = tuple[Callable[[int], None], Callable[[], None]]
_SILENT: Progress = (lambda total: None), (lambda: None)


@contextmanager
def audit(
    desk: Desk,
    wanted: Wanted | None = None,
    kinds: frozenset[Kind] = frozenset(),
    ahead: int = AHEAD_DAYS,
    progress: Progress = _SILENT,
    past: Past | None = None,
) -> Iterator[Audit]:
    """The audit of today; `kinds` limits the findings, and the rows to those concerned by them.

    With `past` that of a past day, as everything was known then; what lies in the archive and
    in the inbox is known of today alone and left out, and the audit says so. `ahead` is for how
    many days ends of consents and birthdays are told. All of it shows one state of the workspace,
    whatever others write meanwhile. Raises StorageError where the inbox cannot be read: nobody
    knows what lies there then.
    """
    about = wanted or Wanted()
    with ExitStack() as stack:
        stack.enter_context(desk.catalog.snapshot())
        if past is None:
            day = desk.day()
            stale = desk.catalog.audit_stale(day, desk.pack.digest)
            anew = stack.enter_context(decided_anew(desk, stale, day, progress))
        else:
            day = past.day
            anew = stack.enter_context(as_it_was(desk, past, progress))
        told = _Told(desk, about, day, kinds, ahead, anew, past)
        yield told.audit()


class _Told:
    """One audit, told as often as somebody asks while the desk is open."""

    def __init__(
        self,
        desk: Desk,
        about: Wanted,
        day: date,
        kinds: frozenset[Kind],
        ahead: int,
        anew: Anew,
        past: Past | None,
    ) -> None:
        self._desk, self._about, self._day = desk, about, day
        self._kinds, self._ahead, self._anew, self._past = kinds, ahead, anew, past
        self._shelves = _shelves(desk, about, day, anew, past)
        self._everything = replace(about, purpose=Purpose.ARCHIVE) == Wanted()
        self._filed = filed(desk) if past is None else None
        self._missing = self._filed.missing if self._filed else frozenset()
        meant = self._meant(anew.waived)
        self._waived = {asset: found for asset, found in anew.waived.items() if asset in meant}
        self._packs, in_packs = packs(
            desk, self._shelves, day, past.there if past else today(desk, day)
        )
        meant = self._meant(f.asset for f in in_packs)
        self._elsewhere = [f for f in in_packs if self._everything or f.asset in meant]
        for told, assets in unanswered(desk, day, past=past is not None):
            if self._everything or self._meant(assets):
                self._elsewhere.append(told)
        if self._everything and past is None:
            self._elsewhere += waiting(desk)
        self._tally = Tally(about.purpose)

    def audit(self) -> Audit:
        tally, kinds, urgent = self._tally, Counter[Kind](), Counter[Kind]()
        if self._kinds:
            for row in self.rows():
                tally.add(row)
            for found in self.findings():
                kinds[found.kind] += 1
                urgent[found.kind] += found.severity is not severity(found.kind)
        else:
            self._sums(tally, kinds)
            for shelf in self._shelves:
                urgent.update(shelf.urgent())
        return Audit(
            as_of=self._day,
            wanted=self._about,
            only=self._kinds,
            ahead=self._ahead,
            tally=tally,
            kinds={kind: number for kind, number in kinds.most_common() if number},
            packs=tuple(self._packs),
            head=self._desk.catalog.head(),
            origin=next((event.hash for event in self._desk.catalog.events()), ""),
            term=self._past.term if self._past else self._desk.pack.policy.default_term,
            pack_digest=self._past.pack_digest if self._past else self._desk.pack.digest,
            rows=self.rows,
            findings=self.findings,
            lines=self.lines,
            dossiers=self.dossiers,
            organisation=self._desk.credits.file.organisation or "",
            anew=0 if self._past else len(self._anew.assets),
            doubts=self._doubts(),
            urgent=+urgent,
        )

    def _doubts(self) -> tuple[str, ...]:
        if self._past is None:
            return ()
        whole = (doubt.told for doubt in self._past.doubts)
        each = (f"{n} photographs: {told}" for told, n in self._anew.doubts.most_common())
        return (*whole, *each, *untold(self._kinds))

    def _sums(self, tally: Tally, kinds: Counter[Kind]) -> None:
        for shelf in self._shelves:
            shelf.count(tally, kinds, self._ahead)
        if self._everything and self._filed is not None:
            tally.in_archive = self._filed.number
        else:
            tally.in_archive = sum(shelf.archived() for shelf in self._shelves)
        tally.waivers = sum(len(waived.ids) for waived in self._waived.values())
        kinds[Kind.WAIVER] += sum(len(waived.findings) for waived in self._waived.values())
        kinds[Kind.INTEGRITY] += len(self._meant(self._missing))
        kinds.update(f.kind for f in self._elsewhere)

    def _meant(self, assets: Iterable[str]) -> frozenset[str]:
        """Those of these assets that the audit is about."""
        return frozenset(
            shown.row.asset
            for batch in _batches(iter(sorted(frozenset(assets))))
            for shelf in self._shelves
            for shown in shelf.rows_of(batch)
        )

    def rows(self) -> Iterator[AuditRow]:
        """Every row that is meant, by asset."""
        streams: list[Iterator[AuditRow]] = []
        for shelf in self._shelves:
            if self._kinds:
                streams.append(row for row, told in self._told(shelf, self._kinds.__contains__))
            else:
                streams.append(self._whole(shown.row) for shown in shelf.rows())
        return merge(*streams, key=lambda row: row.asset)

    def _whole(self, row: AuditRow) -> AuditRow:
        waived = self._waived.get(row.asset)
        return replace(row, waivers=waived.ids) if waived else row

    def findings(self) -> Iterator[Finding]:
        """The findings that are meant, the most urgent first, then by asset."""
        for urgency in Severity:
            yield from (f for f in self._elsewhere if f.severity is urgency and self._asked(f))
            streams = (self._of(shelf, urgency) for shelf in self._shelves)
            yield from merge(*streams, key=lambda f: f.asset)

    def _asked(self, found: Finding) -> bool:
        return not self._kinds or found.kind in self._kinds

    def _of(self, shelf: Shelf, urgency: Severity) -> Iterator[Finding]:
        def meant(kind: Kind) -> bool:
            return severity(kind) is urgency and (not self._kinds or kind in self._kinds)

        filed_held = shelf.anew and urgency is Severity.CRITICAL
        for _, told in self._told(shelf, meant, filed_held=filed_held):
            yield from (f for f in told if f.severity is urgency and self._asked(f))

    def _told(
        self, shelf: Shelf, meant: Callable[[Kind], bool], *, filed_held: bool = False
    ) -> Iterator[tuple[AuditRow, list[Finding]]]:
        """Each row of a shelf with findings of such kinds, and all its findings by kind but those

        about packs, which may make it one of these rows too.
        """
        more = {*(self._waived if meant(Kind.WAIVER) else ())}
        more.update(self._missing if meant(Kind.INTEGRITY) else ())
        sent = {f.asset for f in self._elsewhere if meant(f.kind)}
        more |= sent
        ids = shelf.concerned(meant, self._ahead, filed_held, sorted(more))
        for batch in _batches(ids):
            rows = shelf.rows_of(batch)
            here = [shown.row.asset for shown in rows]
            made = shelf.decisions(here, self._about.purpose)
            notes = shelf.catalog.asset_notes(here)
            for shown in rows:
                row = self._whole(shown.row)
                note = notes.get(row.asset, ("", ""))
                found = findings(row, made.get(row.asset), self._day, self._ahead, note)
                found += self._besides(row.asset)
                wrong = any(meant(f.kind) or (filed_held and _critical(f)) for f in found)
                if wrong or row.asset in sent:
                    yield row, sorted(found, key=lambda f: f.kind.value)

    def _besides(self, asset: str) -> list[Finding]:
        waived = self._waived.get(asset)
        found = list(waived.findings) if waived else []
        return found + ([gone(asset)] if asset in self._missing else [])

    def dossiers(self, ids: Sequence[str]) -> Mapping[str, Dossier]:
        """What decisions about these assets (at most 500) rest on."""
        if self._past is None:
            return dossiers(self._desk, ids)
        rows = (self._desk.catalog.asset(ident) for ident in ids)
        return self._past.dossiers([row for row in rows if row is not None])

    def lines(self, view: View) -> dict[str, Line]:
        """The sums by what `view` says, by name."""
        if view is View.MONTH and not self._kinds:
            return dict(sorted(self._tally.months.items()))
        if self._kinds or view in (View.MONTH, View.SUBJECT, View.CONSENT):
            return by(view, self.rows(), self._about.purpose)
        found: dict[str, Line] = {}
        for shelf in self._shelves:
            shelf.lines(view, found)
        return dict(sorted(found.items()))


def _shelves(
    desk: Desk, about: Wanted, day: date, anew: Anew, past: Past | None
) -> tuple[Shelf, ...]:
    """The kept rows that still hold, and those of what was decided for this audit; of a past day

    only these.
    """
    which = Which(day, about.since, about.until, about.programme, about.photographer)
    if past is not None and anew.catalog is not None:
        return (replace(_shelf(anew.catalog, which, about), anew=True),)
    main = _shelf(desk.catalog, which, about, ("", desk.pack.digest))
    if anew.catalog is None:
        return (main,)
    rest = replace(main.which, dated=True, due=True)
    main = replace(main, which=rest, left_out=anew.assets)
    return main, replace(_shelf(anew.catalog, which, about), anew=True)


def _shelf(
    catalog: Catalog, which: Which, about: Wanted, packs: tuple[str, ...] | None = None
) -> Shelf:
    """The rows of a catalogue that were kept under one of these rule packs."""
    if about.place is not None:
        there = (place for place in catalog.audit_places() if lies_in(place, about.place))
        which = replace(which, places=tuple(there))
    profiles = {
        number: profile
        for number, profile in catalog.audit_profiles().items()
        if packs is None or profile.pack_digest in packs
    }
    return Shelf(catalog, which, profiles, about.purpose)


def _critical(found: Finding) -> bool:
    return found.severity is Severity.CRITICAL


def _batches(ids: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for asset in ids:
        batch.append(asset)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
