"""`consent.csv` of a folder: bytes -> a shoot sheet, or every problem of every row at once.

One row is one subject in the photos of one file pattern. It may carry the whole consent record,
say something of the photos themselves, or state that nobody is shown (`people`: none). All rows
that match a photo count together. What a row leaves empty it does not say.

As in the register (`dam.core.sheet`) a cell is never repeated in a problem: columns slip, and
then a name stands where a word belongs.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from pydantic import ValidationError

from dam.core import csv_text, names, sheet
from dam.core import tree as trees
from dam.core.columns import EXAMPLE_WORDS, Column, Kind
from dam.core.errors import UsageError
from dam.core.model import Problem
from dam.core.record import ConsentItem, ShootPhoto, ShootSheet
from dam.core.sheet import Cell, Row, Unfit
from dam.core.shoot_cells import (
    DATE,
    TableProblems,
    is_example,
    masked,
    paths,
    patterns,
    usable,
    value,
    word,
)
from dam.core.shoot_columns import (
    AGE,
    ALL,
    ID,
    PEOPLE,
    PERSON,
    PHOTO,
    RECORD,
    REGION,
    STATED,
    SUBJECT,
)
from dam.core.sidecar import SHOOT_SCHEMA, Parsed, validation_problems
from dam.core.tree import Node, Path, Tree

MAX_ROWS = 5_000
MAX_PATTERNS = 5_000
#: Pairs of patterns compared for contradictions; the others show when a photo is decided.
_MAX_PAIRS = 200_000

#: The words of a person's entry, by column.
_ENTRY = {"subject": "subject", "age_band": "age_band", "identifiable": "identifiable",
          "region": "region", "id": "consent"}  # fmt: skip
_STATED = {column.name: column for column in (*STATED, PEOPLE)}
_FIELDS = {trees.field_name(c.path): c for c in (PHOTO, *_STATED.values())} | {
    f"people.{_ENTRY[c.name]}": c for c in PERSON
}
_RECORD = frozenset(column.name for column in RECORD)
_SHARED = frozenset((ID.name, SUBJECT.name, AGE.name))


def parse(data: bytes, where: str) -> Parsed[ShootSheet]:
    """Read a shoot table. `where` is the file as problems name it. Raises nothing."""
    try:
        rows = csv_text.read(data, MAX_ROWS)
    except UsageError as error:
        return Parsed(None, (Problem(where, None, "", str(error)),))
    reading = _Reading(where)
    if not rows:
        reading.add(None, "", "the table is empty")
        return reading.result([], ())
    lines, groups = reading.rows(rows)
    return reading.result(groups, reading.consents(lines))


def survey(data: bytes, where: str) -> Tree | None:
    """A shoot table as a sheet would say it, the line of each part being its row.

    For telling where something stands; None where the table cannot be read whole.
    """
    try:
        rows = csv_text.read(data, MAX_ROWS)
    except UsageError:
        return None
    reading = _Reading(where)
    lines, groups = reading.rows(rows) if rows else ([], [])
    items = reading.consents(lines)
    if reading.problems or not rows:
        return None
    places: dict[Path, int] = {(): rows[0].number}
    for number, group in enumerate(groups):
        places |= {("photos", number, *path): row for path, row in group.places().items()}
    consents: list[Node] = []
    for number, item in enumerate(items):
        body = item.model_dump(mode="json", exclude_unset=True)
        consents.append(body)
        told = [line for line in lines if line.record and line.words.get(ID.name) == item.id]
        places |= {
            ("consents", number, *path): row
            for path, row in reading.places(told, len(item.events)).items()
        }
    photos: list[Node] = [group.body() for group in groups]
    return Tree({"schema": SHOOT_SCHEMA, "photos": photos, "consents": consents}, places)


def template(item: ConsentItem, lang: str) -> list[list[str]]:
    """Header and example rows of an empty table: a whole record, one face, photos of nobody."""
    mark = f"#{EXAMPLE_WORDS[lang]}"
    told: list[dict[str, str]] = [
        {PHOTO.name: f"{mark} IMG_01*.JPG", "identifiable": "yes", **row}
        for row in sheet.rows_of(item)
    ]
    one = {SUBJECT.name: item.subject.id, REGION.name: "0.41 0.22 0.10 0.14", ID.name: item.id}
    more = {"redact_others": "yes", "tags": "football, sport"}
    told.append({PHOTO.name: f"{mark} IMG_0150.JPG", **one, **more})
    told.append({PHOTO.name: f"{mark} IMG_0200.JPG", PEOPLE.name: "none"})
    head = [column.heading(lang) for column in ALL]
    return [head, *([row.get(column.name, "") for column in ALL] for row in told)]


@dataclass(slots=True)
class _Line:
    """One row: its patterns and its words by column."""

    row: Row
    patterns: tuple[str, ...] = ()
    words: dict[str, str] = field(default_factory=dict)
    #: Whether a column that only a consent record has is filled in.
    record: bool = False

    @property
    def number(self) -> int:
        return self.row.number

    def entry(self) -> dict[str, Node]:
        """The person as a sidecar would write it; empty where the row is about none."""
        known = [column for column in PERSON if column.name in self.words]
        return {_ENTRY[c.name]: value(c, self.words[c.name]) for c in known}

    def about_photos(self) -> dict[str, str]:
        return {n: t for n, t in self.words.items() if n in _STATED or n.startswith("caption_")}


@dataclass(slots=True)
class _Group:
    """All rows of one pattern: what they say of its photos, and whom they show, with their rows."""

    pattern: str
    stated: dict[str, tuple[str, int]] = field(default_factory=dict)
    named: dict[str, tuple[dict[str, Node], int]] = field(default_factory=dict)
    nameless: list[tuple[dict[str, Node], int]] = field(default_factory=list)

    def none(self) -> int | None:
        """The row that states that nobody is shown."""
        return self.stated[PEOPLE.name][1] if PEOPLE.name in self.stated else None

    def shows(self) -> int | None:
        """A row by which somebody is shown."""
        shown = [row for _, row in (*self.named.values(), *self.nameless)]
        word_, row = self.stated.get("crowd", ("", 0))
        return min(shown, default=row if word_ in ("yes", "true") else None)

    def places(self) -> dict[Path, int]:
        """The row of each part of `body`."""
        people = [row for _, row in (*self.named.values(), *self.nameless)]
        stated = {
            path: row
            for name, (text, row) in self.stated.items()
            for path in paths(_statement({name: text}))
        }
        every = [*people, *(row for _, row in self.stated.values())]
        found: dict[Path, int] = {(): min(every, default=1)}
        if people:
            found["people",] = min(people)
        return found | stated | {("people", n): row for n, row in enumerate(people)}

    def body(self) -> dict[str, Node]:
        """The entry of `photos:` as a sheet would write it."""
        said = _statement({name: text for name, (text, _) in self.stated.items()})
        people: list[Node] = [dict(e) for e, _ in (*self.named.values(), *self.nameless)]
        return {"match": self.pattern, **said, **({"people": people} if people else {})}


class _Reading:
    """One table on its way to a sheet."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems = TableProblems(where)
        self.add = self.problems.add
        self.head: dict[int, Column] = {}
        self.top: Row | None = None

    def header(self, row: Row) -> None:
        self.head = self.problems.head(row)
        self.top = row

    def rows(self, rows: Sequence[Row]) -> tuple[list[_Line], list[_Group]]:
        """The table whole, its first row being the header; what is wrong is collected."""
        self.header(rows[0])
        lines = [line for row in rows[1:] if (line := self.line(row)) is not None]
        if self.head and not lines:
            self.add(None, "", "no row says anything (examples are left out): fill one in")
        self.subjects(lines)
        groups = self.groups(lines)
        self.contradictions(groups)
        return lines, groups

    def places(self, lines: Sequence[_Line], events: int) -> dict[Path, int]:
        """The rows of one record: where it begins, and where each of its events stands."""
        found: dict[Path, int] = {(): lines[0].number} if lines else {}
        states = [n for n, column in self.head.items() if column.name in ("state", "state_on")]
        told: dict[tuple[str, ...], int] = {}
        for line in lines:
            cells = line.row.cells
            said = tuple(str(cells[n]).strip().lower() if n < len(cells) else "" for n in states)
            if any(said):
                told.setdefault(said, line.number)
        if len(told) == events:
            found |= {("events", n): row for n, row in enumerate(told.values())}
        return found

    def line(self, row: Row) -> _Line | None:
        """A row's words; None for an example of the template."""
        cells = {self.head[n].name: str(c) for n, c in enumerate(row.cells) if n in self.head}
        if any(is_example(cells.get(name, "")) for name in (PHOTO.name, ID.name)):
            return None
        self.problems.astray(row, self.head)
        line = _Line(row)
        by_name = {column.name: column for column in self.head.values()}
        for name, cell in cells.items():
            if not cell.strip():
                continue
            line.record = line.record or name in _RECORD
            fit = usable(cell)
            if isinstance(fit, Unfit):
                self.add(row.number, name, fit.advice)
            elif name == PHOTO.name:
                line.patterns, wrong = patterns(fit)
                if wrong:
                    self.add(row.number, name, wrong)
            elif name not in _RECORD:
                self._word(line, by_name[name], fit)
        if self.head and not cells.get(PHOTO.name, "").strip():
            message = "is missing: name the photos in every row (a merged cell fills only one)"
            self.add(row.number, PHOTO.name, message)
        self._validate(line)
        return line

    def _word(self, line: _Line, column: Column, cell: str) -> None:
        text, wrong = word(column, cell)
        if wrong:
            self.add(line.number, column.name, wrong)
        else:
            line.words[column.name] = text

    def _validate(self, line: _Line) -> None:
        """Tell what is wrong with a row by itself."""
        entry = line.entry()
        if line.words.get(PEOPLE.name) and (entry or line.record):
            self.add(line.number, PEOPLE.name, "none contradicts the person of this row")
        elif line.words.get(PEOPLE.name) and line.words.get("crowd") in ("yes", "true"):
            self.add(line.number, PEOPLE.name, "none contradicts the crowd of this row")
        if REGION.name in entry and any(
            len(line.patterns) > 1 or names.is_glob(pattern) for pattern in line.patterns
        ):
            message = "a face stands elsewhere in every photo: name one file in this row"
            self.add(line.number, REGION.name, message)
        if "consent" in entry and "subject" not in entry:
            self.add(line.number, SUBJECT.name, "is missing: say whose consent it is")
        node = {"match": "x", **_statement(line.about_photos())}
        if entry:
            node["people"] = [entry]
        try:
            ShootPhoto.model_validate(node)
        except ValidationError as fault:
            tree = Tree(masked(node), {(): line.number})
            for problem in validation_problems(fault, tree, self.where, ShootPhoto):
                self._tell(line.number, problem)

    def _tell(self, row: int, problem: Problem) -> None:
        """A problem of a model's field as one of a column."""
        place = re.sub(r"\[\d+\]", "", problem.field)
        column = _FIELDS.get(place)
        message = problem.message
        if column is not None and column.kind is Kind.DATE:
            message = DATE
        self.add(row, column.name if column else place.replace(".", "_"), message)

    def subjects(self, lines: Sequence[_Line]) -> None:
        """Tell of a subject with two ages, and of a consent that stands for two subjects."""
        ages: dict[str, tuple[str, int]] = {}
        owners: dict[str, tuple[str, int]] = {}
        # A record says best whose it is.
        for line in sorted(lines, key=lambda line: not line.record):
            subject, words = line.words.get(SUBJECT.name), line.words
            if subject is None:
                continue
            if age := words.get(AGE.name):
                known, row = ages.setdefault(subject, (age, line.number))
                if known != age:
                    message = f"differs from row {row}, which tells of the same subject"
                    self.add(line.number, AGE.name, message)
            if consent := words.get(ID.name):
                owner, row = owners.setdefault(consent, (subject, line.number))
                if owner != subject:
                    message = f"the same consent as in row {row}, which is about another subject"
                    self.add(line.number, ID.name, message)

    def groups(self, lines: Sequence[_Line]) -> list[_Group]:
        """The rows by pattern, in the order of the file."""
        groups: dict[str, _Group] = {}
        for line in lines:
            for pattern in line.patterns:
                group = groups.setdefault(names.key(pattern), _Group(pattern))
                self._join(group, line)
            if len(groups) > MAX_PATTERNS:
                self.add(None, "", f"more than {MAX_PATTERNS} file patterns: use * and ?")
                break
        return list(groups.values())

    def _join(self, group: _Group, line: _Line) -> None:
        for name, text in line.about_photos().items():
            known, row = group.stated.setdefault(name, (text, line.number))
            if known != text:
                message = f"differs from row {row}, which speaks of the same photos"
                self.add(line.number, name, message)
        entry = line.entry()
        subject = line.words.get(SUBJECT.name)
        if entry and subject is None:
            same = next((row for known, row in group.nameless if known == entry), None)
            if same is not None:
                message = f"the same as row {same}: give each person a subject, or delete one row"
                self.add(line.number, SUBJECT.name, message)
            group.nameless.append((entry, line.number))
        elif subject is not None:
            known_entry, row = group.named.setdefault(subject, ({}, line.number))
            for name, said in entry.items():
                if known_entry.setdefault(name, said) != said:
                    column = _FIELDS[f"people.{name}"].name
                    message = f"differs from row {row}, which tells of the same person"
                    self.add(line.number, column, message)

    def contradictions(self, groups: Sequence[_Group]) -> None:
        """Tell where one row states that nobody is shown and another shows somebody."""
        nobody = [g for g in groups if g.none() is not None]
        shown = {names.key(g.pattern): g for g in groups if g.shows() is not None}
        for group in nobody:
            if (other := shown.get(names.key(group.pattern))) is not None:
                self._contradict(group, other)
        pairs = ((a, b) for a in nobody for b in shown.values() if a is not b)
        for one, other in itertools.islice(pairs, _MAX_PAIRS):
            if names.matches(one.pattern, other.pattern) or names.matches(
                other.pattern, one.pattern
            ):
                self._contradict(one, other)

    def _contradict(self, nobody: _Group, shown: _Group) -> None:
        message = f"none contradicts row {shown.shows()}, by which somebody is shown there"
        self.add(nobody.none(), PEOPLE.name, message)

    def consents(self, lines: Sequence[_Line]) -> tuple[ConsentItem, ...]:
        """The records, read as the register reads them."""
        told = [line.row for line in lines if line.record]
        if self.top is None or not told:
            return ()
        rows = [self._of_record(row) for row in (self.top, *told)]
        parsed = sheet.parse(rows, self.where)
        self.problems.take(parsed.problems)
        items = parsed.value.items if parsed.value is not None else ()
        return tuple(_plain(item) for item in items)

    def _of_record(self, row: Row) -> Row:
        """The row with the cells of a record alone, each in its place."""

        def kept(place: int, cell: Cell) -> Cell:
            column = self.head.get(place)
            if column is None or column.name not in _RECORD | _SHARED:
                return ""
            return cell if row is self.top else usable(str(cell))

        return Row(row.number, tuple(kept(place, cell) for place, cell in enumerate(row.cells)))

    def result(
        self, groups: Sequence[_Group], consents: tuple[ConsentItem, ...]
    ) -> Parsed[ShootSheet]:
        """The sheet if nothing is wrong, else every problem by row."""
        if self.problems:
            return Parsed(None, self.problems.all())
        photos = [group.body() for group in groups]
        body = {"schema": SHOOT_SCHEMA, "photos": photos, "consents": consents}
        try:
            return Parsed(ShootSheet.model_validate(body))
        except ValidationError:
            self.add(None, "", "this file cannot be used")
            return Parsed(None, self.problems.all())


def _plain(item: ConsentItem) -> ConsentItem:
    """As a sidecar states it: without the places that only the register has."""
    return ConsentItem.model_validate(item.model_dump(mode="json", exclude_unset=True))


def _statement(words: Mapping[str, str]) -> dict[str, Node]:
    """What words by column say of a photo, as a sheet would write it."""
    body: dict[str, Node] = {}
    for name, text in words.items():
        column = _STATED.get(name)
        path: Path = ("caption", name[len("caption_") :]) if column is None else column.path
        inner = body
        for piece in path[:-1]:
            inner = cast("dict[str, Node]", inner.setdefault(str(piece), {}))
        inner[str(path[-1])] = value(column, text)
    return body
