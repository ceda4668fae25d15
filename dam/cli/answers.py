"""`dam status`, `dam list`, `dam show`."""

from __future__ import annotations

from typing import Annotated

import typer

from dam.cli import context as shared
from dam.cli.arguments import AssetArgument, at_most
from dam.cli.context import Format, FormatOption
from dam.core.heartbeat import age_of
from dam.core.model import Disposition
from dam.core.rows import AssetRow, Restriction
from dam.core.waivers import Waiver
from dam.flows import answers as flow
from dam.render import documents, terminal
from dam.render.lang import Speech

_COLUMNS = ("asset", "disposition", "captured", "photographer", "archived as", "waivers")
_PHOTOGRAPHER, _ARCHIVED_AS = _COLUMNS.index("photographer"), _COLUMNS.index("archived as")


def register(app: typer.Typer) -> None:
    app.command("status", epilog="Example: dam status")(status)
    app.command("list", epilog="Example: dam list --disposition held")(list_)
    app.command("show", epilog="Example: dam show k7q2mz9a --format json")(show)


def status(
    context: typer.Context,
    max_age: Annotated[
        str | None,
        typer.Option("--max-age", help="Exit with 3 unless a watcher looked within, say, 10m."),
    ] = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """How many photographs stand where, what waits, and whether a watcher runs."""
    most = age_of(max_age) if max_age is not None else None
    with shared.desk(context) as desk:
        found = flow.status(desk)
    _status(context, found, format_)
    if most is not None:
        flow.require_watcher(found.watching, most)


def _status(context: typer.Context, found: flow.Status, format_: Format) -> None:
    if format_ is Format.JSON:
        terminal.emit(
            {
                "counts": documents.counts(found.counts),
                "due": found.due,
                "rules": found.rules,
                "rule_pack": found.pack_digest,
                "photographers": found.photographers,
                "packs": found.packs,
                "recalls": found.recalls,
                "waivers": found.waivers,
                "inbox": found.inbox,
                "left_alone": found.left_alone,
                "watcher": _watcher(found.watching),
            }
        )
        return
    say = shared.speech(context)
    rows: list[tuple[object, object]] = [
        (terminal.disposition(d.value, say), found.counts.get(d, 0)) for d in Disposition
    ]
    words = say.headings("in the inbox", "to look at again", "rules", "packs", "recalls", "waivers")
    numbers = (found.inbox, found.due, found.rules, found.packs, found.recalls, found.waivers)
    rows += zip(words, numbers, strict=True)
    rows += (
        (say.gettext("left alone: {why}", why=say.told(why)), count)
        for why, count in sorted(found.left_alone.items())
    )
    terminal.table(say.headings("what", "count"), rows)
    terminal.line(_watching(found.watching, say))


def _watcher(found: flow.Watching) -> documents.Json:
    return {
        "running": found.runs,
        "age_seconds": found.age,
        "heartbeat": found.beat.model_dump(mode="json") if found.beat is not None else None,
    }


def _watching(found: flow.Watching, say: Speech) -> str:
    if not found.runs:
        return say.gettext("No watcher runs here.")
    if found.beat is None or found.age is None:
        return say.gettext("A watcher runs; it has not looked yet.")
    seconds = int(found.age)
    if found.beat.trouble:
        return say.gettext(
            "A watcher runs and has trouble: see dam doctor. Seconds since its last look: {n}.",
            n=seconds,
        )
    return say.gettext("A watcher runs. Seconds since its last look: {n}.", n=seconds)


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
        rows = list(flow.assets(desk, disposition, at_most(limit)))
        waivers = flow.waivers(desk)
    if format_ is Format.JSON:
        terminal.emit({"assets": [_listed(row, waivers.get(row.id, ())) for row in rows]})
        return
    say = shared.speech(context)
    cells: list[tuple[object, ...]] = [
        (
            r.id,
            terminal.disposition(r.disposition.value, say),
            r.captured_on,
            r.photographer,
            r.archived_as,
            _join([w.rule for w in waivers.get(r.id, ())]),
        )
        for r in rows
    ]
    # Columns in which nothing stands are left out, in a narrow terminal those that its id finds.
    # Never what it came as: people put names of children into names of files.
    keep = [n for n in range(len(_COLUMNS)) if not rows or any(cell[n] for cell in cells)]
    spare = [keep.index(n) for n in (_ARCHIVED_AS, _PHOTOGRAPHER) if n in keep]
    headings = say.headings(*_COLUMNS)
    terminal.table(
        [headings[n] for n in keep], [[cell[n] for n in keep] for cell in cells], spare=spare
    )


def _listed(row: AssetRow, waivers: tuple[Waiver, ...]) -> documents.Json:
    return {**documents.asset(row), "waivers": [documents.waiver(w) for w in waivers]}


def show(
    context: typer.Context,
    asset: AssetArgument,
    preview: Annotated[
        bool,
        typer.Option("--preview", help="Only where its preview stands, which is private."),
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Everything known of one photograph: facts with sources, consents, decisions."""
    if preview:
        _preview(context, asset, format_)
        return
    with shared.desk(context) as desk:
        found = flow.show(desk, asset)
    if format_ is Format.JSON:
        terminal.emit(_document(found, shared.options(context).lang))
    else:
        _tables(found, shared.speech(context))


def _preview(context: typer.Context, asset: str, format_: Format) -> None:
    from dam.flows.ingest import previews  # Pillow and lxml: for nothing else here

    with shared.desk(context) as desk, desk.darkroom(1) as room:
        place = previews.of(desk, room, flow.resolve(desk, asset))
    if format_ is Format.JSON:
        terminal.emit({"preview": str(place)})
    else:
        terminal.line(str(place))


def _consents(found: flow.Shown) -> list[documents.Json]:
    return documents.consents(found.dossier(), found.day, found.default_term)


def _document(found: flow.Shown, lang: str) -> documents.Json:
    return {
        **documents.asset(found.row),
        "facts": documents.facts(found.facts),
        "consents": _consents(found),
        "decisions": [documents.decision(d, lang) for d in found.decisions],
        "waivers": [documents.waiver(w) for w in found.waivers],
        "dropped_as": [p.shown for p in found.provenance],
        "restriction": _restriction(found.restriction),
    }


def _tables(found: flow.Shown, say: Speech) -> None:
    restricted = _restriction(found.restriction)
    summary = documents.asset(found.row) | ({"restriction": restricted} if restricted else {})
    came: list[tuple[object, object]] = [("dropped_as", row.shown) for row in found.provenance]
    terminal.table(("", ""), [*_asset(summary, say), *came])
    terminal.line("")
    if found.facts is not None:
        terminal.table(
            say.headings("fact", "value", "source"), _facts(documents.facts(found.facts) or {}, say)
        )
        terminal.line("")
    terminal.table(
        say.headings("consent", "subject", "state", "until", "purposes"),
        [
            (
                c["id"],
                c["subject"],
                say.word("state", str(c["state"])),
                c["ends"],
                _words("purpose", c["purposes"], say),
            )
            for c in _consents(found)
        ],
    )
    terminal.line("")
    terminal.table(
        say.headings("purpose", "decision", "until", "rules", "waived"),
        [
            (
                say.word("purpose", d.purpose),
                terminal.disposition(d.disposition.value, say),
                d.holds_until,
                _join([r.rule for r in d.reasons]),
                _join([w.rule for w in d.waived]),
            )
            for d in found.decisions
        ],
    )
    if found.waivers:
        terminal.line("")
        terminal.table(
            say.headings("waiver", "rule", "by", "until", "for"),
            [
                (w.id, w.rule, w.by, w.until, _words("purpose", list(w.purposes), say))
                for w in found.waivers
            ],
        )


def _restriction(found: Restriction | None) -> str | None:
    """Why its original is not among the others: `withdrawn`, `copy` or `erased`."""
    return None if found is None else found.state


def _asset(body: documents.Json, say: Speech) -> list[tuple[object, object]]:
    """The summary of an asset; the words are those of `--format json`."""
    rows: list[tuple[object, object]] = []
    for name, value in body.items():
        if name == "disposition":
            rows.append((name, terminal.disposition(str(value), say)))
        elif name in ("note", "note_hint") and value:
            rows.append((name, say.told(str(value))))
        elif value:
            rows.append((name, value))
    return rows


def _words(group: str, items: object, say: Speech) -> str:
    return say.list(say.word(group, i) for i in items) if isinstance(items, list) else str(items)


def _join(items: object) -> str:
    return ", ".join(str(i) for i in items) if isinstance(items, list) else str(items)


def _facts(body: documents.Json, say: Speech) -> list[tuple[object, object, object]]:
    rows: list[tuple[object, object, object]] = []
    for name, fact in body.items():
        if isinstance(fact, dict):
            value = fact.get("value", fact.get("count", fact.get("stated")))
            if isinstance(value, dict):
                value = "; ".join(f"{k}: {v}" for k, v in value.items())
            source = _join(fact.get("sources", fact.get("source", "")))
            rows.append((name, fact.get("status") if value in (None, {}) else value, source))
        elif isinstance(fact, list):
            told = name in ("problems", "contradictions")
            rows += [(name, say.problem(str(i)) if told else _line(i), "") for i in fact]
        else:
            rows.append((name, fact, ""))
    return rows


def _line(item: object) -> object:
    return ", ".join(f"{k} {v}" for k, v in item.items() if v) if isinstance(item, dict) else item
