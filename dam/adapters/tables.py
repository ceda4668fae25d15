"""Tables as people keep them: CSV and XLSX bytes -> rows, and rows -> the same.

Nothing is guessed (of CSV: `dam.core.csv_text`). A formula, an error or a time of day is no
statement: the cell says so instead.

Everything is bounded before it is trusted. Of a workbook the sizes in the zip directory
come first (zipfile never gives more than they say), and a part with a document type is
refused unread.
"""

from __future__ import annotations

import csv
import io
import os
import re
import stat
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dam.core import csv_text, table
from dam.core.columns import COLUMNS, Kind
from dam.core.errors import ConfigurationError, StorageError, UsageError
from dam.core.sheet import Cell, Row, Unfit

MAX_BYTES = 8 * 1024 * 1024
MAX_ROWS = csv_text.MAX_ROWS
MAX_COLUMNS = csv_text.MAX_COLUMNS
#: What the parts of a workbook may unpack to, together.
MAX_UNPACKED = 64 * 1024 * 1024
MAX_PARTS = 500
#: Tags in all parts together: 20,000 full rows of the template have about two million.
MAX_TAGS = 6_000_000
#: Empty cells included: a sheet may be formatted far beyond what is written in it.
_MAX_CELLS = 4_000_000
_SHEET_ROWS = 1_048_576

_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*?\sr\s*=\s*[\"']([^\"']*)[\"']")
_ENCODING = re.compile(rb"\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"']*)")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SAVE_AGAIN = "Open it in the spreadsheet program and save it again as .xlsx, without a password"


def read_file(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a file that the user named. UsageError where it is none, or too large."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UsageError("there is no such file") from None
    except OSError as error:
        raise UsageError(f"it cannot be opened ({error.strerror})") from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UsageError("this is no regular file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise StorageError(f"A file cannot be read ({error.strerror})") from error
    finally:
        os.close(handle)
    if len(data) > limit:
        raise UsageError(f"it is larger than {limit // 1024} KiB", "Split it")
    return data


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet. ConfigurationError or UsageError where it cannot be."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise UsageError(
            "The file of --out is already there", "Name another one: nothing is overwritten"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"The file of --out cannot be made ({error.strerror})") from error


# --- CSV ----------------------------------------------------------------------------------

read_csv = csv_text.read


def write_csv(rows: Sequence[Sequence[str]], separator: str) -> bytes:
    """A CSV that spreadsheets open as it is: UTF-8 with its mark, CRLF, harmless cells."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows([table.cell(c) for c in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


# --- XLSX ---------------------------------------------------------------------------------


def read_xlsx(data: bytes) -> tuple[Row, ...]:
    """Rows of the one worksheet with content, hidden rows and columns included.

    Numbers are text as a person writes them, yes/no cells `yes` and `no`. Raises UsageError
    where it is no workbook, a damaged or dangerous one, or several sheets have content.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UsageError("this is an old workbook (.xls) or one with a password", _SAVE_AGAIN)
    try:
        _check_package(data)
        with warnings.catch_warnings():
            # openpyxl tells of every ornament that it leaves out.
            warnings.simplefilter("ignore")
            return _workbook(data)
    except UsageError:
        raise
    except Exception:  # whatever a hostile workbook makes zipfile, expat and openpyxl raise
        raise UsageError("this workbook is damaged, or none at all", _SAVE_AGAIN) from None


def _check_package(data: bytes) -> None:
    """Refuse what no spreadsheet program writes, by sizes first and content then."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = package.infolist()
        unpacked = sum(part.file_size for part in parts)
        if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED:
            raise UsageError(
                f"this workbook unpacks to more than {MAX_UNPACKED // 1024**2} MiB",
                "Keep only the table in it",
            )
        if len({part.filename for part in parts}) < len(parts):
            raise UsageError("a part of this workbook stands twice", _SAVE_AGAIN)
        if any(part.flag_bits & 1 or part.compress_type not in _PACKED for part in parts):
            raise UsageError("this workbook has a password or a strange packing", _SAVE_AGAIN)
        tags = 0
        for part in parts:
            content = package.read(part)
            _check_part(content)
            tags += content.count(b"<")
            if tags > MAX_TAGS:
                raise UsageError("this workbook has too many cells", "Keep only the table in it")


def _check_part(content: bytes) -> None:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or content.startswith(_WIDE):
        raise UsageError("a part of this workbook is written as no program does", _SAVE_AGAIN)
    told = _ENCODING.match(content)
    if told and told[1].lower() not in (b"utf-8", b"us-ascii"):
        # In another encoding the checks on bytes would not see what a parser sees.
        raise UsageError("a part of this workbook is written as no program does", _SAVE_AGAIN)
    # openpyxl leaves out rows that come twice or out of order; one of them may be a no.
    before = 0
    for found in _ROW.finditer(content):
        number = int(found[1])
        if not before < number <= _SHEET_ROWS:
            raise UsageError("the rows of this workbook are out of order", _SAVE_AGAIN)
        before = number


def _workbook(data: bytes) -> tuple[Row, ...]:
    # Formulas are wanted as such (data_only=False): their stored results prove nothing.
    # Imported where it is needed: it costs every other command a quarter of its start.
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    try:
        filled = [rows for sheet in book.worksheets if (rows := tuple(_rows(sheet)))]
    finally:
        book.close()
    if len(filled) > 1:
        raise UsageError(
            "several worksheets have content", "Keep the one with the consents in a file of its own"
        )
    return filled[0] if filled else ()


def _rows(sheet: Any) -> Iterator[Row]:  # noqa: ANN401  (untyped in read-only mode)
    # The size that a worksheet claims for itself would cut off what lies beyond it.
    sheet.reset_dimensions()
    seen = filled = 0
    for number, cells in enumerate(sheet.iter_rows(), 1):
        seen += len(cells)
        if seen > _MAX_CELLS or number > _SHEET_ROWS:
            raise UsageError("this worksheet has too many cells", "Keep only the table in it")
        values = [_cell(cell.value, cell.data_type) for cell in cells]
        if any(not isinstance(value, str) or value.strip() for value in values):
            csv_text.bounded(filled, values)
            filled += 1
            yield Row(number, tuple(values[:MAX_COLUMNS]))


def _cell(value: object, kind: str) -> Cell:
    if kind == "f":
        return Unfit("a formula: write its result here as plain text")
    if kind == "e":
        return Unfit("the spreadsheet shows an error here")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        if value.time() == datetime.min.time():
            return value.date()
        return Unfit("a time of day: write the date alone")
    if isinstance(value, date | str):
        return value
    if isinstance(value, int | float):
        return str(int(value)) if value == value // 1 else str(value)
    return Unfit("a time of day: write the date alone")


def write_xlsx(rows: Sequence[Sequence[str]], *, title: str, right_to_left: bool) -> bytes:
    """A workbook for `COLUMNS`: the header, example rows, lists to choose from, dates as dates."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    sheet.freeze_panes = "B2"
    sheet.sheet_view.rightToLeft = right_to_left
    for row in rows:
        sheet.append(list(row))
    for place, column in enumerate(COLUMNS, 1):
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = 18
        # As text, or the spreadsheet makes a date of the age band 6-11.
        form = "yyyy-mm-dd" if column.kind is Kind.DATE else "@"
        sheet.column_dimensions[letter].number_format = form
        sheet.cell(1, place).font = Font(bold=True)
        for number in range(2, len(rows) + 1):
            cell = sheet.cell(number, place)
            if column.kind is Kind.DATE and isinstance(cell.value, str) and cell.value:
                cell.value = date.fromisoformat(cell.value)
            cell.number_format = form
        if column.allowed:
            choice = DataValidation("list", formula1=f'"{",".join(column.allowed)}"')
            choice.add(f"{letter}2:{letter}{MAX_ROWS}")
            sheet.add_data_validation(choice)
    book.properties.creator = "dam"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
