"""What is destroyed is at least what is wanted, and whoever cannot be found is said to be lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dam.core.facts import BoxFact, ClaimFact, FacesFact, Facts, PersonFact
from dam.core.placing import Box, agreed, box_of, claimed, place, same_place, stated
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


def claiming(shown: PersonFact, box: Box, *, written: bool = False) -> PersonFact:
    """The person, of whom one source more says where the face is."""
    known = shown.claims
    if not known and shown.region is not None:
        known = (ClaimFact(region=shown.region, source="a sidecar", written=True),)
    x, y, w, h = box
    new = ClaimFact(region=Region(x=x, y=y, w=w, h=h), source="xmp", written=written)
    claims = (*known, new)
    return shown.model_copy(update={"claims": claims, "region": agreed(claims)})


def with_person(about: Facts, who: int, shown: PersonFact) -> Facts:
    persons = list(about.people.persons)
    persons[who] = shown
    people = about.people.model_copy(update={"persons": tuple(persons)})
    return about.model_copy(update={"people": people})


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


@given(pictures(), st.data())
def test_sources_that_disagree_never_leave_more_to_be_seen(
    asked: tuple[Facts, tuple[Drawn, ...], Wanted], data: st.DataObject
) -> None:
    about, drawn, wanted = asked
    for who, shown in enumerate(about.people.persons):
        if data.draw(st.booleans()):
            about = with_person(about, who, claiming(shown, data.draw(BOXES)))
    known = [who for who, shown in enumerate(about.people.persons) if claimed(shown)]
    if not known:
        return
    who = data.draw(st.sampled_from(known))
    box = data.draw(BOXES)
    disputed = claiming(about.people.persons[who], box, written=data.draw(st.booleans()))
    if disputed.region is not None:
        return
    before = hide(about, drawn, wanted)
    after = hide(with_person(about, who, disputed), drawn, wanted)
    assert boxes(before) <= boxes(after)
    assert before.lost <= after.lost
    if who in wanted.persons:
        assert box in boxes(after)


@given(pictures(), BOXES, st.integers(0, 3))
def test_a_place_told_by_the_metadata_hides_whoever_stands_there(
    asked: tuple[Facts, tuple[Drawn, ...], Wanted], box: Box, who: int
) -> None:
    """Whether it is believed or not, of somebody who is to be hidden it is destroyed."""
    about, drawn, wanted = asked
    if who not in wanted.persons:
        return
    about = with_person(about, who, claiming(about.people.persons[who], box))
    gone = boxes(hide(about, drawn, wanted))
    shown = about.people.persons[who]
    if shown.region is None or box_of(shown.region) == box:
        assert box in gone
        assert set(place(about.people.persons, about.faces).at(box)) <= gone


def test_a_place_that_only_the_metadata_tells_counts_where_a_face_was_found() -> None:
    left, right = (0.1, 0.2, 0.1, 0.1), (0.5, 0.2, 0.1, 0.1)
    two = [claiming(at("S-1"), left), at("S-2")]
    found = hide(picture(two, [left, right]), (), Wanted({0: ("rule",)}))
    assert boxes(found) == {left}
    assert found.hidden == {0}
    # By nothing but an old mark nobody knows where the face is that was found.
    assert hide(picture(two, [right]), (), Wanted({0: ("rule",)})).lost == {0}
    written = [at("S-1", left), at("S-2")]
    assert hide(picture(written, [right]), (), Wanted({0: ("rule",)})).lost == set()


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
