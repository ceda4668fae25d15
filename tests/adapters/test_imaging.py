"""Opening, containers, orientation, colour, redaction, encoding."""

from __future__ import annotations

import io
import math
import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms

from dam.adapters import imaging_profiles as profiles
from dam.adapters.imaging import Limits, Original, encode, open_original, redact
from dam.adapters.imaging_blocks import take_apart
from dam.core.errors import DamError, RenditionRefused, StorageError, UnusablePhoto
from dam.core.model import Face
from dam.core.readings import Color
from tests.adapters.pictures import chunk, difference, packed, scene, turned_away, with_chunks

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is missing")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def opened(folder: Path, data: bytes, limits: Limits | None = None) -> Original:
    file = folder / "x.jpg"
    file.write_bytes(data)
    return open_original(file, limits or Limits())


def refused(folder: Path, data: bytes, limits: Limits | None = None) -> UnusablePhoto:
    with pytest.raises(UnusablePhoto) as caught:
        opened(folder, data, limits)
    assert caught.value.hint
    return caught.value


# Formats and limits


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_every_format_is_opened_by_its_content(tmp_path: Path, kind: str) -> None:
    original = opened(tmp_path, packed(scene(), kind))
    assert (original.format, original.width, original.height) == (kind, 96, 64)
    assert original.upright().mode == "RGB"
    assert original.upright().info == {}


def test_two_pictures_in_one_jpeg_are_one_photograph(tmp_path: Path) -> None:
    data = packed(scene(), "MPO", save_all=True, append_images=[scene(96, 64)])
    assert opened(tmp_path, data).format == "MPO"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "EPS", "PPM", "TGA", "ICO", "PDF"])
def test_other_formats_under_a_jpg_name_are_no_photograph(tmp_path: Path, kind: str) -> None:
    assert not refused(tmp_path, packed(scene(), kind)).incomplete


@pytest.mark.parametrize("brand", [b"heic", b"avif", b"mif1"])
def test_rubbish_under_the_head_of_heic_and_avif(tmp_path: Path, brand: bytes) -> None:
    assert refused(tmp_path, b"\x00\x00\x00\x18ftyp" + brand + bytes(100)).hint


def test_camera_raw_in_tiff_clothes_is_not_its_preview(tmp_path: Path) -> None:
    data = packed(scene(), "TIFF", tiffinfo={50706: b"\x01\x04\x00\x00"})
    assert "raw" in refused(tmp_path, data).what


def test_bomb_is_refused_from_the_header(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    error = refused(tmp_path, png)
    assert "megapixels" in error.what
    assert not error.incomplete


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_own_pixel_limit_holds_to_the_pixel(tmp_path: Path, kind: str) -> None:
    data = packed(scene(), kind)
    assert opened(tmp_path, data, Limits(max_pixels=96 * 64)).width == 96
    assert not refused(tmp_path, data, Limits(max_pixels=96 * 64 - 1)).incomplete


def test_more_than_pillows_own_limit_is_fine_below_ours(tmp_path: Path) -> None:
    data = packed(Image.new("1", (10_000, 9_600)), "PNG")
    assert opened(tmp_path, data).width == 10_000


def test_file_size_limit(tmp_path: Path) -> None:
    assert not refused(tmp_path, packed(scene()), Limits(max_bytes=100)).incomplete


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt", b"iCCP"])
def test_texts_and_profiles_that_unpack_without_end(tmp_path: Path, name: bytes) -> None:
    bomb = zlib.compress(bytes(80_000_000), 9)
    head = b"Comment\x00\x01\x00\x00\x00" if name == b"iTXt" else b"Comment\x00\x00"
    error = refused(tmp_path, with_chunks(chunk(name, head + bomb)))
    assert "enormous" in error.what
    assert not error.incomplete


def test_links_pipes_and_missing_files_are_not_followed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnusablePhoto):
        open_original(tmp_path / "pipe", Limits())
    (tmp_path / "link").symlink_to("/etc/hostname")
    for name in ("link", "nothing"):
        with pytest.raises(StorageError):
            open_original(tmp_path / name, Limits())


# Completeness


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_cut_off_files_are_incomplete(tmp_path: Path, kind: str, part: float) -> None:
    # Pillow writes the directory of a plain TIFF first.
    data = packed(Image.effect_noise((200, 160), 60).convert("RGB"), kind)
    error = refused(tmp_path, data[: int(len(data) * part)])
    assert error.incomplete
    assert "again" in error.hint


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("part", [0.0, 0.5, 0.9])
def test_zero_filled_tails_are_incomplete(tmp_path: Path, kind: str, part: float) -> None:
    data = packed(Image.effect_noise((200, 160), 60).convert("RGB"), kind)
    cut = int(len(data) * part)
    assert refused(tmp_path, data[:cut] + bytes(len(data) - cut)).incomplete


def test_progressive_jpeg_cut_in_a_late_scan_is_incomplete(tmp_path: Path) -> None:
    data = packed(Image.effect_noise((200, 160), 60), progressive=True)
    assert opened(tmp_path, data).width == 200
    assert refused(tmp_path, data[:-20]).incomplete


@pytest.mark.parametrize("tail", [bytes(5000), b"\xff" * 700, b"MotionPhoto_Data" * 99])
def test_bytes_after_the_end_marker_do_not_matter(tmp_path: Path, tail: bytes) -> None:
    assert opened(tmp_path, packed(scene()) + tail).width == 96


def test_jpeg_that_is_a_zip_as_well_gives_a_clean_rendition(tmp_path: Path) -> None:
    out = io.BytesIO(packed(scene()))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("secret.txt", "hidden")
    original = opened(tmp_path, out.getvalue())
    clean = encode(original.upright(), quality=90)
    assert clean.endswith(b"\xff\xd9")
    assert b"secret" not in clean
    assert not zipfile.is_zipfile(io.BytesIO(clean))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(["JPEG", "PNG", "TIFF", "WEBP"]),
    damage=st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=8)), max_size=6),
    cut=st.floats(0, 1),
)
def test_whatever_the_bytes_it_is_a_picture_or_an_error_of_ours(
    tmp_path: Path, kind: str, damage: list[tuple[float, bytes]], cut: float
) -> None:
    exif = Image.Exif()
    exif[274] = 6
    data = bytearray(packed(scene(), kind, exif=exif, icc_profile=SRGB))
    for where, what in damage:
        at = int(where * len(data))
        data[at : at + len(what)] = what
    try:
        original = opened(tmp_path, bytes(data[: int(len(data) * max(cut, 0.5))]))
    except DamError:
        return
    assert original.upright().size == (original.width, original.height)


# Orientation


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(10))
def test_orientation_is_applied_whatever_the_format(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    stored, exif = turned_away(orientation)
    original = opened(tmp_path, packed(stored, kind, exif=exif))
    assert (original.width, original.height) == (96, 64)
    assert difference(original.upright(), scene()) < 12
    small, width, height = original.reduced(48)
    assert (width, height, len(small)) == (48, 32, 48 * 32 * 3)


@needs_corpora
@pytest.mark.corpus
@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_the_orientation_examples_are_all_upright(shape: str) -> None:
    upright = open_original(CORPORA / "orientation" / f"{shape}_1.jpg", Limits()).upright(300)
    for orientation in range(9):
        file = CORPORA / "orientation" / f"{shape}_{orientation}.jpg"
        picture = open_original(file, Limits()).upright(300)
        assert picture.size == upright.size
        # Each has its own number written on it, the rest is the same scene.
        assert difference(picture, upright) < 30, orientation


@needs_corpora
@pytest.mark.corpus
@pytest.mark.parametrize("folder", ["cameras", "broken", "orientation", "metadata", "people"])
def test_what_cameras_wrote_is_accepted(folder: str) -> None:
    files = [f for f in sorted((CORPORA / folder).iterdir()) if f.suffix in (".jpg", ".jpeg")]
    assert files
    for file in files:
        assert open_original(file, Limits()).format in ("JPEG", "MPO"), file.name


# Colour


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB"])
def test_every_pixel_mode_ends_as_grey_or_rgb(tmp_path: Path, mode: str) -> None:
    picture = Image.new("LAB", (96, 64), (128, 128, 128)) if mode == "LAB" else scene(mode=mode)
    kind = "PNG" if mode in ("LA", "RGBA", "P") else "TIFF"
    result = opened(tmp_path, packed(picture, kind)).upright()
    assert result.mode == ("L" if mode in ("1", "L", "LA") else "RGB")
    if mode in ("RGB", "RGBA", "CMYK"):
        assert difference(result, scene()) < 12


@pytest.mark.parametrize(("mode", "kind"), [("I;16", "TIFF"), ("I;16", "PNG"), ("I;16B", "TIFF")])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path, mode: str, kind: str) -> None:
    wide = scene(mode="L").convert("I").point(lambda n: n * 257)
    if mode == "I;16B":
        data = packed(wide.convert("I;16B"), kind)
    else:
        data = packed(wide.convert("I;16"), kind)
    result = opened(tmp_path, data).upright()
    assert difference(result, scene(mode="L")) < 1


def test_measured_values_are_no_photograph(tmp_path: Path) -> None:
    assert not refused(tmp_path, packed(scene(mode="L").convert("F"), "TIFF")).incomplete


def test_transparency_becomes_white(tmp_path: Path) -> None:
    for mode in ("RGBA", "LA"):
        data = packed(Image.new(mode, (4, 4), 0), "PNG")
        result = opened(tmp_path, data).upright()
        assert result.getpixel((1, 1)) == (255 if mode == "LA" else (255, 255, 255))


def test_srgb_under_another_makers_name_is_srgb(tmp_path: Path) -> None:
    original = opened(tmp_path, packed(scene(), icc_profile=SRGB))
    assert original.icc == b""
    for color in Color:
        picture, icc = original.finished(None, color)
        assert icc == profiles.srgb()
        assert picture.tobytes() == original.upright().tobytes()


# Redaction and encoding


def test_redaction_destroys_the_region_and_a_margin() -> None:
    one, other = scene(), Image.effect_noise((96, 64), 80).convert("RGB")
    face = Face(0.25, 0.25, 0.25, 0.5, 1.0)
    for picture in (one, other):
        redact(picture, (face,))
    box = (math.floor(0.2 * 96), math.floor(0.15 * 64), math.ceil(0.55 * 96), math.ceil(0.85 * 64))
    assert ImageChops.difference(one.crop(box), other.crop(box)).getbbox() is None
    assert one.crop(box).getcolors() == [((box[2] - box[0]) * (box[3] - box[1]), (96, 96, 96))]


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.001, 1), st.floats(0.001, 1))
def test_redaction_stays_on_the_picture_and_covers(x: float, y: float, w: float, h: float) -> None:
    picture = Image.new("L", (50, 40), 0)
    redact(picture, (Face(x, y, w, h, 1.0),))
    covered = picture.getbbox()
    assert covered is not None
    assert covered[0] <= x * 50
    assert covered[2] >= min(50, (x + w) * 50) - 1e-6
    assert covered[1] <= y * 40
    assert covered[3] >= min(40, (y + h) * 40) - 1e-6


@pytest.mark.parametrize(
    "face",
    [
        Face(math.nan, 0, 1, 1, 1),
        Face(0, 0, math.inf, 1, 1),
        Face(0, 0, 0, 0, 1),
        Face(0.1, 0.1, -1, 1, 1),
        Face(7, 7, 1, 1, 1),
    ],
)
def test_a_region_that_is_none_refuses_the_rendition(face: Face) -> None:
    with pytest.raises(RenditionRefused):
        redact(scene(), (face,))


def test_nothing_of_the_original_leaks_into_the_encoding(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x013B] = "LEAK"
    data = packed(
        scene(),
        exif=exif,
        comment=b"LEAK",
        xmp=b"<LEAK/>",
        dpi=(301, 301),
        icc_profile=SRGB,
        progressive=True,
    )
    original = opened(tmp_path, data)
    for picture in (original.upright(), original.upright(40)):
        picture.info["comment"] = b"LEAK"
        clean = encode(picture, quality=90)
        assert b"LEAK" not in clean
        with Image.open(io.BytesIO(clean)) as again:
            assert set(again.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
            assert again.getexif() == {}


def test_given_blocks_are_written_exactly() -> None:
    app13 = b"Photoshop 3.0\x00" + b"8BIM\x04\x04\x00\x00\x00\x00\x00\x07\x1c\x02\x69\x00\x02Hi\x00"
    exif = Image.Exif()
    exif[0x013B] = "A"
    block = exif.tobytes()[6:]
    data = encode(scene(mode="L"), quality=80, icc=SRGB, exif=block, xmp=b"<x/>", app13=app13)
    blocks = take_apart("JPEG", data).blocks
    assert blocks.exif == (block,)
    assert blocks.xmp == (b"<x/>",)
    assert blocks.iptc == (b"\x1c\x02\x69\x00\x02Hi",)


def test_what_does_not_fit_a_jpeg_is_refused() -> None:
    for blocks in ({"app13": bytes(70_000)}, {"xmp": bytes(70_000)}, {"exif": bytes(70_000)}):
        with pytest.raises(RenditionRefused):
            encode(scene(), quality=80, **blocks)
    with pytest.raises(RenditionRefused):
        encode(Image.new("L", (65_501, 1)), quality=80)
