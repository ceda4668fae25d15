"""What must lie on the disk by the catalogue: streamed in the order of names, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Column, Table, select  # noqa: TID251

from dam.adapters.catalog.engine import chunks
from dam.adapters.catalog.part import Part
from dam.adapters.catalog.tables import (
    asset_subjects,
    assets,
    erasures,
    facts,
    pack_items,
    renditions,
    restrictions,
    sidecar_versions,
    sidecars,
)
from dam.core.model import Purpose
from dam.core.plan import ARCHIVE
from dam.core.verification import Content, Filed

#: So many digests of sidecars are read at once; no index knows them.
_PAGE: Final = 5000
_PHOTO = (assets.c.sha256, assets.c.id, assets.c.size, restrictions.c.state)
_FILED = (
    assets.c.archived_as,
    assets.c.id,
    renditions.c.sha256,
    renditions.c.size,
    renditions.c.state,
    restrictions.c.state.label("held"),
)
_BELOW = f"{ARCHIVE}/"


class FixityReads(Part):
    """Content that must be there, renditions that must be filed."""

    def contents(self) -> Iterator[Content]:
        """All stored bytes, photographs and sidecars, by SHA-256, each once.

        Bytes that are both are told of as the sidecar's.
        """
        ordered = merge(self._taken(), self._told_contents(), key=lambda each: each.sha256)
        for _, same in groupby(ordered, key=lambda each: each.sha256):
            yield min(same, key=lambda each: each.asset)

    def content(self, sha256: str) -> Content | None:
        """What is on record of these bytes, or None."""
        for table in (sidecars, sidecar_versions):
            known = select(table.c.sha256).where(table.c.sha256 == sha256).limit(1)
            if self._db.one(known) is not None:
                return Content(sha256)
        row = self._db.one(_photos().where(assets.c.sha256 == sha256))
        return None if row is None else _content(row)

    def _taken(self) -> Iterator[Content]:
        return map(_content, self._db.pages(_photos(), (assets.c.sha256,)))

    def _told_contents(self) -> Iterator[Content]:
        streams = (self._digests(table) for table in (sidecars, sidecar_versions))
        return (Content(sha256) for sha256, _ in groupby(merge(*streams)))

    def _digests(self, table: Table) -> Iterator[str]:
        column, after = table.c.sha256, ""
        while True:
            page = self._db.ids(
                select(column).distinct().where(column > after).order_by(column).limit(_PAGE)
            )
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1]

    def filed(self) -> Iterator[Filed]:
        """Everything that must stand in the archive, by its path."""
        statement = _filed().where(assets.c.archived_as.is_not(None))
        keys: Sequence[Column[Any]] = (assets.c.archived_as, assets.c.id)
        return map(_as_filed, self._db.pages(statement, keys))

    def filed_at(self, relative: str) -> Filed | None:
        """What is, will be or was filed at a path below the archive; what is comes first."""
        row = self._db.one(_filed().where(assets.c.archived_as == f"{_BELOW}{relative}"))
        if row is None:
            past = _filed().where(renditions.c.relative == relative)
            row = self._db.one(past.order_by(renditions.c.state))
            return None if row is None else _as_filed(row, relative)
        return _as_filed(row)

    def known_assets(self, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Of those of these assets that there are: disposition, and why one is restricted or ""."""
        found = {}
        for chunk in chunks(ids):
            rows = self._db.rows(
                select(assets.c.id, assets.c.disposition, restrictions.c.state)
                .outerjoin(restrictions, restrictions.c.asset == assets.c.id)
                .where(assets.c.id.in_(chunk))
            )
            found.update({r.id: (str(r.disposition), r.state or "") for r in rows})
        return found

    def stored_facts(self) -> Iterator[tuple[str, str, Mapping[str, object]]]:
        """Stream (asset, digest, body) of the facts that count, by asset."""
        rows = self._db.pages(
            select(assets.c.id, assets.c.facts_digest, facts.c.body).join(
                facts, (facts.c.asset == assets.c.id) & (facts.c.digest == assets.c.facts_digest)
            ),
            (assets.c.id,),
        )
        return ((str(row.id), str(row.facts_digest), row.body) for row in rows)

    def subjects_shown(self, ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """By which subjects a withdrawal finds each of these assets."""
        found: dict[str, set[str]] = {}
        for chunk in chunks(ids):
            rows = self._db.rows(select(asset_subjects).where(asset_subjects.c.asset.in_(chunk)))
            for row in rows:
                found.setdefault(row.asset, set()).add(str(row.subject))
        return {asset: frozenset(subjects) for asset, subjects in found.items()}

    def forgotten(self) -> frozenset[str]:
        """The subjects whose details were erased: texts about them were changed since."""
        return frozenset(self._db.ids(select(erasures.c.subject).distinct()))

    def items_without_asset(self) -> Iterator[tuple[str, str]]:
        """(pack, file) of what packs hold of assets that are not there."""
        rows = self._db.rows(
            select(pack_items.c.pack, pack_items.c.file)
            .outerjoin(assets, assets.c.id == pack_items.c.asset)
            .where(assets.c.id.is_(None))
            .order_by(pack_items.c.pack, pack_items.c.file)
        )
        return ((str(row.pack), str(row.file)) for row in rows)


def _photos() -> Any:  # noqa: ANN401  (a statement over four typed columns)
    return select(*_PHOTO).outerjoin(restrictions, restrictions.c.asset == assets.c.id)


def _content(row: Any) -> Content:  # noqa: ANN401
    return Content(row.sha256, row.id, int(row.size), row.state or "")


def _filed() -> Any:  # noqa: ANN401
    return (
        select(*_FILED)
        .outerjoin(
            renditions,
            (renditions.c.asset == assets.c.id) & (renditions.c.purpose == Purpose.ARCHIVE.value),
        )
        .outerjoin(restrictions, restrictions.c.asset == assets.c.id)
    )


def _as_filed(row: Any, relative: str | None = None) -> Filed:  # noqa: ANN401
    where = relative if relative is not None else row.archived_as.removeprefix(_BELOW)
    size = None if row.size is None else int(row.size)
    return Filed(row.id, where, row.sha256 or "", size, row.state or "", row.held or "")
