"""One sanitiser for all text that comes from outside, before it reaches a terminal.

Captions, names and messages of files may carry escape sequences, C1 controls, OSC commands
or bidirectional overrides; rich passes them on, even as plain `Text`. Here they become
visible `\\xNN`/`\\uNNNN`, and markup stays the text it is.

Where Arabic and Latin stand in one line, each Latin word, id and file name is put between
Unicode isolates (UAX 9, FSI and PDI), so that its neighbours do not pull it apart. Only isolates
set here pass: those that come from outside are made visible like any other control.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: Joiners that Arabic and other scripts need; they draw nothing by themselves.
_HARMLESS = frozenset("\u200c\u200d")
#: Marks of direction that authors of Arabic texts set; isolates make them superfluous.
_MARKS = str.maketrans("", "", "\u200e\u200f\u061c")
#: Those, and what word processors leave: soft hyphens, zero-width spaces, byte order marks.
_STEERING = str.maketrans("", "", "\u200e\u200f\u061c\u00ad\u200b\u2060\ufeff")
_FSI, _PDI = "\u2068", "\u2069"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
#: Latin words and numbers in a row, each with what holds it together, as file names have it.
_LETTERS = "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f"
_RUN = rf"[{_LETTERS}#`-]+(?:[{_LETTERS}_./:@+`\\'’=-]*[{_LETTERS}`])?"
_LATIN = re.compile(rf"{_RUN}(?: +{_RUN})*")


class Shown(str):
    """Text that is harmless already; made by this module only."""

    __slots__ = ()


def clean(value: object, *, lines: bool = False) -> Shown:
    """`value` as harmless printable text; line breaks kept only with `lines`."""
    if isinstance(value, Shown):
        return value
    text = str(value)
    if text.isprintable():
        # Nothing that hides or moves: Python counts just such characters as not printable.
        return Shown(text)
    return Shown("".join(_shown(char, lines) for char in text))


def outgoing(value: object, *, lines: bool = False) -> Shown:
    """A text of others for a document that leaves the house, harmless and tidy.

    Marks that only steer how a line runs or breaks are left out, tabs are spaces, and so are
    line breaks unless `lines` keeps them. All else that is not to be seen is made visible.
    """
    if isinstance(value, Shown):
        return value
    rows = (clean(row.replace("\t", " ").translate(_STEERING)) for row in str(value).splitlines())
    return Shown(("\n" if lines else " ").join(row.strip() for row in rows).strip())


def _shown(char: str, lines: bool) -> str:
    if char == "\n" and lines:
        return char
    if char in _HARMLESS or unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def isolated(value: object) -> Shown:
    """`value` as harmless text that does not mix with what stands around it."""
    text = clean(value)
    return enclosed(text) if text and not _alone(text) else text


def enclosed(text: Shown) -> Shown:
    """A harmless text in an isolate of its own."""
    return Shown(f"{_FSI}{text}{_PDI}")


def _alone(text: str) -> bool:
    """Whether a text is one isolate from its first to its last character."""
    depth = 0
    for place, char in enumerate(text):
        depth += (char == _FSI) - (char == _PDI)
        if depth == 0:
            return place == len(text) - 1 and char == _PDI
    return False


def apart(text: str) -> Shown:
    """A text in Arabic, every Latin word and number in it isolated."""
    return Shown(_LATIN.sub(lambda word: isolated(word.group()), clean(text.translate(_MARKS))))


def filled(template: str, words: Mapping[str, object], *, apart_: bool = False) -> Shown:
    """A template of ours with its `{words}`; with `apart_` as a line from right to left."""
    found: list[str] = []
    place = 0
    for match in _PLACEHOLDER.finditer(template):
        text = template[place : match.start()]
        found.append(apart(text) if apart_ else clean(text))
        value = words.get(match.group(1), match.group())
        found.append(isolated(value) if apart_ else clean(value))
        place = match.end()
    rest = template[place:]
    found.append(apart(rest) if apart_ else clean(rest))
    return Shown("".join(found))


def joined(separator: str, parts: Iterable[object]) -> Shown:
    """Several texts as one; an empty one leaves no trace."""
    return Shown(clean(separator).join(text for part in parts if (text := clean(part))))


def wrapped(text: str, width: int, hang: int = 0) -> list[str]:
    """A harmless text in lines of at most `width` columns, those after the first `hang` fewer.

    A longer word stands alone. An isolate that is broken is closed and opened again.
    """
    rows: list[str] = []
    row = ""
    for word in text.split(" "):
        room = width - (hang if rows else 0)
        if row and columns(f"{row} {word}") > room:
            rows.append(row)
            row = word
        else:
            row = f"{row} {word}" if row else word
    return mended([*rows, row])


def columns(text: str) -> int:
    """How many columns a text takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(_drawn_over(char) for char in text)


def _drawn_over(char: str) -> bool:
    return char in (_FSI, _PDI) or char in _HARMLESS or unicodedata.combining(char) > 0


def right_to_left(text: str) -> bool:
    """Whether any of it is written from right to left."""
    return any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)


def mended(rows: list[str]) -> list[str]:
    """Lines of one text, every isolate that was broken closed and opened again."""
    opened, mended = 0, []
    for row in rows:
        whole = _FSI * opened + row
        opened = whole.count(_FSI) - whole.count(_PDI)
        mended.append(whole + _PDI * opened)
    return mended


def said(texts: Mapping[str, str], lang: str) -> str:
    """A text in the wanted language, else English, else whatever there is."""
    return texts.get(lang) or texts.get("en") or next(iter(texts.values()), "")
