"""CSV that a spreadsheet cannot be made to run.

A cell that begins with `= + - @` is a formula to a spreadsheet: also behind blanks or characters
that draw nothing, which some of them skip, and in other widths (`＝`, `﹦`), which those of East
Asia take for the same. A tab or a line break in front hides the sign until the cell is edited.
Such a cell gets an apostrophe in front: the text is then no formula, and readable.

A spreadsheet whose country separates by semicolons or tabs divides the cells anew at those, quotes
or not; what would begin such a piece is treated likewise.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

_SIGNS = frozenset("=+-@")
_BREAKS = ("\t", "\r", "\n")
_SEPARATOR = re.compile(r"([;\t\r\n])")
#: What is skipped in front: blanks, and what draws nothing (controls, marks of direction, joiners).
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def cell(value: object) -> str:
    """One value as harmless text; None is empty. Done twice it changes nothing."""
    text = "" if value is None else str(value)
    if text.isalnum():
        return text
    parts = _SEPARATOR.split(text)
    # Every second one is a separator.
    parts[::2] = [f"'{part}" if formula(part) else part for part in parts[::2]]
    guarded = "".join(parts)
    return f"'{guarded}" if guarded.startswith(_BREAKS) else guarded


def formula(text: str) -> bool:
    """Whether a spreadsheet may take a cell with this text for a formula."""
    if text.startswith(_BREAKS):
        return True
    for char in text:
        if unicodedata.category(char) not in _UNSEEN:
            # NFKC makes one sign of its widths (full, small, raised, lowered).
            return unicodedata.normalize("NFKC", char)[:1] in _SIGNS
    return False


def render(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV text (RFC 4180, comma, CRLF) with every cell made harmless."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return out.getvalue()
