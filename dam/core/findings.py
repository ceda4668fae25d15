"""What is wrong, or soon will be: the findings of an audit, each with what to do about it."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeGuard

from dam.core.model import Decision, Disposition, Purpose
from dam.core.recalls import Standing
from dam.core.report import AuditRow, Kind, kind_of
from dam.core.rows import PackItemRow, PackRow
from dam.core.view import Dossier
from dam.core.waivers import Waiver, counting, purposes_lifted

#: How far ahead ends of consents and birthdays are told unless somebody asks for more or less.
AHEAD_DAYS = 90


class Severity(enum.StrEnum):
    """How soon somebody must act, the most urgent first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


#: The urgency of each kind while the picture is kept back.
_SEVERITY = {
    Kind.WITHDRAWN_IN_PACK: Severity.CRITICAL,
    Kind.EXPIRED_IN_PACK: Severity.CRITICAL,
    Kind.RECALL_OVERDUE: Severity.CRITICAL,
    Kind.RECALL_OPEN: Severity.HIGH,
    Kind.INTEGRITY: Severity.CRITICAL,
    Kind.MISSING_CONSENT: Severity.HIGH,
    Kind.UNDECLARED_FACES: Severity.HIGH,
    Kind.FACES_NOT_CHECKED: Severity.HIGH,
    Kind.AT_RISK: Severity.HIGH,
    Kind.EXPIRED: Severity.HIGH,
    Kind.REFUSED: Severity.HIGH,
    Kind.UNREADABLE: Severity.HIGH,
    Kind.SCOPE_MISMATCH: Severity.MEDIUM,
    Kind.EXPIRING: Severity.MEDIUM,
    Kind.MAJORITY_SOON: Severity.MEDIUM,
    Kind.ORPHAN_SIDECAR: Severity.MEDIUM,
    Kind.WAIVER: Severity.MEDIUM,
    Kind.HELD: Severity.MEDIUM,
    Kind.NO_CREDIT: Severity.LOW,
    Kind.EMBARGO: Severity.LOW,
}
#: These may be there while the picture is rightly in use.
_HARMLESS = (Kind.EXPIRING, Kind.MAJORITY_SOON, Kind.WAIVER)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody must know or do. `advice` and `message` map languages to text.

    `asset` is "" where it is about no single one; `pack` names the press pack concerned.
    """

    kind: Kind
    asset: str
    subjects: tuple[str, ...]
    message: dict[str, str]
    advice: dict[str, str]
    severity: Severity
    pack: str | None = None


def severity(kind: Kind, archived: bool = False) -> Severity:
    """How urgent a finding is; `archived`: the picture stands in the archive all the same."""
    if archived and kind not in _HARMLESS:
        return Severity.CRITICAL
    return _SEVERITY[kind]


def findings(
    row: AuditRow,
    decision: Decision | None,
    day: date,
    ahead: int = AHEAD_DAYS,
    note: tuple[str, str] = ("", ""),
) -> list[Finding]:
    """What is wrong or soon wrong with one asset for the purpose of `decision`.

    `ahead` is for how many days from `day` ends of consents and birthdays are told. `note` says
    why it waits where no decision does, and what to do.
    """
    archived = row.archived_as is not None and (
        decision is None or decision.purpose is Purpose.ARCHIVE
    )

    def told(
        kind: Kind, message: dict[str, str], advice: dict[str, str], *subjects: str
    ) -> Finding:
        return Finding(kind, row.asset, subjects, message, advice, severity(kind, archived))

    why, hint = note
    if decision is None or not row.verdicts:
        return [
            told(
                Kind.UNREADABLE,
                {"en": why or "Not decided yet"},
                {"en": hint or "Run dam ingest"},
            )
        ]
    found = [told(kind_of(r), r.message, r.advice, *r.subjects) for r in decision.reasons]
    if why:
        found.append(told(Kind.HELD, {"en": why}, {"en": hint}))
    if found:
        return found
    if nears(row.until, day, ahead):
        found.append(told(Kind.EXPIRING, *_expiring(row.until)))
    if nears(row.majority, day, ahead):
        found.append(told(Kind.MAJORITY_SOON, *_of_age(row.majority)))
    return found


def nears(end: date | None, day: date, ahead: int) -> TypeGuard[date]:
    """Whether an end lies on a day or at most so many days ahead of it."""
    return end is not None and 0 <= (end - day).days <= ahead


def _expiring(until: date) -> tuple[dict[str, str], dict[str, str]]:
    last = until.isoformat()
    return (
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


def _of_age(first: date) -> tuple[dict[str, str], dict[str, str]]:
    """Tells the month alone: the day is a birthday."""
    month = first.strftime("%Y-%m")
    return (
        {
            "en": f"A child in this picture may come of age in {month}; the guardian's consent "
            "ends then.",
            "fr": f"Un enfant de cette image devient peut-être majeur en {month} ; le consentement "
            "du tuteur prend alors fin.",
            "ar": f"قد يبلغ طفل في هذه الصورة سن الرشد في {month}؛ وعندها تنتهي موافقة الولي.",
        },
        {
            "en": "Ask the young person for a consent of their own.",
            "fr": "Demandez à la jeune personne son propre consentement.",
            "ar": "اطلب من الشاب نفسه موافقته الخاصة.",
        },
    )


def in_pack(
    pack: PackRow, item: PackItemRow, disposition: Disposition, subjects: Iterable[str] = ()
) -> Finding | None:
    """A finding where a picture that went out would not go out on the day of the audit, for the

    pack's purpose and territory: `disposition` is what it would be, because of these subjects.
    """
    if disposition is Disposition.APPROVED:
        return None
    refused = disposition is Disposition.REFUSED
    kind = Kind.WITHDRAWN_IN_PACK if refused else Kind.EXPIRED_IN_PACK
    return Finding(
        kind,
        item.asset,
        tuple(sorted(set(subjects))),
        {
            "en": f"Pack {pack.id} holds this picture, which may no longer be used.",
            "fr": f"Le lot {pack.id} contient cette image, qui ne peut plus servir.",
            "ar": f"الحزمة {pack.id} تضم هذه الصورة التي لم يعد استعمالها جائزا.",
        },
        {
            "en": f"Ask {pack.recipient} to stop using {item.file}.",
            "fr": f"Demandez à {pack.recipient} de ne plus utiliser {item.file}.",
            "ar": f"اطلب من {pack.recipient} التوقف عن استعمال {item.file}.",
        },
        severity(kind),
        pack.id,
    )


def unanswered(standing: Standing) -> Finding | None:
    """A finding where a recipient was asked to stop using pictures, or is still to be asked, and

    has not confirmed.
    """
    recall, pack = standing.recall, standing.pack
    if not recall.open:
        return None
    kind = Kind.RECALL_OVERDUE if standing.overdue else Kind.RECALL_OPEN
    n, last, who = len(recall.files), recall.deadline.isoformat(), pack.recipient
    unsent = recall.untold
    return Finding(
        kind,
        "",
        (),
        {
            "en": f"{who} has not confirmed that pictures of pack {pack.id} are used no more: "
            f"{n} (recall {recall.id}, answer by {last}).",
            "fr": f"{who} n'a pas confirmé l'arrêt d'usage d'images du lot {pack.id} : {n} "
            f"(retrait {recall.id}, réponse avant le {last} inclus).",
            "ar": f"لم يؤكد {who} بعدُ وقف استعمال صور من الحزمة {pack.id}: {n} "
            f"(طلب السحب {recall.id}، الرد حتى {last}).",
        },
        {
            "en": f"Write the notice with dam recall {pack.id} and send it.",
            "fr": f"Rédigez l'avis avec dam recall {pack.id} et envoyez-le.",
            "ar": f"حرّر الإشعار بالأمر dam recall {pack.id} وأرسله.",
        }
        if unsent
        else {
            "en": f"Ask again (dam recall remind {recall.id}), or record the answer with dam "
            "recall ack.",
            "fr": f"Relancez (dam recall remind {recall.id}), ou notez la réponse avec dam recall "
            "ack.",
            "ar": f"ذكّر بالطلب (dam recall remind {recall.id})، أو سجّل الرد بالأمر dam recall ack.",
        },
        severity(kind),
        pack.id,
    )


def gone(asset: str) -> Finding:
    """The catalogue says that a picture is filed, and its file is not there."""
    return Finding(
        Kind.INTEGRITY,
        asset,
        (),
        {
            "en": "The file of this picture is missing from the archive.",
            "fr": "Le fichier de cette image manque dans l'archive.",
            "ar": "ملف هذه الصورة مفقود من الأرشيف.",
        },
        {
            "en": "Find out who moved it; put it back from a backup of the archive.",
            "fr": "Cherchez qui l'a déplacé ; remettez-le à partir d'une sauvegarde de l'archive.",
            "ar": "ابحث عمن نقله، وأعده من نسخة احتياطية للأرشيف.",
        },
        severity(Kind.INTEGRITY),
    )


def orphans(number: int) -> Finding:
    """Sidecars in the inbox whose photographs nobody knows; their names may be personal."""
    return Finding(
        Kind.ORPHAN_SIDECAR,
        "",
        (),
        {
            "en": f"Sidecars in the inbox that speak of no known photograph: {number}.",
            "fr": f"Fiches de l'inbox qui ne parlent d'aucune photo connue : {number}.",
            "ar": f"ملفات في inbox لا تخص أي صورة معروفة: {number}.",
        },
        {
            "en": "dam ingest names them; one may be a refusal. Drop its photograph or correct "
            "the name.",
            "fr": "dam ingest les nomme ; l'une d'elles est peut-être un refus. Déposez sa photo "
            "ou corrigez le nom.",
            "ar": "يذكرها الأمر dam ingest؛ وقد يكون أحدها رفضا. ضع صورته أو صحّح الاسم.",
        },
        severity(Kind.ORPHAN_SIDECAR),
    )


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
        severity(Kind.WAIVER),
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
        severity(Kind.WAIVER),
    )
