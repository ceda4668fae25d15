"""The database under the catalogue: private, durable, shared, and honest about its errors."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dam.adapters.catalog import Catalog
from dam.core.errors import (
    ConfigurationError,
    DamError,
)
from dam.core.model import Disposition, Event
from dam.core.rows import AssetRow

NOON = datetime(2021, 11, 18, 12, tzinfo=UTC)


def an_asset(number: int = 1, **changes: object) -> AssetRow:
    fields: dict[str, object] = {
        "id": f"a{number:07d}",
        "sha256": f"{number:064x}",
        "size": 1000,
        "format": "JPEG",
        "width": 640,
        "height": 480,
        "disposition": Disposition.HELD,
        "archived_as": None,
        "captured_on": None,
        "captured_source": "exif:DateTimeOriginal",
        "photographer": None,
        "programme": None,
        "country": None,
        "city": None,
        "facts_digest": None,
        "added_at": NOON + timedelta(seconds=number),
    }
    return AssetRow(**(fields | changes))  # type: ignore[arg-type]


ANY_TEXT = st.text(
    st.characters(codec="utf-8") | st.sampled_from(["\x00", "\\", "\ud800", "\udcff", "u", "%"]),
    max_size=20,
)
ONE = an_asset(1).id
TWO = an_asset(2).id
THREE = an_asset(3).id

same_catalog = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


def three_assets(path: Path) -> Iterator[Catalog]:
    """A catalogue with the assets `ONE`, `TWO` and `THREE`, open until the test ends."""
    ids = count(1)
    with Catalog.open(path, new_id=lambda: f"e{next(ids)}") as opened:
        with opened.transaction() as unit:
            for number in (1, 2, 3):
                unit.add_asset(an_asset(number))
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.db"


@pytest.fixture
def catalog(path: Path) -> Iterator[Catalog]:
    with Catalog.open(path, timeout_ms=100) as opened:
        yield opened


def pragma(catalog: Catalog, name: str) -> object:
    row = catalog._db.one(text(f"PRAGMA {name}"))
    assert row is not None
    return row[0]


def _modes(path: Path) -> dict[str, int]:
    return {
        file.name: stat.S_IMODE(file.stat().st_mode)
        for file in sorted(path.parent.glob(f"{path.name}*"))
    }


# --- the file ---------------------------------------------------------------------------


def test_every_file_is_for_the_owner_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        with Catalog.open(path) as catalog, catalog.transaction() as unit:
            unit.add_asset(an_asset())
            assert _modes(path) == {
                "catalogue.db": 0o600,
                "catalogue.db-shm": 0o600,
                "catalogue.db-wal": 0o600,
            }
    finally:
        os.umask(before)


def test_a_file_that_others_could_read_is_made_private(path: Path) -> None:
    Catalog.open(path).close()
    path.chmod(0o644)
    with Catalog.open(path) as catalog, catalog.transaction() as unit:
        unit.add_asset(an_asset())
        assert set(_modes(path).values()) == {0o600}


def test_the_settings_that_keep_data_safe_are_on(catalog: Catalog) -> None:
    assert pragma(catalog, "journal_mode") == "wal"
    assert pragma(catalog, "synchronous") == 2
    assert pragma(catalog, "foreign_keys") == 1
    assert pragma(catalog, "secure_delete") == 1
    assert pragma(catalog, "temp_store") == 2
    assert pragma(catalog, "busy_timeout") == 100


def test_the_default_timeout_is_ten_seconds(path: Path) -> None:
    with Catalog.open(path) as catalog:
        assert pragma(catalog, "busy_timeout") == 10_000


def test_what_was_overwritten_is_not_left_in_the_file(path: Path) -> None:
    secret = "quelque-chose-de-secret"
    with Catalog.open(path) as catalog:
        with catalog.transaction() as unit:
            unit.add_asset(an_asset(city=secret, note=secret * 1000))
        with catalog.transaction() as unit:
            unit.update_asset(an_asset().id, city=None, note="")
    assert secret.encode() not in path.read_bytes()
    assert list(_modes(path)) == ["catalogue.db"]


@pytest.mark.parametrize("name", ["a b.db", "été%20?x#y.db", "عربي.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    with Catalog.open(tmp_path / name) as catalog, catalog.transaction() as unit:
        unit.add_asset(an_asset())
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_reading_creates_and_changes_nothing(path: Path) -> None:
    with pytest.raises(ConfigurationError):
        Catalog.open(path, read_only=True)
    with pytest.raises(ConfigurationError):
        Catalog.open(path, create=False)
    assert list(path.parent.iterdir()) == []

    with Catalog.open(path) as catalog, catalog.transaction() as unit:
        unit.add_asset(an_asset())
    before = path.read_bytes()
    with Catalog.open(path, read_only=True) as reader:
        assert reader.asset(an_asset().id) == an_asset()
        with pytest.raises(RuntimeError), reader.transaction():
            pass
        with pytest.raises(DamError):
            reader._db.rows(text("DELETE FROM assets"))
        assert reader.asset(an_asset().id) == an_asset()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_missing_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        Catalog.open(tmp_path / "none" / "catalogue.db")


def test_a_reader_sees_what_a_writer_has_just_written(path: Path, catalog: Catalog) -> None:
    with Catalog.open(path, read_only=True) as reader:
        with catalog.transaction() as unit:
            unit.add_asset(an_asset())
            assert reader.asset(an_asset().id) is None
        assert reader.asset(an_asset().id) == an_asset()


def test_a_snapshot_does_not_move(path: Path, catalog: Catalog) -> None:
    with Catalog.open(path, read_only=True) as reader:
        with reader.snapshot():
            assert reader.asset(an_asset().id) is None
            with catalog.transaction() as unit:
                unit.add_asset(an_asset())
            assert reader.asset(an_asset().id) is None
        assert reader.asset(an_asset().id) == an_asset()


# --- transactions -----------------------------------------------------------------------


def test_a_transaction_is_kept_whole_or_not_at_all(catalog: Catalog) -> None:
    def fail() -> None:
        with catalog.transaction() as unit:
            unit.add_asset(an_asset(1))
            unit.append(Event("added", an_asset(1).id), NOON)
            assert catalog.asset(an_asset(1).id) == an_asset(1), "reads inside see what it did"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert catalog.find("") == ()
    assert catalog.head()[0] == 0
    with catalog.transaction() as unit:
        unit.add_asset(an_asset(1))
    assert catalog.find("") == (an_asset(1).id,)


def test_one_transaction_at_a_time(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        unit.add_asset(an_asset(1))
        with pytest.raises(RuntimeError), catalog.transaction():
            pass
        unit.add_asset(an_asset(2))
    assert len(catalog.find("")) == 2
    with pytest.raises(RuntimeError):
        unit.add_asset(an_asset(3))


def test_after_close_nothing_but_a_readable_error(path: Path) -> None:
    catalog = Catalog.open(path)
    catalog.close()
    catalog.close()
    with pytest.raises(DamError):
        catalog.find("")
    with pytest.raises(DamError), catalog.transaction():
        pass


def test_threads_take_turns(catalog: Catalog) -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    def write(first: int) -> None:
        try:
            start.wait()
            for number in range(first, first + 40):
                with catalog.transaction() as unit:
                    unit.add_asset(an_asset(number))
                    unit.append(Event("added", an_asset(number).id), NOON)
        except BaseException as error:
            failures.append(error)

    def read() -> None:
        try:
            start.wait()
            for _ in range(60):
                with catalog.snapshot():
                    # One event by the caller, one of the change itself.
                    assert catalog.head()[0] == 2 * catalog.counts()[Disposition.HELD]
                list(catalog.assets())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 1000)]
    threads += [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert catalog.counts()[Disposition.HELD] == 80
    assert catalog.head()[0] == 160
    assert catalog.verify_chain() == ()


def test_two_writers_on_one_file_take_turns(path: Path) -> None:
    failures: list[BaseException] = []
    Catalog.open(path).close()

    def write(first: int) -> None:
        try:
            with Catalog.open(path) as own:
                for number in range(first, first + 25):
                    with own.transaction() as unit:
                        unit.add_asset(an_asset(number))
                        unit.append(Event("added", an_asset(number).id), NOON)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with Catalog.open(path, read_only=True) as reader:
        assert reader.head()[0] == 100
        assert reader.verify_chain() == ()


_CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from dam.adapters.catalog import Catalog
from dam.core.model import Event
from tests.adapters.test_catalog import an_asset

with Catalog.open(Path(sys.argv[1])) as catalog:
    with catalog.transaction() as unit:
        unit.add_asset(an_asset(1))
        unit.append(Event("added", "a1"), datetime.now(UTC))
    with catalog.transaction() as unit:
        # More than SQLite's page cache: part of it is in the -wal before the end.
        for number in range(2, 4000):
            unit.add_asset(an_asset(number, note="n" * 2000))
        unit.append(Event("added", "a2"), datetime.now(UTC))
        print("inside", flush=True)
        sys.stdin.read()
"""


def test_a_process_killed_inside_a_transaction_leaves_nothing_of_it(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"inside\n"
        assert path.with_name("catalogue.db-wal").stat().st_size > 1_000_000
        with Catalog.open(path, read_only=True) as reader:
            assert len(reader.find("")) == 1
        child.send_signal(signal.SIGKILL)
        child.wait()
    with Catalog.open(path) as catalog:
        assert [row.id for row in catalog.assets()] == [an_asset(1).id]
        assert catalog.head()[0] == 2
        assert catalog.verify_chain() == ()
        assert catalog.damages() == ()
        with catalog.transaction() as unit:
            unit.add_asset(an_asset(2))
