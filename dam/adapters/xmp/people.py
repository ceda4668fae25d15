"""Who is said to be shown, and where: persons and their regions.

Everything comes out as (field, value, property). Regions are fractions of the picture as it
is stored, before any EXIF orientation, with their origin top left.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from dam.adapters.xmp.rdf import Fields, Value, first, leaves, number, structs, texts
from dam.core.readings import Field, ReadingValue

Found = Iterator[tuple[Field, ReadingValue, str]]
Box = tuple[float, float, float, float]
Size = tuple[float | None, float | None]

#: `rCtype` identifiers end in a term of the IPTC image region types; `human` is a person.
_HUMAN = frozenset({"human", "person", "people", "face", "head", "body"})
#: A person is said to be in the picture, and nobody can tell where.
_SOMEWHERE: Box = (0.0, 0.0, 1.0, 1.0)
_NAMES = "Iptc4xmpExt:PersonInImage"
_DETAILS = "Iptc4xmpExt:PersonInImageWDetails"
_MWG = "mwg-rs:Regions"
_IPTC = "Iptc4xmpExt:ImageRegion"


def persons(fields: Fields) -> Found:
    """Every named person once, though both properties name them; every nameless one."""
    told: Counter[str] = Counter()
    for text, _lang in texts(fields.get(_NAMES, [])):
        told[_alike(text)] += 1
        yield Field.PERSON, text, _NAMES
    for index, person in enumerate(leaves(fields.get(_DETAILS, [])), start=1):
        names = _person_names(person, f"person {index}")
        again = next((name for name in names if told[_alike(name)] > 0), None)
        if again is not None:
            told[_alike(again)] -= 1
        elif names:
            yield Field.PERSON, names[0], _DETAILS


def _person_names(person: Value, nameless: str) -> list[str]:
    """Names in every language; of a nameless person the description, the id or `nameless`."""
    if not person.fields:
        return [person.text] if person.text else []
    names = [text for text, _lang in texts(person.fields.get("Iptc4xmpExt:PersonName", []))]
    other = first(person.fields, "Iptc4xmpExt:PersonDescription", "Iptc4xmpExt:PersonId")
    return names or [other or nameless]


def _alike(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def mwg_regions(fields: Fields, size: Size) -> Found:
    """Metadata Working Group regions (MWG 2.0, clause 5.9): faces, given by their centre.

    `size` in pixels is the picture's, for regions in pixels that do not say of what.
    A region without a type counts as a face.
    """
    for regions in structs(fields.get(_MWG, [])):
        applied = size
        for told in structs(regions.get("mwg-rs:AppliedToDimensions", [])):
            applied = (number(told, "stDim:w"), number(told, "stDim:h"))
        for region in structs(regions.get("mwg-rs:RegionList", [])):
            if first(region, "mwg-rs:Type").casefold() in ("face", ""):
                yield Field.PERSON_REGION, _mwg_box(region, applied) or _SOMEWHERE, _MWG


def _mwg_box(region: Fields, size: Size) -> Box | None:
    for area in structs(region.get("mwg-rs:Area", [])):
        x, y = number(area, "stArea:x"), number(area, "stArea:y")
        w, h = number(area, "stArea:w", "stArea:d"), number(area, "stArea:h", "stArea:d")
        pixels = first(area, "stArea:unit").casefold() == "pixel"
        if x is not None and y is not None and w is not None and h is not None:
            return _inside((x - w / 2, y - h / 2, w, h), size if pixels else None)
    return None


def iptc_regions(fields: Fields, size: Size) -> Found:
    """IPTC image regions (Photo Metadata 2021.1) that show a person, as their bounding box."""
    for region in structs(fields.get(_IPTC, [])):
        if _shows_person(region):
            yield Field.PERSON_REGION, _iptc_box(region, size) or _SOMEWHERE, _IPTC


def _shows_person(region: Fields) -> bool:
    if region.get(_NAMES) or region.get(_DETAILS):
        return True
    kinds = (*region.get("Iptc4xmpExt:rCtype", []), *region.get("Iptc4xmpExt:RCtype", []))
    return any(
        re.split("[/#:]", text.casefold().rstrip("/"))[-1] in _HUMAN
        for text, _lang in texts(list(kinds))
    )


def _iptc_box(region: Fields, size: Size) -> Box | None:
    for boundary in structs(region.get("Iptc4xmpExt:RegionBoundary", [])):
        pixels = first(boundary, "Iptc4xmpExt:rbUnit").casefold() == "pixel"
        corners = list(structs(boundary.get("Iptc4xmpExt:rbVertices", [])))
        box = _around(corners) if corners else _outline(boundary, size, pixels)
        if box is not None:
            return _inside(box, size if pixels else None)
    return None


def _around(corners: list[Fields]) -> Box | None:
    xs, ys = [], []
    for corner in corners:
        x, y = number(corner, "Iptc4xmpExt:rbX"), number(corner, "Iptc4xmpExt:rbY")
        if x is None or y is None:
            return None
        xs.append(x)
        ys.append(y)
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def _outline(boundary: Fields, size: Size, pixels: bool) -> Box | None:
    """x, y, w, h around a rectangle or circle, in the boundary's own unit."""
    x, y = number(boundary, "Iptc4xmpExt:rbX"), number(boundary, "Iptc4xmpExt:rbY")
    w, h = number(boundary, "Iptc4xmpExt:rbW"), number(boundary, "Iptc4xmpExt:rbH")
    radius = number(boundary, "Iptc4xmpExt:rbRx")
    if x is None or y is None:
        return None
    if radius is not None:
        # A relative radius is a fraction of the width, so it is more or less of the height.
        tall = radius if pixels or not size[0] or not size[1] else radius * size[0] / size[1]
        return x - radius, y - tall, 2 * radius, 2 * tall
    return None if w is None or h is None else (x, y, w, h)


def _inside(box: Box, size: Size | None) -> Box | None:
    """The part of `box` in the picture, as fractions (of `size` where that is given)."""
    x, y, w, h = box
    if size is not None:
        width, height = size
        if width is None or height is None or width <= 0 or height <= 0:
            return None
        x, w, y, h = x / width, w / width, y / height, h / height
    right, bottom = min(x + w, 1.0), min(y + h, 1.0)
    left, top = max(x, 0.0), max(y, 0.0)
    if not (left < right and top < bottom):
        return None
    return left, top, right - left, bottom - top
