"""What stands for the values of options in help: the words of docs/reference, nothing for a flag.

Typer names Python's types there (`<bool>`, `<list[str]>`) and dates by the letters of strftime.
"""

from __future__ import annotations

from typing import Any

#: By the end of what Typer shows; choices stay as they are.
_WORDS = {
    "<str>": "TEXT",
    "<list[str]>": "TEXT",
    "<path>": "PATH",
    "<list[path]>": "PATH",
    "<%Y-%m-%d>": "DAY",
    "<int>": "N",
    "<int range>": "N",
    "<float>": "N",
}


def plain(command: Any, context: Any) -> None:  # noqa: ANN401  (Typer's own)
    """Name the values of a command's options, and of those below it, for people."""
    own(command, context)
    for below in getattr(command, "commands", {}).values():
        plain(below, context)


def own(command: Any, context: Any) -> None:  # noqa: ANN401  (Typer's own)
    """The same for the options of one command alone."""
    help_option = command.get_help_option(context)
    for param in (*command.params, *([help_option] if help_option is not None else ())):
        if param.param_type_name != "option" or param.metavar is not None:
            continue
        shown = "" if param.is_flag else param.display_type(context)
        choices = shown.removeprefix("<list[").removesuffix("]>")
        param.metavar = _WORDS.get(shown, f"<{choices}>" if choices != shown else shown)
