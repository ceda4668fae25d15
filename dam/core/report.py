"""Rows and findings of an audit, as data.

An audit answers: what do we hold, who is shown on whose consent until when, and what is
wrong with it. Subjects are pseudonyms throughout.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from dam.core.consent import NO_END
from dam.core.model import AgeBand, Decision, Disposition, Purpose
from dam.core.rows import AssetRow
from dam.core.view import Dossier, age_of, chosen
from dam.core.waivers import Waiver, counting, purposes_lifted


class Kind(enum.StrEnum):
    """What a finding is about; the words of `--fail-on`."""

    MISSING_CONSENT = "missing_consent"
    EXPIRED = "expired"
    EXPIRING = "expiring"
    REFUSED = "refused"
    WITHDRAWN_IN_PACK = "withdrawn_in_pack"
    EXPIRED_IN_PACK = "expired_in_pack"
    SCOPE_MISMATCH = "scope_mismatch"
    UNDECLARED_FACES = "undeclared_faces"
    FACES_NOT_CHECKED = "faces_not_checked"
    UNREADABLE = "unreadable"
    NO_CREDIT = "no_credit"
    EMBARGO = "embargo"
    AT_RISK = "at_risk"
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

EXPIRING_DAYS = 90


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One asset: how many minors it shows, on which consents, until when, what it may serve.

    `minors` counts those who can be recognised, unknown ages among them. `until` is the last
    day on which the consents of all who can be recognised are in force (None where there is
    none or no end); `purposes` are those approved on the day of the audit. `waivers` are the
    ids of those in force for it, whether or not they lift anything today.
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
    purposes: tuple[Purpose, ...]
    waivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody must know or do. `advice` and `message` map languages to text."""

    kind: Kind
    asset: str
    subjects: tuple[str, ...]
    message: dict[str, str]
    advice: dict[str, str]


def row(
    asset: AssetRow, dossier: Dossier, decisions: Iterable[Decision], day: date, term: str
) -> AuditRow:
    """The audit row of one asset from what is stored of it."""
    standings = dossier.standings(day, term)
    used = [chosen(p, standings) for p in dossier.facts.people.persons]
    ends = [
        s.ends
        for p, s in zip(dossier.facts.people.persons, used, strict=True)
        if s is not None and p.identifiable and s.ends < NO_END
    ]
    place = ", ".join(v for v in (asset.city, asset.country) if v)
    return AuditRow(
        asset=asset.id,
        disposition=asset.disposition,
        archived_as=asset.archived_as,
        captured_on=asset.captured_on,
        photographer=asset.photographer,
        programme=asset.programme,
        place=place,
        people=len(dossier.facts.people.persons),
        minors=sum(
            p.identifiable and age_of(p, standings, day) is not AgeBand.ADULT
            for p in dossier.facts.people.persons
        ),
        consents=tuple(s.id for s in used if s is not None),
        until=min(ends, default=None),
        purposes=tuple(d.purpose for d in decisions if d.disposition is Disposition.APPROVED),
        waivers=tuple(w.id for w in counting(dossier, day)),
    )


def findings(
    asset: AssetRow, decision: Decision | None, audit: AuditRow, day: date
) -> list[Finding]:
    """What is wrong or soon wrong with one asset; `decision` is the one for the archive."""
    found: list[Finding] = []
    if decision is None:
        return [
            Finding(
                Kind.UNREADABLE,
                asset.id,
                (),
                {"en": asset.note or "Not decided yet"},
                {"en": asset.note_hint or "Run dam ingest"},
            )
        ]
    for reason in decision.reasons:
        kind = KIND_OF_RULE.get(reason.rule, Kind.HELD)
        found.append(Finding(kind, asset.id, reason.subjects, reason.message, reason.advice))
    if not decision.reasons and audit.until and (audit.until - day).days <= EXPIRING_DAYS:
        last = audit.until.isoformat()
        found.append(
            Finding(
                Kind.EXPIRING,
                asset.id,
                (),
                {
                    "en": f"A consent of this picture ends on {last}.",
                    "fr": f"Un consentement de cette image se termine le {last}.",
                    "ar": f"تنتهي موافقة على هذه الصورة في {last}.",
                },
                {
                    "en": "Ask for its renewal in time.",
                    "fr": "Demandez son renouvellement à temps.",
                    "ar": "اطلب تجديدها في الوقت المناسب.",
                },
            )
        )
    return found


def waiver_findings(
    asset: str, dossier: Dossier, decisions: Iterable[Decision], day: date
) -> list[Finding]:
    """A finding for each waiver in force: what it lets pass, or that it lifts nothing today."""
    made = tuple(decisions)
    return [
        _idle(asset, waiver)
        if not purposes_lifted(made, waiver.id)
        else _in_force(asset, waiver, made)
        for waiver in counting(dossier, day)
    ]


def _in_force(asset: str, waiver: Waiver, made: tuple[Decision, ...]) -> Finding:
    lifted = [w.reason for d in made for w in d.waived if w.id == waiver.id]
    uses = ", ".join(purpose.value for purpose in purposes_lifted(made, waiver.id))
    rule, by, last = waiver.rule, waiver.by, waiver.until.isoformat()
    return Finding(
        Kind.WAIVER,
        asset,
        tuple(sorted({subject for reason in lifted for subject in reason.subjects})),
        {
            "en": f"{rule} is waived by {by} until {last} ({uses}; {waiver.id}).",
            "fr": f"{rule} : dérogation de {by} jusqu'au {last} ({uses} ; {waiver.id}).",
            "ar": f"استثناء من {rule} منحه {by} حتى {last} ({uses}؛ {waiver.id}).",
        },
        {
            "en": "Mend what the rule asks for before that day.",
            "fr": "Remédiez avant cette date à ce que la règle demande.",
            "ar": "عالج ما تطلبه القاعدة قبل ذلك اليوم.",
        },
    )


def _idle(asset: str, waiver: Waiver) -> Finding:
    rule, by, last = waiver.rule, waiver.by, waiver.until.isoformat()
    return Finding(
        Kind.WAIVER,
        asset,
        (),
        {
            "en": f"The waiver of {rule} by {by} until {last} lifts nothing today ({waiver.id}).",
            "fr": f"La dérogation à {rule} de {by} jusqu'au {last} ne lève rien ce jour "
            f"({waiver.id}).",
            "ar": f"الاستثناء من {rule} الذي منحه {by} حتى {last} لا يرفع شيئا اليوم "
            f"({waiver.id}).",
        },
        {
            "en": "End it with dam waive end, or waive again what there is now.",
            "fr": "Mettez-y fin avec dam waive end, ou accordez-en une pour la situation actuelle.",
            "ar": "أنهِه بالأمر dam waive end، أو امنح استثناء جديدا لما هو قائم الآن.",
        },
    )
