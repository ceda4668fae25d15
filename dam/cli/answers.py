"""`dam status`, `dam list`, `dam show`, `dam explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core.model import Decision, Disposition, Purpose
from dam.flows import answers as flow
from dam.render import documents, terminal
from dam.render.text import said

AssetArgument = Annotated[
    str, typer.Argument(metavar="ASSET", help="An id, a unique beginning of one, or a SHA-256.")
]


def register(app: typer.Typer) -> None:
    app.command("status", epilog="Example: dam status")(status)
    app.command("list", epilog="Example: dam list --disposition held")(list_)
    app.command("show", epilog="Example: dam show k7q2mz9a --format json")(show)
    app.command("explain", epilog="Example: dam explain k7q2mz9a --purpose press")(explain)


def status(context: typer.Context, format_: FormatOption = Format.TABLE) -> None:
    """How many photographs stand where, and what waits."""
    with shared.desk(context) as desk:
        found = flow.status(desk)
    if format_ is Format.JSON:
        terminal.emit(
            {
                "counts": documents.counts(found.counts),
                "due": found.due,
                "rules": found.rules,
                "rule_pack": found.pack_digest,
                "photographers": found.photographers,
                "packs": found.packs,
            }
        )
        return
    rows: list[tuple[object, object]] = [(d.value, found.counts.get(d, 0)) for d in Disposition]
    rows += [("to look at again", found.due), ("rules", found.rules), ("packs", found.packs)]
    terminal.table(("what", "count"), rows)


def list_(
    context: typer.Context,
    disposition: Annotated[
        Disposition | None, typer.Option("--disposition", help="Only these.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Every photograph with its id and where it stands."""
    with shared.desk(context) as desk:
        rows = list(flow.assets(desk, disposition, limit))
    if format_ is Format.JSON:
        terminal.emit({"assets": [documents.asset(row) for row in rows]})
        return
    terminal.table(
        ("asset", "disposition", "captured", "photographer", "archived as"),
        [(r.id, r.disposition.value, r.captured_on, r.photographer, r.archived_as) for r in rows],
    )


def show(
    context: typer.Context, asset: AssetArgument, format_: FormatOption = Format.TABLE
) -> None:
    """Everything known of one photograph: facts with sources, consents, decisions."""
    lang = shared.options(context).lang
    with shared.desk(context) as desk:
        found = flow.show(desk, asset)
    dossier = found.dossier()
    consents = documents.consents(dossier, found.day, found.default_term)
    if format_ is Format.JSON:
        terminal.emit(
            {
                **documents.asset(found.row),
                "facts": documents.facts(found.facts),
                "consents": consents,
                "decisions": [documents.decision(d, lang) for d in found.decisions],
                "dropped_as": [p.shown for p in found.provenance],
            }
        )
        return
    terminal.table(("", ""), [(k, v) for k, v in documents.asset(found.row).items() if v])
    terminal.line("")
    if found.facts is not None:
        terminal.table(("fact", "value", "source"), _facts(documents.facts(found.facts) or {}))
        terminal.line("")
    terminal.table(
        ("consent", "subject", "state", "until", "purposes"),
        [(c["id"], c["subject"], c["state"], c["ends"], _join(c["purposes"])) for c in consents],
    )
    terminal.line("")
    terminal.table(
        ("purpose", "decision", "until", "rules"),
        [
            (
                d.purpose.value,
                d.disposition.value,
                d.holds_until,
                _join([r.rule for r in d.reasons]),
            )
            for d in found.decisions
        ],
    )


def _join(items: object) -> str:
    return ", ".join(str(i) for i in items) if isinstance(items, list) else str(items)


def _facts(body: documents.Json) -> list[tuple[object, object, object]]:
    rows: list[tuple[object, object, object]] = []
    for name, fact in body.items():
        if isinstance(fact, dict):
            value = fact.get("value", fact.get("count", fact.get("stated")))
            if isinstance(value, dict):
                value = "; ".join(f"{k}: {v}" for k, v in value.items())
            source = _join(fact.get("sources", fact.get("source", "")))
            rows.append((name, fact.get("status") if value in (None, {}) else value, source))
        elif isinstance(fact, list):
            rows += [(name, _line(item), "") for item in fact]
        else:
            rows.append((name, fact, ""))
    return rows


def _line(item: object) -> object:
    return ", ".join(f"{k} {v}" for k, v in item.items() if v) if isinstance(item, dict) else item


def explain(
    context: typer.Context,
    asset: AssetArgument,
    purpose: Annotated[
        Purpose, typer.Option("--purpose", help="Which use to explain.")
    ] = Purpose.ARCHIVE,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Why a photograph may or may not be used: rule, evidence, source clause, what to do."""
    lang = shared.options(context).lang
    with shared.desk(context) as desk:
        found, decision = flow.explain(desk, asset, purpose)
    row = found.row
    if format_ is Format.JSON:
        terminal.emit(
            {
                **documents.asset(row),
                "purpose": purpose.value,
                "decision": documents.decision(decision, lang) if decision else None,
                "problems": list(found.facts.problems) if found.facts else [],
            }
        )
        return
    if decision is None:
        terminal.line(f"{row.id}  {row.disposition.value}: {row.note or 'not decided yet'}")
        terminal.line(f"  → {row.note_hint or 'Run dam ingest'}")
        return
    _decision(row.id, decision, lang)
    if found.facts is not None:
        for problem in (*found.facts.problems, *found.facts.contradictions):
            terminal.line(f"  {problem}")


def _decision(asset: str, decision: Decision, lang: str) -> None:
    until = f", until {decision.holds_until}" if decision.holds_until else ""
    terminal.line(
        f"{asset}  {decision.purpose.value}: {decision.disposition.value} on {decision.day}{until}",
        terminal.STYLES.get(decision.disposition.value, ""),
    )
    if not decision.reasons:
        obliged = ", ".join(o.value for o in decision.obligations)
        terminal.line(f"  every rule is satisfied; with: {obliged}")
    for reason in decision.reasons:
        who = f" ({', '.join(reason.subjects)})" if reason.subjects else ""
        terminal.line(
            f"  {reason.otherwise.value}: {said(reason.title, lang)} [{reason.rule}]{who}"
        )
        terminal.line(f"    {said(reason.message, lang)}")
        for item in reason.evidence:
            terminal.line(f"    evidence: {item}")
        terminal.line(f"    source: {reason.source}")
        terminal.line(f"    → {said(reason.advice, lang)}")
