"""A table of results as CSV on standard output."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache

from dam.core.table import cell
from dam.render.text import clean


def emit(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """RFC 4180, UTF-8, every cell made harmless to spreadsheets; row by row, as they come."""
    writer = csv.writer(sys.stdout)
    writer.writerow(header)
    writer.writerows([_harmless(value) for value in row] for row in rows)


@lru_cache(maxsize=10_000)
def _text(value: str) -> str:
    return cell(clean(value))


def _harmless(value: object) -> object:
    """A cell for the writer; None and whole numbers are harmless as they are."""
    if value is None or type(value) is int:
        return value
    return _text(value if type(value) is str else str(value))
