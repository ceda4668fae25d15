"""A table of results as CSV on standard output."""

from __future__ import annotations

import csv
import sys
from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache

from dam.core.table import cell
from dam.render.text import clean


def emit(header: Sequence[str], rows: Iterable[Sequence[Hashable]]) -> None:
    """RFC 4180, UTF-8, every cell made harmless to spreadsheets; row by row, as they come."""
    writer = csv.writer(sys.stdout)
    writer.writerow(header)
    # None and whole numbers are harmless as they are. In line: a long list has millions of cells.
    writer.writerows(
        [value if value is None or type(value) is int else _text(value) for value in row]
        for row in rows
    )


@lru_cache(maxsize=10_000)
def _text(value: Hashable) -> str:
    return cell(clean(value))
