"""`dam`: the application, the options before the command, and errors as exit codes."""

from __future__ import annotations

import errno
import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dam import __version__
from dam.cli.lazy import Interrupted, LazyGroup
from dam.cli.options import Lang, Options
from dam.core.errors import DEFECT, DamError, ProblemsError

EPILOG = (
    "Exit codes: 0 fine; 1 a defect or a failing machine; 2 usage or configuration; "
    "3 findings the caller asked to fail on; 4 some inputs held, with --strict; "
    "5 integrity failure; 130 stopped by Ctrl-C."
)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
_RESUME = "Nothing was lost; running again resumes"

app = typer.Typer(
    name="dam",
    cls=LazyGroup,
    help="A photo pipeline that cannot publish a child without valid consent.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dam {__version__}")
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
    from dam.render.lang import wanted  # not for --help

    if not gc.isenabled():
        # The command's modules stay to the end: collecting garbage need not look at them.
        gc.freeze()
        gc.enable()
    # `run` holds the same object: errors are told in the language that was asked for.
    chosen = context.obj = context.find_object(Options) or Options()
    chosen.workspace, chosen.verbose = workspace, verbose
    chosen.lang = lang.value if lang else wanted(os.environ)


def _mute() -> None:
    """What Python still writes to standard output when it ends goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run() -> None:
    """The console script: errors become one message on standard error and an exit code."""
    os.umask(0o077)
    gc.disable()  # until the command is imported: nothing of that is garbage
    options = Options(lang="")
    try:
        try:
            code = app(prog_name="dam", obj=options, standalone_mode=False)
        finally:
            # Here, and not when Python ends: a full disk under the output is told in words.
            sys.stdout.flush()
    except DamError as error:
        problems = error.problems if isinstance(error, ProblemsError) else ()
        _note(options, error.what, error.hint, problems)
        sys.exit(error.exit_code)
    except typer.TyperException as error:
        from dam.cli import failing

        sys.exit(failing.misread(error, options.lang or failing.language(sys.argv[1:], os.environ)))
    except (Interrupted, KeyboardInterrupt):
        if sys.stderr.isatty():
            sys.stderr.write("\n")  # the terminal has written ^C
        _note(options, "Stopped", _RESUME)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away (`dam list | head`): nothing to tell anybody.
        _mute()
        sys.exit(0)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            _mute()
            _note(options, f"The output or the disk refuses ({error.strerror})", _RESUME)
            sys.exit(DEFECT)
        from dam.cli.context import places

        # Words of the error may hold personal data; its place in the code does not.
        where = " < ".join(places(error))
        _note(
            options,
            f"a defect in dam: {type(error).__name__} at {where}",
            "Nothing was lost; please report this line",
        )
        sys.exit(DEFECT)
    if isinstance(code, int):
        sys.exit(code)


def _note(options: Options, what: str, hint: str = "", problems: tuple[str, ...] = ()) -> None:
    """An error on standard error, in the language of this run."""
    # rich and the catalogues: not for what ends well.
    from dam.render import terminal
    from dam.render.lang import speech, wanted

    say = speech(options.lang or wanted(os.environ))
    said = say.problem(what)
    if hint:
        said = say.line("{what}. {hint}", what=said, hint=say.told(hint))
    # A line at a time, and by the layout: words of two directions are kept apart in it.
    terminal.note(say.line("dam: {told}", told=said))
    for line in problems:
        terminal.note(say.line("  {problem}", problem=say.problem(line)))


if __name__ == "__main__":
    run()
