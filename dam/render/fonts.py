"""The packaged Noto fonts of documents, and which letters they have.

A letter that no font has would be an empty box on paper, and PDF/UA-1 forbids those (ISO 14289-1,
7.21.4.1): it is written by its number instead, so that nothing of a name is lost.

Noto Sans Arabic draws a dotted letter as two glyphs, and typst then puts the letter twice into
the text of the file, which is what is searched, copied and read aloud (typst issue 8767). The
presentation forms of Unicode are one glyph each and look the same: words are written in those,
and NFKC gives the letters back. Words with vowel marks have none and stay as they are.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

import arabic_reshaper
from arabic_reshaper.letters import LETTERS_ARABIC

from dam.core.errors import ConfigurationError

#: Package and file; a letter is looked for in this order.
FILES = (
    ("fontpkg_noto_sans", "NotoSans[wdth,wght].ttf"),
    ("fontpkg_noto_sans_arabic", "NotoSansArabic[wdth,wght].ttf"),
)
#: They draw nothing by themselves, and every shaping engine drops them where a font has none.
_UNSEEN = frozenset("\u200b\u200c\u200d\u2066\u2067\u2068\u2069")
_LRI, _RLI, _FSI, _PDI = "\u2066", "\u2067", "\u2068", "\u2069"
#: One sign as wide as a line, which no column holds.
_TOO_WIDE = "\ufdfd"
#: More marks than any script puts on a letter would run into the lines above and below.
_MARKS = 4
_WORD = re.compile("[\u0620-\u065f\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f]+")
_RESHAPER = arabic_reshaper.ArabicReshaper({"delete_harakat": False, "delete_tatweel": False})
#: Platform and encoding of the tables that map from all of Unicode, or from its first plane.
_UNICODE = ((3, 10), (0, 4), (0, 6), (3, 1), (0, 3))


def folders() -> list[Path]:
    """Where the fonts stand. Raises ConfigurationError where they are not installed."""
    return [path.parent for path in _files()]


def legible(text: str) -> str:
    """`text` with every letter that cannot be drawn as `\\uNNNN`.

    A letter and the marks on it must be in one font: shaped apart, they would not meet.
    """
    if text.isascii():
        return text
    return "".join(map(_drawn, _clusters(unicodedata.normalize("NFC", text))))


def joined(text: str) -> str:
    """A legible text as it is set: Arabic words in presentation forms, isolates with a direction.

    By itself an isolate goes by its first letter outside of those within it (UAX 9, P2), so that
    a list of isolated Arabic words would run from left to right.
    """
    if text.isascii():
        return text
    found = list(text)
    for place, char in enumerate(text):
        if char == _FSI:
            found[place] = _RLI if _runs_left(text, place + 1) else _LRI
    return _WORD.sub(lambda word: _forms(word.group()), "".join(found))


def _runs_left(text: str, start: int) -> bool:
    """Whether the isolate that begins before `start` runs from right to left."""
    depth, within = 1, ""
    for char in text[start:]:
        depth += (char == _FSI) - (char == _PDI)
        if depth == 0:
            break
        if (strong := unicodedata.bidirectional(char)) in ("L", "R", "AL"):
            if depth == 1:
                return strong != "L"
            within = within or strong
    return within in ("R", "AL")


def _forms(word: str) -> str:
    """An Arabic word in presentation forms; as it is where a letter of it has none."""
    if not all(char in LETTERS_ARABIC for char in word):
        return word
    forms = str(_RESHAPER.reshape(word))
    same = unicodedata.normalize("NFKC", forms) == unicodedata.normalize("NFKC", word)
    return forms if same and _covers()[-1].issuperset(forms) else word


def _drawn(cluster: str) -> str:
    if len(cluster) > 1 + _MARKS or cluster[0] == _TOO_WIDE:
        kept = "" if cluster[0] == _TOO_WIDE else _drawn(cluster[: 1 + _MARKS])
        return kept + "".join(map(_number, cluster[1 + _MARKS if kept else 0 :]))
    seen = set(cluster) - _UNSEEN
    covers = _covers()
    if any(seen <= cover for cover in covers):
        return cluster
    # The letter alone may have a font; then its marks are told behind it.
    first = cluster[0] if any(cluster[0] in cover for cover in covers) else _number(cluster[0])
    return first + "".join(map(_number, cluster[1:]))


def _number(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _clusters(text: str) -> Iterator[str]:
    """Each letter with the marks on it."""
    start = 0
    for place, char in enumerate(text):
        if place and not unicodedata.category(char).startswith("M"):
            yield text[start:place]
            start = place
    if text:
        yield text[start:]


def _files() -> list[Path]:
    try:
        found = [Path(str(resources.files(name))) / "files" / file for name, file in FILES]
    except ModuleNotFoundError:
        found = []
    if not found or not all(path.is_file() for path in found):
        raise ConfigurationError(
            "The fonts of the PDF are not installed",
            "Install fontpkg-noto-sans and fontpkg-noto-sans-arabic",
        )
    return found


@cache
def _covers() -> tuple[frozenset[str], ...]:
    """The letters of each font."""
    return tuple(frozenset(map(chr, _codes(path.read_bytes()))) for path in _files())


def _codes(font: bytes) -> Iterator[int]:
    """The code points for which an OpenType font has a glyph (table `cmap`, formats 4 and 12)."""
    tables = {
        font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0]
        for at in range(12, 12 + 16 * struct.unpack_from(">H", font, 4)[0], 16)
    }
    cmap = tables[b"cmap"]
    records = {
        (platform, encoding): cmap + offset
        for platform, encoding, offset in struct.iter_unpack(
            ">HHI", font[cmap + 4 : cmap + 4 + 8 * struct.unpack_from(">H", font, cmap + 2)[0]]
        )
    }
    at = next(records[key] for key in _UNICODE if key in records)
    return _segments(font, at) if struct.unpack_from(">H", font, at)[0] == 4 else _groups(font, at)


def _groups(font: bytes, at: int) -> Iterator[int]:
    """Format 12: runs of code points with the glyph of their first."""
    (number,) = struct.unpack_from(">I", font, at + 12)
    for first, last, glyph in struct.iter_unpack(">III", font[at + 16 : at + 16 + 12 * number]):
        yield from (code for code in range(first, last + 1) if glyph + code - first)


def _segments(font: bytes, at: int) -> Iterator[int]:
    """Format 4: runs of code points, their glyphs by a shift or by a list."""
    half = struct.unpack_from(">H", font, at + 6)[0] // 2
    lasts, firsts, shifts, lists = (
        struct.unpack_from(f">{half}H", font, place)
        for place in (at + 14, *(at + 16 + 2 * half * n for n in (1, 2, 3)))
    )
    base = at + 16 + 6 * half
    for n, (first, last, shift, listed) in enumerate(
        zip(firsts, lasts, shifts, lists, strict=True)
    ):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code + shift
            if listed:
                (glyph,) = struct.unpack_from(
                    ">H", font, base + 2 * n + listed + 2 * (code - first)
                )
                glyph = glyph and glyph + shift
            if glyph & 0xFFFF:
                yield code
