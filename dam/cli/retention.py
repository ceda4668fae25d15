"""`dam retention`: what has been kept for long enough."""

from __future__ import annotations

from typing import Annotated

import typer

from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core.errors import UsageError
from dam.core.retention import Item, What
from dam.flows import retention as flow
from dam.render import terminal
from dam.render.documents import Json
from dam.render.lang import Speech
from dam.render.phrases_doctor import mark


def register(app: typer.Typer) -> None:
    app.command("retention", epilog="Example: dam retention --apply")(retention)


def retention(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would go; without --apply always so.")
    ] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Erase what is listed.")] = False,
    ahead: Annotated[
        int,
        typer.Option("--ahead", min=0, max=3650, help="Days ahead in which somebody turns 18."),
    ] = 90,
    format_: FormatOption = Format.TABLE,
) -> None:
    """List what was kept for long enough by rules/retention.yaml, and who is to be asked again.

    Nothing that may be used, that a waiver lets pass or that a pack outside holds ever goes.
    """
    if apply and dry_run:
        raise UsageError("--dry-run and --apply exclude each other", "Leave one of them out")
    say = shared.speech(context)
    erased = None
    with shared.desk(context, writing=apply, untouched=not apply) as desk:
        found, day = flow.look(desk, ahead), desk.day()
        if apply:
            with terminal.progress(say.gettext("Erasing")) as (begin, step):
                erased = flow.apply(desk, begin, step)
    if format_ is Format.JSON:
        terminal.emit({"day": day.isoformat(), **_document(found, erased)})
        return
    for line in _lines(found, erased, say):
        terminal.line(line)
    if erased is not None and not erased.clean:
        terminal.note(
            say.gettext("Another dam reads the catalogue: its file is cleaned by the next start")
        )


def _document(found: flow.Looked, erased: flow.Erased | None) -> Json:
    plan = found.plan
    return {
        "rules": len(found.rules),
        "items": [
            {
                "rule": item.rule,
                "what": item.what.value,
                "id": item.id,
                "since": item.since.isoformat(),
                "on": item.on.isoformat(),
                "by_hand": item.by_hand,
            }
            for item in plan.items
        ],
        "needed": plan.needed,
        "next": plan.next.isoformat() if plan.next else None,
        "ask_again": [
            {"consent": one.consent, "subject": one.subject, "month": one.month}
            for one in found.asked
        ],
        "erased": None if erased is None else dict(sorted(erased.counts.items())),
        "clean": None if erased is None else erased.clean,
    }


def _lines(found: flow.Looked, erased: flow.Erased | None, say: Speech) -> list[str]:
    plan = found.plan
    if not found.rules:
        return [say.gettext("There is no rules/retention.yaml: everything is kept")]
    lines: list[str] = []
    for rule in found.rules.values():
        items = [item for item in plan.items if item.rule == rule.id]
        if not items:
            continue
        lines.append(f"{rule.id}: {say.gettext(_WHATS[rule.what])}: {_count(items, erased, say)}")
        lines.append(f"  {rule.why}")
        if rule.what not in _NUMBERED:
            more = " …" if len(items) > _SHOWN else ""
            lines.append(f"  {' '.join(item.id for item in items[:_SHOWN])}{more}")
    if not plan.items:
        lines.append(say.gettext("Nothing has been kept for too long"))
    if plan.needed:
        lines.append(say.gettext("old enough, and kept since still needed: {n}", n=plan.needed))
    if plan.next:
        lines.append(say.gettext("the next goes on {day}", day=plan.next))
    lines += [
        say.gettext(
            "ask again: {subject} is of age from {month} on ({consent})",
            subject=one.subject,
            month=one.month,
            consent=one.consent,
        )
        for one in found.asked
    ]
    return lines


_SHOWN = 20
_WHATS = {
    What.REFUSED: mark("originals of refused photos"),
    What.HELD: mark("originals of held photos"),
    What.QUARANTINED: mark("quarantined files"),
    What.RESTRICTED: mark("originals in restricted hold"),
    What.OLD_SIDECARS: mark("earlier versions of sidecars, and those of no photo"),
    What.OLD_DETAILS: mark("personal details of earlier versions of records"),
    What.EVIDENCE: mark("scans and recordings of consents that ended"),
    What.LOG: mark("files of the operating log"),
    What.PREVIEWS: mark("previews"),
    What.RENDITIONS: mark("finished pictures for packs"),
}
#: Their ids say nothing to anybody.
_NUMBERED = (What.OLD_SIDECARS, What.OLD_DETAILS)


def _count(items: list[Item], erased: flow.Erased | None, say: Speech) -> str:
    if items[0].by_hand:
        return say.gettext("to be destroyed by hand: {n}", n=len(items))
    if erased is not None:
        return say.gettext("erased: {n}", n=erased.counts.get(items[0].rule, 0))
    return say.gettext("would go: {n}", n=len(items))
