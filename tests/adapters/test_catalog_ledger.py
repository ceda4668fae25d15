"""What went out, and the ledger that tells of it."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from dam.adapters.catalog import Catalog, Wanted
from dam.core import chain
from dam.core.errors import DamError
from dam.core.model import Disposition, Event, Purpose
from dam.core.rows import (
    PackItemRow,
    PackRow,
    RenditionRow,
)
from tests.adapters.test_catalog import (
    NOON,
    ONE,
    THREE,
    TWO,
    three_assets,
)

DAY = date(2021, 11, 18)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    yield from three_assets(tmp_path / "catalogue.db")


@pytest.fixture
def path(catalog: Catalog) -> Path:
    return catalog._db._path


# --- renditions and packs ---------------------------------------------------------------


def test_a_rendition_goes_from_planned_to_filed_to_removed(catalog: Catalog) -> None:
    planned = RenditionRow(ONE, "archive", "2021/11/18/x.jpg", "1" * 64, 99, "planned", NOON)
    filed = dataclasses.replace(planned, state="filed")
    other = RenditionRow(TWO, "web", None, None, None, "planned", NOON)
    with catalog.transaction() as unit:
        unit.plan_rendition(other)
        unit.plan_rendition(dataclasses.replace(planned, size=1))
        unit.plan_rendition(planned)
        unit.mark_filed(ONE, Purpose.ARCHIVE)
    assert catalog.rendition(ONE, "archive") == filed
    assert catalog.rendition(ONE, "web") is None
    assert list(catalog.renditions()) == [filed, other]
    assert list(catalog.renditions("filed")) == [filed]
    with catalog.transaction() as unit:
        unit.mark_removed_rendition(ONE, "archive")
    assert list(catalog.renditions("removed")) == [dataclasses.replace(filed, state="removed")]
    with pytest.raises(DamError), catalog.transaction() as unit:
        unit.mark_filed(THREE, "archive")
    with pytest.raises(DamError), catalog.transaction() as unit:
        unit.plan_rendition(dataclasses.replace(planned, state="lost"))  # type: ignore[arg-type]


def test_packs_say_what_went_out_to_whom(catalog: Catalog) -> None:
    pack = PackRow("P-1", "press", "Le Journal", "MA", DAY, NOON, "out/p1", "1" * 64)
    older = dataclasses.replace(pack, id="P-0", made_at=NOON - timedelta(1))
    consents = (("C-2", "x"), ("C-1", "y"), ("C-2", "x"))
    items = (
        PackItemRow("P-1", ONE, "a.jpg", "2" * 64, consents),
        PackItemRow("P-1", TWO, "b.jpg", "3" * 64),
    )
    with catalog.transaction() as unit:
        unit.add_pack(pack, reversed(items))
        unit.add_pack(older, [dataclasses.replace(items[0], pack="P-0", consents=())])
    assert catalog.pack("P-1") == (pack, items)
    assert catalog.pack("P-9") is None
    assert catalog.packs() == catalog.packs_with_asset(ONE) == (older, pack)
    assert catalog.packs_with_asset(TWO) == (pack,)
    assert catalog.packs_with_asset(THREE) == ()
    with pytest.raises(DamError), catalog.transaction() as unit:
        unit.add_pack(dataclasses.replace(pack, id="P-2"), items)
    with pytest.raises(DamError), catalog.transaction() as unit:
        unit.add_pack(pack, ())
    assert catalog.packs() == (older, pack)


# --- the ledger -------------------------------------------------------------------------


def test_events_are_chained_without_gaps(catalog: Catalog) -> None:
    begun = catalog.head()
    assert [e.type for e in catalog.events()] == ["asset.changed"] * 3
    assert next(catalog.events()).prev == chain.GENESIS
    assert catalog.verify_chain() == ()
    with catalog.transaction() as unit:
        first = unit.append(Event("added", ONE, {"format": "JPEG", "n": [1, None]}), NOON)
        second = unit.append(Event("held", ONE), NOON)
    assert begun[0] == 3
    assert (first.seq, first.id, first.prev) == (4, "e4", begun[1])
    assert (second.seq, second.prev) == (5, first.hash)
    assert list(catalog.events(after=3)) == [first, second]
    assert list(catalog.events(after=4)) == [second]
    assert catalog.head() == (5, second.hash)
    assert catalog.verify_chain() == ()


def test_a_transaction_sees_its_own_events_though_they_are_written_late(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        said = unit.append(Event("held", ONE), NOON)
        assert unit.head() == (said.seq, said.hash)
        more = unit.append(Event("held", ONE), NOON + timedelta(days=400))
        assert unit.event_hash(more.seq) == more.hash
        assert list(unit.events(after=said.seq - 1)) == [said, more]
        last = unit.append(Event("asset.held", ONE), NOON + timedelta(days=800))
        assert [h.since for h in unit.aging(date(2030, 1, 1), (), [ONE])] == [last.at.date()]
    assert catalog.head() == (last.seq, last.hash)
    assert catalog.verify_chain() == ()


def test_ids_are_random_where_nobody_makes_them(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "other.db") as catalog, catalog.transaction() as unit:
        ids = {unit.append(Event("x", "y"), NOON).id for _ in range(3)}
    assert len(ids) == 3
    assert all(len(each) == 32 for each in ids)


def test_bodies_are_bounded_and_canonical(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        unit.append(Event("x", "y", {"t": "é" * ((16 * 1024 - 8) // 2)}), NOON)
        with pytest.raises(DamError):
            unit.append(Event("x", "y", {"t": "x" * (16 * 1024 - 7)}), NOON)
        with pytest.raises(DamError):
            unit.append(Event("x", "y", {"t": 0.5}), NOON)
        with pytest.raises(DamError):
            unit.append(Event("x", "y"), NOON.replace(tzinfo=None))
        with pytest.raises(DamError):
            unit.append(Event("x", "\ud800"), NOON)
        unit.append(Event("x", "y"), NOON)
    assert catalog.head()[0] == 3 + 2
    assert catalog.verify_chain() == ()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET body = '{\"n\":5}' WHERE seq = 2",
        "UPDATE events SET body = '{' WHERE seq = 2",
        "UPDATE events SET body = 7 WHERE seq = 2",
        "UPDATE events SET at = 'then' WHERE seq = 2",
        "UPDATE events SET at = '2021-11-18T12:00:00' WHERE seq = 2",
        "UPDATE events SET at = '2021-11-19T12:00:00.000000+00:00' WHERE seq = 2",
        "UPDATE events SET type = x'00' WHERE seq = 2",
        "UPDATE events SET subject = 'other' WHERE seq = 2",
        "UPDATE events SET id = 'other' WHERE seq = 2",
        "UPDATE events SET hash = 'other' WHERE seq = 2",
        "UPDATE events SET prev = 'other' WHERE seq = 2",
        "UPDATE events SET seq = 9 WHERE seq = 2",
        "DELETE FROM events WHERE seq = 2",
        "DELETE FROM events WHERE seq = 6",
        "UPDATE events SET at = replace(at, 'T', 't') WHERE seq = 2",
        "UPDATE events SET body = replace(body, ':', ': ') WHERE seq = 2",
        "INSERT INTO events SELECT 0, 'new', at, type, subject, body, prev, 'h' FROM events "
        "WHERE seq = 1",
        "DELETE FROM events",
        "DELETE FROM ledger_head",
        "UPDATE ledger_head SET seq = 2",
    ],
)
def test_what_was_changed_behind_its_back_is_found(
    catalog: Catalog, path: Path, change: str
) -> None:
    with catalog.transaction() as unit:
        for number in range(3):
            unit.append(Event("x", "y", {"n": number}), NOON)
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.commit()
    connection.close()
    assert catalog.verify_chain()


def test_no_question_reads_a_whole_table_to_find_a_few_rows(catalog: Catalog) -> None:
    """A full scan of 100,000 rows for every sidecar that arrives would be felt."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def listen(*args: Any) -> None:  # noqa: ANN401
        asked.append((args[2], args[3]))

    event.listen(catalog._db._engine, "before_cursor_execute", listen)
    list(catalog.assets(Disposition.HELD))
    list(catalog.unremoved())
    list(catalog.consents())
    list(catalog.renditions("planned"))
    list(catalog.events(after=3))
    catalog.event_hash(2)
    catalog.newest_events(Wanted(subject=ONE))
    catalog.stored_decisions([ONE])
    catalog.subject_keys(["S-1"])
    list(catalog.held_records(["C-1"]))
    list(catalog.held_said(["C-1"]))
    catalog.asset_by_sha("0")
    catalog.provenance(ONE)
    catalog.assets_named("a", "b")
    catalog.assets_stemmed("a", "b")
    catalog.sidecars_of(ONE)
    catalog.assets_of_slot("a/b")
    catalog.current_consents(["C-1"], ["S-1"])
    catalog.consent_history("C-1")
    catalog.all_events("C-1")
    catalog.assets_using_consents(["C-1"])
    catalog.assets_with_subjects(["S-1"])
    catalog.facts("f")
    catalog.decisions(ONE)
    catalog.decision_history(ONE)
    catalog.packs_with_asset(ONE)
    list(catalog.assets_before(NOON))
    catalog.facts_before([ONE], NOON)
    catalog.decisions_before([ONE], NOON)
    catalog.versions_told(["C-1"], ["S-1"])
    catalog.erasures_of(catalog.consent_history("C-1"))
    catalog.ledger_of([ONE], ["rendition.filed"])
    catalog.arrivals_before([ONE], NOON)
    catalog.waivers_before([ONE], NOON)
    catalog.drawn_before([ONE], NOON)
    catalog.sidecars_before(ONE, ["a/b"], NOON)
    # What a pass asks each time must not grow with what is held, not even along an index.
    few = len(asked)
    catalog.due(DAY)
    catalog.stale_pack("a")
    catalog.filed_among([ONE])
    event.remove(catalog._db._engine, "before_cursor_execute", listen)

    for number, (statement, parameters) in enumerate(asked):
        if not statement.startswith("SELECT"):
            continue
        with catalog.snapshot():
            plan = catalog._db._connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", parameters
            ).all()
        steps = [str(row[3]) for row in plan]
        assert not [step for step in steps if _reads_all(step, number >= few)], (
            statement,
            steps,
        )


def _reads_all(step: str, few: bool) -> bool:
    return step.startswith("SCAN") and (few or "ix_" not in step)
