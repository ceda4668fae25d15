"""What all tables of the catalogue share."""

from __future__ import annotations

from sqlalchemy import (  # noqa: TID251
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    MetaData,
)

from dam.adapters.catalog.columns import Words

#: The newest revision in `migrations/versions`; a test holds the two together.
HEAD = "0009"

#: What an index is limited to is told for SQLite alone: naming another dialect here would load it
#: with every command. The revisions name PostgreSQL too.
metadata = MetaData()

#: SQLite counts up only in a primary key declared INTEGER.
Serial = BigInteger().with_variant(Integer, "sqlite")


def asset(*, primary_key: bool = False) -> Column[str]:
    return Column("asset", Words, ForeignKey("assets.id"), nullable=False, primary_key=primary_key)
