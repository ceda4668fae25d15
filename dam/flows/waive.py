"""Waivers: letting one photograph pass one rule that holds it, ending that, and listing them.

A waiver, its ledger event and the mark that its photograph is due are one transaction;
deciding that again is the caller's next step. What a waiver can lift is `dam.core.waivers`'.
"""

from __future__ import annotations

import difflib
import enum
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dam.adapters.catalog import Unit
from dam.adapters.desk import Desk
from dam.adapters.desk_due import end_waiver
from dam.core import waivers
from dam.core.consent import add_term
from dam.core.decide import decide_all
from dam.core.errors import UsageError
from dam.core.model import Disposition, Event, Purpose, Reason
from dam.core.rows import AssetRow, WaiverEnd, WaiverRow
from dam.core.rules import Rule
from dam.core.view import Dossier
from dam.core.waivers import Waiver

_NEAR = 3


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be waived. `by` is a role, never a name; `reason` may be personal.

    `purpose` None: every purpose for which the rule holds the photograph today.
    """

    rule: str
    by: str
    until: date
    reason: str
    purpose: Purpose | None = None
    territory: str = waivers.WORLD


@dataclass(frozen=True, slots=True)
class Change:
    """The waivers that were given or ended; `filed`: the photograph stood in the archive."""

    asset: str
    waivers: tuple[Waiver, ...]
    filed: bool
    notes: tuple[str, ...] = ()


def give(desk: Desk, row: AssetRow, order: Order) -> Change:
    """Record a waiver of one rule that holds this photograph today.

    An earlier waiver that covers no more than this one ends with it. Raises UsageError where
    the rule is unknown, does not hold the photograph or can never be waived, and for an end
    that has passed or lies too far ahead.
    """
    day = desk.day()
    rule = _rule(desk, order.rule)
    _check_until(desk, order.until, day)
    with desk.catalog.transaction() as unit:
        dossier = desk.dossier(row) if row.disposition is not Disposition.QUARANTINED else None
        if dossier is None:
            raise UsageError(
                "This photograph could not be read: no rule holds it",
                "`dam explain` says what does",
            )
        waiver, notes = _weighed(desk, dossier, rule, order)
        at = desk.instant()
        for earlier in unit.live_waivers(row.id):
            if _covers_no_more(earlier.waiver, waiver):
                end_waiver(unit, earlier, WaiverEnd(earlier.waiver.id, "replaced", order.by, at))
        unit.add_waiver(WaiverRow(row.id, waiver, at), order.reason)
        _announce(unit, desk, row.id, waiver)
    return Change(row.id, (waiver,), row.archived_as is not None, notes)


def _announce(unit: Unit, desk: Desk, asset: str, waiver: Waiver) -> None:
    # The reason stays out: it may name somebody, and the ledger never forgets.
    told: dict[str, object] = {
        "waiver": waiver.id,
        "rule": waiver.rule,
        "by": waiver.by,
        "until": waiver.until.isoformat(),
        "purposes": [purpose.value for purpose in waiver.purposes],
        "territory": waiver.territory,
    }
    unit.append(Event("waiver.given", asset, told), desk.instant())
    unit.mark_due([asset])


def _rule(desk: Desk, wanted: str) -> Rule:
    known = {rule.id: rule for rule in desk.pack.rules}
    ident = wanted.strip().lower()
    if ident in known:
        return known[ident]
    near = difflib.get_close_matches(ident, known, n=_NEAR) if len(ident) <= 64 else []
    hint = f"Did you mean {', '.join(near)}?" if near else "`dam rules list` shows the rules"
    raise UsageError("There is no rule with this id", hint)


def _check_until(desk: Desk, until: date, day: date) -> None:
    longest = desk.pack.policy.waiver_max
    last = add_term(day + timedelta(days=1), longest)
    if until < day:
        raise UsageError("--until has passed already", "Name the last day on which it counts")
    if until > last:
        raise UsageError(
            f"--until lies too far ahead: {last} at the latest",
            f"waiver_max in rules/consent/policy.yaml is {longest}",
        )


def _weighed(
    desk: Desk, dossier: Dossier, rule: Rule, order: Order
) -> tuple[Waiver, tuple[str, ...]]:
    """The waiver bound to what is there today, and for which purposes it cannot be one."""
    day = desk.day()
    holding = _holding(desk, dossier, order)
    if rule.id not in holding:
        use = f" for {order.purpose.value}" if order.purpose else ""
        others = f"These do: {', '.join(sorted(holding))}" if holding else "No rule does"
        raise UsageError(f"{rule.id} does not hold this photograph{use}", others)
    covers, against = waivers.bind(rule, holding[rule.id], dossier, order.territory, day)
    if not covers:
        raise UsageError(f"{rule.id} cannot be waived here: {'; '.join(against)}")
    waiver = Waiver(
        id=f"W-{day:%Y%m%d}-{secrets.token_hex(4)}",
        sha256=dossier.sha256,
        rule=rule.id,
        by=order.by,
        given_on=day,
        until=order.until,
        covers=covers,
        territory=order.territory,
        noes=tuple(sorted(waivers.noes(dossier.records))),
    )
    notes = [f"Not waived for {', '.join(whom)}: {why}" for why, whom in against.items()]
    if Purpose.ARCHIVE in holding[rule.id] and Purpose.ARCHIVE not in waiver.purposes:
        notes.append("The rule still holds it for the archive, and packs take only what is there")
    return waiver, tuple(notes)


def _holding(desk: Desk, dossier: Dossier, order: Order) -> Mapping[str, Mapping[Purpose, Reason]]:
    """What each rule says against the purposes asked for, whatever was waived before."""
    bare = replace(dossier, waivers=())
    purposes = (order.purpose,) if order.purpose else tuple(Purpose)
    found: dict[str, dict[Purpose, Reason]] = {}
    for decision in decide_all(bare, desk.pack, purposes, desk.day(), order.territory):
        for reason in decision.reasons:
            found.setdefault(reason.rule, {})[decision.purpose] = reason
    return found


def _covers_no_more(earlier: Waiver, later: Waiver) -> bool:
    return (
        earlier.rule == later.rule
        and later.territory in (waivers.WORLD, earlier.territory)
        and set(earlier.purposes) <= set(later.purposes)
    )


def end(desk: Desk, row: AssetRow, rule: str, by: str) -> Change:
    """End every waiver of a rule for this photograph, for good. Raises UsageError for none."""
    ident = rule.strip().lower()
    with desk.catalog.transaction() as unit:
        live = [w for w in unit.live_waivers(row.id) if w.waiver.until >= desk.day()]
        own = [w for w in live if w.waiver.rule == ident]
        if not own:
            rules = sorted({w.waiver.rule for w in live})
            there = f"There are waivers of: {', '.join(rules)}" if rules else "There is none at all"
            raise UsageError("No waiver of this rule is in force for this photograph", there)
        for each in own:
            end_waiver(unit, each, WaiverEnd(each.waiver.id, "ended", by, desk.instant()))
    return Change(row.id, tuple(w.waiver for w in own), row.archived_as is not None)


# --- asking -------------------------------------------------------------------------------


class State(enum.StrEnum):
    """Where a waiver stands. `idle`: nothing is left of what it was given for."""

    IN_FORCE = "in_force"
    IDLE = "idle"
    OVER = "over"
    ENDED = "ended"
    REFUSED = "refused"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Listed:
    """A waiver with where it stands, the purposes for which it lifts something today, how it

    ended, and why it was given (may be personal; None where that was erased).
    """

    asset: str
    waiver: Waiver
    state: State
    lifts: tuple[Purpose, ...]
    end: WaiverEnd | None
    reason: str | None


def listed(desk: Desk, *, every: bool = False) -> Iterator[Listed]:
    """The waivers that have not ended, oldest first; with `every` all that were ever given."""
    ends, reasons = desk.catalog.waiver_ends(), desk.catalog.waiver_reasons()
    rows = desk.catalog.waivers() if every else desk.catalog.live_waivers()
    for row in rows:
        waiver, ended = row.waiver, ends.get(row.waiver.id)
        lifts: Sequence[Purpose] = ()
        if ended is not None:
            state = State(ended.why)
        elif waiver.until < desk.day():
            state = State.OVER
        else:
            state, lifts = _state(desk, row)
        if every or state in (State.IN_FORCE, State.IDLE):
            reason = reasons.get(waiver.id)
            yield Listed(row.asset, waiver, state, tuple(lifts), ended, reason)


def _state(desk: Desk, row: WaiverRow) -> tuple[State, tuple[Purpose, ...]]:
    """Where a waiver stands that nobody has ended, as it would be decided now."""
    asset = desk.catalog.asset(row.asset)
    dossier = desk.dossier(asset) if asset is not None else None
    if dossier is None:
        return State.IDLE, ()
    if waivers.refused_since(row.waiver, dossier.records):
        return State.REFUSED, ()
    made = decide_all(dossier, desk.pack, tuple(Purpose), desk.day(), row.waiver.territory)
    lifts = waivers.purposes_lifted(made, row.waiver.id)
    return (State.IN_FORCE if lifts else State.IDLE), lifts
