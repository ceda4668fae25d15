"""The letters of the credit line: Latin, Arabic or both, as a mask of ink.

Bidirectional order after Unicode UAX #9, by runs of one direction and one font. The fonts are
the packaged Noto Sans and Noto Sans Arabic, never the system's: a machine without them must
refuse, not draw boxes. Letters are joined by raqm (HarfBuzz) where Pillow has it and finds
FriBiDi in the system, and by presentation forms otherwise.
"""

from __future__ import annotations

import functools
import importlib.resources
import unicodedata
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

import arabic_reshaper
from bidi import algorithm as uax9  # type: ignore[import-untyped]
from PIL import Image, ImageDraw, ImageFont, features  # noqa: TID251

from dam.core.errors import RenditionRefused

Shaping = Literal["raqm", "basic"]

MAX_LENGTH: Final = 300

_LATIN = ("fontpkg_noto_sans", "NotoSans[wdth,wght].ttf")
_ARABIC = ("fontpkg_noto_sans_arabic", "NotoSansArabic[wdth,wght].ttf")
_WEIGHT = {b"Width": 100, b"Weight": 600}
_SMALLEST = 4
_COVER_SIZE = 24
_NOWHERE = "\U0010fffd"
_JOINERS = "\u200c\u200d"
_RIGHT_TO_LEFT = ("R", "AL")
_FONT_HINT = "Install fontpkg-noto-sans and fontpkg-noto-sans-arabic"


@dataclass(frozen=True, slots=True)
class _Run:
    """Characters in logical order, of one direction and one font."""

    text: str
    level: int
    font: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line in its runs, in the order in which they stand on the page, from left to right."""

    runs: tuple[_Run, ...]
    right_to_left: bool


def default_shaping() -> Shaping:
    """`raqm` where Pillow can use it with FriBiDi, else `basic`.

    Without FriBiDi, which Pillow looks for when it is imported, what Pillow draws by itself is
    letter by letter and left to right.
    """
    return "raqm" if features.check("raqm") and features.check("fribidi") else "basic"


def line_of(text: str) -> Line:
    """The line that can be drawn of a text.

    Raises RenditionRefused where a letter is in none of the fonts, or nothing is left of the
    text once control characters are taken out.
    """
    line = _clean(text)
    base = 1 if _starts_right_to_left(line) else 0
    return Line(tuple(_runs(line, base)), base == 1)


def letters(line: Line, shaping: Shaping, size: int, room: tuple[int, int]) -> Image.Image:
    """The ink of a line, cropped to it (mode L), at `size` pixels an em or as much smaller as

    `room` (width, height in pixels) demands. Raises RenditionRefused where a font is missing.
    """
    while True:
        mask = _mask(line.runs, shaping, size)
        if mask.width <= room[0] and mask.height <= room[1]:
            return mask
        scale = min(room[0] / mask.width, room[1] / mask.height)
        if size <= _SMALLEST:
            return shrunk(mask, scale)
        size = max(_SMALLEST, min(size - 1, int(size * scale)))


def shrunk(mask: Image.Image, scale: float) -> Image.Image:
    """Both sides scaled down, at least one pixel left."""
    target = (max(1, int(mask.width * scale)), max(1, int(mask.height * scale)))
    return mask.resize(target, Image.Resampling.LANCZOS)


def _clean(text: str) -> str:
    """The line without anything that is not a letter of it: no controls, no bidi overrides."""
    kept = (
        " " if c.isspace() else c
        for c in unicodedata.normalize("NFC", text)
        if c.isspace() or c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs")
    )
    line = " ".join("".join(kept).split())
    if not line.strip(_JOINERS + " "):
        raise RenditionRefused("The credit line is empty", "Correct it in rules/credits.yaml")
    if len(line) > MAX_LENGTH:
        raise RenditionRefused(
            f"The credit line is longer than {MAX_LENGTH} characters", "Shorten the credit"
        )
    return line


def _starts_right_to_left(line: str) -> bool:
    """UAX #9 P2 and P3: the first strong character says where the line begins."""
    strong = (unicodedata.bidirectional(c) for c in line)
    return next((s in _RIGHT_TO_LEFT for s in strong if s in ("L", *_RIGHT_TO_LEFT)), False)


def _levels(line: str, base: int) -> list[int]:
    """Embedding levels of the characters (UAX #9 3.3), by python-bidi."""
    storage = uax9.get_empty_storage()
    storage["base_level"], storage["base_dir"] = base, ("L", "R")[base]
    uax9.get_embedding_levels(line, storage)
    uax9.explicit_embed_and_overrides(storage)
    uax9.resolve_weak_types(storage)
    uax9.resolve_neutral_types(storage, False)
    uax9.resolve_implicit_levels(storage, False)
    # Joiners have no level of their own (X9): they go with the letter before them.
    found = iter([int(char["level"]) for char in storage["chars"]])
    levels: list[int] = []
    for char in line:
        skipped = char in _JOINERS and len(storage["chars"]) < len(line)
        levels.append((levels[-1] if levels else base) if skipped else next(found, base))
    return levels


def _runs(line: str, base: int) -> list[_Run]:
    """The runs in the order in which they stand on the page, from left to right (UAX #9 L2)."""
    fonts: list[tuple[str, str]] = []
    for char in line:
        fonts.append(_font_for(char, fonts[-1] if fonts else _LATIN))
    keyed = zip(line, _levels(line, base), fonts, strict=True)
    runs = [
        _Run("".join(char for char, _, _ in group), level, font)
        for (level, font), group in groupby(keyed, key=lambda item: (item[1], item[2]))
    ]
    for threshold in range(max(run.level for run in runs), 0, -1):
        start = 0
        while start < len(runs):
            end = start
            while end < len(runs) and runs[end].level >= threshold:
                end += 1
            runs[start:end] = runs[start:end][::-1]
            start = end + 1
    return runs


def _font_for(char: str, before: tuple[str, str]) -> tuple[str, str]:
    """Letters take their own script's font; what has no script stays with what is before it."""
    letter = unicodedata.bidirectional(char)
    order: tuple[tuple[str, str], ...]
    if letter in ("AL", "AN"):
        order = (_ARABIC, _LATIN)
    elif letter == "L" and not unicodedata.combining(char):
        order = (_LATIN, _ARABIC)
    else:
        order = (before, _LATIN, _ARABIC)
    for font in order:
        if _has(font, char):
            return font
    raise RenditionRefused(
        f"No font has the letter U+{ord(char):04X} of the credit line",
        "Write the credit in Latin or Arabic script",
    )


@functools.lru_cache(maxsize=1024)
def _has(font: tuple[str, str], char: str) -> bool:
    if char in _JOINERS:
        return True
    face = _face(font, _COVER_SIZE, "basic")
    glyph, box = face.getmask(char), face.getmask(_NOWHERE)
    return (glyph.size, bytes(glyph)) != (box.size, bytes(box))


@functools.lru_cache(maxsize=64)
def _face(font: tuple[str, str], size: int, shaping: Shaping) -> ImageFont.FreeTypeFont:
    package, name = font
    engine = ImageFont.Layout.RAQM if shaping == "raqm" else ImageFont.Layout.BASIC
    try:
        file = importlib.resources.files(package).joinpath("files", name)
        with importlib.resources.as_file(file) as path:
            face = ImageFont.truetype(str(path), size, layout_engine=engine)
        axes = face.get_variation_axes()
        face.set_variation_by_axes([_WEIGHT.get(a["name"] or b"", a["default"] or 0) for a in axes])
    except (ImportError, OSError):
        raise RenditionRefused("A font for the credit line is missing", _FONT_HINT) from None
    return face


def _glyphs(run: _Run, shaping: Shaping) -> str:
    """What to hand to the engine: raqm shapes by itself, the basic one draws left to right.

    The basic engine cannot set vowel marks over their letters, so there they are left out.
    """
    if shaping == "raqm" or run.level % 2 == 0:
        return run.text
    shaped = arabic_reshaper.ArabicReshaper({"delete_harakat": True}).reshape(run.text)
    clusters: list[str] = []
    for char in shaped:
        if clusters and unicodedata.combining(char):
            clusters[-1] += char
        elif char not in _JOINERS:
            clusters.append(uax9.MIRRORED.get(char, char))
    if not all(_has(run.font, char) for cluster in clusters for char in cluster):
        raise RenditionRefused(
            "The Arabic font lacks a joined form of the credit line",
            "Install a Pillow with raqm, or write the credit in Latin script",
        )
    return "".join(reversed(clusters))


def _mask(runs: tuple[_Run, ...], shaping: Shaping, size: int) -> Image.Image:
    pieces: list[tuple[ImageFont.FreeTypeFont, str, Literal["ltr", "rtl"] | None, float]] = []
    for run in runs:
        face = _face(run.font, size, shaping)
        text = _glyphs(run, shaping)
        direction: Literal["ltr", "rtl"] | None = None
        if shaping == "raqm":
            direction = "rtl" if run.level % 2 else "ltr"
        pieces.append((face, text, direction, face.getlength(text, direction=direction)))
    total = sum(piece[3] for piece in pieces)
    mask = Image.new("L", (int(total) + 4 * size, 5 * size), 0)
    pen, pencil = 2.0 * size, ImageDraw.Draw(mask)
    for face, text, direction, advance in pieces:
        pencil.text((pen, 3 * size), text, 255, face, anchor="ls", direction=direction)
        pen += advance
    ink = mask.getbbox()
    if ink is None:
        raise RenditionRefused("The credit line has no visible letter", "Correct the credit")
    return mask.crop(ink)
