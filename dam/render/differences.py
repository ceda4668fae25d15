"""What changed between two audits, as one JSON object and as tables; see docs/audit.md."""

from __future__ import annotations

from collections.abc import Iterator

from dam.core.diff import Change, Compared, Difference, Noted, Side, What
from dam.core.model import Disposition
from dam.core.report import Kind
from dam.render.audits import Cells
from dam.render.documents import Json
from dam.render.lang import Speech, speech

SUMS = ("assets", *(d.value for d in Disposition), "with_minors", "covered", "minors", "waivers",
         "in_archive")  # fmt: skip
HEADINGS = {"assets": "photos", "with_minors": "with minors", "in_archive": "in the archive"}


def document(found: Difference, lang: str) -> Json:
    """Everything that changed; see docs/json.md. Names and enumerations are English."""
    plain = speech(lang, "plain")
    return {
        "diff": {
            "from": _side(found.before),
            "to": _side(found.after),
            "warnings": warnings(found, plain),
            "filters": list(found.filters),
            "nothing": found.nothing,
            "counts": {what.value: found.counts.get(what, 0) for what in What},
            "totals": {
                name: {"from": one, "to": other, "difference": other - one}
                for name, (one, other) in found.totals.items()
            },
            "assets": [_change(change) for change in found.changes()],
            "findings": {
                "new": [_noted(n, plain) for n in found.new],
                "resolved": [_noted(n, plain) for n in found.resolved],
            },
        }
    }


def _side(side: Side) -> Json:
    return {
        "name": side.name,
        "as_of": side.as_of.isoformat(),
        "wanted": dict(side.wanted),
        "rule_pack": side.rule_pack,
        "ledger": {"events": side.ledger[0], "head": side.ledger[1], "origin": side.origin},
    }


def _change(change: Change) -> Json:
    return {
        "asset": change.asset,
        "what": [what.value for what in change.what],
        "from": _compared(change.before),
        "to": _compared(change.after),
        "gained": [kind.value for kind in change.gained],
        "lost": [kind.value for kind in change.lost],
    }


def _compared(row: Compared | None) -> Json | None:
    if row is None:
        return None
    return {
        "disposition": row.disposition.value,
        "consents": sorted(row.consents),
        "until": row.until.isoformat() if row.until else None,
    }


def _noted(noted: Noted, plain: Speech) -> Json:
    return {
        "kind": noted.kind.value,
        "severity": noted.severity.value,
        "asset": noted.asset,
        "pack": noted.pack,
        "message": plain.said(noted.message),
    }


def warnings(found: Difference, say: Speech) -> list[str]:
    """Why a difference may be one of the questions, and not of what is held."""
    told = []
    if found.strangers:
        told.append(say.gettext("The two audits are of different workspaces"))
    if found.filters:
        told.append(
            say.gettext(
                "The two audits were asked for different things ({words}): not all of this changed",
                words=say.list(found.filters),
            )
        )
    return told + [say.told(doubt) for side in (found.before, found.after) for doubt in side.doubts]


def headline(found: Difference, say: Speech) -> str:
    """Which two audits these are."""
    return say.gettext(
        "From the audit of {before} to the audit of {after}",
        before=_told(found.before, say),
        after=_told(found.after, say),
    )


def _told(side: Side, say: Speech) -> str:
    day = side.as_of.isoformat()
    return day if side.name == day else say.line("{day} ({name})", day=day, name=side.name)


def summary(found: Difference, say: Speech) -> Cells:
    """How often what changed."""
    return Cells(
        ("change", "count"),
        ((say.word("change", what), number) for what, number in found.counts.items()),
    )


def sums(found: Difference, say: Speech) -> Cells:
    """The sums before and after."""
    return Cells(
        ("sum", "before", "after", "difference"),
        (
            (say.word("heading", HEADINGS.get(name, name)), one, other, _signed(other - one))
            for name in SUMS
            if name in found.totals
            for one, other in (found.totals[name],)
        ),
    )


def _signed(number: int) -> str:
    return f"{number:+d}" if number else "0"


def assets(found: Difference, say: Speech) -> Cells:
    """A row for each thing about an asset that changed."""
    return Cells(
        ("asset", "change", "before", "after", "what"),
        (
            (change.asset, say.word("change", what), *_values(change, what, say))
            for change in found.changes()
            for what in change.what
        ),
    )


def _values(change: Change, what: What, say: Speech) -> tuple[object, object, str]:
    """Before, after, and what else there is to say."""
    one, other = (_value(row, what, say) for row in (change.before, change.after))
    told = []
    if what not in (What.CONSENTS, What.UNTIL):
        if change.gained:
            told.append(say.gettext("now: {words}", words=_kinds(change.gained, say)))
        if change.lost:
            told.append(say.gettext("no longer: {words}", words=_kinds(change.lost, say)))
    return one, other, say.list(told)


def _value(row: Compared | None, what: What, say: Speech) -> object:
    if row is None:
        return ""
    if what is What.CONSENTS:
        return ", ".join(sorted(row.consents))
    if what is What.UNTIL:
        return row.until
    return say.word("disposition", row.disposition)


def _kinds(kinds: tuple[Kind, ...], say: Speech) -> str:
    return say.list(say.word("finding", kind) for kind in kinds)


def findings(found: Difference, say: Speech) -> Cells:
    """The findings that are new, then those that are resolved; the words name the pack."""
    return Cells(
        ("change", "severity", "finding", "asset", "what"),
        (
            (change, severity, kind, asset, told)
            for change, severity, kind, asset, _, told in _findings(found, say)
        ),
    )


def _findings(found: Difference, say: Speech) -> Iterator[tuple[object, ...]]:
    for what, noted in ((What.NEW, found.new), (What.RESOLVED, found.resolved)):
        for n in noted:
            yield (
                say.word("change", what),
                say.word("severity", n.severity),
                say.word("finding", n.kind),
                n.asset,
                n.pack,
                say.said(n.message),
            )


def everything(found: Difference, say: Speech) -> Cells:
    """The changes of assets and those of findings as one table."""

    def rows() -> Iterator[tuple[object, ...]]:
        for asset, change, one, other, told in assets(found, say).rows:
            yield change, asset, one, other, "", "", "", told
        for change, severity, kind, asset, pack, told in _findings(found, say):
            yield change, asset, "", "", kind, severity, pack, told

    return Cells(
        ("change", "asset", "before", "after", "finding", "severity", "pack", "what"), rows()
    )
