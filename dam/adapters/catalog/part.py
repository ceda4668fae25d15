"""What every group of statements stands on."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar

from sqlalchemy import Column, ColumnElement, Table, func, literal  # noqa: TID251

from dam.adapters.catalog.columns import Words
from dam.adapters.catalog.engine import Database, Found

if TYPE_CHECKING:
    from dataclasses import Field


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[object]]]


RowT = TypeVar("RowT", bound=_Dataclass)


class Part:
    """A group of statements over one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @property
    def _ledger(self) -> Database:
        """The database, with all of the ledger in it: a transaction writes its events late."""
        return self._db


def columns(table: Table, kind: type[_Dataclass]) -> list[Column[object]]:
    """The columns of `table` that make up a row of `kind`."""
    return [table.c[field.name] for field in fields(kind)]


def build(kind: type[RowT], row: Found) -> RowT:
    """A row of `kind` from a database row whose columns `columns` chose."""
    return kind(**{field.name: row._mapping[field.name] for field in fields(kind)})


def values(row: _Dataclass) -> dict[str, object]:
    """The fields of `row` by name, not copied."""
    return {field.name: getattr(row, field.name) for field in fields(row)}


def starts_with(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Whether text starts with `prefix`, letter case and all (SQLite's LIKE folds ASCII)."""
    start = literal(prefix, Words)
    return func.substr(column, 1, func.length(start)) == start
