"""Erasing photographs and texts from the catalogue for ever; what is left names nobody.

An erased asset stays as a number, for the ledger and the packs it went out in: no content, no
facts, no decisions, no names of files.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Column, Table, delete, insert, or_, select, update  # noqa: TID251

from dam.adapters.catalog import held
from dam.adapters.catalog.committed import CommittedWrites
from dam.adapters.catalog.decisions import DecisionWrites
from dam.adapters.catalog.engine import Found, chunks
from dam.adapters.catalog.part import Part, build, columns
from dam.adapters.catalog.provenance import ProvenanceWrites
from dam.adapters.catalog.tables import (
    asset_consents,
    asset_subjects,
    assets,
    audit_rows,
    consent_versions,
    decisions,
    due_work,
    facts,
    facts_versions,
    likenesses,
    notes,
    provenance,
    recall_notes,
    redaction_reasons,
    redactions,
    renditions,
    sidecar_links,
    sidecar_versions,
    sidecars,
    waiver_reasons,
    waivers,
)
from dam.core.erasing import Values
from dam.core.rows import RenditionRow

ERASED = "erased"
_OF_ASSET: tuple[Table, ...] = (
    decisions,
    audit_rows,
    facts,
    facts_versions,
    asset_consents,
    asset_subjects,
    likenesses,
    sidecar_links,
    provenance,
    due_work,
)
#: Names of files, as they were dropped and folded.
_NAMES = ("shown", "folder_key", "name_key")


class ForgettingReads(Part):
    """What must be looked at before something is forgotten."""

    def slots_about(self, ids: Iterable[str], subjects: Iterable[str]) -> tuple[str, ...]:
        """The places of sidecars that speak of these assets or told a record of these subjects."""
        found: set[str] = set()
        for chunk in chunks(ids):
            own = select(sidecar_links.c.slot).where(sidecar_links.c.asset.in_(chunk))
            found.update(self._db.ids(own))
        for chunk in chunks(subjects):
            own = (
                select(sidecars.c.slot)
                .join(consent_versions, consent_versions.c.slot == sidecars.c.slot)
                .where(consent_versions.c.subject.in_(chunk))
            )
            found.update(self._db.ids(own))
        return tuple(sorted(found))

    def contents_of_slot(self, slot: str) -> tuple[str, ...]:
        """The SHA-256 of every version of the sidecar at a place, each once."""
        now = select(sidecars.c.sha256).where(sidecars.c.slot == slot)
        then = select(sidecar_versions.c.sha256).where(sidecar_versions.c.slot == slot)
        return tuple(dict.fromkeys((*self._db.ids(now), *self._db.ids(then))))

    def stored(self, sha256: str) -> bool:
        """Whether an asset or any version of a sidecar has this content."""
        return any(
            self._db.one(select(table.c.sha256).where(table.c.sha256 == sha256).limit(1))
            for table in (assets, sidecars, sidecar_versions)
        )


class ForgettingWrites(ForgettingReads, ProvenanceWrites, CommittedWrites, DecisionWrites):
    """What is forgotten. Call `Catalog.scrub` once the transaction is over."""

    def forget_asset(self, asset: str, at: datetime) -> None:
        """Keep nothing of an asset but its id and the packs it went out in."""
        for table in _OF_ASSET:
            self._db.run(delete(table).where(table.c.asset == asset))
        self._forget_reasons(asset)
        self._db.run(delete(notes).where(notes.c.key == f"rights:{asset}"))
        self._db.run(
            update(renditions)
            .where(renditions.c.asset == asset)
            .values(sha256=None, size=None, relative=None)
        )
        own = select(*columns(renditions, RenditionRow)).where(renditions.c.asset == asset)
        for row in self._db.rows(own):
            self.note_fields("asset", asset, held.rendition(build(RenditionRow, row)))
        self.note("asset", asset, decisions=None, facts=None, filed=None)
        self._db.run(
            update(assets)
            .where(assets.c.id == asset)
            .values(
                # Random: nobody can find out by it which photograph this was.
                sha256=secrets.token_hex(32), size=0, format="", width=None, height=None,
                captured_on=None, captured_source="", photographer=None, programme=None,
                country=None, city=None, facts_digest=None, archived_as=None,
            )
        )  # fmt: skip
        self._db.run(
            insert(provenance).values(
                asset=asset, folder=b"", name=ERASED.encode(), shown=ERASED, folder_key="",
                name_key="", stem_key="", device=0, inode=0, size=0, mtime_ns=0, seen_at=at,
                removed=True,
            )
        )  # fmt: skip

    def _forget_reasons(self, asset: str) -> None:
        for given, reasons, key in (
            (waivers, waiver_reasons, waiver_reasons.c.waiver),
            (redactions, redaction_reasons, redaction_reasons.c.redaction),
        ):
            own = select(given.c.id).where(given.c.asset == asset)
            self._db.run(delete(reasons).where(key.in_(own)))

    def forget_slot(self, slot: str) -> None:
        """Keep nothing of a sidecar but the records it told, whose place has a number now."""
        for table in (sidecar_links, sidecar_versions, sidecars):
            self._db.run(delete(table).where(table.c.slot == slot))
        self.forget_sidecar(slot)
        self._rename_source(slot, f"{ERASED}/{secrets.token_hex(8)}")

    def _rename_source(self, slot: str, name: str) -> None:
        own = consent_versions.c.slot == slot
        told = self._db.rows(
            select(consent_versions.c.consent, consent_versions.c.subject).where(
                own, consent_versions.c.current
            )
        )
        for row in told:
            self.drop_record(row.consent, slot, row.subject)
        self._db.run(update(consent_versions).where(own).values(slot=name))
        self.told.update(dict.fromkeys((row.consent, name) for row in told))

    def replace_content(self, old: str, new: str) -> None:
        """A stored sidecar was written anew without what was erased; facts rest on the new one."""
        for table in (sidecars, sidecar_versions):
            self._db.run(update(table).where(table.c.sha256 == old).values(sha256=new))
        written = select(sidecar_versions.c.slot).where(sidecar_versions.c.sha256 == new)
        here = or_(sidecars.c.sha256 == new, sidecars.c.slot.in_(written))
        for slot in self._db.ids(select(sidecars.c.slot).where(here)):
            # Under a new key: nobody can try by the old one what stood in the content of before.
            self.forget_sidecar(slot)
            self.tell_sidecar(slot)
        told = select(facts.c.digest, facts.c.asset, facts.c.body)
        linked = (
            select(sidecar_links.c.asset)
            .join(sidecars, sidecars.c.slot == sidecar_links.c.slot)
            .where(sidecars.c.sha256 == new)
        )
        for row in self._db.rows(told.where(facts.c.asset.in_(linked))):
            marks = row.body.get("sidecars")
            if isinstance(marks, list) and any(str(mark).startswith(old) for mark in marks):
                swapped = [str(mark).replace(old, new) for mark in marks]
                self._put_body(facts, row, {**row.body, "sidecars": swapped})

    def forget_texts(
        self, ids: Iterable[str], slots: Iterable[str], values: Values
    ) -> tuple[str, ...]:
        """Take what was known of a person out of all that is kept of these assets and sidecars.

        The assets whose facts, of whatever day, say less from now on.
        """
        if not values:
            return ()
        changed: dict[str, None] = {}
        for asset in dict.fromkeys(ids):
            for table in (facts, decisions):
                for row in self._db.rows(select(table).where(table.c.asset == asset)):
                    told = values.out_of_all(row.body)
                    if told != row.body and isinstance(told, dict):
                        self._put_body(table, row, told)
                        if table is facts:
                            changed[asset] = None
            if now := self.stored_decisions([asset]):
                self.note("asset", asset, decisions=held.decisions(now))
            self._forget_reasons_telling(asset, values)
            self._forget_names(asset, values)
        for slot in slots:
            self._forget_slot_name(slot, values)
        for row in self._db.rows(select(recall_notes)):
            if values.tells(row.note):
                self._db.run(delete(recall_notes).where(recall_notes.c.recall == row.recall))
        return tuple(changed)

    def _put_body(self, table: Table, row: Found, body: Mapping[str, object]) -> None:
        key = [column == row._mapping[column.name] for column in table.primary_key.columns]
        self._db.run(update(table).where(*key).values(body=dict(body)))

    def _forget_reasons_telling(self, asset: str, values: Values) -> None:
        pairs: tuple[tuple[Table, Table, Column[object]], ...] = (
            (waivers, waiver_reasons, waiver_reasons.c.waiver),
            (redactions, redaction_reasons, redaction_reasons.c.redaction),
        )
        for given, reasons, key in pairs:
            own = select(given.c.id).where(given.c.asset == asset)
            for row in self._db.rows(select(reasons).where(key.in_(own))):
                if values.tells(row.reason):
                    self._db.run(delete(reasons).where(key == row._mapping[key.name]))

    def _forget_names(self, asset: str, values: Values) -> None:
        rows = self._db.rows(select(provenance).where(provenance.c.asset == asset))
        for row in rows:
            path = b"/".join((row.folder, row.name)).decode("utf-8", "replace")
            if not any(values.tells(text) for text in (path, row.shown, row.name_key)):
                continue
            name = f"{ERASED}-{secrets.token_hex(4)}"
            self._db.run(
                update(provenance)
                .where(provenance.c.row == row.row)
                .values(folder=b"", name=name.encode(), shown=name, folder_key="",
                        name_key=name, stem_key=name)
            )  # fmt: skip

    def _forget_slot_name(self, slot: str, values: Values) -> None:
        """Give a sidecar whose name tells of the person a number in its place."""
        rows = self._db.rows(select(sidecars).where(sidecars.c.slot == slot))
        told = [slot, *(str(row._mapping[name]) for row in rows for name in _NAMES)]
        if not rows or not any(values.tells(text) for text in told):
            return
        suffix = "." + str(rows[0].name_key).rpartition(".")[2]
        plain = f"{ERASED}-{secrets.token_hex(4)}.consent{suffix}"
        fresh = {"slot": plain, "shown": plain, "folder_key": "", "name_key": plain}
        self._db.run(insert(sidecars).values({**rows[0]._mapping, **fresh}))
        for table in (sidecar_versions, sidecar_links):
            names = fresh if table is sidecar_versions else {"slot": plain}
            self._db.run(update(table).where(table.c.slot == slot).values(names))
        self._db.run(delete(sidecars).where(sidecars.c.slot == slot))
        self.forget_sidecar(slot)
        self.tell_sidecar(plain)
        self._rename_source(slot, plain)
