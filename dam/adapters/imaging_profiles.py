"""Colour profiles as bytes (ICC.1:2001, ICC.1:2022): made here, or stripped to their colours.

A profile out of a photograph is hostile and may tell of its maker: description, serial number,
calibration notes, private tags. No byte of it reaches a rendition but its tables of numbers.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from typing import Final

#: A profile larger than this is not looked at: those of printing presses take about 2 MiB.
MAX_PROFILE: Final = 8 * 1024 * 1024
MAX_TAGS: Final = 100
_HEAD = 128
#: Everything that says how numbers become colours (ICC.1:2022 9.2), and nothing else.
COLOUR_TAGS: Final = frozenset(
    b"rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC wtpt bkpt chad A2B0 A2B1 A2B2 B2A0 B2A1 B2A2".split()
)
_D50 = (0.9642, 1.0, 0.8249)
_D65 = (0.3127, 0.3290)
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_STEPS = 1024

Pair = tuple[float, float]
Primaries = tuple[Pair, Pair, Pair, Pair]
Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
Curve = Callable[[float], float]

BT709: Final[Primaries] = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65)
ADOBE_RGB: Final[Primaries] = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060), _D65)
#: ITU-T H.273 table 2: red, green, blue and white of the colour primaries that pictures use.
_PRIMARIES: dict[int, Primaries] = {
    1: BT709,
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
}
#: Nits: what white paper is in a picture of high dynamic range (ITU-R BT.2408), and its peak.
_PAPER, _PEAK = 203.0, 1000.0


def srgb_curve(value: float) -> float:
    """Light of a code value, both 0 to 1 (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _gamma(exponent: float) -> Curve:
    return lambda value: value**exponent


def _shown(nits: float) -> float:
    """Light of a high-dynamic-range picture brought into the range of a plain one.

    Reinhard's curve with the peak as its white: highlights are compressed, not cut off.
    """
    light, white = nits / _PAPER, _PEAK / _PAPER
    return min(1.0, light * (1 + light / white**2) / (1 + light))


def _pq(value: float) -> float:
    """SMPTE ST 2084, shown."""
    root = value ** (1 / 78.84375)
    light = max(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root)
    return _shown(10_000 * light ** (1 / 0.1593017578125))


def _hlg(value: float) -> float:
    """ITU-R BT.2100 hybrid log-gamma at a system gamma of 1.2, shown."""
    if value <= 0.5:
        light = value * value / 3
    else:
        light = (2.718281828459045 ** ((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return _shown(float(_PEAK * light**1.2))


#: ITU-T H.273 table 3. The camera curves of television (1, 6, 14, 15) are shown as sRGB is, as
#: browsers do.
_CURVES: dict[int, Curve] = {
    **dict.fromkeys((1, 6, 13, 14, 15), srgb_curve),
    4: _gamma(2.2),
    5: _gamma(2.8),
    8: _gamma(1.0),
    16: _pq,
    18: _hlg,
}


@functools.cache
def coded(primaries: int, transfer: int) -> bytes:
    """The profile of code points (ITU-T H.273); empty where they mean sRGB or nothing known."""
    wide, curve = _PRIMARIES.get(primaries, BT709), _CURVES.get(transfer, srgb_curve)
    if wide is BT709 and curve is srgb_curve:
        return b""
    return made(wide, curve)


def measured(gamma: float, primaries: Primaries) -> bytes:
    """The profile of a display of this gamma (1 to 4) and these primaries.

    Raises ValueError where they are those of no display.
    """
    if not 1 <= gamma <= 4 or any(not 0 <= n <= 1 for pair in primaries for n in pair):
        raise ValueError("not a display")
    return made(primaries, _gamma(gamma))


@functools.cache
def adobe_rgb() -> bytes:
    """Adobe RGB (1998), version 2005-05: gamma 563/256."""
    return made(ADOBE_RGB, _gamma(563 / 256))


@functools.cache
def srgb() -> bytes:
    """The profile that every RGB rendition in sRGB carries."""
    return made(BT709, srgb_curve)


@functools.cache
def grey() -> bytes:
    """The profile that every grey rendition carries: the tones of sRGB."""
    return _joined("GRAY", {b"wtpt": _xyz(_D50), b"kTRC": _curve(srgb_curve)})


def made(primaries: Primaries, curve: Curve) -> bytes:
    """A matrix profile (version 2, display). Raises ValueError where the primaries are a line."""
    red, green, blue = _columns(primaries)
    tone = _curve(curve)
    tags = {
        b"wtpt": _xyz(_D50),
        b"rXYZ": _xyz(red),
        b"gXYZ": _xyz(green),
        b"bXYZ": _xyz(blue),
        b"rTRC": tone,
        b"gTRC": tone,
        b"bTRC": tone,
    }
    return _joined("RGB ", tags)


def high_range(icc: bytes) -> tuple[int, int] | None:
    """The code points that a profile states (`cicp`, ICC.1:2022 9.2.17), where they mean PQ or HLG.

    Its curves would show paper white as a fiftieth of the screen's.
    """
    (count,) = struct.unpack_from(">I", icc, _HEAD) if len(icc) >= _HEAD + 4 else (0,)
    for at in range(_HEAD + 4, min(_HEAD + 4 + 12 * min(count, MAX_TAGS), len(icc) - 11), 12):
        name, start, size = struct.unpack_from(">4sII", icc, at)
        value = icc[start : start + size]
        if name == b"cicp" and len(value) >= 12 and value[9] in (16, 18):
            return value[8], value[9]
    return None


def stripped(icc: bytes) -> bytes:
    """The same colours without a word of where they come from.

    Header fields of makers, devices and dates are zero, description and notice are ours. Empty
    where the table of tags is damaged, or where a value is none of numbers.
    """
    if len(icc) < _HEAD + 4:
        return b""
    (count,) = struct.unpack_from(">I", icc, _HEAD)
    if count > MAX_TAGS or _HEAD + 4 + 12 * count > len(icc):
        return b""
    tags: dict[bytes, bytes] = {}
    for index in range(count):
        name, start, size = struct.unpack_from(">4sII", icc, _HEAD + 4 + 12 * index)
        if name in COLOUR_TAGS:
            if start + size > len(icc):
                return b""
            tags[name] = _only_numbers(icc[start : start + size])
            if not tags[name]:
                return b""
    space = icc[16:20].decode("latin-1")
    return _joined(space, tags, version=icc[8:10], kind=icc[12:16], pcs=icc[20:24])


def _only_numbers(value: bytes) -> bytes:
    """The numbers of a value and not a byte behind them; empty where it is of another type.

    Words hide under the name of any tag (ICC.1:2022 clause 10: a type says its own length).
    """
    if len(value) < 12 or value[4:8] != bytes(4):
        return b""
    kind, (count,) = value[:4], struct.unpack_from(">I", value, 8)
    lengths = {
        b"XYZ ": 20,
        b"sf32": 44,
        b"curv": 12 + 2 * count,
        b"para": 12 + 4 * {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}.get(count >> 16, MAX_PROFILE),
    }
    if kind in (b"mft1", b"mft2") and len(value) >= 52 and value[8] <= 4 and not value[11]:
        into, out, grid = value[8:11]
        first, last = (256, 256) if kind == b"mft1" else struct.unpack_from(">2H", value, 48)
        numbers = first * into + grid**into * out + last * out
        lengths[kind] = 48 + numbers if kind == b"mft1" else 52 + 2 * numbers
    length = lengths.get(kind, MAX_PROFILE)
    return value[:length] if length <= len(value) else b""


def _joined(
    space: str,
    tags: dict[bytes, bytes],
    *,
    version: bytes = b"\x02\x40",
    kind: bytes = b"mntr",
    pcs: bytes = b"XYZ ",
) -> bytes:
    """Header, table of tags, and each distinct value once (ICC.1:2022 7.1)."""
    said = {b"desc": _description(version[0] >= 4), b"cprt": _notice(version[0] >= 4), **tags}
    table, body = bytearray(), bytearray()
    places: dict[bytes, int] = {}
    start = _HEAD + 4 + 12 * len(said)
    for name, value in said.items():
        if value not in places:
            places[value] = start + len(body)
            body += value + bytes(-len(value) % 4)
        table += struct.pack(">4sII", name, places[value], len(value))
    head = struct.pack(
        ">I4s2s2s4s4s4s6H4s",
        start + len(body),
        bytes(4),
        version,
        bytes(2),
        kind,
        space.encode("latin-1"),
        pcs,
        *(2000, 1, 1, 0, 0, 0),
        b"acsp",
    )
    light = struct.pack(">3i", *(round(n * 65536) for n in _D50))
    head = head.ljust(68, b"\x00") + light
    return head.ljust(_HEAD, b"\x00") + struct.pack(">I", len(said)) + bytes(table) + bytes(body)


def _description(recent: bool) -> bytes:
    if recent:
        return _words("Colour")
    text = b"Colour\x00"
    return b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(12 + 67)


def _notice(recent: bool) -> bytes:
    return _words("No copyright") if recent else b"text" + bytes(4) + b"No copyright\x00"


def _words(text: str) -> bytes:
    """ICC.1:2022 10.15, one language."""
    body = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(body), 28) + body


def _xyz(value: Vector) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(n * 65536) for n in value))


def _curve(curve: Curve) -> bytes:
    points = [round(65535 * min(1.0, max(0.0, curve(i / (_STEPS - 1))))) for i in range(_STEPS)]
    return b"curv" + bytes(4) + struct.pack(f">I{_STEPS}H", _STEPS, *points)


def _columns(primaries: Primaries) -> tuple[Vector, Vector, Vector]:
    """XYZ of red, green and blue as seen under D50 (ICC.1:2022 annex E, Bradford)."""
    *corners, white = (_white(pair) for pair in primaries)
    red, green, blue = corners
    across, up, deep = zip(red, green, blue, strict=True)
    colours: Matrix = (across, up, deep)
    amounts = _times(_inverse(colours), white)
    source, target = _times(_BRADFORD, white), _times(_BRADFORD, _D50)
    if any(abs(n) < 1e-6 for n in source):
        raise ValueError("not a white")
    gains = tuple(t / s for t, s in zip(target, source, strict=True))

    def adapted(colour: Vector, amount: float) -> Vector:
        cones = _times(_BRADFORD, colour)
        a, b, c = (n * amount * gain for n, gain in zip(cones, gains, strict=True))
        return _times(_inverse(_BRADFORD), (a, b, c))

    one, two, three = map(adapted, corners, amounts)
    return one, two, three


def _white(pair: Pair) -> Vector:
    x, y = pair
    if y < 1e-6:
        raise ValueError("not a colour")
    return x / y, 1.0, (1 - x - y) / y


def _times(matrix: Matrix, vector: Vector) -> Vector:
    a, b, c = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
    return a, b, c


def _inverse(m: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = m
    whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if abs(whole) < 1e-9:
        raise ValueError("the colours lie on a line")
    return (
        ((e * i - f * h) / whole, (c * h - b * i) / whole, (b * f - c * e) / whole),
        ((f * g - d * i) / whole, (a * i - c * g) / whole, (c * d - a * f) / whole),
        ((d * h - e * g) / whole, (b * g - a * h) / whole, (a * e - b * d) / whole),
    )
