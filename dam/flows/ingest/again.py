"""Deciding many assets again at once: after a changed rule pack, or a day that passed.

Where a new decision moves nothing on the disk, it needs neither the picture nor a child: the
stored facts are read, decided and recorded for many assets together. Whatever would move, or
must be looked at again, is left to `settle`, one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dam.adapters.desk import Desk
from dam.core.model import Decision, Disposition, Purpose
from dam.core.plan import Keep, plan
from dam.core.rows import AssetState, Restriction
from dam.flows.ingest import ending, previews
from dam.flows.ingest.consider import Considered
from dam.flows.ingest.filing import rights_digest
from dam.flows.ingest.outcome import Outcome, became, whys
from dam.flows.ingest.reading import on_stored_facts
from dam.flows.ingest.recorded import audited

#: So many are read, decided and recorded together; the catalogue takes 500 at most.
BATCH = 200


@dataclass(frozen=True, slots=True)
class Round:
    """What came of a batch: the assets left to `settle`, and what became of the others that

    are no longer what they were.
    """

    left: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


def batches(due: Sequence[str]) -> Iterator[Sequence[str]]:
    return (due[start : start + BATCH] for start in range(0, len(due), BATCH))


def again(desk: Desk, due: Sequence[str]) -> Round:
    """Decide these assets anew, at most `BATCH`, and record what needs nothing but recording.

    Raises what the catalogue raises; the assets then stay due.
    """
    with desk.catalog.snapshot():
        states = desk.catalog.states(due, Purpose.ARCHIVE.value)
        rights = desk.catalog.recalled([f"rights:{asset}" for asset in due])
        held = desk.catalog.restrictions_of(due)
    # What changes from here on marks its assets once more, and they stay due.
    plain = {
        asset: considered
        for asset, considered in on_stored_facts(desk, states.values()).items()
        if _moves_nothing(desk, states[asset], considered, rights.get(f"rights:{asset}"))
        and _stays_where_it_is(desk, states[asset], considered, asset in held)
    }
    _record(desk, states, plain, held)
    left = tuple(asset for asset in due if asset in states and asset not in plain)
    changed = [a for a, c in plain.items() if _archive(c).disposition is not _was(states[a])]
    return Round(left, tuple(_outcome(states[a], _archive(plain[a])) for a in changed))


def _was(state: AssetState) -> Disposition:
    return state.row.disposition


def _archive(considered: Considered) -> Decision:
    return considered.decision(Purpose.ARCHIVE)


def _moves_nothing(
    desk: Desk, state: AssetState, considered: Considered, rights: str | None
) -> bool:
    """Whether the asset's summary, its links and its file all stay as they are."""
    row, rendition = state.row, state.rendition
    if rendition is not None and rendition.state == "planned":
        return False
    filed = rendition.relative if rendition is not None and rendition.state == "filed" else None
    effect = plan(row.id, filed, considered.captured, _archive(considered))
    return (
        isinstance(effect, Keep)
        and (filed is None) == (row.archived_as is None)
        and (filed is None or rights == rights_digest(desk, considered))
        and row.facts_digest == considered.facts.digest()
        and state.consents == considered.consents()
    )


def _stays_where_it_is(
    desk: Desk, state: AssetState, considered: Considered, restricted: bool
) -> bool:
    """Whether the original is in restricted hold if it belongs there, and only then."""
    if ending.is_held(desk, considered) is not restricted:
        return False
    return not (restricted and ending.lies_open(desk, state.row))


def _record(
    desk: Desk,
    states: dict[str, AssetState],
    plain: dict[str, Considered],
    held: dict[str, Restriction],
) -> None:
    """Record what was decided, but for assets that somebody marked or took back meanwhile."""
    if not plain:
        return
    at = desk.instant()
    with desk.catalog.transaction() as unit:
        now, kept = unit.due_marks(list(plain)), unit.restrictions_of(plain)
        for asset in tuple(plain):
            if (now.get(asset), kept.get(asset)) != (states[asset].mark, held.get(asset)):
                del plain[asset]
        fresh = {
            asset: considered.decisions
            for asset, considered in plain.items()
            if {d.identity() for d in considered.decisions} != states[asset].decided
        }
        marks = {asset: mark for asset in plain if (mark := states[asset].mark) is not None}
        unit.put_decisions_of(fresh, at)
        unit.put_audit_rows(
            [
                audited(desk, replace(states[asset].row, disposition=_archive(c).disposition), c)
                for asset, c in plain.items()
            ]
        )
        unit.clear_due_of(marks)
        for asset, considered in plain.items():
            decision = _archive(considered)
            ending.mark_packs(desk, unit, asset, considered)
            if asset in fresh:
                desk.previews.drop_stale(asset, previews.digest(decision))
                desk.renditions.erase(asset)
            if decision.disposition is not _was(states[asset]):
                unit.update_asset(asset, disposition=decision.disposition)
                ending.announce(unit, asset, decision, at)


def _outcome(state: AssetState, decision: Decision) -> Outcome:
    row = state.row
    shown = state.origin().shown
    return Outcome(
        shown,
        became(decision.disposition),
        row.id,
        row.sha256,
        whys(decision),
        waived=decision.waived,
    )
