"""What retention looks at, and what it takes out of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Select, and_, delete, func, or_, select  # noqa: TID251

from dam.adapters.catalog.engine import chunks
from dam.adapters.catalog.forgetting import ForgettingReads, ForgettingWrites
from dam.adapters.catalog.tables import (
    asset_subjects,
    assets,
    consent_versions,
    decisions,
    due_work,
    events,
    facts,
    facts_versions,
    giver_details,
    pack_items,
    packs,
    provenance,
    recall_files,
    recalls,
    restrictions,
    sidecar_links,
    sidecar_versions,
    sidecars,
    subject_details,
    text_details,
    waiver_ends,
    waivers,
)
from dam.core.model import Disposition
from dam.core.retention import OF_STATE, Holding

_DETAILS = (subject_details, giver_details, text_details)


class KeepingReads(ForgettingReads):
    """Since when things are kept, and what still needs them."""

    def aging(
        self, day: date, asked: Iterable[str], ids: Sequence[str] | None = None
    ) -> list[Holding]:
        """Every photograph that may go one day, by its id; of `ids` alone where given.

        `asked` are subjects who are to be asked again for coming of age.
        """
        chosen = select(assets.c.id, assets.c.disposition, assets.c.added_at, assets.c.archived_as)
        wanted = chosen.where(assets.c.disposition.in_(list(OF_STATE)))
        rows = self._db.rows(wanted if ids is None else wanted.where(assets.c.id.in_(ids)))
        held = {row.asset: row for row in self._db.rows(select(restrictions))}
        told = self._newest(ids)
        sets = self._needed(day, sorted(set(asked)))
        found = []
        for row in sorted(rows, key=lambda row: str(row.id)):
            mine = held.get(row.id)
            if mine is not None and mine.state == "erased":
                continue
            since = (
                mine.at if mine is not None else max(row.added_at, told.get(row.id, row.added_at))
            )
            flags = {name: row.id in of for name, of in sets.items()}
            flags["in_use"] |= row.archived_as is not None
            found.append(
                Holding(row.id, Disposition(row.disposition), since.date(), **flags,
                        restricted=mine is not None)
            )  # fmt: skip
        return found

    def _newest(self, ids: Sequence[str] | None) -> dict[str, datetime]:
        """When something new was last told of each asset: facts, a decision, an arrival."""
        kinds = [f"asset.{disposition.value}" for disposition in OF_STATE]
        found: dict[str, datetime] = {}

        def take(asset: str, at: datetime) -> None:
            found[asset] = max(at, found.get(asset, at))

        said = select(events.c.subject, func.max(events.c.at).label("at")).where(
            events.c.type.in_(kinds)
        )
        if ids is not None:
            said = said.where(events.c.subject.in_(ids))
        for row in self._ledger.rows(said.group_by(events.c.subject)):
            take(row.subject, datetime.fromisoformat(row.at))
        for table, column in (
            (facts_versions, facts_versions.c.recorded_at),
            (provenance, provenance.c.seen_at),
        ):
            some = select(table.c.asset, func.max(column).label("at")).group_by(table.c.asset)
            some = some if ids is None else some.where(table.c.asset.in_(ids))
            for row in self._db.rows(some):
                take(row.asset, row.at)
        return found

    def _needed(self, day: date, asked: Sequence[str]) -> dict[str, set[str]]:
        """By the flag of a `Holding` that they set: the assets that may not go."""
        live = (
            select(waivers.c.asset)
            .outerjoin(waiver_ends, waiver_ends.c.waiver == waivers.c.id)
            .where(waiver_ends.c.waiver.is_(None), waivers.c.until >= day)
        )
        approved = select(decisions.c.asset).where(
            decisions.c.current, decisions.c.disposition == Disposition.APPROVED
        )
        return {
            "in_use": self._set(approved),
            "waived": self._set(live),
            "packed": self._set(_out(day)),
            "waits": self._set(select(due_work.c.asset)),
            "asked": self._showing(asked),
        }

    def _set(self, statement: Select[Any]) -> set[str]:
        return set(self._db.ids(statement.distinct()))

    def _showing(self, subjects: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for chunk in chunks(subjects):
            own = select(asset_subjects.c.asset).where(asset_subjects.c.subject.in_(chunk))
            found.update(self._db.ids(own))
        return found

    def old_sidecars(self) -> list[tuple[int, datetime]]:
        """(row, since) of the versions of sidecars that another one replaced, since then."""
        version = sidecar_versions.c
        rows = self._db.rows(
            select(version.row, version.slot, version.sha256, version.seen_at).order_by(
                version.slot, version.row
            )
        )
        rested_on = self._rested_on()
        return [
            (int(row.row), after.seen_at)
            for row, after in pairwise(rows)
            if row.slot == after.slot and row.sha256 not in rested_on
        ]

    def _rested_on(self) -> set[str]:
        """The SHA-256 of every sidecar that the facts of a photograph, as they count, rest on."""
        current = select(facts.c.digest, facts.c.asset, facts.c.body).join(
            assets, (assets.c.id == facts.c.asset) & (assets.c.facts_digest == facts.c.digest)
        )
        found: set[str] = set()
        for row in self._db.pages(current, (facts.c.digest, facts.c.asset)):
            marks = row.body.get("sidecars")
            found.update(str(mark)[:64] for mark in marks if isinstance(marks, list))
        return found

    def lone_sidecars(self) -> list[tuple[int, datetime]]:
        """(row of the newest version, since) of sidecars that speak of no photo and no person."""
        speaks = select(consent_versions.c.slot)
        rows = self._db.rows(
            select(func.max(sidecar_versions.c.row).label("row"), sidecars.c.seen_at)
            .join(sidecars, sidecars.c.slot == sidecar_versions.c.slot)
            .where(
                sidecars.c.slot.not_in(select(sidecar_links.c.slot)),
                sidecars.c.slot.not_in(speaks),
            )
            .group_by(sidecars.c.slot, sidecars.c.seen_at)
        )
        return [(int(row.row), row.seen_at) for row in rows]

    def old_details(self) -> list[tuple[str, datetime]]:
        """(revision, since) of personal details that only earlier versions of a record have.

        `since` is when the version after it was recorded.
        """
        version = consent_versions.c
        rows = self._db.rows(
            select(
                version.consent, version.slot, version.revision, version.recorded_at,
                version.current,
            ).order_by(version.consent, version.slot, version.row)
        )  # fmt: skip
        now = {row.revision for row in rows if row.current}
        held: set[str] = set()
        for table in _DETAILS:
            held.update(self._db.ids(select(table.c.revision).distinct()))
        since: dict[str, datetime] = {}
        for row, after in pairwise(rows):
            if (row.consent, row.slot) == (after.consent, after.slot):
                known = since.get(row.revision, after.recorded_at)
                since[row.revision] = max(known, after.recorded_at)
        return sorted((revision, at) for revision, at in since.items() if revision in held - now)


def _out(day: date) -> Select[Any]:
    """What packs hold that may still be used, or that an open recall asks for.

    What was asked back is needed until the recipient has answered, and no longer, however long
    the rest of the pack may be used.
    """
    live = or_(packs.c.until.is_(None), packs.c.until >= day)
    return (
        select(pack_items.c.asset)
        .join(packs, packs.c.id == pack_items.c.pack)
        .outerjoin(
            recall_files,
            (recall_files.c.pack == pack_items.c.pack) & (recall_files.c.file == pack_items.c.file),
        )
        .outerjoin(recalls, recalls.c.id == recall_files.c.recall)
        .where(
            packs.c.state != "dropped",
            or_(
                and_(recalls.c.id.is_(None), live),
                and_(recalls.c.id.is_not(None), recalls.c.ended_at.is_(None)),
            ),
        )
    )


class KeepingWrites(KeepingReads, ForgettingWrites):
    """What goes at the end of its time."""

    def drop_sidecar_version(self, row: int) -> str | None:
        """Forget a version of a sidecar; the SHA-256 of bytes that nothing needs any more.

        With its only version a sidecar goes as a whole.
        """
        own = sidecar_versions.c.row == row
        found = self._db.one(select(sidecar_versions.c.slot, sidecar_versions.c.sha256).where(own))
        if found is None:
            return None
        same = sidecar_versions.c.slot == found.slot
        self._db.run(delete(sidecar_versions).where(own))
        if self._db.one(select(sidecar_versions.c.row).where(same).limit(1)) is None:
            self.forget_slot(found.slot)
        return None if self.stored(found.sha256) else str(found.sha256)

    def drop_details(self, revisions: Iterable[str]) -> None:
        """Forget the personal details that were told with these versions of records."""
        told = consent_versions.c
        for chunk in chunks(revisions):
            for table in _DETAILS:
                self._db.run(delete(table).where(table.c.revision.in_(chunk)))
            about = select(told.subject).where(told.revision.in_(chunk)).distinct()
            for subject in self._db.ids(about.order_by(told.subject)):
                self.renew_key(subject)
