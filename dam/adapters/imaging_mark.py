"""The visible mark on a picture: credit line, logo, tiles or nothing, as its style says.

All sizes follow the shorter side of the picture, so that a mark looks the same on a thumbnail
and on a print. Everything is drawn piece by piece: no copy of a large picture is made.
"""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter  # noqa: TID251

from dam.adapters.imaging_contrast import DARK, WHITE, lettered, plated
from dam.adapters.imaging_letters import (
    Line,
    Shaping,
    default_shaping,
    letters,
    line_of,
    shrunk,
)
from dam.core.errors import ConfigurationError
from dam.core.readings import KeepIn, MarkStyle

Box = tuple[int, int, int, int]

#: Pixels. Below this nobody reads a line; a picture too narrow for it gets a smaller one.
READABLE: Final = 9
#: Degrees by which tiled lines rise.
SLOPE: Final = 30
#: The widest a logo may be, as a part of the width it has.
_WIDEST = 0.5
_MAX_LOGO = 2000
_PAD = 0.4
#: Between tiled lines, in sizes of their letters: along the line, and from line to line.
_ALONG, _ACROSS = 3.0, 4.5
_BLOCK = 512
_OVERVIEW = 256
_MIDDLE = 122
_EDGE = 0.6
_USUAL = MarkStyle()


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is drawn on, in pixels. `frame` is what the line or the logo must stay in."""

    picture: Image.Image
    line: Line
    shaping: Shaping
    style: MarkStyle
    frame: Box
    margin: int

    @property
    def short(self) -> int:
        return min(self.picture.size)

    @property
    def width(self) -> int:
        return self.frame[2] - self.frame[0]

    @property
    def height(self) -> int:
        return self.frame[3] - self.frame[1]

    def letters(self, size: float, room: tuple[int, int]) -> Image.Image:
        """The line's ink, letters of `size` (a fraction of the shorter side)."""
        room = (max(1, room[0]), max(1, room[1]))
        return letters(self.line, self.shaping, max(READABLE, round(self.short * size)), room)


def draw(
    picture: Image.Image,
    text: str,
    style: MarkStyle = _USUAL,
    *,
    shaping: Shaping | None = None,
) -> tuple[Box, ...]:
    """Draw the mark on an RGB or L picture, in place.

    Returns the rectangles (left, top, right, bottom in pixels) outside which no pixel changed;
    none for the kind `none`. Raises RenditionRefused where a font or a letter is missing or
    nothing is left of the text once control characters are taken out, ConfigurationError
    where the logo cannot be used.
    """
    if style.kind == "none":
        return ()
    scene = _Scene(
        picture,
        line_of(text),
        shaping or default_shaping(),
        style,
        frame(picture.size, style.keep_in),
        max(1, round(min(picture.size) * style.margin)),
    )
    if style.kind == "tiled":
        tiles = tuple(_tiles(scene))
        return (*tiles, _credit(scene, scene.frame)) if style.line else tiles
    if style.kind == "logo":
        return _logo(scene, open_logo(style.logo))
    return (_credit(scene, scene.frame, style.size, style.opacity),)


def frame(size: tuple[int, int], keep_in: KeepIn) -> Box:
    """The part of a picture that the centred crops named by `keep_in` leave, in pixels."""
    width, height = across, down = size
    if keep_in in ("square", "both"):
        across, down = min(across, height), min(down, width)
    if keep_in in ("portrait", "both"):
        across, down = min(across, height * 4 // 5), min(down, width * 5 // 4)
    across, down = max(1, across), max(1, down)
    left, top = (width - across) // 2, (height - down) // 2
    return left, top, left + across, top + down


def _stand(scene: _Scene, within: Box, size: tuple[int, int], outside: tuple[int, int]) -> Box:
    """Where something of a size stands; `outside` is how far it may reach into the margins."""
    left, top, right, bottom = within
    vertical, _, side = scene.style.place.partition("-")
    if side == "end":
        side = "left" if scene.line.right_to_left else "right"
    across, down = scene.margin - outside[0], scene.margin - outside[1]
    x = {
        "left": left + across,
        "": (left + right - size[0]) // 2,
        "right": right - across - size[0],
    }[side]
    y = top + down if vertical == "top" else bottom - down - size[1]
    x = max(left, min(x, right - size[0]))
    y = max(top, min(y, bottom - size[1]))
    return x, y, min(right, x + size[0]), min(bottom, y + size[1])


def _credit(
    scene: _Scene, within: Box, size: float = _USUAL.size, opacity: float = _USUAL.opacity
) -> Box:
    """The credit line in one of the places of a frame."""
    width, height = within[2] - within[0], within[3] - within[1]
    ink = scene.letters(size, (width - 2 * scene.margin, height - scene.margin))
    pad = max(1, round(ink.height * _PAD))
    scale = min(1.0, (width - 2 * pad) / ink.width, (height - 2 * pad) / ink.height)
    if scale < 1:
        ink = shrunk(ink, max(0.0, scale))
    box = _stand(scene, within, (ink.width + 2 * pad, ink.height + 2 * pad), (pad, pad))
    mask = Image.new("L", (box[2] - box[0], box[3] - box[1]), 0)
    mask.paste(ink, (pad, pad))
    scene.picture.paste(lettered(scene.picture.crop(box), mask, pad / 4, opacity), box)
    return box


def _logo(scene: _Scene, logo: Image.Image) -> tuple[Box, ...]:
    """The logo, on a plate where it needs one; with the line between it and the edge."""
    left, top, right, bottom = scene.frame
    half = max(1, scene.height // 2)
    upper = scene.style.place.startswith("top")
    line: tuple[Box, ...] = ()
    below = scene.margin
    if scene.style.line:
        within = (left, top, right, top + half) if upper else (left, bottom - half, right, bottom)
        line = (_credit(scene, within),)
        top, bottom = (line[0][3], bottom) if upper else (top, max(top + 1, line[0][1]))
        top, below = min(top, bottom - 1), 0
    tall = max(1, round(scene.short * scene.style.size))
    pad = max(1, round(tall * 0.15))
    wide = max(1.0, (scene.width - 2 * pad) * _WIDEST)
    scale = min(tall / logo.height, wide / logo.width, (bottom - top) * 0.7 / logo.height)
    size = (max(1, round(logo.width * scale)), max(1, round(logo.height * scale)))
    scaled = logo.resize(size, Image.Resampling.LANCZOS).convert("RGBA")
    outside = (0, scene.margin - below)
    box = _stand(scene, (left, top, right, bottom), (size[0] + 2 * pad, size[1] + 2 * pad), outside)
    _place_logo(scene, scaled, box, pad)
    return (*line, box)


def _place_logo(scene: _Scene, logo: Image.Image, box: Box, pad: int) -> None:
    ground = scene.picture.crop(box)
    plate = Image.new("L", ground.size, 0)
    inner = (0, 0, ground.width - 1, ground.height - 1)
    ImageDraw.Draw(plate).rounded_rectangle(inner, pad, 255)
    sheet = Image.new("RGBA", ground.size)
    sheet.paste(logo, (min(pad, ground.width - 1), min(pad, ground.height - 1)))
    under = plated(ground, plate.filter(ImageFilter.GaussianBlur(0.6)), sheet)
    opacity = scene.style.opacity
    alpha = sheet.getchannel("A").point([round(n * opacity) for n in range(256)])
    scene.picture.paste(Image.composite(sheet.convert(ground.mode), under, alpha), box)


@functools.lru_cache(maxsize=2)
def open_logo(data: bytes) -> Image.Image:
    """A logo cropped to what is visible of it, colours multiplied by alpha (mode RGBa).

    Raises ConfigurationError where it is no PNG, too large, or shows nothing.
    """
    hint = "Export it again as PNG with a transparent ground; see docs/watermark.md"
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if max(picture.size) > _MAX_LOGO:
                raise ConfigurationError(f"The logo is larger than {_MAX_LOGO} pixels a side", hint)
            picture.load()
            logo = picture.convert("RGBA")
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        raise ConfigurationError("The logo cannot be read", hint) from None
    visible = logo.getchannel("A").getbbox()
    if visible is None:
        raise ConfigurationError("The logo shows nothing", hint)
    return logo.crop(visible).convert("RGBa")


def _tiles(scene: _Scene) -> Iterator[Box]:
    """The line over and over, rising, in the tone that stands out, with a rim of the other one.

    Where the ground changes from dark to bright within a letter, so does the letter.
    """
    longest = max(scene.picture.size)
    ink = scene.letters(scene.style.size, (longest, longest))
    size = max(1, ink.height)
    padded = Image.new("L", (ink.width + 2 * size, ink.height + 2 * size), 0)
    padded.paste(ink, (size, size))
    mask = padded.rotate(SLOPE, Image.Resampling.BICUBIC, expand=True)
    rim = mask.filter(ImageFilter.GaussianBlur(size / 12)).point(
        [min(255, n * 3) for n in range(256)]
    )
    opacity = scene.style.opacity
    stamp = (
        mask.point([round(n * opacity) for n in range(256)]),
        rim.point([round(n * opacity * _EDGE) for n in range(256)]),
    )
    width, height = scene.picture.size
    scale = min(1.0, _OVERVIEW / longest)
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    overview = scene.picture.resize(small, Image.Resampling.BOX).convert("L")
    overview = overview.filter(ImageFilter.GaussianBlur(1))
    for left, top in _lattice(scene.picture.size, ink.size, mask.size):
        yield from _stamped(scene.picture, overview, stamp, left, top)


def _lattice(
    picture: tuple[int, int], line: tuple[int, int], stamp: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """Left and top of every stamp that touches the picture; one stands in the middle."""
    slope = math.radians(SLOPE)
    cos, sin = math.cos(slope), math.sin(slope)
    along, across = line[0] + _ALONG * line[1], _ACROSS * line[1]
    radius = math.hypot(*picture) / 2 + max(stamp)
    for row in range(-int(radius / across), int(radius / across) + 1):
        shift = row % 2 / 2
        for column in range(-int(radius / along) - 1, int(radius / along) + 1):
            u, v = (column + shift) * along, row * across
            left = round(picture[0] / 2 + u * cos + v * sin - stamp[0] / 2)
            top = round(picture[1] / 2 - u * sin + v * cos - stamp[1] / 2)
            if -stamp[0] < left < picture[0] and -stamp[1] < top < picture[1]:
                yield left, top


def _stamped(
    picture: Image.Image,
    overview: Image.Image,
    stamp: tuple[Image.Image, Image.Image],
    left: int,
    top: int,
) -> Iterator[Box]:
    """One tile, block by block; blocks without ink are left alone."""
    mask, rim = stamp
    across, down = overview.width / picture.width, overview.height / picture.height
    for y in range(max(0, top), min(picture.height, top + mask.height), _BLOCK):
        for x in range(max(0, left), min(picture.width, left + mask.width), _BLOCK):
            right = min(picture.width, left + mask.width, x + _BLOCK)
            bottom = min(picture.height, top + mask.height, y + _BLOCK)
            part = (x - left, y - top, right - left, bottom - top)
            edge = rim.crop(part)
            if edge.getbbox() is None:
                continue
            box = (x, y, right, bottom)
            tones = overview.resize(
                edge.size,
                Image.Resampling.BILINEAR,
                (x * across, y * down, right * across, bottom * down),
            )
            tones = tones.point([WHITE if n < _MIDDLE else DARK for n in range(256)])
            back = ImageChops.invert(tones)
            ground = picture.crop(box)
            ground.paste(back.convert(ground.mode), mask=edge)
            ground.paste(tones.convert(ground.mode), mask=mask.crop(part))
            picture.paste(ground, box)
            yield box
