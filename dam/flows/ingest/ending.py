"""When a consent ends for good: decisions end with it, originals go into restricted hold.

Everything here happens inside one transaction of whoever calls it; what must leave the disk is
planned in it and carried out by `Desk.finish`, at once or by the next start after a kill.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from dam.adapters.catalog import Unit
from dam.adapters.desk import Desk
from dam.core import likeness, names, report
from dam.core.ended import NOBODY, Ended
from dam.core.facts import Facts
from dam.core.likeness import Likeness
from dam.core.model import Decision, Disposition, Event, Purpose
from dam.core.rows import AssetRow, AssetState, Restriction
from dam.core.tombstones import Tombstone, Why, strongest
from dam.flows.ingest.consider import Considered, decided_on

#: So many are read and decided together.
_TOGETHER = 200
NOTE_ERASED = "Erased after a withdrawal"
HINT_ERASED = "Nothing of it is left here; dam packs tells who has it"
NOTE_COPY = "The consent to this very photograph was taken back"
HINT_COPY = "Delete your own copies; where those shown agreed anew, see dam tombstone settle"

#: What becomes of a photograph by a withdrawal. `kept`: for the sake of others whom it shows;
#: `copy`: it is the same picture as one that was taken back.
Fate = Literal["restricted", "erased", "kept", "copy"]
#: Whether what is filed still says what it should, for a decision; None asks nobody.
Says = Callable[[Desk, str, Considered], bool]


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for beyond the withdrawal: erasing photographs, also those of groups."""

    erase: bool = False
    groups: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """One photograph after a withdrawal. `others` are shown in it and did not take back;

    `spared` took one consent back and have another in force. `retracted`: it stood in the archive
    and stands there no longer.
    """

    asset: str
    fate: Fate
    disposition: Disposition
    retracted: bool
    others: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endings:
    """All photographs that a withdrawal ends the use of, and the files of packs it marks."""

    photos: tuple[Ending, ...]
    packs: dict[str, tuple[str, ...]]


def end_uses(desk: Desk, unit: Unit, ids: Iterable[str], order: Order, still_says: Says) -> Endings:
    """Decide these assets by what is on record in this transaction, and end what has ended.

    Copies of what goes into restricted hold are among what is told. `still_says` tells whether
    the filed rendition is the one that a decision asks for.
    """
    work = _Work(desk, unit, order, still_says)
    wanted = sorted(set(ids))
    work.settle(wanted)
    work.settle(work.copies(), copies=True)
    packs: dict[str, list[str]] = {}
    for pack, files in work.marked:
        packs.setdefault(pack, []).extend(files)
    marks = {pack: tuple(files) for pack, files in packs.items()}
    announce_marks(unit, marks, desk.instant())
    return Endings(tuple(work.found), marks)


class _Work:
    def __init__(self, desk: Desk, unit: Unit, order: Order, still_says: Says) -> None:
        self._desk = desk
        self._unit = unit
        self._order = order
        self._still_says = still_says
        self._at = desk.instant()
        self._seen: set[str] = set()
        self._stones: list[tuple[str, Likeness]] = []
        self.found: list[Ending] = []
        self.marked: list[tuple[str, tuple[str, ...]]] = []

    def settle(self, ids: Sequence[str], *, copies: bool = False) -> None:
        self._seen.update(ids)
        for start in range(0, len(ids), _TOGETHER):
            part = ids[start : start + _TOGETHER]
            states = self._unit.states(part, Purpose.ARCHIVE.value)
            held = self._unit.restrictions_of(part)
            self._unit.mark_due(asset for asset in part if asset in states)
            for state, considered in _considered(self._desk, states.values()):
                mine = held.get(state.row.id)
                if mine is None or mine.state != "erased":
                    self._one(state, considered, mine, copies=copies)

    def _one(
        self,
        state: AssetState,
        considered: Considered | None,
        held: Restriction | None,
        *,
        copies: bool,
    ) -> None:
        row = state.row
        gone = self._desk.ended(considered.dossier) if considered is not None else NOBODY
        decision = considered.decision(Purpose.ARCHIVE) if considered is not None else None
        fate = self._fate(gone, decision)
        if copies and fate == "kept":
            fate = "copy"
        ends = bool(gone.subjects) or fate == "copy"
        if not ends and held is None and not self._must_leave(row, considered):
            # It rests on the record in name only: nothing of it ends.
            return
        likeness_of = self._unit.likeness(row.id) or ""
        disposition = decision.disposition if decision is not None else row.disposition
        if considered is not None:
            disposition = self._decide(state, considered)
        retracted = self._retract(state, considered, disposition)
        if ends:
            marks = self._unit.mark_packs([row.id], "withdrawn", self._at)
            self.marked += list(marks.items())
        if fate == "restricted":
            restrict(self._desk, self._unit, row, held, likeness_of)
            self._unit.plan_leaving("restrict", row.id, row.sha256)
        elif fate == "erased":
            known = held is not None and held.tombstone
            if known:
                self._unit.erase_by_tombstone(str(known), self._at)
            erase(self._desk, self._unit, row, likeness_of, tombstone=not known)
            disposition = Disposition.REFUSED
        else:
            # What is shown for review was made before: it is made anew where somebody asks.
            self._unit.plan_leaving("cache", row.id)
        if fate in ("restricted", "erased") and likeness_of:
            self._stones.append((row.id, Likeness.read(likeness_of)))
        self.found.append(
            Ending(row.id, fate, disposition, retracted, gone.others, tuple(sorted(gone.spared)))
        )

    def _must_leave(self, row: AssetRow, considered: Considered | None) -> bool:
        """Whether what is filed of it may not stay, for whatever reason."""
        if row.archived_as is None:
            return False
        if considered is None:
            return True
        approved = considered.decision(Purpose.ARCHIVE).disposition is Disposition.APPROVED
        return not (approved and self._still_says(self._desk, row.id, considered))

    def _fate(self, gone: Ended, decision: Decision | None) -> Fate:
        if decision is None or not gone.subjects:
            return "kept"
        approved = decision.disposition is Disposition.APPROVED
        alone = gone.whole and not approved
        if self._order.erase and not gone.spared and (alone or self._order.groups):
            return "erased"
        return "restricted" if alone else "kept"

    def _decide(self, state: AssetState, considered: Considered) -> Disposition:
        """Record the decisions of today in the place of those on record."""
        row, decision = state.row, considered.decision(Purpose.ARCHIVE)
        self._unit.put_decisions_of({row.id: considered.decisions}, self._at)
        if decision.disposition is not row.disposition:
            self._unit.update_asset(row.id, disposition=decision.disposition)
            announce(self._unit, row.id, decision, self._at)
        term, day = self._desk.pack.policy.default_term, decision.day
        after = replace(row, disposition=decision.disposition)
        kept = report.kept(after, considered.dossier, considered.decisions, day, term)
        self._unit.put_audit_rows([kept])
        return decision.disposition

    def _retract(
        self, state: AssetState, considered: Considered | None, disposition: Disposition
    ) -> bool:
        if (
            considered is not None
            and disposition is Disposition.APPROVED
            and self._still_says(self._desk, state.row.id, considered)
        ):
            return False
        return take_out(self._unit, state.row.id, self._at)

    def copies(self) -> list[str]:
        """Photographs that are the same pictures as those which ended; they end as well.

        One that is in use and only looks alike was accounted for by those whom it shows: it stays,
        and is not asked about again.
        """
        if not self._stones:
            return []
        known = self._unit.likenesses()
        held = {row.asset for row in self._unit.restrictions()}
        same: list[str] = []
        near: list[str] = []
        for asset, picture in known.items():
            if asset in self._seen or asset in held:
                continue
            levels = {likeness.alike(picture, stone) for _, stone in self._stones}
            if "same" in levels:
                same.append(asset)
            elif "likely" in levels:
                near.append(asset)
        self._accounted_for(near)
        return sorted(same)

    def _accounted_for(self, ids: Sequence[str]) -> None:
        states = {a: row for a in ids if (row := self._unit.asset(a)) is not None}
        used = [a for a, row in states.items() if row.disposition is Disposition.APPROVED]
        traces = self._unit.traces_of([states[asset].sha256 for asset in used])
        for asset in used:
            for trace in traces.get(states[asset].sha256, ()):
                settle_trace(self._unit, asset, trace.tombstone, "known", "", "", self._at)


def _considered(
    desk: Desk, states: Iterable[AssetState]
) -> list[tuple[AssetState, Considered | None]]:
    """Each asset decided on its facts as they stand: a withdrawal waits for no second look."""
    told = list(states)
    read = [(state, Facts.model_validate(state.facts)) for state in told if state.facts is not None]
    photos = [(facts, s.row.sha256, names.text(s.origin().name)) for s, facts in read]
    decided = {
        state.row.id: decided_on(desk, dossier)
        for (state, _), dossier in zip(read, desk.files_on(photos), strict=True)
    }
    return [(state, decided.get(state.row.id)) for state in told]


def take_out(unit: Unit, asset: str, at: datetime) -> bool:
    """A rendition stands in the archive no longer; its file is planned to go. False for none.

    Also one that is only planned: whoever is about to file it finds that it may not.
    """
    now = unit.rendition(asset, Purpose.ARCHIVE.value)
    if now is None or now.state == "removed" or not now.relative:
        return False
    unit.plan_leaving("file", asset, now.relative)
    unit.mark_removed_rendition(asset, Purpose.ARCHIVE.value)
    unit.update_asset(asset, archived_as=None)
    unit.append(Event("rendition.retracted", asset, {}), at)
    return now.state == "filed"


def restrict(
    desk: Desk, unit: Unit, row: AssetRow, held: Restriction | None, likeness_of: str
) -> None:
    """The original goes into restricted hold, and a tombstone keeps its copies away."""
    if held is not None and held.state == "withdrawn":
        return
    at = desk.instant()
    event = unit.append(Event("asset.restricted", row.id, {}), at)
    stone = _stone(unit, row, likeness_of, at, "withdrawn", event.id)
    unit.put_tombstone(stone)
    unit.restrict(Restriction(row.id, "withdrawn", stone.id, at))


def lies_open(desk: Desk, row: AssetRow) -> bool:
    """Whether the original lies among the others, be it that it was dropped again."""
    return desk.originals.path(row.sha256).exists()


def erase(
    desk: Desk, unit: Unit, row: AssetRow, likeness_of: str | None, *, tombstone: bool
) -> None:
    """Keep nothing of a photograph but its number; `tombstone`: and one that does not name it."""
    at = desk.instant()
    event = unit.append(Event("asset.erased", row.id, {}), at)
    if tombstone:
        unit.put_tombstone(_stone(unit, row, likeness_of or "", at, "erased", event.id))
    unit.forget_asset(row.id, at)
    unit.update_asset(
        row.id, disposition=Disposition.REFUSED, note=NOTE_ERASED, note_hint=HINT_ERASED
    )
    bare = unit.asset(row.id)
    assert bare is not None
    term = desk.pack.policy.default_term
    unit.put_audit_rows([report.kept(bare, None, (), desk.day(), term)])
    unit.restrict(Restriction(row.id, "erased", "", at))
    unit.plan_leaving("erase", row.id, row.sha256)


def _stone(
    unit: Unit, row: AssetRow, likeness_of: str, at: datetime, why: Why, event: str
) -> Tombstone:
    ident = secrets.token_hex(16)
    return Tombstone(ident, unit.keyed(row.sha256), likeness_of, at, why, event)


def is_held(desk: Desk, considered: Considered) -> bool:
    """Whether the original belongs into restricted hold: all who are shown took back."""
    decision = considered.decision(Purpose.ARCHIVE)
    if decision.disposition is Disposition.APPROVED:
        return False
    trace = strongest(considered.dossier.traces)
    copied = trace is not None and trace.level == "certain"
    return copied or desk.ended(considered.dossier).whole


def mark_packs(desk: Desk, unit: Unit, asset: str, considered: Considered) -> None:
    """Mark what packs hold of an asset of whose people somebody took back."""
    if desk.ended(considered.dossier).subjects:
        at = desk.instant()
        announce_marks(unit, unit.mark_packs([asset], "withdrawn", at), at)


def announce_marks(unit: Unit, marks: dict[str, tuple[str, ...]], at: datetime) -> None:
    """Tell the ledger how many files of which pack may be used no longer."""
    for pack, files in sorted(marks.items()):
        unit.append(Event("pack.marked", pack, {"files": len(files), "why": "withdrawn"}), at)


def settle_trace(
    unit: Unit, asset: str, tombstone: str, verdict: str, role: str, reason: str, at: datetime
) -> None:
    """What was said of an asset that bears the trace of a tombstone."""
    unit.settle_trace(
        {
            "tombstone": tombstone, "asset": asset, "verdict": verdict, "role": role,
            "reason": reason, "at": at,
        }
    )  # fmt: skip


def told(decision: Decision | None) -> dict[str, object]:
    """What the ledger says of redactions: how many and why; not where, nor whose face."""
    if decision is None or not decision.redact:
        return {}
    why = sorted({reason for redaction in decision.redact for reason in redaction.why})
    return {"redacted": len(decision.redact), "redacted_for": why}


def announce(unit: Unit, asset: str, decision: Decision, at: datetime) -> None:
    """Enter into the ledger what became of an asset."""
    body: dict[str, object] = {
        "facts": decision.facts_digest,
        "pack": decision.pack_digest,
        "day": decision.day.isoformat(),
        "rules": [r.rule for r in decision.reasons],
        **told(decision),
    }
    unit.append(Event(f"asset.{decision.disposition.value}", asset, body), at)
