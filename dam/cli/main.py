"""`dam`: the application, the options before the command, and errors as exit codes."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dam import __version__
from dam.cli import (
    answers,
    audit,
    backup,
    consent,
    credentials,
    doctor,
    explain,
    export,
    failing,
    ingest,
    ledger,
    packs,
    recall,
    redact,
    restore,
    retention,
    rulebook,
    setup,
    tombstone,
    verify,
    waive,
    watch,
)
from dam.cli import context as shared
from dam.cli.context import Lang, Options
from dam.core.errors import DEFECT, DamError
from dam.render import terminal
from dam.render.lang import wanted

EPILOG = (
    "Exit codes: 0 fine; 1 a defect or a failing machine; 2 usage or configuration; "
    "3 findings the caller asked to fail on; 4 some inputs held, with --strict; "
    "5 integrity failure."
)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
_RESUME = "Nothing was lost; running again resumes"

app = typer.Typer(
    name="dam",
    help="A photo pipeline that cannot publish a child without valid consent.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        terminal.line(f"dam {__version__}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option("-C", metavar="DIR", help="The workspace, instead of the current folder."),
    ] = None,
    lang: Annotated[
        Lang | None, typer.Option("--lang", help="Language of reasons; else from the locale.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Say on standard error what goes into the log.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """A photo pipeline that cannot publish a child without valid consent."""
    del version
    context.obj = Options(workspace, lang.value if lang else wanted(os.environ), verbose)


setup.register(app)
ingest.register(app)
watch.register(app)
answers.register(app)
explain.register(app)
consent.register(app)
tombstone.register(app)
waive.register(app)
redact.register(app)
audit.register(app)
export.register(app)
packs.register(app)
recall.register(app)
credentials.register(app)
ledger.register(app)
verify.register(app)
rulebook.register(app)
backup.register(app)
restore.register(app)
retention.register(app)
doctor.register(app)


def _mute() -> None:
    """What Python still writes to standard output when it ends goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run() -> None:
    """The console script: errors become one message on standard error and an exit code."""
    os.umask(0o077)
    try:
        try:
            code = app(standalone_mode=False)
        finally:
            # Here, and not when Python ends: a full disk under the output is told in words.
            sys.stdout.flush()
    except DamError as error:
        failing.tell(error, failing.language(sys.argv[1:], os.environ))
        sys.exit(error.exit_code)
    except typer.TyperException as error:
        sys.exit(failing.misread(error, failing.language(sys.argv[1:], os.environ)))
    except KeyboardInterrupt:
        terminal.note("dam: stopped")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away (`dam list | head`): nothing to tell anybody.
        _mute()
        sys.exit(0)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            _mute()
            terminal.note(f"dam: The output or the disk refuses ({error.strerror}). {_RESUME}")
            sys.exit(DEFECT)
        # Words of the error may hold personal data; its place in the code does not.
        places = " < ".join(shared.places(error))
        terminal.note(
            f"dam: a defect in dam: {type(error).__name__} at {places}. Nothing was lost; "
            "please report this line"
        )
        sys.exit(DEFECT)
    if isinstance(code, int):
        sys.exit(code)


if __name__ == "__main__":
    run()
