"""Who is said to be shown, and where: persons and their regions.

Persons come out as (field, name, property). Regions are fractions of the picture as it is
stored, before any EXIF orientation, with their origin top left.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dam.adapters.xmp.rdf import Fields, Value, first, leaves, number, structs, texts
from dam.core.readings import Field, ReadingValue

Found = Iterator[tuple[Field, ReadingValue, str]]
Box = tuple[float, float, float, float]
Size = tuple[float | None, float | None]

#: What regions may be of by their type but persons: `rCtype` identifiers (IPTC image region
#: types) end so, and so say the `Type` of MWG and ACDSee. Of any other type it may be one.
_NO_PERSON = frozenset(
    ("animal", "pet", "plant", "artwork", "building", "structure", "geofeature", "geographicarea",
     "landscape", "graphic", "text", "machinecode", "barcode", "product", "object", "vehicle",
     "focus")
)  # fmt: skip
#: A region of no type that is only a frame for the picture.
_FRAME = re.compile("crop|composition|compound", re.I)
#: A person is said to be in the picture, and nobody can tell where.
_SOMEWHERE: Box = (0.0, 0.0, 1.0, 1.0)
_NAMES = "Iptc4xmpExt:PersonInImage"
_DETAILS = "Iptc4xmpExt:PersonInImageWDetails"
_MODEL = "Iptc4xmpExt:AddlModelInfo"
_MWG = "mwg-rs:Regions"
_IPTC = "Iptc4xmpExt:ImageRegion"
_MICROSOFT = "MP:RegionInfo"
_ACDSEE = "acdsee-rs:Regions"
#: Lists of names that programs and agencies keep beside those of the IPTC.
_LISTS = ("mediapro:People", "GettyImagesGIFT:Personality", "prism:person")
_TOLD = frozenset(
    {_NAMES, _DETAILS, _MODEL, "Iptc4xmpExt:ModelAge", "plus:MinorModelAgeDisclosure",
     "plus:ModelReleaseStatus", "plus:ModelReleaseID"}
)  # fmt: skip
#: A name is no longer than this; a pseudonym is much shorter.
_MAX_NAME = 400
_BY_LOCAL_NAME = {name.partition(":")[2].casefold(): name for name in _TOLD}


@dataclass(frozen=True, slots=True)
class Marked:
    """A region that may show a person, and the property it stands in.

    `whose` are the names and ids it gives to whoever is in it; `drawn_on` the width and height of
    the picture on which it was drawn, where that is told.
    """

    box: Box
    where: str
    whose: tuple[str, ...] = ()
    drawn_on: tuple[float, float] | None = None


def familiar(fields: Fields) -> Fields:
    """The same fields; what speaks of people in a namespace misspelt counts as if it were not."""
    found = dict(fields)
    for name, values in fields.items():
        known = _BY_LOCAL_NAME.get(re.split("[:}]", name)[-1].casefold(), name)
        if known != name:
            found[known] = [*found.get(known, []), *values]
    return found


def persons(fields: Fields) -> Found:
    """Every named person once, whichever properties name them; every nameless one.

    A description of the models of a picture tells of somebody where nothing else does.
    """
    told: Counter[str] = Counter()
    for text, _lang in texts(fields.get(_NAMES, [])):
        told[_alike(text)] += 1
        yield Field.PERSON, text, _NAMES
    seen = set(told)
    for name in _described(fields.get(_DETAILS, []), told):
        seen.add(_alike(name))
        yield Field.PERSON, name, _DETAILS
    for name, where in _elsewhere(fields):
        if _alike(name) not in seen:
            seen.add(_alike(name))
            yield Field.PERSON, name, where
    if not seen and any(True for _ in texts(fields.get(_MODEL, []))):
        yield Field.PERSON, "a model", _MODEL


def _described(values: list[Value], told: Counter[str]) -> Iterator[str]:
    """A name of each person with details who is not among those `told` of already."""
    for index, person in enumerate(leaves(values), start=1):
        names = _person_names(person, f"person {index}")
        again = next((name for name in names if told[_alike(name)] > 0), None)
        if again is not None:
            told[_alike(again)] -= 1
        elif names:
            yield names[0]


def _elsewhere(fields: Fields) -> Iterator[tuple[str, str]]:
    """Names in other lists, and in regions, each with its property."""
    for where in _LISTS:
        for text, _lang in texts(fields.get(where, [])):
            yield text, where
    for region in structs(fields.get(_IPTC, [])):
        for text, _lang in texts(region.get(_NAMES, [])):
            yield text, _IPTC
        for name in _described(region.get(_DETAILS, []), Counter()):
            yield name, _IPTC
    for where, kind, named in (
        (_MWG, "mwg-rs:Type", "mwg-rs:Name"),
        (_ACDSEE, "acdsee-rs:Type", "acdsee-rs:Name"),
        (_MICROSOFT, "", "MPReg:PersonDisplayName"),
    ):
        for region in _regions(fields, where):
            if (name := first(region, named)) and _may_be_person(first(region, kind)):
                yield name, where


def _regions(fields: Fields, where: str) -> Iterator[Fields]:
    """The regions of one of the lists that are made like those of the MWG."""
    inner = {_MICROSOFT: "MPRI:Regions", _ACDSEE: "acdsee-rs:RegionList"}
    for regions in structs(fields.get(where, [])):
        yield from structs(regions.get(inner.get(where, "mwg-rs:RegionList"), []))


def _may_be_person(kind: str) -> bool:
    """Whether a region's type leaves it open that it shows a person. No type does."""
    return re.sub("[^a-z]", "", re.split("[/#:]", kind.casefold().rstrip('/"'))[-1]) not in (
        _NO_PERSON
    )


def _person_names(person: Value, nameless: str) -> list[str]:
    """Names in every language; of a nameless person the description, the id or `nameless`."""
    if not person.fields:
        return [person.text] if person.text else []
    names = [text for text, _lang in texts(person.fields.get("Iptc4xmpExt:PersonName", []))]
    other = first(person.fields, "Iptc4xmpExt:PersonDescription", "Iptc4xmpExt:PersonId")
    return names or [other or nameless]


def _alike(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def regions(fields: Fields, size: Size) -> Iterator[Marked]:
    """Every region that may show a person, of whichever list. `size`: the picture's pixels.

    One that cannot be placed is the whole picture. A region that names somebody whom the list
    of persons identifies has that id as well.
    """
    known = _identified(fields)
    for one in (
        *_mwg_regions(fields, size),
        *_iptc_regions(fields, size),
        *_microsoft_regions(fields),
        *_acdsee_regions(fields),
    ):
        ids = (ident for name in one.whose for ident in known.get(_alike(name), ()))
        yield replace(one, whose=tuple(dict.fromkeys((*one.whose, *ids))))


def _identified(fields: Fields) -> dict[str, list[str]]:
    """The ids that the list of persons gives to each name."""
    found: dict[str, list[str]] = {}
    for person in leaves(fields.get(_DETAILS, [])):
        ids = _short(person.fields.get("Iptc4xmpExt:PersonId", []))
        for name in _short(person.fields.get("Iptc4xmpExt:PersonName", [])):
            found.setdefault(_alike(name), []).extend(ids)
    return found


def _short(*properties: list[Value]) -> tuple[str, ...]:
    """The texts that are no longer than a name, each once."""
    found = (text for values in properties for text, _lang in texts(values))
    return tuple(dict.fromkeys(text for text in found if len(text) <= _MAX_NAME))


def _named(structures: Iterable[Fields]) -> tuple[str, ...]:
    """Names and ids by which the person properties of the IPTC tell who it is."""
    found: list[str] = []
    for fields in structures:
        found += _short(fields.get(_NAMES, []))
        for person in leaves(fields.get(_DETAILS, [])):
            told = person.fields
            names, ids = told.get("Iptc4xmpExt:PersonName"), told.get("Iptc4xmpExt:PersonId")
            found += _short(names or [], ids or []) if told else _short([person])
    return tuple(found)


def _applied(regions: Fields, words: str, prefix: str) -> Size:
    """Width and height of the picture on which regions were drawn (AppliedToDimensions)."""
    for told in structs(regions.get(words, [])):
        return number(told, f"{prefix}:w"), number(told, f"{prefix}:h")
    return None, None


def _whole(size: Size) -> tuple[float, float] | None:
    wide, tall = size
    return (wide, tall) if wide and tall and wide > 0 and tall > 0 else None


def _microsoft_regions(fields: Fields) -> Iterator[Marked]:
    for region in _regions(fields, _MICROSOFT):
        whose = _short(region.get("MPReg:PersonDisplayName", []))
        yield Marked(_microsoft_box(region) or _SOMEWHERE, _MICROSOFT, whose)


def _acdsee_regions(fields: Fields) -> Iterator[Marked]:
    for regions in structs(fields.get(_ACDSEE, [])):
        size = _whole(_applied(regions, "acdsee-rs:AppliedToDimensions", "acdsee-stDim"))
        for region in structs(regions.get("acdsee-rs:RegionList", [])):
            if _may_be_person(first(region, "acdsee-rs:Type")):
                whose = _short(region.get("acdsee-rs:Name", []))
                yield Marked(_acdsee_box(region) or _SOMEWHERE, _ACDSEE, whose, size)


def _microsoft_box(region: Fields) -> Box | None:
    """`x, y, w, h` as fractions from the top left (Microsoft's People Tag schema)."""
    parts = first(region, "MPReg:Rectangle").split(",")
    try:
        x, y, w, h = (float(part) for part in parts)
    except ValueError:
        return None
    return _inside((x, y, w, h), None) if math.isfinite(x + y + w + h) else None


def _acdsee_box(region: Fields) -> Box | None:
    """ACDSee keeps what the detector found (ALG) and what a person drew (DLY), by the centre."""
    for name in ("acdsee-rs:DLYArea", "acdsee-rs:ALGArea"):
        for area in structs(region.get(name, [])):
            x, y, w, h = (number(area, f"acdsee-stArea:{part}") for part in "xywh")
            if x is not None and y is not None and w is not None and h is not None:
                return _inside((x - w / 2, y - h / 2, w, h), None)
    return None


def _mwg_regions(fields: Fields, size: Size) -> Iterator[Marked]:
    """Metadata Working Group regions (MWG 2.0, clause 5.9): faces, given by their centre.

    `size` in pixels is the picture's, for regions in pixels that do not say of what.
    A region without a type counts as a face, and so does one of a type that is not known.
    Persons of the IPTC may stand in `mwg-rs:Extensions`.
    """
    for regions in structs(fields.get(_MWG, [])):
        told = _applied(regions, "mwg-rs:AppliedToDimensions", "stDim")
        applied = told if regions.get("mwg-rs:AppliedToDimensions") else size
        for region in structs(regions.get("mwg-rs:RegionList", [])):
            if _may_be_person(first(region, "mwg-rs:Type")):
                more = _named((region, *structs(region.get("mwg-rs:Extensions", []))))
                whose = (*_short(region.get("mwg-rs:Name", [])), *more)
                yield Marked(_mwg_box(region, applied) or _SOMEWHERE, _MWG, whose, _whole(told))


def _mwg_box(region: Fields, size: Size) -> Box | None:
    for area in structs(region.get("mwg-rs:Area", [])):
        x, y = number(area, "stArea:x"), number(area, "stArea:y")
        w, h = number(area, "stArea:w", "stArea:d"), number(area, "stArea:h", "stArea:d")
        pixels = first(area, "stArea:unit").casefold() == "pixel"
        if x is not None and y is not None and w is not None and h is not None:
            return _inside((x - w / 2, y - h / 2, w, h), size if pixels else None)
    return None


def _iptc_regions(fields: Fields, size: Size) -> Iterator[Marked]:
    """IPTC image regions (Photo Metadata 2021.1) that show a person, as their bounding box."""
    for region in structs(fields.get(_IPTC, [])):
        if _shows_person(region):
            whose = (*_short(region.get("Iptc4xmpExt:Name", [])), *_named((region,)))
            yield Marked(_iptc_box(region, size) or _SOMEWHERE, _IPTC, whose)


def _shows_person(region: Fields) -> bool:
    """Whether it names a person, or its types leave that open; a mere frame has no type."""
    if region.get(_NAMES) or region.get(_DETAILS):
        return True
    kinds = _ends(region, "Iptc4xmpExt:rCtype", "Iptc4xmpExt:RCtype")
    if kinds:
        return any(_may_be_person(kind) for kind in kinds)
    return not any(_FRAME.search(role) for role in _ends(region, "Iptc4xmpExt:rRole"))


def _ends(region: Fields, *names: str) -> list[str]:
    """Identifiers of a region's types or roles; their names where they have none."""
    found: list[str] = []
    for name in names:
        for entity in leaves(region.get(name, [])):
            idents = [t for t, _ in texts(entity.fields.get("xmp:Identifier", []))]
            found += idents or [t for t, _ in texts([entity])]
    return found


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
