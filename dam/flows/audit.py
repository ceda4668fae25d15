"""audit: what do we hold, on whose consent, until when, and what is wrong.

Everything is decided anew for the day of the audit from stored facts and consents; what
that changes is told, and carried out by the next `dam ingest`, not here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from dam.adapters.desk import Desk
from dam.core import report
from dam.core.decide import decide_all
from dam.core.facts import Facts
from dam.core.model import Disposition, Purpose
from dam.core.view import Dossier


@dataclass(frozen=True, slots=True)
class Audit:
    """`rows` one an asset, `findings` what to do; `head` is (events, hash) of the ledger."""

    as_of: date
    rows: tuple[report.AuditRow, ...]
    findings: tuple[report.Finding, ...]
    totals: dict[str, int]
    head: tuple[int, str]
    pack_digest: str

    def failing(self, kinds: set[str]) -> tuple[report.Finding, ...]:
        """The findings of these kinds."""
        return tuple(f for f in self.findings if f.kind.value in kinds)


def audit(desk: Desk) -> Audit:
    """The audit of today."""
    day, term = desk.day(), desk.pack.policy.default_term
    rows: list[report.AuditRow] = []
    findings: list[report.Finding] = []
    for asset in desk.catalog.assets():
        dossier = desk.dossier(asset)
        if dossier is None:
            row = report.row(asset, Dossier(Facts()), (), day, term)
            rows.append(row)
            findings += report.findings(asset, None, row, day)
            continue
        decisions = decide_all(dossier, desk.pack, tuple(Purpose), day)
        archive = next(d for d in decisions if d.purpose is Purpose.ARCHIVE)
        today = asset
        if asset.disposition is not Disposition.QUARANTINED and not asset.note:
            today = replace(asset, disposition=archive.disposition)
        row = report.row(today, dossier, decisions, day, term)
        rows.append(row)
        findings += report.findings(asset, archive, row, day)
        findings += report.waiver_findings(asset.id, dossier, decisions, day)
    findings += _packs(desk, day)
    return Audit(
        as_of=day,
        rows=tuple(rows),
        findings=tuple(findings),
        totals=_totals(rows),
        head=desk.catalog.head(),
        pack_digest=desk.pack.digest,
    )


def _totals(rows: list[report.AuditRow]) -> dict[str, int]:
    totals = {d.value: sum(r.disposition is d for r in rows) for d in Disposition}
    totals["assets"] = len(rows)
    totals["with_minors"] = sum(r.minors > 0 for r in rows)
    totals["minors"] = sum(r.minors for r in rows)
    totals["waivers"] = sum(len(r.waivers) for r in rows)
    totals["in_archive"] = sum(r.archived_as is not None for r in rows)
    return totals


def _packs(desk: Desk, day: date) -> list[report.Finding]:
    """Pictures in packs that went out and would not be approved for that purpose today."""
    found: list[report.Finding] = []
    for pack in desk.catalog.packs():
        entry = desk.catalog.pack(pack.id)
        for item in entry[1] if entry else ():
            asset = desk.catalog.asset(item.asset)
            dossier = desk.dossier(asset) if asset else None
            if asset is None or dossier is None:
                continue
            purpose = Purpose(pack.purpose)
            decision = decide_all(dossier, desk.pack, (purpose,), day, pack.territory)[0]
            if decision.disposition is Disposition.APPROVED:
                continue
            refused = decision.disposition is Disposition.REFUSED
            found.append(
                report.Finding(
                    report.Kind.WITHDRAWN_IN_PACK if refused else report.Kind.EXPIRED_IN_PACK,
                    asset.id,
                    tuple(sorted({s for r in decision.reasons for s in r.subjects})),
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
                )
            )
    return found
