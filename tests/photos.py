"""Photographs drawn in code, with everything that cameras and editing programs leave in them.

All of it is deterministic: the same arguments give the same bytes.
"""

from __future__ import annotations

import io
import random
from functools import cache
from pathlib import Path

import piexif
from PIL import Image, ImageCms, ImageDraw, ImageFilter, PngImagePlugin

from dam.adapters import imaging_profiles as profiles

#: Words that must be in no rendition; each stands in a block of its own.
SECRETS = (
    b"SECRETMAKER",
    b"SECRETCOMMENT",
    b"SECRETSERIAL",
    b"SECRETHISTORY",
    b"SECRETSTREET",
    b"SECRETTHUMB",
    b"SECRETTRAILER",
)
CAPTURED = "2021:11:18 15:04:05"
_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 exif:GPSLatitude="35,46.7670N" exif:GPSLongitude="5,48.8000W"
 photoshop:DateCreated="2021-11-18" xmpMM:DocumentID="SECRETHISTORY"/></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


@cache
def scene(seed: int, width: int = 960, height: int = 640) -> Image.Image:
    """A landscape of shapes without a face; each `seed` another one. Not to be changed."""
    dice = random.Random(seed)
    ground = Image.linear_gradient("L").resize((width, height))
    sky = tuple(dice.randrange(140, 220) for _ in range(3))
    picture = Image.composite(
        Image.new("RGB", ground.size, (70, 90, 60)), _plain(sky, ground), ground
    )
    pencil = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = dice.randrange(width), dice.randrange(height // 3, height)
        wide, tall = dice.randrange(20, width // 4), dice.randrange(20, height // 3)
        pencil.rectangle((x, y, x + wide, y + tall), tuple(dice.randrange(256) for _ in range(3)))
    grain = Image.frombytes("L", ground.size, dice.randbytes(width * height))
    grain = grain.filter(ImageFilter.GaussianBlur(1.5)).convert("RGB")
    return Image.blend(picture.filter(ImageFilter.GaussianBlur(1)), grain, 0.1)


def _plain(tone: tuple[int, ...], like: Image.Image) -> Image.Image:
    return Image.new("RGB", like.size, tone)


@cache
def srgb() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The date of making is the only thing in it that changes from call to call.
    return profile[:24] + b"\0" * 12 + profile[36:]


def exif(orientation: int = 1, captured: str = CAPTURED) -> bytes:
    """A camera's EXIF: coordinates, maker note, serial number and a thumbnail of its own."""
    thumb = io.BytesIO()
    Image.new("RGB", (160, 120), "maroon").save(thumb, "JPEG", comment=b"SECRETTHUMB")
    block: bytes = piexif.dump(
        {
            "0th": {
                piexif.ImageIFD.Make: b"Maker",
                piexif.ImageIFD.Model: b"Model 1",
                piexif.ImageIFD.Orientation: orientation,
                piexif.ImageIFD.DateTime: captured.encode(),
            },
            "Exif": {
                piexif.ExifIFD.DateTimeOriginal: captured.encode(),
                piexif.ExifIFD.DateTimeDigitized: captured.encode(),
                piexif.ExifIFD.MakerNote: b"SECRETMAKER" + bytes(range(200)),
                piexif.ExifIFD.BodySerialNumber: b"SECRETSERIAL",
            },
            "GPS": {
                piexif.GPSIFD.GPSLatitudeRef: b"N",
                piexif.GPSIFD.GPSLatitude: ((35, 1), (46, 1), (46, 1)),
                piexif.GPSIFD.GPSLongitudeRef: b"W",
                piexif.GPSIFD.GPSLongitude: ((5, 1), (48, 1), (48, 1)),
            },
            "1st": {piexif.ImageIFD.Compression: 6},
            "thumbnail": thumb.getvalue(),
        }
    )
    return block


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def _iim() -> bytes:
    """A Photoshop block with IPTC: city and street."""
    sets = b"\x1c\x01\x5a\0\x03\x1b%G"
    for number, text in ((90, b"Tanger"), (92, b"SECRETSTREET")):
        sets += b"\x1c\x02" + bytes((number,)) + len(text).to_bytes(2, "big") + text
    body = sets + b"\0" * (len(sets) % 2)
    return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(sets).to_bytes(4, "big") + body


def jpeg(
    seed: int,
    width: int = 960,
    height: int = 640,
    *,
    orientation: int = 1,
    captured: str = CAPTURED,
    quality: int = 92,
) -> bytes:
    """As a camera and then an editing program would have written it. Sides as stored."""
    out = io.BytesIO()
    scene(seed, width, height).save(
        out,
        "JPEG",
        quality=quality,
        exif=exif(orientation, captured),
        xmp=_XMP.encode(),
        icc_profile=srgb(),
        comment=b"SECRETCOMMENT",
        extra=_segment(0xED, _iim()),
    )
    return out.getvalue() + b"SECRETTRAILER"


def plain(seed: int, width: int = 640, height: int = 480) -> bytes:
    """A JPEG without any metadata."""
    out = io.BytesIO()
    scene(seed, width, height).save(out, "JPEG", quality=90)
    return out.getvalue()


def tiff(seed: int) -> bytes:
    out = io.BytesIO()
    scene(seed).save(out, "TIFF", exif=exif(), icc_profile=srgb())
    return out.getvalue()


def png(seed: int) -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "SECRETCOMMENT")
    texts.add_itxt("XML:com.adobe.xmp", _XMP)
    out = io.BytesIO()
    scene(seed).save(out, "PNG", pnginfo=texts, exif=exif(), icc_profile=srgb())
    return out.getvalue()


def webp(seed: int) -> bytes:
    out = io.BytesIO()
    scene(seed).save(out, "WEBP", quality=90, exif=exif(), xmp=_XMP.encode(), icc_profile=srgb())
    return out.getvalue()


def write_large(target: Path, megapixels: int = 24, seed: int = 1) -> None:
    """A noisy JPEG of so many megapixels, 3:2, in Display P3, written to `target`."""
    height = round((megapixels * 1_000_000 / 1.5) ** 0.5)
    width = height * 3 // 2
    noise = Image.frombytes("L", (width, height), random.Random(seed).randbytes(width * height))
    ground = Image.linear_gradient("L").resize((width, height))
    bands = [Image.blend(ground, noise, share) for share in (0.25, 0.3, 0.35)]
    Image.merge("RGB", bands).save(
        target, "JPEG", quality=95, exif=exif(orientation=6), icc_profile=profiles.coded(12, 13)
    )
