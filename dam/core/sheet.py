"""A register kept in a spreadsheet: rows of cells -> consent records, or every problem at once.

One row is one consent record; further rows of the same `id` add givers and events to it.
The first row that is not empty names the columns, in English, French or Arabic, without
regard to case, accents and punctuation. A heading that begins with `#` is a note.

A cell is never repeated in a problem: columns slip, and then a name stands where a word
belongs. The file, the row, the column and the allowed words are told instead.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from pydantic import ValidationError

from dam.core import tree as trees
from dam.core.columns import BY_NAME, COLUMNS, EXAMPLE_WORDS, Column, Kind, fold
from dam.core.model import Problem
from dam.core.record import ConsentItem, NamedItem
from dam.core.sidecar import Parsed, validation_problems
from dam.core.tree import Node, Path, Tree


@dataclass(frozen=True, slots=True)
class Unfit:
    """A cell that no statement can rest on (a formula, an error); `advice` says what to do."""

    advice: str


#: Text as written (`""` for an empty cell), a calendar date, or a cell that must not be used.
Cell: TypeAlias = str | date | Unfit


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the spreadsheet counts it, from 1."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The records of a table, each with the row it begins in.

    `examples` rows of the template were left out.
    """

    items: tuple[NamedItem, ...]
    rows: tuple[int, ...] = ()
    examples: int = 0


_LIST = re.compile(r"[\s,;،؛]+")
_PATTERNS = re.compile(r"[\n,;،؛]+")
_DASHES = str.maketrans("\u2010\u2011\u2012\u2013\u2212", "-----")
_HIDDEN = frozenset({"Cc", "Cs", "Co", "Cn"})
_AS_DATE = "a spreadsheet makes a date of 6-11: format the column as text and write it again"
#: Nothing longer than this can have been meant as one of our words.
_LONGEST_WORD = 40
#: More than anybody mends in one go; the rest are counted.
MAX_PROBLEMS = 500
_REQUIRED = ("id", "subject", "purposes", "territories", "valid_from", "state", "state_on")
_GIVER = (
    "giver_role", "giver_method", "giver_on", "giver_name", "giver_contact", "witness",
    "authority_evidence",
)  # fmt: skip
_EVENT = ("state", "state_on")
_GROUPED = frozenset((*_GIVER, *_EVENT))


def parse(rows: Iterable[Row], where: str) -> Parsed[Sheet]:
    """Read a table. `where` is the file as problems name it; every problem of every row is told."""
    filled = [row for row in rows if any(_filled(cell) for cell in row.cells)]
    reading = _Reading(where)
    if not filled:
        reading.add(None, "", "the table is empty")
        return reading.result([])
    head = reading.head(filled[0])
    if not head:
        return reading.result([])
    groups: dict[str, list[_Line]] = {}
    for row in filled[1:]:
        line = reading.line(row, head)
        if line is not None:
            groups.setdefault(line.words.get("id") or f"row {row.number}", []).append(line)
    read = [(reading.record(lines), lines[0].number) for lines in groups.values()]
    if not read and not reading.problems:
        reading.add(None, "", _no_record(reading.examples))
    return reading.result([(item, row) for item, row in read if item is not None])


def rows_of(item: ConsentItem) -> list[dict[str, str]]:
    """A record as rows by column, as far as a table can tell it.

    What has no column (controller, risk decision, evidence, who told an event and why, content
    hashes, regions) is left out.
    """
    body = item.model_dump(mode="json", exclude_unset=True)
    plain: dict[str, str] = {}
    for column in COLUMNS:
        if column.name not in _GROUPED and (text := _written(_get(body, column.path))):
            plain[column.name] = text
    if photos := [a.match for a in item.assets if a.match]:
        plain["photos"] = "; ".join(photos)
    givers: list[dict[str, str]] = []
    for giver in item.givers:
        cells = {
            "giver_role": giver.role.value,
            "giver_method": giver.method.value,
            "giver_on": giver.on.isoformat(),
        }
        apart = {
            "giver_name": getattr(giver, "name", None),
            "giver_contact": getattr(giver, "contact", None),
            "witness": giver.witness,
            "authority_evidence": giver.authority_evidence,
        }
        givers.append(cells | {name: text for name, text in apart.items() if text})
    events = [{"state": e.state.value, "state_on": e.on.isoformat()} for e in item.events]
    rows = []
    for number in range(max(len(givers), len(events), 1)):
        row = plain if number == 0 else {"id": plain["id"], "subject": plain["subject"]}
        for told in (givers, events):
            row = row | (told[number] if number < len(told) else {})
        rows.append(row)
    return rows


def template(item: ConsentItem, lang: str) -> list[list[str]]:
    """Header and example rows of an empty table; the example's `id` marks it as one."""
    table = [[column.heading(lang) for column in COLUMNS]]
    for row in rows_of(item):
        row["id"] = f"#{EXAMPLE_WORDS[lang]} {row['id']}"
        table.append([row.get(column.name, "") for column in COLUMNS])
    return table


def _get(body: Mapping[str, object], path: Path) -> object:
    node: object = body
    for piece in path:
        node = node.get(piece) if isinstance(node, Mapping) else None
    return node


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value)) if all(isinstance(v, str) for v in value) else ""
    return "" if value is None else str(value)


def _filled(cell: Cell) -> bool:
    return not isinstance(cell, str) or bool(cell.strip())


def _no_record(examples: int) -> str:
    left = " (the rows marked as examples are left out)" if examples else ""
    return f"no consent record in this file{left}"


@dataclass(slots=True)
class _Line:
    """The usable cells of one row, by column; `spoilt` are columns already complained of."""

    number: int
    words: dict[str, str] = field(default_factory=dict)
    spoilt: set[str] = field(default_factory=set)


class _Reading:
    """Collects what is wrong with one table."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.examples = 0
        self.problems: list[tuple[int, Problem]] = []
        #: How the file's own header spells each column.
        self.spelt: dict[str, str] = {}
        self.absent: set[str] = set()
        #: Places whose heading is a note to the reader, or was already complained of.
        self.aside: set[int] = set()

    def add(self, row: int | None, column: str, message: str) -> None:
        where = self.where if row is None else f"{self.where}, row {row}"
        name = self.spelt.get(column, column)
        self.problems.append((row or 0, Problem(where, None, name, message)))

    def result(self, read: Sequence[tuple[NamedItem, int]]) -> Parsed[Sheet]:
        if not self.problems:
            items, rows = tuple(item for item, _ in read), tuple(row for _, row in read)
            return Parsed(Sheet(items, rows, self.examples))
        ordered = sorted(self.problems, key=lambda pair: pair[0])
        told = tuple(dict.fromkeys(problem for _, problem in ordered))
        if len(told) > MAX_PROBLEMS:
            more = Problem(self.where, None, "", f"and {len(told) - MAX_PROBLEMS} problems more")
            told = (*told[:MAX_PROBLEMS], more)
        return Parsed(None, told)

    def head(self, row: Row) -> dict[int, Column]:
        """The columns by their place, from 0; empty where this is no header at all."""
        found: dict[int, Column] = {}
        unknown: list[tuple[int, str]] = []
        for place, cell in enumerate(row.cells):
            text = cell if isinstance(cell, str) else "?"
            column = BY_NAME.get(fold(text))
            if column is not None and column.name not in self.spelt:
                found[place] = column
                self.spelt[column.name] = column.spelling(text)
            elif text.strip():
                self.aside.add(place)
                if column is not None:
                    self.add(row.number, column.name, "this column stands twice: keep one")
                elif not text.lstrip().startswith("#"):
                    unknown.append((place, fold(text)))
        if not found:
            words = ", ".join(_REQUIRED)
            self.add(row.number, "", f"the first row must name the columns: {words}, ...")
            return {}
        for place, text in unknown:
            self.add(row.number, f"column {letters(place)}", _unknown(text))
        for name in _REQUIRED:
            if name not in self.spelt:
                self.absent.add(name)
                self.add(row.number, name, "this column is missing")
        return found

    def line(self, row: Row, head: Mapping[int, Column]) -> _Line | None:
        """The row's cells as words; None for an example of the template."""
        line = _Line(row.number)
        cells = {head[n].name: c for n, c in enumerate(row.cells) if n in head and _filled(c)}
        if _is_example(cells.get("id", "")):
            self.examples += 1
            return None
        for place, cell in enumerate(row.cells):
            if place not in head and place not in self.aside and _filled(cell):
                message = "a text under no heading: name the column, or put quotes around texts"
                self.add(row.number, f"column {letters(place)}", message)
        for name, cell in cells.items():
            text = self._word(row.number, BY_NAME[fold(name)], cell)
            if text is None:
                line.spoilt.add(name)
            else:
                line.words[name] = text
        return line

    def _word(self, number: int, column: Column, cell: Cell) -> str | None:
        """One cell as the text that the record takes; None where it is unfit."""
        if isinstance(cell, Unfit):
            self.add(number, column.name, cell.advice)
            return None
        if isinstance(cell, date):
            if column.kind is Kind.DATE:
                return cell.isoformat()
            self.add(number, column.name, _as_text(column))
            return None
        text = unicodedata.normalize("NFC", cell).strip()
        if any(unicodedata.category(char) in _HIDDEN and char not in "\t\n\r" for char in text):
            self.add(number, column.name, "a control character is hidden in this cell: retype it")
            return None
        if column.allowed:
            text = "_".join(text.lower().translate(_DASHES).split())
        return text.lower() if column.kind in (Kind.CODE, Kind.LIST) else text

    def record(self, lines: Sequence[_Line]) -> NamedItem | None:
        """One record from its rows; None where they have problems."""
        before = len(self.problems)
        first = lines[0]
        for line in lines[1:]:
            self._check_agreement(first, line)
        node, rows = _node(lines)
        item = self._validate(lines, node, rows)
        self._check_dates(first)
        if not node["events"] and not (self.absent | first.spoilt) & set(_EVENT):
            self.add(first.number, "state", "is missing: say what happened, and when")
        spoilt = any(line.spoilt for line in lines)
        return None if spoilt or len(self.problems) > before else item

    def _validate(
        self, lines: Sequence[_Line], node: dict[str, Node], rows: Mapping[Path, int]
    ) -> NamedItem | None:
        try:
            return NamedItem.model_validate(node)
        except ValidationError as fault:
            tree = Tree(_masked(node), rows)
            found = validation_problems(fault, tree, self.where, NamedItem)
        told = self.absent.union(*(line.spoilt for line in lines))
        words = {line.number: line.words for line in lines}
        for problem in found:
            column = _BY_FIELD.get(re.sub(r"\[\d+\]", "", problem.field))
            missing = problem.message == "is missing"
            if column is None:
                self.add(problem.line, problem.field, problem.message)
            elif not (missing and column.name in told):
                cell = words.get(problem.line or 0, {}).get(column.name, "")
                self.add(problem.line, column.name, _helped(problem.message, column, cell))
        return None

    def _check_agreement(self, first: _Line, line: _Line) -> None:
        for name, text in line.words.items():
            if name not in _GROUPED and text != first.words.get(name) and name not in first.spoilt:
                message = f"differs from row {first.number}, which tells of the same record"
                self.add(line.number, name, message)

    def _check_dates(self, first: _Line) -> None:
        words = first.words
        if "valid_until" in words and "valid_for" in words:
            self.add(first.number, "valid_for", "say valid_until or valid_for, not both")
        start, end = _day(words.get("valid_from")), _day(words.get("valid_until"))
        if start is not None and end is not None and end < start:
            self.add(first.number, "valid_until", "is before valid_from")


#: Columns by the name that problems give to their field.
_BY_FIELD = {trees.field_name(column.path): column for column in COLUMNS}


def letters(place: int) -> str:
    """A column's letters in a spreadsheet: 0 is A, 26 is AA."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _unknown(heading: str) -> str:
    """What to say of a heading that means no column; it may hold anything, so it is not told."""
    short = len(heading) <= _LONGEST_WORD
    near = difflib.get_close_matches(heading, BY_NAME, n=1) if short else []
    if near:
        return f"unknown column; did you mean '{BY_NAME[near[0]].spelling(near[0])}'?"
    names = ", ".join(column.name for column in COLUMNS)
    return f"unknown column; begin its heading with # if it is only a note; there are: {names}"


def _is_example(cell: Cell) -> bool:
    if not isinstance(cell, str) or not cell.lstrip().startswith("#"):
        return False
    return fold(cell).split(" ")[0] in {fold(word) for word in EXAMPLE_WORDS.values()}


def _as_text(column: Column) -> str:
    if column.name == "age_band":
        return f"{_AS_DATE} (one of: {', '.join(column.allowed)})"
    return "a date where none belongs: format the column as text and write it again"


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _masked(node: Node) -> Node:
    """The same tree without its words, so that no problem can repeat them."""
    if isinstance(node, dict):
        return {word: _masked(value) for word, value in node.items()}
    return [_masked(item) for item in node] if isinstance(node, list) else ""


def _helped(message: str, column: Column, cell: str) -> str:
    """A problem's words, with the word that was probably meant, or what spreadsheets do."""
    if column.name == "age_band":
        return f"{message}; {_AS_DATE}"
    near: list[str] = []
    if column.allowed and len(cell) <= _LONGEST_WORD:
        near = difflib.get_close_matches(cell, column.allowed, n=1)
    return f"{message}; did you mean '{near[0]}'?" if near else message


def _node(lines: Sequence[_Line]) -> tuple[dict[str, Node], dict[Path, int]]:
    """The record as a sidecar would write it, and the row of each of its parts."""
    first = lines[0]
    node: dict[str, Node] = {"subject": {}, "scope": {}, "events": []}
    rows: dict[Path, int] = {(): first.number}
    for name, text in first.words.items():
        column = BY_NAME[fold(name)]
        if name == "photos":
            node["assets"] = [{"match": p.strip()} for p in _PATTERNS.split(text) if p.strip()]
        elif name not in _GROUPED:
            _put(node, column.path, _items(text) if column.kind is Kind.LIST else text)
    for group, names in (("givers", _GIVER), ("events", _EVENT)):
        told: list[Node] = []
        for line in lines:
            entry: dict[str, Node] = {
                str(BY_NAME[fold(name)].path[-1]): line.words[name]
                for name in names
                if name in line.words
            }
            if entry and entry not in told:
                rows[group, len(told)] = line.number
                told.append(entry)
        if told:
            node[group] = told
    return node, rows


def _items(text: str) -> list[Node]:
    return [word for word in _LIST.split(text) if word]


def _put(node: dict[str, Node], path: Path, value: Node) -> None:
    for piece in path[:-1]:
        inner = node.setdefault(str(piece), {})
        assert isinstance(inner, dict)
        node = inner
    node[str(path[-1])] = value
