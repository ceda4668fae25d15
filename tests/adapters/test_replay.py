"""Replaying the ledger gives what stands in the catalogue, and shows what was changed beside it."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from dam.adapters.catalog import Catalog
from dam.core.private import Details, SubjectDetails
from dam.core.replay import Difference, fold
from dam.core.rows import ConsentVersion, SidecarRow
from tests.histories import NOON, Life, live


@contextmanager
def empty() -> Iterator[tuple[Catalog, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.db"
        with Catalog.passing(path, told=True) as catalog:
            yield catalog, path


def differences(catalog: Catalog) -> list[Difference]:
    with catalog.snapshot():
        return list(catalog.disagreements())


@settings(max_examples=60)
@given(st.data())
def test_replaying_any_history_gives_what_stands_in_the_catalogue(data: st.DataObject) -> None:
    with empty() as (catalog, _):
        live(catalog, Life(data.draw))
        assert differences(catalog) == []
        assert catalog.verify_chain() == ()


@settings(max_examples=15)
@given(st.data())
def test_an_older_ledger_is_replayed_from_its_baseline(data: st.DataObject) -> None:
    """As the revision finds it: no keys, and events of which nothing can be replayed."""
    with empty() as (catalog, path):
        life = Life(data.draw)
        live(catalog, life)
        run(path, "DELETE FROM subject_keys", "DELETE FROM sidecar_keys")
        run(path, "DELETE FROM events", "DELETE FROM ledger_head")
        with catalog.transaction() as unit:
            life.tell(unit)
            unit.remember("ledger:baseline", "due")
        assert catalog.baseline_due()
        with catalog.transaction() as unit:
            unit.begin_replay()
        assert not catalog.baseline_due()
        assert fold(catalog.events()).begins == 2
        assert differences(catalog) == []
        live(catalog, life)
        assert differences(catalog) == []


def run(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A catalogue in which one of each kind of thing stands, as the bytes of its file."""
    path = tmp_path_factory.mktemp("lived") / "catalogue.db"
    plain = settings(database=None, derandomize=True, max_examples=10)
    life = Life(lambda what: find(what, lambda _: True, settings=plain))
    steps = [
        life.asset,
        life.change,
        life.facts,
        life.decide,
        life.rendition,
        life.consent,
        life.sidecar,
        life.waive,
        life.draw_region,
        life.pack,
        life.recall,
        life.take_back,
        life.settle,
        life.rules,
    ]
    with Catalog.passing(path, told=True) as catalog:
        with catalog.transaction() as unit:
            for step in steps:
                step(unit)
            unit.put_consent(replace(told("C-9", "S-9"), revision="r"), DETAILS)
            unit.put_consent(told("C-8", "S-8"))
            unit.erase_details("S-8", NOON)
        assert differences(catalog) == []
        assert catalog.scrub()
    return path.read_bytes()


DETAILS = Details(SubjectDetails(name="Amina", birth_date=date(2015, 1, 1)))


def told(consent: str, subject: str) -> ConsentVersion:
    events = [{"state": "given"}, {"state": "withdrawn"}]
    body: dict[str, object] = {"id": consent, "events": events}
    return ConsentVersion(consent, "register", "d", subject, body, NOON)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("asset", "UPDATE assets SET disposition = 'quarantined'"),
        ("asset", "UPDATE assets SET archived_as = 'archive/z.jpg'"),
        ("asset", "UPDATE assets SET facts_digest = 'other'"),
        ("asset", "UPDATE assets SET id = 'a9'"),
        ("asset", "DELETE FROM decisions"),
        ("asset", "UPDATE decisions SET current = false"),
        ("asset", "UPDATE decisions SET disposition = 'refused'"),
        ("asset", "UPDATE decisions SET holds_until = '2030-01-01'"),
        ("asset", "UPDATE decisions SET body = replace(body, 'credit', 'watermark')"),
        ("asset", "UPDATE renditions SET sha256 = 'other'"),
        ("asset", "UPDATE renditions SET relative = 'other.jpg'"),
        ("asset", "UPDATE renditions SET state = 'removed'"),
        ("asset", "DELETE FROM renditions"),
        ("consent", "UPDATE consent_versions SET stated = NOT stated"),
        ("consent", "UPDATE consent_versions SET slot = 'elsewhere'"),
        ("consent", "UPDATE consent_versions SET body = replace(body, 'given', 'renewed')"),
        ("consent", "UPDATE consent_versions SET current = false"),
        ("consent", "UPDATE subject_details SET name = 'Samira'"),
        ("consent", "UPDATE subject_details SET birth_date = '2000-01-01'"),
        ("consent", "UPDATE subject_keys SET key = x'00'"),
        ("consent", "DELETE FROM subject_keys"),
        ("said", "DELETE FROM consent_events WHERE body LIKE '%withdrawn%'"),
        ("said", "UPDATE consent_events SET body = replace(body, 'withdrawn', 'renewed')"),
        ("sidecar", "UPDATE sidecars SET sha256 = 'other'"),
        ("sidecar", "DELETE FROM sidecars"),
        ("sidecar", "DELETE FROM sidecar_keys"),
        ("waiver", "UPDATE waivers SET until = '2040-01-01'"),
        ("waiver", "UPDATE waivers SET body = replace(body, 'MA', 'FR')"),
        ("waiver", "INSERT INTO waiver_ends SELECT id, 'ended', 'dpo', given_at FROM waivers"),
        ("region", "UPDATE redactions SET body = replace(body, '0.25', '0.26')"),
        ("region", "DELETE FROM redactions"),
        ("pack", "UPDATE packs SET manifest_sha256 = 'other'"),
        ("pack", "UPDATE packs SET territory = 'world'"),
        ("pack", "DELETE FROM pack_items"),
        ("pack", "UPDATE packs SET state = 'dropped'"),
        ("asset", "DELETE FROM restrictions"),
        ("asset", "UPDATE restrictions SET state = 'copy'"),
        ("tombstone", "UPDATE tombstones SET digest = 'other'"),
        ("tombstone", "UPDATE tombstones SET lifted_at = at"),
        ("tombstone", "DELETE FROM tombstones"),
        ("settlement", "UPDATE tombstone_settlements SET verdict = 'x'"),
        ("mark", "DELETE FROM pack_marks"),
        ("recall", "DELETE FROM recalls"),
        ("recall", "UPDATE recalls SET deadline = '2040-01-01'"),
        ("recall", "UPDATE recalls SET ended_at = opened_at"),
        ("recall", "DELETE FROM recall_files"),
        ("rules", "UPDATE rule_pack_uses SET digest = 'other'"),
        ("erasure", "DELETE FROM erasures"),
        ("erasure", "UPDATE erasures SET at = '2020-01-01 00:00:00.000000'"),
    ],
)
def test_what_was_changed_beside_the_ledger_is_found(
    lived: bytes, tmp_path: Path, kind: str, change: str
) -> None:
    path = tmp_path / "catalogue.db"
    path.write_bytes(lived)
    run(path, "PRAGMA foreign_keys = OFF", change)
    with Catalog.passing(path, told=True) as catalog:
        assert catalog.verify_chain() == ()
        found = differences(catalog)
    assert kind in {each.kind for each in found}
    assert all(str(each).startswith(f"{each.kind} ") for each in found)


def test_an_erased_subject_stands_in_the_ledger_without_what_was_known(lived: bytes) -> None:
    with empty() as (_, path):
        path.with_name("other.db").write_bytes(lived)
        with Catalog.passing(path.with_name("other.db"), told=True) as catalog:
            replayed = fold(catalog.events())
    assert set(replayed.of_kind("erasure")) == {"S-8"}
    assert not any(ident.startswith("C-8") for ident in replayed.of_kind("consent"))
    assert "C-8" not in replayed.of_kind("said")
    assert "Amina" not in repr(replayed.items)


def test_an_erased_key_is_nowhere_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    with Catalog.passing(path, told=True) as catalog:
        with catalog.transaction() as unit:
            unit.put_consent(told("C-1", "S-1"))
            unit.put_consent(told("C-2", "S-2"))
            unit.put_sidecar(SidecarRow("a/b", "photo", "1" * 64, "b", "a", "b", NOON))
            _, sidecar = unit.sidecar_key("a/b")
        keys = catalog.subject_keys(["S-1", "S-2"])
        assert all(key in raw(path) for key in (*keys.values(), sidecar))
        with catalog.transaction() as unit:
            unit.erase_details("S-1", NOON)
            unit.forget_sidecar("a/b")
        assert catalog.scrub()
        assert catalog.subject_keys(["S-1", "S-2"]) == {"S-2": keys["S-2"]}
        assert (keys["S-1"] in raw(path), keys["S-2"] in raw(path)) == (False, True)
        assert sidecar not in raw(path)
        # What comes of the same pseudonym later is committed to under another key.
        with catalog.transaction() as unit:
            unit.put_consent(replace(told("C-1", "S-1"), digest="other"))
        assert catalog.subject_keys(["S-1"])["S-1"] != keys["S-1"]
        assert differences(catalog) == []


def raw(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
