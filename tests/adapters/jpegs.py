"""A small, strict-enough walk over the segments of a JPEG, to hand blocks to the readers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from dam.adapters import metadata
from dam.core.model import Rights
from dam.core.readings import RawBlocks

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
#: Of what is drawn here, in pixels.
SIZE = (96, 64)
XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"

RIGHTS = Rights(
    creators=("Radouan Bounjoum", "رشيد الزوزي", "Zoë"),
    credit_line="Zoë / AMAL",
    copyright="© 2021 Radouan Bounjoum, رشيد الزوزي, Zoë",
    source="AMAL",
    captions=(
        ("fr", "Un atelier à Tanger"),
        ("en", "A workshop in Tangier"),
        ("ar", "ورشة في طنجة"),
    ),
    usage_terms=(("en", "Press only"), ("ar", "للصحافة فقط")),
    web_statement="https://example.org/rights",
    licensor="AMAL",
    pack="P-2021-07",
)


def segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, payload) up to the first scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        if data[at + 1] == 0xFF:
            at += 1
            continue
        if data[at + 1] in (0xDA, 0xD9):
            return
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        yield data[at + 1], data[at + 4 : at + 2 + size]
        at += 2 + size


def resources(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """(number, data) of the 8BIM resources of an APP13 payload."""
    at = 14
    while payload[at : at + 4] == b"8BIM":
        number = int.from_bytes(payload[at + 4 : at + 6], "big")
        at += 6 + (payload[at + 6] + 2) // 2 * 2
        size = int.from_bytes(payload[at : at + 4], "big")
        yield number, payload[at + 4 : at + 4 + size]
        at += 4 + size + size % 2


def blocks(data: bytes) -> RawBlocks:
    exif: list[bytes] = []
    iptc: list[bytes] = []
    xmp: list[bytes] = []
    for marker, payload in segments(data):
        if marker == 0xE1 and payload.startswith(b"Exif\0"):
            exif.append(payload[6:])
        elif marker == 0xE1 and payload.startswith(XMP_HEADER):
            xmp.append(payload[len(XMP_HEADER) :])
        elif marker == 0xED and payload.startswith(b"Photoshop 3.0\0"):
            iptc += [found for number, found in resources(payload) if number == 0x0404]
    return RawBlocks(exif=tuple(exif), iptc=tuple(iptc), xmp=tuple(xmp))


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def drawn() -> Image.Image:
    image = Image.new("RGB", SIZE, "white")
    ImageDraw.Draw(image).ellipse((10, 10, 60, 50), fill="teal")
    return image


def rendition(rights: Rights = RIGHTS, **options: object) -> bytes:
    """A drawn picture with the metadata of `rights`, saved as the darkroom saves."""
    written = metadata.write(rights, SIZE)
    out = io.BytesIO()
    chosen: dict[str, object] = {
        "exif": written.exif,
        "xmp": written.xmp,
        "extra": segment(0xED, written.app13),
        "comment": b"",
    }
    mode = str(options.pop("mode", "RGB"))
    drawn().convert(mode).save(out, "JPEG", **(chosen | options))
    return out.getvalue()


def planted(data: bytes, marker: int, payload: bytes) -> bytes:
    """`data` with one more segment after its JFIF header."""
    end = 4 + int.from_bytes(data[4:6], "big")
    return data[:end] + segment(marker, payload) + data[end:]


def corpus(*folders: str) -> list[Path]:
    """JPEGs of these folders of the corpora; skips where they are missing."""
    if not CORPORA.is_dir():
        pytest.skip("the corpora are not here (../shared/corpora)")
    return sorted(
        path for folder in folders for path in (CORPORA / folder).glob("*.jp*g") if path.is_file()
    )
