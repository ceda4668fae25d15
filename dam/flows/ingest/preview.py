"""`dam ingest --dry-run`: the same reading and the same decisions, and nothing written.

Photographs are looked at where they lie; sidecars and consents of this inbox count as they
would. Not one file, not even under `.dam/`, is made, changed or removed.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from dam.adapters import inbox
from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.adapters.inbox_aside import aside
from dam.core.errors import SourceChanged, UnsafeSource, UnusablePhoto
from dam.core.model import Disposition, Purpose
from dam.core.plan import ARCHIVE, Publish, plan
from dam.core.record import ConsentItem
from dam.flows.ingest import photos, sidecars
from dam.flows.ingest.consider import Arrival, Considered, consents_in, consider, received
from dam.flows.ingest.outcome import Became, Outcome, Progress, Report, Why, became, whys
from dam.flows.ingest.reading import paths_of, photo_path, sheets_of, xmp_of
from dam.flows.ingest.run import Ready, split
from dam.flows.ingest.settle import new_asset_id

_Fresh = dict[tuple[str, str], ConsentItem]


def preview(desk: Desk, room: Darkroom, ready: Ready, progress: Progress | None = None) -> Report:
    """What a pass would do with the inbox as it is now. Raises as `run` does."""
    progress = progress or Progress()
    report = Report(dry_run=True)
    found = inbox.scan(desk.workspace.inbox)
    report.notes += aside(found, desk.instant())
    pairing = inbox.pair(found)
    taken, still = split(pairing, ready)
    progress.begin(len(taken) + len(still))
    fresh, notes = _consents(desk, found)
    report.notes += notes
    for photo in still:
        _tell(report, progress, photos.waiting(photo, "it is still being written"))
    seen: set[str] = set()
    for paired in taken:
        outcome = _photo(desk, room, paired, fresh)
        if outcome.sha256 in seen:
            outcome = replace(outcome, became=Became.DUPLICATE)
        if outcome.sha256:
            seen.add(outcome.sha256)
        _tell(report, progress, outcome)
    for orphan in pairing.orphans:
        assets = sidecars.earlier_assets(desk, orphan.folder, orphan.target, whole=orphan.whole)
        for asset in assets:
            _tell(report, progress, _late(desk, room, orphan, asset, len(assets) > 1, fresh))
        if not assets:
            report.notes += sidecars.describe([orphan])
    return report


def _late(
    desk: Desk, room: Darkroom, orphan: inbox.Orphan, asset: str, doubt: bool, fresh: _Fresh
) -> Outcome:
    """What a sidecar that came after its photo would change."""
    row = desk.catalog.asset(asset)
    first = desk.origin(asset)
    try:
        sheet = sidecars.read_sheet(desk, orphan.found, asset=asset, ambiguous=doubt)
    except (SourceChanged, UnsafeSource) as error:
        why = Why.plain("unsafe-file", error.what, error.hint)
        return Outcome(orphan.found.shown, Became.WAITING, asset, reasons=(why,))
    if row is None or row.disposition is Disposition.QUARANTINED:
        return replace(photos.standing(desk, asset), source=first.shown)
    sheets = [s for s in sheets_of(desk, asset) if s.slot != sheet.slot] + [sheet]
    with room.session() as child:
        try:
            path = desk.original(row.sha256) or desk.originals.path(row.sha256)
            looked = child.look(str(path), xmp_of(sheets))
        except UnusablePhoto as unusable:
            return _unusable(first.shown, row.sha256, unusable)
        finally:
            child.drop()
    received_as = received(photo_path(first), first.mtime_ns, desk.day())
    arrival = Arrival(row.sha256, paths_of(desk.catalog.provenance(asset)), received_as)
    considered = consider(desk, looked, arrival, sheets, fresh)
    return _decided(considered, asset, first.shown, row.sha256)


def _tell(report: Report, progress: Progress, outcome: Outcome) -> None:
    report.add(outcome)
    progress.done(outcome)


def _consents(desk: Desk, found: tuple[inbox.Found, ...]) -> tuple[_Fresh, list[str]]:
    """Consent records in every readable sidecar of the inbox, by (id, slot)."""
    fresh: _Fresh = {}
    notes: list[str] = []
    for item in found:
        if item.kind not in (inbox.Kind.SIDECAR, inbox.Kind.SHOOT):
            continue
        try:
            sheet = sidecars.read_sheet(desk, item)
        except (SourceChanged, UnsafeSource) as error:
            notes.append(f"{item.shown}: {error}")
            continue
        for consent in consents_in(sheet) or ():
            fresh[consent.id, sheet.slot] = consent
    return fresh, notes


def _photo(desk: Desk, room: Darkroom, paired: inbox.Paired, fresh: _Fresh) -> Outcome:
    found = paired.photo
    try:
        sheets = [
            sidecars.read_sheet(desk, m.found, ambiguous=m.ambiguous)
            for m in (*paired.sidecars, *paired.xmp)
        ]
        sheets += [sidecars.read_sheet(desk, s) for s in (*paired.sheets, *paired.unread)]
        data = inbox.read(desk.workspace.inbox, found, desk.settings.max_bytes)
    except SourceChanged:
        return photos.waiting(found, "it is still changing")
    except UnsafeSource as unsafe:
        why = Why.plain("unsafe-file", unsafe.what, unsafe.hint)
        return Outcome(found.shown, Became.HELD, reasons=(why,))
    sha256 = hashlib.sha256(data).hexdigest()
    del data
    known = desk.catalog.asset_by_sha(sha256)
    if known is not None:
        standing = photos.standing(desk, known.id)
        return replace(standing, source=found.shown, became=Became.DUPLICATE)
    with room.session() as child:
        try:
            looked = child.look(str(photos.source_path(desk, found)), xmp_of(sheets))
        except UnusablePhoto as unusable:
            return _unusable(found.shown, sha256, unusable)
        finally:
            child.drop()
    arrival = Arrival(sha256, (found.path,), received(found.path, found.mtime_ns, desk.day()))
    considered = consider(desk, looked, arrival, sheets, fresh)
    return _decided(considered, new_asset_id(desk.catalog, sha256), found.shown, sha256)


def _unusable(shown: str, sha256: str, unusable: UnusablePhoto) -> Outcome:
    disposition = Disposition.HELD if unusable.incomplete else Disposition.QUARANTINED
    rule = "incomplete" if unusable.incomplete else "unusable-photo"
    why = Why.plain(rule, unusable.what, unusable.hint)
    return Outcome(shown, became(disposition), None, sha256, (why,))


def _decided(considered: Considered, asset: str, shown: str, sha256: str) -> Outcome:
    decision = considered.decision(Purpose.ARCHIVE)
    effect = plan(asset, None, considered.captured, decision)
    archived = f"{ARCHIVE}/{effect.relative}" if isinstance(effect, Publish) else None
    return Outcome(
        shown,
        became(decision.disposition),
        asset,
        sha256,
        whys(decision),
        archived,
        waived=decision.waived,
    )
