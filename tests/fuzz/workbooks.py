"""Workbooks of any shape, of which a register is read."""

from __future__ import annotations

import functools
import io
import zipfile

from hypothesis import strategies as st

from dam.adapters import tables
from dam.core import sheet
from dam.core.errors import UsageError
from tests.fuzz.damage import Draw, damaged

_HEAD = ["id", "subject", "purposes", "territories", "valid_from", "face", "state", "state_on"]
_ROW = ["C-1", "S-1", "press", "world", "2021-11-01", "no", "withdrawn", "2022-01-01"]


@functools.cache
def _parts() -> dict[str, bytes]:
    data = tables.write_xlsx([_HEAD, _ROW, _ROW], title="x", right_to_left=False)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


@st.composite
def workbooks(draw: Draw) -> tuple[bytes]:
    """The bytes of a workbook, damaged in its parts or as a zip file."""
    parts = dict(_parts())
    for name in draw(st.lists(st.sampled_from(sorted(parts)), max_size=2)):
        parts[name] = draw(damaged(parts[name]))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", draw(st.sampled_from((0, 8)))) as package:
        for name, body in parts.items():
            package.writestr(zipfile.ZipInfo(name), body)
    whole = out.getvalue()
    return (draw(damaged(whole)) if draw(st.booleans()) else whole,)


def read_workbook(data: bytes) -> None:
    """Rows or a UsageError, and of the rows records or problems."""
    try:
        rows = tables.read_xlsx(data)
    except UsageError:
        return
    parsed = sheet.parse(rows, "x")
    assert (parsed.value is None) == bool(parsed.problems)
