"""How a command that cannot go on tells it, in the language that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import typer

from dam.core.errors import USAGE
from dam.render import terminal
from dam.render.lang import LANGUAGES, Speech, speech, wanted

_NO_DAY = "does not match the formats '%Y-%m-%d'"
#: What stands behind an option of dam itself in an example of it.
_VALUES = {"--lang": " fr", "-C": " DIR"}


def language(words: Sequence[str], environ: Mapping[str, str]) -> str:
    """What `--lang` names, wherever it stands and whatever else cannot be read; else the locale."""
    for number, word in enumerate(words):
        name, _, value = word.partition("=")
        if name == "--lang":
            told = value or next(iter(words[number + 1 : number + 2]), "")
            if told in LANGUAGES:
                return told
    return wanted(environ)


def _misplaced(error: typer.TyperException, say: Speech) -> str:
    """What is said of an option of dam itself that stands behind the command; "" for others."""
    option, context = getattr(error, "option_name", ""), getattr(error, "ctx", None)
    if not option or context is None or context.parent is None:
        return ""
    whole = context.find_root()
    for param in whole.command.params:
        if option in param.opts:
            value = _VALUES.get(option, "")
            rest = context.command_path.removeprefix(whole.command_path)
            example = f"{whole.command_path} {option}{value}{rest}"
            return say.gettext(
                "{option} stands before the command: {example}", option=option, example=example
            )
    return ""


def misread(error: typer.TyperException, lang: str) -> int:
    """An error of Typer's reader of arguments as one line; its exit code.

    Its classes are not Typer's public ones: what is used of them is looked for first.
    """
    code = int(getattr(error, "exit_code", USAGE))
    if type(error).__name__ == "NoArgsIsHelpError":
        # The help has been shown, which was all there was to say.
        return code
    say = speech(lang)
    form = getattr(error, "format_message", None)
    found = str(form() if form is not None else error).replace(": Value error, ", ": ")
    # Choices come a line each, days as the letters of strftime.
    found = " ".join(found.replace(_NO_DAY, "is not a date written YYYY-MM-DD").split())
    told = _misplaced(error, say) or say.told(found)
    if not found.endswith((".", "?")):
        told = say.line("{what}.", what=told)
    context = getattr(error, "ctx", None)
    if context is not None:
        more = say.gettext("See {command} --help", command=context.command_path)
        told = say.line("{what} {more}", what=told, more=more)
    terminal.note(say.line("dam: {told}", told=told))
    return code
