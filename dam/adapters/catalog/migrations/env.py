"""Run the revisions over the connection, inside the transaction, that the catalogue opened."""

from __future__ import annotations

from alembic import context  # noqa: TID251

# SQLite itself can undo CREATE TABLE; Alembic only assumes otherwise because of the driver's
# legacy transactions, which the catalogue switches off.
context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
