"""Workspaces that lived through several days, by a clock that tests set."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk, open_desk
from dam.adapters.settings import Workspace as Paths
from dam.adapters.settings import load_settings
from dam.core.decide import decide_all
from dam.core.model import Decision, Purpose
from dam.core.past import PastAnswer
from dam.core.rows import AssetRow
from dam.flows import consents, export, ingest, past
from dam.flows.consents import Speaker, Statement
from dam.render import packs
from tests import photos, rooms
from tests.test_consents import spoken, written
from tests.workspaces import NOBODY, Json, Workspace, environment

FIRST = date(2026, 3, 2)
#: What a decision says, whatever its words: by purpose, its disposition and rules.
Said = dict[str, tuple[str, list[str]]]


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def said(decisions: tuple[Decision, ...]) -> Said:
    return {d.purpose.value: (d.disposition.value, [r.rule for r in d.reasons]) for d in decisions}


class Days:
    """A workspace whose clock stands at noon of a day, by its number, until it is set."""

    def __init__(self, root: Path) -> None:
        self.workspace, self.number = Workspace.init(root), 1
        self.hour = 12.0

    def now(self) -> datetime:
        # Nothing happens at one instant: the clock runs on by a little.
        self.hour += 0.0001
        noon = datetime.combine(day(self.number), datetime.min.time(), UTC)
        return noon + timedelta(hours=self.hour)

    def on(self, number: int, hour: float = 12.0) -> None:
        self.number, self.hour = number, hour

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        settings = load_settings(self.workspace.root, environment({"DAM_WORKERS": "1"}))
        paths = Paths.at(self.workspace.root, settings)
        with rooms.forked(), open_desk(paths, settings, self.now, writing=True) as desk:
            yield desk

    def settle(self) -> None:
        """One pass."""
        with self.desk() as desk, desk.darkroom(1) as room:
            _pass(desk, room)

    def live(self) -> dict[str, Said]:
        """What is decided of each asset now, on all that is known now."""
        with self.desk() as desk:
            return {r.id: said(_decided(desk, r)) for r in desk.catalog.assets()}

    def then(self, number: int) -> dict[str, Said]:
        """The same of a past day, as it is told now."""
        with self.desk() as desk:
            batches = past.at(desk, day(number)).batches()
            return {t.asset.id: said(t.decisions) for batch in batches for t in batch}

    def asked(
        self, asset: str, number: int, purpose: Purpose = Purpose.PRESS, **more: str
    ) -> PastAnswer:
        with self.desk() as desk:
            return past.explain(desk, row_of(desk, asset), day(number), purpose, **more)

    def edit(self, rule: str, old: str, new: str) -> None:
        path = self.workspace.root / "rules" / "consent" / rule
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def send(self, out: Path) -> str:
        with self.desk() as desk, desk.darkroom(1) as room:
            order = export.Order(Purpose.PRESS, "Le Journal", out)
            pack = export.export(desk, room, order, packs.documents)
            assert pack.id is not None
            return pack.id


def _pass(desk: Desk, room: Darkroom) -> None:
    report = ingest.run(desk, room, lambda found: True)
    assert not report.failures()


def row_of(desk: Desk, asset: str) -> AssetRow:
    row = desk.catalog.asset(asset)
    assert row is not None
    return row


def _decided(desk: Desk, row: AssetRow) -> tuple[Decision, ...]:
    dossier = desk.dossier(row)
    assert dossier is not None
    return decide_all(dossier, desk.pack, tuple(Purpose), desk.day())


def child(number: int, *, born: str = "", **more: object) -> Json:
    """The sidecar of a child of whom everything is said."""
    sidecar = spoken(number, **more)
    if born:
        sidecar["consents"][0]["subject"]["birth_date"] = born
    return sidecar


def story(days: Days, out: Path) -> tuple[dict[int, dict[str, Said]], dict[str, str], str]:
    """Six days of two children and a hall: what was decided at the end of each, ids, the pack."""
    lived: dict[int, dict[str, Said]] = {}
    days.on(1)
    days.workspace.drop("a.jpg", photos.plain(1), written(child(1, born="2014-05-01")))
    days.workspace.drop("b.jpg", photos.plain(2), written(child(2)))
    days.workspace.drop("hall.jpg", photos.plain(3), NOBODY)
    days.settle()
    lived[1] = days.live()
    days.on(2)
    pack = days.send(out)
    lived[2] = days.live()
    days.on(3)
    with days.desk() as desk:
        # Said on the first day, and told to nobody until the third.
        consents.withdraw(desk, "C-2021-0001", Statement(day(1), Speaker.PARENT))
    days.settle()
    lived[3] = days.live()
    days.on(4)
    days.edit("policy.yaml", "default_term: 10y", "default_term: 12m")
    days.settle()
    lived[4] = days.live()
    days.on(5)
    days.edit("policy.yaml", "default_term: 12m", "default_term: 10y")
    days.workspace.say("hall.jpg", NOBODY + "caption: {fr: Une salle vide}\nembargo: 2026-03-09\n")
    days.settle()
    lived[5] = days.live()
    shown = {row[1]: row[0] for row in days.workspace.rows("SELECT asset, shown FROM provenance")}
    return lived, {name.partition(".")[0]: ident for name, ident in shown.items()}, pack


class Told:
    """The story, at the end of its fifth day."""

    def __init__(
        self, days: Days, lived: dict[int, dict[str, Said]], ids: dict[str, str], pack: str
    ) -> None:
        self.days, self.lived, self.ids, self.pack = days, lived, ids, pack


def copied(days: Days, place: Path) -> Days:
    """The same workspace elsewhere."""
    other = Days.__new__(Days)
    shutil.copytree(days.workspace.root, place / "w")
    other.workspace, other.number, other.hour = Workspace(place / "w"), days.number, days.hour
    return other
