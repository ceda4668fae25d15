"""Photographs of known colours in every format that is read, drawn and put together in code."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from itertools import product

from PIL import Image, ImageCms

from dam.adapters import imaging_profiles as profiles

Rgb = tuple[int, int, int]

#: Patches of 32 pixels, in rows of four; none is at the edge of sRGB, so that each survives
#: a way through a wider space and back.
PATCHES: tuple[Rgb, ...] = (
    (200, 60, 50),
    (60, 150, 70),
    (50, 70, 180),
    (230, 190, 60),
    (128, 128, 128),
    (255, 255, 255),
    (0, 0, 0),
    (222, 184, 160),
)
SIDE = 32


def board(patches: Sequence[tuple[int, ...]] = PATCHES, mode: str = "RGB") -> Image.Image:
    """The patches side by side in rows of four, pixel values as given."""
    picture = Image.new(mode, (4 * SIDE, SIDE * (len(patches) // 4)))
    for index, patch in enumerate(patches):
        left, top = index % 4 * SIDE, index // 4 * SIDE
        colour = patch[0] if len(patch) == 1 else patch
        picture.paste(colour, (left, top, left + SIDE, top + SIDE))
    return picture


def shown(picture: Image.Image) -> list[tuple[int, ...]]:
    """The colour in the middle of each patch, as RGB."""
    rgb = picture.convert("RGB")
    rows = rgb.height // SIDE
    found = []
    for index in range(rows * 4):
        left, top = index % 4 * SIDE, index // 4 * SIDE
        box = (left + 8, top + 8, left + SIDE - 8, top + SIDE - 8)
        found.append(rgb.crop(box).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))
    assert all(isinstance(colour, tuple) for colour in found)
    return [tuple(map(int, colour)) for colour in found if isinstance(colour, tuple)]


def furthest(found: Sequence[tuple[int, ...]], wanted: Sequence[tuple[int, ...]]) -> int:
    """The largest difference of a channel."""
    return max(
        abs(a - b)
        for one, other in zip(found, wanted, strict=True)
        for a, b in zip(one, other, strict=True)
    )


# Colour by hand: what a picture should be, without any colour engine

_M = tuple[tuple[float, float, float], ...]
#: XYZ under D65 of linear RGB (IEC 61966-2-1; SMPTE EG 432-1; Adobe RGB (1998) 4.3.5.3; ROMM).
TO_XYZ: dict[str, _M] = {
    "srgb": ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)),
    "p3": ((0.48657, 0.26567, 0.19822), (0.22897, 0.69174, 0.07929), (0.0, 0.04511, 1.04394)),
    "adobe": (
        (0.57667, 0.18556, 0.18823),
        (0.29734, 0.62736, 0.07529),
        (0.02703, 0.07069, 0.99134),
    ),
    "bt2020": ((0.63696, 0.14462, 0.16888), (0.26270, 0.67800, 0.05930), (0.0, 0.02807, 1.06099)),
}


def _inverse(m: _M) -> _M:
    (a, b, c), (d, e, f), (g, h, i) = m
    whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (
        ((e * i - f * h) / whole, (c * h - b * i) / whole, (b * f - c * e) / whole),
        ((f * g - d * i) / whole, (a * i - c * g) / whole, (c * d - a * f) / whole),
        ((d * h - e * g) / whole, (b * g - a * h) / whole, (a * e - b * d) / whole),
    )


def _times(m: _M, v: Sequence[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, v, strict=True)) for row in m]


def linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def coded(light: float) -> float:
    light = min(1.0, max(0.0, light))
    return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def in_space(
    rgb: Rgb, space: str, curve: Callable[[float], float] = coded, top: int = 255
) -> tuple[int, ...]:
    """The pixel values that mean this sRGB colour in another space."""
    light = _times(TO_XYZ["srgb"], [linear(n / 255) for n in rgb])
    values = _times(_inverse(TO_XYZ[space]), light)
    return tuple(round(top * curve(min(1.0, max(0.0, n)))) for n in values)


def adobe_curve(light: float) -> float:
    return float(light ** (256 / 563))


# Files


def tiff(
    entries: Sequence[tuple[int, int, Sequence[int] | bytes]],
    pixels: bytes,
    exif: Sequence[tuple[int, int, bytes]] = (),
) -> bytes:
    """A little-endian TIFF with one strip; (tag, type, values), tag 273 and 279 made here."""
    widths = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 10: 8}

    def raw(kind: int, values: Sequence[int] | bytes) -> bytes:
        if isinstance(values, bytes):
            return values
        letter = {1: "B", 3: "H", 4: "I", 5: "I", 10: "i"}[kind]
        return struct.pack(f"<{len(values)}{letter}", *values)

    def directory(fields: list[tuple[int, int, bytes]], at: int) -> bytes:
        table, values = b"", b""
        start = at + 2 + 12 * len(fields) + 4
        for tag, kind, body in sorted(fields):
            place = body.ljust(4, b"\0")
            if len(body) > 4:
                place = struct.pack("<I", start + len(values))
                values += body + b"\0" * (len(body) % 2)
            table += struct.pack("<HHI", tag, kind, len(body) // widths[kind]) + place
        return struct.pack("<H", len(fields)) + table + bytes(4) + values

    fields = [(tag, kind, raw(kind, values)) for tag, kind, values in entries]
    fields += [(273, 4, bytes(4)), (279, 4, struct.pack("<I", len(pixels)))]
    if exif:
        fields.append((34665, 4, bytes(4)))
    first = directory(fields, 8)
    below = directory([(t, k, v) for t, k, v in exif], 8 + len(first)) if exif else b""
    places = {273: 8 + len(first) + len(below), 34665: 8 + len(first)}
    fields = [(t, k, struct.pack("<I", places[t]) if t in places else v) for t, k, v in fields]
    first = directory(fields, 8)
    return b"II*\0" + struct.pack("<I", 8) + first + below + pixels


def deep_tiff(patches: Sequence[tuple[int, ...]], photometric: int, icc: bytes = b"") -> bytes:
    """Sixteen bits a channel, uncompressed; `photometric` 1 grey, 2 RGB, 5 CMYK."""
    bands = len(patches[0])
    rows = []
    for start in range(0, len(patches), 4):
        row = b"".join(struct.pack(f"<{bands}H", *p) * SIDE for p in patches[start : start + 4])
        rows.append(row * SIDE)
    height = SIDE * (len(patches) // 4)
    entries: list[tuple[int, int, Sequence[int] | bytes]] = [
        (256, 4, [4 * SIDE]),
        (257, 4, [height]),
        (258, 3, [16] * bands),
        (259, 3, [1]),
        (262, 3, [photometric]),
        (277, 3, [bands]),
        (278, 4, [height]),
    ]
    if icc:
        entries.append((34675, 7, icc))
    return tiff(entries, b"".join(rows))


def dng(patches: Sequence[Rgb] = PATCHES, orientation: int = 1, captured: str = "") -> bytes:
    """A raw file of a camera whose sensor sees linear sRGB through a Bayer filter."""
    width, height = 4 * SIDE, SIDE * (len(patches) // 4)
    body = bytearray()
    for y in range(height):
        for x in range(width):
            band = (y % 2) + (x % 2)
            patch = patches[y // SIDE * 4 + x // SIDE]
            body += struct.pack("<H", round(60_000 * linear(patch[band] / 255)))
    matrix = [
        n for row in _inverse(TO_XYZ["srgb"]) for v in row for n in (round(v * 10_000), 10_000)
    ]
    entries: list[tuple[int, int, Sequence[int] | bytes]] = [
        (254, 4, [0]),
        (256, 4, [width]),
        (257, 4, [height]),
        (258, 3, [16]),
        (259, 3, [1]),
        (262, 3, [32803]),
        (271, 2, b"Drawn\0"),
        (272, 2, b"Drawn One\0"),
        (274, 3, [orientation]),
        (277, 3, [1]),
        (278, 4, [height]),
        (33421, 3, [2, 2]),
        (33422, 1, [0, 1, 1, 2]),
        (50706, 1, [1, 4, 0, 0]),
        (50708, 2, b"Drawn One\0"),
        (50714, 3, [0]),
        (50717, 4, [60_000]),
        (50721, 10, matrix),
        (50728, 5, [1, 1, 1, 1, 1, 1]),
        (50778, 3, [21]),
    ]
    exif = [(0x9003, 2, captured.encode() + b"\0")] if captured else []
    return tiff(entries, bytes(body), exif)


def boxes(*parts: tuple[bytes, bytes]) -> bytes:
    return b"".join(struct.pack(">I4s", len(body) + 8, name) + body for name, body in parts)


# Profiles


def lab(rgb: Rgb) -> tuple[float, float, float]:
    """CIE L*a*b* (D50) of an sRGB colour, by Bradford and the formulas of CIE 15."""
    adapt = (
        (1.0478112, 0.0228866, -0.0501270),
        (0.0295424, 0.9904844, -0.0170491),
        (-0.0092345, 0.0150436, 0.7521316),
    )
    xyz = _times(adapt, _times(TO_XYZ["srgb"], [linear(n / 255) for n in rgb]))
    x, y, z = (
        t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116
        for t in (n / white for n, white in zip(xyz, (0.9642, 1.0, 0.8249), strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


#: The colours of full cyan, magenta, yellow and black, and of their prints upon each other:
#: an imagined press, quite unlike the plain formula. By whether there is ink of each.
PRINTED: dict[tuple[int, ...], Rgb] = {
    (0, 0, 0): (255, 255, 255),
    (1, 0, 0): (0, 150, 200),
    (0, 1, 0): (200, 30, 120),
    (0, 0, 1): (240, 220, 40),
    (1, 1, 0): (60, 50, 120),
    (1, 0, 1): (30, 140, 80),
    (0, 1, 1): (200, 50, 50),
    (1, 1, 1): (60, 55, 50),
}
BLACK: Rgb = (35, 32, 34)


def press() -> bytes:
    """A CMYK profile (mft2, ICC.1:2001 6.5.7) of two points an ink: linear between full inks."""
    nodes = b""
    for c, m, y, k in product((0, 1), repeat=4):
        light, a, b = lab(BLACK if k else PRINTED[c, m, y])
        nodes += struct.pack(
            ">3H",
            round(light / 100 * 0xFF00),
            round((a + 128) * 256),
            round((b + 128) * 256),
        )
    straight = struct.pack(">2H", 0, 0xFFFF)
    unit = struct.pack(">9i", *(65536 if n % 4 == 0 else 0 for n in range(9)))
    table = b"mft2" + bytes(4) + struct.pack(">BBBx", 4, 3, 2) + unit
    table += struct.pack(">HH", 2, 2) + straight * 4 + nodes + straight * 3
    return profile(b"CMYK", {b"A2B0": table, b"wtpt": xyz_tag(0.9642, 1.0, 0.8249)}, kind=b"prtr")


def xyz_tag(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values))


def profile(space: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr") -> bytes:
    """A profile from its tags; PCS is Lab for tables and XYZ otherwise."""
    pcs = b"Lab " if b"A2B0" in tags else b"XYZ "
    said = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 7) + b"SECRET\0" + bytes(79), **tags}
    start, table, body = 132 + 12 * len(said), b"", b""
    for name, value in said.items():
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = struct.pack(
        ">I4s4s4s4s4s12x4s", start + len(body), b"SECR", b"\x02\x40\0\0", kind, space, pcs, b"acsp"
    )
    head = head.ljust(48, b"\0") + b"SECRETID"
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(said)) + table + body


def linked() -> bytes:
    """A device link of RGB to RGB, as a colour engine writes it: no profile of a picture."""
    whole = bytearray(profiles.coded(12, 13))
    whole[12:16] = b"link"
    return bytes(whole)


def camera_profile(space: str) -> bytes:
    """`p3` or `adobe`, with the words of a maker in it."""
    icc = profiles.coded(12, 13) if space == "p3" else profiles.adobe_rgb()
    changed = bytearray(icc.replace(b"Colour\0", b"SECRET\0"))
    changed[48:56] = b"SECRETID"
    return bytes(changed)


def dot_gain() -> bytes:
    """A grey profile whose tones are much darker than those of sRGB: gamma 3."""
    return profile(
        b"GRAY",
        {
            b"wtpt": xyz_tag(0.9642, 1.0, 0.8249),
            b"kTRC": b"curv\0\0\0\0" + struct.pack(">IHxx", 1, 3 * 256),
        },
    )


def lab_tiff(patches: Sequence[Rgb] = PATCHES) -> bytes:
    """Eight bits of CIE L*a*b* (TIFF 6.0 section 23)."""
    values = []
    for patch in patches:
        light, a, b = lab(patch)
        values.append((round(light * 2.55), round(a) & 255, round(b) & 255))
    flat = board(values).tobytes()
    height = SIDE * (len(patches) // 4)
    entries: list[tuple[int, int, Sequence[int] | bytes]] = [
        (256, 4, [4 * SIDE]),
        (257, 4, [height]),
        (258, 3, [8, 8, 8]),
        (259, 3, [1]),
        (262, 3, [8]),
        (277, 3, [3]),
        (278, 4, [height]),
    ]
    return tiff(entries, flat)


def engine_srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(picture: Image.Image, kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()
