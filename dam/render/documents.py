"""The JSON objects that scripts rely on. Keys are only ever added, never renamed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from dam.core.consent import NO_END
from dam.core.facts import Facts
from dam.core.findings import Finding
from dam.core.model import Decision, Disposition, Purpose, Reason, Redaction, Waived
from dam.core.private import source_told
from dam.core.redaction import Drawn
from dam.core.report import AuditRow
from dam.core.rows import AssetRow, PackItemRow, PackRow
from dam.core.view import Dossier
from dam.core.waivers import Waiver
from dam.render.lang import speech

Json = dict[str, object]


def reason(item: Reason, lang: str) -> Json:
    return {
        "rule": item.rule,
        "otherwise": item.otherwise.value,
        "message": speech(lang, "plain").said(item.message),
        "advice": speech(lang, "plain").said(item.advice),
        "source": item.source,
        "evidence": list(item.evidence),
        "subjects": list(item.subjects),
    }


def decision(item: Decision, lang: str) -> Json:
    return {
        "purpose": item.purpose.value,
        "territory": item.territory,
        "day": item.day.isoformat(),
        "disposition": item.disposition.value,
        "reasons": [reason(r, lang) for r in item.reasons],
        "obligations": [o.value for o in item.obligations],
        "redact": [redaction(r) for r in item.redact],
        "holds_until": _day(item.holds_until),
        "facts_digest": item.facts_digest,
        "pack_digest": item.pack_digest,
        "consents": [{"id": ident, "digest": digest} for ident, digest in item.consents],
        "waived": waived(item.waived, lang),
    }


def redaction(item: Redaction) -> Json:
    """What is destroyed: where, as fractions of the upright picture, whose face it is and why."""
    region = [item.x, item.y, item.w, item.h]
    return {"region": region, "subject": item.subject or None, "why": list(item.why)}


def drawn(item: Drawn) -> Json:
    """A region drawn by hand, without the reason, which may be personal."""
    return {
        "redaction": item.id,
        "region": list(item.box),
        "subject": item.subject or None,
        "by": item.by,
    }


def waived(items: Iterable[Waived], lang: str) -> list[Json]:
    """The reasons that a waiver lifts, each with the waiver."""
    return [
        {
            "waiver": w.id,
            "rule": w.rule,
            "by": w.by,
            "until": w.until.isoformat(),
            "reason": reason(w.reason, lang),
        }
        for w in items
    ]


def waiver(item: Waiver) -> Json:
    """A waiver as it was given, without the reason, which may be personal."""
    return {
        "waiver": item.id,
        "rule": item.rule,
        "by": item.by,
        "given_on": item.given_on.isoformat(),
        "until": item.until.isoformat(),
        "purposes": [purpose.value for purpose in item.purposes],
        "territory": item.territory,
    }


def asset(row: AssetRow) -> Json:
    return {
        "asset": row.id,
        "sha256": row.sha256,
        "disposition": row.disposition.value,
        "archived_as": row.archived_as,
        "captured_on": _day(row.captured_on),
        "captured_source": source_told(row.captured_source),
        "photographer": row.photographer,
        "programme": row.programme,
        "country": row.country,
        "city": row.city,
        "note": row.note,
        "note_hint": row.note_hint,
    }


def pack(row: PackRow) -> Json:
    """A press pack as it is on record."""
    return {
        "pack": row.id,
        "state": row.state,
        "day": row.day.isoformat(),
        "made_at": row.made_at.isoformat(),
        "recipient": row.recipient,
        "purpose": row.purpose,
        "use": row.use,
        "territory": row.territory,
        "until": _day(row.until),
        "format": row.format,
        "path": row.path,
        "manifest_sha256": row.manifest_sha256,
        "rule_pack": row.rules_digest,
        "preset": row.preset_digest,
        "ledger": {"events": row.head_seq, "hash": row.head_hash},
        "signed": row.signed,
    }


def pack_item(item: PackItemRow, usable: bool) -> Json:
    """A picture of a pack, and whether it would go out for the same use today."""
    return {
        "file": item.file,
        "asset": item.asset,
        "sha256": item.sha256,
        "consents": [{"id": consent, "digest": digest} for consent, digest in item.consents],
        "facts": item.facts_digest,
        "until": _day(item.until),
        "usable": usable,
    }


def facts(item: Facts | None) -> Json | None:
    """The facts as they are stored; `faces.count` is null when nobody looked."""
    return item.body() if item is not None else None


def consents(dossier: Dossier, day: date, term: str) -> list[Json]:
    """What each consent about the people of an asset allows on `day`."""
    return [
        {
            "id": s.id,
            "subject": s.subject,
            "state": s.state.value,
            "valid_from": s.valid_from.isoformat(),
            "ends": _day(s.ends if s.ends < NO_END else None),
            "ends_because": s.ends_because,
            "purposes": sorted(s.purposes),
            "territories": sorted(s.territories),
            "givers": sorted(s.giver_roles),
            "assent": s.assent.value if s.assent else None,
            "face": s.face,
            "sources": list(s.sources),
        }
        for standings in dossier.standings(day, term).values()
        for s in standings
    ]


def audit_row(row: AuditRow) -> Json:
    return {
        "asset": row.asset,
        "disposition": row.disposition.value,
        "archived_as": row.archived_as,
        "captured_on": _day(row.captured_on),
        "photographer": row.photographer,
        "programme": row.programme,
        "place": row.place,
        "people": row.people,
        "minors": row.minors,
        "consents": list(row.consents),
        "until": _day(row.until),
        "purposes": [p.value for p in row.purposes],
        "dispositions": {p.value: row.verdict(p).disposition.value for p in Purpose},
        "kinds": {p.value: sorted(set(k)) for p in Purpose if (k := row.verdict(p).kinds)},
        "subjects": list(row.subjects),
        "waivers": list(row.waivers),
    }


def finding(item: Finding, lang: str) -> Json:
    return {
        "kind": item.kind.value,
        "severity": item.severity.value,
        "asset": item.asset,
        "pack": item.pack,
        "subjects": list(item.subjects),
        "message": speech(lang, "plain").said(item.message),
        "advice": speech(lang, "plain").said(item.advice),
    }


def counts(found: dict[Disposition, int]) -> dict[str, int]:
    return {d.value: found.get(d, 0) for d in Disposition}


def reasons(items: Iterable[Reason], lang: str) -> list[Json]:
    return [reason(item, lang) for item in items]


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
