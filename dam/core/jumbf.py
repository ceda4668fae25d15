"""JUMBF boxes (ISO/IEC 19566-5) and CBOR (RFC 8949), as far as content credentials use them.

A second reader: it knows nothing of the library that writes them, reads every byte, and takes
nothing that could hide something (lengths that are left open, keys that stand twice, rests).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAX_DEPTH = 16
#: Entries of one array or map.
MAX_ENTRIES = 1000
_TAIL = bytes.fromhex("00110010800000aa00389b71")
#: Bits of the toggles (B.3.2): requestable, a label, an id, a digest, a private field.
_REQUESTABLE, _LABEL, _PRIVATE = 1, 2, 16


class Broken(ValueError):
    """The structure cannot be followed. The text names the place and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Box:
    """A superbox: its type (`c2pa`, `cbor` ...), its label, its salt and its content.

    `body` are all bytes of it but its header: what a hashed URI of C2PA is made over. A box has
    either `boxes` or `data` (of the one content box, whose type is `holds`).
    """

    kind: str
    label: str
    salt: bytes
    body: bytes
    boxes: tuple[Box, ...] = ()
    holds: str = ""
    data: bytes = b""


def read_box(data: bytes) -> Box:
    """The one superbox that `data` is. Raises Broken."""
    parts = list(_split(data))
    if len(parts) != 1 or parts[0][0] != "jumb":
        raise Broken("JUMBF: not one superbox")
    return _super(parts[0][1], 0)


def _split(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(type, payload) of boxes that stand behind each other."""
    at = 0
    while at < len(data):
        if at + 8 > len(data):
            raise Broken("JUMBF: bytes behind the boxes")
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data) or not kind.isalnum():
            raise Broken("JUMBF: a box without its length")
        yield kind.decode("ascii"), data[at + 8 : at + size]
        at += size


def _super(body: bytes, depth: int) -> Box:
    if depth > MAX_DEPTH:
        raise Broken("JUMBF: nested too deeply")
    (name, description), *content = list(_split(body)) or [("", b"")]
    if name != "jumd":
        raise Broken("JUMBF: a superbox without a description")
    kind, label, salt = _described(description)
    if content and all(name == "jumb" for name, _ in content):
        inner = tuple(_super(data, depth + 1) for _, data in content)
        return Box(kind, label, salt, body, inner)
    if len(content) != 1:
        raise Broken("JUMBF: more than one content in a superbox")
    holds, data = content[0]
    return Box(kind, label, salt, body, (), holds, data)


def _described(data: bytes) -> tuple[str, str, bytes]:
    """(type, label, salt) out of a description box: nothing else may be in it."""
    if len(data) < 17 or data[4:16] != _TAIL or not data[:4].isalnum():
        raise Broken("JUMBF: a type that is not known")
    toggles, rest = data[16], data[17:]
    label, stop, rest = rest.partition(b"\0")
    if toggles & ~_PRIVATE != _REQUESTABLE | _LABEL or not stop or not label.isascii():
        raise Broken("JUMBF: a description with something else in it")
    salt = b""
    if toggles & _PRIVATE:
        private = list(_split(rest))
        if len(private) != 1 or private[0][0] != "c2sh" or len(private[0][1]) not in (16, 32):
            raise Broken("JUMBF: a private field that is no salt")
        salt = private[0][1]
    elif rest:
        raise Broken("JUMBF: a description with something else in it")
    return data[:4].decode("ascii"), label.decode("ascii"), salt


@dataclass(frozen=True, slots=True)
class Tagged:
    """A CBOR value with its tag."""

    tag: int
    value: object


def read_cbor(data: bytes) -> object:
    """The one value that `data` is: int, bytes, str, list, dict, bool, None or Tagged.

    Raises Broken; also for numbers with a point and for lengths that are left open.
    """
    value, at = _value(data, 0, 0)
    if at != len(data):
        raise Broken("CBOR: bytes behind the value")
    return value


def _value(data: bytes, at: int, depth: int) -> tuple[object, int]:
    if depth > MAX_DEPTH:
        raise Broken("CBOR: nested too deeply")
    major, number, at = _head(data, at)
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        return _text(data, at, number, major == 3)
    if major == 4:
        return _array(data, at, number, depth)
    if major == 5:
        return _map(data, at, number, depth)
    if major == 6:
        inner, at = _value(data, at, depth + 1)
        return Tagged(number, inner), at
    if number not in (20, 21, 22):
        raise Broken("CBOR: a value of a kind that is not written here")
    return {20: False, 21: True, 22: None}[number], at


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """(major type, argument, where its content begins), RFC 8949, 3."""
    if at >= len(data):
        raise Broken("CBOR: cut off")
    major, small = data[at] >> 5, data[at] & 31
    at += 1
    if small < 24:
        return major, small, at
    if small > 27 or major == 7:
        raise Broken("CBOR: a value of a kind that is not written here")
    size = 1 << (small - 24)
    if at + size > len(data):
        raise Broken("CBOR: cut off")
    return major, int.from_bytes(data[at : at + size], "big"), at + size


def _text(data: bytes, at: int, size: int, text: bool) -> tuple[object, int]:
    raw = data[at : at + size]
    if len(raw) != size:
        raise Broken("CBOR: cut off")
    try:
        return (raw.decode("utf-8") if text else raw), at + size
    except UnicodeDecodeError:
        raise Broken("CBOR: a text that is not UTF-8") from None


def _array(data: bytes, at: int, size: int, depth: int) -> tuple[object, int]:
    if size > MAX_ENTRIES:
        raise Broken("CBOR: too many entries")
    items = []
    for _ in range(size):
        item, at = _value(data, at, depth + 1)
        items.append(item)
    return items, at


def _map(data: bytes, at: int, size: int, depth: int) -> tuple[object, int]:
    if size > MAX_ENTRIES:
        raise Broken("CBOR: too many entries")
    found: dict[int | str, object] = {}
    for _ in range(size):
        key, at = _value(data, at, depth + 1)
        if not isinstance(key, int | str) or key in found:
            raise Broken("CBOR: a key twice, or of another kind")
        found[key], at = _value(data, at, depth + 1)
    return found, at
