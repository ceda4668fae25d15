"""Whose face a region in the photo's own metadata marks: a declared subject's, or nobody's.

A region is somebody's only where a name or id in it is the pseudonym under which a sidecar
declares that person (`S-0147`), without regard to case. Other names say of nobody declared where
the person stands: they still count as people who are shown (`dam.core.mentions`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from dam.core.facts import ClaimFact
from dam.core.placing import tells
from dam.core.readings import Field, Metadata, Reading
from dam.core.record import Region

#: Digits of a face's place: less than a pixel of the largest picture that is read.
PLACES = 5
#: The sides of a picture may differ so much from those of the one that was marked, of 1: a
#: smaller copy is rounded to whole pixels. What differs more was cropped since, or turned.
_ROUNDED = 0.02


def claims(
    meta: Metadata, subjects: Iterable[str], size: tuple[int, int]
) -> dict[str, tuple[ClaimFact, ...]]:
    """What the metadata says of where each of these subjects is. `size`: upright pixels.

    A region that bears several subjects is claimed for each of them. One that was drawn on a
    picture of another shape (MWG 2.0, clause 5.9, AppliedToDimensions) tells no place.
    """
    known: dict[str, list[str]] = {}
    for subject in subjects:
        known.setdefault(_alike(subject), []).append(subject)
    found: dict[str, dict[ClaimFact, None]] = {}
    for reading in meta.readings:
        region = _region(reading, size)
        if region is None:
            continue
        meant = {_alike(name) for name in reading.whose} & known.keys()
        for subject in sorted(s for name in meant for s in known[name]):
            found.setdefault(subject, {})[ClaimFact(region=region, source=reading.source)] = None
    return {subject: tuple(told) for subject, told in found.items()}


def _region(reading: Reading, size: tuple[int, int]) -> Region | None:
    """The place that a reading of a person's region tells; None where it tells none."""
    if reading.field is not Field.PERSON_REGION or not isinstance(reading.value, tuple):
        return None
    if reading.drawn_on is not None and not _same_shape(reading.drawn_on, size):
        return None
    x, y, w, h = (round(part, PLACES) for part in reading.value)
    region = Region(x=x, y=y, w=w, h=h)
    return region if tells(region) else None


def _same_shape(one: tuple[float, float], other: tuple[float, float]) -> bool:
    (w, h), (wide, tall) = one, other
    return abs(w * tall - h * wide) <= _ROUNDED * max(w * tall, h * wide)


def _alike(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
