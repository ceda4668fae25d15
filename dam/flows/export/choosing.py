"""Which of the pictures asked for may go, decided on what is known now; the others with why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice

from dam.adapters.desk import Desk
from dam.core import names, view
from dam.core.decide import decide
from dam.core.facts import Facts
from dam.core.model import Decision, Disposition, Purpose
from dam.core.presets import Preset
from dam.core.rows import AssetRow, AssetState
from dam.core.view import Dossier
from dam.flows.export.describing import faces_of
from dam.flows.export.order import Candidate, Excluded, Order

#: So many assets are read and decided together; the catalogue takes 500 at most.
BATCH = 200
#: A decision turns on a handful of days; one that turns more often ends here, which is stricter.
_TURNS = 200

Verdict = Candidate | Excluded


def choose(
    desk: Desk, order: Order, preset: Preset, day: date
) -> tuple[list[Candidate], list[Excluded]]:
    """The pictures that may go by the day they were taken, and those that are meant and may not.

    With a limit: so many that may go, and those before the last of them that may not.
    """
    wanted = order.selection
    rows = sorted(
        filter(wanted.takes, desk.catalog.assets()),
        key=lambda row: (row.captured_on or date.max, row.id),
    )
    going: list[Candidate] = []
    left: list[Excluded] = []
    for verdict in _verdicts(desk, order, preset, rows, day):
        if isinstance(verdict, Excluded):
            left.append(verdict)
            continue
        if wanted.limit is not None and len(going) == wanted.limit:
            break
        going.append(verdict)
    return going, left


def _verdicts(
    desk: Desk, order: Order, preset: Preset, rows: Iterable[AssetRow], day: date
) -> Iterator[Verdict]:
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        for verdict in judge(desk, order, [row.id for row in batch], day, asked=True):
            if isinstance(verdict, Candidate):
                verdict = _hidden(preset, verdict)
            yield _until(desk, order, verdict, day) if isinstance(verdict, Candidate) else verdict


def _hidden(preset: Preset, candidate: Candidate) -> Verdict:
    """Excluded where every face is to be destroyed and nobody knows where they all are."""
    if faces_of(preset, candidate) is not None:
        return candidate
    what = "Every face is to be destroyed, and where all of them are is not known"
    return Excluded(candidate.row.id, (), what, "Run dam ingest with the face check")


def judge(
    desk: Desk, order: Order, ids: Sequence[str], day: date, *, asked: bool = False
) -> list[Verdict]:
    """What is decided of each of these assets (at most 500), in their order.

    `asked`: those that the selection does not mean, by tags or by its query, are left out.
    `until` of a candidate is not worked out.
    """
    states = desk.catalog.states(ids, Purpose.ARCHIVE.value)
    known = {
        asset: (Facts.model_validate(body), state.row.sha256, names.text(state.origin().name))
        for asset, state in states.items()
        if (body := state.facts) is not None
    }
    dossiers = dict(zip(known, desk.files_on(list(known.values())), strict=True))
    found: list[Verdict] = []
    for ident in ids:
        state, dossier = states.get(ident), dossiers.get(ident)
        if state is None:
            found.append(Excluded(ident, (), "The asset is gone"))
            continue
        if asked and not _meant(desk, order, dossier, day):
            continue
        unanswered = asked and dossier is not None and _answer(desk, order, dossier, day) is None
        found.append(_verdict(desk, order, state, dossier, day, unanswered=unanswered))
    return found


def _meant(desk: Desk, order: Order, dossier: Dossier | None, day: date) -> bool:
    """Whether the selection means it; what nobody could read is meant where only ids are asked."""
    wanted = order.selection
    if dossier is None:
        return not wanted.tags and wanted.query is None
    return wanted.tagged(dossier.facts.tags) and _answer(desk, order, dossier, day) is not False


def _answer(desk: Desk, order: Order, dossier: Dossier, day: date) -> bool | None:
    """What the query says of it; True where there is none, None where something is unknown."""
    query = order.selection.query
    if query is None:
        return True
    term = desk.pack.policy.default_term
    return query.answer(view.build(dossier, order.purpose, order.territory, day, term, order.use))


def _verdict(
    desk: Desk,
    order: Order,
    state: AssetState,
    dossier: Dossier | None,
    day: date,
    *,
    unanswered: bool,
) -> Verdict:
    row = state.row
    if dossier is None or row.disposition is not Disposition.APPROVED:
        made = desk.catalog.decisions(row.id)
        reasons = tuple(r for d in made if d.purpose is Purpose.ARCHIVE for r in d.reasons)
        note = row.note or ("" if reasons else "It is not approved for the archive")
        return Excluded(row.id, reasons, note, row.note_hint)
    if state.mark is not None:
        return Excluded(row.id, (), "Due to be looked at again", "Run dam ingest")
    if unanswered:
        what = "Something that the query asks for is not known of it"
        return Excluded(row.id, (), what, "See dam show")
    decision = _decided(desk, order, dossier, day)
    if decision.disposition is not Disposition.APPROVED:
        return Excluded(row.id, decision.reasons)
    if desk.credits.photographer(dossier.facts.photographer.value or "") is None:
        return Excluded(row.id, (), "The photographer is no longer in the roster", "Run dam ingest")
    return Candidate(row, dossier, decision, None)


def _decided(desk: Desk, order: Order, dossier: Dossier, day: date) -> Decision:
    return decide(dossier, desk.pack, order.purpose, day, order.territory, use=order.use)


def _until(desk: Desk, order: Order, candidate: Candidate, day: date) -> Verdict:
    """With the last day of its use; excluded where that lies before the day agreed on."""
    last: date | None = day
    decision = candidate.decision
    for _ in range(_TURNS):
        turn = decision.holds_until
        last = turn - timedelta(days=1) if turn is not None else None
        if turn is None or (order.until is not None and turn > order.until):
            break
        decision = _decided(desk, order, candidate.dossier, turn)
        if decision.disposition is not Disposition.APPROVED:
            break
    if order.until is None:
        return replace(candidate, until=last)
    if last is not None and last < order.until:
        return Excluded(
            candidate.row.id,
            decision.reasons,
            f"It may be used until {last.isoformat()} only",
            "Agree on an earlier day with --until, or renew the consent",
        )
    return replace(candidate, until=order.until)


def same(before: Decision, now: Decision) -> bool:
    """Whether nothing changed between two decisions of one picture that matters to a pack."""
    return (before.facts_digest, before.pack_digest, before.redact, before.obligations) == (
        now.facts_digest,
        now.pack_digest,
        now.redact,
        now.obligations,
    )
