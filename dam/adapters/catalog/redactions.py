"""Regions drawn by hand, with how they ended. Rows are only ever added; reasons stand apart."""

from __future__ import annotations

from sqlalchemy import Select, insert, select  # noqa: TID251

from dam.adapters.catalog import held
from dam.adapters.catalog.changes import Changes
from dam.adapters.catalog.engine import Found, chunks
from dam.adapters.catalog.part import Part, values
from dam.adapters.catalog.tables import assets, redaction_ends, redaction_reasons, redactions
from dam.core.errors import IntegrityError
from dam.core.redaction import Drawn
from dam.core.rows import DrawnEnd, DrawnRow

COLUMNS = (
    redactions.c.id,
    redactions.c.asset,
    redactions.c.subject,
    redactions.c.role,
    redactions.c.drawn_at,
    redactions.c.body,
)


def restore(row: Found) -> DrawnRow:
    """The region as it was drawn; IntegrityError where the row holds something else."""
    try:
        x, y, w, h = (float(number) for number in row.body["box"])
    except (ValueError, TypeError, KeyError):
        raise IntegrityError(
            "A region in the catalogue cannot be read", "Restore it from a backup"
        ) from None
    return DrawnRow(row.asset, Drawn(row.id, (x, y, w, h), row.subject, row.role), row.drawn_at)


def _live() -> Select[*tuple[object, ...]]:
    ends = redaction_ends.c.redaction
    return (
        select(*COLUMNS, assets.c.sha256)
        .join(assets, assets.c.id == redactions.c.asset)
        .outerjoin(redaction_ends, ends == redactions.c.id)
        .where(ends.is_(None))
    )


class RedactionReads(Part):
    """What is to be destroyed in renditions because somebody drew it."""

    def drawn(self, asset: str | None = None) -> tuple[DrawnRow, ...]:
        """The regions that nobody has removed, of one asset or of all, oldest first."""
        statement = _live() if asset is None else _live().where(redactions.c.asset == asset)
        return tuple(restore(row) for row in self._db.rows(statement.order_by(redactions.c.row)))

    def drawn_on(self, *contents: str) -> dict[str, tuple[Drawn, ...]]:
        """As `drawn`, for the photographs of these contents, by SHA-256."""
        found: dict[str, tuple[Drawn, ...]] = {}
        for chunk in chunks(contents):
            wanted = _live().where(assets.c.sha256.in_(chunk)).order_by(redactions.c.row)
            for row in self._db.rows(wanted):
                found[row.sha256] = (*found.get(row.sha256, ()), restore(row).drawn)
        return found

    def redaction_reasons(self) -> dict[str, str]:
        """Why each region was drawn, by its id. May be personal: for restricted display only."""
        rows = self._db.rows(select(redaction_reasons.c.redaction, redaction_reasons.c.reason))
        return {row.redaction: row.reason for row in rows}


class RedactionWrites(RedactionReads, Changes):
    """Regions that are drawn and removed. Nothing that was recorded is ever changed."""

    def add_drawn(self, row: DrawnRow, reason: str) -> None:
        """Record a region, with why if somebody said so. DamError where its id is taken."""
        drawn = row.drawn
        self._db.run(
            insert(redactions).values(
                id=drawn.id,
                asset=row.asset,
                subject=drawn.subject,
                role=drawn.by,
                drawn_at=row.drawn_at,
                body={"box": list(drawn.box)},
            )
        )
        if reason:
            self._db.run(insert(redaction_reasons).values(redaction=drawn.id, reason=reason))
        self.note("region", drawn.id, record=held.region(row))

    def end_drawn(self, end: DrawnEnd) -> bool:
        """Record that a region counts no longer; false where it was removed already."""
        known = select(redaction_ends.c.redaction).where(
            redaction_ends.c.redaction == end.redaction
        )
        if self._db.one(known) is not None:
            return False
        self._db.run(insert(redaction_ends).values(values(end)))
        self.drop("region", end.redaction)
        return True
