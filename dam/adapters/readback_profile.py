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
        text = icc[start : start + length].replace(b"\0", b"")
        if name not in _NUMBERS and text not in _TEXTS.get(name, ()):
            yield f"ICC: tag {name.hex()}"
    if any(not taken and byte for taken, byte in zip(used, icc, strict=True)):
        yield "ICC: bytes that belong to no tag"
