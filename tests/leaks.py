"""Looking for what must not be there: every form in which a value can hide, and foreign tags."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.workspaces import Json

#: Every tag that a rendition may have, apart from the ICC profile and what exiftool says of the
#: file. With `-ee -u -a`, a tag that is not here is a leak until somebody says otherwise.
ALLOWED = {
    "JFIF": "JFIFVersion ResolutionUnit XResolution YResolution",
    "IFD0": "Artist Copyright ImageDescription ResolutionUnit XResolution YResolution "
    "YCbCrPositioning",
    "ExifIFD": "ComponentsConfiguration DateTimeOriginal ExifVersion FlashpixVersion ColorSpace "
    "ExifImageWidth ExifImageHeight",
    "IPTC": "ApplicationRecordVersion By-line CodedCharacterSet CopyrightNotice Credit DateCreated "
    "Source Caption-Abstract",
    "Photoshop": "IPTCDigest",
    "XMP-dc": "Creator Rights Description Description-ar Description-en Description-fr Identifier",
    "XMP-iptcExt": "DigitalSourceType",
    "XMP-photoshop": "Credit DateCreated Source",
    "XMP-plus": "DataMining LicensorName",
    "XMP-xmpRights": "Marked UsageTerms UsageTerms-ar UsageTerms-en UsageTerms-fr WebStatement",
    "Composite": "ImageSize Megapixels",
    "File": "BitsPerSample ColorComponents CurrentIPTCDigest EncodingProcess ExifByteOrder "
    "FileType FileTypeExtension ImageHeight ImageWidth MIMEType YCbCrSubSampling",
}
TAGS = {f"{group}:{tag}" for group, tags in ALLOWED.items() for tag in tags.split()}
#: The same for exiv2, by its own keys.
KEYS = re.compile(
    r"Exif\.Image\.(ImageDescription|[XY]Resolution|ResolutionUnit|Artist|YCbCrPositioning"
    r"|Copyright|ExifTag)"
    r"|Exif\.Photo\.(ExifVersion|DateTimeOriginal|ComponentsConfiguration|FlashpixVersion"
    r"|ColorSpace|Pixel[XY]Dimension)"
    r"|Iptc\.Envelope\.CharacterSet"
    r"|Iptc\.Application2\.(RecordVersion|DateCreated|Byline|Credit|Source|Copyright|Caption)"
    r"|Xmp\.dc\.(creator|rights|description|identifier)"
    r"|Xmp\.photoshop\.(Credit|Source|DateCreated)"
    r"|Xmp\.xmpRights\.(Marked|UsageTerms|WebStatement)"
    r"|Xmp\.plus\.(DataMining|Licensor(\[1\](/plus:LicensorName)?)?)"
    r"|Xmp\.iptcExt\.DigitalSourceType"
)


def strays(told: Iterable[Json]) -> set[str]:
    """Tags that exiftool found and that no rendition may have."""
    skipped = ("ICC-", "ICC_Profile:", "System:", "ExifTool:ExifToolVersion", "SourceFile")
    found = {tag for tags in told for tag in tags if not tag.startswith(skipped)}
    return found - TAGS


def forms(value: str) -> Iterator[bytes]:
    """The value as bytes in every encoding that a block, a text or an address may have."""
    for raw in (value.encode("utf-8"), value.encode("utf-16-le"), value.encode("utf-16-be")):
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        for skipped in range(3):
            coded = base64.b64encode(bytes(skipped) + raw)
            # The characters at both ends are shared with the neighbours.
            own = coded[4 if skipped else 0 : len(coded) // 4 * 4 - 4]
            # A picture's own bytes may read like a few letters.
            yield own if len(own) >= 10 else raw
    utf8 = value.encode("utf-8")
    yield "".join(f"%{byte:02x}" for byte in utf8).encode()
    yield "".join(f"%{byte:02X}" for byte in utf8).encode()
    yield "".join(f"&#{ord(letter)};" for letter in value).encode()
    yield "".join(f"&#x{ord(letter):x};" for letter in value).encode()
    yield value.encode("unicode_escape")


#: So many bytes that a form begins with; where they stand nowhere, it does not either.
_BEGINS = 4


def found_in(data: bytes, values: Iterable[str]) -> set[str]:
    """Which of the values are in the bytes, in any form and in upper or lower case."""
    folded = data.lower()
    wanted, known = _wanted(tuple(values))
    # Thousands of forms are asked for and hardly any begins anywhere: numpy looks for them all
    # at once.
    here = np.frombuffer(folded, np.uint8).astype(np.uint32)
    fours = here[:-3] | here[1:-2] << 8 | here[2:-1] << 16 | here[3:] << 24
    # Few pass by both their halves: sorting millions of numbers takes longer than all the rest.
    halves = [np.zeros(1 << 16, bool) for _ in range(2)]
    halves[0][known & 0xFFFF] = halves[1][known >> 16] = True
    likely = fours[halves[0][fours & 0xFFFF]]
    likely = likely[halves[1][likely >> 16]]
    begin = {int(four).to_bytes(_BEGINS, "little") for four in np.intersect1d(likely, known)}
    return {
        value
        for value, spelt in wanted
        if any((len(f) < _BEGINS or f[:_BEGINS] in begin) and f in folded for f in spelt)
    }


@lru_cache(maxsize=64)
def _wanted(
    values: tuple[str, ...],
) -> tuple[tuple[tuple[str, tuple[bytes, ...]], ...], NDArray[np.uint32]]:
    """Each value with its forms in lower case, and what these begin with, as numbers."""
    spelt = [(value, tuple({form.lower() for form in forms(value)})) for value in values]
    begin = {f[:_BEGINS] for _, own in spelt for f in own if len(f) >= _BEGINS}
    return tuple(spelt), np.array([int.from_bytes(b, "little") for b in begin], np.uint32)


def everything_told(paths: Iterable[Path]) -> bytes:
    """All that exiftool can get out of files, binary values and embedded documents too."""
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    ran = subprocess.run(
        ["exiftool", "-a", "-u", "-G1", "-ee", "-b", "--System:all", *map(str, paths)],
        capture_output=True,
    )
    return ran.stdout


def exiv2_told(path: Path) -> tuple[bytes, set[str]]:
    """All that exiv2 prints of a file, and the keys that no rendition may have."""
    if shutil.which("exiv2") is None:
        pytest.skip("exiv2 is not installed")
    ran = subprocess.run(["exiv2", "-pa", str(path)], capture_output=True)
    assert ran.stderr == b"", path
    keys = re.findall(rb"^((?:Exif|Iptc|Xmp)\.\S+)", ran.stdout, re.MULTILINE)
    return ran.stdout, {key.decode() for key in keys if not KEYS.fullmatch(key.decode())}
