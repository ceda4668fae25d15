"""The commands of `dam`, each imported when it is asked for: start-up pays for one, not for all."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from dam.cli import system, values
from dam.cli.options import Lang, Options


class Interrupted(Exception):
    """Ctrl-C, past what Typer would make of it without a word."""


DAILY = "Photographs"
PEOPLE = "Consent"
OUT = "Giving out"
PROOF = "Proof and keeping"
HOUSE = "The workspace"


@dataclass(frozen=True, slots=True)
class Known:
    """What help and completion say of a command without its module in `dam.cli`.

    `line` is the first paragraph of its own help; tests hold the two together.
    """

    module: str
    panel: str
    line: str


COMMANDS = {
    "init": Known(
        "setup",
        HOUSE,
        "Make a workspace: rules to edit, an inbox, an archive, and the private .dam folder.",
    ),
    "doctor": Known(
        "doctor",
        HOUSE,
        "Look whether machine and workspace are fit, and say what to do (exit code 2 if not).",
    ),
    "rules": Known("rulebook", HOUSE, "The rules that decide: check, test, list, facts."),
    "ingest": Known(
        "ingest",
        DAILY,
        "Take in what lies in the inbox: approved photographs are filed, others held with a "
        "reason.",
    ),
    "watch": Known(
        "watch",
        DAILY,
        "Watch the inbox and take in what arrives, a line a photo (with json, an object a line).",
    ),
    "status": Known(
        "answers",
        DAILY,
        "How many photographs stand where, what waits, and whether a watcher runs.",
    ),
    "list": Known("answers", DAILY, "Every photograph with its id and where it stands."),
    "show": Known(
        "answers",
        DAILY,
        "Everything known of one photograph: facts with sources, consents, decisions.",
    ),
    "explain": Known(
        "explain",
        DAILY,
        "Why a photograph may or may not be used: each rule with its clause and the evidence.",
    ),
    "redact": Known(
        "redact",
        DAILY,
        "Destroy regions drawn by hand in every rendition of a photograph.",
    ),
    "consent": Known(
        "consent",
        PEOPLE,
        "The register of consents: import, list, show, renew, withdraw, erase, template.",
    ),
    "tombstone": Known(
        "tombstone",
        PEOPLE,
        "Copies of photos that were taken back: list, settle, export.",
    ),
    "waive": Known(
        "waive",
        PEOPLE,
        "Let one photograph pass one rule that holds it, until a day: a decision on record.",
    ),
    "export": Known(
        "export",
        OUT,
        "Make a press pack of what may be used for this purpose today; everything is decided "
        "again.",
    ),
    "packs": Known(
        "packs",
        OUT,
        "Every press pack that went out: when, to whom, for what, and until when.",
    ),
    "recall": Known(
        "recall",
        OUT,
        "Ask who has a pack to stop using pictures of it: PACK, list, ack, remind.",
    ),
    "credentials": Known(
        "credentials",
        OUT,
        "The certificate that `dam export --c2pa` signs pictures with: create, show.",
    ),
    "audit": Known(
        "audit",
        PROOF,
        "What is held, who is shown on whose consent until when, and what is wrong.",
    ),
    "ledger": Known("ledger", PROOF, "What was done in this workspace, sealed event by event."),
    "verify": Known(
        "verify",
        PROOF,
        "Check ledger, checkpoints, originals, archive, packs and caches; exit code 5 on a "
        "failure.",
    ),
    "backup": Known(
        "backup",
        PROOF,
        "Write everything into one encrypted file; works beside `dam watch` and exports.",
    ),
    "restore": Known(
        "restore",
        PROOF,
        "Make a workspace from a backup, and take back again what was taken back since.",
    ),
    "retention": Known(
        "retention",
        PROOF,
        "List what was kept for long enough by rules/retention.yaml, and who is to be asked again.",
    ),
}


@cache
def _of(module: str) -> Mapping[str, Any]:
    """The commands of a module in `dam.cli`. Once a process: a group takes each of its own commands

    again whenever it is asked to.
    """
    part = typer.Typer()
    importlib.import_module(f"dam.cli.{module}").register(part)
    return get_group(part).commands


class Commands(MutableMapping[str, Any]):
    """The commands by name; asking for one imports its module, listing names imports nothing."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401  (click's own)
        if name not in self._loaded:
            module = COMMANDS[name].module
            system.require()
            self._loaded[name] = _of(module)[name]
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:  # noqa: ANN401  (click's own)
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        raise TypeError("The commands of dam are fixed")

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)

    def __contains__(self, name: object) -> bool:
        return name in COMMANDS


class LazyGroup(TyperGroup):
    """The group of `dam`: its help and the completion of its commands' names import none."""

    def __init__(self, **attrs: Any) -> None:  # noqa: ANN401  (click's own)
        super().__init__(**attrs)
        self.commands = Commands()
        self._listing = False

    @contextmanager
    def _listed(self) -> Iterator[None]:
        self._listing = True
        try:
            yield
        finally:
            self._listing = False

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401  (click's own)
        known = COMMANDS.get(cmd_name)
        if known is None or not self._listing:
            found = super().get_command(ctx, cmd_name)
            if found is not None:
                values.plain(found, ctx)
            return found
        return TyperCommand(cmd_name, help=known.line, rich_help_panel=known.panel)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  (click's own)
        if isinstance(ctx.obj, Options) and (lang := ctx.params.get("lang")):
            # Before the command is looked up: what goes wrong there is told in it, too.
            ctx.obj.lang = lang.value if isinstance(lang, Lang) else str(lang)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted from None
        except BrokenPipeError:
            # Typer would exit with 1. Nobody reads any more, and that is nobody's fault.
            raise typer.Exit(0) from None

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401  (click's own)
        return list(COMMANDS)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  (click's own)
        with self._listed():
            values.own(self, ctx)
            super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:  # noqa: ANN401
        with self._listed():
            return super().shell_complete(ctx, incomplete)
