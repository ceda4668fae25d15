"""CSV and XLSX bytes -> rows: every honest form, and nothing that is hostile or guessed."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from dam.adapters import tables
from dam.core import example
from dam.core.columns import COLUMNS
from dam.core.errors import ConfigurationError, UsageError
from dam.core.sheet import Row, Unfit, parse, template

TEXT = 'id;âge;الحالة\r\n\r\nC-1;"6;11";a\r\nC-2;x\r\n'
#: Workbooks know no time zones.
MIDNIGHT = datetime(2021, 11, 2)  # noqa: DTZ001
MORNING = datetime(2021, 11, 2, 8, 30)  # noqa: DTZ001
WANTED = (
    Row(1, ("id", "âge", "الحالة")),
    Row(3, ("C-1", "6;11", "a")),
    Row(4, ("C-2", "x")),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_as_spreadsheets_write_it(encoding: str, separator: str) -> None:
    text = TEXT.replace('"6;11"', "@").replace(";", separator).replace("@", f'"6{separator}11"')
    wanted = tuple(
        Row(r.number, tuple(c.replace(";", separator) for c in r.cells if isinstance(c, str)))
        for r in WANTED
    )
    assert tables.read_csv(text.encode(encoding)) == wanted


def refused(read: Callable[[bytes], object], data: bytes) -> str:
    with pytest.raises(UsageError) as caught:
        read(data)
    return str(caught.value)


def test_csv_that_cannot_be_trusted() -> None:
    assert "UTF-8" in refused(tables.read_csv, "fiche;âge".encode("cp1252"))
    assert "UTF-8" in refused(tables.read_csv, b"\xff\xfea")
    assert "line 2" in refused(tables.read_csv, b"id,subject\nC-\x001,S-1\n")
    assert "from row 2" in refused(tables.read_csv, b'id,subject\n"C-1,S-1\nC-2,S-2\n')
    assert "quote" in refused(tables.read_csv, b"id,subject\n" + b"x" * 200_000)
    assert ".xlsx" in refused(tables.read_csv, workbook(lambda book: None))
    assert "rows" in refused(tables.read_csv, b"a\n" * (tables.MAX_ROWS + 2))
    assert "columns" in refused(tables.read_csv, b"a," * 200 + b"a\n")
    assert tables.read_csv(b"") == ()
    assert tables.read_csv(b"a" + b"," * 200) == (Row(1, ("a", *[""] * 200)),)


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_rows_or_refused(data: bytes) -> None:
    for read in (tables.read_csv, tables.read_xlsx):
        with suppress(UsageError):
            read(data)


def test_a_written_csv_cannot_run() -> None:
    data = tables.write_csv([["=1+1", "a;b"], ["é", ""]], ";")
    assert data == '\ufeff\'=1+1;"a;b"\r\né;\r\n'.encode()


# --- XLSX ---------------------------------------------------------------------------------


def workbook(fill: Callable[[Workbook], object]) -> bytes:
    book = Workbook()
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cells(*values: object) -> bytes:
    def fill(book: Workbook) -> None:
        sheet = book.active
        assert sheet is not None
        sheet.append(list(values))

    return workbook(fill)


def repacked(data: bytes, **parts: bytes | Callable[[bytes], bytes]) -> bytes:
    """The workbook with some parts otherwise; `sheet` is the first worksheet."""
    out = io.BytesIO()
    names = {"sheet": "xl/worksheets/sheet1.xml", "more": "xl/more.xml"}
    wanted = {names[key]: value for key, value in parts.items()}
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for info in old.infolist():
            change = wanted.pop(info.filename, None)
            body = old.read(info)
            new.writestr(info.filename, change(body) if callable(change) else change or body)
        for name, value in wanted.items():
            assert isinstance(value, bytes)
            new.writestr(name, value)
    return out.getvalue()


def test_cells_are_what_a_person_sees() -> None:
    data = cells("a", 147, 2012.0, 0.5, True, False, date(2021, 11, 1), MIDNIGHT)
    (row,) = tables.read_xlsx(data)
    assert row == Row(
        1, ("a", "147", "2012", "0.5", "yes", "no", date(2021, 11, 1), date(2021, 11, 2))
    )  # fmt: skip


def test_cells_that_are_no_statement() -> None:
    data = cells("=1+1", "#REF!", MORNING, time(8, 30))
    (row,) = tables.read_xlsx(data)
    assert all(isinstance(cell, Unfit) for cell in row.cells)
    assert "formula" in str(row.cells[0])
    # A stored result beside the formula is not believed.
    trick = repacked(data, sheet=lambda b: b.replace(b"<v />", b"<v>yes</v>", 1))
    assert tables.read_xlsx(trick)[0].cells[0] == row.cells[0]


def test_hidden_rows_count_and_sheets_do_not_hide() -> None:
    def fill(book: Workbook) -> None:
        sheet = book.active
        assert sheet is not None
        for text in ("a", "b", "c"):
            sheet.append([text])
        sheet.row_dimensions[2].hidden = True
        book.create_sheet("empty")

    assert [r.cells for r in tables.read_xlsx(workbook(fill))] == [("a",), ("b",), ("c",)]

    def two(book: Workbook) -> None:
        fill(book)
        other = book["empty"]
        other["Q90"] = "withdrawn"
        other.sheet_state = "hidden"

    assert "several worksheets" in refused(tables.read_xlsx, workbook(two))


def test_a_sheet_that_lies_about_its_size() -> None:
    data = repacked(
        workbook(lambda book: [book.active.append([n, "x"]) for n in range(3)]),  # type: ignore[union-attr]
        sheet=lambda b: b.replace(b'ref="A1:B3"', b'ref="A1:A1"'),
    )
    assert [len(row.cells) for row in tables.read_xlsx(data)] == [2, 2, 2]


def test_rows_out_of_order_are_refused() -> None:
    data = workbook(lambda book: [book.active.append([n]) for n in range(3)])  # type: ignore[union-attr]
    for wrong in (b'<row r="1"', b'<row r="99999999"', b'<row r="0"', b'<row r="x"'):
        changed = repacked(data, sheet=lambda b, w=wrong: b.replace(b'<row r="3"', w))  # type: ignore[misc]
        assert refused(tables.read_xlsx, changed)
    assert len(tables.read_xlsx(repacked(data, sheet=lambda b: b.replace(b'"3"', b'"9"')))) == 3


def test_hostile_workbooks() -> None:
    data = cells("a")
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    assert "as no program does" in refused(tables.read_xlsx, repacked(data, sheet=laughs))
    wide = laughs.decode().encode("utf-16")
    assert "as no program does" in refused(tables.read_xlsx, repacked(data, more=wide))
    bomb = repacked(data, more=bytes(tables.MAX_UNPACKED))
    assert len(bomb) < 200_000
    assert "unpacks" in refused(tables.read_xlsx, bomb)
    assert "password" in refused(tables.read_xlsx, b"\xd0\xcf\x11\xe0" + bytes(600))
    assert "damaged" in refused(tables.read_xlsx, data[: len(data) // 2])
    assert "damaged" in refused(tables.read_xlsx, repacked(data, sheet=b"<worksheet>"))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as many:
        for number in range(tables.MAX_PARTS + 1):
            many.writestr(f"{number}", b"")
    assert "unpacks" in refused(tables.read_xlsx, out.getvalue())
    assert "rows" in refused(
        tables.read_xlsx,
        repacked(
            data,
            sheet=lambda b: b.replace(
                b"</sheetData>",
                b"".join(b"<row><c><v>1</v></c></row>" for _ in range(tables.MAX_ROWS + 2))
                + b"</sheetData>",
            ),
        ),
    )


def test_a_table_that_is_too_wide() -> None:
    assert "columns" in refused(tables.read_xlsx, cells(*[1] * (tables.MAX_COLUMNS + 1)))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_workbooks_are_rows_or_refused(data: st.DataObject) -> None:
    body = bytearray(_WHOLE)
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UsageError):
        tables.read_xlsx(bytes(body))


_WHOLE = cells("id", "subject", date(2021, 1, 1), "=A1")


@pytest.mark.parametrize("lang", ["en", "fr", "ar"])
def test_the_template_reads_back(lang: str) -> None:
    rows = template(example.EXAMPLE, lang)
    data = tables.write_xlsx(rows, title=example.TITLES[lang], right_to_left=lang == "ar")
    book = load_workbook(io.BytesIO(data))
    sheet = book.active
    assert sheet is not None
    assert sheet.sheet_view.rightToLeft == (lang == "ar")
    sheet["A2"] = example.EXAMPLE.id
    out = io.BytesIO()
    book.save(out)
    parsed = parse(tables.read_xlsx(out.getvalue()), "r.xlsx")
    assert parsed.value is not None, parsed.problems
    (item,) = parsed.value.items
    assert item.model_dump(exclude_unset=True) == example.EXAMPLE.model_dump(exclude_unset=True)
    place = [c.name for c in COLUMNS].index("valid_from")
    assert tables.read_xlsx(data)[1].cells[place] == date(2021, 11, 1)


# --- files --------------------------------------------------------------------------------


def test_files_that_are_none(tmp_path: Path) -> None:
    fifo, big = tmp_path / "fifo", tmp_path / "big"
    os.mkfifo(fifo)
    big.write_bytes(bytes(11))
    for path, words in (
        (tmp_path / "none", "no such file"),
        (tmp_path, "no regular file"),
        (fifo, "no regular file"),
        (big, "larger"),
    ):
        with pytest.raises(UsageError, match=words):
            tables.read_file(path, 10)
    assert tables.read_file(big, 11) == bytes(11)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    tables.write_new(tmp_path / "a", b"1")
    with pytest.raises(UsageError, match="already there"):
        tables.write_new(tmp_path / "a", b"2")
    assert (tmp_path / "a").read_bytes() == b"1"
    with pytest.raises(ConfigurationError):
        tables.write_new(tmp_path / "no" / "a", b"2")
