"""The styles of the visible mark: pictures kept of each, and what holds of all of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps, features

from dam.adapters.imaging_contrast import lettered, linear, luminance, ratio
from dam.adapters.imaging_letters import Shaping, letters, line_of
from dam.adapters.imaging_mark import Box, draw, frame, open_logo
from dam.core.errors import ConfigurationError
from dam.core.readings import KeepIn, MarkPlace, MarkStyle
from tests.adapters import golden
from tests.adapters.pictures import packed
from tests.workspaces import CORPORA, corpus, needs_corpora

HAS_RAQM = features.check("raqm") and features.check("fribidi")
LATIN, ARABIC, MIXED = golden.LINES.values()
KINDS = [golden.STYLES[name] for name in golden.STYLES]
TONES = st.integers(0, 255)
COLOURS = st.tuples(TONES, TONES, TONES)


def solid(colour: tuple[int, int, int]) -> bytes:
    picture = Image.new("RGBA", (80, 40), (*colour, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 20, 20))
    return packed(picture, "PNG")


def drawn(
    size: tuple[int, int], style: MarkStyle, text: str = LATIN, mode: str = "L", tone: int = 90
) -> tuple[Image.Image, tuple[Box, ...]]:
    picture = Image.new(mode, size, tone if mode == "L" else (tone,) * 3)
    return picture, draw(picture, text, style)


@pytest.mark.parametrize(("style", "line", "shaping"), golden.CASES)
def test_marks_look_as_they_did(style: str, line: str, shaping: Shaping) -> None:
    if shaping == "raqm" and not HAS_RAQM:
        pytest.skip("Pillow without raqm, or no FriBiDi")
    now = golden.marked(style, line, shaping)
    with Image.open(golden.path(style, line, shaping)) as kept:
        assert abs(now.width - kept.width) <= 2
        assert abs(now.height - kept.height) <= 2
        assert golden.overlap(now, kept.convert("L")) >= 0.9
        assert golden.distance(now, kept.convert("L")) < 3


def test_the_comparison_tells_another_line_and_unjoined_letters() -> None:
    kept = golden.marked("credit", "arabic", "basic")
    other = golden.marked("credit", "latin", "basic")
    assert golden.overlap(kept, other.crop((0, 0, *kept.size))) < 0.5
    apart = Image.new("L", (1500, 1000), golden.GROUND)
    line = "\u200c".join(ARABIC)
    left, top, right, bottom = draw(apart, line, shaping="basic")[0]
    assert golden.overlap(kept, apart.crop((left, top, right, bottom)).resize(kept.size)) < 0.7


def test_no_mark_changes_nothing() -> None:
    picture, boxes = drawn((300, 200), MarkStyle("none"), "\U0001f642")
    assert boxes == ()
    assert picture.getextrema() == (90, 90)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("style", KINDS, ids=list(golden.STYLES))
@given(
    size=st.tuples(st.integers(1, 400), st.integers(1, 400)),
    text=st.sampled_from([LATIN, ARABIC, MIXED, "x", LATIN * 8]),
    place=st.sampled_from(get_args(MarkPlace)),
    keep_in=st.sampled_from(get_args(KeepIn)),
    margin=st.floats(0, 0.2),
)
@settings(deadline=None, max_examples=25)
def test_nothing_outside_the_rectangles_changes(
    mode: str,
    style: MarkStyle,
    size: tuple[int, int],
    text: str,
    place: MarkPlace,
    keep_in: KeepIn,
    margin: float,
) -> None:
    style = MarkStyle(
        style.kind, place, style.size, margin, style.opacity, keep_in, style.line, style.logo
    )
    before = Image.effect_noise(size, 60).convert(mode)
    after = before.copy()
    boxes = draw(after, text, style)
    assert boxes
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        if style.kind != "tiled":
            safe = frame(size, keep_in)
            assert left >= safe[0]
            assert top >= safe[1]
            assert right <= safe[2]
            assert bottom <= safe[3]
        after.paste(before.crop((left, top, right, bottom)), (left, top))
    assert ImageChops.difference(before, after).getbbox() is None


@pytest.mark.parametrize(
    "size",
    [(16, 16), (16, 12), (17, 400), (400, 17), (12_000, 16), (16, 12_000), (12_000, 700)],
)
@pytest.mark.parametrize("style", KINDS, ids=list(golden.STYLES))
def test_every_size_is_marked(size: tuple[int, int], style: MarkStyle) -> None:
    for text in (LATIN, ARABIC):
        picture, boxes = drawn(size, style, text)
        assert boxes
        assert picture.getextrema() != (90, 90)


@pytest.mark.parametrize("style", KINDS, ids=list(golden.STYLES))
def test_the_largest_picture_is_marked(style: MarkStyle) -> None:
    picture, _ = drawn((12_000, 9_000), style)
    assert picture.resize((600, 450), Image.Resampling.BOX).getextrema() != (90, 90)


@pytest.mark.parametrize("size", [(1500, 1000), (1000, 1500), (3000, 600), (800, 800), (701, 1001)])
@pytest.mark.parametrize("keep_in", get_args(KeepIn))
def test_crops_of_social_networks_keep_the_whole_mark(
    size: tuple[int, int], keep_in: KeepIn
) -> None:
    """The crops are cut as a network does it: around the middle, 1:1 or 4:5."""
    width, height = size
    side = min(size)
    cuts = {
        "square": (width / 2 - side / 2, height / 2 - side / 2, side, side),
        "portrait": (
            (width / 2 - height * 0.4, 0, height * 0.8, height)
            if width / height > 0.8
            else (0, height / 2 - width * 0.625, width, width * 1.25)
        ),
    }
    for place in get_args(MarkPlace):
        for kind in ("credit", "logo"):
            style = MarkStyle(
                kind, place, 0.05, keep_in=keep_in, logo=golden.logo() if kind == "logo" else b""
            )
            _, boxes = drawn(size, style, ARABIC)
            for name, (left, top, across, down) in cuts.items():
                if keep_in in (name, "both"):
                    for box in boxes:
                        assert left - 1 <= box[0] < box[2] <= left + across + 1
                        assert top - 1 <= box[1] < box[3] <= top + down + 1


@pytest.mark.parametrize("place", get_args(MarkPlace))
@pytest.mark.parametrize("text", [LATIN, ARABIC])
def test_a_mark_stands_where_it_is_told(place: MarkPlace, text: str) -> None:
    _, ((left, top, right, bottom),) = drawn((1000, 800), MarkStyle(place=place, margin=0.05), text)
    vertical, _, side = place.partition("-")
    side = {"end": "left" if text == ARABIC else "right"}.get(side, side)
    assert (top < 100) == (vertical == "top")
    assert (bottom > 700) == (vertical == "bottom")
    assert (left < 60) == (side == "left")
    assert (right > 940) == (side == "right")
    if not side:
        assert abs(left + right - 1000) <= 2


@st.composite
def grounds(draw_: st.DrawFn) -> Image.Image:
    """Flat, sloped, split and grainy grounds of any two colours."""
    one, two = draw_(COLOURS), draw_(COLOURS)
    size = (420, 60)
    kind = draw_(st.sampled_from(["flat", "slope", "split", "grain", "stripes"]))
    masks = {
        "flat": Image.new("L", size, 0),
        "slope": Image.linear_gradient("L").rotate(90).resize(size),
        "grain": Image.effect_noise(size, draw_(st.integers(1, 120))),
    }
    mask = masks.get(kind)
    if mask is None:
        mask = Image.new("L", size, 0)
        step = draw_(st.integers(4, 60)) if kind == "stripes" else 210
        for x in range(0, size[0], 2 * step):
            mask.paste(255, (x, 0, x + step, size[1]))
    return Image.composite(Image.new("RGB", size, one), Image.new("RGB", size, two), mask)


@given(grounds(), st.sampled_from([LATIN, ARABIC]), st.sampled_from([1.0, 0.8, 0.5]))
@settings(deadline=None, max_examples=80)
def test_letters_stand_out_from_any_ground(ground: Image.Image, text: str, opacity: float) -> None:
    ink = letters(line_of(text), "basic", 26, (400, 50))
    mask = Image.new("L", ground.size, 0)
    mask.paste(ink, (10, 10))
    done = luminance(lettered(ground, mask, ink.height * 0.1, opacity))
    touched = mask.point([0] + [255] * 255)
    beside = ImageChops.subtract(touched.filter(ImageFilter.MaxFilter(3)), touched)
    inside = done.histogram(mask.point([0] * 255 + [255]))
    outside = done.histogram(beside)
    inks = [n / 255 for n, count in enumerate(inside) if count]
    tones = [n / 255 for n, count in enumerate(outside) if count]
    if min(inks) > max(tones):
        assert ratio(min(inks), max(tones)) >= 3
    else:
        assert max(inks) < min(tones)
        assert ratio(max(inks), min(tones)) >= 3


@given(COLOURS, COLOURS)
@settings(deadline=None, max_examples=80)
def test_a_logo_of_one_colour_stands_out_from_any_ground(
    ground: tuple[int, int, int], colour: tuple[int, int, int]
) -> None:
    picture = Image.new("RGB", (400, 300), ground)
    style = MarkStyle("logo", "bottom-right", 0.3, line=False, logo=solid(colour))
    ((left, top, right, bottom),) = draw(picture, LATIN, style)
    pad = round(90 * 0.15)
    done = luminance(picture)
    logo = done.getpixel((right - pad - 10, bottom - pad - 10))
    around = done.getpixel(((left + right) // 2, top + pad // 2))
    assert isinstance(logo, int | float)
    assert isinstance(around, int | float)
    assert ratio(logo / 255, around / 255) >= 2.9


def test_a_plate_stands_only_where_the_ground_needs_it() -> None:
    style = MarkStyle("logo", "bottom-right", 0.3, line=False, logo=solid((255, 255, 255)))
    for tone, plate in ((0, False), (60, False), (200, True), (255, True)):
        picture, ((left, top, right, _),) = drawn((400, 300), style, mode="RGB", tone=tone)
        shown = picture.getpixel(((left + right) // 2, top + 4))
        assert (shown != (tone,) * 3) == plate


@pytest.mark.parametrize("tone", [0, 40, 90, 121, 122, 123, 160, 220, 255])
def test_tiles_are_seen_on_dark_and_bright_ground(tone: int) -> None:
    style = MarkStyle("tiled", size=0.08, opacity=0.2, line=False)
    picture, boxes = drawn((1200, 900), style, tone=tone)
    low, *_, high = [n for n, count in enumerate(picture.histogram()) if count]
    assert ratio(linear(low), linear(high)) >= 1.25
    assert max(abs(low - tone), abs(high - tone)) <= 0.35 * 255
    assert len(boxes) > 6
    quarters = [(x, y, x + 600, y + 450) for x in (0, 600) for y in (0, 450)]
    assert all(len(set(picture.crop(q).tobytes())) > 1 for q in quarters)


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", golden.logo()[:90], packed(Image.new("L", (9, 9)))]
)
def test_a_logo_that_cannot_be_read_is_told(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match="logo"):
        open_logo(data)


def test_a_logo_of_nothing_is_told() -> None:
    with pytest.raises(ConfigurationError, match="nothing"):
        open_logo(packed(Image.new("RGBA", (30, 30)), "PNG"))


_WITHOUT = """
import sys
from PIL import features
from dam.adapters.imaging_letters import default_shaping
from tests.adapters import golden
assert not features.check("fribidi"), "FriBiDi was found"
assert default_shaping() == "basic"
for style in golden.STYLES:
    for line in golden.LINES:
        golden.marked(style, line, None).save(f"{sys.argv[1]}/{style}-{line}.png")
"""


def test_without_fribidi_the_line_is_still_joined_and_in_order(tmp_path: Path) -> None:
    """An empty file in the way of the system's library: Pillow cannot load it."""
    for name in ("libfribidi.so.0", "libfribidi.so", "libfribidi.0.dylib"):
        (tmp_path / name).touch()
    root = Path(__file__).resolve().parents[2]
    kept = os.environ.get("PYTHONPATH", "")
    env = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path), "PYTHONPATH": f"{root}:{kept}"}
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT, str(tmp_path)], env=env, capture_output=True, timeout=120
    )
    told = done.stderr.decode()
    if "FriBiDi was found" in told:
        pytest.skip("this Pillow has FriBiDi built in")
    assert done.returncode == 0, told
    for style in golden.STYLES:
        for line in golden.LINES:
            with (
                Image.open(tmp_path / f"{style}-{line}.png") as now,
                Image.open(golden.path(style, line, "basic")) as basic,
            ):
                assert golden.overlap(now, basic.convert("L")) >= 0.9


@needs_corpora
@pytest.mark.corpus
@pytest.mark.parametrize("style", KINDS, ids=list(golden.STYLES))
def test_real_photographs_are_marked_and_otherwise_left_alone(style: MarkStyle) -> None:
    assert CORPORA.is_dir()
    for number, path in enumerate(corpus("people", "cameras")[::5]):
        with Image.open(path) as opened:
            before = ImageOps.exif_transpose(opened).convert("RGB")
        before.thumbnail((1600, 1600))
        after = before.copy()
        boxes = draw(after, (LATIN, ARABIC, MIXED)[number % 3], style)
        assert ImageChops.difference(before, after).getbbox() is not None
        for box in boxes:
            ImageDraw.Draw(before).rectangle(box, "black")
            ImageDraw.Draw(after).rectangle(box, "black")
        assert ImageChops.difference(before, after).getbbox() is None
