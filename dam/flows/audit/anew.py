"""Deciding anew for an audit what the kept rows do not tell, into a catalogue of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from dam.adapters.catalog import Catalog
from dam.adapters.desk import Desk
from dam.core import names, report
from dam.core.decide import decide_all
from dam.core.facts import Facts
from dam.core.findings import Finding, waiver_findings
from dam.core.model import Decision, Disposition, Purpose
from dam.core.rows import AssetRow, AssetState
from dam.core.view import Dossier
from dam.core.waivers import counting

#: So many assets are read and decided together; the catalogue takes 500 at most.
BATCH = 200


@dataclass(frozen=True, slots=True)
class Waived:
    """The waivers in force for one asset, by id, and what there is to say of them."""

    ids: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """An asset as it stands on the day, with what it rests on and every decision on it."""

    asset: AssetRow
    dossier: Dossier | None
    decisions: tuple[Decision, ...]


@dataclass(slots=True)
class Anew:
    """What was decided for this audit alone: `catalog` has it, None where nothing had to be.

    `assets` are its assets. `waived` tells of every asset with a waiver in force, of those
    that did not have to be decided too.
    """

    catalog: Catalog | None = None
    assets: frozenset[str] = frozenset()
    waived: dict[str, Waived] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return len(self.assets)


@contextmanager
def decided_anew(
    desk: Desk,
    stale: Sequence[str],
    day: date,
    progress: tuple[Callable[[int], None], Callable[[], None]],
) -> Iterator[Anew]:
    """Decide these assets for a day; what comes of it lasts as long as the `with` block."""
    anew = Anew(assets=frozenset(stale))
    _waivers(desk, anew, day)
    if not stale:
        yield anew
        return
    begin, step = progress
    begin(len(stale))
    with (
        TemporaryDirectory(prefix="dam-") as folder,
        Catalog.passing(Path(folder) / "anew.db") as catalog,
    ):
        anew.catalog = catalog
        for start in range(0, len(stale), BATCH):
            judged = judge(desk, stale[start : start + BATCH], day)
            record(desk, anew, catalog, judged, day)
            for _ in judged:
                step()
        yield anew


def _waivers(desk: Desk, anew: Anew, day: date) -> None:
    """What there is to say of waivers for assets that need not be decided."""
    waived = sorted({row.asset for row in desk.catalog.live_waivers()} - anew.assets)
    for start in range(0, len(waived), BATCH):
        batch = waived[start : start + BATCH]
        for asset, dossier in dossiers(desk, batch).items():
            _waived(anew, asset, dossier, desk.catalog.decisions(asset), day)


def _waived(anew: Anew, asset: str, dossier: Dossier, made: Iterable[Decision], day: date) -> None:
    if ids := tuple(waiver.id for waiver in counting(dossier, day)):
        found = waiver_findings(asset, dossier, made, day)
        anew.waived[asset] = Waived(ids, tuple(found))


def dossiers(desk: Desk, ids: Sequence[str]) -> dict[str, Dossier]:
    """What decisions on these assets rest on; those that were never read are left out."""
    return _dossiers(desk, desk.catalog.states(ids, Purpose.ARCHIVE.value))


def _dossiers(desk: Desk, states: dict[str, AssetState]) -> dict[str, Dossier]:
    photos = {
        asset: (Facts.model_validate(body), state.row.sha256, names.text(state.origin().name))
        for asset, state in states.items()
        if (body := state.facts) is not None
    }
    return dict(zip(photos, desk.files_on(list(photos.values())), strict=True))


def judge(desk: Desk, ids: Sequence[str], day: date) -> list[Judged]:
    """Decide these assets for a day from what is stored of them."""
    states = desk.catalog.states(ids, Purpose.ARCHIVE.value)
    known = _dossiers(desk, states)
    found = []
    for asset, state in states.items():
        row, dossier = state.row, known.get(asset)
        if dossier is None:
            found.append(Judged(row, None, ()))
            continue
        made = decide_all(dossier, desk.pack, tuple(Purpose), day)
        if row.disposition is not Disposition.QUARANTINED and not row.note:
            row = replace(row, disposition=made[0].disposition)
        found.append(Judged(row, dossier, made))
    return found


def record(desk: Desk, anew: Anew, catalog: Catalog, judged: Sequence[Judged], day: date) -> None:
    """Put what was decided into the passing catalogue."""
    term = desk.pack.policy.default_term
    with catalog.transaction() as unit:
        for each in judged:
            unit.add_asset(each.asset)
        unit.put_decisions_of(
            {each.asset.id: each.decisions for each in judged if each.decisions}, desk.instant()
        )
        unit.put_audit_rows(
            [report.kept(each.asset, each.dossier, each.decisions, day, term) for each in judged]
        )
    for each in judged:
        if each.dossier is not None:
            _waived(anew, each.asset.id, each.dossier, each.decisions, day)
