"""Light, weather and ink for drawn photographs. Pillow alone; the same seed, the same picture.

Lengths are units of a picture that is 1800 x 1200 (or 1200 x 1800) units large, from the top
left corner; `Paper.scale` turns them into pixels.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Colour = tuple[int, int, int]
Point = tuple[float, float]

LONG, SHORT = 1800, 1200
#: Ink is drawn this much larger and reduced, which smooths its edges.
_FINE = 2


def mix(a: Colour, b: Colour, part: float) -> Colour:
    """`a` with `part` (0 to 1) of `b` in it."""
    r, g, b_ = (round(x + (y - x) * part) for x, y in zip(a, b, strict=True))
    return r, g, b_


class Ink:
    """A transparent sheet to draw on, later laid on the paper with light and shadow."""

    def __init__(self, paper: Paper) -> None:
        self._k = paper.scale * _FINE
        size = (paper.picture.width * _FINE, paper.picture.height * _FINE)
        self.sheet = Image.new("RGBA", size)
        self._pen = ImageDraw.Draw(self.sheet)

    def _at(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self._k, y * self._k) for x, y in points]

    def area(self, points: Sequence[Point], colour: Colour, alpha: int = 255) -> None:
        self._pen.polygon(self._at(points), (*colour, alpha))

    def box(
        self, left: float, top: float, right: float, bottom: float, colour: Colour, alpha: int = 255
    ) -> None:
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        self.area(corners, colour, alpha)

    def disc(
        self, x: float, y: float, r: float, colour: Colour, *, ry: float | None = None, a: int = 255
    ) -> None:
        ry = r if ry is None else ry
        box = self._at([(x - r, y - ry), (x + r, y + ry)])
        self._pen.ellipse((*box[0], *box[1]), (*colour, a))

    def ring(self, x: float, y: float, r: float, ry: float, colour: Colour, width: float) -> None:
        box = self._at([(x - r, y - ry), (x + r, y + ry)])
        wide = max(1, round(width * self._k))
        self._pen.ellipse((*box[0], *box[1]), outline=(*colour, 255), width=wide)

    def stroke(
        self, points: Sequence[Point], colour: Colour, width: float, alpha: int = 255
    ) -> None:
        wide = max(1, round(width * self._k))
        self._pen.line(self._at(points), (*colour, alpha), wide, "curve")

    def cap(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, start: float, end: float
    ) -> None:
        """The part of an ellipse between two angles (degrees, clockwise from the right)."""
        box = self._at([(x - rx, y - ry), (x + rx, y + ry)])
        self._pen.chord((*box[0], *box[1]), start, end, (*colour, 255))

    def limb(self, a: Point, b: Point, ra: float, rb: float, colour: Colour) -> None:
        """A tapered limb with round ends: radius `ra` at `a`, `rb` at `b`."""
        length = math.dist(a, b) or 1
        nx, ny = (a[1] - b[1]) / length, (b[0] - a[0]) / length
        self.area(
            [
                (a[0] + nx * ra, a[1] + ny * ra),
                (b[0] + nx * rb, b[1] + ny * rb),
                (b[0] - nx * rb, b[1] - ny * rb),
                (a[0] - nx * ra, a[1] - ny * ra),
            ],
            colour,
        )
        self.disc(*a, ra, colour)
        self.disc(*b, rb, colour)


@dataclass(frozen=True)
class Laid:
    """Ink as it lies on the paper: its mask and colours, and where (pixels)."""

    mask: Image.Image
    left: int
    top: int
    colours: Image.Image


class Paper:
    """The picture while it is made."""

    def __init__(self, *, upright: bool, scale: float, seed: int) -> None:
        self.scale = scale
        self.width, self.height = (SHORT, LONG) if upright else (LONG, SHORT)
        size = (round(self.width * scale), round(self.height * scale))
        self.picture = Image.new("RGB", size)
        self.chance = random.Random(seed)

    # Surfaces

    def sky(self, stops: Sequence[tuple[float, Colour]], bottom: float | None = None) -> None:
        """A vertical gradient from the top to `bottom` (units; the whole paper if None)."""
        strip = Image.new("RGB", (1, 256))
        for y in range(256):
            strip.putpixel((0, y), _between(stops, y / 255))
        high = self._px(self.height if bottom is None else bottom)
        size = (self.picture.width, high)
        self.picture.paste(strip.resize(size, Image.Resampling.BICUBIC), (0, 0))

    def ground(self, top: float, stops: Sequence[tuple[float, Colour]]) -> None:
        """A vertical gradient from `top` to the lower edge."""
        strip = Image.new("RGB", (1, 256))
        for y in range(256):
            strip.putpixel((0, y), _between(stops, y / 255))
        size = (self.picture.width, self.picture.height - self._px(top))
        self.picture.paste(strip.resize(size, Image.Resampling.BICUBIC), (0, self._px(top)))

    def noise(self, across: int, down: int, octaves: int = 4) -> Image.Image:
        """Cloudy grey of the size of the paper: `across` x `down` of its largest lumps."""
        size = self.picture.size
        total = Image.new("L", size, 128)
        for octave in range(octaves):
            w = min(across << octave, size[0])
            h = min(down << octave, size[1])
            grain = Image.frombytes("L", (w, h), self.chance.randbytes(w * h))
            layer = grain.resize(size, Image.Resampling.BICUBIC)
            weight = 0.62 if octave == 0 else 0.5 ** (octave + 0.4)
            total = Image.blend(total, layer, weight)
        return total

    def texture(self, strength: float, across: int, down: int, top: float = 0) -> None:
        """Lumps of light and dark on everything below `top`: grass, cloth, plaster."""
        box = (0, self._px(top), *self.picture.size)
        part = self.picture.crop(box)
        lumps = self.noise(across, down).crop(box)
        grey = Image.blend(Image.new("L", part.size, 128), lumps, strength)
        tone = Image.merge("RGB", (grey,) * 3)
        self.picture.paste(ImageChops.overlay(part, tone), box)

    def clouds(self, colour: Colour, cover: float, low: float, high: float, alpha: float) -> None:
        """Streaks of cloud between `low` and `high` (units); `cover` 0 to 1."""
        lumps = self.noise(5, 16, 5)
        floor = round(255 * (1 - cover))
        mask = lumps.point([min(255, max(0, (v - floor) * 5)) for v in range(256)])
        band = Image.new("L", (1, 256))
        for y in range(256):
            at = y / 255 * self.height
            inside = max(0.0, min(1.0, (at - low) / 160, (high - at) / 90))
            band.putpixel((0, y), round(255 * alpha * inside))
        mask = ImageChops.multiply(mask, band.resize(self.picture.size))
        self.picture.paste(colour, mask=mask.filter(ImageFilter.GaussianBlur(2 * self.scale)))

    def water(self, top: float, bottom: float, glint: Colour, at: float, spread: float) -> None:
        """Ripples between `top` and `bottom`, and light glittering under `at` (x)."""
        y0, y1 = self._px(top), self._px(bottom)
        w, h = self.picture.width, y1 - y0
        flat = self.noise(14, 120, 3).crop((0, 0, w, h))
        # Ripples look finer the nearer they are to the horizon.
        waves = flat.transform(
            (w, h),
            Image.Transform.QUAD,
            (w * 0.0, 0, w * 0.0, h, w, h, w, 0),
            Image.Resampling.BICUBIC,
        )
        part = self.picture.crop((0, y0, w, y1))
        tone = Image.merge("RGB", (Image.blend(Image.new("L", (w, h), 128), waves, 0.35),) * 3)
        part = ImageChops.overlay(part, tone)
        path = Image.new("L", (w, h))
        pen = ImageDraw.Draw(path)
        reach = spread * self.scale
        x = at * self.scale
        pen.polygon(
            [(x - reach * 0.25, 0), (x + reach * 0.25, 0), (x + reach, h), (x - reach, h)], 255
        )
        path = path.filter(ImageFilter.GaussianBlur(reach * 0.3))
        sparks = waves.point([min(255, max(0, (v - 132) * 9)) for v in range(256)])
        part.paste(glint, mask=ImageChops.multiply(path, sparks))
        self.picture.paste(part, (0, y0))

    # Light

    def glow(self, x: float, y: float, r: float, colour: Colour, strength: float = 1.0) -> None:
        """Light around a point, fading to nothing at the distance `r`."""
        side = max(2, self._px(2 * r))
        disc = Image.radial_gradient("L").resize((side, side), Image.Resampling.BICUBIC)
        # Pillow's gradient reaches 255 at the corners, and 180 at the edge of the disc.
        near = [max(0.0, 1 - v / 179) for v in range(256)]
        curve = [round(255 * min(1.0, strength * n**2)) for n in near]
        self._screen(disc.point(curve), colour, (self._px(x - r), self._px(y - r)))

    def beam(
        self, source: Point, left: Point, right: Point, colour: Colour, strength: float
    ) -> None:
        """A spotlight's cone from `source` to between `left` and `right`, softly edged."""
        mask = Image.new("L", self.picture.size)
        k = self.scale
        cone = [(x * k, y * k) for x, y in (source, left, right)]
        ImageDraw.Draw(mask).polygon(cone, round(255 * strength))
        mask = mask.filter(ImageFilter.GaussianBlur(14 * k))
        haze = self.noise(6, 5, 3).point([min(255, 90 + v) for v in range(256)])
        self._screen(ImageChops.multiply(mask, haze), colour, (0, 0))

    def bokeh(self, spots: Sequence[tuple[float, float, float]], colours: Sequence[Colour]) -> None:
        """Lights far out of focus: (x, y, radius) each in one of the colours."""
        for x, y, r in spots:
            side = max(4, self._px(2 * r))
            disc = Image.new("L", (side * 2, side * 2))
            pen = ImageDraw.Draw(disc)
            pen.ellipse((2, 2, side * 2 - 3, side * 2 - 3), 105)
            pen.ellipse((2, 2, side * 2 - 3, side * 2 - 3), outline=165, width=max(1, side // 14))
            disc = disc.reduce(2).filter(ImageFilter.GaussianBlur(1.4 * self.scale))
            tone = self.chance.uniform(0.5, 1.0)
            disc = disc.point([round(v * tone) for v in range(256)])
            where = (self._px(x - r), self._px(y - r))
            self._screen(disc, self.chance.choice(list(colours)), where)

    def dim(self, colour: Colour, mask: Image.Image) -> None:
        """Multiply with a colour where the mask (as large as the paper) says so."""
        dark = ImageChops.multiply(self.picture, Image.new("RGB", self.picture.size, colour))
        self.picture.paste(dark, mask=mask)

    def defocus(self, radius: float) -> None:
        """Everything so far is behind the plane of focus."""
        self.picture = self.picture.filter(ImageFilter.GaussianBlur(radius * self.scale))

    # Ink

    def ink(self) -> Ink:
        return Ink(self)

    def lay(
        self,
        ink: Ink,
        *,
        light: tuple[float, float] | None = None,
        rim: Colour = (255, 226, 180),
        ambient: Colour = (255, 255, 255),
        blur: float = 0.0,
        opacity: float = 1.0,
    ) -> Laid | None:
        """Lay ink on the paper; what was laid comes back, for its shadow (None: nothing).

        `ambient` is the light all around, by which the colours are multiplied. `light` (dx, dy
        in units) points to the lamp and is how far its light, of the colour `rim`, reaches
        around the edges that face it.
        """
        found = ink.sheet.getbbox()
        if found is None:
            return None
        room = math.ceil(blur * self.scale) * 3 + 2
        left, top = (max(0, n // _FINE - room) for n in found[:2])
        box = (left, top, math.ceil(found[2] / _FINE) + room, math.ceil(found[3] / _FINE) + room)
        fine = (left * _FINE, top * _FINE, box[2] * _FINE, box[3] * _FINE)
        sheet = ink.sheet.crop(fine).reduce(_FINE)
        if blur:
            sheet = sheet.filter(ImageFilter.GaussianBlur(blur * self.scale))
        mask = sheet.getchannel("A")
        colours = ImageChops.multiply(sheet.convert("RGB"), Image.new("RGB", sheet.size, ambient))
        if light is not None:
            colours = self._lit(colours, mask, light, rim)
        if opacity < 1:
            mask = mask.point([round(v * opacity) for v in range(256)])
        self.picture.paste(colours, (left, top), mask)
        return Laid(mask, left, top, colours)

    def again(self, laid: Laid | None) -> None:
        """Lay the same once more, over its own shadow."""
        if laid is not None:
            self.picture.paste(laid.colours, (laid.left, laid.top), laid.mask)

    def _lit(
        self, colours: Image.Image, mask: Image.Image, light: tuple[float, float], rim: Colour
    ) -> Image.Image:
        dx, dy = (round(d * self.scale) for d in light)
        reach = max(abs(dx), abs(dy), 1)
        roomy = ImageOps.expand(mask, 3 * reach)
        picture = ImageOps.expand(colours, 3 * reach)

        def shifted(times: float) -> Image.Image:
            return ImageChops.offset(roomy, -round(dx * times), -round(dy * times))

        wide = ImageChops.subtract(roomy, shifted(2.4)).filter(ImageFilter.GaussianBlur(reach))
        edge = ImageChops.subtract(roomy, shifted(0.8)).filter(
            ImageFilter.GaussianBlur(reach * 0.3)
        )
        for part, strength in ((wide, 0.34), (edge, 0.8)):
            bright = ImageChops.screen(picture, Image.new("RGB", picture.size, rim))
            part = part.point([round(v * strength) for v in range(256)])
            picture = Image.composite(bright, picture, part)
        return ImageOps.crop(picture, 3 * reach)

    def cast(
        self, laid: Laid | None, ground: float, lean: float, length: float, strength: float
    ) -> None:
        """The shadow of what was laid, on ground that begins at the line `ground` (y).

        It falls towards the viewer, `length` times as long as the figure is tall, moved
        sideways by `lean` of its own length.
        """
        if laid is None:
            return
        foot = ground * self.scale - laid.top
        w = laid.mask.width
        long = max(2, math.ceil(foot * length))
        aside = math.ceil(long * abs(lean)) + 2
        # Shadow point (x, y) below the ground line is the figure's point at foot - y / length.
        data = (1, -lean, -aside, 0, -1 / length, foot)
        shadow = laid.mask.transform(
            (w + 2 * aside, long), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR
        )
        shadow = shadow.filter(ImageFilter.GaussianBlur(3 * self.scale))
        fade = [round(255 * strength * (1 - 0.5 * y / 255)) for y in range(256)]
        column = Image.new("L", (1, 256))
        column.putdata(fade)
        shadow = ImageChops.multiply(shadow, column.resize(shadow.size))
        where = (laid.left - aside, round(ground * self.scale))
        whole = Image.new("L", self.picture.size)
        whole.paste(shadow, where)
        self.dim((52, 56, 84), whole)

    # The camera

    def develop(
        self,
        *,
        grain: float = 0.03,
        vignette: float = 0.45,
        colour: float = 1.08,
        contrast: float = 1.06,
    ) -> Image.Image:
        """What the camera makes of it: fall-off towards the corners, contrast, sensor noise."""
        size = self.picture.size
        fall = Image.radial_gradient("L").resize(size, Image.Resampling.BICUBIC)
        fall = fall.point([round(255 - vignette * 255 * (v / 255) ** 2.4) for v in range(256)])
        picture = ImageChops.multiply(self.picture, Image.merge("RGB", (fall,) * 3))
        picture = ImageEnhance.Color(picture).enhance(colour)
        picture = ImageEnhance.Contrast(picture).enhance(contrast)
        count = size[0] * size[1]
        bands = []
        for _ in range(3):
            speck = Image.frombytes("L", size, self.chance.randbytes(count))
            bands.append(speck.filter(ImageFilter.GaussianBlur(0.6)))
        noise = Image.blend(
            Image.new("RGB", size, (128,) * 3), Image.merge("RGB", bands), grain * 4
        )
        return ImageChops.overlay(picture, noise)

    def _screen(self, mask: Image.Image, colour: Colour, where: tuple[int, int]) -> None:
        """Add light of a colour through a mask whose top left corner is at `where` (pixels)."""
        left, top = max(0, where[0]), max(0, where[1])
        right = min(self.picture.width, where[0] + mask.width)
        bottom = min(self.picture.height, where[1] + mask.height)
        if left >= right or top >= bottom:
            return
        part = self.picture.crop((left, top, right, bottom))
        cut = mask.crop((left - where[0], top - where[1], right - where[0], bottom - where[1]))
        light = Image.merge("RGB", [cut.point([v * c // 255 for v in range(256)]) for c in colour])
        self.picture.paste(ImageChops.screen(part, light), (left, top))

    def _px(self, units: float) -> int:
        return round(units * self.scale)


def _between(stops: Sequence[tuple[float, Colour]], at: float) -> Colour:
    for (a, low), (b, high) in itertools.pairwise(stops):
        if at <= b:
            return mix(low, high, max(0.0, (at - a) / (b - a)))
    return stops[-1][1]
