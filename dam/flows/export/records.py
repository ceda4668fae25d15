"""Putting a pack on record and in its place, so that no withdrawal is overtaken.

Both happen while nobody else can write to the catalogue, and both decide every picture once
more. On record first, in its place second: a crash between the two leaves a record that counts
as a pack that went out, never a pack of which there is no record. A withdrawal that was
acknowledged before the second is seen by it; one that comes later finds the pack on record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dam.adapters.catalog import Unit
from dam.adapters.desk import Desk
from dam.adapters.pack import PackSink, sealed_as
from dam.core.model import Event
from dam.core.rows import PackItemRow, PackRow
from dam.flows.export.choosing import BATCH, judge, same
from dam.flows.export.order import GIVEN_UP, Excluded, Included, Order


@dataclass(frozen=True, slots=True)
class Sealed:
    """A pack that is written and waits for its name."""

    row: PackRow
    items: Sequence[Included]


def overtaken(desk: Desk, order: Order, items: Sequence[Included]) -> list[Excluded]:
    """The pictures of which something changed since they were decided. Call it in a transaction."""
    day = desk.day()
    lost: list[Excluded] = []
    for start in range(0, len(items), BATCH):
        batch = items[start : start + BATCH]
        now = judge(desk, order, [item.asset.id for item in batch], day)
        for item, verdict in zip(batch, now, strict=True):
            if isinstance(verdict, Excluded):
                lost.append(verdict)
            elif item.decision.day != day or not same(item.decision, verdict.decision):
                what = "It changed while the pack was made"
                lost.append(Excluded(item.asset.id, (), what, "Run again"))
    return lost


def put_on_record(desk: Desk, order: Order, sealed: Sealed) -> list[Excluded]:
    """Record the pack as sealed; nothing is recorded where a picture of it was overtaken."""
    row = sealed.row
    with desk.catalog.transaction() as unit:
        if lost := overtaken(desk, order, sealed.items):
            return lost
        known = desk.catalog.pack(row.id)
        if known is not None and known[0].state != "dropped":
            return []
        unit.add_pack(row, [_item(row.id, item) for item in sealed.items])
        unit.append(Event("pack.sealed", row.id, _told(row, sealed.items)), row.made_at)
    return []


def _told(row: PackRow, items: Sequence[Included]) -> dict[str, object]:
    """What the ledger says of a pack: not who got it, which may be a person."""
    return {
        "purpose": row.purpose,
        "territory": row.territory,
        "use": row.use,
        "manifest": row.manifest_sha256,
        "rules": row.rules_digest,
        "assets": len(items),
        "redacted": sum(bool(item.decision.redact) for item in items),
    }


def _item(pack: str, item: Included) -> PackItemRow:
    assert item.picture is not None
    return PackItemRow(
        pack=pack,
        asset=item.asset.id,
        file=item.file,
        sha256=item.picture.sha256,
        consents=item.decision.consents,
        facts_digest=item.decision.facts_digest,
        until=item.candidate.until,
    )


def put_in_place(desk: Desk, order: Order, sink: PackSink, sealed: Sealed) -> list[Excluded]:
    """Give the pack its name; it is given up where a picture of it was overtaken.

    Raises as `PackSink.publish`; the record then says that the pack never went out.
    """
    row = sealed.row
    with desk.catalog.transaction() as unit:
        known = desk.catalog.pack(row.id)
        made = known is not None and known[0].state == "made"
        lost = overtaken(desk, order, sealed.items)
        if not lost:
            sink.publish()
            if not made:
                unit.set_pack_state(row.id, "made")
            told = _told(row, sealed.items)
            unit.append(Event("pack.copied" if made else "pack.made", row.id, told), desk.instant())
        elif not made:
            _drop(desk, unit, row.id)
    return lost


def give_up(desk: Desk, row: PackRow) -> None:
    """Something went wrong while the pack got its name: it never went out if it has not got it."""
    if sealed_as(Path(row.path)) == row.manifest_sha256:
        return
    with desk.catalog.transaction() as unit:
        known = desk.catalog.pack(row.id)
        if known is not None and known[0].state == "sealed":
            _drop(desk, unit, row.id)


def clear_up(desk: Desk) -> None:
    """Find out what became of packs that a crash left on record without a word.

    What stands in its place is made. What does not is dropped, if its folder can be seen; else
    it goes on counting as a pack that may be out.
    """
    for row in desk.catalog.sealed_packs():
        if desk.instant() - row.made_at < GIVEN_UP:
            continue
        place = Path(row.path)
        found = sealed_as(place)
        with desk.catalog.transaction() as unit:
            if found == row.manifest_sha256:
                unit.set_pack_state(row.id, "made")
                told: dict[str, object] = {"manifest": row.manifest_sha256}
                unit.append(Event("pack.made", row.id, told), desk.instant())
            elif found is None and place.parent.is_dir():
                _drop(desk, unit, row.id)


def _drop(desk: Desk, unit: Unit, ident: str) -> None:
    unit.set_pack_state(ident, "dropped")
    unit.append(Event("pack.dropped", ident, {}), desk.instant())
