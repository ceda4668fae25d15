"""CSV bytes as spreadsheets write them -> rows. Pure: the bytes come in as an argument.

Nothing is guessed. The text is UTF-8 (with or without its mark) or UTF-16 with a mark; the
one-byte encodings of older spreadsheets cannot be told from each other and are refused with
advice.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from dam.core.errors import UsageError
from dam.core.sheet import Row

MAX_ROWS = 20_000
MAX_COLUMNS = 100

_UNFIT = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WIDE = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = ",;\t"


def read(data: bytes, max_rows: int = MAX_ROWS) -> tuple[Row, ...]:
    """Rows of a CSV with commas, semicolons or tabs; the one that splits the first row counts.

    Raises UsageError where the bytes are no such text, or too many.
    """
    text = _decoded(data)
    separator = max(SEPARATORS, key=lambda s: len(_first(text, s)))
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            raise UsageError(
                f"from row {number + 1} on this cannot be read as CSV",
                "A quote is opened and not closed, or a cell is far too long",
            ) from None
        if cells is None:
            return tuple(rows)
        number += 1
        if any(cell.strip() for cell in cells):
            bounded(len(rows), cells, max_rows)
            rows.append(Row(number, tuple(cells)))


def _first(text: str, separator: str) -> list[str]:
    """The first row that is not empty, as this separator splits it."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        return next((row for row in reader if any(cell.strip() for cell in row)), [])
    except csv.Error:
        return []


def _decoded(data: bytes) -> str:
    if data.startswith(b"PK\x03\x04"):
        raise UsageError("this is a workbook, not CSV", "Give it a name that ends in .xlsx")
    wide = data.startswith(_WIDE)
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(
            "this is not UTF-8 text", "In the spreadsheet program save it as 'CSV UTF-8'"
        ) from None
    if found := _UNFIT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise UsageError(f"a control character, which no text needs, in line {line}", "Retype it")
    return text


def bounded(rows: int, cells: Sequence[object], max_rows: int = MAX_ROWS) -> None:
    """UsageError where a table of `rows` rows is too large with one row more, `cells`."""
    if rows > max_rows:
        raise UsageError(f"more than {max_rows} rows", "Split it")
    if len(cells) > MAX_COLUMNS and any(cell not in ("", None) for cell in cells[MAX_COLUMNS:]):
        raise UsageError(f"more than {MAX_COLUMNS} columns", "Keep those of the template")
