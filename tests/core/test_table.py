"""No cell of a CSV is a formula to a spreadsheet, however the file is divided into cells."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core import table

SIGNS = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x", "﹦1", "﹢1", "﹣1", "﹫x"]
BLANKS = [
    "",
    " ",
    "   ",
    "\u00a0",
    "\u202f",
    "\u3000",
    "\u200b",
    "\ufeff",
    "\u200f",
    "\u2060 ",
    "\0",
]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("blank", BLANKS)
def test_a_formula_gets_an_apostrophe(sign: str, blank: str) -> None:
    assert table.cell(blank + sign) == f"'{blank}{sign}"
    for separator in ";\t\r\n":
        assert table.cell(f"a{separator}{blank}{sign}") == f"a{separator}'{blank}{sign}"


@pytest.mark.parametrize("text", ["\tx", "\rx", "\nx", "\t", "\r\n=1"])
def test_a_break_in_front_gets_one_too(text: str) -> None:
    assert table.cell(text).startswith("'")


@pytest.mark.parametrize(
    "text",
    ["", "a=1", "Rabat - Salé", "1-2", "Match ; fête", "'=1", "صور: طنجة", "a@b.example", "−1"],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert table.cell(text) == text


def test_none_is_empty() -> None:
    assert table.cell(None) == ""


PARTS = st.sampled_from([*"=+-@;,\t\r\n\"' ", "＝", "﹢", "\u200b", "\ufeff", "a", "1", "é", "ص"])
TEXTS = st.text() | st.lists(PARTS, max_size=12).map("".join)


def runs(cell: str) -> bool:
    """As spreadsheets look at a cell: what is seen first, in its common width."""
    seen = [c for c in cell if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf")]
    return bool(seen) and unicodedata.normalize("NFKC", seen[0]).startswith(tuple("=+-@"))


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_nothing_runs_in_any_spreadsheet(texts: list[str]) -> None:
    told = table.render([f"c{n}" for n in range(len(texts))], [texts])
    (_, row) = csv.reader(io.StringIO(told, newline=""), strict=True)
    assert row == [table.cell(text) for text in texts]
    assert [table.cell(cell) for cell in row] == row
    for text, cell in zip(texts, row, strict=True):
        assert cell.replace("'", "") == text.replace("'", ""), "only apostrophes are added"
    for separator in ",;\t":
        for found in csv.reader(io.StringIO(told, newline=""), delimiter=separator):
            assert not any(runs(cell.strip('"')) for cell in found), (separator, found)
