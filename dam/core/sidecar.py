"""Consent sidecars, shoot sheets and consent records: bytes -> models, or every problem at once.

A half-read consent is no consent: the value is None as soon as there is one problem.
Problems name file, line and field in words a photographer understands. They repeat
nothing of the file but single short words where one of a few words, a date or yes/no
is expected; names and captions never get into a message.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from dam.core import tree as trees
from dam.core.fields import Fraction, IsoDate
from dam.core.model import Problem
from dam.core.record import ConsentRecord, PhotoSidecar, ShootSheet
from dam.core.tree import Node, Path, Tree, quotable
from dam.core.wording import EMPTY, PEOPLE, message, model_at, path_of, words_of

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

PHOTO_SCHEMA = "dam/photo/1"
SHOOT_SCHEMA = "dam/shoot/1"
CONSENT_SCHEMA = "dam/consent/1"
_SCHEMAS = frozenset({PHOTO_SCHEMA, SHOOT_SCHEMA, CONSENT_SCHEMA})

#: Up to this many words are listed in full after an unknown one.
_FEW = 12
#: x + w of a region may pass 1 by this much: rounding, not a mistake.
_ROUNDING = 1e-6
_DATE: TypeAdapter[date] = TypeAdapter(IsoDate)
_FRACTION: TypeAdapter[float] = TypeAdapter(Fraction)


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """What a file says, or None and why not. `problems` is empty exactly where `value` is not."""

    value: T | None
    problems: tuple[Problem, ...] = ()


def parse_photo(data: bytes, where: str, json: bool = False) -> Parsed[PhotoSidecar]:
    """Read a photo sidecar (schema dam/photo/1). `where` is the file as problems name it."""
    return _parse_sheet(PhotoSidecar, PHOTO_SCHEMA, data, where, json)


def parse_shoot(data: bytes, where: str, json: bool = False) -> Parsed[ShootSheet]:
    """Read a shoot sheet (schema dam/shoot/1). `where` is the file as problems name it."""
    return _parse_sheet(ShootSheet, SHOOT_SCHEMA, data, where, json)


def parse_consents(
    data: bytes, where: str, json: bool = False
) -> Parsed[tuple[ConsentRecord, ...]]:
    """Read consent records (schema dam/consent/1): one, a list, or a list under `consents:`.

    Records of a list each carry `schema`; under `consents:` the file carries it once.
    """
    tree, problems = trees.survey(data, where, json=json)
    if tree is None:
        return Parsed(None, problems)
    reading = _Reading(tree, where)
    paths: list[Path] = []
    records: list[ConsentRecord] = []
    for path in reading.consent_paths():
        node = _at(tree.value, path)
        if path[:1] == ("consents",) and isinstance(node, dict):
            node = {"schema": CONSENT_SCHEMA, **node}
        elif not reading.schema(path, CONSENT_SCHEMA):
            continue
        paths.append(path)
        record = reading.validate(ConsentRecord, node, path)
        if record is not None:
            records.append(record)
    reading.empties()
    reading.check(statements=(), consents=paths)
    return reading.result(tuple(records), problems)


def json_schemas() -> dict[str, dict[str, Any]]:
    """JSON Schemas (2020-12) by `schema` word, as the models check files."""
    models: dict[str, type[BaseModel]] = {
        PHOTO_SCHEMA: PhotoSidecar,
        SHOOT_SCHEMA: ShootSheet,
        CONSENT_SCHEMA: ConsentRecord,
    }
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {word: dialect | model.model_json_schema() for word, model in models.items()}


def validation_problems(
    error: ValidationError, tree: Tree, where: str, model: type[BaseModel]
) -> tuple[Problem, ...]:
    """What pydantic found in `tree` by `model`, in words, each with its line; by line.

    `where` is the file as problems name it. For any file that is read through `tree`.
    """
    reading = _Reading(tree, where)
    reading.translate(error, model, tree.value, ())
    reading.empties()
    return reading.result(None, ()).problems


def _parse_sheet(model: type[M], schema: str, data: bytes, where: str, json: bool) -> Parsed[M]:
    tree, problems = trees.survey(data, where, json=json)
    if tree is None:
        return Parsed(None, problems)
    reading = _Reading(tree, where)
    value = None
    if reading.schema((), schema):
        value = reading.validate(model, tree.value, ())
        reading.empties()
        photos = [("photos", i) for i in range(len(_list(_at(tree.value, ("photos",)))))]
        consents = [("consents", i) for i in range(len(_list(_at(tree.value, ("consents",)))))]
        reading.check(statements=((), *photos), consents=consents)
    return reading.result(value, problems)


class _Reading:
    """Collects the problems of one tree, each with the line and name of its field."""

    def __init__(self, tree: Tree, where: str) -> None:
        self.tree = tree
        self.where = where
        self._first: list[Problem] = []
        self._found: dict[tuple[Path, str], Problem] = {}
        self._told_schemas: set[Path] = set()
        self._unknown: set[Path] = set()
        self._empty = frozenset(_empty_paths(tree.value))

    def add(self, path: Path, message: str) -> None:
        if (path, message) not in self._found:
            self._found[path, message] = self._problem(path, message)

    def line(self, path: Path) -> int:
        return self.tree.line(*path) or 0

    def schema(self, path: Path, expected: str) -> bool:
        """Check the `schema` of the mapping at `path`. False: nothing further is worth saying."""
        node = _at(self.tree.value, path)
        if not isinstance(node, dict):
            self.add(path, f"write words with their values, the first being 'schema: {expected}'")
            return False
        at = (*path, "schema")
        written = node.get("schema")
        if written == expected:
            return True
        self._told_schemas.add(at)
        if at in self._empty or "schema" not in node:
            message = f"is missing: write 'schema: {expected}'"
        elif isinstance(written, str) and written in _SCHEMAS:
            message = f"this says {written}, but 'schema: {expected}' is expected in this file"
        else:
            message = f"is not known: write 'schema: {expected}'"
        self._first.append(self._problem(at, message))
        return not (isinstance(written, str) and written in _SCHEMAS)

    def consent_paths(self) -> list[Path]:
        """Where the records of a consent file stand, whichever of its three forms it has."""
        value = self.tree.value
        if isinstance(value, list):
            if not value:
                self.add((), "no consent record in this file")
            return [(i,) for i in range(len(value))]
        if not isinstance(value, dict) or "consents" not in value:
            return [()]
        if not self.schema((), CONSENT_SCHEMA):
            return []
        for word in value.keys() - {"schema", "consents"}:
            self._tell_unknown((word,), ["schema", "consents"])
        if not _list(value["consents"]) and ("consents",) not in self._empty:
            self.add(("consents",), "list the consent records here")
        return [("consents", i) for i in range(len(_list(value["consents"])))]

    def validate(self, model: type[M], node: Node, path: Path) -> M | None:
        """Run the model over `node`, which stands at `path`; None where it has problems."""
        try:
            return model.model_validate(node)
        except ValidationError as fault:
            self.translate(fault, model, node, path)
        return None

    def translate(
        self, fault: ValidationError, model: type[BaseModel], node: Node, path: Path
    ) -> None:
        """Add what pydantic found in `node`, which stands at `path`."""
        errors = fault.errors(include_url=False, include_input=False)
        found = [(path_of(error, path, node), error) for error in errors]
        found.sort(key=lambda pair: self.line(pair[0]))
        for at, error in found:
            if error["type"] == "extra_forbidden":
                self._tell_unknown(at, words_of(model_at(model, at[len(path) : -1])))
            elif at not in self._empty and at not in self._told_schemas:
                value = _at(self.tree.value, at)
                # Of a list, pydantic counts only the items that are in order.
                least = error.get("ctx", {}).get("min_length", 0)
                if error["type"] == "too_short" and len(_list(value)) >= least:
                    continue
                self.add(at, message(error, at, value, model_at(model, at[len(path) :])))

    def empties(self) -> None:
        """Tell of every word with nothing after it: silence must not pass for a statement."""
        for path in self._empty - self._told_schemas - {()}:
            if not any(path[:length] in self._unknown for length in range(1, len(path) + 1)):
                self.add(path, PEOPLE if path[-1] == "people" else EMPTY)

    def check(self, statements: Sequence[Path], consents: Sequence[Path]) -> None:
        """Tell of what is well-formed but contradicts itself, as far as it can be read."""
        owners: dict[str, Path] = {}
        for path in consents:
            self._check_consent(path, owners)
        claims: dict[str, Path] = {}
        for path in statements:
            self._check_statement(path, owners, claims)

    def result(self, value: T | None, problems: tuple[Problem, ...]) -> Parsed[T]:
        """The value if nothing is wrong; else the schema's problem first, the rest by line."""
        rest = sorted((*problems, *self._found.values()), key=lambda problem: problem.line or 0)
        told = (*self._first, *rest)
        if len(told) > trees.MAX_PROBLEMS:
            more = f"and {len(told) - trees.MAX_PROBLEMS} problems more"
            told = (*told[: trees.MAX_PROBLEMS], Problem(self.where, None, "", more))
        if not told and value is None:
            told = (Problem(self.where, None, "", "this file cannot be used"),)
        return Parsed(None if told else value, told)

    def _problem(self, path: Path, message: str) -> Problem:
        return Problem(self.where, self.tree.line(*path), trees.field_name(path), message)

    def _tell_unknown(self, path: Path, allowed: list[str]) -> None:
        self._unknown.add(path)
        if len(self._unknown) > trees.MAX_PROBLEMS:
            self.add(path, "unknown word")
            return
        word = str(path[-1])
        message = f"unknown word '{word}'" if quotable(word) else "unknown word"
        plain = word[:24].lower().replace("-", "_").replace(" ", "_")
        if near := difflib.get_close_matches(plain, allowed, n=1):
            message += f"; did you mean '{near[0]}'?"
        elif 0 < len(allowed) <= _FEW:
            message += f"; the words here are: {', '.join(allowed)}"
        self.add(path, message)

    def _check_consent(self, path: Path, owners: dict[str, Path]) -> None:
        node = _at(self.tree.value, path)
        if not isinstance(node, dict):
            return
        ident = _text(node.get("id"))
        if ident is not None:
            if ident in owners:
                line = self.line((*owners[ident], "id"))
                self.add((*path, "id"), f"the same id as the record of line {line}")
            owners.setdefault(ident, path)
        if node.get("events", []) == []:
            example = "[{state: given, on: 2021-10-28}]"
            self.add((*path, "events"), f"is missing: say what happened and when, as in {example}")
        scope = _map(node.get("scope"))
        start, end = _date(scope.get("valid_from")), _date(scope.get("valid_until"))
        if start is not None and end is not None and end < start:
            self.add((*path, "scope", "valid_until"), "is before valid_from")
        if "valid_until" in scope and "valid_for" in scope:
            self.add((*path, "scope", "valid_for"), "say valid_until or valid_for, not both")
        for i, asset in enumerate(_list(node.get("assets"))):
            self._check_region((*path, "assets", i, "region"), _map(asset))

    def _check_statement(
        self, path: Path, owners: dict[str, Path], claims: dict[str, Path]
    ) -> None:
        node = _map(_at(self.tree.value, path))
        people = node.get("people")
        if people == []:
            self.add((*path, "people"), PEOPLE)
        crowd = _text(node.get("crowd")) or ""
        if (_text(people) or "").lower() == "none" and crowd.lower() in ("yes", "true"):
            self.add((*path, "people"), "none contradicts 'crowd: yes'")
        listed: dict[str, Path] = {}
        for i, person in enumerate(_list(people)):
            at = (*path, "people", i)
            self._check_region((*at, "region"), _map(person))
            subject = _text(_map(person).get("subject"))
            if subject is not None and subject in listed:
                line = self.line((*listed[subject], "subject"))
                self.add((*at, "subject"), f"the same subject as on line {line}")
            if subject is not None:
                listed.setdefault(subject, at)
            if (consent := _text(_map(person).get("consent"))) is not None:
                self._check_claim(
                    (*at, "consent"), subject, owners.get(consent), claims.get(consent)
                )
                claims.setdefault(consent, at)

    def _check_claim(
        self, path: Path, subject: str | None, record: Path | None, earlier: Path | None
    ) -> None:
        """`record` is where the consent stands, `earlier` a person who already refers to it."""
        if record is not None and subject is not None:
            owner = _text(_at(self.tree.value, (*record, "subject", "id")))
            if owner is not None and owner != subject:
                line = self.line((*record, "subject"))
                self.add(path, f"this consent is for another subject (line {line})")
                return
        if earlier is None:
            return
        other = _text(_at(self.tree.value, (*earlier, "subject")))
        same_picture = earlier[:-1] == path[:-2]
        known = subject is not None and other is not None
        if subject != other if known else same_picture:
            line = self.line((*earlier, "consent"))
            self.add(path, f"one consent cannot stand for two people (the other is on line {line})")

    def _check_region(self, path: Path, holder: dict[str, Node]) -> None:
        region = _map(holder.get("region"))
        for start, extent, edge in (("x", "w", "right"), ("y", "h", "lower")):
            begin, size = _fraction(region.get(start)), _fraction(region.get(extent))
            if size == 0:
                self.add((*path, extent), "must be more than 0")
            elif begin is not None and size is not None and begin + size > 1 + _ROUNDING:
                self.add(
                    (*path, extent), f"reaches beyond the {edge} edge ({start} + {extent} > 1)"
                )


def _at(node: Node, path: Path) -> Node:
    """The node at `path`, or None where the tree does not reach so far."""
    for piece in path:
        if isinstance(node, dict) and isinstance(piece, str):
            node = node.get(piece)
        elif isinstance(node, list) and isinstance(piece, int) and piece < len(node):
            node = node[piece]
        else:
            return None
    return node


def _map(node: Node) -> dict[str, Node]:
    return node if isinstance(node, dict) else {}


def _list(node: Node) -> list[Node]:
    return node if isinstance(node, list) else []


def _text(node: Node) -> str | None:
    return node.strip() if isinstance(node, str) else None


def _date(node: Node) -> date | None:
    try:
        return _DATE.validate_python(node)
    except ValidationError:
        return None


def _fraction(node: Node) -> float | None:
    try:
        return _FRACTION.validate_python(node)
    except ValidationError:
        return None


def _empty_paths(root: Node) -> Iterator[Path]:
    """Paths of values that say nothing: not written, or YAML's and JSON's words for nothing."""
    waiting: list[tuple[Path, Node]] = [((), root)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, dict):
            waiting.extend(((*path, word), value) for word, value in node.items())
        elif isinstance(node, list):
            waiting.extend(((*path, i), value) for i, value in enumerate(node))
        elif node is None or node.strip().lower() in ("null", "~"):
            yield path
