"""Single cells of a shoot table: headings, words, file patterns, and what is wrong with them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from dam.core import names, shoot_columns, table
from dam.core import tree as trees
from dam.core.columns import EXAMPLE_WORDS, Column, Kind, fold
from dam.core.model import Problem
from dam.core.sheet import Row, Unfit, letters
from dam.core.shoot_columns import AGE, ALL, PEOPLE, PHOTO, REGION, TAGS

MAX_PATTERN = 400
DATE = "write it YYYY-MM-DD and format the column as text: 01/11/2021 means two days"
#: People write what adds up to a little more than the whole.
_ROUNDED = 0.005
#: Nothing longer than this can have been meant as one of our words.
_LONGEST_WORD = 40
_DASHES = str.maketrans("\u2010\u2011\u2012\u2013\u2212", "-----")
_PARTS = re.compile(r"[\n,;،؛]+")
_LISTED = re.compile(r"[\s,;،؛]+")
_PART = r"(?:0?\.\d{1,9}|[01](?:\.\d{0,9})?)"
#: Parted by commas or by spaces and semicolons, never by both: 0,5 0,1 means no two numbers.
_REGION = re.compile(rf"{_PART}(?:(?:, ?{_PART}){{3}}|(?:[ ;]+{_PART}){{3}})")
_WRITE_REGION = (
    "write x y w h of the face as parts of the picture, with points and from top left: "
    "0.41 0.22 0.10 0.14"
)
#: What spreadsheets show for an error or a column too narrow, in any language.
_ERROR = re.compile(r"#+|#[A-ZÀ-Ý0-9/]{1,16}[!?]|#N/A")
_QUOTES = frozenset('"“”„‟«»‹›')
_AS_DATE = "a spreadsheet makes a date of 6-11: format the column as text and write it again"
_NAME_IT = "name a file with its ending (IMG_0012.JPG), or write a pattern such as IMG_01*.JPG"


class TableProblems:
    """Collects what is wrong with one table: one problem a cell, by row."""

    def __init__(self, where: str) -> None:
        self.where = where
        #: How the file's own header spells each column.
        self.spelt: dict[str, str] = {}
        #: Places whose heading is a note to the reader, or was already complained of.
        self.aside: set[int] = set()
        self._found: dict[tuple[int, str], Problem] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, row: int | None, column: str, message: str) -> None:
        where = self.where if row is None else f"{self.where}, row {row}"
        name = self.spelt.get(column, column)
        self._found.setdefault((row or 0, name), Problem(where, None, name, message))

    def take(self, problems: Iterable[Problem]) -> None:
        """Problems that another reader of the same table found."""
        for problem in problems:
            number = re.search(r", row (\d+)$", problem.where)
            self.add(int(number[1]) if number else None, problem.field, problem.message)

    def all(self) -> tuple[Problem, ...]:
        told = [self._found[place] for place in sorted(self._found, key=lambda place: place[0])]
        if len(told) > trees.MAX_PROBLEMS:
            more = f"and {len(told) - trees.MAX_PROBLEMS} problems more"
            told = [*told[: trees.MAX_PROBLEMS], Problem(self.where, None, "", more)]
        return tuple(told)

    def head(self, row: Row) -> dict[int, Column]:
        """The columns by their place, from 0; empty where this is no header at all."""
        found: dict[int, Column] = {}
        unknown: list[tuple[int, str]] = []
        for place, cell in enumerate(row.cells):
            heading = str(cell)
            column = shoot_columns.column_of(heading)
            if column is not None and column.name not in self.spelt:
                found[place] = column
                self.spelt[column.name] = column.spelling(heading)
            elif heading.strip():
                self.aside.add(place)
                if column is not None:
                    message = "this column stands twice, by this name or another: keep one"
                    self.add(row.number, column.name, message)
                elif not heading.lstrip().startswith("#"):
                    unknown.append((place, heading))
        if not found:
            some = ", ".join(column.name for column in ALL[:5])
            self.add(row.number, "", f"the first row must name the columns: {some}, ...")
            return {}
        for place, heading in unknown:
            self.add(row.number, f"column {letters(place)}", _unknown(heading))
        if PHOTO.name not in self.spelt:
            self.add(row.number, PHOTO.name, "this column is missing: the files a row speaks of")
        return found

    def astray(self, row: Row, known: Iterable[int]) -> None:
        """Tell of cells under no heading, and of a row that other signs part."""
        known = set(known)
        filled = [str(cell) for cell in row.cells if str(cell).strip()]
        if len(known) > 1 and len(row.cells) == 1 and re.search("[,;\t]", filled[0]):
            message = "its cells are not parted by the same sign as those of the first row"
            self.add(row.number, "", message)
        for place, cell in enumerate(row.cells):
            if place not in known and place not in self.aside and str(cell).strip():
                message = "a text under no heading: name the column, or put quotes around texts"
                self.add(row.number, f"column {letters(place)}", message)


def _unknown(heading: str) -> str:
    """What to say of a heading that means no column; it may hold anything, so it is not told."""
    folded = fold(heading)
    if folded in shoot_columns.UNCLEAR:
        return f"unclear here: {shoot_columns.UNCLEAR[folded]}"
    if folded in shoot_columns.PRIVATE:
        return "names and contacts never stand beside photographs: they go into the register"
    short = len(folded) <= _LONGEST_WORD
    near = difflib.get_close_matches(folded, shoot_columns.BY_NAME, n=1) if short else []
    if near:
        return f"unknown column; did you mean '{shoot_columns.BY_NAME[near[0]].spelling(near[0])}'?"
    return "unknown column: begin its name with # if it is only a note"


def is_example(cell: str) -> bool:
    """Whether a cell marks its row as an example of the template: `#example ...`."""
    marked = cell.lstrip().startswith("#")
    return marked and fold(cell).split(" ")[0] in {fold(w) for w in EXAMPLE_WORDS.values()}


def usable(cell: str) -> str | Unfit:
    """The cell, or why no statement can rest on it: a formula, or an error that is shown."""
    text = cell.strip()
    bare = text.lstrip("'")  # by which spreadsheets mark what they must not run
    if table.formula(bare):
        return Unfit("a formula, or what looks like one: write its result as plain text")
    if _ERROR.fullmatch(text):
        return Unfit("the spreadsheet shows an error here: write plain text")
    return cell


def word(column: Column, cell: str) -> tuple[str, str]:
    """(the cell as the sheet takes it, what is wrong with it or nothing)."""
    text = unicodedata.normalize("NFC", cell).strip()
    if column is REGION:
        return text, "" if _is_region(text) else _WRITE_REGION
    if not column.allowed:
        return (text.lower() if column.kind in (Kind.CODE, Kind.LIST) else text), ""
    text = "_".join(text.lower().translate(_DASHES).split())
    if text in column.allowed:
        return text, ""
    message = f"use one of: {', '.join(column.allowed)}"
    if column is AGE:
        return text, f"{message}; {_AS_DATE}"
    # To somebody who wrote a French no, none would be the wrong advice.
    near = difflib.get_close_matches(text[:_LONGEST_WORD], column.allowed, n=1, cutoff=0.7)
    near = [] if column is PEOPLE else near
    return text, f"{message}; did you mean '{near[0]}'?" if near else message


def _is_region(text: str) -> bool:
    """Whether these are four numbers that lie in the picture and enclose something."""
    if not _REGION.fullmatch(text):
        return False
    x, y, w, h = map(float, region(text).values())
    return w > 0 and h > 0 and x + w <= 1 + _ROUNDED and y + h <= 1 + _ROUNDED


def region(text: str) -> dict[str, str]:
    """A region as a sidecar writes it."""
    return dict(zip("xywh", listed(text), strict=True))


def listed(text: str) -> list[str]:
    """The parts of a cell that says several things."""
    return [part for part in _LISTED.split(text) if part]


def value(column: Column | None, text: str) -> trees.Node:
    """A cell's words as a sidecar writes them."""
    if column is TAGS:
        return [*listed(text)]
    return {**region(text)} if column is REGION else text


def patterns(cell: str) -> tuple[tuple[str, ...], str]:
    """(the file patterns of a cell, what is wrong with them or nothing).

    Several are parted by commas, semicolons or lines. A name that has such a sign in itself
    is meant as well, so that no reading of the cell leaves a photo out.
    """
    text = unicodedata.normalize("NFC", cell).strip()
    parts = [part.strip() for part in _PARTS.split(text) if part.strip()]
    if not parts:
        return (), _NAME_IT
    for part in parts:
        if wrong := _wrong_pattern(part):
            return (), wrong
    whole = [text] if len(parts) > 1 and "\n" not in text and len(text) <= MAX_PATTERN else []
    return tuple(dict.fromkeys((*parts, *whole))), ""


def _wrong_pattern(text: str) -> str:
    """Why a pattern would not mean what was meant; nothing where it is fine."""
    if len(text) > MAX_PATTERN:
        return f"too long for a file name: at most {MAX_PATTERN} characters"
    if "\\" in text:
        return "write / between folders and files"
    if text.startswith(("/", "./", "../", "~")) or re.match("[A-Za-z]:", text):
        return "write it from the folder of this file on: IMG_0012.JPG, or day2/IMG_*.JPG"
    if _QUOTES.intersection(text):
        return "write it without quotation marks; ? stands for any one sign"
    if names.show(text) != text:
        return "an invisible sign or a space that is not a plain one: retype it; ? stands for any"
    if not names.is_glob(text) and not names.is_photo(text.encode("utf-8", "surrogateescape")):
        return _NAME_IT
    return ""


def paths(node: trees.Node, top: trees.Path = ()) -> list[trees.Path]:
    """Every path of a statement, those of its parts after its own."""
    found = [top] if top else []
    for name, inner in node.items() if isinstance(node, dict) else ():
        found += paths(inner, (*top, name))
    return found


def masked(node: trees.Node) -> trees.Node:
    """The same tree without its words, so that no problem can repeat them."""
    if isinstance(node, dict):
        return {name: masked(value) for name, value in node.items()}
    return [masked(item) for item in node] if isinstance(node, list) else ""
