"""The options before the command, and the one that nearly every command has.

Imported by `dam --help`: nothing big here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer


class Format(enum.StrEnum):
    TABLE = "table"
    JSON = "json"


class Lang(enum.StrEnum):
    EN = "en"
    FR = "fr"
    AR = "ar"


@dataclass(slots=True)
class Options:
    """The options before the command."""

    workspace: Path | None = None
    lang: str = "en"
    verbose: bool = False


FormatOption = Annotated[
    Format, typer.Option("--format", help="A table for people or one JSON object for scripts.")
]
