"""`dam doctor`."""

from __future__ import annotations

import typer

from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core.errors import ConfigurationError
from dam.flows import doctor as flow
from dam.render import terminal


def register(app: typer.Typer) -> None:
    app.command("doctor", epilog="Example: dam doctor")(doctor)


def doctor(context: typer.Context, format_: FormatOption = Format.TABLE) -> None:
    """Look whether machine and workspace are fit, and say what to do (exit code 2 if not)."""
    with shared.desk(context) as desk:
        checks = flow.examine(desk)
    if format_ is Format.JSON:
        terminal.emit(
            {
                "checks": [
                    {"name": c.name, "fine": c.fine, "found": c.found, "advice": c.advice}
                    for c in checks
                ]
            }
        )
    else:
        rows = [(c.name, "fine" if c.fine else "not fine", c.found, c.advice) for c in checks]
        terminal.table(("check", "", "found", "what to do"), rows)
    bad = [c.name for c in checks if not c.fine]
    if bad:
        raise ConfigurationError(f"Not fine: {', '.join(bad)}", "See what to do above")
