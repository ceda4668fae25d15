"""The documentation as tests see it: its pages, the code in them, the commands in that."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_FENCE = re.compile(r"^( *)```(\w*).*\n((?:.*\n)*?)\1```$", re.M)
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_CRON = re.compile(r"^(?:[0-9*]+ ){5} ?(?=dam )")


def pages() -> list[Path]:
    """README and everything in docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@dataclass(frozen=True, slots=True)
class Block:
    """Code on a page: fenced, in the language `lang`, or indented by four columns, without one."""

    page: str
    number: int
    lang: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.number}"

    @property
    def lines(self) -> list[str]:
        """Its lines without comments, those that a backslash breaks as one."""
        whole = re.sub(r"\s*\\\n\s*", " ", self.text)
        bare = (_COMMENT.sub("", line).strip() for line in whole.splitlines())
        return [_CRON.sub("", line) for line in bare if line]

    @property
    def schema(self) -> str:
        """`photo` of a file that begins with `schema: dam/photo/1`, else nothing."""
        said = re.match(r"(?:#.*\n)*schema: dam/(\w+)/1$", self.text, re.M)
        return said[1] if said else ""

    @property
    def runs(self) -> bool:
        return self.lang not in ("console", "text") and any(
            line.startswith("dam ") for line in self.lines
        )


def blocks(path: Path) -> Iterator[Block]:
    """Every block of a page. What blank lines part in an indented one are blocks of their own."""
    page, text = str(path.relative_to(ROOT)), path.read_text("utf-8") + "\n"
    for found in _FENCE.finditer(text):
        number = text.count("\n", 0, found.start()) + 1
        body = re.sub(f"^{found[1]}", "", found[3], flags=re.M)
        yield Block(page, number, found[2], body)
    bare = _FENCE.sub(lambda m: "\n" * m.group().count("\n"), text)
    for found in re.finditer(r"(?<=\n\n)(?: {4}.*\n)+", bare):
        number = bare.count("\n", 0, found.start()) + 1
        yield Block(page, number, "", textwrap.dedent(found.group()))


def inline(path: Path) -> Iterator[str]:
    """Commands in the prose of a page: `dam ...` in backticks."""
    text = _FENCE.sub("", path.read_text("utf-8") + "\n")
    for found in re.finditer(r"`(dam [^`]+)`", text):
        yield " ".join(found[1].split())


def words(line: str) -> list[str]:
    """A command as a shell takes it apart; optional parts in brackets are given."""
    return shlex.split(re.sub(r"\[(-[^\]]+)\]", r"\1", line))
