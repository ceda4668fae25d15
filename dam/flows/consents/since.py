"""After a restore: consents that ended since the backup end again, and changed ones wait.

A record that says something else by now than what the backup has permits nothing until it is
said again: its sidecar dropped, or the record imported. Nobody could tell otherwise whether it
allows less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from dam.adapters.catalog import Unit
from dam.adapters.desk import Desk
from dam.adapters.desk_due import end_waiver, touch
from dam.core.record import ConsentEvent
from dam.core.rows import ConsentVersion, WaiverEnd
from dam.core.since import Consent, Ended, Keys, Since
from dam.flows.consents.asking import events_of
from dam.flows.consents.changing import changed_in, erase

#: Ends the use of photographs inside a transaction: see `withdrawing.End`.
End = Callable[[Desk, Unit, Iterable[str]], object]


@dataclass(frozen=True, slots=True)
class Applied:
    """Consents that ended again, those that permit nothing until they are said again, subjects

    whose details were erased again, waivers that ended, and the assets all of these touch.
    """

    ended: tuple[str, ...]
    waiting: tuple[str, ...]
    erased: tuple[str, ...]
    waivers: int
    touched: frozenset[str]


def apply(desk: Desk, since: Since, end: End) -> Applied:
    """Do what was done since. Safe to repeat. Call `Desk.finish` and decide anew afterwards."""
    keys = desk.catalog.since_keys()
    touched: set[str] = set()
    ended, waiting = [], []
    for consent, versions in _on_record(desk).items():
        told = since.consents.get(keys.word("consent", consent))
        gone, again = _end(desk, versions, told, end)
        touched |= gone
        if again:
            ended.append(consent)
        elif (doubtful := _wait(desk, versions, told, keys)) is not None:
            touched |= doubtful
            waiting.append(consent)
    erased = _erase(desk, since, keys)
    with desk.catalog.transaction() as unit:
        live = [row for row in unit.live_waivers() if row.waiver.id in since.waivers]
        for row in live:
            end_waiver(unit, row, WaiverEnd(row.waiver.id, "ended", "", desk.instant()))
            touched.add(row.asset)
    return Applied(tuple(ended), tuple(waiting), erased, len(live), frozenset(touched))


def _on_record(desk: Desk) -> dict[str, list[ConsentVersion]]:
    found: dict[str, list[ConsentVersion]] = {}
    for version in desk.catalog.current_consents():
        found.setdefault(version.consent, []).append(version)
    return found


def _end(
    desk: Desk, versions: list[ConsentVersion], told: Consent | None, end: End
) -> tuple[set[str], bool]:
    """End a consent by the events that the backup does not know yet."""
    consent = versions[0].consent
    known = {(e.state.value, e.on) for e in events_of(desk, consent)}
    fresh = [e for e in (told.ended if told else ()) if (e.state, e.on) not in known]
    touched: set[str] = set()
    for each in fresh:
        with desk.catalog.transaction() as unit:
            change = changed_in(desk, unit, consent, _event(each))
            end(desk, unit, change.touched)
        touched |= change.touched
    return touched, bool(fresh)


def _event(ended: Ended) -> ConsentEvent:
    body = {"state": ended.state, "on": ended.on} | ({"by": ended.by} if ended.by else {})
    return ConsentEvent.model_validate(body)


def _wait(
    desk: Desk, versions: list[ConsentVersion], told: Consent | None, keys: Keys
) -> set[str] | None:
    """Let what says something else by now permit nothing; the assets it touches, or None."""
    now = set(told.versions) if told else set()
    stale = [
        v
        for v in versions
        if v.stated and (keys.word("place", v.slot), keys.word("record", v.digest)) not in now
    ]
    if not stale:
        return None
    catalog = desk.catalog
    with catalog.transaction() as unit:
        for version in stale:
            unit.put_consent(replace(version, stated=False, recorded_at=desk.instant()))
            touch(unit, version.consent, version.subject)
    subjects = {version.subject for version in stale}
    return {
        *catalog.assets_using_consents([stale[0].consent]),
        *catalog.assets_with_subjects(sorted(subjects)),
    }


def _erase(desk: Desk, since: Since, keys: Keys) -> tuple[str, ...]:
    subjects = sorted({version.subject for version in desk.catalog.current_consents()})
    gone = [
        subject
        for subject in subjects
        if keys.word("subject", subject) in since.subjects
        and desk.catalog.erased_on(subject) is None
    ]
    for subject in gone:
        erase(desk, subject)
    return tuple(gone)
