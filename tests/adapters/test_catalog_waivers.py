"""Waivers come back exactly, end once, and nothing of them is forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.adapters.catalog import Catalog
from dam.adapters.catalog.migrate import ready
from dam.core.errors import DamError, IntegrityError
from dam.core.model import Decision, Disposition, Otherwise, Purpose, Reason, Waived
from dam.core.rows import WaiverEnd, WaiverRow
from dam.core.waivers import Waiver
from tests.adapters.test_catalog import (
    ANY_TEXT,
    NOON,
    ONE,
    THREE,
    TWO,
    an_asset,
    same_catalog,
    three_assets,
)
from tests.adapters.test_migrations import OF_PACKS

DAY = date(2021, 11, 18)
SHA = {asset: an_asset(number).sha256 for number, asset in ((1, ONE), (2, TWO), (3, THREE))}


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    yield from three_assets(tmp_path / "catalogue.db")


def row(ident: str, asset: str = ONE, **other: object) -> WaiverRow:
    told: dict[str, object] = {
        "id": ident,
        "sha256": SHA[asset],
        "rule": "in-time",
        "by": "dpo",
        "given_on": DAY,
        "until": DAY + timedelta(days=30),
        "covers": ((Purpose.PRESS, "a" * 64), (Purpose.ARCHIVE, "b" * 64)),
        "territory": "MA",
        "noes": ("C-1 refused 2020-01-01",),
    }
    return WaiverRow(asset, Waiver(**(told | other)), NOON)  # type: ignore[arg-type]


def add(catalog: Catalog, *rows: WaiverRow, reason: str = "seen") -> None:
    with catalog.transaction() as unit:
        for each in rows:
            unit.add_waiver(each, reason)


def end(catalog: Catalog, ident: str, role: str = "dpo") -> bool:
    with catalog.transaction() as unit:
        return unit.end_waiver(WaiverEnd(ident, "ended", role, NOON))


def test_a_waiver_comes_back_as_it_was_given(catalog: Catalog) -> None:
    first, second, other = row("W-1"), row("W-2", rule="embargo"), row("W-3", TWO)
    add(catalog, first, second, other)
    assert catalog.waivers() == catalog.live_waivers() == (first, second, other)
    assert catalog.live_waivers(ONE) == (first, second)
    assert catalog.waivers_of(SHA[TWO]) == (other.waiver,)
    assert catalog.waivers_of(SHA[THREE]) == catalog.waivers_of("f" * 64) == ()
    assert catalog.waiver_reasons() == {"W-1": "seen", "W-2": "seen", "W-3": "seen"}


@same_catalog
@given(text=ANY_TEXT, number=st.uuids())
def test_any_role_and_reason_come_back(catalog: Catalog, text: str, number: object) -> None:
    one = row(f"W-{str(number)[:20]}", by=text, noes=(text,))
    if one.waiver.id in catalog.waiver_reasons():
        return
    add(catalog, one, reason=text)
    assert one in catalog.live_waivers(ONE)
    assert catalog.waiver_reasons()[one.waiver.id] == text


def test_it_ends_once_and_stays_on_record(catalog: Catalog) -> None:
    add(catalog, row("W-1"), row("W-2"))
    assert end(catalog, "W-1")
    assert not end(catalog, "W-1", role="another")
    assert catalog.live_waivers() == (row("W-2"),)
    assert catalog.waivers_of(SHA[ONE]) == (row("W-2").waiver,)
    assert catalog.waivers() == (row("W-1"), row("W-2"))
    assert catalog.waiver_ends() == {"W-1": WaiverEnd("W-1", "ended", "dpo", NOON)}


def test_an_id_is_used_once_and_an_unknown_one_cannot_end(catalog: Catalog) -> None:
    add(catalog, row("W-1"))
    with pytest.raises(DamError):
        add(catalog, row("W-1", TWO))
    with pytest.raises(DamError):
        end(catalog, "W-9")
    assert catalog.waivers() == (row("W-1"),)


def test_a_reason_can_be_erased_and_the_waiver_stays(catalog: Catalog) -> None:
    add(catalog, row("W-1"), reason="personal")
    connection = sqlite3.connect(catalog._db._path)
    connection.execute("DELETE FROM waiver_reasons")
    connection.commit()
    connection.close()
    assert catalog.waiver_reasons() == {}
    assert catalog.live_waivers() == (row("W-1"),)


@pytest.mark.parametrize("body", ["{}", '{"covers":[["nothing","x"]],"noes":[],"territory":"MA"}'])
def test_one_that_was_tampered_with_is_no_waiver(catalog: Catalog, body: str) -> None:
    add(catalog, row("W-1"))
    connection = sqlite3.connect(catalog._db._path)
    connection.execute("UPDATE waivers SET body = ?", (body,))
    connection.commit()
    connection.close()
    with pytest.raises(IntegrityError):
        catalog.waivers_of(SHA[ONE])


def test_a_decision_remembers_what_was_waived(catalog: Catalog) -> None:
    texts = {"en": "no", "fr": "non", "ar": "لا"}
    reason = Reason(
        "in-time", Otherwise.HOLD, texts, texts, texts, "GDPR", ("a = b",), ("S-1",), unknown=False
    )
    until = DAY + timedelta(days=30)
    decision = Decision(
        Purpose.PRESS, "world", DAY, Disposition.APPROVED, (), (), "f" * 64, "p" * 64, until,
        waived=(Waived("W-1", "dpo", until, reason),),
    )  # fmt: skip
    with catalog.transaction() as unit:
        unit.put_decisions(ONE, [decision], NOON)
        unit.put_decisions(ONE, [decision], NOON)
    assert catalog.decisions(ONE) == (decision,)
    assert catalog.decisions(ONE)[0].waived[0].rule == "in-time"
    assert len(catalog.decision_history(ONE)) == 1


def test_decisions_of_before_there_were_waivers_are_read(catalog: Catalog) -> None:
    decision = Decision(
        Purpose.PRESS, "world", DAY, Disposition.APPROVED, (), (), "f" * 64, "p" * 64, None
    )
    with catalog.transaction() as unit:
        unit.put_decisions(ONE, [decision], NOON)
    connection = sqlite3.connect(catalog._db._path)
    connection.execute("UPDATE decisions SET body = json_remove(body, '$.waived')")
    connection.commit()
    connection.close()
    assert catalog.decisions(ONE) == (decision,)


def test_a_catalogue_without_waivers_gets_them(catalog: Catalog, tmp_path: Path) -> None:
    """As revision 0002 left it: the tables come, and what was there stays."""
    path = catalog._db._path
    catalog.close()
    connection = sqlite3.connect(path)
    audits = ("audit_rows", "audit_profiles", "facts_versions", "rule_pack_uses")
    newer = (*audits, "redaction_ends", "redaction_reasons", "redactions")
    for table in (*newer, "waiver_ends", "waiver_reasons", "waivers"):
        connection.execute(f"DROP TABLE {table}")
    for index in ("ix_assets_archived", "ix_events_subject", "ix_consent_versions_of"):
        connection.execute(f"DROP INDEX {index}")
    for column in OF_PACKS:
        connection.execute(f"ALTER TABLE packs DROP COLUMN {column}")
    for column in ("facts_digest", "until"):
        connection.execute(f"ALTER TABLE pack_items DROP COLUMN {column}")
    connection.execute("UPDATE alembic_version SET version_num = '0002'")
    connection.commit()
    connection.close()
    with Catalog.open(path) as opened:
        ready(opened._db)
        assert [a.id for a in opened.assets()] == [ONE, TWO, THREE]
        assert opened.live_waivers() == ()
        add(opened, row("W-1"))
        assert opened.waivers_of(SHA[ONE]) == (row("W-1").waiver,)
