"""Which consents end soon, against a plain look at each; and what a calendar tells of birthdays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core.consent import Record
from dam.core.model import AgeBand, Disposition, Purpose
from dam.core.renewals import Renewal, Todo, entry_id, gathered, soon
from dam.core.report import AuditRow, Verdict
from dam.core.view import Dossier, chosen
from tests.core.dossiers import (
    DAY,
    dossier,
    facts,
    girl,
    girl_body,
    merged,
    person,
    record,
)

TERM = "10y"


def row(until: date | None, disposition: Disposition = Disposition.APPROVED) -> AuditRow:
    others = (Verdict(Disposition.HELD),) * (len(Purpose) - 1)
    return AuditRow(
        "a", disposition, None, None, None, None, "", 1, 1, (), until,
        (Verdict(disposition), *others),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("days", "meant"), [(0, True), (1, True), (30, True), (31, False), (-1, False), (4000, False)]
)
def test_the_first_and_the_last_day_ahead(days: int, meant: bool) -> None:
    """Today and the last of thirty days are meant; the day after is not, nor one that is over."""
    last = DAY + timedelta(days=days)
    resting = dossier(girl(scope={"valid_until": last.isoformat()}))
    expected = [Renewal(last, "C-1", "S-1", "valid_until", 1)] if meant else []
    assert list(gathered([resting], DAY, TERM, 30)) == expected


def test_a_picture_is_looked_into_only_where_it_may_be_used_and_something_ends() -> None:
    day = DAY + timedelta(days=30)
    assert soon(row(day), Purpose.ARCHIVE, DAY, 30)
    assert not soon(row(day), Purpose.PRESS, DAY, 30)
    assert not soon(row(day), Purpose.ARCHIVE, DAY, 29)
    assert not soon(row(None), Purpose.ARCHIVE, DAY, 30)
    assert not soon(row(day, Disposition.HELD), Purpose.ARCHIVE, DAY, 30)
    # Somebody's consent is over and waived: another's may still end soon.
    assert soon(row(DAY - timedelta(days=5)), Purpose.ARCHIVE, DAY, 30)


@given(
    born=st.dates(DAY - timedelta(days=366 * 18), DAY - timedelta(days=365 * 18 - 60)),
)
def test_of_a_birthday_the_month_alone_is_told(born: date) -> None:
    turning = born.replace(year=born.year + 18, day=min(born.day, 28))
    born = turning.replace(year=turning.year - 18)
    almost = girl(subject={"birth_date": born.isoformat(), "age_band": None})
    about = facts(person(age=None))
    found = gathered([dossier(almost, about=about)], DAY, TERM, 90)
    if not 1 <= (turning - DAY).days <= 91:
        assert found == ()
        return
    (renewal,) = found
    assert renewal == Renewal(turning.replace(day=1), "C-1", "S-1", "18th birthday", 1)
    assert (renewal.last, renewal.when, renewal.todo) == (None, f"{turning:%Y-%m}", Todo.ASK)


@pytest.mark.parametrize(
    "said",
    [
        {"events": [{"state": "requested", "on": "2021-10-28"}]},
        {"events": [{"state": "withdrawn", "on": "2022-01-01"}]},
        {"scope": {"valid_from": "2022-06-16"}},
    ],
)
def test_what_is_not_in_force_is_not_to_be_renewed(said: dict[str, object]) -> None:
    """A waiver may let the picture pass all the same."""
    last = (DAY + timedelta(days=3)).isoformat()
    ends = {"scope": {"valid_until": last}}
    assert len(gathered([dossier(girl(**ends))], DAY, TERM, 30)) == 1
    assert gathered([dossier(girl(**merged(ends, said)))], DAY, TERM, 30) == ()


def test_why_it_ends_says_what_to_do() -> None:
    review = {"by": "board", "on": "2022-01-01", "visible": "yes", "reason": "r",
              "review_on": "2022-07-01"}  # fmt: skip
    risky = girl(subject={"risk_decision": review})
    spent = girl(scope={"valid_from": "2021-07-01", "valid_until": None, "valid_for": "1y"})
    term = girl(scope={"valid_from": "2021-07-01", "valid_until": None})
    told = {
        because: (renewal.todo, renewal.last)
        for one, default in ((risky, TERM), (spent, TERM), (term, "12m"))
        for renewal in gathered([dossier(one)], DAY, default, 30)
        for because in (renewal.because,)
    }
    assert told == {
        "risk review due": (Todo.REVIEW, date(2022, 7, 1)),
        "valid_for": (Todo.RENEW, date(2022, 6, 30)),
        "default term 12m": (Todo.RENEW, date(2022, 6, 30)),
    }


# --- against a plain look at each ---------------------------------------------------------


def child(number: int, ends: int) -> Record:
    last = (DAY + timedelta(days=ends)).isoformat()
    return record(merged(girl_body(number), {"scope": {"valid_until": last}}))


ENDS = st.lists(st.integers(-5, 40), min_size=1, max_size=5)
SHOWN = st.lists(
    st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=4), min_size=1, max_size=6
)


@given(ENDS, SHOWN, st.integers(0, 35))
def test_every_consent_that_ends_within_the_days_is_there_once(
    ends: list[int], shown: list[list[tuple[int, bool]]], ahead: int
) -> None:
    records = [child(number, days) for number, days in enumerate(ends)]
    pictures: list[Dossier] = []
    for people in shown:
        told = [(n % len(ends), seen) for n, seen in people]
        about = facts(*(person(f"S-{n}", AgeBand.A6_11, identifiable=seen) for n, seen in told))
        pictures.append(dossier(*(records[n] for n in {n for n, _ in told}), about=about))
    found = gathered(pictures, DAY, TERM, ahead)
    expected = {
        f"C-{number}": resting
        for number, days in enumerate(ends)
        if 0 <= days <= ahead and (resting := _resting(number, pictures))
    }
    assert {r.consent: r.pictures for r in found} == expected
    assert len(found) == len(expected)
    assert list(found) == sorted(found)
    assert found == gathered(reversed(pictures), DAY, TERM, ahead)
    assert len({entry_id("w", r) for r in found}) == len(found)


def _resting(number: int, pictures: list[Dossier]) -> int:
    """How many pictures show this subject recognisably on their one consent."""
    return sum(
        any(
            p.subject == f"S-{number}"
            and p.identifiable
            and chosen(p, picture.standings(DAY, TERM)) is not None
            for p in picture.facts.people.persons
        )
        for picture in pictures
    )


def test_an_entry_keeps_its_name_and_shares_it_with_no_other() -> None:
    one = Renewal(DAY, "C-1", "S-1", "valid_until", 1)
    later = Renewal(DAY + timedelta(days=9), "C-1", "S-1", "valid_for", 7)
    assert entry_id("w", one) == entry_id("w", later)
    others = {
        entry_id("x", one),
        entry_id("w", Renewal(DAY, "C-2", "S-1", "valid_until", 1)),
        entry_id("w", Renewal(DAY, "C-1", "S-2", "valid_until", 1)),
    }
    assert len({entry_id("w", one), *others}) == 4
    assert "C-1" not in entry_id("w", one)
