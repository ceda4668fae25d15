"""A table of results as CSV on standard output."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence

from dam.core.table import cell
from dam.render.text import clean


def emit(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """RFC 4180, UTF-8, every cell made harmless to spreadsheets; row by row, as they come."""
    writer = csv.writer(sys.stdout)
    writer.writerow(header)
    for row in rows:
        writer.writerow([cell(clean("" if value is None else value)) for value in row])
