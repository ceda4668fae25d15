"""Personal data in the catalogue's file: apart, found by who may, and gone once it is erased."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import create_engine

from dam.adapters.catalog import Catalog, migrate
from dam.core.private import EventDetails, SubjectDetails, join, part
from dam.core.rows import ConsentVersion

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
NAME, BORN, CALLS, WITNESS, REASON = (
    "Zineb Qxarhou", "2012-05-17", "+212 600 777 111", "Haj Qxadir", "her aunt Qxaicha called",
)  # fmt: skip
SECRETS = (NAME, BORN, CALLS, WITNESS, REASON)
BODY: dict[str, Any] = {
    "id": "C-1",
    "subject": {"id": "S-1", "name": NAME, "birth_date": BORN, "contact": CALLS},
    "scope": {"purposes": ["press"], "territories": ["world"], "valid_from": "2021-11-01"},
    "givers": [{"role": "parent", "method": "written", "on": "2021-10-28", "witness": WITNESS}],
    "events": [
        {"state": "given", "on": "2021-10-28"},
        {"state": "withdrawn", "on": "2022-01-01", "by": "parent", "reason": REASON},
    ],
}
RESTRICTED = {"subject_details", "giver_details", "text_details", "event_details"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.db"


def _version(revision: str, body: dict[str, Any] = BODY, slot: str = "register") -> ConsentVersion:
    public, _ = part(body)
    return ConsentVersion("C-1", slot, revision * 32, "S-1", public, NOON, revision=revision * 32)


def _put(catalog: Catalog, revision: str, body: dict[str, Any] = BODY) -> bool:
    with catalog.transaction() as unit:
        return unit.put_consent(_version(revision, body), part(body)[1])


def _tables(path: Path) -> dict[str, str]:
    """Everything each table holds, as text."""
    with closing(sqlite3.connect(path)) as database:
        names = [
            n for (n,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {n: repr(database.execute(f'SELECT * FROM "{n}"').fetchall()) for n in names}


def _told(path: Path) -> set[str]:
    """The tables that hold one of the secrets."""
    escaped = {json.dumps(secret)[1:-1] for secret in SECRETS}
    return {n for n, text in _tables(path).items() if any(s in text for s in (*SECRETS, *escaped))}


def _raw(path: Path) -> bytes:
    """The bytes of the file and of what SQLite keeps beside it."""
    return b"".join(p.read_bytes() for p in sorted(path.parent.glob(f"{path.name}*")))


def test_details_are_read_back_by_their_key(path: Path) -> None:
    with Catalog.open(path) as catalog:
        assert _put(catalog, "a")
        (version,) = catalog.consents()
        details = catalog.details([version.revision, "", "nothing"])
        assert join(version.body, details[version.revision], named=True) == BODY
        assert catalog.details([]) == catalog.details([""]) == {}
        assert catalog.names_of(["S-1", "S-2"]) == {"S-1": (NAME,)}
        public = [{k: v for k, v in e.items() if k != "reason"} for e in catalog.all_events("C-1")]
        assert public == [
            BODY["events"][0],
            {"state": "withdrawn", "on": "2022-01-01", "by": "parent"},
        ]
        assert [*catalog.told_events("C-1")] == BODY["events"]
    assert _told(path) == RESTRICTED


def test_a_name_that_was_corrected_is_still_a_name(path: Path) -> None:
    later = BODY | {"subject": {"id": "S-1", "name": "Zaynab", "first_name": "Z"}}
    with Catalog.open(path) as catalog:
        assert _put(catalog, "a")
        assert _put(catalog, "b", later)
        assert catalog.names_of(["S-1"]) == {"S-1": ("Z", "Zaynab", NAME)}
        # The same events told again, reasons and all, are the same events.
        assert len(catalog.all_events("C-1")) == 2
        other = [*BODY["events"][:1], BODY["events"][1] | {"reason": "another reason"}]
        assert _put(catalog, "c", BODY | {"events": other})
        assert len(catalog.all_events("C-1")) == 3


def test_a_version_that_is_no_longer_stated_keeps_its_details(path: Path) -> None:
    with Catalog.open(path) as catalog:
        assert _put(catalog, "a")
        (version,) = catalog.consents()
        with catalog.transaction() as unit:
            assert unit.put_consent(replace(version, stated=False))
        assert len(catalog.all_events("C-1")) == 2
        assert [*catalog.told_events("C-1")] == BODY["events"]
        assert catalog.details([version.revision])[version.revision].subject.name == NAME


def test_erasing_leaves_nothing_in_the_file(path: Path) -> None:
    with Catalog.open(path) as catalog:
        _put(catalog, "a")
        _put(catalog, "b", BODY | {"evidence": [{"file": f"{NAME}.pdf"}]})
        assert catalog.erased_on("S-1") is None
        with catalog.transaction() as unit:
            assert unit.erase_details("S-1", NOON) == ("C-1",)
        assert catalog.scrub()
        raw = _raw(path)
        assert [secret for secret in SECRETS if secret.encode() in raw] == []
        assert catalog.erased(["C-1", "C-2"]) == {("C-1", "S-1")}
        assert catalog.erased_on("S-1") == NOON
        assert catalog.names_of(["S-1"]) == {}
        assert catalog.details(["a" * 32]) == {}
        # The events themselves stay: a withdrawal outlives the name of who asked for it.
        assert [e["state"] for e in catalog.all_events("C-1")] == ["given", "withdrawn"]
        with catalog.transaction() as unit:
            assert unit.erase_details("S-1", NOON) == ("C-1",)
            # What is left of it, told again, is nothing new.
            assert unit.put_consent(_version("c", BODY))
            assert len(unit.all_events("C-1")) == 2


def test_one_erasure_leaves_others_alone(path: Path) -> None:
    other = json.loads(json.dumps(BODY).replace("C-1", "C-2").replace("S-1", "S-2"))
    public, details = part(other)
    with Catalog.open(path) as catalog:
        _put(catalog, "a")
        with catalog.transaction() as unit:
            version = ConsentVersion("C-2", "register", "d", "S-2", public, NOON, revision="z" * 32)
            unit.put_consent(version, details)
            unit.erase_details("S-1", NOON)
        assert catalog.names_of(["S-1", "S-2"]) == {"S-2": (NAME,)}
        assert [*catalog.told_events("C-2")] == BODY["events"]


def test_a_reader_keeps_the_journal_and_is_told_of(path: Path) -> None:
    with Catalog.open(path, timeout_ms=50) as catalog, closing(sqlite3.connect(path)) as other:
        _put(catalog, "a")
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM events").fetchall()
        with catalog.transaction() as unit:
            unit.erase_details("S-1", NOON)
        assert not catalog.scrub()
        other.rollback()
        assert catalog.scrub()


def _first_schema(path: Path) -> None:
    """A catalogue as version 0001 left it, with a record that is not apart."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0001")
    engine.dispose()
    plain = BODY | {"id": "C-2", "subject": {"id": "S-2", "age_band": "adult"}, "givers": [],
                    "events": BODY["events"][:1]}  # fmt: skip
    with closing(sqlite3.connect(path)) as database:
        for row, body, current in ((1, BODY, False), (2, BODY, True), (3, plain, True)):
            database.execute(
                "INSERT INTO consent_versions VALUES (?, ?, 'register', ?, ?, ?, ?, true, ?)",
                (row, body["id"], "d" * 64, body["subject"]["id"], json.dumps(body, sort_keys=True),
                 "2026-01-02 12:00:00.000000", current),
            )  # fmt: skip
        for row, event in enumerate(BODY["events"], 1):
            database.execute(
                "INSERT INTO consent_events VALUES (?, 'C-1', ?, ?)",
                (row, f"{row}" * 64, json.dumps(event)),
            )
        database.commit()


def test_a_catalogue_of_the_first_schema_is_taken_apart(path: Path) -> None:
    _first_schema(path)
    assert _told(path) == {"consent_versions", "consent_events"}
    with Catalog.open(path) as catalog:
        first, second = catalog.consent_history("C-1")
        assert first.revision != second.revision
        assert first.digest != second.digest
        assert "d" * 64 not in (first.digest, second.digest)
        assert (second.recorded_at, second.told_in, second.stated) == (NOON, "", True)
        details = catalog.details([first.revision, second.revision])
        for version in (first, second):
            assert join(version.body, details[version.revision], named=True) == BODY
        assert details[second.revision].subject == SubjectDetails(
            name=NAME, birth_date=date(2012, 5, 17), contact=CALLS
        )
        assert [*catalog.told_events("C-1")] == BODY["events"]
        assert catalog._events("C-1")[0][2] == EventDetails()
        (plain,) = catalog.consent_history("C-2")
        assert (plain.revision, plain.digest) == ("", "d" * 64)
        assert [v.consent for v in catalog.consents()] == ["C-1", "C-2"]
        assert catalog.damages() == ()
    assert _told(path) == RESTRICTED
    # Moved for good: erasing finds every copy, that of the old table's pages too.
    with Catalog.open(path) as catalog:
        with catalog.transaction() as unit:
            unit.erase_details("S-1", NOON)
        catalog.scrub()
        raw = _raw(path)
    assert [secret for secret in SECRETS if secret.encode() in raw] == []
