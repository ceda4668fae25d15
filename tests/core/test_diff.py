"""What changed between two audits, held against the audits themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core.diff import Change, Compared, Noted, Side, What, compare
from dam.core.findings import Severity
from dam.core.model import Disposition
from dam.core.report import Kind

IDS = [f"a{number}" for number in range(8)]
ROWS = st.dictionaries(
    st.sampled_from(IDS),
    st.builds(
        Compared,
        asset=st.just(""),
        disposition=st.sampled_from(Disposition),
        kinds=st.frozensets(st.sampled_from([Kind.EXPIRED, Kind.EMBARGO, Kind.HELD]), max_size=2),
        consents=st.frozensets(st.sampled_from(["C-1", "C-2", "C-3"]), max_size=2),
        until=st.sampled_from([None, date(2027, 1, 1), date(2027, 1, 2)]),
    ),
).map(lambda found: [replace(row, asset=name) for name, row in sorted(found.items())])
NOTED = st.lists(
    st.builds(
        Noted,
        kind=st.sampled_from([Kind.EXPIRED, Kind.HELD, Kind.INTEGRITY]),
        asset=st.sampled_from(["", *IDS[:2]]),
        pack=st.sampled_from([None, "P-1", "P-2"]),
        severity=st.sampled_from(Severity),
        message=st.sampled_from(["x", "y"]).map(lambda text: {"en": text}),
    ),
    max_size=12,
)


def _side(rows: list[Compared], noted: list[Noted]) -> Side:
    sums = Counter(row.disposition.value for row in rows)
    return Side(
        name="x",
        as_of=date(2026, 11, 1),
        wanted={"purpose": "archive"},
        totals={d.value: sums[d.value] for d in Disposition} | {"assets": len(rows)},
        rule_pack="p",
        ledger=(1, "h"),
        origin="o",
        doubts=(),
        rows=lambda: iter(rows),
        findings=lambda: iter(noted),
    )


SIDES = st.builds(_side, ROWS, NOTED)


@given(SIDES)
def test_nothing_changed_between_an_audit_and_itself(side: Side) -> None:
    found = compare(side, side)
    assert found.nothing
    assert found.counts == {}
    assert list(found.changes()) == []
    assert (found.new, found.resolved, found.filters) == ((), (), ())
    assert found.failing(Kind) == 0


@given(SIDES, SIDES)
def test_the_other_way_round_everything_is_the_other_way_round(one: Side, other: Side) -> None:
    there, back = compare(one, other), compare(other, one)
    assert [Change(c.after, c.before) for c in back.changes()] == list(there.changes())
    assert (back.new, back.resolved) == (there.resolved, there.new)
    assert back.totals == {name: (b, a) for name, (a, b) in there.totals.items()}
    turned = {What.ADDED: What.GONE, What.GONE: What.ADDED, What.NEW: What.RESOLVED,
              What.RESOLVED: What.NEW}  # fmt: skip
    assert {turned.get(w, w): n for w, n in back.counts.items()} == there.counts
    assert back.nothing == there.nothing
    for c in there.changes():
        assert Change(c.after, c.before).gained == c.lost


@given(SIDES, SIDES)
def test_the_changes_make_the_one_of_the_other(one: Side, other: Side) -> None:
    found = compare(one, other)
    rows = {row.asset: row for row in one.rows()}
    for change in found.changes():
        assert rows.pop(change.asset, None) == change.before
        if change.after is not None:
            rows[change.asset] = change.after
    after = {row.asset: row for row in other.rows()}
    # Kinds alone are told by the findings.
    assert {a: replace(r, kinds=frozenset()) for a, r in rows.items()} == {
        a: replace(r, kinds=frozenset()) for a, r in after.items()
    }
    assert (
        sum(after - before for before, after in found.totals.values())
        == sum((c.after is not None) - (c.before is not None) for c in found.changes()) * 2
    ), "once by its disposition, once among all"


@given(SIDES, SIDES)
def test_findings_are_matched_one_by_one(one: Side, other: Side) -> None:
    found = compare(one, other)
    before, after = (Counter(n.key for n in side.findings()) for side in (one, other))
    assert Counter(n.key for n in found.new) == after - before
    assert Counter(n.key for n in found.resolved) == before - after
    assert list(found.new) == sorted(
        found.new,
        key=lambda n: (list(Severity).index(n.severity), n.kind, n.asset, n.pack or ""),
    )
    for kind in Kind:
        assert found.failing([kind]) == sum(n.kind is kind for n in found.new)


@given(SIDES, SIDES)
def test_every_change_is_counted_and_is_one(one: Side, other: Side) -> None:
    found = compare(one, other)
    told = Counter(what for change in found.changes() for what in change.what)
    told.update({What.NEW: len(found.new), What.RESOLVED: len(found.resolved)})
    assert found.counts == {what: number for what, number in told.items() if number}
    for change in found.changes():
        if change.before and change.after:
            assert (What.DISPOSITION in change.what) == (
                change.before.disposition is not change.after.disposition
            )
            assert (What.CONSENTS in change.what) == (
                change.before.consents != change.after.consents
            )
            assert (What.UNTIL in change.what) == (change.before.until != change.after.until)
    assets = [change.asset for change in found.changes()]
    assert assets == sorted(set(assets))


def test_what_stands_in_the_way_is_told_with_the_disposition() -> None:
    before = Compared(
        "a", Disposition.HELD, frozenset({Kind.EXPIRED, Kind.HELD}), frozenset(), None
    )
    after = replace(before, disposition=Disposition.REFUSED,
                    kinds=frozenset({Kind.REFUSED, Kind.HELD}))  # fmt: skip
    (change,) = compare(_side([before], []), _side([after], [])).changes()
    assert (change.what, change.gained, change.lost) == (
        (What.DISPOSITION,), (Kind.REFUSED,), (Kind.EXPIRED,),
    )  # fmt: skip


def test_other_questions_and_other_workspaces_are_noticed() -> None:
    side = _side([], [])
    asked = replace(side, wanted={"purpose": "press"}, origin="p")
    assert compare(side, asked).filters == ("purpose",)
    assert compare(side, asked).strangers
    assert not compare(side, replace(side, origin="")).strangers
    assert compare(side, replace(side, wanted={})).filters == ("purpose",)


def test_both_sides_are_read_in_step_and_in_order() -> None:
    def rows(number: int) -> Iterator[Compared]:
        for at in range(number):
            read[number] = at
            # Neither side may be read ahead of the other.
            assert abs(read[1001] - read[1000]) <= 1
            yield Compared(f"{at:06}", Disposition.HELD, frozenset(), frozenset(), None)

    read = {1000: 0, 1001: 0}
    sides = [replace(_side([], []), rows=partial(rows, n)) for n in (1000, 1001)]
    assert compare(*sides).counts == {What.ADDED: 1}
    row = Compared("b", Disposition.HELD, frozenset(), frozenset(), None)
    with pytest.raises(ValueError, match="order"):
        compare(_side([row, row], []), _side([], []))
