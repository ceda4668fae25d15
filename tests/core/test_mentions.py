"""What a photo's own metadata says of people: the strictest of all that its blocks say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core import mentions
from dam.core.facts import PersonFact
from dam.core.model import AgeBand
from dam.core.readings import Field, Metadata, Reading, ReadingValue
from dam.core.record import Region

FACE = (0.1, 0.1, 0.1, 0.1)
OTHER = (0.6, 0.1, 0.1, 0.1)
SOMEWHERE = (0.0, 0.0, 1.0, 1.0)


def told(*readings: tuple[Field, ReadingValue] | tuple[Field, ReadingValue, str]) -> Metadata:
    return Metadata(tuple(Reading(r[0], r[1], r[2] if len(r) == 3 else "xmp:x") for r in readings))


def person(box: tuple[float, float, float, float] | None = None) -> PersonFact:
    region = None if box is None else Region(x=box[0], y=box[1], w=box[2], h=box[3])
    return PersonFact(
        subject=None, age_band=AgeBand.ADULT, age_stated=True, identifiable=True, region=region
    )


@pytest.mark.parametrize(
    ("readings", "people", "minors"),
    [
        ([], 0, 0),
        ([(Field.PERSON, "a"), (Field.PERSON, "b", "xmp-sidecar:x")], 2, 0),
        ([(Field.PERSON, "a"), (Field.PERSON, "a", "xmp-sidecar:x")], 1, 0),
        ([(Field.PERSON, "a"), (Field.PERSON, "a")], 2, 0),
        ([(Field.MODEL_AGE, 9), (Field.MODEL_AGE, 34)], 2, 1),
        ([(Field.MODEL_AGE, 9), (Field.MODEL_AGE, 9, "xmp-sidecar:x")], 1, 1),
        # Two blocks that differ may speak of two children.
        ([(Field.MODEL_AGE, 9), (Field.MODEL_AGE, 12, "xmp-sidecar:x")], 2, 2),
        ([(Field.MODEL_AGE, 18)], 1, 0),
        ([(Field.MINOR_AGE, "AG-UNK")], 1, 1),
        ([(Field.MINOR_AGE, "AG-A25")], 1, 0),
        ([(Field.MINOR_AGE, "25 years")], 1, 1),
        ([(Field.MINOR_AGE, "AG-A25"), (Field.MINOR_AGE, "AG-U14", "xmp-sidecar:x")], 1, 1),
        ([(Field.MODEL_AGE, 34), (Field.MINOR_AGE, "AG-A17")], 1, 1),
        # A release is of somebody; that there is none, or needs to be none, says nothing.
        ([(Field.RELEASE_STATUS, "MR-UMR")], 1, 0),
        ([(Field.RELEASE_STATUS, "MR-LMR")], 1, 0),
        ([(Field.RELEASE_STATUS, "MR-NON")], 0, 0),
        ([(Field.RELEASE_STATUS, "MR-NAP")], 0, 0),
        ([(Field.RELEASE_ID, "C-1"), (Field.RELEASE_ID, "C-2")], 1, 0),
        ([(Field.PERSON_REGION, FACE), (Field.PERSON_REGION, OTHER)], 2, 0),
        ([(Field.PERSON_REGION, FACE), (Field.PERSON_REGION, FACE, "xmp:other list")], 1, 0),
        ([(Field.PERSON_REGION, SOMEWHERE)], 1, 0),
        ([(Field.CAPTION, "two children")], 0, 0),
    ],
)
def test_counts(readings: list[tuple[Field, ReadingValue]], people: int, minors: int) -> None:
    meta = told(*readings)
    assert (mentions.count(meta), mentions.minors(meta)) == (people, minors)
    assert any(map(mentions.of_people, meta.readings)) == (people > 0)


@pytest.mark.parametrize(
    ("boxes", "persons", "counted"),
    [
        # A face on which nobody declared stands is one person more.
        ([OTHER], [person(FACE)], 2),
        ([FACE], [person(FACE)], 1),
        ([FACE, OTHER], [person(FACE)], 2),
        ([OTHER], [person(FACE), person()], 2),
        ([FACE, OTHER, (0.3, 0.6, 0.1, 0.1)], [person(FACE), person()], 3),
        # A body around a face, and a face in a body.
        ([FACE], [person((0.05, 0.05, 0.4, 0.9))], 1),
        ([(0.05, 0.05, 0.4, 0.9)], [person(FACE)], 1),
        # One declared person stands for one face.
        ([FACE, (0.12, 0.1, 0.1, 0.1)], [person((0.0, 0.0, 0.5, 0.5))], 2),
        ([SOMEWHERE], [person(FACE)], 1),
        ([], [person(FACE)], 0),
    ],
)
def test_a_face_where_nobody_declared_stands(
    boxes: list[tuple[float, float, float, float]], persons: list[PersonFact], counted: int
) -> None:
    meta = told(*[(Field.PERSON_REGION, box) for box in boxes])
    assert mentions.count(meta, persons) == counted


@pytest.mark.parametrize(
    ("statuses", "least"),
    [
        (["MR-UMR", "MR-NON"], "MR-NON"),
        (["MR-UMR", "MR-LMR"], "MR-LMR"),
        (["MR-NAP", "MR-UMR"], "MR-NAP"),
        (["MR-UMR", "released"], "released"),
        (["MR-NON", "released"], "MR-NON"),
        (["MR-UMR"], "MR-UMR"),
    ],
)
def test_the_release_status_of_least_use_counts(statuses: list[str], least: str) -> None:
    for order in (statuses, statuses[::-1]):
        meta = told(*[(Field.RELEASE_STATUS, s, f"block {s}") for s in order])
        assert mentions.release_status(meta) == (least, (f"block {least}",))
    assert mentions.release_status(told()) is None


BOXES = st.tuples(*[st.floats(0, 1)] * 4)
READINGS = st.lists(
    st.one_of(
        st.tuples(st.just(Field.PERSON), st.sampled_from("abc")),
        st.tuples(st.just(Field.PERSON_REGION), BOXES),
        st.tuples(st.just(Field.MODEL_AGE), st.integers(0, 40)),
        st.tuples(st.just(Field.MINOR_AGE), st.sampled_from(["AG-UNK", "AG-A25", "x"])),
        st.tuples(st.just(Field.RELEASE_ID), st.sampled_from("ab")),
    ).flatmap(lambda pair: st.sampled_from(["xmp:a", "xmp-sidecar:a"]).map(lambda s: (*pair, s))),
    max_size=6,
)


@given(READINGS, READINGS, st.lists(BOXES.map(person), max_size=3))
def test_more_readings_never_count_less(
    some: list[tuple[Field, ReadingValue, str]],
    more: list[tuple[Field, ReadingValue, str]],
    persons: list[PersonFact],
) -> None:
    few, many = told(*some), told(*some, *more)
    assert mentions.count(few) <= mentions.count(many)
    assert mentions.minors(few) <= mentions.minors(many)
    # What is declared never makes fewer of them.
    assert mentions.count(few) <= mentions.count(few, persons)
