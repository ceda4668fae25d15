"""Records of YAML, JSON, CSV and XLSX files into the register: all of them, or none."""

from __future__ import annotations

import enum
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dam.adapters import tables
from dam.adapters.desk import Desk
from dam.core import names, private, sheet, sidecar
from dam.core.errors import ProblemsError, UsageError
from dam.core.model import Problem
from dam.core.record import ConsentItem, NamedItem
from dam.flows.consents.asking import REGISTER, filed_of, touched_by

_SUFFIXES = ".yaml, .yml, .json, .csv, .tsv and .xlsx"
_INSTEAD = {
    ".xls": "Save it as .xlsx",
    ".xlsm": "Save it as .xlsx",
    ".ods": "Save it as .xlsx or as CSV UTF-8",
    ".numbers": "Export it as .xlsx or CSV",
}


class Became(enum.StrEnum):
    """What an import did with one record."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Imported:
    """Each record with what became of it. `filed` are photographs that stood in the archive."""

    records: tuple[tuple[NamedItem, Became], ...]
    touched: frozenset[str]
    filed: frozenset[str]

    def counts(self) -> dict[str, int]:
        return {b.value: sum(became is b for _, became in self.records) for b in Became}

    @property
    def changed(self) -> bool:
        return any(became is not Became.UNCHANGED for _, became in self.records)


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of an import and where it was told, fit to be shown: `forms.csv:12`."""

    item: NamedItem
    told_in: str


def read(files: Sequence[Path]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The records of all files, and notes about them. Raises ProblemsError with every problem."""
    found: dict[str, tuple[NamedItem, Path, int]] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    for path in files:
        shown = names.show(os.fspath(path))
        try:
            parsed, examples = _parsed(path, shown)
        except UsageError as error:
            problems.append(Problem(shown, None, "", str(error)))
            continue
        problems += parsed.problems
        if examples:
            notes.append(f"{shown}: {examples} rows marked as examples were left out")
        for item, line in zip(parsed.value or (), parsed.lines, strict=True):
            known, first, _ = found.setdefault(item.id, (item, path, line))
            if known != item:
                other = names.show(os.fspath(first))
                said = f"{item.id} is told otherwise in {other}: keep one of them"
                problems.append(Problem(shown, None, "id", said))
    if problems:
        lines = tuple(str(problem) for problem in problems)
        raise ProblemsError("Nothing was imported", lines, "Mend what follows and import it again")
    whose = {name for item, _, _ in found.values() for name in _details(item).names()}
    entries = (Entry(item, f"{_file(path, whose)}:{line}") for item, path, line in found.values())
    return tuple(entries), tuple(notes)


def _details(item: ConsentItem) -> private.Details:
    return private.part(item.model_dump(mode="json", exclude_unset=True))[1]


def _file(path: Path, whose: Iterable[str]) -> str:
    """A file's own name as it may be kept and shown: never one that names somebody."""
    shown = names.show(path.name)
    return "imported file" if private.tells(path.name, whose) else shown


def _parsed(path: Path, shown: str) -> tuple[sidecar.Parsed[tuple[NamedItem, ...]], int]:
    """One file by its ending; the number counts rows that are examples. Raises UsageError."""
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".xlsx"):
        data = tables.read_file(path)
        rows = tables.read_xlsx(data) if suffix == ".xlsx" else tables.read_csv(data)
        parsed = sheet.parse(rows, shown)
        if parsed.value is None:
            return sidecar.Parsed(None, parsed.problems), 0
        found = parsed.value
        return sidecar.Parsed(found.items, lines=found.rows), found.examples
    if suffix not in (".yaml", ".yml", ".json"):
        hint = _INSTEAD.get(suffix, "The name must end as what the file is")
        raise UsageError(f"only {_SUFFIXES} are read", hint)
    told = sidecar.parse_consents(tables.read_file(path), shown, json=suffix == ".json")
    if told.value is None:
        return sidecar.Parsed(None, told.problems), 0
    bare = (r.model_dump(mode="json", exclude_unset=True, exclude={"schema_"}) for r in told.value)
    return sidecar.Parsed(tuple(map(NamedItem.model_validate, bare)), lines=told.lines), 0


def import_(desk: Desk, entries: Sequence[Entry], *, dry_run: bool = False) -> Imported:
    """Enter records into the register, all or none; with `dry_run` only tell what would be.

    Raises ProblemsError for one that tells who somebody is of whom that was erased.
    """
    _refuse_erased(desk, entries)
    catalog = desk.catalog
    current = {v.consent: v.digest for v in catalog.consents_of_slot(REGISTER)}
    became: list[tuple[NamedItem, Became]] = []
    fresh: list[Entry] = []
    for entry in entries:
        item = entry.item
        known = current.get(item.id)
        same = known == desk.version_of(item, REGISTER)[0].digest
        what = Became.NEW if known is None else Became.UNCHANGED if same else Became.CHANGED
        became.append((item, what))
        if what is not Became.UNCHANGED:
            fresh.append(entry)
    touched = touched_by(desk, [entry.item for entry in fresh])
    filed = filed_of(desk, touched)
    if fresh and not dry_run:
        with catalog.transaction() as unit:
            for entry in fresh:
                desk.put_consent(unit, entry.item, REGISTER, entry.told_in)
    return Imported(tuple(became), touched, filed)


def _refuse_erased(desk: Desk, entries: Sequence[Entry]) -> None:
    """What was erased does not come back under the same record, not even by an old sheet."""
    erased = desk.catalog.erased(entry.item.id for entry in entries)
    told = [
        f"{entry.told_in}: {entry.item.id}: the personal details of {entry.item.subject.id} were "
        "erased: a record of theirs begins anew, with an id of its own"
        for entry in entries
        if (entry.item.id, entry.item.subject.id) in erased and _details(entry.item)
    ]
    if told:
        raise ProblemsError("Nothing was imported", tuple(told), "Leave these records out")
