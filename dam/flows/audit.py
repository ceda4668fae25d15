"""audit: what do we hold, on whose consent, until when, and what is wrong.

Everything is decided anew for the day of the audit from stored facts and consents; what
that changes is told, and carried out by the next `dam ingest`, not here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice

from dam.adapters import inbox
from dam.adapters.desk import Desk
from dam.core import names, report
from dam.core.audit import Audit, PackLine
from dam.core.decide import decide, decide_all
from dam.core.errors import UsageError
from dam.core.facts import Facts
from dam.core.findings import (
    AHEAD_DAYS,
    Finding,
    Severity,
    findings,
    gone,
    in_pack,
    orphans,
    waiver_findings,
)
from dam.core.model import Decision, Disposition, Purpose
from dam.core.plan import ARCHIVE
from dam.core.report import AuditRow, Kind
from dam.core.rows import AssetRow
from dam.core.tally import Tally, Wanted, by
from dam.core.view import Dossier

#: So many assets are read and decided together; the catalogue takes 500 at most.
BATCH = 200


def audit(
    desk: Desk,
    wanted: Wanted | None = None,
    kinds: frozenset[Kind] = frozenset(),
    ahead: int = AHEAD_DAYS,
    as_of: date | None = None,
) -> Audit:
    """The audit of today; `kinds` limits the findings, and the rows to those concerned by them.

    `ahead` is for how many days ends of consents and birthdays are told. Raises StorageError
    where the inbox cannot be read: nobody knows what lies there then. UsageError where `as_of` is
    another day than today.
    """
    about = wanted or Wanted()
    day = desk.day()
    if as_of not in (None, day):
        raise UsageError(f"An audit of {as_of} cannot be made", "Take today, or a report of then")
    rows: list[AuditRow] = []
    found: list[Finding] = []
    tally = Tally(about.purpose)
    meant: set[str] = set()
    for row, told in _assets(desk, about, day, ahead):
        meant.add(row.asset)
        found += told
        if not kinds or any(f.kind in kinds for f in told):
            rows.append(row)
            tally.add(row)
    packs: list[PackLine] = []
    everything = replace(about, purpose=Purpose.ARCHIVE) == Wanted()
    for line, told in _packs(desk, day):
        packs.append(line)
        found += (f for f in told if everything or f.asset in meant)
    found += _inbox(desk) if everything else ()
    found = [f for f in found if not kinds or f.kind in kinds]
    found.sort(key=_urgency)
    rows.sort(key=lambda row: row.asset)
    return Audit(
        as_of=day,
        wanted=about,
        only=kinds,
        ahead=ahead,
        tally=tally,
        kinds=dict(Counter(f.kind for f in found).most_common()),
        packs=tuple(packs),
        head=desk.catalog.head(),
        origin=next((event.hash for event in desk.catalog.events()), ""),
        pack_digest=desk.pack.digest,
        term=desk.pack.policy.default_term,
        rows=lambda: iter(rows),
        findings=lambda: iter(found),
        lines=lambda view: by(view, rows, about.purpose),
        dossiers=lambda ids: _dossiers(desk, ids),
    )


def _urgency(found: Finding) -> tuple[int, str, str]:
    return tuple(Severity).index(found.severity), found.kind.value, found.asset


def _assets(
    desk: Desk, about: Wanted, day: date, ahead: int
) -> Iterator[tuple[AuditRow, list[Finding]]]:
    """Each asset the audit is about, with what is wrong with it for the purpose."""
    term = desk.pack.policy.default_term
    for batch in _batches(desk.catalog.assets()):
        dossiers = _dossiers(desk, [asset.id for asset in batch])
        for asset in batch:
            dossier = dossiers.get(asset.id)
            made: tuple[Decision, ...] = ()
            today = asset
            if dossier is not None:
                made = decide_all(dossier, desk.pack, tuple(Purpose), day)
                if asset.disposition is not Disposition.QUARANTINED and not asset.note:
                    today = replace(asset, disposition=made[0].disposition)
            row = report.row(today, dossier or Dossier(Facts()), made, day, term)
            if not about.meets(row):
                continue
            decision = next((d for d in made if d.purpose is about.purpose), None)
            told = findings(asset, decision, row, day, ahead)
            if dossier is not None:
                told += waiver_findings(asset.id, dossier, made, day)
            yield row, told + _missing(desk, asset)


def _batches(assets: Iterator[AssetRow]) -> Iterator[list[AssetRow]]:
    while batch := list(islice(assets, BATCH)):
        yield batch


def _dossiers(desk: Desk, ids: Sequence[str]) -> dict[str, Dossier]:
    """What decisions about these assets rest on, read at once; none for what was never read."""
    states = desk.catalog.states(ids, Purpose.ARCHIVE.value)
    photos = {
        ident: (Facts.model_validate(body), state.row.sha256, names.text(state.origin().name))
        for ident, state in states.items()
        if (body := state.facts) is not None
    }
    return dict(zip(photos, desk.files_on(list(photos.values())), strict=True))


def _missing(desk: Desk, asset: AssetRow) -> list[Finding]:
    """A finding where the file of a filed picture is not in the archive."""
    if asset.archived_as is None:
        return []
    there = desk.archive.holds(asset.archived_as.removeprefix(f"{ARCHIVE}/"))
    return [] if there else [gone(asset.id)]


def _packs(desk: Desk, day: date) -> Iterator[tuple[PackLine, list[Finding]]]:
    """Each pack that went out, and its pictures that would not go out so today."""
    for pack in desk.catalog.packs():
        entry = desk.catalog.pack(pack.id)
        items = entry[1] if entry else ()
        found: list[Finding] = []
        for item in items:
            asset = desk.catalog.asset(item.asset)
            dossier = desk.dossier(asset) if asset else None
            if dossier is None:
                continue
            decision = decide(dossier, desk.pack, Purpose(pack.purpose), day, pack.territory)
            if (told := in_pack(pack, item, decision)) is not None:
                found.append(told)
        yield PackLine(pack, len(items), len({f.asset for f in found})), found


def _inbox(desk: Desk) -> Iterator[Finding]:
    """Sidecars that lie in the inbox and speak of no photograph, there or taken in before."""
    waiting = inbox.pair(inbox.scan(desk.workspace.inbox)).orphans
    if number := sum(not _known(desk, orphan) for orphan in waiting):
        yield orphans(number)


def _known(desk: Desk, orphan: inbox.Orphan) -> bool:
    folder, target = names.key(orphan.folder), names.key(orphan.target)
    if orphan.whole:
        return bool(desk.catalog.assets_named(folder, target))
    return bool(desk.catalog.assets_stemmed(folder, target))
