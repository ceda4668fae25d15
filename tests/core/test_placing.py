"""Faces belong to people only where their regions say so, and never to two."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from dam.core.facts import BoxFact, FacesFact, PersonFact
from dam.core.placing import place, same_place
from dam.core.record import Region
from tests.core.dossiers import person

FRACTIONS = st.integers(0, 20).map(lambda n: n / 20)
SIDES = st.integers(1, 20).map(lambda n: n / 20)
BOXES = st.builds(
    lambda x, y, w, h: (x, y, min(w, 1 - x), min(h, 1 - y)), FRACTIONS, FRACTIONS, SIDES, SIDES
)


def shown(*boxes: tuple[float, float, float, float] | None) -> list[PersonFact]:
    return [
        person(f"S-{number}").model_copy(
            update={"region": box and Region(x=box[0], y=box[1], w=box[2], h=box[3])}
        )
        for number, box in enumerate(boxes, 1)
    ]


def found(*boxes: tuple[float, float, float, float]) -> FacesFact:
    kept = [BoxFact(x=x, y=y, w=w, h=h, score=0.9) for x, y, w, h in boxes]
    return FacesFact(count=len(kept), boxes=tuple(kept))


LEFT, RIGHT = (0.1, 0.2, 0.1, 0.15), (0.6, 0.2, 0.1, 0.15)
HEAD_AND_SHOULDERS = (0.05, 0.1, 0.2, 0.5)


def test_each_region_takes_the_face_in_it() -> None:
    placed = place(shown(RIGHT, HEAD_AND_SHOULDERS), found(LEFT, RIGHT))
    assert placed.own == {0: 1, 1: 0}
    assert placed.free == ()


def test_without_a_region_nobody_has_a_face() -> None:
    placed = place(shown(None), found(LEFT))
    assert (placed.own, placed.free) == ({}, (LEFT,))


def test_what_could_mean_two_is_left_open() -> None:
    assert place(shown((0, 0, 0.9, 0.9)), found(LEFT, RIGHT)).own == {}
    assert place(shown(LEFT, HEAD_AND_SHOULDERS), found(LEFT)).own == {}
    assert place(shown((0, 0, 1, 1)), found(LEFT)).own == {}


def test_who_cannot_be_recognised_takes_no_face() -> None:
    (hidden,) = shown(LEFT)
    placed = place([hidden.model_copy(update={"identifiable": False})], found(LEFT))
    assert placed.free == (LEFT,)


def test_boxes_that_nobody_kept_are_not_no_faces() -> None:
    assert place(shown(LEFT), FacesFact(count=1)).faces is None
    assert place(shown(LEFT), FacesFact()).faces is None
    assert place(shown(LEFT), FacesFact(count=0)).faces == ()


@given(BOXES, BOXES)
def test_same_place_goes_both_ways(one: tuple[float, ...], other: tuple[float, ...]) -> None:
    a, b = (one[0], one[1], one[2], one[3]), (other[0], other[1], other[2], other[3])
    assert same_place(a, b) == same_place(b, a)


@given(st.lists(st.none() | BOXES, max_size=5), st.lists(BOXES, max_size=6))
def test_no_face_is_given_away_twice_and_none_is_lost(
    regions: list[tuple[float, float, float, float] | None],
    boxes: list[tuple[float, float, float, float]],
) -> None:
    people, faces = shown(*regions), found(*boxes)
    placed = place(people, faces)
    assert len(set(placed.own.values())) == len(placed.own)
    assert len(placed.free) + len(placed.own) == len(boxes)
    for who, which in placed.own.items():
        region = regions[who]
        assert region is not None
        assert same_place(region, boxes[which])


@given(st.lists(st.none() | BOXES, max_size=4), st.lists(BOXES, max_size=4))
def test_the_order_of_people_and_faces_does_not_matter(
    regions: list[tuple[float, float, float, float] | None],
    boxes: list[tuple[float, float, float, float]],
) -> None:
    own = place(shown(*regions), found(*boxes)).own
    told = {(regions[who], boxes[which]) for who, which in own.items()}
    for turned in itertools.islice(itertools.permutations(range(len(boxes))), 4):
        again = place(shown(*reversed(regions)), found(*(boxes[n] for n in turned))).own
        mixed = [boxes[n] for n in turned]
        back = list(reversed(regions))
        assert {(back[who], mixed[which]) for who, which in again.items()} == told
