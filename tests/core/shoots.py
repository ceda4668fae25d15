"""Tables of a shoot as tests write them, and what `dam` reads in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from dam.core import names
from dam.core.record import Person, ShootSheet
from dam.core.shoot_table import parse

LANGS = ("en", "fr", "ar")
HEAD = ("photo", "subject", "age_band", "identifiable", "people")
RECORD = (
    "photo", "id", "subject", "age_band", "purposes", "territories", "valid_from", "face",
    "giver_role", "giver_method", "giver_on", "child_assent", "state", "state_on",
)  # fmt: skip
FULL = (
    "IMG_01*.JPG", "C-1", "S-1", "6-11", "press web", "world", "2021-11-01", "yes",
    "parent", "written", "2021-10-28", "given", "given", "2021-10-28",
)  # fmt: skip


def written(*rows: Sequence[str], separator: str = ",", encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue().encode(encoding)


def read(*rows: Sequence[str]) -> ShootSheet:
    parsed = parse(written(*rows), "consent.csv")
    assert parsed.value is not None, [str(p) for p in parsed.problems]
    assert not parsed.problems
    return parsed.value


def problems(*rows: Sequence[str]) -> list[str]:
    return refused(written(*rows))


def refused(data: bytes) -> list[str]:
    parsed = parse(data, "consent.csv")
    assert parsed.value is None
    assert parsed.problems
    return [str(problem) for problem in parsed.problems]


def but(**changed: str) -> list[str]:
    """The full row with some cells otherwise."""
    assert set(changed) <= set(RECORD)
    return [changed.get(name, cell) for name, cell in zip(RECORD, FULL, strict=True)]


def shown(sheet: ShootSheet, name: str) -> list[Person]:
    """Everybody whom the rows that match a photo show."""
    return [
        person
        for entry in sheet.photos
        if names.matches(entry.match, name) and isinstance(entry.people, tuple)
        for person in entry.people
    ]
