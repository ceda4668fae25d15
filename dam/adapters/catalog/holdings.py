"""What stands in the catalogue, in the words of the ledger: what replaying it must give.

Streamed, a page at a time; `Changes` notes the same of every change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import TypeVar

from sqlalchemy import Text, func, select, type_coerce  # noqa: TID251

from dam.adapters.catalog import held, tables, waivers
from dam.adapters.catalog.committed import CommittedReads, CommittedWrites
from dam.adapters.catalog.decisions import DecisionReads, DecisionWrites, decided
from dam.adapters.catalog.engine import CHUNK
from dam.adapters.catalog.events import EventReads, EventWrites
from dam.adapters.catalog.packs import PackReads
from dam.adapters.catalog.part import build, columns
from dam.adapters.catalog.provenance import ProvenanceWrites
from dam.adapters.catalog.recalls import RecallReads
from dam.adapters.catalog.redactions import RedactionReads
from dam.adapters.catalog.withdrawals import WithdrawalReads
from dam.core import chain, commitment
from dam.core.model import Event
from dam.core.replay import BASELINE, HELD, Difference, Held, fold
from dam.core.rows import PackRow, RenditionRow
from dam.core.tombstones import Tombstone

ItemT = TypeVar("ItemT")

_DUE = "ledger:baseline"
#: An event of a baseline holds things of about so many bytes; 16 KiB is the most.
_FULL = 12 * 1024
_SIDECAR = tables.sidecars.c


class HoldingReads(
    CommittedReads,
    WithdrawalReads,
    DecisionReads,
    PackReads,
    RecallReads,
    RedactionReads,
    EventReads,
):
    """Everything that stands, as the ledger tells it."""

    def holdings(self) -> Iterator[Held]:
        """Stream what stands, by kind. Inside a snapshot, if others may write meanwhile."""
        yield from self._assets()
        yield from self._consents()
        yield from self._sidecars()
        yield from self._waivers()
        for row in self.drawn():
            yield Held("region", row.drawn.id, {"record": held.region(row)})
        yield from self._packs_held()
        yield from self._taken_back()
        digest = self.rule_pack_on()
        if digest is not None:
            yield Held("rules", "in-use", {"digest": digest})
        rows = self._db.rows(select(tables.erasures).where(tables.erasures.c.consent == ""))
        for found in rows:
            yield Held("erasure", found.subject, {"at": chain.instant(found.at)})

    def disagreements(self) -> Iterator[Difference]:
        """Everything in which the catalogue is other than its ledger says; inside a snapshot.

        Raises IntegrityError for an event that cannot be read or replayed.
        """
        return fold(self.events()).differences(self.holdings())

    def baseline_due(self) -> bool:
        """Whether the ledger is older than the events that can be replayed."""
        return self.recall(_DUE) == "due"

    def _assets(self) -> Iterator[Held]:
        known = [tables.assets.c[name] for name in held.FIELDS]
        rows = self._db.pages(select(tables.assets.c.id, *known), (tables.assets.c.id,))
        for page in _pages(rows):
            ids = [row.id for row in page]
            made = decided(self.stored_decisions(ids))
            filed = self._renditions_of(ids)
            kept = self.restrictions_of(ids)
            for row in page:
                fields = held.asset(row._asdict()) | filed.get(row.id, {})
                fields["decisions"] = made.get(row.id)
                fields["restricted"] = kept[row.id].state if row.id in kept else None
                told = {name: value for name, value in fields.items() if value is not None}
                yield Held("asset", row.id, told)

    def _renditions_of(self, ids: Sequence[str]) -> dict[str, dict[str, str | None]]:
        found: dict[str, dict[str, str | None]] = {}
        table = tables.renditions
        for row in self._db.rows(
            select(*columns(table, RenditionRow)).where(table.c.asset.in_(ids))
        ):
            found.setdefault(row.asset, {}).update(held.rendition(build(RenditionRow, row)))
        return found

    def _consents(self) -> Iterator[Held]:
        versions = tables.consent_versions.c
        keys = (versions.consent, versions.row)
        rows = self._db.pages(select(*keys), keys)
        consents = (consent for consent, _ in groupby(rows, lambda row: str(row.consent)))
        for page in _pages(consents):
            yield from (each for _, _, each in self.held_records(page))
            yield from (each for _, each in self.held_said(page))

    def _sidecars(self) -> Iterator[Held]:
        keys = tables.sidecar_keys
        rows = self._db.pages(
            select(_SIDECAR.slot, _SIDECAR.kind, _SIDECAR.sha256, keys.c.ref, keys.c.key).join(
                keys, keys.c.slot == _SIDECAR.slot
            ),
            (_SIDECAR.slot,),
        )
        for row in rows:
            told = commitment.sidecar(bytes(row.key), row.slot, row.kind, row.sha256)
            yield Held("sidecar", row.ref, {"kind": row.kind, "record": told})

    def _waivers(self) -> Iterator[Held]:
        body = type_coerce(tables.waivers.c.body, Text).label("told")
        for row in self._db.rows(waivers.live().add_columns(body)):
            told = held.waiver(waivers.restore(row), row.told)
            yield Held("waiver", row.id, {"record": told})

    def _packs_held(self) -> Iterator[Held]:
        items = tables.pack_items.c
        counted = self._db.rows(select(items.pack, func.count()).group_by(items.pack))
        numbers = {row[0]: int(row[1]) for row in counted}
        for row in self._db.rows(select(*columns(tables.packs, PackRow))):
            pack = build(PackRow, row)
            yield Held("pack", pack.id, held.pack(pack, numbers.get(pack.id, 0)))

    def _taken_back(self) -> Iterator[Held]:
        stones = tables.tombstones
        for row in self._db.rows(select(*columns(stones, Tombstone), stones.c.lifted_at)):
            yield _held("tombstone", row.id, held.tombstone(build(Tombstone, row), row.lifted_at))
        for row in self._db.rows(select(tables.tombstone_settlements)):
            ident = f"{row.asset} {row.tombstone}"
            yield Held("settlement", ident, {"verdict": str(row.verdict)})
        for marked in self.pack_marks():
            yield _held("mark", *held.mark(marked))
        for recall in self.every_recall():
            yield _held("recall", recall.id, held.recall(recall))


def _held(kind: str, ident: str, fields: Mapping[str, str | None]) -> Held:
    return Held(kind, ident, {n: value for n, value in fields.items() if value is not None})


class HoldingWrites(HoldingReads, ProvenanceWrites, CommittedWrites, DecisionWrites, EventWrites):
    """What an older workspace enters once, so that its ledger can be replayed from there."""

    def begin_replay(self) -> int:
        """Enter all that stands into the ledger; how many things. Only where `baseline_due`."""
        self._make_keys()
        at, count = chain.instant(self.instant()), 0
        self._seal(Event(BASELINE, ""), at)
        told: list[list[object]] = []
        size = 0
        for each in self.holdings():
            thing: list[object] = [each.kind, each.id, dict(each.fields)]
            size += len(chain.canonical(thing))
            told.append(thing)
            count += 1
            if size > _FULL:
                self._seal(Event(HELD, "", {"things": told}), at)
                told, size = [], 0
        self._seal(Event(HELD, "", {"things": told, "all": count}), at)
        self.remember(_DUE, "done")
        return count

    def _make_keys(self) -> None:
        """Whatever came before there were keys gets one; what was erased stays without."""
        versions = tables.consent_versions.c
        erased = select(tables.erasures.c.subject)
        wanted = select(versions.subject).where(versions.subject.not_in(erased)).distinct()
        subjects = self._db.ids(wanted.order_by(versions.subject))
        for subject in sorted(set(subjects) - self.subject_keys(subjects).keys()):
            self.make_key(subject)
        self.told.clear()
        for slot in self._db.ids(select(_SIDECAR.slot).order_by(_SIDECAR.slot)):
            self.sidecar_key(slot)


def _pages(rows: Iterator[ItemT]) -> Iterator[list[ItemT]]:
    while page := list(islice(rows, CHUNK)):
        yield page
