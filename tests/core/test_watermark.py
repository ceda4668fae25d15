"""The styles of the visible mark: what the file may say, and every mistake in it."""

from __future__ import annotations

import contextlib
import io
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dam.core.errors import ProblemsError
from dam.core.model import IMPLIED_PURPOSES, Purpose
from dam.core.png import MAX_BYTES, transparent_png
from dam.core.readings import MarkStyle
from dam.core.watermark import Marks, load_marks
from tests.adapters.pictures import chunk, packed
from tests.core.dossiers import RULES

HEAD = "schema: dam/watermark/1\n"


def emblem(mode: str = "RGBA", size: tuple[int, int] = (60, 40)) -> Image.Image:
    picture = Image.new("RGBA", size)
    picture.paste((0, 90, 170, 255), (10, 10, size[0] - 10, size[1] - 10))
    return picture.convert(mode)


LOGO = packed(emblem(), "PNG")


def marks(text: str, **logos: bytes) -> Marks:
    files = {f"logos/{name}.png": data for name, data in logos.items()}
    return load_marks({"watermark.yaml": (HEAD + text).encode(), **files})


def problems(text: str, **logos: bytes) -> list[str]:
    with pytest.raises(ProblemsError) as caught:
        marks(text, **logos)
    return list(caught.value.problems)


def test_without_the_file_everything_has_the_corner_credit() -> None:
    found = load_marks({})
    for purpose in Purpose:
        assert found.style(purpose) == MarkStyle()
        assert (found.name(purpose), found.digest(purpose)) == ("corner", "")


def test_the_shipped_file_loads_and_leaves_archives_as_they_are() -> None:
    found = load_marks({"watermark.yaml": (RULES.parent / "watermark.yaml").read_bytes()})
    assert found.digest(Purpose.ARCHIVE) == ""
    assert found.style(Purpose.SOCIAL).keep_in == "both"
    assert all(found.style(p).kind != "none" for p in Purpose)


def test_numbers_that_are_not_given_are_those_of_the_kind() -> None:
    found = marks(
        "styles:\n  t: {kind: tiled, line: no}\n  l: {kind: logo, logo: logos/a.png, opacity: .8}\n"
        "purposes: {web: t, press: l}\n",
        a=LOGO,
    )
    tiled, logo = found.style(Purpose.WEB), found.style(Purpose.PRESS)
    assert (tiled.size, tiled.opacity, tiled.line) == (0.04, 0.2, False)
    assert (logo.size, logo.opacity, logo.line) == (0.1, 0.8, True)
    assert logo.logo == transparent_png(LOGO)
    assert found.style(Purpose.DONOR) == MarkStyle()


def test_a_style_called_corner_takes_the_place_of_the_built_in_one() -> None:
    found = marks("styles: {corner: {kind: credit, place: top}}\n")
    assert {found.style(p).place for p in Purpose} == {"top"}
    assert problems("styles: {corner: {kind: none}}\npurposes: {web: corner}\n")


@pytest.mark.parametrize("purpose", list(Purpose))
def test_only_what_stays_in_the_house_may_go_unmarked(purpose: Purpose) -> None:
    text = f"styles: {{bare: {{kind: none}}}}\npurposes: {{{purpose}: bare}}\n"
    if purpose in IMPLIED_PURPOSES:
        assert marks(text).style(purpose).kind == "none"
    else:
        (told,) = problems(text)
        assert told.startswith(f"rules/watermark.yaml:3: purposes.{purpose}: what leaves")


def test_the_digest_follows_every_word_and_the_pixels_of_the_logo() -> None:
    style = "styles: {{l: {{kind: logo, logo: logos/a.png, size: {}}}}}\npurposes: {{archive: l}}\n"
    other = packed(emblem(size=(61, 40)), "PNG")
    seen = [marks(style.format(s), a=d) for s, d in ((0.1, LOGO), (0.2, LOGO), (0.1, other))]
    assert len({m.digest(Purpose.ARCHIVE) for m in seen}) == 3
    assert marks(style.format("0.10"), a=LOGO).digest(Purpose.ARCHIVE) == seen[0].digest(
        Purpose.ARCHIVE
    )


@pytest.mark.parametrize(
    ("style", "told"),
    [
        ("{kind: credit, size: 0.2}", "styles.s.size: must be from 0.012 to 0.1"),
        ("{kind: credit, size: 1e400}", "styles.s.size: must be"),
        ("{kind: credit, size: big}", "styles.s.size: use a plain number"),
        ("{kind: credit, opacity: 0.2}", "styles.s.opacity: must be from 0.5 to 1"),
        ("{kind: tiled, opacity: 0.9}", "styles.s.opacity: must be from 0.1 to 0.6"),
        ("{kind: credit, line: no}", "styles.s.line: means nothing"),
        ("{kind: none, size: 0.03}", "styles.s.size: means nothing"),
        ("{kind: credit, logo: logos/a.png}", "styles.s.logo: means nothing"),
        ("{kind: logo}", "styles.s.logo: is missing"),
        ("{kind: logo, logo: logos/b.png}", "there is no such file in rules/logos"),
        ("{kind: logo, logo: ../../secret.png}", "styles.s.logo:"),
        ("{kind: logo, logo: logos/../b.png}", "styles.s.logo:"),
        ("{kind: stamp}", "'stamp' is not one of: credit, logo, tiled, none"),
        ("{kind: credit, place: middle}", "'middle' is not one of"),
        ("{kind: credit, keep_in: circle}", "'circle' is not one of"),
        ("{kind: credit, colour: red}", "colour"),
        ("{}", "styles.s.kind: is missing"),
    ],
)
def test_a_style_that_means_nothing_is_told_with_its_line(style: str, told: str) -> None:
    (problem,) = problems(f"styles:\n  s: {style}\n")
    assert told in problem
    assert problem.startswith("rules/watermark.yaml:3:")


@pytest.mark.parametrize(
    "text",
    ["styles: {a b: {kind: credit}}", "purposes: {tv: corner}", "purposes: {web: x}", "x: 1", "["],
)
def test_other_mistakes_are_told(text: str) -> None:
    assert problems(text + "\n")


def test_all_problems_come_at_once() -> None:
    told = problems(
        "styles:\n  a: {kind: credit, size: 9}\n  b: {kind: logo, logo: logos/b.png}\n"
        "purposes: {web: c}\n",
        b=b"GIF89a",
    )
    assert len(told) == 3
    assert any("the logo is no PNG file" in t for t in told)


def bomb() -> bytes:
    """A small file that unpacks to far more than its header says."""
    header = b"\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0"
    pixels = zlib.compress(bytes(200_000_000), 9)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no PNG"),
        (packed(emblem("RGB"), "JPEG"), "no PNG"),
        (LOGO + bytes(MAX_BYTES), "larger than 512 KiB"),
        (LOGO[:-20], "cut off"),
        (LOGO[:60] + b"\xff" + LOGO[61:], "damaged"),
        (packed(emblem("RGB"), "PNG"), "no transparent ground"),
        (packed(emblem("RGB").convert("P"), "PNG"), "no transparent ground"),
        (packed(emblem(size=(2001, 30)), "PNG"), "2000 pixels"),
        (LOGO[:8] + LOGO[33:], "damaged"),
        (bomb(), "damaged"),
        (b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR" + bytes(40), "cut off"),
    ],
)
def test_a_file_that_is_no_logo_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        transparent_png(data)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_nothing_but_pixels_is_left_of_a_logo(mode: str) -> None:
    picture = emblem(mode)
    how = {"transparency": 0} if mode == "P" else {}
    data = packed(picture, "PNG", **how)
    told = data[:33] + chunk(b"tEXt", b"Author\0Somebody") + data[33:] + b"trailing"
    clean = transparent_png(told)
    assert b"Somebody" not in clean
    assert b"trailing" not in clean
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(clean)) as after:
        assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()


@given(st.integers(0, len(LOGO) - 1), st.integers(0, 255), st.binary(max_size=40))
@settings(max_examples=200)
def test_a_damaged_logo_is_refused_in_words(at: int, byte: int, more: bytes) -> None:
    for data in (LOGO[:at] + bytes([byte]) + LOGO[at + 1 :], LOGO[:at] + more, more):
        try:
            clean = transparent_png(data)
        except ValueError:
            continue
        with Image.open(io.BytesIO(clean), formats=("PNG",)) as picture:
            picture.load()


@given(st.text(max_size=80))
def test_any_text_is_marks_or_problems(text: str) -> None:
    with contextlib.suppress(ProblemsError):
        marks(text)
