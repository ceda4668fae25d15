"""Photographs that bear the trace of one that was taken back, and what people say of them."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from dam.adapters.catalog import Unit
from dam.adapters.desk import Desk
from dam.core.errors import UsageError
from dam.core.model import Event
from dam.core.rows import AssetRow
from dam.core.tombstones import Tombstone, Trace, strongest


class Verdict(enum.StrEnum):
    """`different`: it is another picture. `agreed`: those shown agreed anew, with a record."""

    DIFFERENT = "different"
    AGREED = "agreed"


@dataclass(frozen=True, slots=True)
class Marked:
    """An asset with the surest trace that it bears."""

    asset: AssetRow
    trace: Trace


def listed(desk: Desk) -> Iterator[Marked]:
    """Every asset that is refused or held for being a copy, or maybe one, by the time it came."""
    if not desk.catalog.tombstones():
        return
    rows = {row.sha256: row for row in desk.catalog.assets()}
    held = {one.asset: one for one in desk.catalog.restrictions()}
    traces = desk.catalog.traces_of(list(rows))
    for sha256, row in rows.items():
        own = held.get(row.id)
        if own is not None and own.state != "copy":
            continue
        found = strongest(traces.get(sha256, ()))
        if found is not None:
            yield Marked(row, found)


def settle(desk: Desk, row: AssetRow, verdict: Verdict, by: str, reason: str) -> tuple[str, ...]:
    """Record what a person found out of a held copy; the rules decide on it from now on.

    Gives the tombstones that are settled. Raises UsageError where the asset bears no trace, and
    for one with the very bytes of a photograph that was taken back: that is no other picture.
    """
    with desk.catalog.transaction() as unit:
        found = unit.traces_of([row.sha256]).get(row.sha256, ())
        if not found:
            raise UsageError(
                "This photograph bears no trace of one that was taken back",
                "`dam tombstone list` shows those that do",
            )
        if verdict is Verdict.DIFFERENT and any(trace.level == "certain" for trace in found):
            raise UsageError(
                "These are the very bytes of a photograph that was taken back",
                "Where those shown agreed anew, say --agreed",
            )
        at = desk.instant()
        for trace in found:
            unit.settle_trace(
                {
                    "tombstone": trace.tombstone, "asset": row.id, "verdict": verdict.value,
                    "role": by, "reason": reason, "at": at,
                }
            )  # fmt: skip
        told: dict[str, object] = {"verdict": verdict.value, "by": by, "settled": len(found)}
        unit.append(Event("tombstone.settled", row.id, told), at)
        unit.mark_due([row.id])
    return tuple(trace.tombstone for trace in found)


def apply(desk: Desk, unit: Unit, stones: tuple[Tombstone, ...]) -> tuple[str, ...]:
    """Enter tombstones again that were made since a backup; the assets that must be looked at.

    They were made with this workspace's key. What is in use and has the very bytes or the
    picture of one of them is decided again: `dam ingest` takes it out of the archive. Call inside
    a transaction.
    """
    fresh = [stone for stone in stones if unit.put_tombstone(stone)]
    if not fresh:
        return ()
    rows = {row.sha256: row.id for row in desk.catalog.assets()}
    due = tuple(rows[sha256] for sha256 in unit.traces_of(list(rows)))
    unit.mark_due(due)
    return due
