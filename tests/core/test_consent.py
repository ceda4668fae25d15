"""What a consent record allows on a day: its state, its end, its reach, over several versions."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core.consent import (
    NO_END,
    Record,
    Standing,
    add_term,
    add_years,
    age_on,
    stand,
    state_on,
)
from dam.core.model import (
    IN_FORCE_STATES,
    REFUSING_STATES,
    AgeBand,
    Assent,
    ConsentState,
    GiverRole,
    LocationPermission,
    NamePermission,
    Risk,
    Situation,
)
from dam.core.record import ConsentEvent
from tests.core.dossiers import (
    DAY,
    Body,
    adult,
    girl,
    girl_body,
    merged,
    record,
    with_events,
)

DATES = st.dates(date(2000, 1, 1), date(2050, 1, 1))
EVENTS = st.lists(
    st.builds(ConsentEvent, state=st.sampled_from(ConsentState), on=DATES), max_size=5
)


def standing(*records: Record, day: date = DAY, term: str = "10y") -> Standing:
    return stand(with_events(records), day, term)


def events(*told: tuple[str, str]) -> list[ConsentEvent]:
    return [ConsentEvent.model_validate({"state": state, "on": on}) for state, on in told]


# Terms -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "term", "last"),
    [
        ("2021-11-01", "5y", "2026-10-31"),
        ("2021-11-01", "1d", "2021-11-01"),
        ("2021-11-01", "90d", "2022-01-29"),
        ("2021-11-01", "18m", "2023-04-30"),
        ("2021-01-31", "1m", "2021-02-27"),
        ("2020-02-29", "1y", "2021-02-27"),
        ("2020-02-29", "4y", "2024-02-28"),
        ("2021-12-15", "1m", "2022-01-14"),
    ],
)
def test_a_term_ends_the_day_before_it_comes_round(start: str, term: str, last: str) -> None:
    assert add_term(date.fromisoformat(start), term) == date.fromisoformat(last)


@given(st.dates(), st.integers(1, 9999), st.sampled_from("ymd"))
def test_a_term_never_fails_and_never_ends_before_it_begins(
    start: date, count: int, unit: str
) -> None:
    end = add_term(start, f"{count}{unit}")
    assert end >= start or start.year == date.max.year
    assert end <= NO_END


@given(st.dates(), st.integers(0, 200))
def test_years_later_is_never_a_later_day_of_the_year(day: date, years: int) -> None:
    later = add_years(day, years)
    assert (later.month, later.day) <= (day.month, day.day)


# State -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([], "unknown"),
        ([("given", "2021-01-01")], "given"),
        ([("given", "2022-06-15")], "given"),
        ([("given", "2022-06-16")], "unknown"),
        ([("withdrawn", "2022-06-16"), ("given", "2021-01-01")], "withdrawn"),
        (
            [("withdrawn", "2022-01-01"), ("renewed", "2022-02-01"), ("given", "2021-01-01")],
            "renewed",
        ),
        ([("given", "2021-01-01"), ("refused", "2021-01-01")], "refused"),
        ([("given", "2021-01-01"), ("requested", "2021-01-01")], "given"),
        ([("given", "2021-01-01"), ("requested", "2021-01-02")], "requested"),
        ([("given", "2021-01-01"), ("expired", "2021-01-01")], "expired"),
        ([("expired", "2022-01-01"), ("withdrawn", "2022-01-01")], "withdrawn"),
        ([("refused", "2020-01-01"), ("given", "2021-01-01")], "given"),
        ([("withdrawn", "2012-01-01"), ("given", "2021-01-01")], "withdrawn"),
        (
            [("revoked", "2012-01-01"), ("given", "2021-01-01"), ("renewed", "2022-01-01")],
            "revoked",
        ),
        ([("withdrawn", "2021-01-01"), ("given", "2023-01-01")], "withdrawn"),
    ],
)
def test_the_state_on_a_day(told: list[tuple[str, str]], state: str) -> None:
    for order in itertools.permutations(events(*told)):
        assert state_on(order, DAY)[0].value == state


@given(
    EVENTS, DATES, st.builds(ConsentEvent, state=st.sampled_from(sorted(REFUSING_STATES)), on=DATES)
)
def test_a_no_never_makes_a_yes(told: list[ConsentEvent], day: date, no: ConsentEvent) -> None:
    before, _ = state_on(told, day)
    after, _ = state_on([*told, no], day)
    assert after not in IN_FORCE_STATES or before in IN_FORCE_STATES


@given(EVENTS, DATES)
def test_a_yes_of_tomorrow_counts_for_nothing_today(told: list[ConsentEvent], day: date) -> None:
    state, since = state_on(told, day)
    if state in IN_FORCE_STATES:
        assert since <= day


# Ages --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "age"),
    [
        ({"age_band": None}, None),
        ({"age_band": "unknown"}, "unknown"),
        ({"age_band": None, "birth_date": "2004-06-16"}, "16-17"),
        ({"age_band": None, "birth_date": "2004-06-15"}, "adult"),
        ({"age_band": None, "birth_date": "2016-06-16"}, "0-5"),
        ({"age_band": None, "birth_date": "2016-06-15"}, "6-11"),
        ({"age_band": None, "birth_date": "2030-01-01"}, "0-5"),
        ({"age_band": None, "birth_year": "2004"}, "16-17"),
        ({"age_band": None, "birth_year": "2003"}, "adult"),
        ({"age_band": "adult", "birth_date": "2012-01-01"}, "6-11"),
        ({"age_band": "unknown", "birth_date": "1980-01-01"}, "unknown"),
    ],
)
def test_the_age_on_a_day_is_the_youngest_that_can_be(subject: Body, age: str | None) -> None:
    found = age_on(girl(subject=subject).item, DAY)
    assert (found.value if found else None) == age


# Ends --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "ends", "because"),
    [
        ({}, "2025-10-31", "valid_until"),
        ({"scope": {"valid_until": None}, "subject": {"age_band": "0-5"}}, "2031-10-31", "default"),
        ({"scope": {"valid_until": None, "valid_for": "6m"}}, "2022-04-30", "valid_for"),
        ({"subject": {"age_band": "16-17"}}, "2022-10-27", "18th"),
        ({"subject": {"age_band": "12-15"}}, "2024-10-27", "18th"),
        ({"subject": {"age_band": None, "birth_date": "2006-03-01"}}, "2024-02-29", "18th"),
        ({"subject": {"age_band": None, "birth_year": "2006"}}, "2023-12-31", "18th"),
        ({"subject": {"age_band": None, "birth_date": "2003-10-29"}}, "2021-10-28", "18th"),
        ({"subject": {"age_band": None, "birth_date": "2003-10-28"}}, "2025-10-31", "valid_until"),
        ({"subject": {"age_band": None, "birth_date": "1980-01-01"}}, "2025-10-31", "valid_until"),
        ({"subject": {"age_band": None}}, "2025-10-31", "valid_until"),
        (
            {
                "subject": {
                    "risk_decision": {
                        "by": "officer",
                        "on": "2021-11-02",
                        "visible": "yes",
                        "reason": "seen",
                        "review_on": "2022-11-02",
                    }
                }
            },
            "2022-11-02",
            "risk review",
        ),
    ],
)
def test_a_consent_ends_at_the_earliest_of_its_limits(
    changes: Body, ends: str, because: str
) -> None:
    found = standing(girl(**changes))
    assert (found.ends.isoformat(), found.ends_because[: len(because)]) == (ends, because)


def test_the_default_term_is_that_of_the_policy() -> None:
    assert standing(adult(), term="1y").ends == date(2022, 10, 31)


# Versions ------------------------------------------------------------------------------------


def version(source: str, **changes: object) -> Record:
    return record(merged(girl_body(), changes), source)


def test_the_strictest_of_several_versions_wins() -> None:
    found = standing(
        version("a", scope={"territories": ["world"], "prohibited": ["commercial"]}),
        version(
            "b",
            subject={
                "age_band": "0-5",
                "risk": "high",
                "situation": "refugee",
                "unaccompanied": "yes",
            },
            scope={
                "purposes": ["press", "social"],
                "territories": ["MA", "FR"],
                "valid_from": "2022-01-01",
                "valid_until": "2024-01-01",
                "prohibited": ["political"],
            },
            permissions={"face": "no", "location": "none"},
            givers=[{"role": "legal_guardian", "method": "written", "on": "2021-10-28"}],
            child_assent="not_sought",
            notice=None,
        ),
        version("c", scope={"territories": ["FR", "ES"]}, permissions={"name": "first"}),
    )
    assert found.purposes == {"press", "archive", "internal"}
    assert found.prohibited == {"commercial", "political"}
    assert found.territories == {"FR"}
    assert (found.valid_from, found.ends) == (date(2022, 1, 1), date(2024, 1, 1))
    assert found.giver_roles == frozenset()
    assert found.age_band is AgeBand.A0_5
    assert found.risk is Risk.HIGH
    assert found.situation == {Situation.MIGRANT, Situation.REFUGEE}
    assert found.unaccompanied is True
    assert found.assent is Assent.NOT_SOUGHT
    assert (found.face, found.notice) == (False, False)
    assert found.name is NamePermission.NONE
    assert found.location is LocationPermission.NONE
    assert found.sources == ("a", "b", "c")


def test_the_order_of_versions_never_matters() -> None:
    versions = [version("a"), version("b", permissions={"face": "no"}), version("c", notice=None)]
    bodies = {
        (s.face, s.notice, s.ends, s.purposes, s.assent, frozenset(s.sources), s.dates)
        for order in itertools.permutations(versions)
        for s in [standing(*order)]
    }
    assert len(bodies) == 1


def test_a_withdrawal_in_one_version_is_one_for_all() -> None:
    no = version("b", events=[{"state": "withdrawn", "on": "2022-01-01"}])
    assert standing(version("a"), no).state is ConsentState.WITHDRAWN


def test_a_record_that_its_source_left_out_permits_nothing() -> None:
    gone = record(girl_body(), "a", stated=False)
    assert standing(gone).state is ConsentState.UNKNOWN
    assert standing(gone, version("b")).state is ConsentState.UNKNOWN
    withdrawn = merged(girl_body(), {"events": [{"state": "withdrawn", "on": "2022-01-01"}]})
    assert standing(record(withdrawn, "a", stated=False)).state is ConsentState.WITHDRAWN


@pytest.mark.parametrize(
    ("givers", "evidenced"),
    [
        ([], False),
        ([("parent", None)], False),
        ([("parent", "family book")], True),
        ([("subject", "identity card")], False),
        ([("social_worker", "letter")], True),
        ([("social_worker", None), ("parent", "family book")], False),
        ([("social_worker", "letter"), ("parent", None)], True),
    ],
)
def test_evidence_is_of_whoever_speaks_for_the_child(
    givers: list[tuple[str, str | None]], evidenced: bool
) -> None:
    told = [
        merged(
            {"role": role, "method": "written", "on": "2021-10-28"}, {"authority_evidence": paper}
        )
        for role, paper in givers
    ]
    assert standing(girl(givers=told)).authority_evidenced is evidenced


def test_a_decision_to_show_counts_from_its_day_and_one_to_hide_at_once() -> None:
    def decision(visible: str, on: str) -> Body:
        return {"risk_decision": {"by": "officer", "on": on, "visible": visible, "reason": "x"}}

    assert standing(girl(subject=decision("yes", "2022-06-15"))).risk_visible
    assert not standing(girl(subject=decision("yes", "2022-06-16"))).risk_visible
    assert standing(girl(subject=decision("no", "2022-06-16"))).risk_hidden
    assert not standing(version("a", subject=decision("yes", "2022-01-01")), girl()).risk_visible


def test_nothing_stands_on_nothing() -> None:
    with pytest.raises(ValueError, match="no record"):
        stand((), DAY, "10y")


def test_a_digest_is_of_what_counted_and_not_of_who_told_it() -> None:
    assert version("a").digest() == version("b").digest()
    assert version("a").digest() != version("a", permissions={"face": "no"}).digest()
    assert girl().digest() != record(girl_body(), stated=False).digest()
    told = [{"state": "given", "on": "2021-10-28"}, {"state": "renewed", "on": "2022-01-01"}]
    assert girl(events=told).digest() == girl(events=told[::-1]).digest()


def test_roles_are_those_that_every_version_names() -> None:
    both = [
        {"role": role, "method": "written", "on": "2021-10-28"} for role in ("parent", "subject")
    ]
    assert standing(version("a", givers=both), version("b")).giver_roles == {GiverRole.PARENT}
