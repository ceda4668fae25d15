"""The sums of audits are what counting one by one gives, over rows of any kind."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dam.core.findings import Severity, findings, nears, severity
from dam.core.model import Disposition, Purpose
from dam.core.report import AuditRow, Kind, Verdict, of_profile, profile, verdict_for
from dam.core.tally import UNDATED, Line, Tally, View, by, lies_in, month, tally

DAY = date(2026, 6, 15)
DAYS = st.dates(date(2023, 11, 1), date(2026, 6, 15))
ENDS = st.dates(date(2026, 1, 1), date(2027, 3, 1))
WORDS = st.sampled_from([None, "amal", "tadamon", "=1+1"])
PLACES = st.sampled_from(["", "MA", "Tanger, MA", "Paris, FR", "<b>"])
VERDICTS = st.builds(
    Verdict,
    st.sampled_from(Disposition),
    st.lists(st.sampled_from(Kind), max_size=3).map(lambda kinds: tuple(sorted(kinds))),
)
DECIDED = st.lists(VERDICTS, min_size=len(Purpose), max_size=len(Purpose)).map(tuple)


def ids(letter: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from([f"{letter}-{n}" for n in range(4)]), max_size=3).map(tuple)


ROWS = st.builds(
    AuditRow,
    asset=st.uuids().map(str),
    disposition=st.sampled_from(Disposition),
    archived_as=st.sampled_from([None, "archive/2021/11/18/20211118-a.jpg"]),
    captured_on=st.none() | DAYS,
    photographer=WORDS,
    programme=WORDS,
    place=PLACES,
    people=st.integers(0, 4),
    minors=st.integers(0, 3),
    consents=ids("C"),
    until=st.none() | ENDS,
    verdicts=st.just(()) | DECIDED,
    majority=st.none() | ENDS,
    subjects=ids("S"),
    waivers=ids("W"),
)
MANY = st.lists(ROWS, max_size=25)
PURPOSES = st.sampled_from(Purpose)


def says(row: AuditRow, purpose: Purpose) -> Disposition:
    return (
        row.verdicts[list(Purpose).index(purpose)].disposition if row.verdicts else row.disposition
    )


def usable(rows: list[AuditRow], purpose: Purpose) -> list[AuditRow]:
    return [row for row in rows if says(row, purpose) is Disposition.APPROVED]


def counted(rows: list[AuditRow], purpose: Purpose) -> tuple[object, ...]:
    """A line, counted naively."""
    good = usable(rows, purpose)
    return (
        Counter(says(row, purpose) for row in rows),
        sum(1 for row in rows if row.minors),
        sum(1 for row in good if row.minors),
        min((row.until for row in good if row.until), default=None),
    )


def told(line: Line) -> tuple[object, ...]:
    return +line.dispositions, line.with_minors, line.covered, line.until


@given(MANY, PURPOSES)
def test_all_sums_are_naive_counts(rows: list[AuditRow], purpose: Purpose) -> None:
    found = tally(rows, purpose)
    assert told(found.whole) == counted(rows, purpose)
    assert found.whole.assets == len(rows)
    assert found.in_archive == sum(row.archived_as is not None for row in rows)
    assert found.minors == sum(row.minors for row in rows)
    assert found.waivers == sum(len(row.waivers) for row in rows)
    for each in Purpose:
        assert found.matrix[each] == Counter(says(row, each) for row in rows)
    ends = Counter(f"{row.until:%Y-%m}" for row in usable(rows, purpose) if row.until)
    assert found.ends == ends
    months = {f"{r.captured_on:%Y-%m}" if r.captured_on else UNDATED for r in rows}
    assert found.months.keys() == months
    for name, line in found.months.items():
        assert told(line) == counted([r for r in rows if month(r.captured_on) == name], purpose)


@given(MANY, PURPOSES, st.sampled_from(View))
def test_every_line_of_a_view_is_a_naive_count(
    rows: list[AuditRow], purpose: Purpose, view: View
) -> None:
    def belongs(row: AuditRow, name: str) -> bool:
        if view is View.SUBJECT:
            return name in row.subjects
        if view is View.CONSENT:
            return name in row.consents
        if view is View.MONTH:
            return name == (f"{row.captured_on:%Y-%m}" if row.captured_on else UNDATED)
        return name == (getattr(row, view.value) or "")

    found = by(view, rows, purpose)
    assert list(found) == sorted(found)
    for name, line in found.items():
        assert told(line) == counted([row for row in rows if belongs(row, name)], purpose)
    listed = {row.asset for row in rows if any(belongs(row, name) for name in found)}
    nobody = {View.SUBJECT: "subjects", View.CONSENT: "consents"}.get(view)
    assert listed == {row.asset for row in rows if nobody is None or getattr(row, nobody)}


@given(st.lists(st.tuples(ROWS, st.integers(1, 5)), max_size=12), PURPOSES)
def test_many_alike_count_as_each_by_itself(
    rows: list[tuple[AuditRow, int]], purpose: Purpose
) -> None:
    one, many = Tally(purpose), Tally(purpose)
    for row, number in rows:
        for _ in range(number):
            one.add(row)
        own = row.verdict(purpose).disposition
        many.count(row.captured_on, own, row.minors, row.until, number)
    assert told(one.whole) == told(many.whole)
    assert one.minors == many.minors
    assert {name: told(line) for name, line in one.months.items()} == {
        name: told(line) for name, line in many.months.items()
    }


@given(MANY, MANY, PURPOSES)
def test_no_order_of_rows_makes_a_difference(
    some: list[AuditRow], others: list[AuditRow], purpose: Purpose
) -> None:
    assert tally([*some, *others], purpose) == tally([*reversed(others), *some], purpose)


@given(ROWS)
def test_a_profile_says_what_a_row_said(row: AuditRow) -> None:
    disposition, verdicts = of_profile(profile(row))
    assert (disposition, verdicts) == (row.disposition, row.verdicts)
    for purpose in Purpose:
        assert verdict_for(purpose, disposition, verdicts) == row.verdict(purpose)


@given(st.lists(VERDICTS, max_size=12).filter(lambda v: len(v) not in (0, len(Purpose))), ROWS)
def test_a_profile_without_a_verdict_for_each_purpose_is_none(
    verdicts: list[Verdict], row: AuditRow
) -> None:
    parts = [":".join([v.disposition.value, *v.kinds]) for v in verdicts]
    try:
        of_profile(" ".join([row.disposition.value, *parts]))
    except ValueError:
        return
    raise AssertionError("a profile that lacks purposes was read")


@given(st.sampled_from(Kind))
def test_what_is_out_though_it_may_not_be_is_critical(kind: Kind) -> None:
    order = tuple(Severity)
    assert order.index(severity(kind, archived=True)) <= order.index(severity(kind))
    harmless = kind in (Kind.EXPIRING, Kind.MAJORITY_SOON, Kind.WAIVER)
    assert (severity(kind, archived=True) is Severity.CRITICAL) is not harmless


@given(ROWS, st.integers(0, 400))
def test_a_row_that_nobody_decided_has_one_finding(row: AuditRow, ahead: int) -> None:
    (found,) = findings(row, None, DAY, ahead, ("The disk was full", "Make room"))
    assert (found.kind, found.asset) == (Kind.UNREADABLE, row.asset)
    assert (found.message, found.advice) == ({"en": "The disk was full"}, {"en": "Make room"})
    assert (found.severity is Severity.CRITICAL) is (row.archived_as is not None)


@given(st.integers(-400, 400), st.integers(0, 400))
def test_an_end_is_near_up_to_that_many_days_ahead(days: int, ahead: int) -> None:
    """One that is over is not near any more."""
    assert nears(DAY + timedelta(days=days), DAY, ahead) is (0 <= days <= ahead)
    assert nears(None, DAY, ahead) is False


@given(PLACES.filter(bool))
def test_a_place_lies_in_itself_and_in_each_of_its_parts(place: str) -> None:
    assert lies_in(place, place.upper())
    assert all(lies_in(place, f" {part} ") for part in place.split(","))
    assert not lies_in(place, "")
    assert not lies_in(place, place + "x")
