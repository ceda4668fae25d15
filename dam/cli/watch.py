"""`dam watch`."""

from __future__ import annotations

import os
import signal
import stat
import threading
from collections.abc import Callable
from functools import partial

import typer

from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.adapters.inbox_watch import Watcher
from dam.adapters.notify import Notifier
from dam.adapters.pulse import Pulse
from dam.cli import context as shared
from dam.cli import ingest as passes
from dam.cli.context import Format, FormatOption
from dam.cli.ingest import outcome_document, tell
from dam.core.errors import ConfigurationError, StorageError
from dam.flows import ingest as flow
from dam.flows.hints import Hints
from dam.render import terminal
from dam.render.lang import Speech

#: How long to wait before rules that do not load are read again.
RETRY_SECONDS = 5.0
#: Told of each outcome as it comes.
Told = Callable[[Hints, flow.Outcome], None]


def register(app: typer.Typer) -> None:
    app.command("watch", epilog="Example: dam -C /srv/amal watch    (stop with Ctrl-C)")(watch)


def watch(context: typer.Context, format_: FormatOption = Format.TABLE) -> None:
    """Watch the inbox and take in what arrives, a line a photo (with json, an object a line)."""
    lang, say = shared.options(context).lang, shared.speech(context)
    stop = threading.Event()
    notifier = Notifier(os.environ)
    workspace, _ = shared.place(context)

    def end() -> None:
        stop.set()
        notifier.stopping()

    _end_by_signals(end)
    with notifier, Pulse(workspace.private, workspace.metrics) as pulse:
        health = flow.Health(notifier, pulse, shared.journal(context), shared.now)

        def told(exact: Hints, outcome: flow.Outcome) -> None:
            health.heard(outcome)
            if format_ is Format.JSON:
                terminal.emit_line(outcome_document(outcome, lang))
            else:
                tell(outcome, lang, passes.of(exact, outcome))

        _keep_watching(context, health, told, stop)
    terminal.note(say.gettext("Stopped; everything taken is safe"))


def _keep_watching(
    context: typer.Context,
    health: flow.Health,
    told: Told,
    stop: threading.Event,
) -> None:
    """Open the workspace and watch it, anew whenever its rules changed or its disk came back."""
    say = shared.speech(context)
    started, said = False, ""
    while not stop.is_set():
        try:
            with shared.desk(context, writing=True, alone=True) as desk, desk.darkroom() as room:
                if not started:
                    # Not before the workspace is ours: another dam may be at work on it.
                    terminal.note(say.gettext("Watching the inbox; stop with Ctrl-C"))
                started, said = True, ""
                _watch(desk, room, told, stop, health, say)
        except (ConfigurationError, StorageError) as error:
            if not started:
                raise
            # Rules that are being edited, a disk that is away: nothing is decided until then.
            if str(error) != said:
                said = str(error)
                terminal.note(said)
            health.unusable(error)
            stop.wait(RETRY_SECONDS)
    health.stopped()


def _end_by_signals(end: Callable[[], None]) -> None:
    """Let Ctrl-C, SIGTERM and a closed terminal end it: what is begun is finished first."""

    def hang_up(*_: object) -> None:
        # Nobody reads any more, and writing to a terminal that is gone fails.
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (1, 2):
            # A terminal that hung up no longer says that it is one.
            if stat.S_ISCHR(os.fstat(number).st_mode):
                os.dup2(nowhere, number)
        end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end())
    # Under nohup it stays ignored.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, hang_up)


def _watch(
    desk: Desk,
    room: Darkroom,
    told: Told,
    stop: threading.Event,
    health: flow.Health,
    say: Speech,
) -> None:
    settings = desk.settings
    watcher = Watcher(
        desk.workspace.inbox, polling=settings.polling, poll_seconds=settings.scan_seconds
    )
    watcher.start()
    try:
        health.began(desk)
        if flow.watch(
            desk,
            room,
            watcher,
            partial(told, Hints(desk)),
            partial(_note, say),
            stop.is_set,
            vitals=health,
        ):
            _note(say, "The rules changed; everything is decided again")
            health.reloading()
    finally:
        watcher.stop()


def _note(say: Speech, line: str) -> None:
    terminal.note(say.problem(line))
