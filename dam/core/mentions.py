"""How many people, and minors, the photo's own metadata speaks of: the strictest reading of it.

Several blocks tell of the same people, so what each says is not added up; but whoever one of
them names, or shows where nobody declared stands, is somebody. A release proves nothing about
who may be published: that there is one only tells that somebody is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from dam.core.facts import PersonFact
from dam.core.placing import written
from dam.core.readings import Field, Metadata, Reading
from dam.core.record import Region

#: PLUS codes (MinorModelAgeDisclosure) that say the youngest person is an adult.
ADULT_AGE_CODES = frozenset({f"AG-A{age}" for age in range(18, 26)})
#: PLUS codes (ModelReleaseStatus) for pictures of people who signed something.
_RELEASED = frozenset({"MR-UMR", "MR-LMR"})
#: Of no use first. A status that is not known is next to none at all.
_RELEASES = ("MR-NON", "", "MR-NAP", "MR-LMR", "MR-UMR")
_OF_PEOPLE = frozenset(
    {Field.PERSON, Field.PERSON_REGION, Field.MODEL_AGE, Field.MINOR_AGE, Field.RELEASE_ID}
)
#: A region that says that somebody is shown, and not where.
_SOMEWHERE = (0.0, 0.0, 1.0, 1.0)
_ADULT_AT = 18

Box = tuple[float, float, float, float]


def of_people(reading: Reading) -> bool:
    """Whether the reading tells of people in the picture."""
    signed = reading.field is Field.RELEASE_STATUS and reading.value in _RELEASED
    return signed or reading.field in _OF_PEOPLE


def count(meta: Metadata, persons: Sequence[PersonFact] = ()) -> int:
    """How many people the metadata speaks of, as far as that exceeds what anybody declared.

    `persons` are the declared ones. Where a face is marked on which none of them stands, there
    is one more than those of them who stand elsewhere.
    """
    named = [r for r in meta.readings if r.field is Field.PERSON]
    regions = [r for r in meta.readings if r.field is Field.PERSON_REGION]
    placed = [(p.region, written(p)) for p in persons if p.region is not None]
    return max(
        len({r.value for r in named}),
        _most(named),
        _most(regions),
        _more(regions, [region for region, _ in placed]),
        # What the metadata itself places does not make less of what it marks.
        _more(regions, [region for region, by_people in placed if by_people]),
        sum(_ages(meta).values()),
        int(any(of_people(r) for r in meta.readings)),
    )


def _more(regions: Sequence[Reading], placed: Sequence[Region]) -> int:
    """How many stand in `placed` and on what is marked beside them; 0 where nothing is."""
    by_source = _by_source(regions).values()
    beside = max((_beside(boxes, placed) for boxes in by_source), default=0)
    return len(placed) + beside if beside else 0


def minors(meta: Metadata) -> int:
    """How many of them are, or may be, minors; an age code that is not known may be a minor's."""
    young = sum(number for age, number in _ages(meta).items() if age < _ADULT_AT)
    codes = [r for r in meta.readings if r.field is Field.MINOR_AGE]
    return max(young, int(any(r.value not in ADULT_AGE_CODES for r in codes)))


def release_status(meta: Metadata) -> tuple[str, tuple[str, ...]] | None:
    """The release status of least use that any block states, with its sources."""
    told = [r for r in meta.readings if r.field is Field.RELEASE_STATUS]
    if not told:
        return None
    rank = {code: place for place, code in enumerate(_RELEASES)}
    least = min((str(r.value) for r in told), key=lambda code: rank.get(code, rank[""]))
    return least, tuple(r.source for r in told if r.value == least)


def _most(readings: Iterable[Reading]) -> int:
    """How many readings the source has that has most."""
    return max(Counter(r.source for r in readings).values(), default=0)


def _ages(meta: Metadata) -> Counter[int]:
    """Each stated age, as often as the source states it that does so most often."""
    by_source: dict[str, Counter[int]] = {}
    for reading in meta.readings:
        if reading.field is Field.MODEL_AGE and isinstance(reading.value, int):
            by_source.setdefault(reading.source, Counter())[reading.value] += 1
    found: Counter[int] = Counter()
    for ages in by_source.values():
        found |= ages
    return found


def _by_source(regions: Iterable[Reading]) -> dict[str, list[Box]]:
    found: dict[str, list[Box]] = {}
    for reading in regions:
        if isinstance(reading.value, tuple) and reading.value != _SOMEWHERE:
            found.setdefault(reading.source, []).append(reading.value)
    return found


def _beside(boxes: Iterable[Box], placed: Iterable[Region]) -> int:
    """How many faces are marked where no declared person stands, each standing for one face."""
    free = list(placed)
    left = 0
    for box in boxes:
        taken = next((n for n, region in enumerate(free) if _same_place(box, region)), None)
        if taken is None:
            left += 1
        else:
            del free[taken]
    return left


def _same_place(box: Box, region: Region) -> bool:
    """Whether the middle of one lies in the other: people draw boxes of faces and of bodies."""
    other = (region.x, region.y, region.w, region.h)
    return _middle_in(box, other) or _middle_in(other, box)


def _middle_in(one: Box, other: Box) -> bool:
    x, y = one[0] + one[2] / 2, one[1] + one[3] / 2
    return other[0] <= x <= other[0] + other[2] and other[1] <= y <= other[1] + other[3]
