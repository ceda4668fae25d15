"""All metadata of one photograph: EXIF, IIM, XMP and an XMP sidecar, read and written together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dam.adapters import exif, iptc, xmp
from dam.core.errors import ConfigurationError
from dam.core.model import Rights
from dam.core.readings import Block, Field, Metadata, RawBlocks, Reading, Status

#: Payload of one JPEG segment (ITU-T T.81 B.1.1.4), less the XMP signature before a packet.
MAX_SEGMENT = 65_533
MAX_PACKET = MAX_SEGMENT - 29

#: Programs write these where nobody filled in anything.
_PLACEHOLDERS = frozenset({"null", "(null)", "none", "nil", "n/a", "unknown", "undefined"})
_FREE_TEXTS = frozenset({Field.CREATOR, Field.CREDIT, Field.COPYRIGHT, Field.CAPTION})

Box = tuple[float, float, float, float]
#: Stored to upright, by EXIF orientation; boxes are x, y, w, h as fractions from top left.
_TURNS: dict[int, Callable[[float, float, float, float], Box]] = {
    2: lambda x, y, w, h: (1 - x - w, y, w, h),
    3: lambda x, y, w, h: (1 - x - w, 1 - y - h, w, h),
    4: lambda x, y, w, h: (x, 1 - y - h, w, h),
    5: lambda x, y, w, h: (y, x, h, w),
    6: lambda x, y, w, h: (1 - y - h, x, h, w),
    7: lambda x, y, w, h: (1 - y - h, 1 - x - w, h, w),
    8: lambda x, y, w, h: (y, 1 - x - w, h, w),
}

Read = Callable[[], tuple[Block, tuple[Reading, ...]]]


@dataclass(frozen=True, slots=True)
class Written:
    """The metadata of one rendition.

    `exif` (with its prefix) and `xmp` (a packet) are what `Image.save(exif=, xmp=)` takes,
    `app13` is the payload of an APP13 segment, without marker and length.
    """

    exif: bytes
    xmp: bytes
    app13: bytes


def read(raw: RawBlocks, sidecar: bytes | None = None, turn: int | None = None) -> Metadata:
    """Read every block of a photograph and the XMP sidecar beside it (None: there is none).

    Comes out: one `Block` each for `exif`, `iptc`, `xmp` and `xmp-sidecar`, absent ones
    included, and all readings. Regions are turned upright, because XMP counts from the picture as
    stored (MWG 2.0, clause 5.9): by `turn`, the EXIF orientation with which the pixels were
    turned, or where that is None by the first that a block states. What `raw` calls unreadable
    stays unreadable. Never raises.
    """
    sidecars = () if sidecar is None else (sidecar,)
    read_: tuple[tuple[str, Read], ...] = (
        ("exif", lambda: exif.read(raw.exif)),
        ("iptc", lambda: iptc.read(raw.iptc)),
        ("xmp", lambda: xmp.read(raw.xmp)),
        ("xmp-sidecar", lambda: xmp.read(sidecars, "xmp-sidecar")),
    )
    blocks: dict[str, Block] = {}
    readings: list[Reading] = []
    for name, reader in read_:
        block, found = _guarded(name, reader)
        blocks[name] = block
        readings += [reading for reading in found if _meant(reading)]
    for name, detail in raw.unreadable:
        blocks[name] = Block(name, Status.UNREADABLE, detail)
    turned = exif.orientation(raw.exif) if turn is None else turn
    return Metadata(tuple(_upright(one, turned) for one in readings), tuple(blocks.values()))


def _guarded(name: str, reader: Read) -> tuple[Block, tuple[Reading, ...]]:
    """A reader that fails has read nothing, which is not the same as nothing being there."""
    try:
        return reader()
    except Exception:
        return Block(name, Status.UNREADABLE, "the reader failed on it"), ()


def _meant(reading: Reading) -> bool:
    """False for what a program put there by itself: that is nobody's word."""
    if reading.field not in _FREE_TEXTS:
        return True
    text = str(reading.value).casefold()
    machine = reading.field is Field.CAPTION and text in exif.CAMERA_CAPTIONS
    return not machine and text not in _PLACEHOLDERS


def _upright(reading: Reading, turn: int) -> Reading:
    if reading.field is not Field.PERSON_REGION or not isinstance(reading.value, tuple):
        return reading
    # Programs that write Microsoft's list count from the picture as it is shown.
    if turn not in _TURNS or reading.source.endswith(":MP:RegionInfo"):
        return reading
    # Taking from 1 may leave a rounding error outside the picture.
    x, y, w, h = (min(max(part, 0.0), 1.0) for part in _TURNS[turn](*reading.value))
    return replace(reading, value=(x, y, min(w, 1 - x), min(h, 1 - y)))


def write(rights: Rights, size: tuple[int, int], *, srgb: bool = True) -> Written:
    """The metadata of a rendition from `rights` alone, in sync in all three formats.

    `size` is its width and height in pixels, `srgb` whether its colours are those of sRGB: EXIF
    has to state both. Raises `ConfigurationError` where the texts are too long for a JPEG.
    """
    written = Written(exif.write(rights, size, srgb=srgb), xmp.write(rights), iptc.write(rights))
    if (
        len(written.exif) > MAX_SEGMENT
        or len(written.app13) > MAX_SEGMENT
        or len(written.xmp) > MAX_PACKET
    ):
        raise ConfigurationError(
            "The caption, credit and terms are too long for the metadata of a JPEG",
            "Shorten the captions or the usage terms.",
        )
    return written
