"""Deciding anew for an audit what the kept rows do not tell, into a catalogue of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

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


class Told(Protocol):
    """Something that says in English why it cannot be recomputed."""

    @property
    def told(self) -> str: ...


#: An asset as it stands on the day, what it rests on, every decision on it, and what of it
#: cannot be recomputed.
Judged = tuple[AssetRow, Dossier | None, tuple[Decision, ...], Told | None]


class Past(Protocol):
    """The workspace as it was known on a past day; see `dam.flows.past`."""

    @property
    def day(self) -> date: ...
    @property
    def pack_digest(self) -> str: ...
    @property
    def term(self) -> str: ...
    @property
    def doubts(self) -> Sequence[Told]: ...
    def batches(self) -> Iterator[Sequence[Judged]]: ...
    def dossiers(self, rows: Sequence[AssetRow]) -> Mapping[str, Dossier]: ...
    def there(
        self, ids: Sequence[str], purpose: Purpose, territory: str
    ) -> Mapping[str, Decision]: ...


@dataclass(slots=True)
class Anew:
    """What was decided for this audit alone: `catalog` has it, None where nothing had to be.

    `assets` are its assets. `waived` tells of every asset with a waiver in force, of those
    that did not have to be decided too. `doubts` counts what cannot be recomputed.
    """

    catalog: Catalog | None = None
    assets: frozenset[str] = frozenset()
    waived: dict[str, Waived] = field(default_factory=dict)
    doubts: Counter[str] = field(default_factory=Counter)


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
    with _passing() as catalog:
        anew.catalog = catalog
        for start in range(0, len(stale), BATCH):
            judged = judge(desk, stale[start : start + BATCH], day)
            record(desk, anew, judged, day, desk.pack.policy.default_term)
            for _ in judged:
                step()
        yield anew


@contextmanager
def as_it_was(
    desk: Desk, past: Past, progress: tuple[Callable[[int], None], Callable[[], None]]
) -> Iterator[Anew]:
    """Every asset as it was on a past day, decided by the rules of that day."""
    anew = Anew()
    begin, step = progress
    begin(sum(desk.catalog.counts().values()))
    assets: set[str] = set()
    with _passing() as catalog:
        anew.catalog = catalog
        for batch in past.batches():
            record(desk, anew, batch, past.day, past.term)
            for asset, _, _, doubt in batch:
                assets.add(asset.id)
                if doubt is not None:
                    anew.doubts[doubt.told] += 1
                step()
        anew.assets = frozenset(assets)
        yield anew


@contextmanager
def _passing() -> Iterator[Catalog]:
    with (
        TemporaryDirectory(prefix="dam-") as folder,
        Catalog.passing(Path(folder) / "anew.db") as catalog,
    ):
        yield catalog


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
    found: list[Judged] = []
    for asset, state in states.items():
        row, dossier = state.row, known.get(asset)
        if dossier is None:
            found.append((row, None, (), None))
            continue
        made = decide_all(dossier, desk.pack, tuple(Purpose), day)
        if row.disposition is not Disposition.QUARANTINED and not row.note:
            row = replace(row, disposition=made[0].disposition)
        found.append((row, dossier, made, None))
    return found


def record(desk: Desk, anew: Anew, judged: Sequence[Judged], day: date, term: str) -> None:
    """Put what was decided into the passing catalogue."""
    assert anew.catalog is not None
    with anew.catalog.transaction() as unit:
        for asset, _, _, _ in judged:
            unit.add_asset(asset)
        unit.put_decisions_of(
            {asset.id: made for asset, _, made, _ in judged if made}, desk.instant()
        )
        unit.put_audit_rows(
            [report.kept(asset, dossier, made, day, term) for asset, dossier, made, _ in judged]
        )
    for asset, dossier, made, _ in judged:
        if dossier is not None:
            _waived(anew, asset.id, dossier, made, day)
