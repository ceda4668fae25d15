"""Bring a database to the schema that this version knows, or say why that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text  # noqa: TID251

from dam.adapters.catalog.engine import Database, translated
from dam.adapters.catalog.tables import HEAD
from dam.core.errors import ConfigurationError, IntegrityError

if TYPE_CHECKING:
    from alembic.config import Config  # noqa: TID251

SCRIPTS = "dam.adapters.catalog:migrations"


def ready(database: Database) -> None:
    """Create or upgrade the tables, all in one transaction.

    Raises ConfigurationError for a database of a newer version (or, opened for reading only,
    of an older one) and IntegrityError for a database of something else.
    """
    with database.span("read") as connection:
        found = _revision(connection)
    if found == HEAD:
        return
    _must_be_known(found)
    if database.read_only:
        raise ConfigurationError(
            "The catalogue was made by an older version of dam, or was never filled",
            "Run `dam ingest` once, which brings it up to date",
        )
    with database.span("write") as connection:
        # Another process may have been quicker.
        found = _revision(connection)
        if found != HEAD:
            _must_be_known(found)
            with translated():
                _upgrade(connection)
    # A revision may have moved personal data: what stood before must not stay in the journal.
    database.scrub()


def _revision(connection: Connection) -> str | None:
    """The recorded revision; None for a database without any table."""
    with translated():
        names = inspect(connection).get_table_names()
        if not names:
            return None
        if "alembic_version" not in names:
            raise IntegrityError(
                "The catalogue is a database of something else", "Restore it from a backup"
            )
        revisions = connection.execute(text("SELECT version_num FROM alembic_version")).all()
    if len(revisions) != 1:
        raise IntegrityError("The catalogue does not say which version it has")
    return str(revisions[0][0])


def _must_be_known(revision: str | None) -> None:
    # Imported where it is needed: most commands find the newest revision and start faster.
    from alembic.script import ScriptDirectory  # noqa: TID251

    scripts = ScriptDirectory.from_config(_config())
    if revision is not None and revision not in {
        each.revision for each in scripts.walk_revisions()
    }:
        raise ConfigurationError(
            "The catalogue was made by a newer version of dam", "Install that version of dam"
        )


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config  # noqa: TID251

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", SCRIPTS)
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: TID251

    command.upgrade(_config(connection), "head")
