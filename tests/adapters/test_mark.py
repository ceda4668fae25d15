"""The visible credit line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFilter, features

from dam.adapters import imaging_letters
from dam.adapters.imaging_letters import Shaping
from dam.adapters.imaging_mark import Box, draw
from dam.core.errors import RenditionRefused

LATIN = "Photo : Rachid Azzouzy / AMAL"
ARABIC = "تصوير: رشيد الزوزي"
MIXED = "Photo : رشيد الزوزي / OIM (2021)"
HAS_RAQM = features.check("raqm") and features.check("fribidi")
SHAPINGS = [
    pytest.param(
        how,
        marks=pytest.mark.skipif(how == "raqm" and not HAS_RAQM, reason="Pillow without raqm"),
    )
    for how in get_args(Shaping)
]


@pytest.fixture
def fresh_fonts() -> Iterator[None]:
    imaging_letters._face.cache_clear()
    imaging_letters._has.cache_clear()
    yield
    imaging_letters._face.cache_clear()
    imaging_letters._has.cache_clear()


def credit(picture: Image.Image, text: str, shaping: Shaping | None = None) -> Box:
    (box,) = draw(picture, text, shaping=shaping)
    return box


def drawn(text: str, shaping: Shaping, size: tuple[int, int] = (900, 600)) -> Image.Image:
    picture = Image.new("L", size, 0)
    return picture.crop(credit(picture, text, shaping))


def islands(letters: Image.Image) -> int:
    """How many separate pieces of ink there are: joined letters are one piece."""
    ink = letters.point([0] * 128 + [255] * 128)
    number = 0
    while (box := ink.getbbox()) is not None:
        row = ink.crop((box[0], box[1], box[2], box[1] + 1)).getbbox()
        assert row is not None
        before = ink.copy()
        ImageDraw.floodfill(ink, (box[0] + row[0], box[1]), 0)
        assert ImageChops.difference(before, ink).getbbox() is not None
        number += 1
    return number


@pytest.mark.parametrize("shaping", SHAPINGS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("text", [LATIN, ARABIC, MIXED])
def test_only_the_returned_rectangle_changes(text: str, mode: str, shaping: Shaping) -> None:
    before = Image.effect_noise((700, 500), 70).convert(mode)
    after = before.copy()
    box = credit(after, text, shaping)
    changed = ImageChops.difference(before, after).getbbox()
    assert changed is not None
    assert box[0] <= changed[0]
    assert box[1] <= changed[1]
    assert box[2] >= changed[2]
    assert box[3] >= changed[3]


@pytest.mark.parametrize("shaping", SHAPINGS)
@pytest.mark.parametrize(
    ("text", "side"),
    [
        (LATIN, "right"),
        (ARABIC, "left"),
        (MIXED, "right"),
        ("(2021) تصوير OIM", "left"),
        ("2021", "right"),
    ],
)
def test_corner_follows_the_first_strong_letter(
    text: str, side: Literal["left", "right"], shaping: Shaping
) -> None:
    picture = Image.new("RGB", (1000, 700), "grey")
    left, _, right, bottom = credit(picture, text, shaping)
    assert bottom > 650
    assert (left < 30) == (side == "left")
    assert (right > 970) == (side == "right")


@pytest.mark.parametrize("shaping", SHAPINGS)
def test_arabic_letters_are_joined(shaping: Shaping) -> None:
    # Three letters without dots: one piece of ink joined, three apart.
    joined = drawn("ححح", shaping, (3000, 2000))
    apart = drawn("ح ح ح", shaping, (3000, 2000))
    assert islands(joined) == 1
    assert islands(apart) == 3


@pytest.mark.parametrize("shaping", SHAPINGS)
def test_arabic_runs_from_right_to_left(shaping: Shaping) -> None:
    # Alef, a bare stroke, comes first: it must stand at the right end of the line.
    line = drawn("ا ححح", shaping, (3000, 2000)).point([0] * 128 + [255] * 128)
    ink = line.getbbox()
    assert ink is not None
    middle = (ink[0] + ink[2]) // 2
    stroke = line.crop((ink[2] - line.height // 8, 0, ink[2], line.height)).getbbox()
    bowl = line.crop((0, 0, middle, line.height)).getbbox()
    assert stroke is not None
    assert bowl is not None
    assert bowl[3] > stroke[3]


@pytest.mark.skipif(not HAS_RAQM, reason="Pillow without raqm")
@pytest.mark.parametrize("text", [LATIN, ARABIC, MIXED, "تصوير: رشيد (AMAL 2021)"])
def test_both_ways_of_shaping_give_the_same_line(text: str) -> None:
    one, other = (drawn(text, how) for how in get_args(Shaping))
    assert abs(one.width - other.width) <= one.width * 0.05
    other = other.resize(one.size)
    blurred = [p.filter(ImageFilter.GaussianBlur(6)) for p in (one, other)]
    spread = ImageChops.difference(*blurred)
    assert max(n for n, count in enumerate(spread.histogram()) if count) < 110


@pytest.mark.parametrize("tone", [0, 60, 127, 150, 200, 255])
def test_letters_stand_out_on_any_ground(tone: int) -> None:
    picture = Image.new("L", (900, 600), tone)
    tones = picture.crop(credit(picture, LATIN)).histogram()
    low, *_, high = [n for n, count in enumerate(tones) if count]
    assert max(tone - low, high - tone) > 100


def test_size_follows_the_shorter_side() -> None:
    heights = []
    for size in ((600, 400), (1500, 1000), (1000, 1500), (6000, 4000)):
        picture = Image.new("L", size, 128)
        box = credit(picture, LATIN)
        heights.append((box[3] - box[1]) / min(size))
    assert heights[1] == pytest.approx(heights[2], abs=0.005)
    assert all(0.02 < height < 0.06 for height in heights)


@given(
    st.tuples(st.integers(1, 130), st.integers(1, 130)),
    st.sampled_from([LATIN, ARABIC, MIXED, "x", LATIN * 8]),
)
@settings(deadline=None, max_examples=60)
def test_a_line_fits_into_any_picture(size: tuple[int, int], text: str) -> None:
    picture = Image.new("L", size, 90)
    left, top, right, bottom = credit(picture, text)
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert picture.size == size


def test_controls_overrides_and_line_breaks_are_taken_out() -> None:
    hostile = "Photo :\u202e Rachid\x1b\n\u2066Azzouzy\u2069\u200b /\tAMAL\x00"
    plain, cleaned = Image.new("L", (900, 600), 40), Image.new("L", (900, 600), 40)
    assert draw(plain, LATIN) == draw(cleaned, hostile)
    assert plain.tobytes() == cleaned.tobytes()


@pytest.mark.parametrize("text", ["\u202e\u2066", " \n\t", "\u200d", "x" * 301])
def test_a_line_of_nothing_or_without_end_is_refused(text: str) -> None:
    with pytest.raises(RenditionRefused):
        draw(Image.new("L", (900, 600)), text)


@pytest.mark.parametrize("shaping", SHAPINGS)
@pytest.mark.parametrize("letter", ["写", "🙂", "한", "\ue000"])
def test_a_letter_without_glyph_is_refused_and_named_by_number(
    letter: str, shaping: Shaping
) -> None:
    picture = Image.new("L", (900, 600))
    with pytest.raises(RenditionRefused, match=rf"U\+{ord(letter):04X}"):
        draw(picture, "Photo " + letter, shaping=shaping)
    assert picture.getbbox() is None


@pytest.mark.usefixtures("fresh_fonts")
@pytest.mark.parametrize("missing", [("no_such_package", "x.ttf"), ("fontpkg_noto_sans", "x.ttf")])
def test_a_missing_font_is_refused(
    monkeypatch: pytest.MonkeyPatch, missing: tuple[str, str]
) -> None:
    monkeypatch.setattr(imaging_letters, "_LATIN", missing)
    with pytest.raises(RenditionRefused, match="font"):
        draw(Image.new("L", (900, 600)), LATIN)


@given(st.text(min_size=1, max_size=40))
@settings(deadline=None, max_examples=100)
def test_any_text_is_drawn_or_refused(text: str) -> None:
    picture = Image.new("RGB", (300, 200), "grey")
    for shaping in ("raqm", "basic") if HAS_RAQM else ("basic",):
        try:
            draw(picture, text, shaping=shaping)
        except RenditionRefused:
            continue
