"""An audit as one JSON object and as tables of cells; terminal and CSV tell the same tables."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from dam.core.audit import Audit
from dam.core.model import Disposition, Purpose
from dam.core.renewals import Renewal, Todo, renewals
from dam.core.report import AuditRow, Verdict
from dam.core.tally import UNDATED, Line, View
from dam.render import counts, documents
from dam.render.documents import Json
from dam.render.lang import Speech, speech


class Told(enum.StrEnum):
    """What an audit lists: findings, assets, packs, consents to renew, or sums by one of `View`."""

    FINDING = "finding"
    ASSET = "asset"
    PACK = "pack"
    RENEWAL = "renewal"
    MONTH = "month"
    PROGRAMME = "programme"
    PLACE = "place"
    PHOTOGRAPHER = "photographer"
    SUBJECT = "subject"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Cells:
    """A table: the words of its headings, and its rows. Words of enumerations are translated."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[object, ...]]


def document(found: Audit, told: Told, lang: str) -> Json:
    """Everything of an audit, for `terminal.stream`; see docs/json.md. Names and enumerations are

    English.
    """
    tally = found.tally
    return {
        "as_of": found.as_of.isoformat(),
        "wanted": wanted(found),
        "assets": (documents.audit_row(r) for r in found.rows()),
        "totals": totals(found),
        "matrix": {p.value: documents.counts(dict(tally.matrix[p])) for p in Purpose},
        "months": _lines(tally.months),
        "ends": dict(sorted(tally.ends.items())),
        "kinds": {kind.value: number for kind, number in found.kinds.items()},
        "findings": (documents.finding(f, lang) for f in found.findings()),
        "packs": [
            {
                "pack": p.row.id,
                "recipient": p.row.recipient,
                "purpose": p.row.purpose,
                "territory": p.row.territory,
                "day": p.row.day.isoformat(),
                "pictures": p.items,
                "ended": p.ended,
            }
            for p in found.packs
        ],
        "by": _lines(found.lines(View(told.value))) if told.value in set(View) else {},
        "anew": found.anew,
        "doubts": list(found.doubts),
        "renewals": _renewals_of(found, lang) if told is Told.RENEWAL else None,
        "rule_pack": found.pack_digest,
        "ledger": {"events": found.head[0], "head": found.head[1], "origin": found.origin},
    }


def number(found: Audit, told: Told) -> int:
    """How many lines the table of `cells` has, without making them."""
    if told is Told.FINDING:
        return sum(found.kinds.values())
    if told is Told.ASSET:
        return found.tally.whole.assets
    if told is Told.PACK:
        return len(found.packs)
    if told is Told.RENEWAL:
        return sum(1 for _ in renewals(found))
    return len(found.lines(View(told.value)))


def wanted(found: Audit) -> Json:
    """What the audit was asked for."""
    about = found.wanted
    return {
        "since": about.since.isoformat() if about.since else None,
        "until": about.until.isoformat() if about.until else None,
        "programme": about.programme,
        "place": about.place,
        "photographer": about.photographer,
        "purpose": about.purpose.value,
        "kinds": sorted(kind.value for kind in found.only),
        "expiring_within": found.ahead,
    }


def _renewals_of(found: Audit, lang: str) -> list[Json]:
    say = speech(lang, "plain")
    return [
        {
            "consent": r.consent,
            "subject": r.subject,
            "last": r.last.isoformat() if r.last else None,
            "month": r.on.strftime("%Y-%m"),
            "because": r.because,
            "pictures": r.pictures,
            "todo": r.todo.value,
            "advice": to_do(r.todo, say),
        }
        for r in renewals(found)
    ]


def to_do(todo: Todo, say: Speech) -> str:
    """What somebody must do about a consent that ends."""
    if todo is Todo.ASK:
        return say.gettext("Ask the young person for a consent of their own.")
    if todo is Todo.REVIEW:
        return say.gettext("Review the risk, and record the decision with its next review.")
    return say.gettext("Ask for its renewal in time.")


def totals(found: Audit) -> dict[str, int]:
    """The sums over all rows, for the purpose of the audit."""
    tally = found.tally
    return {
        **documents.counts(dict(tally.whole.dispositions)),
        "assets": tally.whole.assets,
        "with_minors": tally.whole.with_minors,
        "covered": tally.whole.covered,
        "minors": tally.minors,
        "waivers": tally.waivers,
        "in_archive": tally.in_archive,
    }


def _lines(lines: Mapping[str, Line]) -> dict[str, Json]:
    return {
        name: {
            "assets": line.assets,
            **documents.counts(dict(line.dispositions)),
            "with_minors": line.with_minors,
            "covered": line.covered,
            "until": line.until.isoformat() if line.until else None,
        }
        for name, line in sorted(lines.items())
    }


def cells(found: Audit, told: Told, say: Speech) -> Cells:
    """The table that lists what is asked for."""
    if told is Told.FINDING:
        return _findings(found, say)
    if told is Told.ASSET:
        return _assets(found, say)
    if told is Told.PACK:
        return _packs(found, say)
    if told is Told.RENEWAL:
        return _renewals(renewals(found), say)
    lines = found.lines(View(told.value))
    return Cells(
        (told.value, "photos", *(d.value for d in Disposition), "minors", "covered", "until"),
        (
            (
                _line_name(name, told, say),
                line.assets,
                *(line.dispositions[d] for d in Disposition),
                line.with_minors,
                line.covered,
                line.until,
            )
            for name, line in lines.items()
        ),
    )


def _line_name(name: str, told: Told, say: Speech) -> str:
    if told is Told.MONTH and name == UNDATED:
        return say.gettext("undated")
    return name or say.gettext("not stated")


def matrix(found: Audit, say: Speech) -> Cells:
    """Purposes by dispositions, in photographs."""
    return Cells(
        ("purpose", *(d.value for d in Disposition)),
        (
            (say.word("purpose", p), *(found.tally.matrix[p][d] for d in Disposition))
            for p in Purpose
        ),
    )


def ends(found: Audit, say: Speech) -> Cells:
    """In which month the first of their consents ends, in photographs that may be used today."""
    return Cells(("month", "photos"), iter(sorted(found.tally.ends.items())))


def about(found: Audit, say: Speech) -> Iterator[tuple[str, str]]:
    """What the audit is about and what it rests on, each with its name."""
    wanted = found.wanted
    yield say.gettext("Day of the audit"), say.ident(found.as_of)
    yield say.gettext("Purpose"), say.word("purpose", wanted.purpose)
    asked = (
        (say.gettext("Taken since"), wanted.since),
        (say.gettext("Taken until"), wanted.until),
        (say.gettext("Programme"), wanted.programme),
        (say.gettext("Place"), wanted.place),
        (say.gettext("Photographer"), wanted.photographer),
    )
    yield from ((name, say.ident(value)) for name, value in asked if value is not None)
    if found.only:
        kinds = say.list(say.word("finding", kind) for kind in sorted(found.only))
        yield say.gettext("Only what has findings of these kinds"), kinds
    yield (
        say.gettext("Ends are told ahead for"),
        say.ngettext("{n} day", "{n} days", found.ahead),
    )
    yield say.gettext("Rule pack"), say.ident(found.pack_digest)
    events = say.ngettext("{n} event", "{n} events", found.head[0])
    yield say.gettext("Ledger"), say.list((events, found.head[1]))
    if found.anew:
        yield say.gettext("Decided anew for this audit"), counts.PHOTOS["assets"](say, found.anew)


def kinds(found: Audit, say: Speech) -> Cells:
    """How many findings there are of each kind and severity, the most urgent first."""
    return Cells(
        ("severity", "finding", "findings"),
        (
            (say.word("severity", severity), say.word("finding", kind), number)
            for (severity, kind), number in found.severities.items()
        ),
    )


def _findings(found: Audit, say: Speech) -> Cells:
    return Cells(
        ("severity", "finding", "asset", "subject", "what", "advice"),
        (
            (
                say.word("severity", f.severity),
                say.word("finding", f.kind),
                f.asset,
                ", ".join(f.subjects),
                say.said(f.message),
                say.said(f.advice),
            )
            for f in found.findings()
        ),
    )


def _assets(found: Audit, say: Speech) -> Cells:
    may = _may(found.wanted.purpose, say)
    return Cells(
        ("asset", "disposition", "day", "programme", "place", "photographer", "people", "minors",
         "consent", "until", "purposes", "waivers"),
        (
            (
                r.asset, (told := may(r))[0], r.captured_on, r.programme, r.place, r.photographer,
                r.people, r.minors, ", ".join(r.consents), r.until, told[1], ", ".join(r.waivers),
            )
            for r in found.rows()
        ),
    )  # fmt: skip


def _may(purpose: Purpose, say: Speech) -> Callable[[AuditRow], tuple[str, str]]:
    """What a row may do, for the purpose and at all, in words. A million rows share few of them."""
    told: dict[tuple[Disposition, int], tuple[str, str, tuple[Verdict, ...]]] = {}

    def may(row: AuditRow) -> tuple[str, str]:
        # By identity, as hashing would cost more; kept in the value, so that it stays unique.
        key = row.disposition, id(row.verdicts)
        if key not in told:
            own = say.word("disposition", row.verdict(purpose).disposition)
            uses = say.list(say.word("purpose", p) for p in row.purposes)
            told[key] = own, uses, row.verdicts
        own, uses, _ = told[key]
        return own, uses

    return may


def _packs(found: Audit, say: Speech) -> Cells:
    return Cells(
        ("pack", "recipient", "purpose", "territory", "day", "photos", "ended"),
        (
            (
                p.row.id,
                p.row.recipient,
                say.word("purpose", p.row.purpose),
                p.row.territory,
                p.row.day,
                p.items,
                p.ended,
            )
            for p in found.packs
        ),
    )


def _renewals(due: Iterable[Renewal], say: Speech) -> Cells:
    return Cells(
        ("until", "consent", "subject", "because", "photos", "advice"),
        (
            (r.when, r.consent, r.subject, say.because(r.because), r.pictures, to_do(r.todo, say))
            for r in due
        ),
    )
