"""The chain of the ledger: one spelling, and no change that goes unseen."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dam.core import chain
from dam.core.rows import EventRow

_words = st.text(max_size=12)
_values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=8,
)
_bodies: st.SearchStrategy[dict[str, object]] = st.dictionaries(_words, _values, max_size=4)


def _sealed(bodies: list[dict[str, object]]) -> list[EventRow]:
    rows: list[EventRow] = []
    prev = chain.GENESIS
    for seq, body in enumerate(bodies, 1):
        at = datetime(2021, 11, 18, 9, 30, tzinfo=UTC) + timedelta(minutes=seq)
        digest = chain.seal(prev, seq, f"e{seq}", chain.instant(at), "decided", "a1", body)
        rows.append(EventRow(seq, f"e{seq}", at, "decided", "a1", body, prev, digest))
        prev = digest
    return rows


_ledgers = st.lists(_bodies, min_size=1, max_size=6).map(_sealed)


def _end(rows: list[EventRow]) -> tuple[int, str]:
    return rows[-1].seq, rows[-1].hash


def test_the_example_of_rfc_8785_without_its_fractions() -> None:
    value = {
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert chain.canonical(value) == (
        '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()
    )


def test_keys_are_sorted_as_rfc_8785_sorts_them() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    ordered = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(chain.canonical(dict.fromkeys(keys, 0)))) == ordered


@given(_values)
def test_canonical_json_says_the_same_and_is_stable(value: object) -> None:
    written = chain.canonical(value)
    assert json.loads(written) == value
    assert chain.canonical(json.loads(written)) == written


def test_tuples_are_lists() -> None:
    assert chain.canonical((1, ("a",))) == b'[1,["a"]]'


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        float("nan"),
        2**53,
        -(2**53),
        {1: "a"},
        {None: 1},
        b"a",
        {"a": {1}},
        "\ud800",
        {"\udfff": 1},
    ],
)
def test_what_has_no_single_spelling_is_refused(value: object) -> None:
    with pytest.raises(chain.Uncanonical):
        chain.canonical(value)


def test_depth_is_bounded() -> None:
    value: object = 0
    for _ in range(chain.MAX_DEPTH):
        value = [value]
    chain.canonical(value)
    with pytest.raises(chain.Uncanonical):
        chain.canonical([value])
    for _ in range(100_000):
        value = [value]
    with pytest.raises(chain.Uncanonical):
        chain.canonical(value)


def test_instants_are_written_in_utc() -> None:
    morocco = timezone(timedelta(hours=1))
    assert chain.instant(datetime(2021, 11, 18, 10, tzinfo=morocco)) == (
        "2021-11-18T09:00:00.000000+00:00"
    )
    with pytest.raises(chain.Uncanonical):
        chain.instant(datetime(2021, 11, 18, 10))  # noqa: DTZ001
    with pytest.raises(chain.Uncanonical):
        chain.instant(datetime.min.replace(tzinfo=morocco))


def test_a_seal_is_what_it_was() -> None:
    """Ledgers outlive versions: this value may never change."""
    body = '"body":{"n":1}'
    text = (
        f'{{"at":"2021-11-18T09:00:00.000000+00:00",{body},"id":"e1","prev":"p",'
        '"schema":"dam/event/1","seq":1,"subject":"a1","type":"decided"}'
    )
    sealed = chain.seal("p", 1, "e1", "2021-11-18T09:00:00.000000+00:00", "decided", "a1", {"n": 1})
    assert sealed == hashlib.sha256(text.encode()).hexdigest()


@given(_ledgers)
def test_a_whole_chain_has_no_problem(rows: list[EventRow]) -> None:
    assert chain.check(rows, _end(rows)) == ()
    assert chain.check(iter(rows)) == ()


def test_an_empty_chain_has_no_problem_and_its_own_end() -> None:
    assert chain.check([]) == ()
    assert chain.check([], (0, chain.GENESIS)) == ()
    assert chain.check([], (1, "0" * 64))


@given(_ledgers, st.data())
def test_every_altered_field_is_found(rows: list[EventRow], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from([field.name for field in dataclasses.fields(EventRow)]))
    was = getattr(rows[place], name)
    if isinstance(was, int):
        changed: object = was + data.draw(st.integers(1, 9))
    elif isinstance(was, datetime):
        changed = was + timedelta(microseconds=1)
    elif isinstance(was, dict):
        changed = data.draw(_bodies)
    else:
        changed = data.draw(_words)
    assume(type(changed) is not type(was) or changed != was)
    altered = [*rows]
    altered[place] = dataclasses.replace(rows[place], **{name: changed})  # type: ignore[arg-type]
    problems = chain.check(altered, _end(rows))
    assert problems
    assert any(f"event {altered[place].seq}:" in problem for problem in problems)


@given(_ledgers, st.data())
def test_removed_swapped_and_inserted_events_are_found(
    rows: list[EventRow], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    other = data.draw(st.integers(0, len(rows) - 1))
    assert chain.check([*rows[:place], *rows[place + 1 :]], _end(rows))
    assert chain.check([*rows[:place], rows[other], *rows[place:]], _end(rows))
    if place != other:
        swapped = [*rows]
        swapped[place], swapped[other] = rows[other], rows[place]
        assert chain.check(swapped, _end(rows))


def test_a_cut_end_is_found_only_by_who_knows_the_end() -> None:
    rows = _sealed([{}, {}, {}])
    assert chain.check(rows[:2]) == ()
    assert chain.check(rows[:2], _end(rows)) == (
        "event 3: the ledger does not end where it was last seen to end",
    )


def test_true_in_place_of_one_is_found() -> None:
    """Python takes True for 1; the seal does not."""
    rows = _sealed([{"n": 1}])
    altered = dataclasses.replace(rows[0], body={"n": True})
    assert chain.check([altered])


def test_what_no_event_can_hold_is_a_problem_not_an_error() -> None:
    rows = _sealed([{}, {}])
    rows[0] = dataclasses.replace(rows[0], body={"x": 0.5})
    assert chain.check(rows) == ("event 1: holds something that no event can hold",)


def test_the_list_of_problems_is_bounded() -> None:
    row = _sealed([{}])[0]
    problems = chain.check(row for _ in range(10_000))
    assert len(problems) == chain.MAX_PROBLEMS + 1
