"""What changed between two audits: assets and findings that came, went or are others now.

Both sides hand out their assets in the order of their ids, and are merged as they come: two
audits of a million assets take no more memory than what differs between their findings.
"""

from __future__ import annotations

import enum
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

from dam.core.audit import Audit
from dam.core.findings import Finding, Severity
from dam.core.model import Disposition, Purpose
from dam.core.report import AuditRow, Kind


class What(enum.StrEnum):
    """A change: of assets, and of findings the last two."""

    ADDED = "added"
    GONE = "gone"
    DISPOSITION = "disposition"
    CONSENTS = "consents"
    UNTIL = "until"
    NEW = "new"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Compared:
    """What is compared of an asset: `disposition` and `kinds` of what stands in its way are those

    for the purpose of its audit.
    """

    asset: str
    disposition: Disposition
    kinds: frozenset[Kind]
    consents: frozenset[str]
    until: date | None


@dataclass(frozen=True, slots=True)
class Noted:
    """What is compared of a finding, and what to say of it."""

    kind: Kind
    asset: str
    pack: str | None
    severity: Severity
    message: Mapping[str, str]

    @property
    def key(self) -> tuple[Kind, str, str | None]:
        """Findings that have this in common are the same."""
        return self.kind, self.asset, self.pack


@dataclass(frozen=True, slots=True)
class Side:
    """One of two audits. `name` is how the user called it; `wanted` what it was asked for,

    as its JSON tells it; `totals`, `ledger` (events, hash), `origin` and `doubts` as of an `Audit`
    (`origin` "" where it is not known). `rows` come by id; each may be called again.
    """

    name: str
    as_of: date
    wanted: Mapping[str, object]
    totals: Mapping[str, int]
    rule_pack: str
    ledger: tuple[int, str]
    origin: str
    doubts: tuple[str, ...]
    rows: Callable[[], Iterator[Compared]]
    findings: Callable[[], Iterator[Noted]]


@dataclass(frozen=True, slots=True)
class Change:
    """An asset before and after; None where it was not there."""

    before: Compared | None
    after: Compared | None

    @property
    def asset(self) -> str:
        return (self.before or self.after or _NOBODY).asset

    @property
    def what(self) -> tuple[What, ...]:
        """Everything about it that changed; nothing where all is as it was."""
        before, after = self.before, self.after
        if before is None or after is None:
            return (What.GONE if before is not None else What.ADDED,)
        told = {
            What.DISPOSITION: before.disposition is not after.disposition,
            What.CONSENTS: before.consents != after.consents,
            What.UNTIL: before.until != after.until,
        }
        return tuple(what for what, changed in told.items() if changed)

    @property
    def gained(self) -> tuple[Kind, ...]:
        """The kinds of what stands in its way and did not before."""
        return _less(self.after, self.before)

    @property
    def lost(self) -> tuple[Kind, ...]:
        """The kinds of what stood in its way and does no longer."""
        return _less(self.before, self.after)


_NOBODY = Compared("", Disposition.HELD, frozenset(), frozenset(), None)


def _less(one: Compared | None, other: Compared | None) -> tuple[Kind, ...]:
    kinds = (one or _NOBODY).kinds - (other or _NOBODY).kinds
    return tuple(kind for kind in Kind if kind in kinds)


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from `before` to `after`: how often what, the assets, and the findings.

    `changes` reads both sides again, by asset. `filters` names what the two were asked for that
    differs: then a difference may only be one of the questions.
    """

    before: Side
    after: Side
    counts: Mapping[What, int]
    new: tuple[Noted, ...]
    resolved: tuple[Noted, ...]
    filters: tuple[str, ...]

    @property
    def strangers(self) -> bool:
        """Whether the two are known to be of different workspaces."""
        one, other = self.before.origin, self.after.origin
        return bool(one and other and one != other)

    @property
    def totals(self) -> dict[str, tuple[int, int]]:
        """Each sum before and after."""
        one, other = self.before.totals, self.after.totals
        return {name: (one[name], other[name]) for name in other if name in one}

    @property
    def nothing(self) -> bool:
        """Whether assets, findings and sums are the same."""
        return not self.counts and all(one == other for one, other in self.totals.values())

    def changes(self) -> Iterator[Change]:
        return changes(self.before.rows(), self.after.rows())

    def failing(self, kinds: Iterable[Kind]) -> int:
        """How many of the new findings are of these kinds."""
        wanted = frozenset(kinds)
        return sum(noted.kind in wanted for noted in self.new)


def compare(before: Side, after: Side) -> Difference:
    """What changed from one audit to the other. Raises what reading them raises."""
    new, resolved = _unmatched(before.findings(), after.findings())
    counts = Counter(
        what for each in changes(before.rows(), after.rows()) for what in each.what
    ) + Counter({What.NEW: len(new), What.RESOLVED: len(resolved)})
    asked = {**before.wanted, **after.wanted}
    return Difference(
        before,
        after,
        {what: counts[what] for what in What if counts[what]},
        new,
        resolved,
        tuple(word for word in asked if before.wanted.get(word) != after.wanted.get(word)),
    )


def changes(before: Iterator[Compared], after: Iterator[Compared]) -> Iterator[Change]:
    """Each asset that is not the same on both sides, by id.

    ValueError where a side does not come by id.
    """
    one, other = _next(before, ""), _next(after, "")
    while one is not None or other is not None:
        if other is None or (one is not None and one.asset < other.asset):
            change = Change(one, None)
        elif one is None or other.asset < one.asset:
            change = Change(None, other)
        else:
            change = Change(one, other)
        if change.before is not None:
            one = _next(before, change.asset)
        if change.after is not None:
            other = _next(after, change.asset)
        if change.what:
            yield change


def _next(rows: Iterator[Compared], last: str) -> Compared | None:
    row = next(rows, None)
    if row is not None and row.asset <= last:
        raise ValueError("the assets of an audit come in the order of their ids")
    return row


def _unmatched(
    before: Iterable[Noted], after: Iterable[Noted]
) -> tuple[tuple[Noted, ...], tuple[Noted, ...]]:
    """The findings of `after` that have no like in `before`, and the other way round.

    Each is matched once: of three and two that are alike, the third remains. Both sides are read
    in step, for most have their like nearby.
    """
    waiting: tuple[dict[object, deque[Noted]], ...] = ({}, {})
    for pair in zip_longest(before, after):
        for side, noted in enumerate(pair):
            if noted is None:
                continue
            if likes := waiting[1 - side].get(noted.key):
                likes.popleft()
                if not likes:
                    del waiting[1 - side][noted.key]
            else:
                waiting[side].setdefault(noted.key, deque()).append(noted)
    resolved, new = (
        tuple(sorted((n for many in kept.values() for n in many), key=_urgency)) for kept in waiting
    )
    return new, resolved


def _urgency(noted: Noted) -> tuple[int, str, str, str]:
    return tuple(Severity).index(noted.severity), noted.kind, noted.asset, noted.pack or ""


def of_audit(
    name: str, found: Audit, wanted: Mapping[str, object], totals: Mapping[str, int]
) -> Side:
    """An audit as one side; `wanted` and `totals` are those that its JSON has."""
    purpose = found.wanted.purpose
    return Side(
        name=name,
        as_of=found.as_of,
        wanted=wanted,
        totals=totals,
        rule_pack=found.pack_digest,
        ledger=found.head,
        origin=found.origin,
        doubts=found.doubts,
        rows=lambda: (_compared(row, purpose) for row in found.rows()),
        findings=lambda: map(_noted, found.findings()),
    )


def _compared(row: AuditRow, purpose: Purpose) -> Compared:
    verdict = row.verdict(purpose)
    return Compared(
        row.asset,
        verdict.disposition,
        frozenset(verdict.kinds),
        frozenset(row.consents),
        row.until,
    )


def _noted(found: Finding) -> Noted:
    return Noted(found.kind, found.asset, found.pack, found.severity, found.message)
