"""Settling what is due: by hundreds where nothing moves, else a few side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from dam.adapters.abreast import abreast
from dam.adapters.catalog import Unit
from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.core.errors import DamError, IntegrityError, NoDarkroom, StorageError
from dam.flows.ingest.again import again, batches
from dam.flows.ingest.ending import Endings, Order, end_uses
from dam.flows.ingest.filing import still_says
from dam.flows.ingest.outcome import Became, Outcome, Progress, Why
from dam.flows.ingest.settle import settle

#: While some photographs wait for the disk, the children have others to work on.
_WAITING: Final = 2


def side_by_side(workers: int) -> int:
    """How many photographs are under way. A single worker does one after the other."""
    return workers + _WAITING if workers > 1 else 1


def redecide(desk: Desk, room: Darkroom) -> Iterator[Outcome]:
    """Decide again what is due: touched, past its `holds_until`, or under other rules.

    What is filed comes first: it may have to leave the archive. A failure of one asset is an
    outcome (`waiting`, with why), and the asset stays due.
    """
    for _, outcome in redecided(desk, room, due_now(desk), Progress()):
        if outcome is not None:
            yield outcome


def redecided(
    desk: Desk, room: Darkroom, due: list[str], progress: Progress, at_most: int | None = None
) -> Iterator[tuple[str, Outcome | None]]:
    """Each of these assets with what became of it, None where nothing did.

    Ends early when the pass is stopped, or when `at_most` were settled one by one.
    """
    settled = 0
    for batch in batches(due):
        if progress.stopped() or (at_most is not None and settled >= at_most):
            return
        done = again(desk, batch)
        told = {o.asset: o for o in done.outcomes}
        left = frozenset(done.left)
        yield from ((asset, told.get(asset)) for asset in batch if asset not in left)
        now = done.left if at_most is None else done.left[: at_most - settled]
        settled += len(now)
        for asset, job in abreast(
            side_by_side(room.workers),
            lambda asset: settle(desk, room, asset),
            now,
            progress.stopped,
        ):
            try:
                outcome = job()
            except (StorageError, IntegrityError, NoDarkroom) as error:
                outcome = failed(asset, error)
            if outcome is not None:
                outcome = replace(outcome, source=desk.origin(asset).shown)
            yield asset, outcome


def taking_back(order: Order) -> Callable[[Desk, Unit, Iterable[str]], Endings]:
    """What ends the use of photographs inside the transaction of a withdrawal."""
    return lambda desk, unit, ids: end_uses(desk, unit, ids, order, still_says)


def failed(asset: str | None, error: DamError, source: str = "") -> Outcome:
    """An outcome for what disk or store refused: it stays due and is tried again."""
    rule = "integrity" if isinstance(error, IntegrityError) else "storage"
    why = Why.plain(rule, error.what, error.hint or "It is tried again by the next pass")
    return Outcome(source, Became.WAITING, asset, reasons=(why,), failure=error)


def due_now(desk: Desk) -> list[str]:
    """The assets to decide again today, those that are filed first: they may have to leave."""
    due = dict.fromkeys(desk.catalog.due_assets())
    due.update(dict.fromkeys(desk.catalog.due(desk.day())))
    due.update(dict.fromkeys(desk.catalog.stale_pack(desk.pack.digest)))
    filed = desk.catalog.filed_among(tuple(due))
    return sorted(due, key=lambda asset: asset not in filed)
