"""The rows of an audit, as data: one asset each, who is shown on whose consent until when.

Subjects are pseudonyms throughout. What is wrong is told by `dam.core.findings`, the sums by
`dam.core.tally`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from dam.core.consent import NO_END, Standing
from dam.core.facts import Facts
from dam.core.model import REFUSING_STATES, AgeBand, Decision, Disposition, Purpose, Reason
from dam.core.rows import AssetRow
from dam.core.view import Dossier, age_of, chosen
from dam.core.waivers import counting


class Kind(enum.StrEnum):
    """What a finding is about; the words of `--fail-on`."""

    MISSING_CONSENT = "missing_consent"
    EXPIRED = "expired"
    EXPIRING = "expiring"
    REFUSED = "refused"
    WITHDRAWN_IN_PACK = "withdrawn_in_pack"
    EXPIRED_IN_PACK = "expired_in_pack"
    RECALL_OPEN = "recall_open"
    RECALL_OVERDUE = "recall_overdue"
    SCOPE_MISMATCH = "scope_mismatch"
    UNDECLARED_FACES = "undeclared_faces"
    FACES_NOT_CHECKED = "faces_not_checked"
    UNREADABLE = "unreadable"
    NO_CREDIT = "no_credit"
    EMBARGO = "embargo"
    AT_RISK = "at_risk"
    MAJORITY_SOON = "majority_soon"
    ORPHAN_SIDECAR = "orphan_sidecar"
    INTEGRITY = "integrity"
    WAIVER = "waiver"
    HELD = "held"


#: Which rule's reason is which kind of finding; any other reason is `held`.
KIND_OF_RULE = {
    "no-record": Kind.MISSING_CONSENT,
    "people-stated": Kind.MISSING_CONSENT,
    "guardian-and-child": Kind.MISSING_CONSENT,
    "unknown-age-is-minor": Kind.MISSING_CONSENT,
    "adult-for-self": Kind.MISSING_CONSENT,
    "authority-of-giver": Kind.MISSING_CONSENT,
    "in-time": Kind.EXPIRED,
    "withdrawn-or-refused": Kind.REFUSED,
    "assent-refused": Kind.REFUSED,
    "never-publish": Kind.REFUSED,
    "purpose-and-territory": Kind.SCOPE_MISMATCH,
    "face-may-be-shown": Kind.SCOPE_MISMATCH,
    "name-may-be-said": Kind.SCOPE_MISMATCH,
    "place-may-be-named": Kind.SCOPE_MISMATCH,
    "forbidden-uses": Kind.SCOPE_MISMATCH,
    "readable": Kind.UNREADABLE,
    "sources-agree": Kind.UNREADABLE,
    "everyone-accounted-for": Kind.UNDECLARED_FACES,
    "faces-checked": Kind.FACES_NOT_CHECKED,
    "credited": Kind.NO_CREDIT,
    "embargo": Kind.EMBARGO,
    "protect-where-at-risk": Kind.AT_RISK,
    "always-protect-identity": Kind.AT_RISK,
    "always-protect-name": Kind.AT_RISK,
    "others-hidden": Kind.UNDECLARED_FACES,
    "three-pillars": Kind.AT_RISK,
    "drop-location": Kind.AT_RISK,
    "captioned-in-context": Kind.HELD,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one asset may do for one purpose, and the kind of each thing in the way, sorted."""

    disposition: Disposition
    kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One asset: how many minors it shows, on which consents, until when, what it may serve.

    `minors` counts those who can be recognised, unknown ages among them. `until` is the last
    day on which the consents of all who can be recognised are in force (None where there is
    none or no end), or the day on which somebody said no; `majority` the first day on which one
    of the minors may be of age.
    `verdicts` has every purpose in their order, as of the day of the audit; none where nothing
    was decided. `waivers` are the ids of those in force for it, whether or not they lift
    anything today.
    """

    asset: str
    disposition: Disposition
    archived_as: str | None
    captured_on: date | None
    photographer: str | None
    programme: str | None
    place: str
    people: int
    minors: int
    consents: tuple[str, ...]
    until: date | None
    verdicts: tuple[Verdict, ...] = ()
    majority: date | None = None
    subjects: tuple[str, ...] = ()
    waivers: tuple[str, ...] = ()

    @property
    def purposes(self) -> tuple[Purpose, ...]:
        """The purposes that it may serve on the day of the audit."""
        return tuple(
            purpose
            for purpose, verdict in zip(Purpose, self.verdicts, strict=False)
            if verdict.disposition is Disposition.APPROVED
        )

    def verdict(self, purpose: Purpose) -> Verdict:
        """What it may do for a purpose; its own disposition where nothing was decided."""
        return verdict_for(purpose, self.disposition, self.verdicts)


def verdict_for(purpose: Purpose, disposition: Disposition, verdicts: Sequence[Verdict]) -> Verdict:
    """Of the verdicts on an asset that for a purpose; its own `disposition` where there is none."""
    if not verdicts:
        return Verdict(disposition, (Kind.UNREADABLE,))
    return verdicts[_PLACE[purpose]]


_PLACE = {purpose: place for place, purpose in enumerate(Purpose)}


@dataclass(frozen=True, slots=True)
class Kept:
    """An audit row as it is kept: true before `holds_until`, under the rule pack of that digest

    ("" where no rule was asked).
    """

    row: AuditRow
    pack_digest: str
    holds_until: date | None


def profile(row: AuditRow) -> str:
    """What an asset may do for each purpose, as one line of text; see `of_profile`."""
    parts = [row.disposition.value]
    for verdict in row.verdicts:
        parts.append(":".join([verdict.disposition.value, *verdict.kinds]))
    return " ".join(parts)


def of_profile(told: str) -> tuple[Disposition, tuple[Verdict, ...]]:
    """The disposition and the verdicts that `profile` wrote. ValueError for anything else."""
    own, *each = told.split(" ")
    verdicts = []
    for part in each:
        disposition, *kinds = part.split(":")
        verdicts.append(Verdict(Disposition(disposition), tuple(map(Kind, kinds))))
    if verdicts and len(verdicts) != len(Purpose):
        raise ValueError("not one verdict for each purpose")
    return Disposition(own), tuple(verdicts)


def kept(
    asset: AssetRow, dossier: Dossier | None, decisions: Sequence[Decision], day: date, term: str
) -> Kept:
    """The audit row of an asset as it is kept; `dossier` None where nothing could be read."""
    told = row(asset, dossier or Dossier(Facts()), decisions, day, term)
    ends = (d.holds_until for d in decisions if d.holds_until is not None)
    return Kept(
        replace(told, waivers=()),
        decisions[0].pack_digest if decisions else "",
        min(ends, default=None),
    )


def kind_of(reason: Reason) -> Kind:
    """The kind of finding that a rule's reason is."""
    return KIND_OF_RULE.get(reason.rule, Kind.HELD)


def row(
    asset: AssetRow, dossier: Dossier, decisions: Iterable[Decision], day: date, term: str
) -> AuditRow:
    """The audit row of one asset from what is stored of it; `decisions` are those of `day`."""
    standings = dossier.standings(day, term)
    persons = dossier.facts.people.persons
    used = [(p, chosen(p, standings)) for p in persons]
    shown = [(p, s) for p, s in used if p.identifiable]
    minors = [(p, s) for p, s in shown if age_of(p, standings, day) is not AgeBand.ADULT]
    lasts = (_last(s, day) for _, s in shown if s is not None)
    ends = [last for last in lasts if last < NO_END]
    of_age = (s.majority for _, s in minors if s is not None and s.majority is not None)
    return AuditRow(
        asset=asset.id,
        disposition=asset.disposition,
        archived_as=asset.archived_as,
        captured_on=asset.captured_on,
        photographer=asset.photographer,
        programme=asset.programme,
        place=", ".join(v for v in (asset.city, asset.country) if v),
        people=len(persons),
        minors=len(minors),
        consents=tuple(s.id for _, s in used if s is not None),
        until=min(ends, default=None),
        verdicts=_verdicts(asset, decisions),
        majority=min((d for d in of_age if d > day), default=None),
        subjects=tuple(dict.fromkeys(p.subject for p in persons if p.subject)),
        waivers=tuple(w.id for w in counting(dossier, day)),
    )


def _last(standing: Standing, day: date) -> date:
    """The last day a consent speaks of; where somebody said no since, not later than that day."""
    if standing.state not in REFUSING_STATES:
        return standing.ends
    # A no counts from the moment it is on record, whatever day it is dated.
    return min(standing.ends, standing.state_on, day)


def _verdicts(asset: AssetRow, decisions: Iterable[Decision]) -> tuple[Verdict, ...]:
    made = {d.purpose: d for d in decisions}
    if not made:
        return ()
    found = []
    for purpose in Purpose:
        decision = made[purpose]
        kinds = tuple(sorted(kind_of(reason) for reason in decision.reasons))
        found.append(Verdict(decision.disposition, kinds))
    if asset.note:
        # The rules may approve, but no clean rendition could be made: it is not usable.
        found = [Verdict(asset.disposition, tuple(sorted((*v.kinds, Kind.HELD)))) for v in found]
    return tuple(found)
