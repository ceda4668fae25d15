"""A child's age in a block inside a block is read like one in the open; damage is no silence."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.adapters import metadata
from dam.adapters.imaging_blocks import Container, take_apart
from dam.core.readings import Field, Metadata, Status
from tests.adapters.pictures import chunk, packed, scene, segment, with_chunks, with_segments
from tests.adapters.test_imaging import opened
from tests.adapters.test_xmp import mwg, packet
from tests.planting import directory

SAYS_NO = packet("<plus:MinorModelAgeDisclosure>AG-U14</plus:MinorModelAgeDisclosure>")
SAYS_WHO = b"\x1c\x02\x50\0\x03Zoe"
DATE = b"2021:11:18 15:04:05\0"
Entry = tuple[int, int, bytes]
Entries = list[Entry]


def tiff(entries: Entries, exif: Sequence[Entry] = (), after: Sequence[Entry] = ()) -> bytes:
    """A block with IFD0, an Exif directory and the directory of a thumbnail, where given."""
    pointers: Entries = [(0x8769, 4, bytes(4))] if exif else []
    below = 8 + len(directory(8, [*entries, *pointers]))
    body = directory(below, list(exif)) if exif else b""
    pointers = [(0x8769, 4, struct.pack(">I", below))] if exif else []
    following = below + len(body) if after else 0
    first = directory(8, [*entries, *pointers], following)
    return b"MM\0*\0\0\0\x08" + first + body + (directory(following, list(after)) if after else b"")


def resource(code: int, body: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", code, 0, len(body)) + body + bytes(len(body) % 2)


def app13(*resources: bytes) -> bytes:
    return segment(0xED, b"Photoshop 3.0\0" + b"".join(resources))


def app1(block: bytes) -> bytes:
    return segment(0xE1, b"Exif\0\0" + block)


def mpf(second: bytes, *, beyond: int = 0, first: bytes | None = None) -> bytes:
    """Two pictures in one file (CIPA DC-007), put together by hand; `beyond`: a wrong offset."""
    plain = first or packed(scene())

    def index(offset: int) -> bytes:
        entries = struct.pack(">IIIHH", 0x030000, 1, 0, 0, 0)
        entries += struct.pack(">IIIHH", 0x020002, len(second), offset, 0, 0)
        table: Entries = [(0xB000, 7, b"0100"), (0xB001, 4, struct.pack(">I", 2))]
        return segment(0xE2, b"MPF\0" + tiff([*table, (0xB002, 7, entries)]))

    # Offsets count from the TIFF header: two bytes of SOI, four of the segment, four of `MPF`.
    offset = len(plain) + len(index(0)) - 10 + beyond
    return plain[:2] + index(offset) + plain[2:] + second


def read(kind: str, data: bytes) -> tuple[Container, Metadata]:
    container = take_apart(kind, data)
    assert container.complete
    return container, metadata.read(container.blocks)


def state(said: Metadata) -> dict[str, Status]:
    return {block.name: block.status for block in said.blocks}


def png_profile(block: bytes) -> bytes:
    text = b"\n8bim\n%d\n" % len(block) + block.hex().encode()
    return with_chunks(chunk(b"tEXt", b"Raw profile type 8bim\0" + text))


def webp_exif(block: bytes) -> bytes:
    return packed(scene(), "WEBP", exif=b"Exif\0\0" + block)


#: Where an XMP packet can hide, each as a whole file.
HIDDEN: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "8BIM 0x0424": ("JPEG", lambda x: with_segments(app13(resource(0x0424, x)))),
    "8BIM 0x0424 over two segments": (
        "JPEG",
        lambda x: with_segments(
            segment(0xED, b"Photoshop 3.0\0" + resource(0x0424, x)[:40]),
            segment(0xED, b"Photoshop 3.0\0" + resource(0x0424, x)[40:]),
        ),
    ),
    "EXIF tag 700": ("JPEG", lambda x: with_segments(app1(tiff([(700, 1, x)])))),
    "tag 700 beside Exif": ("JPEG", lambda x: with_segments(app1(tiff([], [(700, 7, x)])))),
    "tag 700 of the thumbnail": (
        "JPEG",
        lambda x: with_segments(app1(tiff([(0x0132, 2, DATE)], [], [(700, 1, x)]))),
    ),
    "8BIM 0x0424 in EXIF tag 34377": (
        "JPEG",
        lambda x: with_segments(app1(tiff([(34377, 7, resource(0x0424, x))]))),
    ),
    "tag 700 of EXIF in 8BIM 0x0422": (
        "JPEG",
        lambda x: with_segments(app13(resource(0x0422, tiff([(700, 1, x)])))),
    ),
    "second picture": (
        "JPEG",
        lambda x: mpf(packed(scene(), xmp=x)),
    ),
    "8BIM of the second picture": (
        "JPEG",
        lambda x: mpf(with_segments(app13(resource(0x0424, x)))),
    ),
    "8BIM of a PNG": ("PNG", lambda x: png_profile(resource(0x0424, x))),
    "EXIF tag 700 of a WebP": ("WEBP", lambda x: webp_exif(tiff([(700, 1, x)]))),
    "8BIM in a TIFF": (
        "TIFF",
        lambda x: packed(scene(), "TIFF", tiffinfo={34377: resource(0x0424, x)}),
    ),
}


@pytest.mark.parametrize("place", HIDDEN)
def test_a_minors_age_is_found_wherever_xmp_hides(place: str) -> None:
    kind, build = HIDDEN[place]
    _, said = read(kind, build(SAYS_NO))
    assert [r.value for r in said.readings if r.field is Field.MINOR_AGE] == ["AG-U14"]
    assert state(said)["xmp"] is Status.KNOWN


@pytest.mark.parametrize("place", HIDDEN)
def test_xmp_that_hides_and_is_damaged_is_unreadable(place: str) -> None:
    kind, build = HIDDEN[place]
    _, said = read(kind, build(SAYS_NO[:-40]))
    assert state(said)["xmp"] is Status.UNREADABLE


def test_exif_and_iim_that_hide_are_read_as_well() -> None:
    artist: Entries = [(0x013B, 2, b"Zoe\0")]
    for data in (
        with_segments(app13(resource(0x0422, tiff(artist)))),
        with_segments(app13(resource(0x0422, b"Exif\0\0" + tiff(artist)))),
        with_segments(app13(resource(0x0423, tiff(artist)))),
        with_segments(app1(tiff([(33723, 7, SAYS_WHO)]))),
        with_segments(app1(tiff([(34377, 7, resource(0x0404, SAYS_WHO))]))),
        mpf(with_segments(app1(tiff(artist)))),
        mpf(with_segments(app13(resource(0x0404, SAYS_WHO)))),
    ):
        _, said = read("JPEG", data)
        assert [r.value for r in said.readings if r.field is Field.CREATOR] == ["Zoe"]
        assert Status.UNREADABLE not in state(said).values()


@pytest.mark.parametrize(
    ("segments", "name"),
    [
        (app13(resource(0x0422, b"rubbish")), "exif"),
        (app13(resource(0x0422, tiff([(0x013B, 2, b"Zoe and others\0")])[:30])), "exif"),
        (app1(tiff([(33723, 7, b"\x1c\x02\x50\x00\x99Zoe")])), "iptc"),
        (app1(tiff([(34377, 7, b"8BIM\4\4\0\0\0\0\x99\x99ab")])), "iptc"),
        (app1(tiff([(700, 1, SAYS_NO)])[:60]), "xmp"),
        (app1(tiff([(700, 1, SAYS_NO)]).replace(b"\x02\xbc\0\1", b"\x02\xbc\0\x63")), "xmp"),
    ],
)
def test_what_hides_and_cannot_be_read_is_a_fact(segments: bytes, name: str) -> None:
    _, said = read("JPEG", with_segments(segments))
    assert state(said)[name] is Status.UNREADABLE


@pytest.mark.parametrize("links", [14, 40])
def test_more_directories_than_are_walked_have_not_said_nothing(links: int) -> None:
    """Each links to the next; what the last one hides is read, or unknown."""
    block = b"MM\0*\0\0\0\x08"
    for _ in range(links):
        block += directory(len(block), [(0x0100, 4, bytes(4))], len(block) + 18)
    block += directory(len(block), [(33723, 7, SAYS_WHO)])
    _, said = read("JPEG", with_segments(app1(block)))
    known = "Zoe" in [r.value for r in said.readings]
    assert (known, state(said)["exif"] is Status.UNREADABLE) == (links == 14, links == 40)


@pytest.mark.parametrize(
    "data",
    [
        mpf(packed(scene()), beyond=3),
        mpf(packed(scene()), beyond=1_000_000),
        mpf(packed(scene()))[: -len(packed(scene())) + 300],
        mpf(packed(scene())[:300]),
        mpf(b"no picture at all"),
        with_segments(segment(0xE2, b"MPF\0rubbish")),
        with_segments(segment(0xE2, b"MPF\0" + tiff([(0xB000, 7, b"0100")]))),
        with_segments(segment(0xE2, b"MPF\0" + tiff([(0xB002, 7, bytes(16 * 65))]))),
    ],
)
def test_a_further_picture_that_cannot_be_found_has_not_said_nothing(data: bytes) -> None:
    _, said = read("JPEG", data)
    assert {name for name, status in state(said).items() if status is Status.UNREADABLE} == {
        "exif",
        "iptc",
        "xmp",
    }


def test_what_pillow_writes_as_several_pictures_is_sound() -> None:
    out = io.BytesIO()
    others = [scene(), scene(48, 32)]
    scene().save(out, "MPO", save_all=True, append_images=others, exif=b"Exif\0\0" + tiff([]))
    container, said = read("JPEG", out.getvalue())
    assert container.blocks.unreadable == ()
    assert Status.UNREADABLE not in state(said).values()


def test_blocks_without_end_cost_little() -> None:
    """Directories and values that lie in each other: each is read a bounded number of times."""
    block = bytearray(tiff([(34377, 7, bytes(60_000)), (700, 1, bytes(60_000))]))
    at = block.index(struct.pack(">HH", 34377, 7))
    inner = resource(0x0422, bytes(block[:50_000]))
    block[at + 4 : at + 12] = struct.pack(">II", len(inner), 200)
    block[200 : 200 + len(inner)] = inner
    nest = bytes(block)
    for _ in range(8):
        nest = tiff([(34377, 7, resource(0x0422, nest)), (700, 1, nest)])
    png = with_chunks(chunk(b"eXIf", nest))
    blocks = take_apart("PNG", png).blocks
    assert sum(map(len, (*blocks.exif, *blocks.xmp))) < 100 * 2**20
    assert metadata.read(blocks).blocks


@given(st.binary(max_size=300), st.sampled_from([0x0422, 0x0423, 0x0424, 0x0404]))
def test_rubbish_that_hides_never_raises(body: bytes, code: int) -> None:
    for data in (
        with_segments(app13(resource(code, body))),
        with_segments(app1(b"MM\0*" + body)),
        with_segments(segment(0xE2, b"MPF\0MM\0*" + body)),
    ):
        metadata.read(take_apart("JPEG", data).blocks)


@pytest.mark.parametrize(
    ("blocks", "turn"),
    [
        # Turned by nobody: the decoder looks at the main EXIF block alone.
        (app13(resource(0x0422, tiff([(0x0112, 3, b"\0\x06")]))), 1),
        (app1(tiff([(0x0112, 3, b"\0\x06")])), 6),
    ],
)
def test_a_region_is_turned_by_what_turned_the_pixels(
    tmp_path: Path, blocks: bytes, turn: int
) -> None:
    area = mwg('stArea:x="0.125" stArea:y="0.5" stArea:w="0.25" stArea:h="0.5"')
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet(area))
    original = opened(tmp_path, with_segments(blocks, xmp))
    assert (original.width < original.height) == (turn == 6)
    said = metadata.read(original.blocks, None, original.turned)
    wanted = {1: (0.0, 0.25, 0.25, 0.5), 6: (0.25, 0.0, 0.5, 0.25)}[turn]
    assert [r.value for r in said.readings if r.field is Field.PERSON_REGION] == [wanted]
