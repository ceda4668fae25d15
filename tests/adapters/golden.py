"""Pictures of every kind of mark as they once were looked at and found right.

`python -m tests.adapters.golden` draws them anew, to be looked at again before they are kept.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Final, get_args

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from dam.adapters.imaging_letters import Shaping
from dam.adapters.imaging_mark import draw
from dam.core.readings import MarkStyle
from tests.adapters.pictures import packed

FOLDER: Final = Path(__file__).resolve().parents[1] / "golden"
GROUND: Final = 60
#: Brighter than the ground and its veil, darker than any ink on it.
_INK = 75

LINES: Final = {
    "latin": "Photo : Rachid Azzouzy / AMAL",
    "arabic": "تصوير: رشيد الزوزي / أمل",
    "mixed": "Photo : رشيد الزوزي / OIM (2021)",
}


def logo() -> bytes:
    """An emblem of two colours on a transparent ground."""
    picture = Image.new("RGBA", (500, 300))
    pencil = ImageDraw.Draw(picture)
    pencil.ellipse((10, 10, 290, 290), (0, 90, 170, 255))
    pencil.ellipse((90, 90, 210, 210), (240, 240, 240, 255))
    pencil.rectangle((310, 100, 490, 200), (0, 90, 170, 255))
    return packed(picture, "PNG")


STYLES: Final = {
    "credit": MarkStyle(),
    "logo": MarkStyle("logo", size=0.1, logo=logo()),
    "tiled": MarkStyle("tiled", size=0.06, opacity=0.3),
}
CASES: Final = tuple(itertools.product(STYLES, LINES, get_args(Shaping)))


def path(style: str, line: str, shaping: Shaping) -> Path:
    return FOLDER / f"{style}-{line}-{shaping}.png"


def marked(style: str, line: str, shaping: Shaping) -> Image.Image:
    """The marked part of a plain picture; of tiles, the whole of a smaller one."""
    size = (720, 480) if style == "tiled" else (1500, 1000)
    picture = Image.new("L", size, GROUND)
    boxes = draw(picture, LINES[line], STYLES[style], shaping=shaping)
    left, top, right, bottom = zip(*boxes, strict=True)
    return picture.crop((min(left), min(top), max(right), max(bottom)))


def ink(picture: Image.Image) -> Image.Image:
    return picture.point([0] * _INK + [255] * (256 - _INK))


def overlap(one: Image.Image, other: Image.Image) -> float:
    """The ink that two pictures share, as a part of all their ink; shifted by a pixel at most."""
    mine = ink(one)
    best = 0.0
    for across, down in itertools.product((-1, 0, 1), repeat=2):
        theirs = Image.new("L", one.size)
        theirs.paste(ink(other), (across, down))
        shared = ImageStat.Stat(ImageChops.darker(mine, theirs)).sum[0]
        best = max(best, shared / ImageStat.Stat(ImageChops.lighter(mine, theirs)).sum[0])
    return best


def distance(one: Image.Image, other: Image.Image) -> float:
    """How far the tones of two pictures are apart on average, fine edges left aside."""
    soft = [p.filter(ImageFilter.GaussianBlur(2)) for p in (one, other.resize(one.size))]
    return float(ImageStat.Stat(ImageChops.difference(*soft)).mean[0])


def main() -> None:
    """Draw all of them anew."""
    FOLDER.mkdir(exist_ok=True)
    for case in CASES:
        marked(*case).save(path(*case), optimize=True)


if __name__ == "__main__":
    main()
