"""Which rectangles of a picture are destroyed so that somebody's face is not shown.

Rules say whose faces (`Wanted`), regions drawn by hand come on top. A face that cannot be told
from others goes together with all of them, if it is surely among them; else the face is lost:
nobody knows where it is, and no picture may be approved as if it were hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dam.core.facts import Facts
from dam.core.model import Redaction
from dam.core.placing import Box, Placed, claimed, place, stated, written

#: The facts that come of what is destroyed. A rule that obliges it cannot ask for them.
FOLLOWING = frozenset({("person", "face"), ("person", "pillars"), ("faces", "others")})
#: What such a fact says of a face that is destroyed.
REDACTED = "redacted"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A region drawn by hand: destroyed for every purpose, whatever the rules say.

    `box` is x, y, w, h as fractions of the upright picture, from top left; `subject` whose face
    lies in it, "" where nobody said; `by` the role that drew it.
    """

    id: str
    box: Box
    subject: str = ""
    by: str = ""

    def body(self) -> list[object]:
        """All that decides what it destroys."""
        return [self.id, list(self.box), self.subject]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom rules want hidden: by the place among the declared people, and everybody else.

    Each with the ids of these rules; `others` are all faces that are no declared person's.
    """

    persons: Mapping[int, Sequence[str]] = field(default_factory=dict)
    others: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Hiding:
    """What is destroyed; `hidden` and `lost` are places among the declared people.

    `others`: every face that is no declared person's is destroyed; None: that is wanted, but
    nobody knows where the faces are.
    """

    redactions: tuple[Redaction, ...] = ()
    hidden: frozenset[int] = frozenset()
    lost: frozenset[int] = frozenset()
    others: bool | None = False


NOTHING = Hiding()


def hide(facts: Facts, drawn: Sequence[Drawn], wanted: Wanted) -> Hiding:
    """Find what must be destroyed. Total: whoever cannot be found is `lost`."""
    if not drawn and not wanted.persons and not wanted.others:
        return NOTHING
    return _Search(facts, drawn, wanted).hiding()


class _Search:
    def __init__(self, facts: Facts, drawn: Sequence[Drawn], wanted: Wanted) -> None:
        self.people = facts.people.persons
        self.placed: Placed = place(self.people, facts.faces)
        self.drawn = drawn
        self.wanted = wanted
        self.marked = {d.subject for d in drawn if d.subject}
        self.found: dict[tuple[Box, str], set[str]] = {}

    def hiding(self) -> Hiding:
        for region in self.drawn:
            for box in (region.box, *self.placed.at(region.box)):
                self._destroy(box, region.subject, [region.id])
        hidden: set[int] = set()
        among: set[int] = set()
        lost: set[int] = set()
        for who, rules in sorted(self.wanted.persons.items()):
            state = self._person(who, rules)
            if state is not None:
                {"hidden": hidden, "among": among, "lost": lost}[state].add(who)
        self._free(among)
        others: bool | None = bool(self.wanted.others)
        if others and self.placed.faces is None:
            others = None
        for box in self.placed.free if others else ():
            self._destroy(box, "", self.wanted.others)
        return Hiding(
            tuple(
                Redaction(*box, subject=whose, why=tuple(sorted(why)))
                for (box, whose), why in sorted(self.found.items())
            ),
            frozenset(hidden | among),
            frozenset(lost),
            others,
        )

    def _destroy(self, box: Box, whose: str, why: Iterable[str]) -> None:
        self.found.setdefault((box, whose), set()).update(why)

    def _person(self, who: int, rules: Sequence[str]) -> str | None:
        """hidden; among the faces that are nobody's; lost; None where no face can be seen."""
        person = self.people[who]
        whose = person.subject or f"person-{who + 1}"
        region = stated(person)
        # Where sources disagree, it is none of these places for certain, and may be any.
        for told in (region,) if region is not None else claimed(person):
            for box in (told, *self.placed.at(told)):
                self._destroy(box, whose if region is not None else "", rules)
        if person.subject in self.marked:
            for drawn in self.drawn:
                if drawn.subject == person.subject:
                    self._destroy(drawn.box, whose, rules)
            return "hidden"
        if not person.identifiable:
            return None
        if who in self.placed.own:
            return "hidden"
        # A place that only the metadata tells, and where no face was found, may be an old one.
        sure = region is not None and written(person)
        if self.placed.faces is None or not (sure or self._surely_among()):
            return "lost"
        return "among"

    def _surely_among(self) -> bool:
        """Whether as many faces are left over as there are people whose face is not known."""
        unknown = sum(
            person.identifiable and who not in self.placed.own and person.subject not in self.marked
            for who, person in enumerate(self.people)
        )
        taken = {b for d in self.drawn if d.subject for b in self.placed.at(d.box)}
        return len([box for box in self.placed.free if box not in taken]) >= unknown

    def _free(self, among: set[int]) -> None:
        """Destroy every face that may be that of one of these people."""
        free = self.placed.free if among else ()
        one = len(free) == len(among) == 1
        for box in free:
            for who in among:
                whose = (self.people[who].subject or f"person-{who + 1}") if one else ""
                self._destroy(box, whose, self.wanted.persons[who])


def applied(variables: dict[str, object], hiding: Hiding) -> dict[str, object]:
    """The facts as rules see them (`dam.core.view`) once that is destroyed."""
    if not hiding.hidden and not hiding.others:
        return variables
    persons, faces = variables["persons"], variables["faces"]
    assert isinstance(persons, list)
    assert isinstance(faces, dict)
    return {
        **variables,
        "persons": [
            _without_face(seen) if who in hiding.hidden else seen
            for who, seen in enumerate(persons)
        ],
        "faces": {**faces, "others": REDACTED} if hiding.others else faces,
    }


def _without_face(person: dict[str, object]) -> dict[str, object]:
    changed = dict(person)
    if changed.get("face") == "visible":
        changed["face"] = REDACTED
    pillars = changed.get("pillars")
    if isinstance(pillars, list):
        changed["pillars"] = [pillar for pillar in pillars if pillar != "face"]
    return changed
