"""What the readers of a photograph hand to the core: single readings with their source.

A reading is one value of one field from one block. A block that is there but cannot
be read is *unreadable*, which is never the same as absent: what an unreadable block
says is unknown, and unknown holds.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dam.core.model import Face, Rights


class Status(enum.StrEnum):
    KNOWN = "known"
    ABSENT = "absent"
    UNREADABLE = "unreadable"


class Field(enum.StrEnum):
    """The vocabulary of single readings. Type of `Reading.value` in brackets."""

    CAPTURED = "captured"  # [str] YYYY-MM-DDTHH:MM:SS or YYYY-MM-DD, as the camera or XMP says
    CREATOR = "creator"  # [str] one reading a name
    CREDIT = "credit"  # [str]
    COPYRIGHT = "copyright"  # [str]
    CAPTION = "caption"  # [str], `lang` says which language ("" where the block has none)
    GPS = "gps"  # [bool] always True: coordinates are present; the values stay in the original
    CITY = "city"  # [str]
    COUNTRY = "country"  # [str] ISO 3166 alpha-2 where given so, else the text
    PERSON = "person"  # [str] a name or description of a shown person, one reading each
    PERSON_REGION = "person_region"  # [tuple[float, float, float, float]] x, y, w, h from top left
    MODEL_AGE = "model_age"  # [int]
    MINOR_AGE = "minor_age"  # [str] PLUS code such as AG-UNK, AG-U14, AG-A17
    RELEASE_STATUS = "release_status"  # [str] PLUS code such as MR-UMR
    RELEASE_ID = "release_id"  # [str]


ReadingValue = str | int | bool | tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one field. `source` names block and tag, e.g. `exif:DateTimeOriginal`.

    Of a person's region: `whose` are the names and ids it gives to whoever is in it, `drawn_on`
    the width and height of the picture on which it was drawn, where that is told.
    """

    field: Field
    value: ReadingValue
    source: str
    lang: str = ""
    whose: tuple[str, ...] = ()
    drawn_on: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """State of one metadata block: `exif`, `iptc`, `xmp`, `xmp-sidecar`.

    `detail` says in words, without quoting the photo's own data, why it is unreadable.
    """

    name: str
    status: Status
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Metadata:
    """All that the metadata of one photograph said."""

    readings: tuple[Reading, ...] = ()
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class FaceCount:
    """`faces` is None when nobody looked (not installed, failed): that is not "no faces"."""

    faces: tuple[Face, ...] | None
    detector: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the darkroom found out about one original. Width and height are upright pixels.

    `likeness` is that of `dam.core.likeness`, as text; empty for a picture without features.
    """

    format: str
    width: int
    height: int
    metadata: Metadata
    faces: FaceCount
    likeness: str = ""


def parse_captured(text: str) -> date | None:
    """The calendar day of a `CAPTURED` reading, or None where it is no real date."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class RawBlocks:
    """The undecoded metadata blocks of one photograph, as its container held them.

    `exif` blocks start with the TIFF header (`II*` or `MM*`), an `Exif\\0\\0` prefix taken
    off; a second EXIF block is a second item. `iptc` items are bare IIM datasets
    (starting 0x1C) as found in 8BIM 0x0404 or TIFF tag 33723. `xmp` items are XMP packets;
    extended XMP is joined to its main packet as a further item. Blocks that stand inside others
    or in further pictures of the file come after its own. `unreadable` names blocks
    (`exif`, `iptc`, `xmp`) whose container could not be taken apart.
    """

    exif: tuple[bytes, ...] = ()
    iptc: tuple[bytes, ...] = ()
    xmp: tuple[bytes, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()


class Color(enum.StrEnum):
    """The colour space of a rendition: converted to sRGB, or that of the original."""

    SRGB = "srgb"
    KEEP = "keep"


MarkKind = Literal["credit", "logo", "tiled", "none"]
MarkPlace = Literal[
    "bottom-end", "bottom-left", "bottom", "bottom-right", "top-end", "top-left", "top", "top-right"
]
KeepIn = Literal["full", "square", "portrait", "both"]


@dataclass(frozen=True, slots=True)
class MarkStyle:
    """How the visible mark is drawn; by default the credit line in a lower corner.

    `size` and `margin` are fractions of the picture's shorter side: the size of the letters
    (credit, tiled) or the height of the logo, and the distance to the edges of what `keep_in`
    names, the centred 1:1 crop (`square`), the centred 4:5 crop (`portrait`), what `both` share
    or the whole picture. `end` of a `place` is where a line ends: right, or left for a line that
    begins with Arabic. `line`: a logo or tiles bring the credit line with them. `logo` is a
    whole PNG file with transparency.
    """

    kind: MarkKind = "credit"
    place: MarkPlace = "bottom-end"
    size: float = 0.026
    margin: float = 0.025
    opacity: float = 1.0
    keep_in: KeepIn = "full"
    line: bool = True
    logo: bytes = b""


@dataclass(frozen=True, slots=True)
class Copy:
    """A smaller copy of a finished picture, without any texts, always in sRGB.

    `target` is where it goes (made anew, 0600), `side` the longer side in pixels at most.
    """

    target: str
    side: int
    quality: int


@dataclass(frozen=True, slots=True)
class RenderJob:
    """What to make of an original that was looked at, or opened.

    `target` is where the file goes (made anew, 0600; `sync`: and synced). `mark` is the visible
    credit line, or empty for no mark at all; `style` says how it is drawn. `max_side` in
    pixels, None for full size. `redact` are faces or regions to destroy. Text in `mark` may
    be Latin, Arabic or mixed. `color`: CMYK and Lab become sRGB whatever it says.
    `bare`: no metadata at all but the colour profile, for a preview that never leaves, or for
    what gets its texts later. `quick`: small, in sRGB, made of the pixels that the look reduced.
    `copies` are made of the finished pixels, redacted and marked; they are never synced.
    `nobody`: every face that is found on the finished picture goes too. `last`: nothing more is
    made of this photograph, so that its pixels need not be kept beside the rendition; asking all
    the same costs one more decoding.
    """

    target: str
    rights: Rights
    mark: str
    quality: int = 90
    max_side: int | None = None
    redact: tuple[Face, ...] = ()
    color: Color = Color.SRGB
    style: MarkStyle = MarkStyle()
    bare: bool = False
    quick: bool = False
    last: bool = False
    sync: bool = True
    copies: tuple[Copy, ...] = ()
    nobody: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """The file that came out: SHA-256 in hex, size in bytes, pixels; and its copies, as asked.

    `turned`: its stored pixels were turned upright; `recoloured`: their colours were converted.
    """

    sha256: str
    size: int
    width: int
    height: int
    copies: tuple[Rendered, ...] = ()
    turned: bool = False
    recoloured: bool = False
