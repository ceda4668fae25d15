"""What was consented and decided comes back exactly; nothing of it is forgotten."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.adapters.catalog import Catalog
from dam.core.errors import DamError, IntegrityError
from dam.core.model import Decision, Disposition, Obligation, Otherwise, Purpose, Reason
from dam.core.rows import (
    ConsentVersion,
)
from tests.adapters.test_catalog import (
    ANY_TEXT,
    NOON,
    ONE,
    THREE,
    TWO,
    same_catalog,
    three_assets,
)

DAY = date(2021, 11, 18)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    yield from three_assets(tmp_path / "catalogue.db")


@pytest.fixture
def path(catalog: Catalog) -> Path:
    return catalog._db._path


# --- consents ---------------------------------------------------------------------------

_GIVEN: dict[str, object] = {"state": "given", "on": "2021-10-28"}
_WITHDRAWN: dict[str, object] = {"state": "withdrawn", "on": "2022-01-05"}


def _consent(
    digest: str,
    *events: dict[str, object],
    consent: str = "C-1",
    slot: str = "amal/consent.yaml",
    subject: str = "S-1",
) -> ConsentVersion:
    body: dict[str, object] = {"id": consent, "events": list(events)}
    return ConsentVersion(consent, slot, digest, subject, body, NOON)


def test_a_withdrawal_is_never_forgotten(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        assert unit.put_consent(_consent("1", _GIVEN))
        assert unit.put_consent(_consent("2", _GIVEN, _WITHDRAWN))
        assert not unit.put_consent(_consent("2", _GIVEN, _WITHDRAWN))
        assert unit.put_consent(_consent("1", _GIVEN))
        assert unit.put_consent(_consent("9", consent="C-2"))
    assert [version.digest for version in catalog.current_consents(["C-1"])] == ["1"]
    assert catalog.all_events("C-1") == (_GIVEN, _WITHDRAWN)
    assert catalog.all_events("C-2") == catalog.all_events("none") == ()
    assert [version.digest for version in catalog.consent_history("C-1")] == ["1", "2", "1"]


def test_events_of_all_sources_count(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        unit.put_consent(_consent("1", _GIVEN))
        unit.put_consent(_consent("2", {"on": "2021-10-28", "state": "given"}, slot="imported"))
        unit.put_consent(_consent("3", _WITHDRAWN, slot="other"))
    assert catalog.all_events("C-1") == (_GIVEN, _WITHDRAWN)
    assert [version.slot for version in catalog.current_consents(ids=["C-1"])] == [
        "amal/consent.yaml",
        "imported",
        "other",
    ]


@pytest.mark.parametrize("events", ["none", {"state": "given"}, ["given"], None, 1])
def test_events_that_are_no_events_are_refused(catalog: Catalog, events: object) -> None:
    version = dataclasses.replace(_consent("1"), body={"events": events})
    with pytest.raises(DamError), catalog.transaction() as unit:
        unit.put_consent(version)
    assert catalog.current_consents() == ()


def test_consents_are_found_by_id_or_subject(catalog: Catalog) -> None:
    first = _consent("1", consent="C-1", subject="S-1")
    second = _consent("2", consent="C-2", subject="S-2")
    third = _consent("3", consent="C-3", subject="S-1")
    with catalog.transaction() as unit:
        for version in (third, second, first):
            unit.put_consent(version)
    assert catalog.current_consents() == (first, second, third) == tuple(catalog.consents())
    assert catalog.current_consents(ids=["C-2", "C-2"]) == (second,)
    assert catalog.current_consents(subjects=["S-1"]) == (first, third)
    assert catalog.current_consents(["C-2"], ["S-1"]) == (first, second, third)
    assert catalog.current_consents([], []) == catalog.current_consents([]) == ()
    many = (f"C-{number}" for number in range(5000))
    assert catalog.current_consents(ids=many) == (first, second, third)


def test_a_consent_that_its_source_no_longer_tells_is_kept_and_marked(catalog: Catalog) -> None:
    first = _consent("1", _GIVEN)
    with catalog.transaction() as unit:
        unit.put_consent(first)
        unit.put_consent(_consent("2", _GIVEN, consent="C-2"))
        unit.put_consent(_consent("3", _GIVEN, slot="imported"))
        told = unit.consents_of_slot(first.slot)
        assert [version.consent for version in told] == ["C-1", "C-2"]
        assert unit.put_consent(dataclasses.replace(first, stated=False))
        assert not unit.put_consent(dataclasses.replace(first, stated=False))
    assert [v.stated for v in catalog.current_consents(["C-1"])] == [False, True]
    assert catalog.all_events("C-1") == (_GIVEN,)
    with catalog.transaction() as unit:
        assert unit.put_consent(first)
    assert [v.stated for v in catalog.current_consents(["C-1"])] == [True, True]


def test_subjects_and_consents_of_an_asset_are_replaced(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        unit.set_subjects(ONE, ["S-1", "S-2", "S-1"], ["C-1"])
        unit.set_subjects(TWO, ["S-2"], ["C-2", "C-3"])
    assert catalog.assets_with_subjects(["S-2"]) == (ONE, TWO)
    assert catalog.assets_using_consents(["C-1", "C-3"]) == (ONE, TWO)
    with catalog.transaction() as unit:
        unit.set_subjects(TWO, [], [])
        unit.record_consent_use(ONE, ["C-9"])
    assert catalog.assets_with_subjects(["S-2"]) == (ONE,)
    assert catalog.assets_using_consents(["C-1", "C-2", "C-3"]) == ()
    assert catalog.assets_using_consents(["C-9"]) == (ONE,)


@same_catalog
@given(
    st.dictionaries(
        ANY_TEXT,
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=5,
        ).filter(lambda value: value not in (float("inf"), float("-inf"))),
        max_size=4,
    )
)
def test_facts_come_back_exactly(catalog: Catalog, body: dict[str, object]) -> None:
    digest = str(hash(repr(body)))
    try:
        with catalog.transaction() as unit:
            unit.put_facts(ONE, digest, body, NOON)
    except DamError:
        assert "inf" in repr(body)
        return
    assert catalog.facts(digest) == body


# --- facts, rule packs, decisions -------------------------------------------------------

_texts = st.dictionaries(st.sampled_from(["en", "fr", "ar"]), ANY_TEXT)
_reasons = st.builds(
    Reason,
    rule=ANY_TEXT,
    otherwise=st.sampled_from(Otherwise),
    title=_texts,
    message=_texts,
    advice=_texts,
    source=ANY_TEXT,
    evidence=st.lists(ANY_TEXT, max_size=3).map(tuple),
    subjects=st.lists(ANY_TEXT, max_size=3).map(tuple),
)
_decisions = st.builds(
    Decision,
    purpose=st.sampled_from(Purpose),
    territory=st.sampled_from(["world", "MA", "FR"]),
    day=st.dates(),
    disposition=st.sampled_from(Disposition),
    reasons=st.lists(_reasons, max_size=3).map(tuple),
    obligations=st.lists(st.sampled_from(Obligation), unique=True).map(tuple),
    facts_digest=st.sampled_from(["a" * 64, "b" * 64]),
    pack_digest=st.sampled_from(["c" * 64, "d" * 64]),
    holds_until=st.none() | st.dates(),
    consents=st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=3).map(tuple),
)


@same_catalog
@given(st.lists(_decisions, max_size=4, unique_by=lambda decision: decision.purpose))
def test_decisions_come_back_exactly(catalog: Catalog, made: list[Decision]) -> None:
    before = {decision.purpose: decision for decision in catalog.decisions(ONE)}
    history = len(catalog.decision_history(ONE))
    with catalog.transaction() as unit:
        unit.put_decisions(ONE, iter(made), NOON)
    now = {decision.purpose: decision for decision in catalog.decisions(ONE)}
    assert now == before | {decision.purpose: decision for decision in made}
    for decision in now.values():
        for reason in decision.reasons:
            assert type(reason.otherwise) is Otherwise
            assert type(reason.evidence) is tuple
        assert type(decision.purpose) is Purpose
        assert all(type(item) is Obligation for item in decision.obligations)
    changed = [each for each in made if before.get(each.purpose) != each]
    assert len(catalog.decision_history(ONE)) == history + len(changed)


def _decision(
    purpose: Purpose = Purpose.WEB, until: date | None = None, pack: str = "1"
) -> Decision:
    return Decision(
        purpose, "world", DAY, Disposition.APPROVED, (), (), "f", pack, until, (("C-1", "d"),)
    )


def test_only_current_decisions_are_due_or_stale(catalog: Catalog) -> None:
    soon, later = DAY + timedelta(1), DAY + timedelta(30)
    with catalog.transaction() as unit:
        unit.put_decisions(ONE, [_decision(until=soon)], NOON)
        unit.put_decisions(TWO, [_decision(until=soon), _decision(Purpose.PRESS)], NOON)
        unit.put_decisions(THREE, [_decision(pack="2")], NOON)
    assert catalog.due(DAY) == ()
    assert catalog.due(soon) == catalog.due(later) == (ONE, TWO)
    assert catalog.stale_pack("1") == (THREE,)
    assert catalog.stale_pack("2") == (ONE, TWO)
    with catalog.transaction() as unit:
        unit.put_decisions(ONE, [_decision(until=later, pack="2")], NOON + timedelta(1))
    assert catalog.due(soon) == (TWO,)
    assert catalog.stale_pack("2") == (TWO,)
    assert catalog.decision_history(ONE) == (
        (NOON, _decision(until=soon)),
        (NOON + timedelta(1), _decision(until=later, pack="2")),
    )
    assert [decision.purpose for decision in catalog.decisions(TWO)] == [Purpose.PRESS, Purpose.WEB]


def test_two_decisions_for_one_purpose_are_refused(catalog: Catalog) -> None:
    with pytest.raises(DamError), catalog.transaction() as unit:
        unit.put_decisions(ONE, [_decision(), _decision(pack="2")], NOON)


@pytest.mark.parametrize(
    "change",
    ["body = '{}'", "body = '[]'", "body = '{'", "purpose = 'x'", "body = '[' || hex(zeroblob(1))"],
)
def test_a_decision_that_makes_no_sense_is_told(catalog: Catalog, path: Path, change: str) -> None:
    with catalog.transaction() as unit:
        unit.put_decisions(ONE, [_decision()], NOON)
    connection = sqlite3.connect(path)
    connection.execute(f"UPDATE decisions SET {change}")
    connection.commit()
    connection.close()
    with pytest.raises(IntegrityError):
        catalog.decisions(ONE)


def test_facts_and_rule_packs_are_kept_by_digest(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        unit.put_facts(ONE, "1", {"faces": 2}, NOON)
        unit.put_facts(ONE, "2", {"faces": 3}, NOON)
        unit.put_facts(ONE, "1", {"faces": 2}, NOON)
        unit.put_facts(TWO, "1", {"faces": 2}, NOON)
        unit.put_rule_pack("p", {"rules": []})
        unit.put_rule_pack("p", {"rules": []})
    assert catalog.facts("1") == {"faces": 2}
    assert catalog.facts("2") == {"faces": 3}
    assert catalog.facts("3") is None
    assert catalog.rule_pack("p") == {"rules": []}
    assert catalog.rule_pack("q") is None
    row = catalog.asset(ONE)
    assert row is not None
    assert row.facts_digest == "1"
