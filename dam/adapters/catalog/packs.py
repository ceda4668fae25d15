"""Renditions, and the press packs they went out in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Select, delete, func, insert, select, update  # noqa: TID251

from dam.adapters.catalog import held
from dam.adapters.catalog.changes import Changes
from dam.adapters.catalog.part import Part, build, columns, starts_with, values
from dam.adapters.catalog.tables import (
    pack_item_consents,
    pack_items,
    pack_marks,
    packs,
    renditions,
)
from dam.core.errors import DamError
from dam.core.rows import PackItemRow, PackMark, PackRow, PackState, RenditionRow, RenditionState

_RENDITION = columns(renditions, RenditionRow)
_PACK = columns(packs, PackRow)


class PackReads(Part):
    """What was made of an asset and who has it."""

    def rendition(self, asset: str, purpose: str) -> RenditionRow | None:
        """The rendition of an asset for a purpose, in whatever state, or None."""
        row = self._db.one(
            select(*_RENDITION).where(renditions.c.asset == asset, renditions.c.purpose == purpose)
        )
        return None if row is None else build(RenditionRow, row)

    def renditions(self, state: RenditionState | None = None) -> Iterator[RenditionRow]:
        """Stream renditions, or those in one state, by asset and purpose."""
        statement = select(*_RENDITION)
        if state is not None:
            statement = statement.where(renditions.c.state == state)
        rows = self._db.pages(statement, (renditions.c.asset, renditions.c.purpose))
        return (build(RenditionRow, row) for row in rows)

    def packs(self) -> tuple[PackRow, ...]:
        """Every pack that went out, or may have, oldest first."""
        return self._packs(select(*_PACK).where(packs.c.state != "dropped"))

    def sealed_packs(self) -> tuple[PackRow, ...]:
        """The packs of which nobody knows yet whether they got their names, oldest first."""
        return self._packs(select(*_PACK).where(packs.c.state == "sealed"))

    def find_packs(self, prefix: str) -> tuple[str, ...]:
        """The ids that start with `prefix`, in order, at most ten."""
        return self._db.ids(
            select(packs.c.id).where(starts_with(packs.c.id, prefix)).order_by(packs.c.id).limit(10)
        )

    def pack_sizes(self) -> dict[str, int]:
        """How many pictures each pack holds."""
        rows = self._db.rows(select(pack_items.c.pack, func.count()).group_by(pack_items.c.pack))
        return {str(row[0]): int(row[1]) for row in rows}

    def packs_with_asset(self, asset: str) -> tuple[PackRow, ...]:
        """The packs that went out, or may have, and hold an asset, oldest first."""
        holding = select(pack_items.c.pack).where(pack_items.c.asset == asset)
        out = packs.c.state != "dropped"
        return self._packs(select(*_PACK).where(packs.c.id.in_(holding), out))

    def _packs(self, statement: Select[*tuple[object, ...]]) -> tuple[PackRow, ...]:
        rows = self._db.rows(statement.order_by(packs.c.made_at, packs.c.id))
        return tuple(build(PackRow, row) for row in rows)

    def pack(self, id: str) -> tuple[PackRow, tuple[PackItemRow, ...]] | None:  # noqa: A002
        """A pack with its items by file name, or None."""
        row = self._db.one(select(*_PACK).where(packs.c.id == id))
        if row is None:
            return None
        consents: dict[str, list[tuple[str, str]]] = {}
        for found in self._db.rows(
            select(pack_item_consents)
            .where(pack_item_consents.c.pack == id)
            .order_by(pack_item_consents.c.file, pack_item_consents.c.place)
        ):
            consents.setdefault(found.file, []).append((found.consent, found.digest))
        items = self._db.rows(
            select(pack_items).where(pack_items.c.pack == id).order_by(pack_items.c.file)
        )
        return build(PackRow, row), tuple(
            PackItemRow(
                pack=item.pack,
                asset=item.asset,
                file=item.file,
                sha256=item.sha256,
                consents=tuple(consents.get(item.file, ())),
                facts_digest=item.facts_digest,
                until=item.until,
            )
            for item in items
        )


class PackWrites(PackReads, Changes):
    """What is made and what goes out."""

    def plan_rendition(self, row: RenditionRow) -> None:
        """Remember a rendition before its file exists; it replaces an earlier one."""
        place = (renditions.c.asset == row.asset, renditions.c.purpose == row.purpose)
        if not self._db.run(update(renditions).where(*place).values(values(row))):
            self._db.run(insert(renditions).values(values(row)))
        self.note_fields("asset", row.asset, held.rendition(row))

    def mark_filed(self, asset: str, purpose: str) -> None:
        """The file of a planned rendition is in its place."""
        self._set_state(asset, purpose, "filed")

    def mark_removed_rendition(self, asset: str, purpose: str) -> None:
        """The file of a rendition is gone for good."""
        self._set_state(asset, purpose, "removed")

    def _set_state(self, asset: str, purpose: str, state: RenditionState) -> None:
        place = (renditions.c.asset == asset, renditions.c.purpose == purpose)
        if not self._db.run(update(renditions).where(*place).values(state=state)):
            raise DamError("There is no such rendition in the catalogue")
        row = self.rendition(asset, purpose)
        assert row is not None
        self.note_fields("asset", asset, held.rendition(row))

    def add_pack(self, row: PackRow, items: Iterable[PackItemRow]) -> None:
        """Remember a pack with everything in it, in the place of a dropped one of its id.

        DamError for an item of another pack, or where a pack of its id went out.
        """
        held_items: Sequence[PackItemRow] = tuple(items)
        if any(item.pack != row.id for item in held_items):
            raise DamError("An item of another pack was to be added to a pack")
        gone = select(packs.c.id).where(packs.c.id == row.id, packs.c.state == "dropped")
        marked = columns(pack_marks, PackMark)
        for mark in self._db.rows(select(*marked).where(pack_marks.c.pack.in_(gone))):
            # It never went out: nobody has what was marked.
            self.drop("mark", held.mark(build(PackMark, mark))[0])
        for table in (pack_marks, pack_item_consents, pack_items):
            self._db.run(delete(table).where(table.c.pack.in_(gone)))
        self._db.run(delete(packs).where(packs.c.id == row.id, packs.c.state == "dropped"))
        self._db.run(insert(packs).values(values(row)))
        self.note_fields("pack", row.id, {**held.pack(row, len(held_items))})
        for item in held_items:
            own = values(item)
            del own["consents"]
            self._db.run(insert(pack_items).values(own))
            for place, (consent, digest) in enumerate(item.consents):
                self._db.run(
                    insert(pack_item_consents).values(
                        pack=item.pack,
                        file=item.file,
                        place=place,
                        consent=consent,
                        digest=digest,
                    )
                )

    def set_pack_state(self, id: str, state: PackState) -> None:  # noqa: A002
        """A sealed pack got its name, or never will. DamError for an unknown pack."""
        if not self._db.run(update(packs).where(packs.c.id == id).values(state=state)):
            raise DamError("There is no such pack in the catalogue")
        self.note("pack", id, state=state)
