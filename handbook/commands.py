"""The page of commands, out of the Typer application: what `--help` says, and the exit codes."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Iterator
from typing import Any

import typer

from dam.cli import values
from dam.cli.main import EPILOG, app
from handbook.tables import cell, table

HEAD = """\
# Commands

`dam --help` and `dam COMMAND --help` say the same; this page is made from the program.
`-C`, `--lang` and `-v` stand before the command: `dam -C ~/amal --lang fr list`.

"""


def page() -> str:
    """The whole page, in Markdown."""
    whole: Any = typer.main.get_command(app)
    values.plain(whole, typer.Context(whole))
    parts = [HEAD, "## Exit codes\n\n", _codes(), "\n## Before the command\n\n", _options(whole)]
    parts += [
        "\n`dam --install-completion` sets up completion for bash, zsh or fish; "
        "`--show-completion` prints it.\n"
    ]
    for path, command in _walk(whole, "dam"):
        parts.append(_section(path, command))
    return "".join(parts)


def _codes() -> str:
    """The exit codes as the program's own help lists them."""
    said = EPILOG.removeprefix("Exit codes: ").removesuffix(".").split("; ")
    return table(("code", "means"), [one.split(" ", 1) for one in said])


def _walk(group: Any, path: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  (Typer's own)
    for name, command in group.commands.items():
        if not command.hidden:
            yield f"{path} {name}", command
            if hasattr(command, "commands"):
                yield from _walk(command, f"{path} {name}")


def _section(path: str, command: Any) -> str:  # noqa: ANN401
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    words = [path, *(f"[{_value(p)}]" if not p.required else _value(p) for p in arguments)]
    if hasattr(command, "commands"):
        words.append("COMMAND")
    level = "##" if path.count(" ") == 1 else "###"
    parts = [f"\n{level} {path}\n\n```text\n{' '.join(words)}\n```\n\n"]
    parts.append(f"{cell(inspect.cleandoc(command.help or ''))}\n")
    if arguments:
        rows = [(_words(p), _help(p)) for p in arguments]
        parts.append("\n" + table(("argument", "means"), rows))
    if options := _options(command):
        parts.append("\n" + options)
    if command.epilog:
        said = command.epilog.partition(": ")[2]
        examples = [line.strip() for line in _examples(said)]
        parts.append("\n```sh\n" + "\n".join(examples) + "\n```\n")
    return "".join(parts)


def _examples(said: str) -> Iterator[str]:
    """The commands of an epilog, one by one: each begins with `dam`."""
    for part in said.replace(";", "\n").replace("    ", "\n").splitlines():
        if part.strip().startswith("dam "):
            yield part
        elif part.strip():
            yield f"# {part.strip(' ()')}"


def _options(command: Any) -> str:  # noqa: ANN401
    shown = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    rows = []
    for p in shown:
        if "completion" in p.name:
            continue
        names = ", ".join(f"`{name}`" for name in p.opts)
        value = "" if p.is_flag else f" {_words(p)}"
        rows.append((names + value, _help(p)))
    return table(("option", "means"), rows) if rows else ""


def _choices(p: Any) -> list[str]:  # noqa: ANN401
    kind, shown = p.type_descriptor.annotation, str(p.metavar or "")
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [str(word.value) for word in kind]
    return shown.strip("<>").split("|") if shown.startswith("<") else []


def _value(p: Any) -> str:  # noqa: ANN401
    """What stands for the value: what help calls it, or the name of an argument."""
    return str(p.metavar or p.name.upper().rstrip("_"))


def _words(p: Any) -> str:  # noqa: ANN401
    """The words that it can be, else what stands for it."""
    return ", ".join(f"`{word}`" for word in _choices(p)) or f"`{_value(p)}`"


def _help(p: Any) -> str:  # noqa: ANN401
    """Its help, whether it must be given or may be repeated, and what it is otherwise."""
    said = [cell(p.help or "")]
    if p.required and p.param_type_name == "option":
        said.append("Needed.")
    default = p.default
    if isinstance(default, enum.Enum):
        default = default.value
    if default not in (None, "", False) and not p.required:
        said.append(f"Else `{default}`.")
    return " ".join(said)
