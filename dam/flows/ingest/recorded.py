"""Recording what was decided of one asset: facts, decisions, summary, all in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dam.adapters.catalog import Unit
from dam.adapters.desk import Desk
from dam.core import report
from dam.core.model import Decision, Purpose
from dam.core.rows import AssetChange, AssetRow, Restriction
from dam.flows.ingest import ending
from dam.flows.ingest.consider import Considered
from dam.flows.ingest.outcome import Outcome, became, whys


@dataclass(frozen=True, slots=True)
class Task:
    """An asset to settle. `mark` counts how often it was marked due before its facts were read:

    marked again meanwhile (a withdrawal, say), what was found out counts no more and it is decided
    once more. `held` is its restriction at that time.
    """

    row: AssetRow
    mark: int | None
    held: Restriction | None = None


class Overtaken(Exception):
    """Somebody marked the asset again, or took it back, while it was being decided."""


def require_unchanged(unit: Unit, task: Task) -> None:
    """What was found out before this transaction must not undo what came meanwhile."""
    asset = task.row.id
    if (unit.due_mark(asset), unit.restriction(asset)) != (task.mark, task.held):
        raise Overtaken


def record(
    desk: Desk, unit: Unit, task: Task, considered: Considered, archived: str | None
) -> bool:
    """Write facts, decisions and the asset's summary inside a transaction.

    True where the asset is no longer due, false where it was marked again meanwhile.
    """
    row = task.row
    require_unchanged(unit, task)
    facts, at = considered.facts, desk.instant()
    decision = considered.decision(Purpose.ARCHIVE)
    unit.put_facts(row.id, facts.digest(), facts.body(), at)
    unit.put_decisions(row.id, considered.decisions, at)
    subjects = sorted({p.subject for p in facts.people.persons if p.subject})
    unit.set_subjects(row.id, subjects, sorted(considered.consents()))
    if considered.likeness is not None:
        unit.put_likeness(row.id, considered.likeness)
    ending.mark_packs(desk, unit, row.id, considered)
    change = summary(considered) | {"disposition": decision.disposition, "archived_as": archived}
    unit.update_asset(row.id, **change)
    keep(desk, unit, replace(row, **change), considered)
    if decision.disposition is not row.disposition or not row.facts_digest:
        ending.announce(unit, row.id, decision, at)
    if task.mark is None:
        return unit.due_mark(row.id) is None
    return unit.clear_due(row.id, task.mark)


def summary(considered: Considered) -> AssetChange:
    """What an asset's own row says of its facts; the note that no decision explained is gone."""
    facts = considered.facts
    return {
        "format": facts.format,
        "width": facts.width,
        "height": facts.height,
        "captured_on": considered.captured,
        "captured_source": ", ".join(facts.captured.sources),
        "photographer": facts.photographer.value,
        "programme": facts.programme.value,
        "country": facts.country.value,
        "city": facts.city.value,
        "facts_digest": facts.digest(),
        "note": "",
        "note_hint": "",
    }


def keep(desk: Desk, unit: Unit, row: AssetRow, considered: Considered | None) -> None:
    """Keep what audits tell of an asset that stands so from now on."""
    unit.put_audit_rows([audited(desk, row, considered)])


def audited(desk: Desk, row: AssetRow, considered: Considered | None) -> report.Kept:
    """What audits tell of an asset; `considered` None where it could not be read."""
    term = desk.pack.policy.default_term
    if considered is None:
        return report.kept(row, None, (), desk.day(), term)
    made = considered.decisions
    return report.kept(row, considered.dossier, made, made[0].day, term)


def outcome_of(row: AssetRow, decision: Decision, archived: str | None) -> Outcome:
    return Outcome(
        "",
        became(decision.disposition),
        row.id,
        row.sha256,
        whys(decision),
        archived,
        waived=decision.waived,
    )
