"""Questions about the packs that were made: which, for whom, and on what each picture rests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dam.adapters.desk import Desk
from dam.core.decide import decide
from dam.core.errors import UsageError
from dam.core.model import Disposition, Purpose
from dam.core.recalls import Recall
from dam.core.rows import PackItemRow, PackRow


@dataclass(frozen=True, slots=True)
class Listed:
    """A pack and how many pictures it holds."""

    row: PackRow
    pictures: int


@dataclass(frozen=True, slots=True)
class ItemShown:
    """A picture of a pack. `usable`: it would go out for the same use today."""

    item: PackItemRow
    usable: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A pack with its pictures and the recalls of some of them; `day` is today."""

    row: PackRow
    items: Sequence[ItemShown]
    recalls: Sequence[Recall]
    day: date


def listed(desk: Desk) -> list[Listed]:
    """The packs that went out or may have, oldest first."""
    sizes = desk.catalog.pack_sizes()
    return [Listed(row, sizes.get(row.id, 0)) for row in desk.catalog.packs()]


def show(desk: Desk, wanted: str) -> Shown:
    """One pack by its id or a unique beginning of it. Raises UsageError."""
    row, items = find(desk, wanted)
    shown = [ItemShown(item, _usable(desk, row, item)) for item in items]
    return Shown(row, shown, desk.catalog.recalls(row.id), desk.day())


def find(desk: Desk, wanted: str) -> tuple[PackRow, Sequence[PackItemRow]]:
    """As `show`, without a look at what may still be used."""
    text = wanted.strip()
    found = desk.catalog.pack(text)
    if found is None:
        ids = desk.catalog.find_packs(text) if text else ()
        if len(ids) > 1:
            raise UsageError(f"{len(ids)} packs begin so: {', '.join(ids)}", "Give more of the id")
        found = desk.catalog.pack(ids[0]) if ids else None
    if found is None:
        raise UsageError("There is no pack with this id", "`dam packs` shows the ids")
    return found


def _usable(desk: Desk, pack: PackRow, item: PackItemRow) -> bool:
    """Whether the picture would go out for this pack today, decided anew; unknown is no."""
    row = desk.catalog.asset(item.asset)
    dossier = desk.dossier(row) if row is not None else None
    if row is None or dossier is None or row.disposition is not Disposition.APPROVED:
        return False
    decision = decide(
        dossier, desk.pack, Purpose(pack.purpose), desk.day(), pack.territory, use=pack.use
    )
    ended = item.until is not None and desk.day() > item.until
    return decision.disposition is Disposition.APPROVED and not ended
