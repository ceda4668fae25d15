"""XMP (ISO 16684-1): what packets and sidecars say, and the packet a rendition carries.

`rdf` takes the bytes apart, `people` finds persons and regions, `write` makes packets; this
package is the only owner of XML parsing besides the read-back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dam.adapters.xmp import people
from dam.adapters.xmp.rdf import Fields, Odd, decode, number, parse, texts, top
from dam.adapters.xmp.write import write
from dam.core.readings import Block, Field, Reading, ReadingValue, Status

__all__ = ["read", "write"]

MAX_TEXT = 64 * 1024
MAX_READINGS = 1000

_VOCABULARY = "http://ns.useplus.org/ldf/vocab/"
_TEXTS = {
    "dc:creator": Field.CREATOR,
    "photoshop:Credit": Field.CREDIT,
    "photoshop:City": Field.CITY,
    "photoshop:Country": Field.COUNTRY,
    "Iptc4xmpCore:CountryCode": Field.COUNTRY,
    "plus:ModelReleaseID": Field.RELEASE_ID,
}
_CODES = {
    "plus:MinorModelAgeDisclosure": Field.MINOR_AGE,
    "plus:ModelReleaseStatus": Field.RELEASE_STATUS,
}
_KNOWN_CODES = frozenset(
    {"AG-UNK", "AG-U14", "MR-NON", "MR-NAP", "MR-UMR", "MR-LMR"}
    | {f"AG-A{age}" for age in range(15, 26)}
)
_DATES = ("exif:DateTimeOriginal", "xmp:CreateDate", "photoshop:DateCreated")
_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?)?")
#: Coordinates by their local name, whatever vendor's namespace they hide in.
_COORDINATE = re.compile(r"(?:gps)?(?:dest)?(?:lat|latitude|lon|long|longitude|longtitude)", re.I)


def read(packets: tuple[bytes, ...], name: str = "xmp") -> tuple[Block, tuple[Reading, ...]]:
    """Read XMP packets, with or without their wrapper, in UTF-8, UTF-16 or UTF-32.

    `name` is the block and the prefix of every source (`xmp`, `xmp-sidecar`). Comes out: the
    state of the block and the union of all readings. One packet that cannot be read makes the
    block unreadable; what the others said stays. Never raises.
    """
    if not packets:
        return Block(name, Status.ABSENT), ()
    readings: list[Reading] = []
    problems: list[str] = []
    for packet in packets:
        try:
            fields = top(parse(decode(packet)))
            readings += _Reader(fields, name, problems).all()
        except Odd as odd:
            problems.append(str(odd))
    if len(readings) > MAX_READINGS:
        problems.append("more values than a photograph has")
    if any(isinstance(one.value, str) and len(one.value) > MAX_TEXT for one in readings):
        readings = [r for r in readings if not isinstance(r.value, str) or len(r.value) <= MAX_TEXT]
        problems.append("a text is too long")
    status = Status.UNREADABLE if problems else Status.KNOWN
    return Block(name, status, problems[0] if problems else ""), tuple(readings[:MAX_READINGS])


class _Reader:
    """Turns the properties of one packet into readings."""

    def __init__(self, fields: Fields, name: str, problems: list[str]) -> None:
        self.fields = people.familiar(fields)
        self.name = name
        self.problems = problems
        width = number(fields, "exif:PixelXDimension", "tiff:ImageWidth")
        height = number(fields, "exif:PixelYDimension", "tiff:ImageLength")
        self.size = (width, height)

    def all(self) -> Iterator[Reading]:
        for name, kind in _TEXTS.items():
            for text, _lang in texts(self.fields.get(name, [])):
                yield self._reading(kind, text, name)
        for name, kind in _CODES.items():
            for text, _lang in texts(self.fields.get(name, [])):
                code = text.removeprefix(_VOCABULARY)
                yield self._reading(kind, code if code in _KNOWN_CODES else text, name)
        yield from self._captured()
        yield from self._languages()
        yield from self._places()
        yield from self._ages()
        for kind, value, name in people.persons(self.fields):
            yield self._reading(kind, value, name)
        for one in people.regions(self.fields, self.size):
            found = self._reading(Field.PERSON_REGION, one.box, one.where)
            yield replace(found, whose=one.whose, drawn_on=one.drawn_on)

    def _reading(self, kind: Field, value: ReadingValue, name: str, lang: str = "") -> Reading:
        return Reading(kind, value, f"{self.name}:{name}", lang)

    def _captured(self) -> Iterator[Reading]:
        for name in _DATES:
            for text, _lang in texts(self.fields.get(name, [])):
                if not text.strip("0:-. TZ+"):
                    continue
                match = _DATE.match(text)
                if match is not None:
                    year, month, day, clock, seconds = match.groups()
                    text = f"{year}-{month}-{day}"
                    text += f"T{clock}{seconds or ':00'}" if clock else ""
                yield self._reading(Field.CAPTURED, text, name)

    def _languages(self) -> Iterator[Reading]:
        """Notices and captions. `x-default` repeats one of the languages or is of none."""
        rights = list(texts(self.fields.get("dc:rights", [])))
        for text, _lang in sorted(rights, key=lambda pair: pair[1] != "x-default")[:1]:
            yield self._reading(Field.COPYRIGHT, text, "dc:rights")
        captions = list(texts(self.fields.get("dc:description", [])))
        tagged = {text for text, lang in captions if lang not in ("", "x-default")}
        for text, lang in captions:
            if lang not in ("", "x-default"):
                yield self._reading(Field.CAPTION, text, "dc:description", lang)
            elif text not in tagged:
                yield self._reading(Field.CAPTION, text, "dc:description")

    def _places(self) -> Iterator[Reading]:
        """Coordinates at any depth: location structures and regions carry them too."""
        for name, values in self.fields.items():
            if _located({name: values}):
                known = name if not name.startswith("{") else "coordinates"
                yield self._reading(Field.GPS, True, known)

    def _ages(self) -> Iterator[Reading]:
        for text, _lang in texts(self.fields.get("Iptc4xmpExt:ModelAge", [])):
            if text.isascii() and text.isdigit() and len(text) <= 3:
                yield self._reading(Field.MODEL_AGE, int(text), "Iptc4xmpExt:ModelAge")
            else:
                self.problems.append("Iptc4xmpExt:ModelAge is no whole number")


def _located(fields: Fields) -> bool:
    for name, values in fields.items():
        local = re.split("[:}]", name)[-1]
        if _COORDINATE.fullmatch(local) and any(True for _ in texts(values)):
            return True
        for value in values:
            if _located(value.fields) or _located({"": value.items}):
                return True
    return False
