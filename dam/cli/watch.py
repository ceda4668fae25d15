"""`dam watch`."""

from __future__ import annotations

import signal
import threading

import typer

from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.adapters.inbox_watch import Watcher
from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.cli.ingest import outcome_document, tell
from dam.core.errors import ConfigurationError
from dam.flows import ingest as flow
from dam.render import terminal

#: How long to wait before rules that do not load are read again.
RETRY_SECONDS = 5.0


def register(app: typer.Typer) -> None:
    app.command("watch", epilog="Example: dam -C /srv/amal watch    (stop with Ctrl-C)")(watch)


def watch(context: typer.Context, format_: FormatOption = Format.TABLE) -> None:
    """Watch the inbox and take in what arrives, a line a photo (with json, an object a line)."""
    lang, say = shared.options(context).lang, shared.speech(context)
    stop = threading.Event()

    def told(outcome: flow.Outcome) -> None:
        if format_ is Format.JSON:
            terminal.emit_line(outcome_document(outcome, lang))
        else:
            tell(outcome, lang)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    terminal.note(say.gettext("Watching the inbox; stop with Ctrl-C"))
    started = False
    while not stop.is_set():
        try:
            with shared.desk(context, writing=True, alone=True) as desk, desk.darkroom() as room:
                started = True
                _watch(desk, room, told, stop)
        except ConfigurationError as error:
            if not started:
                raise
            # Rules that are being edited: nothing is decided until they are in order again.
            terminal.note(str(error))
            stop.wait(RETRY_SECONDS)
    terminal.note(say.gettext("Stopped; everything taken is safe"))


def _watch(desk: Desk, room: Darkroom, told: flow.Listener, stop: threading.Event) -> None:
    watcher = Watcher(desk.workspace.inbox, polling=desk.settings.polling)
    watcher.start()
    try:
        if flow.watch(desk, room, watcher, told, terminal.note, stop.is_set):
            terminal.note("The rules changed; everything is decided again")
    finally:
        watcher.stop()
