"""What makes a mark stand out from whatever is beneath it, after the contrast ratio of WCAG 2.2.

Ground that carries the ink already gets a faint shadow only; what is too bright for white
letters is toned down, what is too dark for dark ones is lifted, as far as needed.
"""

from __future__ import annotations

import functools
import math
from typing import Final

from PIL import Image, ImageChops, ImageFilter, ImageStat  # noqa: TID251

#: Of letters to the ground around them, before JPEG takes its share: WCAG 2.2, 1.4.3.
CONTRAST: Final = 4.5
#: Of a logo to its ground: WCAG 2.2, 1.4.11.
LOGO_CONTRAST: Final = 3.0
WHITE: Final = 255
DARK: Final = 20

_WEIGHTS = (0.2126, 0.7152, 0.0722, 0.0)
#: How much dearer dark letters are than white ones: photographers' marks are white by habit.
_HABIT = 6.0
#: The least veil on calm ground, how much more on busy ground, and the spread of tones of that.
_SHADOW, _BUSY, _BUSY_GROUND = 0.3, 0.35, 80.0
_PLATE = 0.9
_TOO_CLOSE = 0.02
_BINS = 32


def linear(tone: float) -> float:
    """Relative luminance (0 to 1) of an sRGB tone (0 to 255)."""
    part = tone / 255
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def ratio(one: float, other: float) -> float:
    """The contrast ratio of two luminances (0 to 1), from 1 to 21."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


_LINEAR = [round(255 * linear(tone)) for tone in range(256)]


def luminance(picture: Image.Image) -> Image.Image:
    """Relative luminance of an RGB or L picture, 255 for 1 (mode L)."""
    if picture.mode == "L":
        return picture.point(_LINEAR)
    return picture.point(_LINEAR * 3).convert("L", _WEIGHTS)


def flat(like: Image.Image, tone: int) -> Image.Image:
    """A picture of one grey, of the size and mode of another one."""
    return Image.new(like.mode, like.size, tone if like.mode == "L" else (tone,) * 3)


@functools.lru_cache(maxsize=64)
def _veils(opacity: float) -> tuple[list[int], list[int] | None]:
    """How much veil (0 to 255) a pixel needs under white letters, and under dark ones.

    The first table goes by luminance, the second by tone: on coloured ground each of them is
    at least what is needed. None where letters of this opacity cannot be dark.
    """

    def seen(tone: int, ink: int) -> float:
        return ratio(linear(tone), linear(opacity * ink + (1 - opacity) * tone))

    fit = [tone for tone in range(WHITE + 1) if tone < WHITE and seen(tone, WHITE) >= CONTRAST]
    highest, back = linear(max(fit)) * 255, linear(DARK) * 255
    white = [
        min(255, math.ceil(255 * max(0.0, n + 0.5 - highest) / max(1.0, n + 0.5 - back)))
        for n in range(256)
    ]
    fit = [tone for tone in range(256) if tone > DARK and seen(tone, DARK) >= CONTRAST]
    if not fit:
        return white, None
    lowest = min(fit)
    dark = [min(255, math.ceil(255 * max(0, lowest + 1 - n) / max(1, 255 - n))) for n in range(256)]
    return white, dark


def lettered(
    ground: Image.Image, mask: Image.Image, reach: float, opacity: float = 1.0
) -> Image.Image:
    """Letters (`mask`, mode L) on the ground, white or dark, whichever needs less veil.

    From one pixel to about `reach` pixels off the ink the ground keeps `CONTRAST` to it; the
    veil ends softly beyond.
    """
    near = _near(mask, reach)
    for_white, for_dark = _veils(opacity)
    veil, ink = luminance(ground).point(for_white), WHITE
    if for_dark is not None:
        tones = ground if ground.mode == "L" else ground.convert("L", _WEIGHTS)
        lifted = tones.point(for_dark)
        if _cost(lifted, near) + _HABIT < _cost(veil, near):
            veil, ink = lifted, DARK
    # Spread, so that the veil follows the ground at large and not its grain.
    wide = veil.filter(ImageFilter.GaussianBlur(2 * reach)).point(
        [min(255, n + n // 2) for n in range(256)]
    )
    busy = min(1.0, ImageStat.Stat(ground.convert("L")).stddev[0] / _BUSY_GROUND)
    least = Image.new("L", veil.size, round(255 * (_SHADOW + _BUSY * busy)))
    veil = ImageChops.lighter(ImageChops.lighter(veil, wide), least)
    under = Image.composite(
        flat(ground, WHITE + DARK - ink), ground, ImageChops.multiply(veil, near)
    )
    return Image.composite(
        flat(ground, ink), under, mask.point([round(n * opacity) for n in range(256)])
    )


def _near(mask: Image.Image, reach: float) -> Image.Image:
    """Where the ground must carry the ink: whole beside every inked pixel, then softer."""
    beside = _widened(_widened(mask.point([0] + [255] * 255), 1, 0), 0, 1)
    soft = mask.filter(ImageFilter.GaussianBlur(reach))
    return ImageChops.lighter(beside, soft.point([min(255, n * 10) for n in range(256)]))


def _widened(mask: Image.Image, across: int, down: int) -> Image.Image:
    """The mask over itself, moved by so many pixels either way: a rank filter takes ten times as

    long. Nothing of it may lie at the edge, where what is moved comes in on the other side.
    """
    moved = (ImageChops.offset(mask, way * across, way * down) for way in (1, -1))
    return functools.reduce(ImageChops.lighter, moved, mask)


def _cost(veil: Image.Image, near: Image.Image) -> float:
    covered = ImageStat.Stat(near).mean[0]
    return ImageStat.Stat(ImageChops.multiply(veil, near)).mean[0] * 255 / max(covered, 1)


def plated(ground: Image.Image, plate: Image.Image, logo: Image.Image) -> Image.Image:
    """The ground for a logo (RGBA): as it is where the logo stands out from it, else under a

    white or dark plate (its shape in mode L), whichever the logo stands out from better.
    """
    solid = logo.getchannel("A").point([0] * 128 + [255] * 128)
    tones = luminance(logo.convert("RGB")).histogram(solid)
    if _drowned(tones, ground) <= _TOO_CLOSE:
        return ground
    shape = plate.point([round(n * _PLATE) for n in range(256)])
    choices = [Image.composite(flat(ground, tone), ground, shape) for tone in (WHITE, DARK)]
    return min((*choices, ground), key=lambda choice: _drowned(tones, choice))


def _drowned(tones: list[int], ground: Image.Image) -> float:
    """The part of a logo's luminances (a histogram) that a ground is too close to, 0 to 1."""
    mine, theirs = _binned(tones), _binned(luminance(ground).histogram())
    close = sum(
        weight * other
        for one, weight in mine
        for two, other in theirs
        if ratio(one, two) < LOGO_CONTRAST
    )
    return close / max(1, sum(w for _, w in mine) * sum(w for _, w in theirs))


def _binned(histogram: list[int]) -> list[tuple[float, int]]:
    """Mean luminance and weight of what is in each of a few equal parts of a histogram."""
    width = 256 // _BINS
    found: list[tuple[float, int]] = []
    for start in range(0, 256, width):
        part = histogram[start : start + width]
        weight = sum(part)
        if weight:
            mean = sum((start + n) * count for n, count in enumerate(part)) / weight
            found.append((mean / 255, weight))
    return found
