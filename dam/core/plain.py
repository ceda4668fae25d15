"""The texts of a rendition, made plain once: EXIF, IIM and XMP then hold the same characters.

What one of the formats has no place for (control characters, half surrogates, line breaks in a
name) would be dropped or bent by each of them in its own way.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from dam.core.model import Rights

_NEVER = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
_JOINER = "\u200d"
#: Beside the marks (categories Mn, Mc, Me): UAX 29, table 2, Extend and SpacingMark.
_CLINGS = frozenset("\u200c\u200d\u0e33\u0eb3\uff9e\uff9f") | {
    *map(chr, range(0x1F3FB, 0x1F400)),
    *map(chr, range(0xE0020, 0xE0080)),
}
#: Between two consonants of one Indic syllable (UAX 29, rule GB9c).
_LINKERS = frozenset("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d")
#: UAX 29, table 2, Prepend: signs in front of numbers, and letters written over the next one.
_PREPENDED = frozenset(
    [
        *map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0xD4E)),
        *map(chr, (0x110BD, 0x110CD, 0x111C2, 0x111C3, 0x1193F, 0x11941, 0x11A3A)),
        *map(chr, (*range(0x11A84, 0x11A8A), 0x11D46, 0x11F02)),
    ]
)


def line(text: str) -> str:
    """`text` in one line: breaks become spaces, characters that no format carries are dropped."""
    return paragraphs(text).replace("\n", " ")


def paragraphs(text: str) -> str:
    """`text` with LF as its only break, no tabs, no space around it."""
    lines = (_NEVER.sub("", part.replace("\t", " ")) for part in text.splitlines())
    return "\n".join(part.rstrip() for part in lines).strip()


def tidy(rights: Rights) -> Rights:
    """The same statement in plain texts, empty ones left out. Done twice it changes nothing.

    Names, notices and addresses are one line (IIM 4.2 allows breaks in captions alone).
    """
    return replace(
        rights,
        creators=tuple(name for name in map(line, rights.creators) if name),
        credit_line=line(rights.credit_line),
        copyright=line(rights.copyright),
        source=line(rights.source),
        captions=_by_language(rights.captions),
        usage_terms=_by_language(rights.usage_terms),
        web_statement=line(rights.web_statement),
        licensor=line(rights.licensor),
        data_mining=line(rights.data_mining),
        digital_source_type=line(rights.digital_source_type),
        pack=line(rights.pack),
    )


def _by_language(texts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    plain = ((line(lang), paragraphs(text)) for lang, text in texts)
    return tuple((lang, text) for lang, text in plain if text)


def fit(text: str, limit: int) -> str:
    """The longest beginning of `text` that takes at most `limit` bytes of UTF-8.

    It ends between two characters as readers see them (extended grapheme clusters, UAX 29), and
    without a space; it is empty where the first of them is too long.
    """
    raw = text.encode("utf-8")
    if len(raw) <= limit:
        return text
    cut = len(raw[:limit].decode("utf-8", "ignore"))
    while cut > 0 and not _parts(text, cut):
        cut -= 1
    return text[:cut].rstrip()


def _parts(text: str, at: int) -> bool:
    """Whether two characters as readers see them meet in front of `text[at]`."""
    before, after = text[at - 1], text[at]
    if after in _CLINGS or unicodedata.category(after).startswith("M"):
        return False
    if before == _JOINER or before in _PREPENDED or before in _LINKERS:
        return False
    if _flag(before) and _flag(after):
        start = at
        while start > 0 and _flag(text[start - 1]):
            start -= 1
        return (at - start) % 2 == 0
    return not _hangul(before, after)


def _flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _hangul(before: str, after: str) -> bool:
    """Whether two pieces of Korean make one syllable (UAX 29, rules GB6 to GB8)."""
    first, second = _jamo(before), _jamo(after)
    return (
        (first == "L" and second in ("L", "V", "LV", "LVT"))
        or (first in ("LV", "V") and second in ("V", "T"))
        or (first in ("LVT", "T") and second == "T")
    )


def _jamo(character: str) -> str:
    code = ord(character)
    if 0xAC00 <= code <= 0xD7A3:
        return "LVT" if (code - 0xAC00) % 28 else "LV"
    for kind, spans in (
        ("L", ((0x1100, 0x115F), (0xA960, 0xA97C))),
        ("V", ((0x1160, 0x11A7), (0xD7B0, 0xD7C6))),
        ("T", ((0x11A8, 0x11FF), (0xD7CB, 0xD7FB))),
    ):
        if any(low <= code <= high for low, high in spans):
            return kind
    return ""
