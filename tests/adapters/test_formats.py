"""Every format and pixel mode: the colours, the turn and the metadata of known pictures."""

from __future__ import annotations

import builtins
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import piexif
import pillow_heif
import pytest
from PIL import Image, PngImagePlugin

from dam.adapters import exif as exif_reader
from dam.adapters import imaging_profiles as profiles
from dam.adapters import metadata
from dam.adapters.imaging import Limits, Original, open_original, readers
from dam.adapters.imaging_blocks import take_apart
from dam.core.errors import UnusablePhoto
from dam.core.readings import Color, Field, Status
from tests.adapters.formats import (
    BLACK,
    PATCHES,
    PRINTED,
    SIDE,
    adobe_curve,
    board,
    boxes,
    camera_profile,
    deep_tiff,
    dng,
    dot_gain,
    furthest,
    in_space,
    lab_tiff,
    linear,
    press,
    saved,
    shown,
    tiff,
)
from tests.adapters.pictures import chunk, difference, packed, scene, turned_away
from tests.adapters.test_imaging import CORPORA, needs_corpora, opened, refused

#: Packers of a picture, with the format's name and how far an 8-bit colour may be off.
PACKERS: dict[str, tuple[str, Callable[..., bytes], int]] = {
    "jpeg": ("JPEG", lambda p, **h: saved(p, "JPEG", quality=98, subsampling=0, **h), 3),
    "progressive": (
        "JPEG",
        lambda p, **h: saved(p, "JPEG", quality=98, subsampling=0, progressive=True, **h),
        3,
    ),
    "tiff": ("TIFF", lambda p, **h: saved(p, "TIFF", **h), 0),
    "tiff-lzw": ("TIFF", lambda p, **h: saved(p, "TIFF", compression="tiff_lzw", **h), 0),
    "png": ("PNG", lambda p, **h: saved(p, "PNG", **h), 0),
    "webp": ("WEBP", lambda p, **h: saved(p, "WEBP", lossless=True, **h), 0),
    "avif": ("AVIF", lambda p, **h: saved(p, "AVIF", quality=97, subsampling="4:4:4", **h), 4),
    "heic": ("HEIF", lambda p, **h: heic(p, **h), 4),
}
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Credit="Zoe"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
INKS = [*[(c * 255, m * 255, y * 255, 0) for c, m, y in PRINTED][:7], (0, 0, 0, 255)]
ON_PAPER = [*list(PRINTED.values())[:7], BLACK]


def heic(picture: Image.Image, **how: object) -> bytes:
    """By x265, as a phone would have written it; an EXIF orientation becomes an irot and imir."""
    out = io.BytesIO()
    if "icc_profile" in how:
        picture = picture.copy()
        picture.info["icc_profile"] = how.pop("icc_profile")
    made = pillow_heif.from_pillow(picture)
    made.save(out, quality=95, chroma=444, **how)
    return out.getvalue()


def rendered(original: Original, color: Color = Color.SRGB) -> list[tuple[int, ...]]:
    picture, icc = original.finished(None, color)
    assert icc[16:20] == (b"GRAY" if picture.mode == "L" else b"RGB ")
    return shown(picture)


# Plain colours and metadata


@pytest.mark.parametrize("name", PACKERS)
def test_known_colours_come_out_as_they_are(tmp_path: Path, name: str) -> None:
    kind, pack, tolerance = PACKERS[name]
    original = opened(tmp_path, pack(board()))
    assert original.format == kind
    assert (original.width, original.height) == board().size
    assert furthest(rendered(original), PATCHES) <= tolerance


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("grey", [0, 90, 128, 200, 255])
def test_known_greys_come_out_as_they_are(tmp_path: Path, name: str, grey: int) -> None:
    pack, tolerance = PACKERS[name][1:]
    original = opened(tmp_path, pack(Image.new("L", (64, 64), grey)))
    picture, _ = original.finished(None, Color.SRGB)
    value = picture.convert("RGB").getpixel((30, 30))
    assert isinstance(value, tuple)
    assert max(abs(n - grey) for n in value) <= tolerance


@pytest.mark.parametrize("name", ["jpeg", "tiff", "png", "webp", "avif", "heic"])
def test_exif_and_xmp_are_found_whatever_the_format(tmp_path: Path, name: str) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Zoe"
    exif.get_ifd(0x8769)[0x9003] = "2021:11:18 15:04:05"
    how: dict[str, object] = {"exif": exif.tobytes(), "xmp": XMP}
    if name == "png":
        texts = PngImagePlugin.PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
        how["pnginfo"] = texts
    elif name == "tiff":
        exif[700] = XMP
        how["exif"] = exif.tobytes()
    said = metadata.read(opened(tmp_path, PACKERS[name][1](board(), **how)).blocks)
    states = {block.name: block.status for block in said.blocks}
    assert states["exif"] is Status.KNOWN
    found = {(r.field, r.value) for r in said.readings}
    assert (Field.CAPTURED, "2021-11-18T15:04:05") in found
    assert (Field.CREATOR, "Zoe") in found
    assert states["xmp"] is Status.KNOWN
    assert (Field.CREDIT, "Zoe") in found


@pytest.mark.parametrize("name", ["heic", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_and_avif_are_turned_once(tmp_path: Path, name: str, orientation: int) -> None:
    """The turn stands in irot and imir, and in EXIF besides."""
    stored, exif = turned_away(orientation)
    block = exif.tobytes() if name == "heic" else exif
    data = PACKERS[name][1](stored, exif=block)
    assert (b"irot" in data or b"imir" in data) == (orientation != 1)
    original = opened(tmp_path, data)
    assert (original.width, original.height) == (96, 64)
    assert difference(original.upright(), scene()) < 25


@pytest.mark.parametrize("name", ["heic", "avif"])
def test_an_exif_orientation_beside_a_picture_stored_upright_means_nothing(
    tmp_path: Path, name: str
) -> None:
    """Some programs copy EXIF and leave irot out: HEIF and MIAF know irot and imir alone."""
    exif = Image.Exif()
    exif[0x0103] = 6
    data = PACKERS[name][1](scene(), exif=exif.tobytes())
    # Compression becomes Orientation: the encoders would have made an irot of that.
    data = data.replace(b"\3\1\3\0\1\0\0\0", b"\x12\1\3\0\1\0\0\0")
    data = data.replace(b"\1\3\0\3\0\0\0\1", b"\1\x12\0\3\0\0\0\1")
    original = opened(tmp_path, data)
    assert exif_reader.orientation(original.blocks.exif) == 6
    assert (original.width, original.height) == (96, 64)
    assert difference(original.upright(), scene()) < 25


def test_of_several_pictures_in_one_file_the_main_one_is_taken(tmp_path: Path) -> None:
    other = Image.new("RGB", board().size, "lime")
    how = {"quality": 98, "subsampling": 0, "save_all": True}
    mpo = saved(board(), "MPO", append_images=[other.copy()], **how)
    assert furthest(rendered(opened(tmp_path, mpo)), PATCHES) <= 3
    made = pillow_heif.from_pillow(other)
    made.add_from_pillow(board())
    out = io.BytesIO()
    made.save(out, quality=95, chroma=444, primary_index=1)
    assert furthest(rendered(opened(tmp_path, out.getvalue())), PATCHES) <= 4
    pages = saved(board(), "TIFF", save_all=True, append_images=[other])
    assert furthest(rendered(opened(tmp_path, pages)), PATCHES) == 0


# Depth, palettes, transparency


def test_sixteen_bits_a_channel(tmp_path: Path) -> None:
    rgb = deep_tiff([tuple(n * 257 for n in p) for p in PATCHES], 2)
    assert furthest(rendered(opened(tmp_path, rgb)), PATCHES) == 0
    grey = deep_tiff([(n * 257,) for n in (0, 40, 128, 255)], 1)
    assert furthest(rendered(opened(tmp_path, grey)), [(n,) * 3 for n in (0, 40, 128, 255)]) == 0
    inverted = deep_tiff([(65535 - n * 257,) for n in (0, 40, 128, 255)], 0)
    assert furthest(rendered(opened(tmp_path, inverted)), [(n,) * 3 for n in (0, 40, 128, 255)]) < 2
    inks = deep_tiff([tuple(n * 257 for n in p) for p in INKS], 5, press())
    assert furthest(rendered(opened(tmp_path, inks)), ON_PAPER) <= 3


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_sixteen_bit_png(tmp_path: Path, bands: int) -> None:
    patches: list[tuple[int, ...]] = [(n[0],) if bands < 3 else n for n in PATCHES]
    rows = b""
    for y in range(2 * SIDE):
        row = b"\0"
        for x in range(4 * SIDE):
            values: tuple[int, ...] = patches[y // SIDE * 4 + x // SIDE]
            values = values + ((255,) if bands in (2, 4) else ())
            row += struct.pack(f">{bands}H", *(n * 257 for n in values))
        rows += row
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[bands]
    head = struct.pack(">IIBBBBB", 4 * SIDE, 2 * SIDE, 16, kind, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
    wanted = [p * 3 if len(p) == 1 else p for p in patches]
    assert furthest(rendered(opened(tmp_path, data + chunk(b"IEND", b""))), wanted) == 0


def test_twelve_bit_greys_are_not_nearly_black(tmp_path: Path) -> None:
    pairs = (0xFFF, 0x800)
    body = b"".join(struct.pack(">I", pairs[0] << 12 | pairs[1])[1:] for _ in range(64 * 64 // 2))
    entries = [(256, 4, [64]), (257, 4, [64]), (258, 3, [12]), (259, 3, [1]), (262, 3, [1])]
    original = opened(tmp_path, tiff([*entries, (277, 3, [1]), (278, 4, [64])], body))
    assert original.upright().getextrema() == (128, 255)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    half = board().convert("RGBA")
    half.putalpha(Image.linear_gradient("L").resize(half.size).point(lambda n: 255 * (n > 127)))
    wanted = [(255, 255, 255)] * 4 + list(PATCHES[4:])
    for kind in ("PNG", "TIFF"):
        assert furthest(rendered(opened(tmp_path, saved(half, kind))), wanted) == 0
    lossless = saved(half, "WEBP", lossless=True, exact=True)
    assert furthest(rendered(opened(tmp_path, lossless)), wanted) == 0
    avif = saved(half, "AVIF", quality=97, subsampling="4:4:4")
    assert furthest(rendered(opened(tmp_path, avif)), wanted) <= 4
    assert furthest(rendered(opened(tmp_path, heic(half))), wanted) <= 4
    palette = board().convert("P", palette=Image.Palette.ADAPTIVE, colors=8)
    index = palette.getpixel((10, 10))
    wanted = [(255, 255, 255), *PATCHES[1:]]
    assert (
        furthest(rendered(opened(tmp_path, saved(palette, "PNG", transparency=index))), wanted) <= 1
    )
    greys = board([(0,), (90,), (180,), (255,)], "L").convert("LA")
    greys.putalpha(Image.new("L", greys.size, 0))
    assert rendered(opened(tmp_path, saved(greys, "PNG"))) == [(255, 255, 255)] * 4


def test_half_transparent_is_half_white(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (128, 32), (0, 0, 0, 128))
    assert furthest(rendered(opened(tmp_path, saved(picture, "PNG"))), [(127, 127, 127)] * 4) <= 1


# Colour spaces


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("space", ["p3", "adobe"])
def test_a_wide_gamut_photograph_is_converted(tmp_path: Path, name: str, space: str) -> None:
    curve = (adobe_curve,) if space == "adobe" else ()
    stored = board([in_space(p, space, *curve) for p in PATCHES])
    icc = camera_profile(space)
    original = opened(tmp_path, PACKERS[name][1](stored, icc_profile=icc))
    assert furthest(rendered(original), PATCHES) <= PACKERS[name][2] + 3
    # What a viewer without colour management would have shown is something else.
    assert furthest(shown(original.upright()), PATCHES) > 15


@pytest.mark.parametrize("space", ["p3", "adobe"])
def test_a_kept_profile_says_nothing_but_colours(tmp_path: Path, space: str) -> None:
    icc = camera_profile(space)
    assert b"SECRET" in icc
    original = opened(tmp_path, saved(board(), "PNG", icc_profile=icc))
    picture, kept = original.finished(None, Color.KEEP)
    assert b"SECRET" not in kept
    assert furthest(shown(picture), PATCHES) == 0
    assert kept == (profiles.coded(12, 13) if space == "p3" else profiles.adobe_rgb())


def test_sixteen_bits_of_display_p3(tmp_path: Path) -> None:
    deep = [in_space(p, "p3", top=65535) for p in PATCHES]
    original = opened(tmp_path, deep_tiff(deep, 2, camera_profile("p3")))
    assert furthest(rendered(original), PATCHES) <= 2


def test_adobe_rgb_by_the_word_of_the_camera_alone(tmp_path: Path) -> None:
    """DCF: ColorSpace uncalibrated and interoperability index R03, no profile."""
    exif = piexif.dump(
        {"Exif": {piexif.ExifIFD.ColorSpace: 65535}, "Interop": {1: b"R03"}, "0th": {}}
    )
    stored = board([in_space(p, "adobe", adobe_curve) for p in PATCHES])
    original = opened(tmp_path, saved(stored, "JPEG", quality=98, subsampling=0, exif=exif))
    assert furthest(rendered(original), PATCHES) <= 5


@pytest.mark.parametrize("name", ["heic", "avif", "png"])
def test_display_p3_by_code_points_alone(tmp_path: Path, name: str) -> None:
    stored = board([in_space(p, "p3") for p in PATCHES])
    data = PACKERS[name][1](stored)
    if name == "png":
        data = data[:33] + chunk(b"cICP", bytes((12, 13, 0, 1))) + data[33:]
    else:
        at = data.index(b"nclx") + 4
        data = data[:at] + struct.pack(">HH", 12, 13) + data[at + 4 :]
    assert furthest(rendered(opened(tmp_path, data)), PATCHES) <= PACKERS[name][2] + 3


def test_an_old_png_says_its_gamma(tmp_path: Path) -> None:
    """A Macintosh of 1999: gamma 1.8."""
    stored = board([tuple(round(255 * linear(n / 255) ** (1 / 1.8)) for n in p) for p in PATCHES])
    data = saved(stored, "PNG")
    data = data[:33] + chunk(b"gAMA", struct.pack(">I", 55556)) + data[33:]
    assert furthest(rendered(opened(tmp_path, data)), PATCHES) <= 3
    for odd in (0, 1, 4_000_000_000):
        broken = saved(board(), "PNG")
        broken = broken[:33] + chunk(b"gAMA", struct.pack(">I", odd)) + broken[33:]
        assert furthest(rendered(opened(tmp_path, broken)), PATCHES) == 0


def test_a_picture_of_high_dynamic_range_is_neither_dull_nor_blown_out(tmp_path: Path) -> None:
    """Paper white of 203 nits in PQ is code value 0.58; its grey is 26 nits."""
    stored = board([(148,) * 3, (102,) * 3, (0,) * 3, (192,) * 3])
    data = saved(stored, "PNG")
    data = data[:33] + chunk(b"cICP", bytes((9, 16, 0, 1))) + data[33:]
    white, grey, black, peak = (colour[0] for colour in rendered(opened(tmp_path, data)))
    assert black == 0
    assert 60 < grey < 130
    assert 170 < white < 230
    assert peak > 245


def test_lab(tmp_path: Path) -> None:
    assert furthest(rendered(opened(tmp_path, lab_tiff())), PATCHES) <= 4


def test_greys_of_another_tone_curve(tmp_path: Path) -> None:
    values = (0, 60, 128, 200)
    grey = [round(255 * linear(n / 255) ** (1 / 3)) for n in values]
    data = saved(board([(n,) for n in grey], "L"), "PNG", icc_profile=dot_gain())
    original = opened(tmp_path, data)
    picture, icc = original.finished(None, Color.SRGB)
    assert (picture.mode, icc) == ("L", profiles.grey())
    assert furthest(shown(picture), [(n,) * 3 for n in values]) <= 3
    kept, icc = original.finished(None, Color.KEEP)
    assert furthest(shown(kept), [(n,) * 3 for n in grey]) == 0
    assert b"SECRET" not in icc


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
@pytest.mark.parametrize("color", Color)
def test_cmyk_by_its_profile(tmp_path: Path, kind: str, color: Color) -> None:
    how: dict[str, object] = {"quality": 98, "subsampling": 0} if kind == "JPEG" else {}
    data = saved(board(INKS, "CMYK"), kind, icc_profile=press(), **how)
    assert furthest(rendered(opened(tmp_path, data), color), ON_PAPER) <= 4


def test_cmyk_without_a_profile(tmp_path: Path) -> None:
    wanted = [tuple(255 - n for n in ink[:3]) for ink in INKS[:7]] + [(0, 0, 0)]
    data = saved(board(INKS, "CMYK"), "JPEG", quality=98, subsampling=0)
    assert furthest(rendered(opened(tmp_path, data)), wanted) <= 3
    # Without Adobe's mark the inks of a JPEG are not stored the other way round.
    at = data.index(b"Adobe") - 4
    plain = data[:at] + data[at + 16 :]
    turned = [tuple(255 - n for n in ink) for ink in INKS]
    wanted = [tuple(round((255 - c) * (255 - k) / 255) for c in (r, g, b)) for r, g, b, k in turned]
    assert furthest(rendered(opened(tmp_path, plain)), wanted) <= 3


# Camera raw


def test_camera_raw_is_developed(tmp_path: Path) -> None:
    pytest.importorskip("rawpy", reason="the extra `raw` is not installed")
    original = opened(tmp_path, dng(captured="2021:11:18 15:04:05"))
    assert (original.format, original.width, original.height) == ("RAW", 4 * SIDE, 2 * SIDE)
    assert furthest(rendered(original), PATCHES) <= 6
    said = metadata.read(original.blocks)
    assert ("2021-11-18T15:04:05", "exif:DateTimeOriginal") in {
        (r.value, r.source) for r in said.readings
    }


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_camera_raw_is_turned_once(tmp_path: Path, orientation: int) -> None:
    pytest.importorskip("rawpy", reason="the extra `raw` is not installed")
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270}
    turn[8] = Image.Transpose.ROTATE_90
    picture = opened(tmp_path, dng(orientation=orientation)).upright()
    wanted = board() if orientation == 1 else board().transpose(turn[orientation])
    assert picture.size == wanted.size
    assert difference(picture, wanted) < 12


def test_camera_raw_within_limits(tmp_path: Path) -> None:
    pytest.importorskip("rawpy", reason="the extra `raw` is not installed")
    error = refused(tmp_path, dng(), Limits(max_pixels=SIDE * SIDE))
    assert "megapixels" in error.what
    assert refused(tmp_path, dng()[:9000]).incomplete
    for tail in (b"", bytes(5000), b"\xff" * 5000):
        for head in (b"FUJIFILMCCD-RAW ", b"IIRO", b"IIU\0", b"FOVb", b"\0MRM", b"MMOR"):
            assert refused(tmp_path, head + tail).hint


def test_without_rawpy_camera_raw_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without(monkeypatch, "rawpy")
    error = refused(tmp_path, dng())
    assert "dam-0.1.0-py3-none-any.whl[raw]" in error.hint
    assert not error.incomplete


def test_without_pi_heif_heic_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without(monkeypatch, "pi_heif")
    assert "JPEG" in refused(tmp_path, heic(board())).hint


def _without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: object, **more: object) -> object:
        if name == package:
            raise ImportError(name)
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", missing)


def test_what_cr3_says_of_itself_is_joined() -> None:
    """CMT1 is IFD0, CMT2 the Exif IFD, CMT4 the GPS IFD, each a TIFF of its own."""
    date = b"2021:11:18 15:04:05\0"
    first = tiff([(271, 2, b"Canon\0"), (315, 2, b"Zoe\0")], b"")
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48") + boxes(
        (b"CMT1", first),
        (b"CMT2", tiff([(0x9003, 2, date)], b"")),
        (b"CMT3", b"maker"),
        (b"CMT4", tiff([(2, 5, [35, 1, 46, 1, 46, 1])], b"")),
    )
    packet = bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + XMP
    data = boxes(
        (b"ftyp", b"crx \0\0\0\1crx isom"), (b"moov", boxes((b"uuid", canon))), (b"uuid", packet)
    )
    container = take_apart("RAW", data)
    assert container.complete
    found = {(r.field, r.value) for r in metadata.read(container.blocks).readings}
    assert {(Field.CREATOR, "Zoe"), (Field.GPS, True), (Field.CREDIT, "Zoe")} <= found
    assert (Field.CAPTURED, "2021-11-18T15:04:05") in found
    assert not take_apart("RAW", data[:-9]).complete


def test_all_readers_are_here() -> None:
    assert {"JPEG", "TIFF", "PNG", "WEBP", "HEIF", "AVIF"} <= set(readers())


# Real ones


@needs_corpora
@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "size", "blocks"),
    [
        ("IMG_2682.heic", (4032, 3024), {"exif"}),
        # EXIF says 90 degrees as well, for a picture that irot turns already.
        ("samsung-one-ui-6.heic", (3000, 4000), {"exif", "xmp"}),
        ("8bit-sRGB.avif", (1617, 1080), set()),
    ],
)
def test_real_phone_photographs(name: str, size: tuple[int, int], blocks: set[str]) -> None:
    original = open_original(CORPORA / "formats" / name, Limits())
    assert (original.width, original.height) == size
    said = {b.name for b in metadata.read(original.blocks).blocks if b.status is Status.KNOWN}
    assert said == blocks
    assert bool(original.icc) == (name == "IMG_2682.heic"), "the telephone's Display P3"


@pytest.mark.parametrize("name", ["heic", "avif"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_cut_off_heic_and_avif_are_incomplete(tmp_path: Path, name: str, part: float) -> None:
    data = PACKERS[name][1](Image.effect_noise((200, 160), 60).convert("RGB"))
    cut = int(len(data) * part)
    assert refused(tmp_path, data[:cut]).incomplete
    if part >= 0.5:
        assert refused(tmp_path, data[:cut] + bytes(max(len(data) - cut, 70))).incomplete


def test_films_and_other_boxes_are_no_photograph(tmp_path: Path) -> None:
    for major in (b"isom", b"qt  ", b"mp42", b"jp2 "):
        assert "no photograph" in refused(tmp_path, boxes((b"ftyp", major + bytes(40)))).what


def test_formats_are_named_wherever_a_picture_is_opened() -> None:
    """Without the list of formats every plugin of Pillow would see hostile bytes."""
    package = Path(__file__).resolve().parents[2] / "dam"
    calls = [
        line
        for file in package.rglob("*.py")
        for line in file.read_text().splitlines()
        if "Image.open(" in line
    ]
    assert calls
    assert all("formats=" in line for line in calls)


def test_unusable_is_the_only_error(tmp_path: Path) -> None:
    with pytest.raises(UnusablePhoto):
        opened(tmp_path, packed(scene(), "TIFF")[:40])
