"""The tables come from the revisions alone, whole or not at all."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from dam.adapters.catalog import Catalog, migrate
from dam.adapters.catalog.tables import HEAD, metadata
from dam.core.errors import ConfigurationError, IntegrityError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.db"


def _schema(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: _normal(sql) for name, sql in rows if name != "alembic_version"}
    finally:
        connection.close()


def _normal(sql: str) -> str:
    """The lines of a CREATE in any order: constraints may come before or after each other."""
    return "\n".join(sorted(line.strip().rstrip(",") for line in sql.splitlines()))


def _execute(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    try:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    finally:
        connection.close()


def test_the_revisions_make_the_tables_that_the_code_uses(path: Path, tmp_path: Path) -> None:
    Catalog.open(path).close()
    other = tmp_path / "other.db"
    engine = create_engine(f"sqlite:///{other}")
    metadata.create_all(engine)
    engine.dispose()
    assert _schema(path) == _schema(other)

    migrated = create_engine(f"sqlite:///{path}")
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    migrated.dispose()


def test_the_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", migrate.SCRIPTS)
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_revision_is_recorded(path: Path) -> None:
    Catalog.open(path).close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
    connection.close()


def test_logging_is_left_alone(path: Path) -> None:
    before = (logging.root.level, list(logging.root.handlers))
    Catalog.open(path).close()
    assert (logging.root.level, list(logging.root.handlers)) == before


def test_a_newer_database_is_refused(path: Path) -> None:
    Catalog.open(path).close()
    _execute(path, "UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(ConfigurationError, match="newer version"):
            Catalog.open(path, read_only=read_only)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "statements",
    [("CREATE TABLE songs (title TEXT)",), ("CREATE TABLE alembic_version (version_num TEXT)",)],
)
def test_a_database_of_something_else_is_refused(path: Path, statements: tuple[str, ...]) -> None:
    _execute(path, *statements)
    schema = _schema(path)
    with pytest.raises(IntegrityError):
        Catalog.open(path)
    assert _schema(path) == schema


def test_reading_does_not_upgrade(path: Path) -> None:
    path.touch()
    with pytest.raises(ConfigurationError, match="older version"):
        Catalog.open(path, read_only=True)
    assert path.read_bytes() == b""


def test_an_upgrade_that_fails_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = migrate._upgrade

    def broken(*args: object) -> None:
        upgrade(*args)  # type: ignore[arg-type]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(migrate, "_upgrade", broken)
    with pytest.raises(OSError, match="No space"):
        Catalog.open(path)
    assert _schema(path) == {}
    monkeypatch.undo()
    Catalog.open(path).close()
    assert "assets" in _schema(path)
