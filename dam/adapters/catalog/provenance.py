"""Where originals came from, and the sidecars that speak of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update  # noqa: TID251

from dam.adapters.catalog.changes import Changes
from dam.adapters.catalog.engine import chunks
from dam.adapters.catalog.part import Part, build, columns, starts_with, values
from dam.adapters.catalog.tables import (
    provenance,
    sidecar_keys,
    sidecar_links,
    sidecar_versions,
    sidecars,
)
from dam.core import commitment
from dam.core.rows import LinkRow, ProvenanceRow, SidecarRow

_COLUMNS = columns(provenance, ProvenanceRow)
_SIDECAR = columns(sidecars, SidecarRow)
_NAMED = ("asset", "folder", "name", "mtime_ns", "size")


class ProvenanceReads(Part):
    """What was dropped where, and which sidecars stand beside it."""

    def provenance(self, asset: str) -> tuple[ProvenanceRow, ...]:
        """Every place and name an asset was dropped as, oldest first."""
        rows = self._db.rows(
            select(*_COLUMNS).where(provenance.c.asset == asset).order_by(provenance.c.row)
        )
        return tuple(build(ProvenanceRow, row) for row in rows)

    def unremoved(self) -> Iterator[ProvenanceRow]:
        """Stream the sources that have not been removed from the inbox, oldest first."""
        rows = self._db.pages(
            select(provenance.c.row, *_COLUMNS).where(~provenance.c.removed),
            (provenance.c.row,),
        )
        return (build(ProvenanceRow, row) for row in rows)

    def assets_named(self, folder_key: str, name_key: str) -> tuple[str, ...]:
        """The assets dropped under that name in that folder."""
        return self._dropped(
            and_(provenance.c.folder_key == folder_key, provenance.c.name_key == name_key)
        )

    def arrivals_named(self, name_key: str) -> tuple[tuple[str, str], ...]:
        """(asset, key of the folder) of everything dropped under that name, in any folder."""
        rows = self._db.rows(
            select(provenance.c.asset, provenance.c.folder_key)
            .distinct()
            .where(provenance.c.name_key == name_key)
            .order_by(provenance.c.asset)
        )
        return tuple((row.asset, row.folder_key) for row in rows)

    def assets_stemmed(self, folder_key: str, stem_key: str) -> tuple[str, ...]:
        """The assets dropped in that folder under that name without its suffix."""
        return self._dropped(
            and_(provenance.c.folder_key == folder_key, provenance.c.stem_key == stem_key)
        )

    def arrivals_under(self, folder_key: str, unlinked: str = "") -> tuple[tuple[str, bytes], ...]:
        """(asset, folder) of everything dropped in that folder or below; "" is the whole inbox.

        With `unlinked` without the assets of which the sidecar at that slot surely speaks.
        """
        statement = select(provenance.c.asset, provenance.c.folder).distinct()
        if folder_key:
            below = starts_with(provenance.c.folder_key, f"{folder_key}/")
            statement = statement.where(or_(provenance.c.folder_key == folder_key, below))
        if unlinked:
            spoken_of = select(sidecar_links.c.asset).where(
                sidecar_links.c.slot == unlinked, ~sidecar_links.c.ambiguous
            )
            statement = statement.where(provenance.c.asset.not_in(spoken_of))
        rows = self._db.rows(statement.order_by(provenance.c.asset))
        return tuple((row.asset, row.folder) for row in rows)

    def _dropped(self, condition: ColumnElement[bool]) -> tuple[str, ...]:
        return self._db.ids(
            select(provenance.c.asset).distinct().where(condition).order_by(provenance.c.asset)
        )

    def sidecar(self, slot: str) -> SidecarRow | None:
        """The current version of the sidecar at that place, or None."""
        row = self._db.one(select(*_SIDECAR).where(sidecars.c.slot == slot))
        return None if row is None else build(SidecarRow, row)

    def sidecars_of(self, asset: str) -> tuple[tuple[SidecarRow, bool], ...]:
        """The sidecars that speak of an asset, each with whether it is ambiguous."""
        rows = self._db.rows(
            select(*_SIDECAR, sidecar_links.c.ambiguous)
            .join(sidecar_links, sidecar_links.c.slot == sidecars.c.slot)
            .where(sidecar_links.c.asset == asset)
            .order_by(sidecars.c.slot)
        )
        return tuple((build(SidecarRow, row), bool(row.ambiguous)) for row in rows)

    def links_of_slot(self, slot: str) -> tuple[LinkRow, ...]:
        """Which assets a sidecar speaks of, and whether surely."""
        rows = self._db.rows(
            select(*columns(sidecar_links, LinkRow))
            .where(sidecar_links.c.slot == slot)
            .order_by(sidecar_links.c.asset)
        )
        return tuple(build(LinkRow, row) for row in rows)

    def assets_of_slot(self, slot: str) -> tuple[str, ...]:
        """The assets a sidecar speaks of."""
        return tuple(link.asset for link in self.links_of_slot(slot))


class ProvenanceWrites(ProvenanceReads, Changes):
    """What was seen in the inbox."""

    def add_provenance(self, row: ProvenanceRow) -> bool:
        """Remember a source; false if that very file was remembered before and lies there still.

        A remembered file that had been removed and is there again (file systems reuse inodes,
        copies keep their time) was dropped again: it counts as not removed, so that it is not
        left in the inbox. One that was not removed is the same also on another device: a
        network share that comes back may give it other numbers.
        """
        named = and_(*(provenance.c[name] == getattr(row, name) for name in _NAMED))
        numbered = and_(provenance.c.device == row.device, provenance.c.inode == row.inode)
        known = self._db.one(
            select(provenance.c.row, provenance.c.removed)
            .where(named, or_(numbered, ~provenance.c.removed))
            .order_by(numbered.desc())
        )
        if known is None:
            self._db.run(insert(provenance).values(values(row)))
            return True
        if not known.removed or row.removed:
            return False
        self._db.run(update(provenance).where(provenance.c.row == known.row).values(removed=False))
        return True

    def mark_removed(self, asset: str, folder: bytes, name: bytes) -> None:
        """The source of an asset is gone from the inbox."""
        self._db.run(
            update(provenance)
            .where(
                provenance.c.asset == asset,
                provenance.c.folder == folder,
                provenance.c.name == name,
            )
            .values(removed=True)
        )

    def put_sidecar(self, row: SidecarRow) -> bool:
        """Keep this version of a sidecar as the current one; false if it already is.

        Earlier versions stay in the history.
        """
        known = self.sidecar(row.slot)
        if known is not None and (known.sha256, known.kind) == (row.sha256, row.kind):
            return False
        if known is None:
            self._db.run(insert(sidecars).values(values(row)))
        else:
            self._db.run(update(sidecars).where(sidecars.c.slot == row.slot).values(values(row)))
        self._db.run(insert(sidecar_versions).values(values(row)))
        self._note_sidecar(row)
        return True

    def tell_sidecar(self, slot: str) -> None:
        """Note the present version of a sidecar."""
        row = self.sidecar(slot)
        assert row is not None
        self._note_sidecar(row)

    def _note_sidecar(self, row: SidecarRow) -> None:
        ref, key = self.sidecar_key(row.slot)
        told = commitment.sidecar(key, row.slot, row.kind, row.sha256)
        self.note("sidecar", ref, kind=row.kind, record=told)

    def sidecar_key(self, slot: str) -> tuple[str, bytes]:
        """What stands for a sidecar in the ledger, and its key; both made where there are none."""
        row = self._db.one(select(sidecar_keys).where(sidecar_keys.c.slot == slot))
        if row is not None:
            return row.ref, bytes(row.key)
        ref, key = secrets.token_hex(16), secrets.token_bytes(commitment.KEY_BYTES)
        self._db.run(insert(sidecar_keys).values(slot=slot, ref=ref, key=key))
        return ref, key

    def forget_sidecar(self, slot: str) -> None:
        """Erase the key of a sidecar that is erased: in the ledger it stands no longer."""
        row = self._db.one(select(sidecar_keys.c.ref).where(sidecar_keys.c.slot == slot))
        if row is not None:
            self.drop("sidecar", row.ref)
            self._db.run(delete(sidecar_keys).where(sidecar_keys.c.slot == slot))

    def see_sidecar(self, slot: str, at: datetime) -> None:
        """A sidecar still lies where it was, unchanged: it counts as seen at this instant."""
        self.see_sidecars([slot], at)

    def see_sidecars(self, slots: Iterable[str], at: datetime) -> None:
        """As `see_sidecar` for many."""
        for part in chunks(slots):
            self._db.run(update(sidecars).where(sidecars.c.slot.in_(part)).values(seen_at=at))

    def link_sidecar(self, asset: str, slot: str, ambiguous: bool) -> None:
        """A sidecar speaks of an asset; telling it again replaces `ambiguous`."""
        link = and_(sidecar_links.c.asset == asset, sidecar_links.c.slot == slot)
        if not self._db.run(update(sidecar_links).where(link).values(ambiguous=ambiguous)):
            self._db.run(insert(sidecar_links).values(asset=asset, slot=slot, ambiguous=ambiguous))
