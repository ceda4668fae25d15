"""A little of the fuzzing in every test run; and that it would find what it looks for."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import seed

from dam.adapters import exif, imaging_blocks, iptc, readback, xmp
from dam.core import reported, shoot_table, tree
from dam.core.diff import Compared
from tests.fuzz.targets import TARGETS


def _unhindered(row: reported._Asset, purpose: str) -> Compared:
    """The asset without what stands in its way."""
    disposition, consents = row.dispositions[purpose], frozenset(row.consents)
    return Compared(row.asset, disposition, frozenset(), consents, row.until)


#: What the defect is put into, and what it is: a reader that overlooks.
_DEFECTS: dict[str, tuple[object, str, object]] = {
    "sheet": (tree._Builder, "problem", lambda *parts: None),
    "table": (shoot_table._Reading, "consents", lambda *parts: ()),
    "report": (reported._Asset, "compared", _unhindered),
    "exif": (exif, "_COORDINATES", frozenset()),
    "iim": (iptc, "_FIELDS", {}),
    "xmp": (xmp, "_COORDINATE", re.compile("nothing")),
    "picture": (imaging_blocks, "_jpeg_app1", lambda *parts: None),
    "rendition": (readback._Rendition, "_scan_data", lambda *parts: iter(())),
}


def _fuzz(name: str, examples: int, *, shrink: bool = True) -> Callable[[], None]:
    fuzz: Callable[[], None] = seed(5)(TARGETS[name].test(examples, shrink=shrink))
    return fuzz


@pytest.mark.parametrize("name", TARGETS)
def test_hostile_input_is_read_or_refused(name: str) -> None:
    _fuzz(name, 60)()


@pytest.mark.parametrize("name", _DEFECTS)
def test_a_reader_that_overlooks_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    holder, attribute, worse = _DEFECTS[name]
    monkeypatch.setattr(holder, attribute, worse)
    with pytest.raises(AssertionError):
        _fuzz(name, 400, shrink=False)()
