"""retention: what has been kept for long enough, and erasing it when somebody says so.

What goes is planned in the transaction that records it; `Desk.finish` removes it from the disk,
at once or by the next start after a kill. Everything is looked at again in that transaction: what
came to be needed since it was listed stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dam.adapters import aged
from dam.adapters.catalog import Unit
from dam.adapters.desk import Desk
from dam.adapters.desk_rules import read_rule_file
from dam.core import report, retention
from dam.core.consent import Record, Standing, stand
from dam.core.errors import ConfigurationError
from dam.core.model import IN_FORCE_STATES, REFUSING_STATES, ConsentState, Disposition, Event
from dam.core.record import ConsentEvent
from dam.core.retention import AskAgain, Item, Plan, Rules, Thing, What
from dam.core.rows import Restriction

NOTE = "Erased at the end of the time it was kept"
HINT = "Drop the photo again if it is still wanted"
#: So many photographs are erased in one transaction, and named in one event of the ledger.
TOGETHER = 200
_FILE = "retention.yaml"
_OF_AGE = "18th birthday"
_ORIGINALS = frozenset({*retention.OF_STATE.values(), What.RESTRICTED})


@dataclass(frozen=True, slots=True)
class Looked:
    """What goes today and who is to be asked again. `rules` is empty where there is no file."""

    rules: Rules
    plan: Plan
    asked: tuple[AskAgain, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """What went, by rule. `clean` is false where another process kept the catalogue's file from

    being cleaned: the next start does it.
    """

    counts: Mapping[str, int]
    clean: bool


def rules_of(desk: Desk) -> Rules:
    """The rules of the workspace; none where it has no such file, and then everything is kept.

    Raises ProblemsError with every problem.
    """
    path = desk.workspace.rules / _FILE
    if not path.exists():
        return {}
    return retention.load(read_rule_file(path, retention.WHERE))


def look(desk: Desk, ahead: int) -> Looked:
    """What goes today; who comes of age within `ahead` days, or has. Changes nothing."""
    with desk.catalog.snapshot():
        rules = rules_of(desk)
        standings = _standings(desk)
        asked = tuple(_asked(standings, desk.day(), ahead))
        again = _subjects(standings, desk.day())
        holdings = desk.catalog.aging(desk.day(), again)
        things = _things(desk, standings)
        return Looked(rules, retention.plan(rules, holdings, things, desk.day()), asked)


def apply(desk: Desk, begin: Callable[[int], None], step: Callable[[], None]) -> Erased:
    """Erase what goes today, and tell the ledger: the rule, how many, which photographs.

    No tombstone is made: what merely expired may come back. Safe to repeat after a kill. Raises
    ConfigurationError without rules, StorageError where the disk does not let go.
    """
    found = look(desk, 0)
    if not found.rules:
        raise ConfigurationError(
            f"There is no {retention.WHERE}: everything is kept",
            "`dam init` in an empty folder writes one to start from",
        )
    batches = list(_batches(found.plan.items))
    begin(len(batches))
    counts: dict[str, int] = {}
    for batch in batches:
        done = _erase(desk, found.rules, batch)
        if done:
            counts[batch[0].rule] = counts.get(batch[0].rule, 0) + done
        step()
    clean = desk.finish()
    return Erased(counts, clean)


def _batches(items: Sequence[Item]) -> Iterator[tuple[Item, ...]]:
    """Items of one rule together, so many at most; what is done by hand is left out."""
    by_rule: dict[str, list[Item]] = {}
    for item in items:
        if not item.by_hand:
            by_rule.setdefault(item.rule, []).append(item)
    for mine in by_rule.values():
        for start in range(0, len(mine), TOGETHER):
            yield tuple(mine[start : start + TOGETHER])


def _erase(desk: Desk, rules: Rules, batch: Sequence[Item]) -> int:
    """One batch; how many of it went."""
    what = batch[0].what
    if what in _FOLDERS:
        for item in batch:
            aged.erase(_FOLDERS[what](desk), item.id)
    with desk.catalog.transaction() as unit:
        if what in _ORIGINALS:
            gone = _originals(desk, unit, rules, batch)
        elif what is What.OLD_SIDECARS:
            gone = _sidecars(unit, batch)
        elif what is What.OLD_DETAILS:
            known = {revision for revision, _ in unit.old_details()}
            gone = [item.id for item in batch if item.id in known]
            unit.drop_details(gone)
        else:
            gone = [item.id for item in batch]
        if gone:
            _record(desk, unit, batch[0], gone)
    return len(gone)


def _record(desk: Desk, unit: Unit, item: Item, gone: Sequence[str]) -> None:
    body: dict[str, object] = {"what": item.what.value, "count": len(gone)}
    if item.what in _ORIGINALS:
        body["assets"] = list(gone)
    if item.what not in _FOLDERS:
        # What rows leave behind in the catalogue's file goes with them.
        unit.plan_leaving("scrub")
    unit.append(Event("retention.erased", item.rule, body), desk.instant())


def _originals(desk: Desk, unit: Unit, rules: Rules, batch: Sequence[Item]) -> list[str]:
    """Photographs, unless something needs them by now."""
    day = desk.day()
    asked = _subjects(_standings(desk), day)
    holdings = unit.aging(day, asked, [item.id for item in batch])
    gone = [item.id for item in retention.plan(rules, holdings, (), day).items]
    for asset in gone:
        row = unit.asset(asset)
        assert row is not None
        unit.forget_asset(asset, desk.instant())
        unit.update_asset(asset, disposition=Disposition.REFUSED, note=NOTE, note_hint=HINT)
        bare = unit.asset(asset)
        assert bare is not None
        kept = report.kept(bare, None, (), day, desk.pack.policy.default_term)
        unit.put_audit_rows([kept])
        unit.restrict(Restriction(asset, "erased", "", desk.instant()))
        unit.plan_leaving("erase", asset, row.sha256)
    return gone


def _sidecars(unit: Unit, batch: Sequence[Item]) -> list[str]:
    known = {str(row) for row, _ in (*unit.old_sidecars(), *unit.lone_sidecars())}
    gone = [item.id for item in batch if item.id in known]
    for row in gone:
        sha256 = unit.drop_sidecar_version(int(row))
        if sha256 is not None:
            unit.plan_leaving("bytes", what=sha256)
    return gone


def _things(desk: Desk, standings: Iterable[tuple[Standing, bool]]) -> Iterator[Thing]:
    catalog, ws = desk.catalog, desk.workspace
    for row, at in (*catalog.old_sidecars(), *catalog.lone_sidecars()):
        yield Thing(What.OLD_SIDECARS, str(row), at.date())
    for revision, at in catalog.old_details():
        yield Thing(What.OLD_DETAILS, revision, at.date())
    for standing, evidenced in standings:
        ended = _ended(standing, desk.day())
        if evidenced and ended is not None:
            yield Thing(What.EVIDENCE, standing.id, ended)
    for name, day in aged.logs(ws.log.parent):
        yield Thing(What.LOG, name, day)
    for what in (What.PREVIEWS, What.RENDITIONS):
        for asset, day in aged.of_assets(_FOLDERS[what](desk)):
            yield Thing(what, asset, day)


def _ended(standing: Standing, day: date) -> date | None:
    """The day on which a record ended; None where it holds, or where nobody can tell."""
    if standing.state in IN_FORCE_STATES:
        return standing.ends if standing.ends < day else None
    return standing.state_on if standing.state is not ConsentState.UNKNOWN else None


_FOLDERS = {
    What.LOG: lambda desk: desk.workspace.log.parent,
    What.PREVIEWS: lambda desk: desk.workspace.previews,
    What.RENDITIONS: lambda desk: desk.workspace.renditions,
}


def _standings(desk: Desk) -> list[tuple[Standing, bool]]:
    """Every record about every subject as it stands today, and whether it names evidence."""
    versions = list(desk.whole(desk.catalog.current_consents()))
    bodies = desk.catalog.events_of({version.consent for version, _ in versions})
    told: dict[tuple[str, str], list[Record]] = {}
    for version, item in versions:
        own = bodies.get(version.consent, ())
        events = tuple(ConsentEvent.model_validate(body) for body in own)
        record = Record(item, version.slot, events, version.stated)
        told.setdefault((item.id, item.subject.id), []).append(record)
    term = desk.pack.policy.default_term
    return [
        (stand(own, desk.day(), term), any(record.item.evidence for record in own))
        for own in told.values()
    ]


def _asked(standings: Iterable[tuple[Standing, bool]], day: date, ahead: int) -> Iterator[AskAgain]:
    """Records that end, or ended, by somebody's coming of age, where no other one goes on."""
    own = [standing for standing, _ in standings]
    on = {s.subject for s in own if _holds(s, day) and s.ends_because != _OF_AGE}
    found = [
        AskAgain(f"{s.majority or s.ends:%Y-%m}", s.id, s.subject)
        for s in own
        if s.ends_because == _OF_AGE
        and s.state not in REFUSING_STATES
        and s.ends <= day + timedelta(days=ahead)
        and s.subject not in on
    ]
    yield from sorted(found)


def _holds(standing: Standing, day: date) -> bool:
    return standing.state in IN_FORCE_STATES and standing.ends >= day


def _subjects(standings: Iterable[tuple[Standing, bool]], day: date) -> list[str]:
    return sorted({one.subject for one in _asked(standings, day, 0)})
