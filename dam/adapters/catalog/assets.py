"""Assets, and which of them wait to be decided again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Unpack

from sqlalchemy import delete, func, insert, select, update  # noqa: TID251

from dam.adapters.catalog import held
from dam.adapters.catalog.changes import Changes
from dam.adapters.catalog.part import Part, build, columns, starts_with, values
from dam.adapters.catalog.tables import assets, audit_rows, due_work
from dam.core.errors import DamError
from dam.core.model import Disposition
from dam.core.rows import AssetChange, AssetRow

FOUND_AT_MOST = 10
_COLUMNS = columns(assets, AssetRow)


class AssetReads(Part):
    """What is known of assets."""

    def asset(self, id: str) -> AssetRow | None:  # noqa: A002
        """The asset of that id, or None."""
        row = self._db.one(select(*_COLUMNS).where(assets.c.id == id))
        return None if row is None else build(AssetRow, row)

    def asset_by_sha(self, sha256: str) -> AssetRow | None:
        """The asset whose original has that digest, or None."""
        row = self._db.one(select(*_COLUMNS).where(assets.c.sha256 == sha256))
        return None if row is None else build(AssetRow, row)

    def find(self, prefix: str) -> tuple[str, ...]:
        """The ids that start with `prefix`, in order, at most ten."""
        return self._db.ids(
            select(assets.c.id)
            .where(starts_with(assets.c.id, prefix))
            .order_by(assets.c.id)
            .limit(FOUND_AT_MOST)
        )

    def assets(
        self, disposition: Disposition | None = None, limit: int | None = None
    ) -> Iterator[AssetRow]:
        """Stream assets by the time they were added, then id. Writing meanwhile is fine."""
        statement = select(*_COLUMNS)
        if disposition is not None:
            statement = statement.where(assets.c.disposition == disposition)
        rows = self._db.pages(statement, (assets.c.added_at, assets.c.id))
        return (build(AssetRow, row) for row in islice(rows, limit))

    def counts(self) -> dict[Disposition, int]:
        """How many assets have each disposition; each is a key, also with none."""
        found = self._db.rows(
            select(assets.c.disposition, func.count()).group_by(assets.c.disposition)
        )
        counted = {row[0]: row[1] for row in found}
        return {disposition: counted.get(disposition, 0) for disposition in Disposition}

    def filed_assets(self) -> frozenset[str]:
        """The assets that stand in the archive."""
        statement = select(assets.c.id).where(assets.c.archived_as.is_not(None))
        return frozenset(self._db.ids(statement))

    def due_assets(self) -> tuple[str, ...]:
        """The assets that wait to be decided again, longest waiting first."""
        return self._db.ids(select(due_work.c.asset).order_by(due_work.c.row))

    def due_mark(self, asset: str) -> int | None:
        """How often the asset was marked since it was last cleared; None if it does not wait."""
        row = self._db.one(select(due_work.c.mark).where(due_work.c.asset == asset))
        return None if row is None else int(row[0])


class AssetWrites(AssetReads, Changes):
    """Changes of assets."""

    def add_asset(self, row: AssetRow) -> None:
        """Add a new asset. DamError where its id or its content is already known."""
        self._db.run(insert(assets).values(values(row)))
        self.note_fields("asset", row.id, held.new_asset(row))

    def update_asset(self, id: str, **changes: Unpack[AssetChange]) -> None:  # noqa: A002
        """Change the named fields. DamError for an unknown asset or a field that never changes."""
        unknown = set(changes) - AssetChange.__optional_keys__
        if unknown:
            raise DamError("A field of an asset that never changes was to be changed")
        if not changes:
            return
        before = self._note_changes(id, dict(changes))
        if not self._db.run(update(assets).where(assets.c.id == id).values(dict(changes))):
            raise DamError("There is no such asset in the catalogue")
        if "archived_as" in changes and changes["archived_as"] != before.get("archived_as"):
            told = update(audit_rows).where(audit_rows.c.asset == id)
            self._db.run(told.values(archived_as=changes["archived_as"]))

    def _note_changes(self, asset: str, changes: dict[str, object]) -> dict[str, object]:
        """Note those that are of the ledger and not so already; what the ledger told before."""
        if not changes.keys() & held.FIELDS.keys():
            return {}
        row = self._db.one(select(*(assets.c[n] for n in held.FIELDS)).where(assets.c.id == asset))
        now = held.asset(changes)
        before = row._asdict() if row is not None else {}
        known = held.asset(before)
        new = {name: value for name, value in now.items() if value != known.get(name)}
        if new:
            self.note_fields("asset", asset, new)
        return before

    def mark_due(self, ids: Iterable[str]) -> None:
        """Remember that these assets must be decided again, also across a crash."""
        for asset in dict.fromkeys(ids):
            marked = self._db.run(
                update(due_work).where(due_work.c.asset == asset).values(mark=due_work.c.mark + 1)
            )
            if not marked:
                self._db.run(insert(due_work).values(asset=asset, mark=1))

    def clear_due(self, asset: str, mark: int | None = None) -> bool:
        """The asset has been decided again; true if it waits no longer.

        With `mark` (`due_mark` read before the facts were) an asset that was marked again
        meanwhile keeps waiting: a withdrawal that arrived during the decision is not lost.
        """
        statement = delete(due_work).where(due_work.c.asset == asset)
        if mark is not None:
            statement = statement.where(due_work.c.mark == mark)
        return self._db.run(statement) > 0 or self.due_mark(asset) is None
