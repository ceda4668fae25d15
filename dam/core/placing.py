"""Which found face belongs to which declared person, by the regions that people state.

No picture is compared with another: a face is somebody's only because a sidecar says that this
person stands there. Whatever could mean two is left open: such a face is nobody's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dam.core.facts import BoxFact, FacesFact, PersonFact
from dam.core.record import Region

Box = tuple[float, float, float, float]

#: Of the smaller of two rectangles at least so much lies in the other, or they are two places.
#: People draw boxes of faces and of heads with shoulders; neighbours in a group hardly overlap.
SHARED = 0.5
#: A region as large as the picture says that somebody is shown, and not where.
_SOMEWHERE = 0.98


def box_of(place: Region | BoxFact) -> Box:
    """x, y, w, h as fractions of the upright picture, from top left."""
    return place.x, place.y, place.w, place.h


def stated(person: PersonFact) -> Box | None:
    """Where a sidecar says that the person's face is; None where it does not."""
    region = person.region
    if region is None or region.w <= 0 or region.h <= 0:
        return None
    return None if min(region.w, region.h) >= _SOMEWHERE else box_of(region)


def same_place(one: Box, other: Box) -> bool:
    """Whether two rectangles mean the same place, see SHARED."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    smaller = min(one[2] * one[3], other[2] * other[3])
    return across > 0 and down > 0 and across * down >= SHARED * smaller > 0


@dataclass(frozen=True, slots=True)
class Placed:
    """`faces` are the boxes found, None where nobody knows them; `own` maps the place of a person

    among the declared ones to the place of that person's box.
    """

    faces: tuple[Box, ...] | None
    own: dict[int, int]

    @property
    def free(self) -> tuple[Box, ...]:
        """The boxes that belong to nobody for certain."""
        taken = set(self.own.values())
        return tuple(box for n, box in enumerate(self.faces or ()) if n not in taken)

    def at(self, place: Box) -> tuple[Box, ...]:
        """The boxes found at that place."""
        return tuple(box for box in self.faces or () if same_place(box, place))


def place(people: Sequence[PersonFact], faces: FacesFact) -> Placed:
    """Find the faces of those who can be recognised: one person, one region, one face, or none."""
    known = faces.count is not None and faces.count == len(faces.boxes)
    boxes = tuple(map(box_of, faces.boxes)) if known else ()
    pairs = [
        (who, which)
        for who, person in enumerate(people)
        if person.identifiable and (region := stated(person)) is not None
        for which, box in enumerate(boxes)
        if same_place(region, box)
    ]
    return Placed(boxes if known else None, dict(_alone(pairs)))


def _alone(pairs: Sequence[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    persons = Counter(who for who, _ in pairs)
    boxes = Counter(which for _, which in pairs)
    return ((who, which) for who, which in pairs if persons[who] == boxes[which] == 1)
