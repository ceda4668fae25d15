"""Many assets at once: what deciding them again needs to know, and their new decisions.

A changed rule pack or a date that passes concerns every asset; asked one by one, the
statements would cost more than the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Table, bindparam, delete, insert, select, update  # noqa: TID251
from sqlalchemy.sql import Executable  # noqa: TID251

from dam.adapters.catalog.decisions import store
from dam.adapters.catalog.engine import CHUNK, Found
from dam.adapters.catalog.part import Part, build, columns
from dam.adapters.catalog.tables import (
    asset_consents,
    assets,
    decisions,
    due_work,
    facts,
    notes,
    provenance,
    renditions,
    sidecar_links,
    sidecars,
)
from dam.core.model import Decision
from dam.core.rows import AssetRow, AssetState, ProvenanceRow, RenditionRow

_ASSET = columns(assets, AssetRow)
_PROVENANCE = columns(provenance, ProvenanceRow)
_RENDITION = columns(renditions, RenditionRow)
_KEY = (
    decisions.c.purpose,
    decisions.c.territory,
    decisions.c.day,
    decisions.c.facts_digest,
    decisions.c.pack_digest,
)


class BatchReads(Part):
    """The state of many assets, in as many statements as for one."""

    def states(self, ids: Sequence[str], purpose: str) -> dict[str, AssetState]:
        """What is known of these assets (at most 500), by id; unknown ids are left out.

        `purpose` is the one whose rendition counts.
        """
        if len(ids) > CHUNK:
            raise ValueError("too many assets at once")
        rows = self._db.rows(
            select(*_ASSET, facts.c.body.label("facts_body"))
            .outerjoin(
                facts, (facts.c.asset == assets.c.id) & (facts.c.digest == assets.c.facts_digest)
            )
            .where(assets.c.id.in_(ids))
        )
        marks = {r.asset: int(r.mark) for r in self._of(due_work, ids)}
        said = self._grouped(
            select(sidecar_links.c.asset, sidecar_links.c.ambiguous, sidecars.c.seen_at,
                   sidecars.c.sha256)
            .join(sidecars, sidecars.c.slot == sidecar_links.c.slot)
            .where(sidecar_links.c.asset.in_(ids))
        )  # fmt: skip
        came = self._grouped(
            select(*_PROVENANCE).where(provenance.c.asset.in_(ids)).order_by(provenance.c.row)
        )
        filed = {
            r.asset: build(RenditionRow, r)
            for r in self._db.rows(
                select(*_RENDITION).where(
                    renditions.c.asset.in_(ids), renditions.c.purpose == purpose
                )
            )
        }
        used = self._grouped(select(asset_consents).where(asset_consents.c.asset.in_(ids)))
        made = self._grouped(
            select(decisions.c.asset, *_KEY).where(decisions.c.asset.in_(ids), decisions.c.current)
        )
        return {
            row.id: AssetState(
                row=build(AssetRow, row),
                facts=row.facts_body,
                mark=marks.get(row.id),
                sidecars=tuple((s.seen_at, s.sha256, s.ambiguous) for s in said.get(row.id, ())),
                provenance=tuple(build(ProvenanceRow, p) for p in came.get(row.id, ())),
                rendition=filed.get(row.id),
                consents=frozenset(c.consent for c in used.get(row.id, ())),
                decided=frozenset(_key(d) for d in made.get(row.id, ())),
            )
            for row in rows
        }

    def filed_among(self, ids: Sequence[str]) -> frozenset[str]:
        """Which of these assets, however many, stand in the archive."""
        chunks = (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
        filed = select(assets.c.id).where(assets.c.archived_as.is_not(None))
        return frozenset(
            ident for chunk in chunks for ident in self._db.ids(filed.where(assets.c.id.in_(chunk)))
        )

    def due_marks(self, ids: Sequence[str]) -> dict[str, int]:
        """The due marks of these assets (at most 500); those that do not wait are left out."""
        return {r.asset: int(r.mark) for r in self._of(due_work, ids)}

    def recalled(self, keys: Sequence[str]) -> dict[str, str]:
        """What was remembered under each of these keys (at most 500)."""
        rows = self._db.rows(select(notes).where(notes.c.key.in_(keys)))
        return {str(row.key): str(row.value) for row in rows}

    def _of(self, table: Table, ids: Sequence[str]) -> Sequence[Found]:
        return self._db.rows(select(table).where(table.c.asset.in_(ids)))

    def _grouped(self, statement: Executable) -> dict[str, list[Found]]:
        grouped: dict[str, list[Found]] = {}
        for row in self._db.rows(statement):
            grouped.setdefault(row.asset, []).append(row)
        return grouped


def _key(row: Found) -> tuple[str, str, date, str, str]:
    return row.purpose, row.territory, row.day, row.facts_digest, row.pack_digest


class BatchWrites(BatchReads):
    """New decisions for many assets."""

    def put_decisions_of(self, made: Mapping[str, Sequence[Decision]], made_at: datetime) -> None:
        """Make these the current decisions of their assets (at most 500) in the place of all

        earlier ones, which stay in the history.
        """
        if not made:
            return
        self._db.run(
            update(decisions)
            .where(decisions.c.asset.in_(list(made)), decisions.c.current)
            .values(current=False)
        )
        self._db.run_many(
            insert(decisions),
            [
                {**store(decision), "asset": asset, "made_at": made_at, "current": True}
                for asset, each in made.items()
                for decision in each
            ],
        )

    def clear_due_of(self, marks: Mapping[str, int]) -> None:
        """As `clear_due` with its mark, for many assets."""
        if marks:
            self._db.run_many(
                delete(due_work).where(
                    due_work.c.asset == bindparam("of"), due_work.c.mark == bindparam("seen")
                ),
                [{"of": asset, "seen": mark} for asset, mark in marks.items()],
            )
