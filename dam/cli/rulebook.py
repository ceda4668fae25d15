"""`dam rules check|test|list|facts`."""

from __future__ import annotations

import typer

from dam.adapters.desk_rules import PURPOSES, load_pack, read_folder, read_rule_file
from dam.adapters.marks import read_marks
from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core import retention, schema
from dam.core.model import Purpose
from dam.core.presets import load_presets
from dam.core.rules import RulePack
from dam.core.watermark import Marks, load_marks
from dam.render import terminal
from dam.render.text import said

rules = typer.Typer(
    no_args_is_help=True,
    help="The rules that decide: check, test, list, facts.",
    epilog="Examples: dam rules check; dam --lang fr rules list",
)


def register(app: typer.Typer) -> None:
    rules.command("check", epilog="Example: dam rules check")(check)
    rules.command("test", epilog="Example: dam rules test --format json")(examples)
    rules.command("list", epilog="Example: dam --lang fr rules list")(list_)
    rules.command("facts", epilog="Example: dam rules facts")(facts)
    app.add_typer(rules, name="rules")


def _pack(context: typer.Context) -> RulePack:
    return load_pack(shared.place(context)[0])


def _marks(context: typer.Context) -> Marks:
    rules_ = shared.place(context)[0].rules
    return load_marks(read_marks(rules_), rules_.name)


def check(context: typer.Context, format_: FormatOption = Format.TABLE) -> None:
    """Read every rule, the watermark, the presets of packs and how long things are kept; every
    problem of one kind is told at once (exit code 2)."""
    pack = _pack(context)
    folder = shared.place(context)[0].rules
    load_presets(read_folder(folder, PURPOSES), _marks(context))
    if (folder / "retention.yaml").exists():
        retention.load(read_rule_file(folder / "retention.yaml", retention.WHERE))
    if format_ is Format.JSON:
        terminal.emit({"rules": len(pack.rules), "digest": pack.digest})
        return
    say = shared.speech(context)
    terminal.line(
        say.gettext(
            "{n} rules are in order; digest {digest}", n=len(pack.rules), digest=pack.digest
        )
    )


def examples(context: typer.Context, format_: FormatOption = Format.TABLE) -> None:
    """Run the examples of every rule; one that does not come out as it says is an error."""
    pack = _pack(context)
    counts = [
        (r.id, len(r.file.examples.passing), len(r.file.examples.failing)) for r in pack.rules
    ]
    if format_ is Format.JSON:
        terminal.emit(
            {"rules": [{"id": i, "pass": p, "fail": f} for i, p, f in counts], "failures": []}
        )
        return
    terminal.table(("rule", "passing", "failing"), counts)
    total = sum(p + f for _, p, f in counts)
    say = shared.speech(context)
    terminal.line(
        say.gettext(
            "{n} examples of {rules} rules come out as they say", n=total, rules=len(counts)
        )
    )


def list_(context: typer.Context, format_: FormatOption = Format.TABLE) -> None:
    """The rules with what they do and the clause they enforce."""
    lang = shared.options(context).lang
    pack = _pack(context)
    drawn = _marks(context)
    marks = {purpose.value: drawn.name(purpose) for purpose in Purpose}
    if format_ is Format.JSON:
        terminal.emit(
            {
                "digest": pack.digest,
                "marks": marks,
                "rules": [
                    {
                        "id": r.id,
                        "title": r.file.title.model_dump(),
                        "otherwise": r.file.otherwise.value,
                        "purposes": r.file.purposes
                        if r.file.purposes == "all"
                        else [p.value for p in r.file.purposes],
                        "source": r.file.source,
                    }
                    for r in pack.rules
                ],
            }
        )
        return
    terminal.table(
        ("rule", "otherwise", "title", "source"),
        [
            (r.id, r.file.otherwise.value, said(r.file.title.model_dump(), lang), r.file.source)
            for r in pack.rules
        ],
    )
    terminal.line("marks: " + ", ".join(f"{name} {style}" for name, style in marks.items()))


def facts(format_: FormatOption = Format.TABLE) -> None:
    """Every fact a rule can ask for, with its type."""
    found = schema.leaves()
    if format_ is Format.JSON:
        terminal.emit({"facts": [{"name": n, "type": f.kind, "means": f.doc} for n, f in found]})
        return
    terminal.table(("fact", "type", "means"), [(n, f.kind, f.doc) for n, f in found])
