"""The colour profile of a finished rendition, read back: tables of numbers and nothing else.

It shares no code with what makes profiles. Layout: ICC.1:2022 7.2 (header) and 7.3 (tags).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_NUMBERS = frozenset(
    b"rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC wtpt bkpt chad A2B0 A2B1 A2B2 B2A0 B2A1 B2A2".split()
)
#: The only texts that a profile may hold, without their zero bytes: old and recent form.
_TEXTS = {
    b"desc": (b"desc\x07Colour", b"mluc\x01\x0cenUS\x0c\x1cColour"),
    b"cprt": (b"textNo copyright", b"mluc\x01\x0cenUS\x18\x1cNo copyright"),
}
_HEAD, _ENTRY = 128, 12
#: How many numbers a parametric curve of each function type has (ICC.1:2022 10.18).
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
_MAX_TAGS = 32
#: Preferred engine, platform, flags, maker, model, attributes, creator, identity, rest.
_EMPTY = ((4, 8), (40, 64), (80, 128))


def complaints(icc: bytes) -> Iterator[str]:
    """Everything in a profile that is not on the allow-list. Never raises."""
    if len(icc) < _HEAD + 4 or icc[36:40] != b"acsp":
        yield "ICC: not a colour profile"
        return
    size, count = struct.unpack_from(">I", icc)[0], struct.unpack_from(">I", icc, _HEAD)[0]
    body = _HEAD + 4 + _ENTRY * count
    if size != len(icc) or count > _MAX_TAGS or body > size:
        yield "ICC: not of the size it states"
        return
    if any(icc[start:end].strip(b"\0") for start, end in _EMPTY):
        yield "ICC: the header tells of its maker"
    used = bytearray(b"\1" * body).ljust(size, b"\0")
    for at in range(_HEAD + 4, body, _ENTRY):
        name, start, length = struct.unpack_from(">4sII", icc, at)
        if start < body or start + length > size:
            yield "ICC: a tag lies outside the profile"
            continue
        used[start : start + length] = b"\1" * length
        value = icc[start : start + length]
        if name in _NUMBERS:
            if not _exact(name, value):
                yield f"ICC: tag {name.hex()} holds more than its numbers"
        elif value.replace(b"\0", b"") not in _TEXTS.get(name, ()):
            yield f"ICC: tag {name.hex()}"
    if any(not taken and byte for taken, byte in zip(used, icc, strict=True)):
        yield "ICC: bytes that belong to no tag"


def _exact(name: bytes, value: bytes) -> bool:
    """Whether a tag is of a type that fits it, and exactly as long as that type says."""
    kind, body = value[:4], value[8:]
    if value[4:8] != bytes(4) or len(value) < 12:
        return False
    if name.endswith(b"TRC"):
        if kind == b"curv":
            return len(body) == 4 + 2 * int.from_bytes(body[:4], "big")
        return kind == b"para" and len(body) == 4 + 4 * _PARAMETERS.get(
            int.from_bytes(body[:4], "big") >> 16, -1
        )
    if name == b"chad":
        return kind == b"sf32" and len(body) == 36
    if name.startswith((b"A2B", b"B2A")):
        return kind in (b"mft1", b"mft2") and len(body) == _table(kind, body)
    return kind == b"XYZ " and len(body) == 12


def _table(kind: bytes, body: bytes) -> int:
    """The length of a lookup table behind its type (ICC.1:2022 10.10 and 10.11)."""
    into, out, grid = body[0], body[1], body[2]
    if into > 4 or body[3]:
        return -1
    if kind == b"mft1":
        return int(40 + 256 * into + grid**into * out + 256 * out)
    first, last = int.from_bytes(body[40:42], "big"), int.from_bytes(body[42:44], "big")
    return int(44 + 2 * (first * into + grid**into * out + last * out))
