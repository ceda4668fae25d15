"""Questions about the workspace: status, list, show, explain. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from dam.adapters.desk import Desk
from dam.core.consent import Record
from dam.core.errors import UsageError
from dam.core.facts import Facts
from dam.core.model import Decision, Disposition, Purpose
from dam.core.rows import AssetRow, ProvenanceRow
from dam.core.view import Dossier


@dataclass(frozen=True, slots=True)
class Status:
    """How many assets stand where, what waits, and what the rules are."""

    counts: dict[Disposition, int]
    due: int
    rules: int
    pack_digest: str
    photographers: int
    packs: int


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything about one asset. `facts` is None for what could never be read."""

    row: AssetRow
    facts: Facts | None
    records: tuple[Record, ...]
    decisions: tuple[Decision, ...]
    provenance: tuple[ProvenanceRow, ...]
    day: date
    default_term: str

    def dossier(self) -> Dossier:
        """What the decisions rested on."""
        return Dossier(self.facts or Facts(), self.row.sha256, "", self.records)


def status(desk: Desk) -> Status:
    return Status(
        counts=desk.catalog.counts(),
        due=len(desk.catalog.due_assets()),
        rules=len(desk.pack.rules),
        pack_digest=desk.pack.digest,
        photographers=len(desk.credits.file.photographers),
        packs=len(desk.catalog.packs()),
    )


def assets(desk: Desk, disposition: Disposition | None, limit: int | None) -> Iterator[AssetRow]:
    """Assets in the order in which they came."""
    return desk.catalog.assets(disposition, limit)


def resolve(desk: Desk, wanted: str) -> AssetRow:
    """The asset an id, a unique beginning of one, or a SHA-256 means. Raises UsageError."""
    text = wanted.strip().lower()
    row = desk.catalog.asset(text) or (desk.catalog.asset_by_sha(text) if len(text) == 64 else None)
    if row is not None:
        return row
    found = desk.catalog.find(text) if text else ()
    if len(found) == 1 and (only := desk.catalog.asset(found[0])) is not None:
        return only
    if found:
        raise UsageError(f"{len(found)} assets begin so: {', '.join(found)}", "Give more of the id")
    raise UsageError("There is no asset with this id", "`dam list` shows the ids")


def show(desk: Desk, wanted: str) -> Shown:
    """All that is known of one asset. Raises UsageError for an id that means none."""
    row = resolve(desk, wanted)
    facts = desk.facts(row)
    return Shown(
        row=row,
        facts=facts,
        records=desk.records(facts) if facts else (),
        decisions=desk.catalog.decisions(row.id),
        provenance=desk.catalog.provenance(row.id),
        day=desk.day(),
        default_term=desk.pack.policy.default_term,
    )


def explain(desk: Desk, wanted: str, purpose: Purpose) -> tuple[Shown, Decision | None]:
    """One asset with its decision for one purpose (None where it never came to a decision)."""
    shown = show(desk, wanted)
    decision = next((d for d in shown.decisions if d.purpose is purpose), None)
    return shown, decision
