"""`dam doctor`."""

from __future__ import annotations

import typer

from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core.errors import ConfigurationError
from dam.flows import doctor as flow
from dam.render import terminal
from dam.render.lang import speech


def register(app: typer.Typer) -> None:
    app.command("doctor", epilog="Example: dam doctor")(doctor)


def doctor(context: typer.Context, format_: FormatOption = Format.TABLE) -> None:
    """Look whether machine and workspace are fit, and say what to do (exit code 2 if not)."""
    workspace, settings = shared.place(context)
    checks = flow.examine(workspace, settings, shared.now)
    if format_ is Format.JSON:
        plain = speech(shared.options(context).lang, "plain")
        terminal.emit(
            {
                "checks": [
                    {
                        "name": c.name,
                        "fine": c.fine,
                        "level": c.level.value,
                        "found": plain.problem(c.found),
                        "advice": plain.told(c.advice),
                    }
                    for c in checks
                ]
            }
        )
    else:
        say = shared.speech(context)
        rows = [
            (
                say.word("check", c.name),
                terminal.Styled(say.word("level", c.level.value), _STYLES[c.level]),
                say.problem(c.found),
                say.told(c.advice),
            )
            for c in checks
        ]
        terminal.table(say.headings("check", "state", "found", "what to do"), rows)
    bad = [c.name for c in checks if not c.fine]
    if bad:
        raise ConfigurationError(f"Not fine: {', '.join(bad)}", "See what to do above")


_STYLES = {flow.Level.FINE: "green", flow.Level.NOTE: "yellow", flow.Level.BAD: "red"}
