"""Whatever is wrong with the database, a person is told in words and nothing is lost."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from dam.adapters.catalog import Catalog
from dam.adapters.catalog.engine import translated
from dam.core.errors import (
    DamError,
    IntegrityError,
    StorageError,
    WorkspaceBusy,
)
from tests.adapters.test_catalog import NOON, an_asset, pragma


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.db"


@pytest.fixture
def catalog(path: Path) -> Iterator[Catalog]:
    with Catalog.open(path, timeout_ms=100) as opened:
        yield opened


@pytest.mark.parametrize(
    "content", [b"\xff\xd8\xff\xe0" * 1000, b"hello", b"SQLite format 3\0" * 99]
)
def test_a_file_that_is_no_database_is_told_and_kept(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(IntegrityError):
            Catalog.open(path, read_only=read_only)
    assert path.read_bytes() == content


def test_a_folder_in_its_place_is_told(path: Path) -> None:
    path.mkdir()
    with pytest.raises(IntegrityError):
        Catalog.open(path)


def test_a_pipe_in_its_place_does_not_block(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(IntegrityError):
        Catalog.open(path)


def test_a_damaged_database_is_told(path: Path) -> None:
    with Catalog.open(path) as catalog, catalog.transaction() as unit:
        for number in range(200):
            unit.add_asset(an_asset(number))
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\xa5" * (len(content) - 4096 * 2)
    path.write_bytes(content)
    with pytest.raises(IntegrityError), Catalog.open(path) as catalog:
        list(catalog.assets())


def test_a_sound_file_has_no_damages_and_an_orphan_is_one(path: Path) -> None:
    with Catalog.open(path) as catalog:
        assert catalog.damages() == ()
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO asset_subjects VALUES ('nobody', 'S-1')")
    connection.commit()
    connection.close()
    with Catalog.open(path) as catalog:
        assert catalog.damages() == ("a record of asset_subjects points at nothing",)


@pytest.mark.parametrize(
    "change",
    [
        "disposition = 'fine'",
        "added_at = 'yesterday'",
        "captured_on = 'x'",
        "note = CAST(x'ff' AS TEXT)",
    ],
)
def test_a_record_that_makes_no_sense_is_told(path: Path, change: str) -> None:
    with Catalog.open(path) as catalog, catalog.transaction() as unit:
        unit.add_asset(an_asset())
    connection = sqlite3.connect(path)
    connection.execute(f"UPDATE assets SET {change}")
    connection.commit()
    connection.close()
    with Catalog.open(path) as catalog:
        with pytest.raises(IntegrityError):
            catalog.asset(an_asset().id)
        assert catalog.find("a") == (an_asset().id,)


def test_a_database_locked_for_too_long_is_busy(path: Path, catalog: Catalog) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(WorkspaceBusy), catalog.transaction():
        pytest.fail("began all the same")
    assert catalog.find("") == (), "readers do not wait for a writer"
    other.execute("ROLLBACK")
    other.close()
    with catalog.transaction() as unit:
        unit.add_asset(an_asset())


def test_opening_a_database_locked_whole_is_busy(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(WorkspaceBusy):
        Catalog.open(path, timeout_ms=50)
    other.close()


def test_a_full_disk_undoes_the_transaction_and_no_more(path: Path, catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        unit.add_asset(an_asset(1))
    pragma(catalog, f"max_page_count = {pragma(catalog, 'page_count')}")
    with pytest.raises(StorageError), catalog.transaction() as unit:
        unit.add_asset(an_asset(2, note="x" * 200_000))
    assert [row.id for row in catalog.assets()] == [an_asset(1).id]
    pragma(catalog, "max_page_count = 1000000")
    with catalog.transaction() as unit:
        unit.add_asset(an_asset(2, note="x" * 200_000))
    assert len(list(catalog.assets())) == 2


def test_errors_quote_no_value(catalog: Catalog) -> None:
    secret = "Amina"
    with catalog.transaction() as unit:
        unit.add_asset(an_asset(city=secret))
    with pytest.raises(DamError) as refused, catalog.transaction() as unit:
        unit.add_asset(an_asset(city=secret))
    error: BaseException | None = refused.value
    while error is not None:
        assert secret not in str(error)
        error = error.__cause__


@pytest.mark.parametrize("size", [2**63, "\ud800"])
def test_a_value_that_no_column_holds_is_refused(catalog: Catalog, size: object) -> None:
    with pytest.raises(DamError) as refused, catalog.transaction() as unit:
        unit.add_asset(an_asset(size=size))
    assert refused.value.__cause__ is None
    assert catalog.find("") == ()


def test_a_time_without_a_zone_is_refused(catalog: Catalog) -> None:
    with pytest.raises(DamError, match="time zone"), catalog.transaction() as unit:
        unit.add_asset(an_asset(added_at=NOON.replace(tzinfo=None)))


def test_an_error_of_the_caller_is_not_touched() -> None:
    with pytest.raises(KeyError), translated():
        raise KeyError("mine")
