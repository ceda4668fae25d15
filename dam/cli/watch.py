"""`dam watch`."""

from __future__ import annotations

import os
import signal
import threading

import typer

from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.adapters.inbox_watch import Watcher
from dam.adapters.notify import Notifier
from dam.adapters.pulse import Pulse
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
    notifier = Notifier(os.environ)
    workspace, _ = shared.place(context)

    def end(*_: object) -> None:
        stop.set()
        notifier.stopping()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    terminal.note(say.gettext("Watching the inbox; stop with Ctrl-C"))
    with notifier, Pulse(workspace.private, workspace.metrics) as pulse:
        health = flow.Health(notifier, pulse, shared.journal(context), shared.now)

        def told(outcome: flow.Outcome) -> None:
            health.heard(outcome)
            if format_ is Format.JSON:
                terminal.emit_line(outcome_document(outcome, lang))
            else:
                tell(outcome, lang)

        _keep_watching(context, health, told, stop)
    terminal.note(say.gettext("Stopped; everything taken is safe"))


def _keep_watching(
    context: typer.Context, health: flow.Health, told: flow.Listener, stop: threading.Event
) -> None:
    """Open the workspace and watch it, anew whenever its rules changed."""
    started = False
    while not stop.is_set():
        try:
            with shared.desk(context, writing=True, alone=True) as desk, desk.darkroom() as room:
                started = True
                _watch(desk, room, told, stop, health)
        except ConfigurationError as error:
            if not started:
                raise
            # Rules that are being edited: nothing is decided until they are in order again.
            terminal.note(str(error))
            health.unusable(error)
            stop.wait(RETRY_SECONDS)
    health.stopped()


def _watch(
    desk: Desk, room: Darkroom, told: flow.Listener, stop: threading.Event, health: flow.Health
) -> None:
    watcher = Watcher(desk.workspace.inbox, polling=desk.settings.polling)
    watcher.start()
    try:
        health.began(desk)
        if flow.watch(desk, room, watcher, told, terminal.note, stop.is_set, vitals=health):
            terminal.note("The rules changed; everything is decided again")
            health.reloading()
    finally:
        watcher.stop()
