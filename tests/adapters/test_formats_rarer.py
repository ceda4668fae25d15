"""Rarer ways to store a picture, each written by hand or by x265 with colours that are known."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from dam.core.errors import UnusablePhoto
from dam.core.readings import Color
from tests.adapters.formats import (
    PATCHES,
    SIDE,
    TO_XYZ,
    _inverse,
    board,
    camera_profile,
    furthest,
    in_space,
    linear,
    press,
    profile,
    saved,
    shown,
    xyz_tag,
)
from tests.adapters.pictures import chunk, difference, scene
from tests.adapters.test_formats import INKS, ON_PAPER, rendered
from tests.adapters.test_imaging import opened

#: Code values, 0 to 1, of paper white (203 nits), a grey of 26 to 30 nits, black, and 1000 nits.
PQ = (0.5806, 0.40, 0.0, 0.7518)
HLG = (0.75, 0.38, 0.0, 1.0)


def rows16(patches: list[tuple[int, ...]], order: str) -> list[bytes]:
    """The lines of a board of 16 bits a channel."""
    found = []
    for start in range(0, len(patches), 4):
        line = b"".join(struct.pack(f"{order}{len(p)}H", *p) * SIDE for p in patches[start:][:4])
        found += [line] * SIDE
    return found


def tiff16(
    patches: list[tuple[int, ...]], order: str, tile: int = 0, packed: bool = False
) -> bytes:
    """RGB, 16 bits, in one strip or in square tiles, deflated where `packed` (TIFF 6.0, 15)."""
    rows, width, bands = rows16(patches, order), 4 * SIDE, len(patches[0])
    unit = 2 * bands
    if tile:
        pieces = [
            b"".join(row[x * unit : (x + tile) * unit] for row in rows[y : y + tile])
            for y in range(0, len(rows), tile)
            for x in range(0, width, tile)
        ]
    else:
        pieces = [b"".join(rows)]
    if packed:
        pieces = [zlib.compress(piece) for piece in pieces]
    body, places = b"", []
    for piece in pieces:
        places.append(8 + len(body))
        body += piece + bytes(len(piece) % 2)
    fields: list[tuple[int, int, list[int]]] = [
        (256, 4, [width]),
        (257, 4, [len(rows)]),
        (258, 3, [16] * bands),
        (259, 3, [8 if packed else 1]),
        (262, 3, [2]),
        (277, 3, [bands]),
    ]
    sizes = [len(piece) for piece in pieces]
    if tile:
        fields += [(322, 4, [tile]), (323, 4, [tile]), (324, 4, places), (325, 4, sizes)]
    else:
        fields += [(273, 4, places), (278, 4, [len(rows)]), (279, 4, sizes)]
    at = 8 + len(body) + 2 + 12 * len(fields) + 4
    table, values = struct.pack(f"{order}H", len(fields)), b""
    for tag, kind, numbers in sorted(fields):
        raw = struct.pack(f"{order}{len(numbers)}{'HI'[kind - 3]}", *numbers)
        table += struct.pack(f"{order}HHI", tag, kind, len(numbers))
        table += (
            raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack(f"{order}I", at + len(values))
        )
        values += b"" if len(raw) <= 4 else raw
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(body))
    return head + body + table + bytes(4) + values


def ycck(inks: Sequence[tuple[int, ...]], icc: bytes) -> bytes:
    """As Photoshop writes CMYK: YCbCr of the inks turned round, and black beside it."""
    stored = []
    for *colours, black in inks:
        # What Adobe stores is light, 255 less ink; its YCCK is that of ink (T.872, 6.5.3).
        lit = Image.new("RGB", (1, 1), tuple(colours)).convert("YCbCr").getpixel((0, 0))
        assert isinstance(lit, tuple)
        # Pillow turns every band round while it saves.
        stored.append((*(255 - n for n in lit), black))
    data = saved(board(stored, "CMYK"), "JPEG", quality=98, subsampling=0, icc_profile=icc)
    at = data.index(b"Adobe") + 11
    assert data[at] == 0
    return data[:at] + b"\2" + data[at + 1 :]


def heic10(
    patches: list[tuple[int, ...]], points: tuple[int, int] | None = None, **how: object
) -> bytes:
    """Ten bits a channel; `points`: code points of primaries and transfer in its `nclx`."""
    pixels = b"".join(rows16(patches, "<"))
    size = (4 * SIDE, SIDE * (len(patches) // 4))
    made = pillow_heif.from_bytes(mode="RGB;16", size=size, data=pixels)
    out = io.BytesIO()
    before = pillow_heif.options.SAVE_HDR_TO_12_BIT
    pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    try:
        made.save(out, quality=98, chroma=444, **how)
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = before
    data = out.getvalue()
    assert pillow_heif.open_heif(data, convert_hdr_to_8bit=False).info["bit_depth"] == 10
    if points is None:
        return data
    at = data.index(b"nclx") + 4
    return data[:at] + struct.pack(">HH", *points) + data[at + 4 :]


def wide(patches: tuple[tuple[int, int, int], ...] = PATCHES) -> list[tuple[int, ...]]:
    return [tuple(n * 257 for n in patch) for patch in patches]


def greys(values: tuple[float, ...]) -> list[tuple[int, ...]]:
    return [(round(65535 * value),) * 3 for value in values]


# JPEG


@pytest.mark.parametrize("color", Color)
def test_ycck_by_its_profile(tmp_path: Path, color: Color) -> None:
    original = opened(tmp_path, ycck(INKS, press()))
    assert furthest(rendered(original, color), ON_PAPER) <= 5


# TIFF and PNG


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("tile", [0, 16, 64])
@pytest.mark.parametrize("packed", [False, True])
def test_sixteen_bit_tiff_of_either_byte_order_in_strips_or_tiles(
    tmp_path: Path, order: str, tile: int, packed: bool
) -> None:
    data = tiff16(wide(), order, tile, packed)
    assert furthest(rendered(opened(tmp_path, data)), PATCHES) == 0
    with pytest.raises(UnusablePhoto) as caught:
        opened(tmp_path, data[:-400])
    assert caught.value.hint


@pytest.mark.parametrize("kind", ["RGB", "L"])
def test_tiles_of_eight_bits(tmp_path: Path, kind: str) -> None:
    """Pillow writes tiles by libtiff."""
    how = {"compression": "tiff_lzw", "tiffinfo": {322: 32, 323: 32}}
    picture = board().convert(kind)
    wanted = shown(picture)
    assert furthest(rendered(opened(tmp_path, saved(picture, "TIFF", **how))), wanted) == 0


def test_a_palette_with_a_transparency_for_each_colour(tmp_path: Path) -> None:
    palette = board().convert("P", palette=Image.Palette.ADAPTIVE, colors=8)
    places = [palette.getpixel((i % 4 * SIDE + 9, i // 4 * SIDE + 9)) for i in range(8)]
    alphas = dict(zip(places, (255, 0, 128, 64, 255, 0, 128, 255), strict=True))
    data = saved(palette, "PNG", transparency=bytes(alphas.get(n, 255) for n in range(8)))
    wanted = []
    for place, patch in zip(places, PATCHES, strict=True):
        part = alphas[place] / 255
        wanted.append(tuple(round(n * part + 255 * (1 - part)) for n in patch))
    assert furthest(rendered(opened(tmp_path, data)), wanted) <= 2


@pytest.mark.parametrize("name", ["RGB", "L"])
def test_one_colour_of_a_png_may_be_transparent(tmp_path: Path, name: str) -> None:
    picture = Image.new(name, (4 * SIDE, SIDE), 90 if name == "L" else (90, 90, 90))
    picture.paste(200 if name == "L" else (200, 0, 0), (0, 0, SIDE, SIDE))
    data = saved(picture, "PNG")
    value = struct.pack(">H", 90) * (1 if name == "L" else 3)
    data = data[:33] + chunk(b"tRNS", value) + data[33:]
    found = rendered(opened(tmp_path, data))
    assert found[1:] == [(255, 255, 255)] * 3
    assert found[0] == ((200, 200, 200) if name == "L" else (200, 0, 0))


# AVIF and HEIC


def test_a_half_transparent_avif_is_half_white(tmp_path: Path) -> None:
    picture = board().convert("RGBA")
    picture.putalpha(128)
    data = saved(picture, "AVIF", quality=97, subsampling="4:4:4")
    wanted = [tuple(round(n * 128 / 255 + 127) for n in patch) for patch in PATCHES]
    assert furthest(rendered(opened(tmp_path, data)), wanted) <= 5


def test_ten_bits_of_srgb(tmp_path: Path) -> None:
    assert furthest(rendered(opened(tmp_path, heic10(wide()))), PATCHES) <= 3


def test_ten_bits_of_display_p3(tmp_path: Path) -> None:
    deep = [in_space(patch, "p3", top=65535) for patch in PATCHES]
    assert furthest(rendered(opened(tmp_path, heic10(deep, (12, 13)))), PATCHES) <= 4
    by_profile = opened(tmp_path, heic10(deep, icc_profile=camera_profile("p3")))
    assert by_profile.icc
    assert furthest(rendered(by_profile), PATCHES) <= 4


@pytest.mark.parametrize(("transfer", "values"), [(16, PQ), (18, HLG)])
def test_ten_bits_of_high_dynamic_range(
    tmp_path: Path, transfer: int, values: tuple[float, ...]
) -> None:
    """Paper white is bright and not blown out, the grey a grey, the peak white."""
    original = opened(tmp_path, heic10(greys(values), (9, transfer)))
    white, grey, black, peak = (colour[0] for colour in rendered(original))
    assert black == 0
    assert 60 < grey < 130
    assert 170 < white < 230
    assert peak > 245


def test_a_profile_that_says_pq_is_not_taken_by_its_curves(tmp_path: Path) -> None:
    """By them white paper would be nearly black."""
    steep = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, 8 * 256)
    tags = {
        b"rXYZ": xyz_tag(0.4361, 0.2225, 0.0139),
        b"gXYZ": xyz_tag(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz_tag(0.1431, 0.0606, 0.7139),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), steep),
        b"wtpt": xyz_tag(0.9642, 1.0, 0.8249),
    }
    stored = board([(round(255 * n),) * 3 for n in PQ])
    plain = profile(b"RGB ", tags)
    dark = rendered(opened(tmp_path, saved(stored, "PNG", icc_profile=plain)))
    assert dark[0][0] < 60
    said = profile(b"RGB ", {**tags, b"cicp": b"cicp\0\0\0\0" + bytes((9, 16, 0, 1))})
    white, grey, black, peak = rendered(opened(tmp_path, saved(stored, "PNG", icc_profile=said)))
    assert (170 < white[0] < 230, 60 < grey[0] < 130, black[0], peak[0] > 245) == (
        True,
        True,
        0,
        True,
    )


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_ten_bits_are_turned_once(tmp_path: Path, orientation: int) -> None:
    """By irot, of which EXIF holds a copy."""
    exif = Image.Exif()
    exif[274] = orientation
    back = {3: "ROTATE_180", 6: "ROTATE_90", 8: "ROTATE_270"}[orientation]
    stored = scene(128, 64).transpose(Image.Transpose[back])
    made = pillow_heif.from_bytes(
        mode="RGB;16",
        size=stored.size,
        data=b"".join(struct.pack("<H", n * 257) for n in stored.tobytes()),
    )
    out = io.BytesIO()
    made.save(out, quality=95, chroma=444, exif=exif.tobytes())
    assert b"irot" in out.getvalue()
    original = opened(tmp_path, out.getvalue())
    assert (original.width, original.height) == (128, 64)
    assert difference(original.upright(), scene(128, 64)) < 25


# Camera raw


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_dng_whose_first_page_is_its_preview(tmp_path: Path, orientation: int) -> None:
    """As cameras and converters lay it out: a small preview, the sensor's picture below it."""
    pytest.importorskip("rawpy", reason="the extra `raw` is not installed")
    tifffile = pytest.importorskip("tifffile")
    np = pytest.importorskip("numpy")
    unit = _inverse(TO_XYZ["srgb"])
    matrix = [n for row in unit for v in row for n in (round(v * 10_000), 10_000)]
    sensor = np.zeros((2 * SIDE, 4 * SIDE), np.uint16)
    for place, patch in enumerate(PATCHES):
        down, across = place // 4 * SIDE, place % 4 * SIDE
        for y, x in product(range(SIDE), range(SIDE)):
            seen = patch[y % 2 + x % 2]
            sensor[down + y, across + x] = round(60_000 * linear(seen / 255))
    texts = [(tag, 2, 0, "Drawn Two", False) for tag in (271, 272, 50708)]
    first = [
        *texts,
        (274, 3, 1, orientation, False),
        (50706, 1, 4, (1, 4, 0, 0), False),
        (50721, 10, 9, matrix, False),
        (50728, 5, 3, (1, 1) * 3, False),
        (50778, 3, 1, 21, False),
    ]
    below = [
        (33421, 3, 2, (2, 2), False),
        (33422, 1, 4, bytes((0, 1, 1, 2)), False),
        (50717, 4, 1, 60_000, False),
    ]
    file, how = tmp_path / "x.dng", {"metadata": None, "software": False}
    with tifffile.TiffWriter(file, byteorder="<") as writer:
        lime = np.full((24, 48, 3), (0, 255, 0), np.uint8)
        writer.write(lime, photometric="rgb", subfiletype=1, subifds=1, extratags=first, **how)
        writer.write(sensor, photometric=32803, subfiletype=0, extratags=below, **how)
    original = opened(tmp_path, file.read_bytes())
    assert original.format == "RAW"
    turn = {3: "ROTATE_180", 6: "ROTATE_270", 8: "ROTATE_90"}.get(orientation)
    wanted = board() if turn is None else board().transpose(Image.Transpose[turn])
    assert original.upright().size == wanted.size
    assert difference(original.upright(), wanted) < 12
    if turn is None:
        assert furthest(rendered(original), PATCHES) <= 6
