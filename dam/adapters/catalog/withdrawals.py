"""What was taken back: tombstones, restricted originals, marked packs, and what must still go."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update  # noqa: TID251

from dam.adapters.catalog import held
from dam.adapters.catalog.decisions import DecisionReads, DecisionWrites
from dam.adapters.catalog.engine import chunks
from dam.adapters.catalog.part import build, columns, values
from dam.adapters.catalog.tables import (
    assets,
    leaving,
    likenesses,
    pack_items,
    pack_marks,
    restrictions,
    tombstone_settlements,
    tombstones,
)
from dam.core import chain
from dam.core.likeness import Likeness
from dam.core.rows import Leaving, PackMark, Restriction
from dam.core.tombstones import Tombstone, Trace, keyed, traces

_TOMBSTONE = columns(tombstones, Tombstone)
_RESTRICTION = columns(restrictions, Restriction)
_MARK = columns(pack_marks, PackMark)
_LEAVING = columns(leaving, Leaving)
#: The note under which the key of the tombstones' digests is kept.
_KEY = "tombstone-key"


class WithdrawalReads(DecisionReads):
    """What must not come back, what is in restricted hold, and what has still to leave."""

    def tombstones(self) -> tuple[Tombstone, ...]:
        """Every tombstone that counts, oldest first."""
        rows = self._db.rows(
            select(*_TOMBSTONE)
            .where(tombstones.c.lifted_at.is_(None))
            .order_by(tombstones.c.at, tombstones.c.id)
        )
        return tuple(build(Tombstone, row) for row in rows)

    def tombstone_key(self) -> str:
        """The key of the tombstones' digests, in hex; "" before the first opening for writing."""
        return self.recall(_KEY) or ""

    def keyed(self, sha256: str) -> str:
        """The digest of an original as tombstones have it; "" before the first has its key."""
        key = self.recall(_KEY)
        return keyed(bytes.fromhex(key), sha256) if key else ""

    def traces_of(
        self,
        contents: Sequence[str],
        seen: Mapping[str, str] | None = None,
        before: datetime | None = None,
    ) -> dict[str, tuple[Trace, ...]]:
        """What the photographs of these contents have of photographs that were taken back.

        By SHA-256; without an asset's own tombstone, and without what a person settled. `seen`
        are likenesses that are not on record, by SHA-256. `before`: as far as was known then.
        """
        stones = [
            (stone, Likeness.read(stone.likeness) if stone.likeness else None)
            for stone in self.tombstones()
            if before is None or stone.at < before
        ]
        found: dict[str, tuple[Trace, ...]] = {}
        if not stones:
            return found
        for chunk in chunks(contents):
            known = {
                row.sha256: row
                for row in self._db.rows(
                    select(
                        assets.c.sha256, assets.c.id, likenesses.c.told, restrictions.c.tombstone
                    )
                    .outerjoin(likenesses, likenesses.c.asset == assets.c.id)
                    .outerjoin(restrictions, restrictions.c.asset == assets.c.id)
                    .where(assets.c.sha256.in_(chunk))
                )
            }
            settled = self.settled_of([row.id for row in known.values()])
            for sha256 in chunk:
                row = known.get(sha256)
                told = (seen or {}).get(sha256) or (row.told if row is not None else None)
                own = {row.tombstone, *settled.get(row.id, ())} if row is not None else set()
                picture = Likeness.read(told) if told else None
                left = [(stone, like) for stone, like in stones if stone.id not in own]
                if mine := traces(self.keyed(sha256), picture, left):
                    found[sha256] = mine
        return found

    def settled_of(self, ids: Iterable[str]) -> dict[str, set[str]]:
        """The tombstones that a person settled for each of these assets."""
        found: dict[str, set[str]] = {}
        said = tombstone_settlements.c
        for chunk in chunks(ids):
            for row in self._db.rows(
                select(said.asset, said.tombstone).where(said.asset.in_(chunk))
            ):
                found.setdefault(row.asset, set()).add(row.tombstone)
        return found

    def likeness(self, asset: str) -> str | None:
        """What an asset's picture looks like; None where nobody looked, "" without features."""
        row = self._db.one(select(likenesses.c.told).where(likenesses.c.asset == asset))
        return None if row is None else str(row.told)

    def likenesses(self) -> dict[str, Likeness]:
        """What every picture with features looks like, by asset."""
        rows = self._db.rows(select(likenesses).where(likenesses.c.told != ""))
        return {row.asset: Likeness.read(row.told) for row in rows}

    def restriction(self, asset: str) -> Restriction | None:
        """Why the original of an asset is not among the others; None where it is."""
        return self.restrictions_of([asset]).get(asset)

    def restrictions_of(self, ids: Iterable[str]) -> dict[str, Restriction]:
        """As `restriction`, of many assets."""
        found: dict[str, Restriction] = {}
        for chunk in chunks(ids):
            rows = self._db.rows(select(*_RESTRICTION).where(restrictions.c.asset.in_(chunk)))
            found.update((row.asset, build(Restriction, row)) for row in rows)
        return found

    def restrictions(self) -> tuple[Restriction, ...]:
        """Every asset whose original is in restricted hold or gone, by asset."""
        rows = self._db.rows(select(*_RESTRICTION).order_by(restrictions.c.asset))
        return tuple(build(Restriction, row) for row in rows)

    def pack_marks(self) -> tuple[PackMark, ...]:
        """Every file of a pack that may be used no longer, by pack and file."""
        rows = self._db.rows(select(*_MARK).order_by(*(pack_marks.primary_key.columns)))
        return tuple(build(PackMark, row) for row in rows)

    def leaving(self) -> tuple[Leaving, ...]:
        """What has still to leave the disk, in order."""
        rows = self._db.rows(select(*_LEAVING).order_by(leaving.c.row))
        return tuple(build(Leaving, row) for row in rows)


class WithdrawalWrites(WithdrawalReads, DecisionWrites):
    """What is taken back."""

    def make_tombstone_key(self) -> None:
        """The key of the digests, once for the life of the workspace: backups carry it."""
        if self.recall(_KEY) is None:
            self.remember(_KEY, secrets.token_hex(32))

    def put_tombstone(self, stone: Tombstone) -> bool:
        """Keep a tombstone; false where it is known. One that was lifted stays so."""
        if self._db.one(select(tombstones.c.id).where(tombstones.c.id == stone.id)) is not None:
            return False
        self._db.run(insert(tombstones).values(values(stone)))
        self.note_fields("tombstone", stone.id, held.tombstone(stone, None))
        return True

    def lift_tombstone(self, ident: str, at: datetime) -> None:
        """Those shown agreed anew: it stands in nobody's way any more."""
        lifted = self._db.run(
            update(tombstones)
            .where(tombstones.c.id == ident, tombstones.c.lifted_at.is_(None))
            .values(lifted_at=at)
        )
        if lifted:
            self.note("tombstone", ident, lifted=chain.instant(at))

    def erase_by_tombstone(self, ident: str, at: datetime) -> None:
        """What it stands for was in restricted hold and is erased now."""
        own = tombstones.c.id == ident
        self._db.run(update(tombstones).where(own).values(why="erased", at=at))
        row = self._db.one(select(*_TOMBSTONE, tombstones.c.lifted_at).where(own))
        if row is not None:
            told = held.tombstone(build(Tombstone, row), row.lifted_at)
            self.note_fields("tombstone", ident, told)

    def settle_trace(self, row: Mapping[str, object]) -> None:
        """What a person said of an asset and a tombstone, in the place of what was said before."""
        mine = (
            tombstone_settlements.c.tombstone == row["tombstone"],
            tombstone_settlements.c.asset == row["asset"],
        )
        self._db.run(delete(tombstone_settlements).where(*mine))
        self._db.run(insert(tombstone_settlements).values(dict(row)))
        ident = f"{row['asset']} {row['tombstone']}"
        self.note("settlement", ident, verdict=str(row["verdict"]))

    def put_likeness(self, asset: str, told: str) -> None:
        """What the picture of an asset looks like."""
        if self.likeness(asset) is None:
            self._db.run(insert(likenesses).values(asset=asset, told=told))
        else:
            own = likenesses.c.asset == asset
            self._db.run(update(likenesses).where(own, likenesses.c.told != told).values(told=told))

    def restrict(self, row: Restriction) -> None:
        """The original of an asset does not count among the others from now on."""
        self.release(row.asset)
        self._db.run(insert(restrictions).values(values(row)))
        self.note("asset", row.asset, restricted=row.state)

    def release(self, asset: str) -> None:
        """The original of an asset counts among the others again; nothing of it leaves."""
        if self._db.run(delete(restrictions).where(restrictions.c.asset == asset)):
            self.note("asset", asset, restricted=None)
        self._db.run(delete(leaving).where(leaving.c.asset == asset, leaving.c.kind == "restrict"))

    def mark_packs(self, ids: Iterable[str], why: str, at: datetime) -> dict[str, tuple[str, ...]]:
        """Mark what packs hold of these assets; the files newly marked, by pack."""
        found: dict[str, list[str]] = {}
        for chunk in chunks(ids):
            for item in self._db.rows(
                select(pack_items.c.pack, pack_items.c.file)
                .outerjoin(
                    pack_marks,
                    (pack_marks.c.pack == pack_items.c.pack)
                    & (pack_marks.c.file == pack_items.c.file)
                    & (pack_marks.c.why == why),
                )
                .where(pack_items.c.asset.in_(chunk), pack_marks.c.pack.is_(None))
                .order_by(pack_items.c.pack, pack_items.c.file)
            ):
                mark = PackMark(item.pack, item.file, why, at)
                self._db.run(insert(pack_marks).values(values(mark)))
                self.note_fields("mark", *held.mark(mark))
                found.setdefault(item.pack, []).append(item.file)
        return {pack: tuple(files) for pack, files in found.items()}

    def mark_files(self, pack: str, files: Iterable[str], why: str, at: datetime) -> list[str]:
        """Mark these files of one pack; those newly marked for this, in order."""
        mine = pack_marks.c.pack == pack, pack_marks.c.why == why
        known = self._db.ids(select(pack_marks.c.file).where(*mine))
        fresh = sorted(frozenset(files) - frozenset(known))
        for file in fresh:
            marked = PackMark(pack, file, why, at)
            self._db.run(insert(pack_marks).values(values(marked)))
            self.note_fields("mark", *held.mark(marked))
        return fresh

    def plan_leaving(self, kind: str, asset: str = "", what: str = "") -> None:
        """Something must leave the disk once this transaction is over."""
        self._db.run(insert(leaving).values(kind=kind, asset=asset, what=what))

    def left(self, rows: Sequence[int]) -> None:
        """That much has left the disk."""
        for row in rows:
            self._db.run(delete(leaving).where(leaving.c.row == row))
