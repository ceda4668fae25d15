"""IPTC IIM (Information Interchange Model 4.2) as it lies in a Photoshop resource block."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from dam.core.model import Rights
from dam.core.plain import fit, tidy
from dam.core.readings import Block, Field, Reading, Status

MAX_BYTES = 16 * 1024 * 1024
MAX_TEXT_BYTES = 64 * 1024
MAX_READINGS = 1000

_UTF8 = b"\x1b%G"
_FIELDS = {
    80: Field.CREATOR,
    90: Field.CITY,
    100: Field.COUNTRY,
    101: Field.COUNTRY,
    110: Field.CREDIT,
    116: Field.COPYRIGHT,
    120: Field.CAPTION,
}
_DATE, _TIME = 55, 60
#: Byte limits of IIM 4.2, chapter 6.
_LIMITS = {80: 32, 110: 32, 115: 32, 116: 128, 120: 2000}
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)$")
_CLOCK = re.compile(r"(\d\d)(\d\d)(\d\d)")


class _Odd(Exception):
    """The datasets cannot be followed. The text names the place, never a value."""


def read(blocks: tuple[bytes, ...]) -> tuple[Block, tuple[Reading, ...]]:
    """Read bare IIM datasets (each item starts with 0x1C).

    Comes out: the state of block `iptc` and all readings. The block is unreadable where the
    chain of datasets breaks off or turns into something else; what was read before stays.
    NUL bytes after the last dataset are padding. Never raises.
    """
    if not blocks:
        return Block("iptc", Status.ABSENT), ()
    readings: list[Reading] = []
    problems: list[str] = []
    for block in blocks:
        found: list[tuple[int, int, bytes]] = []
        try:
            for dataset in _datasets(block):
                found.append(dataset)
        except _Odd as odd:
            problems.append(str(odd))
        readings += _readings(found, problems)
    if len(readings) > MAX_READINGS:
        problems.append("more values than a photograph has")
    status = Status.UNREADABLE if problems else Status.KNOWN
    unique = tuple(dict.fromkeys(readings[:MAX_READINGS]))
    return Block("iptc", status, problems[0] if problems else ""), unique


def _datasets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(record, dataset, value) one by one; IIM 4.2 clause 1.5, extended datasets included."""
    if len(data) > MAX_BYTES:
        raise _Odd("the block is too large")
    at = 0
    while at < len(data):
        if data[at] != 0x1C:
            if data[at:].strip(b"\0"):
                raise _Odd("something between the datasets")
            return
        if at + 5 > len(data):
            raise _Odd("a dataset is cut off")
        record, number = data[at + 1], data[at + 2]
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        at += 5
        if size & 0x8000:
            width = size & 0x7FFF
            if width > 4 or at + width > len(data):
                raise _Odd(f"the length of {record}:{number} is out of range")
            size = int.from_bytes(data[at : at + width], "big")
            at += width
        if at + size > len(data):
            raise _Odd(f"{record}:{number} is cut off")
        yield record, number, data[at : at + size]
        at += size


def _readings(found: list[tuple[int, int, bytes]], problems: list[str]) -> list[Reading]:
    utf8 = any(record == 1 and number == 90 and raw == _UTF8 for record, number, raw in found)
    out: list[Reading] = []
    dates: list[str] = []
    times: list[str] = []
    for record, number, raw in found:
        if record != 2 or (number not in _FIELDS and number not in (_DATE, _TIME)):
            continue
        if len(raw) > MAX_TEXT_BYTES:
            problems.append(f"2:{number} is too long")
            continue
        text = _text(raw, utf8)
        if number == _DATE:
            dates.append(text)
        elif number == _TIME:
            times.append(text)
        elif text:
            out.append(Reading(_FIELDS[number], text, f"iptc:2:{number}"))
    for date in dates[:1]:
        if date.strip("0- "):
            out.append(Reading(Field.CAPTURED, _captured(date, times), f"iptc:2:{_DATE}"))
    return out


def _captured(date: str, times: list[str]) -> str:
    day = _DIGITS.match(date)
    if day is None:
        return date
    clock = _CLOCK.match(times[0]) if times else None
    return "-".join(day.groups()) + ("T" + ":".join(clock.groups()) if clock else "")


def _text(raw: bytes, utf8: bool) -> str:
    if utf8:
        # Other writers cut inside a character; that costs the character, not the text.
        text = raw.decode("utf-8", "replace")
    else:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
    return text.replace("\0", " ").strip()


def write(rights: Rights) -> bytes:
    """The full payload of an APP13 segment (what follows its length) for a rendition.

    `Photoshop 3.0`, 8BIM 0x0404 with the datasets in UTF-8 (1:90 says so) and 8BIM 0x0425
    with the digest by which readers see that IIM and XMP agree. Texts longer than IIM
    allows are cut between characters; XMP carries them whole.
    """
    rights = tidy(rights)
    texts = [
        *((80, name) for name in rights.creators),
        (110, rights.credit_line),
        (115, rights.source),
        (116, rights.copyright),
        (120, rights.captions[0][1] if rights.captions else ""),
    ]
    iim = _dataset(1, 90, _UTF8) + _dataset(2, 0, b"\0\4")
    if rights.captured is not None:
        iim += _dataset(2, _DATE, rights.captured.isoformat().replace("-", "").encode())
    for number, text in texts:
        raw = fit(text, _LIMITS[number]).encode("utf-8")
        if raw:
            iim += _dataset(2, number, raw)
    digest = hashlib.md5(iim, usedforsecurity=False).digest()
    return b"Photoshop 3.0\0" + _resource(0x0404, iim) + _resource(0x0425, digest)


def _dataset(record: int, number: int, value: bytes) -> bytes:
    return bytes((0x1C, record, number)) + len(value).to_bytes(2, "big") + value


def _resource(number: int, value: bytes) -> bytes:
    padding = b"\0" * (len(value) % 2)
    return (
        b"8BIM"
        + number.to_bytes(2, "big")
        + b"\0\0"
        + len(value).to_bytes(4, "big")
        + value
        + padding
    )
