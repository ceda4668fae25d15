"""After a restore: photographs that were taken back since the backup are taken back again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dam.adapters.catalog import Unit
from dam.adapters.desk import Desk
from dam.core.model import Disposition, Event
from dam.core.rows import AssetRow, Restriction
from dam.core.since import Stone
from dam.flows.ingest import ending


def take_back(desk: Desk, stones: Sequence[Stone]) -> tuple[str, ...]:
    """Enter these tombstones, and end every use of the very photographs that they stand for.

    What was erased is erased again, what was restricted goes into restricted hold; `Desk.finish`
    removes it from the disk. Copies and what looks like one of them are held by the tombstones
    once they are decided again. Gives the assets that were taken back.
    """
    with desk.catalog.transaction() as unit:
        by_digest = {unit.keyed(row.sha256): row for row in unit.assets()}
        done: list[str] = []
        for each in stones:
            unit.put_tombstone(each.stone)
            if each.lifted is not None:
                unit.lift_tombstone(each.stone.id, each.lifted)
            elif (row := by_digest.get(each.stone.digest)) is not None and _again(
                desk, unit, row, each
            ):
                done.append(row.id)
    return tuple(done)


def _again(desk: Desk, unit: Unit, row: AssetRow, each: Stone) -> bool:
    stone, at = each.stone, desk.instant()
    held = unit.restriction(row.id)
    if held is not None and (held.state == "erased" or stone.why == "withdrawn"):
        return False
    ending.take_out(unit, row.id, at)
    ending.announce_marks(unit, unit.mark_packs([row.id], "withdrawn", at), at)
    unit.restrict(Restriction(row.id, "withdrawn", stone.id, at))
    if stone.why == "erased":
        unit.erase_by_tombstone(stone.id, stone.at)
        ending.erase(desk, unit, row, stone.likeness, tombstone=False)
        return True
    unit.update_asset(row.id, disposition=Disposition.HELD)
    unit.append(Event("asset.restricted", row.id, {}), at)
    unit.plan_leaving("restrict", row.id, row.sha256)
    return True


def take_out(desk: Desk, ids: Iterable[str]) -> tuple[str, ...]:
    """Take out of the archive what cannot be vouched for before it is decided again.

    That is what rests on one of `ids`, and whatever was decided for a time that is over by now.
    Gives the assets; the next pass files those again that may still be shown.
    """
    day, catalog = desk.day(), desk.catalog
    doubtful = {*ids, *catalog.due(day)}
    with catalog.transaction() as unit:
        filed = sorted(doubtful & catalog.filed_assets())
        return tuple(asset for asset in filed if ending.take_out(unit, asset, desk.instant()))
