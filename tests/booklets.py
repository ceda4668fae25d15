"""Booklets as tests read them: by other programs, letter by letter and word by word."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, PdfObject

from tests.packs import BROAD, LYING, SQUARE, STANDING
from tests.test_audit_paper import Word, words

UNSEEN = str.maketrans("", "", "\u2066\u2067\u2068\u2069\u200b")
MARKUP = '#read("/etc/passwd") $x$ *b* _i_ \\n @ref <label> #panic(1) https://example.org/[a](b)'
A4 = (842, 595)
MIXED = (LYING, STANDING, LYING, SQUARE, LYING, LYING, BROAD, STANDING, STANDING, LYING)


def text(made: bytes) -> str:
    """All that a PDF says, by pypdf; presentation forms as letters, spaces as one."""
    told = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
    return squeezed(told)


def squeezed(told: str) -> str:
    """Without blanks, which readers guess, and with letters in place of presentation forms."""
    plain = unicodedata.normalize("NFKC", told.translate(UNSEEN))
    return re.sub(r"\s+", "", plain)


def poppler(made: bytes, folder: Path) -> str:
    """The same by poppler, which puts Arabic into the order of reading."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    file = folder / "read.pdf"
    file.write_bytes(made)
    done = subprocess.run(["pdftotext", "-raw", str(file), "-"], check=True, capture_output=True)
    return squeezed(done.stdout.decode())


def placed(made: bytes, folder: Path) -> list[Word]:
    file = folder / "placed.pdf"
    file.write_bytes(made)
    return list(words(file))


def nothing_is_cut(found: list[Word]) -> None:
    for word in found:
        assert 0 <= word.left <= word.right <= word.page[0], word
        assert 0 <= word.top <= word.bottom <= word.page[1], word


def alts_of(reader: PdfReader) -> Iterator[PdfObject]:
    """The alternative texts of the figures, in the order of reading."""
    root = reader.trailer["/Root"].get_object()
    assert isinstance(root, DictionaryObject)
    left: list[PdfObject | None] = [root["/StructTreeRoot"]]
    while left:
        thing = left.pop()
        thing = None if thing is None else thing.get_object()
        if isinstance(thing, ArrayObject):
            left += reversed(thing)
        elif isinstance(thing, DictionaryObject):
            if thing.get("/S") == "/Figure":
                yield thing["/Alt"]
            left.append(thing.get("/K"))
