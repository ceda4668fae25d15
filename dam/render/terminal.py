"""Tables, lines and progress on a terminal. Results go to standard output, the rest to error.

Colour follows NO_COLOR and the terminal; where standard output is no terminal, tables are
plain and no wider than they need to be.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from rich.console import Console  # noqa: TID251
from rich.containers import Lines  # noqa: TID251
from rich.table import Table  # noqa: TID251
from rich.text import Text  # noqa: TID251

from dam.render.lang import Speech
from dam.render.text import (
    Shown,
    clean,
    enclosed,
    isolated,
    joined,
    mended,
    right_to_left,
    wrapped,
)
from dam.render.text import columns as columns_of

STYLES = {
    "approved": "green",
    "held": "yellow",
    "refused": "red",
    "quarantined": "magenta",
    "duplicate": "cyan",
    "waiting": "dim",
}
#: Wide enough that piped tables are not folded.
_PIPE_WIDTH = 200
#: A few words of a table may be cut; one that is by so much wider than the terminal is no table.
_FOLDED = 1.25
#: Paragraphs are no wider than this.
_PAGE = 80


def output() -> Console:
    """The console for results."""
    piped = not sys.stdout.isatty()
    return Console(markup=False, highlight=False, width=_PIPE_WIDTH if piped else None)


def messages() -> Console:
    """The console for progress, notes and errors."""
    return Console(stderr=True, markup=False, highlight=False, soft_wrap=True)


def emit(document: object) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def stream(document: Mapping[str, object]) -> None:
    """As `emit`, for an object with long lists: a value that is an iterator is written an item a

    line, as they come.
    """
    out = sys.stdout
    for number, (name, value) in enumerate(document.items()):
        out.write("{\n" if number == 0 else ",\n")
        out.write(f"  {json.dumps(name)}: ")
        if not isinstance(value, Iterator):
            whole = json.dumps(value, ensure_ascii=False, indent=2)
            out.write(whole.replace("\n", "\n  "))
            continue
        before = "["
        for item in value:
            out.write(f"{before}\n    {json.dumps(item, ensure_ascii=False)}")
            before = ","
        out.write("[]" if before == "[" else "\n  ]")
    out.write("\n}\n")


def note(line: str) -> None:
    """A message on standard error."""
    messages().print(Text(clean(line, lines=True)))


def block(text: str, indent: int = 0, *, hang: int = 0, style: str = "") -> None:
    """A paragraph of result, wrapped to 80 columns or the terminal's fewer, behind `indent`

    columns; every line but the first `hang` columns further in.
    """
    out = output()
    width = min(_PAGE, out.width)
    for number, row in enumerate(wrapped(clean(text), width - indent, hang)):
        margin = " " * (indent + (hang if number else 0))
        out.print(Text(margin).append(row, style=style), soft_wrap=True)


def line(text: str, style: str = "") -> None:
    """A line of result."""
    output().print(Text(clean(text), style=style), soft_wrap=True)


def table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], spare: Sequence[int] = ()
) -> None:
    """A plain table of harmless cells; a cell that names a disposition is coloured.

    Where the terminal is too narrow for its columns, those whose numbers are `spare` are left out,
    one after the other; where that is not enough, each row is a paragraph of its own, with all.
    """
    out = output()
    every = range(len(columns))
    least = _least(columns, rows)
    left: set[int] = set()
    while least > out.width and len(left) < len(spare):
        left.add(spare[len(left)])
        kept = [n for n in every if n not in left]
        least = _least([columns[n] for n in kept], [[row[n] for n in kept] for row in rows])
    if least > out.width * _FOLDED:
        _paragraphs(columns, rows)
        return
    if left:
        columns = [columns[n] for n in kept]
        rows = [[row[n] for n in kept] for row in rows]
    gap = (0, 1) if least <= out.width else (0, 1, 0, 0)
    drawn = Table(box=None, pad_edge=False, header_style="bold", show_edge=False, padding=gap)
    for number, column in enumerate(columns):
        cells = [row[number] for row in rows]
        ids = number == 0 and not any(" " in _plain(cell) for cell in cells)
        whole = ids or any(isinstance(cell, date) for cell in cells)
        drawn.add_column(_Cell(clean(column)), overflow="fold", no_wrap=whole)
    for row in rows:
        drawn.add_row(*(_cell(value) for value in row))
    out.print(drawn)


def _least(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> int:
    """How wide a table must be for no word in it to be cut."""
    widest = [_longest(column) for column in columns]
    for row in rows:
        widest = [max(now, _longest(cell)) for now, cell in zip(widest, row, strict=True)]
    return sum(widest) + 2 * (len(widest) - 1)


def _longest(cell: object) -> int:
    return max(map(columns_of, _plain(cell).split()), default=0)


def _paragraphs(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Each row by its first cell, then what is known, behind its heading."""
    for row in rows:
        told = zip(columns[1:], map(_plain, row[1:]), strict=True)
        known = (joined(": ", (column, _apart(text))) for column, text in told if text)
        block(joined("  ", (_plain(row[0]), joined("; ", known))), hang=4)


def _apart(text: Shown) -> Shown:
    return isolated(text) if right_to_left(text) else text


def _plain(cell: object) -> Shown:
    return clean("" if cell is None else cell.text if isinstance(cell, Styled) else cell)


@dataclass(frozen=True, slots=True)
class Styled:
    """A word of a table with its colour."""

    text: str
    style: str


def disposition(value: str, say: Speech) -> Styled:
    """The word for what became of something, in its colour."""
    return Styled(say.word("disposition", value), STYLES.get(value, ""))


class _Cell(Text):
    """A cell that keeps its own direction: each of its lines is isolated from the next column."""

    def wrap(self, *args: Any, **options: Any) -> Lines:  # noqa: ANN401  (rich's own)
        lines = super().wrap(*args, **options)
        if not right_to_left(self.plain):
            return lines
        rows = mended([line.plain for line in lines])
        return Lines(Text(enclosed(Shown(row)), style=self.style, end="") for row in rows)


def _cell(value: object) -> Text:
    if isinstance(value, Styled):
        return _Cell(clean(value.text), style=value.style)
    shown = clean("" if value is None else value)
    return _Cell(shown, style=STYLES.get(shown, ""))


def outcome(source: str, became: str, where: str, why: str, say: Speech) -> None:
    """What became of one file, in one line."""
    out = output()
    word = clean(say.word("disposition", became))
    head = Text(word + " " * max(1, 11 - columns_of(word)), style=STYLES.get(became, ""))
    head.append(clean(say.ident(source)), style="bold")
    if where:
        head.append(f"  {clean(say.ident(where))}")
    if why:
        head.append(f"  {clean(why)}")
    out.print(head, soft_wrap=True)


@contextmanager
def progress(label: str) -> Iterator[tuple[Callable[[int], None], Callable[[], None]]]:
    """A bar on standard error: (begin with a total, one step). Silent where that is no terminal.

    It is there from the beginning to the last step, so that results may follow inside the block.
    """
    console = messages()
    if not console.is_terminal:
        yield (lambda total: None), (lambda: None)
        return
    from rich.progress import (  # noqa: TID251  (only where there is a bar)
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task(label, total=None)

    def begin(total: int) -> None:
        # Nothing in the inbox: what is decided again may be any number.
        bar.update(task, total=total or None)
        bar.start()

    def step() -> None:
        bar.advance(task)
        if bar.finished:
            bar.stop()

    try:
        yield begin, step
    finally:
        bar.stop()


def emit_line(document: object) -> None:
    """One JSON object on one line, at once: for streams."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    sys.stdout.flush()
