"""CSV that a spreadsheet cannot be made to run.

A cell that begins with `= + - @`, a tab, a carriage return or their full-width forms is a
formula to a spreadsheet; it gets an apostrophe in front, which spreadsheets do not show.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(value: object) -> str:
    """One value as harmless text; None is empty."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def render(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV text (RFC 4180, comma, CRLF) with every cell made harmless."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return out.getvalue()
