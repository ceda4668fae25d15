"""The tables come from the revisions alone, whole or not at all."""

from __future__ import annotations

import logging
import sqlite3
from datetime import UTC, datetime
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
    """The parts of a CREATE in any order: constraints may come before or after each other, and a

    column that was added later stands at the end of the last line.
    """
    head, _, parts = sql.rpartition(")")[0].partition("(")
    found, depth = [""], 0
    for char in parts:
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            found.append("")
        else:
            found[-1] += char
    return "\n".join((head.strip(), *sorted(" ".join(part.split()) for part in found)))


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


def test_facts_of_before_have_the_time_from_which_they_surely_counted(path: Path) -> None:
    """Those that never changed count since the asset came, others since the last decision."""
    Catalog.open(path).close()
    columns = (
        "(id, sha256, size, format, disposition, captured_source, added_at, note, note_hint, "
        "facts_digest) VALUES "
    )
    _execute(
        path,
        *(
            f"INSERT INTO assets {columns} "
            f"('{one}', '{one}', 1, '', 'held', '', '2026-01-01 00:00:00.000000', '', '', 'new')"
            for one in ("once", "twice", "never")
        ),
        "UPDATE assets SET facts_digest = NULL WHERE id = 'never'",
        "INSERT INTO facts (digest, asset, body) VALUES ('new', 'once', '{}'), "
        "('old', 'twice', '{}'), ('new', 'twice', '{}')",
        "INSERT INTO decisions (asset, purpose, territory, day, disposition, facts_digest, "
        "pack_digest, body, made_at, current) VALUES "
        "('twice', 'press', 'world', '2026-01-02', 'held', '', '', '{}', "
        "'2026-01-02 00:00:00.000000', false), "
        "('twice', 'press', 'world', '2026-01-05', 'held', '', '', '{}', "
        "'2026-01-05 00:00:00.000000', true)",
    )
    _downgrade(path)
    with Catalog.open(path) as catalog:
        known = catalog.facts_before(["once", "twice", "never"], datetime(2027, 1, 1, tzinfo=UTC))
    assert {asset: (f.digest, f.recorded_at.day) for asset, f in known.items()} == {
        "once": ("new", 1),
        "twice": ("new", 5),
    }


#: Of revision 0006; `use` is no word of SQLite's.
OF_PACKS = (
    "state", "use", "until", "format", "rules_digest", "preset_digest", "head_seq", "head_hash",
    "signed",
)  # fmt: skip


def _downgrade(path: Path) -> None:
    """The tables as revision 0004 left them."""
    _execute(
        path,
        "UPDATE alembic_version SET version_num = '0004'",
        "DROP TABLE audit_rows",
        "DROP TABLE audit_profiles",
        "DROP TABLE facts_versions",
        "DROP TABLE rule_pack_uses",
        "DROP INDEX ix_assets_archived",
        "DROP INDEX ix_events_subject",
        "DROP INDEX ix_consent_versions_of",
        *(f"ALTER TABLE packs DROP COLUMN {name}" for name in OF_PACKS),
        "ALTER TABLE pack_items DROP COLUMN facts_digest",
        "ALTER TABLE pack_items DROP COLUMN until",
    )
