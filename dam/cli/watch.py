"""`dam watch`."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import typer

from dam.adapters.inbox_watch import Watcher
from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.cli.ingest import outcome_document, tell
from dam.flows import ingest as flow
from dam.render import terminal


def register(app: typer.Typer) -> None:
    app.command("watch", epilog="Example: dam -C /srv/amal watch    (stop with Ctrl-C)")(watch)


def watch(context: typer.Context, format_: FormatOption = Format.TABLE) -> None:
    """Watch the inbox and take in what arrives, a line a photo (with json, an object a line)."""
    lang = shared.options(context).lang
    stop = threading.Event()

    def told(outcome: flow.Outcome) -> None:
        if format_ is Format.JSON:
            terminal.emit_line(outcome_document(outcome, lang))
        else:
            tell(outcome, lang)

    with shared.desk(context, writing=True, alone=True) as desk, desk.darkroom() as room:
        watcher = Watcher(desk.workspace.inbox, polling=desk.settings.polling)

        def on_signal(number: int, frame: FrameType | None) -> None:
            del number, frame
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, on_signal)
        watcher.start()
        terminal.note("Watching the inbox; stop with Ctrl-C")
        try:
            flow.watch(desk, room, watcher, told, terminal.note, stop.is_set)
        finally:
            watcher.stop()
    terminal.note("Stopped; everything taken is safe")
