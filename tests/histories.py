"""Random histories of a workspace, written by the methods that every flow uses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from hypothesis import strategies as st

from dam.adapters.catalog import Catalog, Unit
from dam.core.errors import DamError
from dam.core.model import Decision, Disposition, Event, Obligation, Purpose
from dam.core.private import Details, GiverDetails, SubjectDetails
from dam.core.recalls import Letter
from dam.core.redaction import Drawn
from dam.core.rows import (
    AssetRow,
    ConsentVersion,
    DrawnEnd,
    DrawnRow,
    PackItemRow,
    PackRow,
    RenditionRow,
    Restriction,
    SidecarRow,
    WaiverEnd,
    WaiverRow,
)
from dam.core.tombstones import Tombstone, Why
from dam.core.waivers import Waiver

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = date(2026, 6, 15)
T = TypeVar("T")

_WHY: st.SearchStrategy[Why] = st.sampled_from(["withdrawn", "erased"])
_FEW = st.integers(1, 3)
_DIGEST = st.sampled_from(["1" * 64, "2" * 64, "3" * 64])
_DISPOSITION = st.sampled_from(list(Disposition))
_PURPOSES = st.lists(st.sampled_from([Purpose.ARCHIVE, Purpose.PRESS]), unique=True)
_SOME = st.lists(st.sampled_from([Purpose.ARCHIVE, Purpose.PRESS]), unique=True, min_size=1)


class Life:
    """One history as it is drawn: each step changes something in a transaction."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self._draw = draw
        self._number = count(1)

    def drawn(self, what: st.SearchStrategy[T]) -> T:
        found: T = self._draw(what)
        return found

    def few(self) -> int:
        return self.drawn(_FEW)

    def at(self) -> datetime:
        return NOON + timedelta(seconds=next(self._number))

    def steps(self) -> list[Callable[[Unit], object]]:
        return [
            self.asset,
            self.change,
            self.facts,
            self.decide,
            self.decide_many,
            self.rendition,
            self.consent,
            self.consent,
            self.sidecar,
            self.forget_sidecar,
            self.waive,
            self.end_waiver,
            self.draw_region,
            self.end_region,
            self.pack,
            self.pack_again,
            self.take_back,
            self.settle,
            self.mark,
            self.recall,
            self.forget_photo,
            self.write_sidecar_anew,
            self.keep_less,
            self.rules,
            self.erase,
            self.tell,
        ]

    def asset(self, unit: Unit) -> None:
        n = self.few()
        unit.add_asset(
            AssetRow(
                id=f"a{n}",
                sha256=f"{n:064x}",
                size=1,
                format="JPEG",
                width=1,
                height=1,
                disposition=self.drawn(_DISPOSITION),
                archived_as=None,
                captured_on=None,
                captured_source="",
                photographer=None,
                programme=None,
                country=None,
                city=None,
                facts_digest=None,
                added_at=self.at(),
            )
        )

    def _known(self, unit: Unit) -> str:
        known = [row.id for row in unit.assets()]
        if not known:
            self.asset(unit)
            known = [row.id for row in unit.assets()]
        return self.drawn(st.sampled_from(known))

    def change(self, unit: Unit) -> None:
        filed = self.drawn(st.sampled_from([None, "archive/x.jpg", "archive/y.jpg"]))
        unit.update_asset(
            self._known(unit), disposition=self.drawn(_DISPOSITION), archived_as=filed, city="Fès"
        )

    def facts(self, unit: Unit) -> None:
        unit.put_facts(self._known(unit), self.drawn(_DIGEST), {"of": "it"}, self.at())

    def _decision(self, purpose: Purpose) -> Decision:
        return Decision(
            purpose,
            "world",
            DAY,
            self.drawn(_DISPOSITION),
            (),
            (Obligation.CREDIT,),
            self.drawn(_DIGEST),
            self.drawn(_DIGEST),
            self.drawn(st.sampled_from([None, DAY])),
        )

    def decide(self, unit: Unit) -> None:
        made = [self._decision(purpose) for purpose in self.drawn(_SOME)]
        unit.put_decisions(self._known(unit), made, self.at())

    def decide_many(self, unit: Unit) -> None:
        self._known(unit)
        chosen = self.drawn(
            st.lists(st.sampled_from([row.id for row in unit.assets()]), unique=True)
        )
        made = {a: [self._decision(p) for p in self.drawn(_PURPOSES)] for a in chosen}
        unit.put_decisions_of(made, self.at())

    def rendition(self, unit: Unit) -> None:
        asset = self._known(unit)
        what = self.drawn(st.sampled_from(["plan", "file", "remove"]))
        purpose = self.drawn(st.sampled_from(["archive", "web"]))
        if what == "plan" or unit.rendition(asset, purpose) is None:
            place = self.drawn(st.sampled_from([None, "x.jpg", "é.jpg"]))
            sha256 = self.drawn(_DIGEST)
            unit.plan_rendition(
                RenditionRow(asset, purpose, place, sha256, 9, "planned", self.at())
            )
        elif what == "file":
            unit.mark_filed(asset, purpose)
        else:
            unit.mark_removed_rendition(asset, purpose)

    def consent(self, unit: Unit) -> None:
        n, revision = self.few(), self.drawn(st.sampled_from(["", f"r{next(self._number)}"]))
        subject = f"S-{self.few()}"
        events: list[object] = [{"state": "given"}]
        if self.drawn(st.booleans()):
            events.append({"state": "withdrawn", "on": str(self.few())})
        details = Details(
            SubjectDetails(name="Amina", birth_date=DAY), (GiverDetails(0, name="Karim"),)
        )
        unit.put_consent(
            ConsentVersion(
                consent=f"C-{n}",
                slot=self.drawn(st.sampled_from(["register", "amal/\udcff.yaml"])),
                digest=self.drawn(_DIGEST),
                subject=subject,
                body={"id": f"C-{n}", "events": events, "at": 0.5},
                recorded_at=self.at(),
                stated=self.drawn(st.booleans()),
                revision=revision,
            ),
            details if revision else Details(),
        )

    def _slot(self) -> str:
        return f"amal/{self.few()}.yaml"

    def sidecar(self, unit: Unit) -> None:
        kind = self.drawn(st.sampled_from(["photo", "xmp"]))
        unit.put_sidecar(
            SidecarRow(self._slot(), kind, self.drawn(_DIGEST), "s", "amal", "s", self.at())  # type: ignore[arg-type]
        )

    def forget_sidecar(self, unit: Unit) -> None:
        unit.forget_sidecar(self._slot())

    def waive(self, unit: Unit) -> None:
        asset = self._known(unit)
        waiver = Waiver(
            id=f"W-{next(self._number)}",
            sha256=f"{int(asset[1:]):064x}",
            rule="in-time",
            by="dpo",
            given_on=DAY,
            until=DAY + timedelta(days=self.few()),
            covers=((Purpose.PRESS, "a" * 64),),
            territory="MA",
            noes=(),
        )
        unit.add_waiver(WaiverRow(asset, waiver, self.at()), "because")

    def end_waiver(self, unit: Unit) -> None:
        live = unit.live_waivers()
        if live:
            ended = self.drawn(st.sampled_from(live)).waiver.id
            unit.end_waiver(WaiverEnd(ended, "ended", "dpo", self.at()))

    def draw_region(self, unit: Unit) -> None:
        box = (0, 0.25, self.few() / 4, 1)
        drawn = Drawn(f"R-{next(self._number)}", box, "S-1", "dpo")
        unit.add_drawn(DrawnRow(self._known(unit), drawn, self.at()), "because")

    def end_region(self, unit: Unit) -> None:
        live = unit.drawn()
        if live:
            ended = self.drawn(st.sampled_from(live)).drawn.id
            unit.end_drawn(DrawnEnd(ended, "dpo", self.at()))

    def pack(self, unit: Unit) -> None:
        ident, asset = f"P-{next(self._number)}", self._known(unit)
        row = PackRow(ident, "press", "Le Journal", "MA", DAY, self.at(), "out", "1" * 64)
        unit.add_pack(
            row, [PackItemRow(ident, asset, f"{n}.jpg", "2" * 64) for n in range(self.few())]
        )

    def _pack(self, unit: Unit) -> str:
        known = [row.id for row in unit.packs()]
        if not known:
            self.pack(unit)
            known = [row.id for row in unit.packs()]
        return self.drawn(st.sampled_from(known))

    def pack_again(self, unit: Unit) -> None:
        """A pack that was sealed never went out, and is made again."""
        ident = self._pack(unit)
        found = unit.pack(ident)
        assert found is not None
        unit.set_pack_state(ident, "dropped")
        if self.drawn(st.booleans()):
            unit.add_pack(replace(found[0], state="sealed"), found[1][:1])

    def take_back(self, unit: Unit) -> None:
        asset, why = self._known(unit), self.drawn(_WHY)
        ident = f"T-{asset}"
        unit.put_tombstone(Tombstone(ident, "4" * 64, "", self.at(), why, "e"))
        unit.restrict(Restriction(asset, why, ident, self.at()))
        match self.few():
            case 1:
                unit.erase_by_tombstone(ident, self.at())
            case 2:
                unit.lift_tombstone(ident, self.at())
                unit.release(asset)

    def settle(self, unit: Unit) -> None:
        verdict = self.drawn(st.sampled_from(["other", "copy"]))
        unit.settle_trace(
            {"tombstone": f"T-a{self.few()}", "asset": self._known(unit), "verdict": verdict,
             "role": "dpo", "reason": "looked", "at": self.at()}
        )  # fmt: skip

    def mark(self, unit: Unit) -> None:
        at = self.at()
        if self.drawn(st.booleans()):
            marked = unit.mark_packs([self._known(unit)], "withdrawn", at)
        else:
            pack = self._pack(unit)
            found = unit.pack(pack)
            assert found is not None
            files = [item.file for item in found[1][: self.few()]]
            marked = {pack: tuple(unit.mark_files(pack, files, "ended", at))}
        unit.ask_back(marked, at)

    def recall(self, unit: Unit) -> None:
        self.mark(unit)
        for each in unit.recalls():
            if each.open and self.drawn(st.booleans()):
                number = len(each.letters) + 1
                unit.add_letter(each.id, Letter(number, "notice", self.at(), DAY))
            if each.open and self.drawn(st.booleans()):
                unit.end_recall(each.id, "press officer", "deleted", self.at())

    def forget_photo(self, unit: Unit) -> None:
        unit.forget_asset(self._known(unit), self.at())

    def write_sidecar_anew(self, unit: Unit) -> None:
        self.sidecar(unit)
        unit.replace_content(self.drawn(_DIGEST), "5" * 64)
        if self.drawn(st.booleans()):
            unit.forget_slot(self._slot())

    def keep_less(self, unit: Unit) -> None:
        unit.drop_details(revision for revision, _ in unit.old_details())

    def rules(self, unit: Unit) -> None:
        unit.use_rule_pack(self.drawn(_DIGEST), self.at())

    def erase(self, unit: Unit) -> None:
        unit.erase_details(f"S-{self.few()}", self.at())

    def tell(self, unit: Unit) -> None:
        unit.append(Event("asset.received", "a1", {"size": self.few()}), self.at())


class _Undone(Exception):
    """The transaction is not to be kept."""


def live(catalog: Catalog, life: Life) -> None:
    """A few transactions of a few steps each; some are undone, some refused by the catalogue."""
    steps = life.steps()
    for _ in range(life.drawn(st.integers(1, 5))):
        with suppress(_Undone, DamError), catalog.transaction() as unit:
            for step in life.drawn(st.lists(st.sampled_from(steps), min_size=1, max_size=5)):
                step(unit)
            if life.drawn(st.integers(0, 5)) == 0:
                raise _Undone
