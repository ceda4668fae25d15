"""Which found face belongs to which declared person, by the regions that people state.

No picture is compared with another: a face is somebody's only because a sidecar, or a region in
the metadata that bears the person's pseudonym, says that this person stands there. Whatever could
mean two is left open: such a face is nobody's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from dam.core.facts import BoxFact, ClaimFact, FacesFact, PersonFact
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


def tells(region: Region | None) -> bool:
    """Whether a region says where somebody is, and not only that somebody is shown."""
    if region is None or region.w <= 0 or region.h <= 0:
        return False
    return min(region.w, region.h) < _SOMEWHERE


def stated(person: PersonFact) -> Box | None:
    """Where the person's face is, as far as sources say and agree; else None."""
    region = person.region
    return box_of(region) if region is not None and tells(region) else None


def claimed(person: PersonFact) -> tuple[Box, ...]:
    """Every place at which any source says that the person's face is."""
    told = [claim.region for claim in person.claims]
    if not told and person.region is not None:
        told = [person.region]
    return tuple(dict.fromkeys(box_of(region) for region in told if tells(region)))


def written(person: PersonFact) -> bool:
    """Whether a person, and not the metadata alone, says where the face is."""
    return not person.claims or any(
        claim.written and tells(claim.region) for claim in person.claims
    )


def agreed(claims: Sequence[ClaimFact]) -> Region | None:
    """Where all claims about one person say that the face is; None where two mean two places.

    The nearest of those that people wrote, else the smallest. Of claims that tell no place one
    stands for all.
    """
    placed = [claim for claim in claims if tells(claim.region)]
    if not placed:
        return claims[0].region if claims else None
    pairs = combinations((box_of(claim.region) for claim in placed), 2)
    if not all(same_place(one, other) for one, other in pairs):
        return None
    by_people = [claim.region for claim in placed if claim.written]
    return by_people[0] if by_people else min((c.region for c in placed), key=_size)


def _size(region: Region) -> tuple[float, Box]:
    return region.w * region.h, box_of(region)


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
    """Find the faces of those who can be recognised: one person, one region, one face, or none.

    A face at which any source places somebody else as well is nobody's.
    """
    known = faces.count is not None and faces.count == len(faces.boxes)
    boxes = tuple(map(box_of, faces.boxes)) if known else ()
    shown = [(who, person) for who, person in enumerate(people) if person.identifiable]
    at = {who: region for who, person in shown if (region := stated(person)) is not None}
    pairs = [
        (who, which)
        for who, region in at.items()
        for which, box in enumerate(boxes)
        if same_place(region, box)
    ]
    faces_of = Counter(who for who, _ in pairs)
    claims = [(who, claimed(person)) for who, person in shown]
    wanted = {
        which: {who for who, places in claims if any(same_place(p, box) for p in places)}
        for which, box in enumerate(boxes)
    }
    own = {who: n for who, n in pairs if faces_of[who] == 1 and wanted[n] == {who}}
    return Placed(boxes if known else None, own)
