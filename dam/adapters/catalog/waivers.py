"""Waivers with how they ended. Rows are only ever added; the free text of a reason stands apart."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, insert, select  # noqa: TID251

from dam.adapters.catalog import held
from dam.adapters.catalog.changes import Changes
from dam.adapters.catalog.columns import dumps
from dam.adapters.catalog.engine import Found, chunks
from dam.adapters.catalog.part import Part, build, columns, values
from dam.adapters.catalog.tables import assets, waiver_ends, waiver_reasons, waivers
from dam.core.errors import IntegrityError
from dam.core.model import Purpose
from dam.core.rows import WaiverEnd, WaiverRow
from dam.core.waivers import Waiver

_GIVEN = (waivers.c.id, waivers.c.rule, waivers.c.given_on, waivers.c.until)
_ALL = (*_GIVEN, waivers.c.asset, waivers.c.role, waivers.c.given_at, waivers.c.body)
_ENDED = columns(waiver_ends, WaiverEnd)


def restore(row: Found) -> WaiverRow:
    """The waiver as it was given; IntegrityError where the row holds something else."""
    try:
        told = row.body
        given = Waiver(
            **{column.name: row._mapping[column] for column in _GIVEN},
            sha256=row.sha256,
            by=row.role,
            covers=tuple((Purpose(purpose), str(seen)) for purpose, seen in told["covers"]),
            territory=str(told["territory"]),
            noes=tuple(str(no) for no in told["noes"]),
        )
    except (ValueError, TypeError, KeyError):
        raise IntegrityError(
            "A waiver in the catalogue cannot be read", "Restore it from a backup"
        ) from None
    return WaiverRow(row.asset, given, row.given_at)


def given() -> Select[*tuple[object, ...]]:
    return select(*_ALL, assets.c.sha256).join(assets, assets.c.id == waivers.c.asset)


def live() -> Select[*tuple[object, ...]]:
    """Waivers that nothing has ended; their last day may have passed."""
    ends = waiver_ends.c.waiver
    return given().outerjoin(waiver_ends, ends == waivers.c.id).where(ends.is_(None))


class WaiverReads(Part):
    """What was waived, by which role and until when."""

    def live_waivers(self, asset: str | None = None) -> tuple[WaiverRow, ...]:
        """The waivers that nothing has ended, of one asset or of all, oldest first.

        One whose last day has passed is among them: that depends on the day that is asked for.
        """
        statement = live() if asset is None else live().where(waivers.c.asset == asset)
        return self._restored(statement)

    def waivers_of(self, *contents: str) -> tuple[Waiver, ...]:
        """As `live_waivers`, for the photographs of these contents (SHA-256)."""
        found = [
            self._restored(live().where(assets.c.sha256.in_(chunk))) for chunk in chunks(contents)
        ]
        return tuple(row.waiver for rows in found for row in rows)

    def waivers(self) -> tuple[WaiverRow, ...]:
        """Every waiver ever given, oldest first."""
        return self._restored(given())

    def waiver_ends(self) -> dict[str, WaiverEnd]:
        """How waivers ended, by their id; one that only ran out is not among them."""
        return {end.waiver: end for end in self._ends(select(*_ENDED))}

    def waiver_reasons(self) -> dict[str, str]:
        """Why each waiver was given, by its id. May be personal: for restricted display only."""
        rows = self._db.rows(select(waiver_reasons.c.waiver, waiver_reasons.c.reason))
        return {row.waiver: row.reason for row in rows}

    def _restored(self, statement: Select[*tuple[object, ...]]) -> tuple[WaiverRow, ...]:
        return tuple(restore(row) for row in self._db.rows(statement.order_by(waivers.c.row)))

    def _ends(self, statement: Select[*tuple[object, ...]]) -> Sequence[WaiverEnd]:
        return [build(WaiverEnd, row) for row in self._db.rows(statement)]


class WaiverWrites(WaiverReads, Changes):
    """Waivers that are given and ended. Nothing that was recorded is ever changed."""

    def add_waiver(self, row: WaiverRow, reason: str) -> None:
        """Record a waiver with the reason its giver states. DamError where its id is taken."""
        given = row.waiver
        body: dict[str, object] = {
            "covers": [[purpose.value, seen] for purpose, seen in given.covers],
            "territory": given.territory,
            "noes": list(given.noes),
        }
        self._db.run(
            insert(waivers).values(
                **{column.name: getattr(given, column.name) for column in _GIVEN},
                asset=row.asset,
                role=given.by,
                given_at=row.given_at,
                body=body,
            )
        )
        self._db.run(insert(waiver_reasons).values(waiver=given.id, reason=reason))
        self.note("waiver", given.id, record=held.waiver(row, dumps(body)))

    def end_waiver(self, end: WaiverEnd) -> bool:
        """Record that a waiver has ended for good; false where it had already."""
        known = select(waiver_ends.c.waiver).where(waiver_ends.c.waiver == end.waiver)
        if self._db.one(known) is not None:
            return False
        self._db.run(insert(waiver_ends).values(values(end)))
        self.drop("waiver", end.waiver)
        return True
