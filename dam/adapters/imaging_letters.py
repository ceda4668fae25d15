"""The visible credit line: Latin, Arabic or both, in a lower corner of the picture.

Bidirectional order after Unicode UAX #9, by runs of one direction and one font. The fonts are
the packaged Noto Sans and Noto Sans Arabic, never the system's: a machine without them must
refuse, not draw boxes. Letters are joined by raqm (HarfBuzz) where Pillow has it, and by
presentation forms otherwise.
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
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageStat, features  # noqa: TID251

from dam.core.errors import RenditionRefused

Shaping = Literal["raqm", "basic"]
Box = tuple[int, int, int, int]

#: Of the shorter side of the picture: the size of the letters, and the distance to its edges.
LETTERS: Final = 0.026
MARGIN: Final = 0.025
#: Pixels. Below this nobody reads a line; a picture too narrow for it gets a smaller one.
READABLE: Final = 9
MAX_LENGTH: Final = 300

_LATIN = ("fontpkg_noto_sans", "NotoSans[wdth,wght].ttf")
_ARABIC = ("fontpkg_noto_sans_arabic", "NotoSansArabic[wdth,wght].ttf")
_WEIGHT = {b"Width": 100, b"Weight": 600}
_SMALLEST = 4
_COVER_SIZE = 24
_NOWHERE = "\U0010fffd"
_JOINERS = "\u200c\u200d"
_RIGHT_TO_LEFT = ("R", "AL")
_BRIGHT_GROUND = 140
_WHITE, _INK = 255, 20
_BUSY_GROUND = 80.0
_PLATE, _HALO = 0.55, 0.75
_FONT_HINT = "Install fontpkg-noto-sans and fontpkg-noto-sans-arabic"


@dataclass(frozen=True, slots=True)
class _Run:
    """Characters in logical order, of one direction and one font."""

    text: str
    level: int
    font: tuple[str, str]


def default_shaping() -> Shaping:
    """`raqm` where Pillow can use it with FriBiDi, else `basic`."""
    return "raqm" if features.check("raqm") and features.check("fribidi") else "basic"


def draw(picture: Image.Image, text: str, *, shaping: Shaping | None = None) -> Box:
    """Draw the credit line on an RGB or L picture, in place.

    It stands at the bottom right, at the bottom left where its first strong letter is right to
    left. Returns the rectangle (left, top, right, bottom in pixels) outside which no pixel
    changed. Raises RenditionRefused where a font or a letter is missing, or nothing is left of
    the text once control characters are taken out.
    """
    shaping = shaping or default_shaping()
    line = _clean(text)
    base = 1 if _starts_right_to_left(line) else 0
    runs = _runs(line, base)
    width, height = picture.size
    short = min(width, height)
    margin = max(1, round(short * MARGIN))
    letters = _letters(runs, shaping, max(READABLE, round(short * LETTERS)), width, height, margin)
    pad = max(1, round(letters.height * 0.4))
    room = (max(1, width - 2 * pad), max(1, height - 2 * pad))
    if letters.width > room[0] or letters.height > room[1]:
        scale = min(room[0] / letters.width, room[1] / letters.height)
        letters = letters.resize(
            (max(1, int(letters.width * scale)), max(1, int(letters.height * scale))),
            Image.Resampling.LANCZOS,
        )
    box_width, box_height = letters.width + 2 * pad, letters.height + 2 * pad
    left = margin - pad if base else width - margin + pad - box_width
    left = min(max(0, left), max(0, width - box_width))
    top = max(0, min(height - margin + pad, height) - box_height)
    box = (left, top, min(width, left + box_width), min(height, top + box_height))
    mask = Image.new("L", (box[2] - box[0], box[3] - box[1]), 0)
    mask.paste(letters, (pad, pad))
    picture.paste(_inked(picture.crop(box), mask, pad), box)
    return box


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


def _letters(
    runs: list[_Run], shaping: Shaping, size: int, width: int, height: int, margin: int
) -> Image.Image:
    """The line as a mask cropped to its ink, at `size` or as much smaller as the room demands."""
    room = max(1, width - 2 * margin)
    while True:
        mask = _mask(runs, shaping, size)
        if mask.width <= room and mask.height <= height - margin:
            return mask
        if size <= _SMALLEST:
            scale = min(room / mask.width, max(1, height - margin) / mask.height)
            target = (max(1, int(mask.width * scale)), max(1, int(mask.height * scale)))
            return mask.resize(target, Image.Resampling.LANCZOS)
        size = max(_SMALLEST, min(size - 1, int(size * room / mask.width)))


def _mask(runs: list[_Run], shaping: Shaping, size: int) -> Image.Image:
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


def _inked(ground: Image.Image, mask: Image.Image, pad: int) -> Image.Image:
    """White or dark letters, whichever stands out, on a soft halo, and a veil on busy ground."""
    tones = ImageStat.Stat(ground.convert("L"))
    bright = tones.mean[0] > _BRIGHT_GROUND
    ink, back = (_INK, _WHITE) if bright else (_WHITE, _INK)
    thick = max(1, round(pad / 6)) * 2 + 1
    halo = mask.filter(ImageFilter.MaxFilter(thick)).filter(ImageFilter.GaussianBlur(pad / 3))
    halo = halo.point([min(255, round(n * _HALO)) for n in range(256)])
    veil = round(255 * _PLATE * min(1.0, tones.stddev[0] / _BUSY_GROUND))
    halo = ImageChops.lighter(halo, Image.new("L", mask.size, veil))

    def flat(tone: int) -> Image.Image:
        return Image.new(ground.mode, ground.size, tone if ground.mode == "L" else (tone,) * 3)

    return Image.composite(flat(ink), Image.composite(flat(back), ground, halo), mask)
