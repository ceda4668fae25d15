"""What the catalogue held before an instant: nothing here sees what was recorded at it or later.

Lists of ids are of at most 500 where not said otherwise; each question finds its rows by an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select  # noqa: TID251

from dam.adapters.catalog import redactions as drawing
from dam.adapters.catalog import waivers as waiving
from dam.adapters.catalog.decisions import decision_columns, restore
from dam.adapters.catalog.engine import chunks
from dam.adapters.catalog.events import restored
from dam.adapters.catalog.part import Part, build, columns
from dam.adapters.catalog.tables import (
    assets,
    consent_versions,
    decisions,
    erasures,
    events,
    facts,
    facts_versions,
    provenance,
    redaction_ends,
    redactions,
    rule_pack_uses,
    sidecar_links,
    sidecar_versions,
    waiver_ends,
    waivers,
)
from dam.core.model import Decision, Purpose
from dam.core.redaction import Drawn
from dam.core.rows import AssetRow, ConsentVersion, EventRow, ProvenanceRow, SidecarRow
from dam.core.waivers import Waiver

_ASSET = columns(assets, AssetRow)
_CONSENT = columns(consent_versions, ConsentVersion)
_PROVENANCE = columns(provenance, ProvenanceRow)
_SIDECAR = columns(sidecar_versions, SidecarRow)


@dataclass(frozen=True, slots=True)
class KnownFacts:
    """The facts of an asset that counted, since when; `body` None where they are not kept."""

    digest: str
    recorded_at: datetime
    body: dict[str, object] | None


class HistoryReads(Part):
    """The state of things as it was known before an instant."""

    def assets_before(self, before: datetime) -> Iterator[AssetRow]:
        """Stream the assets added before, by time and id, each row as it is now."""
        rows = self._db.pages(
            select(*_ASSET).where(assets.c.added_at < before), (assets.c.added_at, assets.c.id)
        )
        return (build(AssetRow, row) for row in rows)

    def facts_before(self, ids: Sequence[str], before: datetime) -> dict[str, KnownFacts]:
        """The facts that counted, by asset; those of which none are on record are left out."""
        version = facts_versions.c
        newest = (
            select(func.max(version.row))
            .where(version.asset.in_(ids), version.recorded_at < before)
            .group_by(version.asset)
        )
        rows = self._db.rows(
            select(version.asset, version.digest, version.recorded_at, facts.c.body)
            .outerjoin(facts, (facts.c.digest == version.digest) & (facts.c.asset == version.asset))
            .where(version.row.in_(newest))
        )
        return {row.asset: KnownFacts(row.digest, row.recorded_at, row.body) for row in rows}

    def decisions_before(
        self, ids: Sequence[str], before: datetime
    ) -> dict[str, dict[Purpose, tuple[datetime, Decision]]]:
        """The decisions that were current, each with when it was made, by asset and purpose."""
        newest = (
            select(func.max(decisions.c.row))
            .where(decisions.c.asset.in_(ids), decisions.c.made_at < before)
            .group_by(decisions.c.asset, decisions.c.purpose)
        )
        found: dict[str, dict[Purpose, tuple[datetime, Decision]]] = {}
        for row in self._db.rows(
            select(decisions.c.asset, decisions.c.made_at, *decision_columns()).where(
                decisions.c.row.in_(newest)
            )
        ):
            decision = restore(row)
            found.setdefault(row.asset, {})[decision.purpose] = row.made_at, decision
        return found

    def versions_told(
        self, ids: Iterable[str], subjects: Iterable[str]
    ) -> tuple[ConsentVersion, ...]:
        """Every version ever recorded, oldest first, of the consents (however many) that have one

        of these ids and of those that ever spoke of one of these subjects.
        """
        wanted = set(ids)
        for chunk in chunks(subjects):
            wanted.update(
                self._db.ids(
                    select(consent_versions.c.consent)
                    .where(consent_versions.c.subject.in_(chunk))
                    .distinct()
                )
            )
        found: list[tuple[int, ConsentVersion]] = []
        for chunk in chunks(sorted(wanted)):
            for row in self._db.rows(
                select(consent_versions.c.row, *_CONSENT).where(
                    consent_versions.c.consent.in_(chunk)
                )
            ):
                found.append((row.row, build(ConsentVersion, row)))
        return tuple(version for _, version in sorted(found, key=lambda each: each[0]))

    def erasures_of(
        self, versions: Iterable[ConsentVersion]
    ) -> Mapping[tuple[str, str], tuple[datetime, ...]]:
        """When the details of the subjects of these versions were erased, by (consent, subject),

        oldest first. The table keeps the last time alone, the ledger all of them.
        """
        keys = {(v.consent, v.subject) for v in versions}
        subjects = {subject for _, subject in keys}
        times: dict[tuple[str, str], set[datetime]] = {key: set() for key in keys}
        for event in self.ledger_of(subjects, ("personal.erased",)):
            for key in keys:
                if key[1] == event.subject:
                    times[key].add(event.at)
        for chunk in chunks(subjects):
            for row in self._db.rows(select(erasures).where(erasures.c.subject.in_(chunk))):
                if (row.consent, row.subject) in times:
                    times[row.consent, row.subject].add(row.at)
        return {key: tuple(sorted(at)) for key, at in times.items()}

    def ledger_of(self, subjects: Iterable[str], types: Iterable[str]) -> tuple[EventRow, ...]:
        """The events of these types about these subjects (however many), in order, of all time."""
        wanted = tuple(types)
        found: list[EventRow] = []
        for chunk in chunks(subjects):
            rows = self._ledger.rows(
                select(events).where(events.c.subject.in_(chunk), events.c.type.in_(wanted))
            )
            found += map(restored, rows)
        return tuple(sorted(found, key=lambda event: event.seq))

    def arrivals_before(
        self, ids: Sequence[str], before: datetime
    ) -> dict[str, tuple[ProvenanceRow, ...]]:
        """Every place and name these assets had been dropped as, by asset, oldest first."""
        found: dict[str, list[ProvenanceRow]] = {}
        for row in self._db.rows(
            select(*_PROVENANCE)
            .where(provenance.c.asset.in_(ids), provenance.c.seen_at < before)
            .order_by(provenance.c.row)
        ):
            found.setdefault(row.asset, []).append(build(ProvenanceRow, row))
        return {asset: tuple(rows) for asset, rows in found.items()}

    def waivers_before(self, ids: Sequence[str], before: datetime) -> dict[str, tuple[Waiver, ...]]:
        """The waivers that had been given and that nothing had ended, by asset, oldest first."""
        ended = waiver_ends.c
        asked = (
            waiving.given()
            .outerjoin(waiver_ends, ended.waiver == waivers.c.id)
            .where(
                waivers.c.asset.in_(ids),
                waivers.c.given_at < before,
                or_(ended.waiver.is_(None), ended.ended_at >= before),
            )
            .order_by(waivers.c.row)
        )
        found: dict[str, list[Waiver]] = {}
        for row in self._db.rows(asked):
            found.setdefault(row.asset, []).append(waiving.restore(row).waiver)
        return {asset: tuple(each) for asset, each in found.items()}

    def drawn_before(self, ids: Sequence[str], before: datetime) -> dict[str, tuple[Drawn, ...]]:
        """The regions that had been drawn and that nobody had removed, by asset, oldest first."""
        ended = redaction_ends.c
        asked = (
            select(*drawing.COLUMNS)
            .outerjoin(redaction_ends, ended.redaction == redactions.c.id)
            .where(
                redactions.c.asset.in_(ids),
                redactions.c.drawn_at < before,
                or_(ended.redaction.is_(None), ended.ended_at >= before),
            )
            .order_by(redactions.c.row)
        )
        found: dict[str, list[Drawn]] = {}
        for row in self._db.rows(asked):
            found.setdefault(row.asset, []).append(drawing.restore(row).drawn)
        return {asset: tuple(each) for asset, each in found.items()}

    def rule_pack_use(self, before: datetime) -> tuple[str, datetime] | None:
        """The digest of the rule pack that was in use and since when, or None."""
        use = rule_pack_uses.c
        row = self._db.one(
            select(use.digest, use.used_at)
            .where(use.used_at < before)
            .order_by(use.row.desc())
            .limit(1)
        )
        return None if row is None else (str(row.digest), row.used_at)

    def sidecars_before(
        self, asset: str, slots: Iterable[str], before: datetime
    ) -> tuple[SidecarRow, ...]:
        """The sidecars linked to an asset and those at `slots`, each in the version it had."""
        linked = self._db.ids(select(sidecar_links.c.slot).where(sidecar_links.c.asset == asset))
        found: dict[str, SidecarRow] = {}
        for chunk in chunks(sorted({*linked, *slots})):
            for row in self._db.rows(
                select(*_SIDECAR)
                .where(sidecar_versions.c.slot.in_(chunk), sidecar_versions.c.seen_at < before)
                .order_by(sidecar_versions.c.row)
            ):
                found[row.slot] = build(SidecarRow, row)
        return tuple(found[slot] for slot in sorted(found))
