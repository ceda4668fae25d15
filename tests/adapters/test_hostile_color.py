"""Wrong and hostile profiles, EXIF, XMP and boxes: shown without them, never copied through."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from dam.adapters import imaging_profiles as profiles
from dam.adapters import metadata, readback, readback_profile
from dam.adapters.imaging import encode
from dam.adapters.imaging_blocks import sniff, take_apart
from dam.core.errors import DamError, UnusablePhoto
from dam.core.readings import Color, Status
from tests.adapters.formats import (
    PATCHES,
    board,
    boxes,
    camera_profile,
    dng,
    dot_gain,
    engine_srgb,
    furthest,
    linked,
    press,
    profile,
    saved,
    shown,
    xyz_tag,
)
from tests.adapters.jpegs import RIGHTS
from tests.adapters.pictures import chunk, packed, scene
from tests.adapters.test_formats import heic
from tests.adapters.test_imaging import opened, refused

P3 = camera_profile("p3")


def changed(at: int, what: bytes, icc: bytes = P3) -> bytes:
    return icc[:at] + what + icc[at + len(what) :]


def bomb() -> bytes:
    """A table of 255 points for each of 15 channels: more numbers than there are atoms."""
    table = b"mft2" + bytes(4) + struct.pack(">BBBx", 15, 3, 255) + bytes(36) + bytes(400)
    return profile(b"RGB ", {b"A2B0": table, b"wtpt": xyz_tag(1, 1, 1)})


def crossed() -> bytes:
    """Curves that claim four thousand million points."""
    icc = P3
    at = icc.index(b"curv") + 8
    return changed(at, b"\xff\xff\xff\xff")


#: None of these can be used: the picture is shown as sRGB, as one without a profile is.
UNUSABLE: dict[str, bytes] = {
    "empty": b"",
    "zeros": bytes(400),
    "header only": P3[:128],
    "truncated": P3[:300],
    "size too large": changed(0, struct.pack(">I", len(P3) + 1)),
    "size too small": changed(0, struct.pack(">I", 64)),
    "not acsp": changed(36, b"psca"),
    "device link": linked(),
    "abstract": changed(12, b"abst"),
    "named colours": changed(12, b"nmcl"),
    "grey for RGB": dot_gain(),
    "CMYK for RGB": press(),
    "space changed": changed(16, b"CMYK"),
    "space unknown": changed(16, b"7CLR"),
    "no tags": changed(128, bytes(4)),
    "too many tags": changed(128, b"\xff\xff\xff\xff"),
    "tags outside": changed(132 + 4, b"\x7f\xff\xff\xff" * 2),
    "endless curves": crossed(),
    "endless table": bomb(),
    "larger than any": P3[:4] + P3[4:] + bytes(9 * 1024 * 1024),
    "text": b"<script>" * 60,
}


@pytest.mark.parametrize("name", UNUSABLE)
@pytest.mark.parametrize("color", Color)
def test_what_cannot_be_used_is_not_used(tmp_path: Path, name: str, color: Color) -> None:
    data = saved(board(), "TIFF", icc_profile=UNUSABLE[name] or None)
    original = opened(tmp_path, data)
    picture, icc = original.finished(None, color)
    if name == "tags outside":
        # Which tag that hits is the description: the colours are whole.
        assert b"SECRET" not in icc
    else:
        assert furthest(shown(picture), PATCHES) == 0
        assert icc == profiles.srgb()
    rendition = encode(picture, quality=90, icc=icc)
    assert not [text for text in readback.check(rendition, RIGHTS, picture.size) if "ICC" in text]
    assert b"SECRET" not in rendition


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_profile_of_another_kind_of_picture_is_not_used(
    tmp_path: Path, mode: str, kind: str
) -> None:
    own = {"RGB": P3, "L": dot_gain(), "CMYK": press()}
    plain = opened(tmp_path, saved(scene(mode=mode), kind)).finished(None, Color.KEEP)
    for other, icc in own.items():
        if other != mode:
            data = saved(scene(mode=mode), kind, icc_profile=icc)
            picture, carried = opened(tmp_path, data).finished(None, Color.KEEP)
            assert (picture.tobytes(), carried) == (plain[0].tobytes(), plain[1])


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    base=st.sampled_from([P3, press(), dot_gain(), engine_srgb()]),
    damage=st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=8)), max_size=6),
    color=st.sampled_from(Color),
)
def test_whatever_the_profile_the_rendition_carries_a_clean_one(
    tmp_path: Path, base: bytes, damage: list[tuple[int, bytes]], color: Color
) -> None:
    icc = bytearray(base)
    for at, what in damage:
        icc[at % len(icc) : at % len(icc) + len(what)] = what
    mode = {b"CMYK": "CMYK", b"GRAY": "L"}.get(base[16:20], "RGB")
    data = saved(Image.new(mode, (8, 8)), "TIFF", icc_profile=bytes(icc))
    picture, carried = opened(tmp_path, data).finished(None, color)
    assert not list(readback_profile.complaints(carried))
    assert picture.size == (8, 8)


def test_what_is_kept_of_a_profile_has_its_colours_and_no_words(tmp_path: Path) -> None:
    extra = {
        b"dmnd": b"text\0\0\0\0SECRETMAKER\0",
        b"priv": b"SECRET" * 10,
        b"rXYZ": xyz_tag(0.5151, 0.2412, -0.0011),
        b"gXYZ": xyz_tag(0.2920, 0.6922, 0.0419),
        b"bXYZ": xyz_tag(0.1571, 0.0666, 0.7841),
        b"wtpt": xyz_tag(0.9642, 1.0, 0.8249),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv\0\0\0\0\0\0\0\1\2\x33\0\0"),
    }
    icc = profile(b"RGB ", extra) + b"SECRETTAIL"
    assert list(readback_profile.complaints(icc))
    picture, kept = opened(tmp_path, saved(scene(), "PNG", icc_profile=icc)).finished(
        None, Color.KEEP
    )
    assert 300 < len(kept) < 700
    assert b"SECRET" not in kept
    assert b"SECR" not in kept
    assert list(readback_profile.complaints(kept)) == []
    assert picture.tobytes() == scene().tobytes()


@pytest.mark.parametrize(
    ("icc", "complaint"),
    [
        (engine_srgb(), "tag"),
        (P3, "maker"),
        (profiles.srgb() + b"tail", "size"),
        (profiles.srgb().replace(b"Colour\0", b"Coloor\0"), "tag"),
        (profiles.srgb()[:-2] + b"x", "size"),
        (b"x" * 500, "not a colour profile"),
        (changed(128, b"\xff\xff\xff\xff", profiles.srgb()), "size"),
    ],
)
def test_a_foreign_profile_is_found_on_read_back(icc: bytes, complaint: str) -> None:
    told = readback.check(encode(scene(), quality=80, icc=icc), RIGHTS, scene().size)
    assert any(complaint in one for one in told), told


def test_all_profiles_made_here_are_clean_and_understood() -> None:
    made = [profiles.srgb(), profiles.grey(), profiles.adobe_rgb()]
    made += [icc for p in range(23) for t in range(19) if (icc := profiles.coded(p, t))]
    for icc in made:
        assert list(readback_profile.complaints(icc)) == []
    for gamma, points in (
        (0.5, profiles.BT709),
        (2.2, ((0.3, 0.3),) * 4),
        (2.2, ((9.0, 0.1),) * 4),
    ):
        with pytest.raises(ValueError, match=r"not|line"):
            profiles.measured(gamma, points)


# Hostile metadata of every kind


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_hostile_blocks_are_unreadable_and_not_copied(tmp_path: Path, kind: str) -> None:
    bad = b"Exif\0\0II*\0\xff\xff\xff\x7fSECRET" * 3
    how: dict[str, object] = {"exif": bad, "xmp": b"<SECRET><!ENTITY"}
    if kind == "PNG":
        how = {"exif": bad}
    if kind in ("TIFF", "AVIF"):
        # Neither encoder takes a damaged EXIF.
        how = {"xmp": b"<SECRET><!ENTITY"} if kind == "AVIF" else {"tiffinfo": {700: b"<SECRET"}}
    original = opened(tmp_path, packed(scene(), kind, **how))
    said = metadata.read(original.blocks)
    states = {block.name: block.status for block in said.blocks}
    assert Status.UNREADABLE in (states["exif"], states["xmp"])
    picture, icc = original.finished(None, Color.SRGB)
    assert b"SECRET" not in encode(picture, quality=90, icc=icc)


def box_of(data: bytes, name: bytes) -> int:
    return data.index(name) - 4


@pytest.mark.parametrize("name", [b"iloc", b"iinf", b"meta", b"pitm", b"iprp"])
@pytest.mark.parametrize("size", [0, 1, 7, 9, 0x7FFFFFFF, 0xFFFFFFFF])
def test_boxes_of_impossible_sizes(tmp_path: Path, name: bytes, size: int) -> None:
    exif = Image.Exif()
    exif[0x013B] = "SECRET"
    data = heic(scene(), exif=exif.tobytes())
    at = box_of(data, name)
    changed_ = data[:at] + struct.pack(">I", size) + data[at + 4 :]
    try:
        original = opened(tmp_path, changed_)
    except UnusablePhoto:
        return
    said = {block.name: block.status for block in metadata.read(original.blocks).blocks}
    assert said["exif"] is not Status.ABSENT, "unread is not absent"


def test_an_item_that_points_outside_the_file_is_incomplete(tmp_path: Path) -> None:
    data = heic(scene())
    assert refused(tmp_path, data.replace(b"mdat", b"free", 1)[:-30]).incomplete


def test_metadata_in_a_place_that_is_not_read_is_not_absent() -> None:
    exif = Image.Exif()
    exif[0x013B] = "Zoe"
    data = heic(scene(), exif=exif.tobytes())
    at = data.index(b"infe", data.index(b"infe") + 4)
    assert b"Exif" in data[at : at + 20]
    where = data.index(b"II*\0") if b"II*\0" in data else data.index(b"MM\0*")
    for before in range(where - 12, where):
        broken = data[:before] + b"\x7f" + data[before + 1 :]
        container = take_apart("HEIF", broken)
        said = {block.name: block.status for block in metadata.read(container.blocks).blocks}
        assert said["exif"] is not Status.ABSENT


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    which=st.integers(0, 2),
    damage=st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=8)), max_size=6),
    cut=st.floats(0, 1),
)
def test_whatever_the_boxes_it_is_a_picture_or_an_error_of_ours(
    tmp_path: Path, which: int, damage: list[tuple[float, bytes]], cut: float
) -> None:
    base = (HEIC, AVIF, RAW)[which]
    data = bytearray(base)
    for where, what in damage:
        # Most of the tables stand at the beginning.
        at = int(where**3 * len(data))
        data[at : at + len(what)] = what
    whole = bytes(data[: int(len(data) * max(cut, 0.5))])
    try:
        original = opened(tmp_path, whole)
    except DamError:
        return
    metadata.read(original.blocks)
    assert original.upright().size == (original.width, original.height)


@given(st.binary(max_size=300), st.sampled_from([b"heic", b"avif", b"mif1", b"crx "]))
def test_containers_never_raise_anything_else(tail: bytes, major: bytes) -> None:
    data = boxes((b"ftyp", major + bytes(4))) + tail
    kind = sniff(data[:64])
    with contextlib.suppress(UnusablePhoto):
        take_apart(kind, data)


@pytest.mark.parametrize("boxes_", [5000, 60])
def test_boxes_without_end(tmp_path: Path, boxes_: int) -> None:
    data = boxes((b"ftyp", b"heic" + bytes(4)), *[(b"free", b"")] * boxes_)
    assert refused(tmp_path, data).hint
    nested = b""
    for _ in range(60):
        nested = boxes((b"meta", bytes(4) + nested))
    assert refused(tmp_path, boxes((b"ftyp", b"heic" + bytes(4))) + nested).hint


def test_a_compressed_profile_bomb_in_a_png(tmp_path: Path) -> None:
    packed_ = zlib.compress(P3 + bytes(80_000_000), 9)
    png = saved(board(), "PNG")
    png = png[:33] + chunk(b"iCCP", b"x\0\0" + packed_) + png[33:]
    assert "enormous" in refused(tmp_path, png).what


HEIC = heic(scene())
_OUT = io.BytesIO()
scene().save(_OUT, "AVIF")
AVIF = _OUT.getvalue()
RAW = dng()
