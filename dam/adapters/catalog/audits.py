"""What an audit tells of each asset, and its sums.

The sums are made by the database from indexes alone; nothing here reads all rows into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, literal, or_, select  # noqa: TID251

from dam.adapters.catalog.columns import Words
from dam.adapters.catalog.engine import Found
from dam.adapters.catalog.part import Part
from dam.adapters.catalog.tables import (
    assets,
    audit_profiles,
    audit_rows,
    due_work,
    pack_items,
)
from dam.core.errors import IntegrityError
from dam.core.model import Disposition
from dam.core.report import AuditRow, Kept, Verdict, of_profile, profile

_PAGE = 2000
_LAST = "\U0010ffff"
_ROW = audit_rows.c
_SHOWN = (
    _ROW.asset, _ROW.profile, _ROW.archived_as, _ROW.captured_on, _ROW.photographer,
    _ROW.programme, _ROW.place, _ROW.people, _ROW.minors, _ROW.consents, _ROW.until,
    _ROW.majority, _ROW.subjects,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Which:
    """Which of the kept rows a question is about.

    `since` and `until` bound the day of capture, both ends in. `dated` leaves out those that a
    date before or on `day` may have changed, `due` those that wait to be decided again.
    """

    day: date
    since: date | None = None
    until: date | None = None
    programme: str | None = None
    photographer: str | None = None
    places: tuple[str, ...] | None = None
    dated: bool = False
    due: bool = False
    profiles: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What assets of one profile may do for each purpose, under which rule pack."""

    id: int
    pack_digest: str
    disposition: Disposition
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A kept row with the number of its profile."""

    row: AuditRow
    profile: int


class AuditReads(Part):
    """Kept audit rows and their sums."""

    def audit_profiles(self) -> dict[int, Profile]:
        """Every profile by its number; IntegrityError where one cannot be read."""
        found = {}
        for row in self._db.rows(select(audit_profiles)):
            try:
                disposition, verdicts = of_profile(row.told)
            except ValueError:
                raise IntegrityError(
                    "A record of the catalogue cannot be read", "Restore it from a backup"
                ) from None
            found[int(row.id)] = Profile(int(row.id), row.pack_digest, disposition, verdicts)
        return found

    def audit_stale(self, day: date, pack_digest: str) -> tuple[str, ...]:
        """The assets of which the kept row does not tell what is true on `day`, in order."""
        found = set(self._db.ids(select(_ROW.asset).where(_ROW.holds_until <= day)))
        found.update(self._db.ids(select(due_work.c.asset)))
        for each in self.audit_profiles().values():
            if each.pack_digest not in ("", pack_digest):
                found.update(self._db.ids(select(_ROW.asset).where(_ROW.profile == each.id)))
        if self._count(assets.c.id) != self._count(_ROW.asset):
            kept = select(_ROW.asset)
            found.update(self._db.ids(select(assets.c.id).where(assets.c.id.not_in(kept))))
        return tuple(sorted(found))

    def _count(self, column: ColumnElement[str]) -> int:
        return int(self._db.rows(select(func.count(column)))[0][0])

    def audit_places(self) -> tuple[str, ...]:
        """Every place that a kept row names."""
        return self._db.ids(select(_ROW.place).distinct())

    def audit_days(self, which: Which) -> Iterator[tuple[date | None, int, int, int, date | None]]:
        """(day of capture, profile, minors on one picture, pictures, first end of a consent)."""
        asked = select(
            _ROW.captured_on, _ROW.profile, _ROW.minors, func.count(), func.min(_ROW.until)
        ).group_by(_ROW.captured_on, _ROW.profile, _ROW.minors)
        return (
            (row[0], int(row[1]), int(row[2]), int(row[3]), row[4])
            for row in self._db.rows(asked.where(*_conditions(which)))
        )

    def audit_sums(
        self, column: str, which: Which
    ) -> Iterator[tuple[str | None, int, int, int, date | None]]:
        """As `audit_days`, by the words of a column: photographer, programme or place."""
        by = _ROW[column]
        asked = select(by, _ROW.profile, _ROW.minors, func.count(), func.min(_ROW.until))
        asked = asked.group_by(by, _ROW.profile, _ROW.minors).where(*_conditions(which))
        return (
            (row[0], int(row[1]), int(row[2]), int(row[3]), row[4]) for row in self._db.rows(asked)
        )

    def audit_ends(self, which: Which) -> Iterator[tuple[date, int, int]]:
        """(last day of a first consent, profile, pictures)."""
        return self._dates(_ROW.until, which)

    def audit_majorities(self, which: Which, upto: date) -> Iterator[tuple[date, int, int]]:
        """(first day of age of somebody shown, profile, pictures), until a day, that one in."""
        return self._dates(_ROW.majority, which, _ROW.majority <= upto)

    def _dates(
        self, column: ColumnElement[date | None], which: Which, *bounds: ColumnElement[bool]
    ) -> Iterator[tuple[date, int, int]]:
        asked = select(column, _ROW.profile, func.count()).group_by(column, _ROW.profile)
        where = (column.is_not(None), *bounds, *_conditions(which))
        return ((row[0], int(row[1]), int(row[2])) for row in self._db.rows(asked.where(*where)))

    def audit_archived(self, which: Which) -> int:
        """How many of the assets stand in the archive."""
        asked = select(func.count(_ROW.archived_as)).where(*_conditions(which))
        return int(self._db.rows(asked)[0][0])

    def asset_notes(self, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """(why, what to do) of those of these assets (at most 500) that no decision explains."""
        asked = select(assets.c.id, assets.c.note, assets.c.note_hint).where(
            assets.c.id.in_(ids), assets.c.note != literal("", Words)
        )
        return {row.id: (row.note, row.note_hint) for row in self._db.rows(asked)}

    def audit_rows(self, which: Which) -> Iterator[Shown]:
        """Stream the kept rows by asset. Writing meanwhile is fine."""
        profiles = self.audit_profiles()
        asked = select(*_SHOWN).where(*_conditions(which)).order_by(_ROW.asset).limit(_PAGE)
        after = ""
        while True:
            rows = self._db.rows(asked.where(_ROW.asset > literal(after, Words)))
            yield from (_build(row, profiles) for row in rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1].asset

    def audit_rows_of(self, ids: Sequence[str], which: Which) -> list[Shown]:
        """The kept rows of those of these assets (at most 500) that are meant, by asset."""
        profiles = self.audit_profiles()
        asked = select(*_SHOWN).where(_ROW.asset.in_(ids), *_conditions(which)).order_by(_ROW.asset)
        return [_build(row, profiles) for row in self._db.rows(asked)]

    def audit_ids(self, of_profile: int) -> Iterator[str]:
        """Stream the assets of one profile, in order."""
        asked = select(_ROW.asset).where(_ROW.profile == of_profile).order_by(_ROW.asset)
        after = ""
        while True:
            page = self._db.ids(asked.where(_ROW.asset > literal(after, Words)).limit(_PAGE))
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1]

    def audit_nearing(self, upto: date) -> tuple[str, ...]:
        """The assets with a consent that ends, or somebody who comes of age, until a day."""
        soon = or_(_ROW.until <= upto, _ROW.majority <= upto)
        return tuple(sorted(self._db.ids(select(_ROW.asset).where(soon))))

    def audit_profiles_of(self, ids: Sequence[str]) -> dict[str, int]:
        """The number of the profile of each of these assets (at most 500)."""
        rows = self._db.rows(select(_ROW.asset, _ROW.profile).where(_ROW.asset.in_(ids)))
        return {row.asset: int(row.profile) for row in rows}

    def audit_pack(self, pack: str) -> Iterator[tuple[int, int]]:
        """(profile, files) of the assets that a press pack holds."""
        asked = select(_ROW.profile, func.count()).join(
            pack_items, pack_items.c.asset == _ROW.asset
        )
        rows = self._db.rows(asked.where(pack_items.c.pack == pack).group_by(_ROW.profile))
        return ((int(row[0]), int(row[1])) for row in rows)

    def archived_folders(self, depth: int) -> Iterator[tuple[str, frozenset[str]]]:
        """Each folder of filed pictures (the first `depth` characters of where they stand), in

        order, with the names of what is filed in it.
        """
        place = assets.c.archived_as
        for folder in self._db.ids(_folders(depth)):
            # The last of all characters: whatever starts with the folder lies before it.
            inside = place.between(literal(folder, Words), literal(f"{folder}{_LAST}", Words))
            name = func.substr(place, depth + 1)
            names = self._db.ids(select(func.aggregate_strings(name, "\n")).where(inside))
            yield folder, frozenset(names[0].split("\n"))

    def archived_assets(self, places: Iterable[str]) -> dict[str, str]:
        """The asset that is filed at each of these places, by place."""
        found = {}
        for place in places:
            asked = select(assets.c.id).where(assets.c.archived_as == literal(place, Words))
            if (row := self._db.one(asked)) is not None:
                found[place] = str(row.id)
        return found


class AuditWrites(AuditReads):
    """What an audit will tell of assets that were decided."""

    def put_audit_rows(self, rows: Sequence[Kept]) -> None:
        """Keep these rows (at most 500) in the place of earlier ones of their assets."""
        if not rows:
            return
        numbers: dict[tuple[str, str], int] = {}
        for each in rows:
            key = each.pack_digest, profile(each.row)
            if key not in numbers:
                numbers[key] = self._profile(*key)
        self._db.run(delete(audit_rows).where(_ROW.asset.in_([k.row.asset for k in rows])))
        self._db.run_many(
            insert(audit_rows),
            [_values(each, numbers[each.pack_digest, profile(each.row)]) for each in rows],
        )

    def _profile(self, pack_digest: str, told: str) -> int:
        asked = select(audit_profiles.c.id).where(
            audit_profiles.c.pack_digest == pack_digest, audit_profiles.c.told == told
        )
        if (row := self._db.one(asked)) is None:
            self._db.run(insert(audit_profiles).values(pack_digest=pack_digest, told=told))
            row = self._db.rows(asked)[0]
        return int(row[0])


def _values(each: Kept, number: int) -> dict[str, object]:
    row = each.row
    return {
        "asset": row.asset,
        "archived_as": row.archived_as,
        "captured_on": row.captured_on,
        "photographer": row.photographer,
        "programme": row.programme,
        "place": row.place,
        "people": row.people,
        "minors": row.minors,
        "consents": "\n".join(row.consents),
        "subjects": "\n".join(row.subjects),
        "until": row.until,
        "majority": row.majority,
        "holds_until": each.holds_until,
        "profile": number,
    }


def _conditions(which: Which) -> list[ColumnElement[bool]]:
    """Only what is asked for: each condition may cost the index."""
    found: list[ColumnElement[bool]] = []
    if which.since is not None:
        found.append(_ROW.captured_on >= which.since)
    if which.until is not None:
        found.append(_ROW.captured_on <= which.until)
    if which.programme is not None:
        found.append(_ROW.programme == literal(which.programme, Words))
    if which.photographer is not None:
        found.append(_ROW.photographer == literal(which.photographer, Words))
    if which.places is not None:
        found.append(_ROW.place.in_([literal(place, Words) for place in which.places]))
    if which.dated:
        found.append(or_(_ROW.holds_until.is_(None), _ROW.holds_until > which.day))
    if which.profiles is not None:
        found.append(_ROW.profile.in_(sorted(which.profiles)))
    if which.due:
        found.append(_ROW.asset.not_in(select(due_work.c.asset)))
    return found


def _folders(depth: int) -> Select[Any]:
    """The folders of filed pictures, each found by one look into the index."""
    place = assets.c.archived_as
    first = select(func.substr(func.min(place), 1, depth).label("folder"))
    found = first.where(place.is_not(None)).cte("folders", recursive=True)
    after = select(func.substr(func.min(place), 1, depth)).where(
        place.is_not(None), place > found.c.folder.concat(_LAST)
    )
    step = select(after.scalar_subquery()).where(found.c.folder.is_not(None))
    found = found.union_all(step)
    return select(found.c.folder).where(found.c.folder.is_not(None))


@lru_cache(maxsize=4096)
def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()


def _build(row: Found, profiles: dict[int, Profile]) -> Shown:
    (asset, number, archived_as, captured_on, photographer, programme, place, people, minors,
     consents, until, majority, subjects) = row  # fmt: skip
    if number not in profiles:
        # Made since the profiles were read: another process is deciding.
        raise IntegrityError("The catalogue changed while it was read", "Run the audit again")
    told = profiles[number]
    return Shown(
        AuditRow(
            asset, told.disposition, archived_as, captured_on, photographer, programme, place,
            people, minors, _lines(consents), until, told.verdicts, majority, _lines(subjects),
        ),
        number,
    )  # fmt: skip
