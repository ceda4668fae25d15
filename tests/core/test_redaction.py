"""What is destroyed is at least what is wanted, and whoever cannot be found is said to be lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dam.core.facts import BoxFact, FacesFact, Facts, PersonFact
from dam.core.placing import Box, same_place, stated
from dam.core.record import Region
from dam.core.redaction import NOTHING, Drawn, Hiding, Wanted, hide
from tests.core.dossiers import faces, facts, person

_TENTHS = st.integers(0, 8).map(lambda n: n / 10)
BOXES: st.SearchStrategy[Box] = st.tuples(
    _TENTHS, _TENTHS, st.sampled_from([0.1, 0.2]), st.sampled_from([0.1, 0.2])
)
FOUND = st.lists(BOXES, max_size=5, unique=True)


def at(subject: str | None, box: Box | None = None, *, seen: bool = True) -> PersonFact:
    region = box and Region(x=box[0], y=box[1], w=box[2], h=box[3])
    return person(subject, identifiable=seen).model_copy(update={"region": region})


def picture(people: list[PersonFact], found: list[Box] | None) -> Facts:
    boxes = [BoxFact(x=x, y=y, w=w, h=h, score=0.9) for x, y, w, h in found or ()]
    kept = FacesFact(count=len(boxes), boxes=tuple(boxes)) if found is not None else FacesFact()
    return facts(*people).model_copy(update={"faces": kept})


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Facts, tuple[Drawn, ...], Wanted]:
    found = draw(st.none() | FOUND)
    regions = st.none() | BOXES | (st.sampled_from(found) if found else st.none())
    people = [
        at(draw(st.sampled_from([f"S-{n}", None])), draw(regions), seen=draw(st.booleans()))
        for n in range(draw(st.integers(0, 4)))
    ]
    drawn = tuple(
        Drawn(f"R-{n}", draw(BOXES), draw(st.sampled_from(["", "S-0", "S-1"])))
        for n in range(draw(st.integers(0, 2)))
    )
    whom = draw(st.sets(st.sampled_from(range(len(people))))) if people else set()
    others = draw(st.sampled_from([(), ("others",)]))
    return picture(people, found), drawn, Wanted(dict.fromkeys(whom, ("rule",)), others)


def boxes(hiding: Hiding) -> set[Box]:
    return {(r.x, r.y, r.w, r.h) for r in hiding.redactions}


@given(pictures())
def test_whoever_is_wanted_is_hidden_or_lost_or_has_no_face_to_be_seen(
    asked: tuple[Facts, tuple[Drawn, ...], Wanted],
) -> None:
    about, drawn, wanted = asked
    hiding = hide(about, drawn, wanted)
    gone = boxes(hiding)
    assert not hiding.hidden & hiding.lost
    for who in wanted.persons:
        shown = about.people.persons[who]
        if shown.identifiable:
            assert who in hiding.hidden | hiding.lost
        if (region := stated(shown)) is not None:
            assert region in gone
    assert hiding.hidden | hiding.lost <= set(wanted.persons)
    assert {d.box for d in drawn} <= gone
    assert hiding.others in ((True, None) if wanted.others else (False,))


@given(pictures())
def test_a_face_stays_only_where_it_is_somebody_elses_or_everybody_is_placed(
    asked: tuple[Facts, tuple[Drawn, ...], Wanted],
) -> None:
    """Of a hidden person without a place, every face goes that may be this person's."""
    about, drawn, wanted = asked
    hiding = hide(about, drawn, wanted)
    named = {d.subject for d in drawn}
    people = about.people.persons
    loose = [
        who
        for who in hiding.hidden
        if people[who].subject not in named and people[who].region is None
    ]
    if not loose and not hiding.others:
        return
    for box in about.faces.boxes:
        place = box.x, box.y, box.w, box.h
        if place not in boxes(hiding):
            owners = [p for p in people if (r := stated(p)) and same_place(r, place)]
            assert len([p for p in owners if p.identifiable]) == 1


@given(pictures(), st.integers(0, 3))
def test_wanting_one_more_never_leaves_more_to_be_seen(
    asked: tuple[Facts, tuple[Drawn, ...], Wanted], who: int
) -> None:
    about, drawn, wanted = asked
    if who >= len(about.people.persons):
        return
    more = Wanted({**wanted.persons, who: ("rule",)}, wanted.others)
    before, after = hide(about, drawn, wanted), hide(about, drawn, more)
    assert boxes(before) <= boxes(after)
    assert before.lost <= after.lost


@given(pictures())
def test_it_is_the_same_again_and_nothing_for_nobody(
    asked: tuple[Facts, tuple[Drawn, ...], Wanted],
) -> None:
    about, drawn, wanted = asked
    assert hide(about, drawn, wanted) == hide(about, tuple(reversed(drawn)), wanted)
    assert hide(about, (), Wanted()) == NOTHING


def test_a_face_partly_under_a_region_drawn_by_hand_goes_as_a_whole() -> None:
    about = picture([at("S-1")], [(0.4, 0.4, 0.2, 0.2)])
    hiding = hide(about, (Drawn("R-1", (0.45, 0.4, 0.2, 0.2)),), Wanted())
    assert boxes(hiding) == {(0.45, 0.4, 0.2, 0.2), (0.4, 0.4, 0.2, 0.2)}


def test_the_only_face_is_the_only_persons() -> None:
    (one,) = hide(facts(person()), (), Wanted({0: ("rule",)})).redactions
    assert (one.subject, one.why) == ("S-1", ("rule",))


def test_as_many_faces_as_people_must_be_left() -> None:
    two = facts(person("S-1"), person("S-2"))
    both = hide(two, (), Wanted({0: ("rule",)}))
    assert len(both.redactions) == 2
    assert {r.subject for r in both.redactions} == {""}
    one = hide(two.model_copy(update={"faces": faces(1)}), (), Wanted({0: ("rule",)}))
    assert one.lost == {0}
