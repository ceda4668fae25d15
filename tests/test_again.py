"""Deciding many photographs again at once: the same decisions, and nothing slips through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench import holdings
from dam.adapters import starter
from dam.adapters.catalog import Catalog
from dam.adapters.desk import Desk, open_desk
from dam.adapters.settings import Workspace, load_settings, prepare
from dam.core.decide import decide_all
from dam.core.model import ConsentState, Disposition, Purpose
from dam.flows import consents
from dam.flows.ingest import redecide
from dam.flows.ingest.again import again

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
COUNT = 60


class Clock:
    """A clock that stands still until it is set, and does something once when it is read."""

    def __init__(self) -> None:
        self.time = NOW
        self.meanwhile: list[tuple[Path, str]] = []

    def __call__(self) -> datetime:
        while self.meanwhile:
            database, asset = self.meanwhile.pop()
            with Catalog.open(database) as other, other.transaction() as unit:
                unit.mark_due([asset])
        return self.time


class Holdings:
    """A workspace of generated photographs, each decided once."""

    def __init__(self, root: Path) -> None:
        self.root, self.clock = root, Clock()
        starter.write_workspace(root)
        prepare(Workspace.at(root, load_settings(root, {})))
        with self.desk() as desk:
            self.say(desk, *range(holdings.consents_for(COUNT)))
            self.ids = [ident for batch in holdings.fill(desk, COUNT) for ident in batch]
            assert again(desk, self.ids).left == ()

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        settings = load_settings(self.root, {})
        workspace = Workspace.at(self.root, settings)
        with open_desk(workspace, settings, self.clock, writing=True) as desk:
            yield desk

    def say(self, desk: Desk, *numbers: int, **changes: object) -> None:
        file = self.root / "said.json"
        file.write_text(json.dumps([{**holdings.consent(n), **changes} for n in numbers]))
        consents.import_(desk, consents.read([file])[0])

    def change_rules(self) -> None:
        rule = self.root / "rules" / "consent" / "in-time.yaml"
        rule.write_text(rule.read_text() + "# another digest\n")


@pytest.fixture
def held(tmp_path: Path) -> Holdings:
    return Holdings(tmp_path / "w")


def drained(desk: Desk) -> list[str]:
    with desk.darkroom() as room:
        return [str(outcome.asset) for outcome in redecide(desk, room)]


def test_what_is_decided_together_is_what_is_decided_alone(held: Holdings) -> None:
    held.change_rules()
    with held.desk() as desk:
        assert set(desk.catalog.stale_pack(desk.pack.digest)) == set(held.ids)
        assert drained(desk) == []
        assert desk.catalog.stale_pack(desk.pack.digest) == ()
        for ident in held.ids:
            row = desk.catalog.asset(ident)
            dossier = desk.dossier(row) if row else None
            assert dossier is not None
            alone = decide_all(dossier, desk.pack, tuple(Purpose), desk.day())
            assert {d.purpose: d for d in desk.catalog.decisions(ident)} == {
                d.purpose: d for d in alone
            }
            assert len(desk.catalog.decision_history(ident)) == 2 * len(Purpose)


def test_a_changed_record_touches_those_that_refer_to_it_and_no_others(held: Holdings) -> None:
    held.clock.time += timedelta(hours=1)
    with held.desk() as desk:
        held.say(desk, 1, child_assent="given", controller={"organisation": "AMAL"})
        referring = set(desk.catalog.assets_using_consents(["C-000001"]))
        assert set(desk.catalog.due_assets()) == referring != set()
        assert drained(desk) == []
        assert desk.catalog.due_assets() == ()
        anew = {i for i in held.ids if desk.catalog.decision_history(i)[-1][0] == held.clock.time}
        assert anew == referring


def test_the_same_said_again_adds_nothing(held: Holdings) -> None:
    with held.desk() as desk:
        with desk.catalog.transaction() as unit:
            unit.mark_due(held.ids)
        assert drained(desk) == []
        assert desk.catalog.due_assets() == ()
        assert len(desk.catalog.decision_history(held.ids[0])) == len(Purpose)


def test_what_must_leave_the_archive_is_never_settled_on_paper(held: Holdings) -> None:
    with held.desk() as desk:
        said = consents.Statement(desk.day(), consents.Speaker.PARENT)
        consents.withdraw(desk, "C-000001", said)
        due = desk.catalog.due_assets()
        assert again(desk, due).left == due
        assert desk.catalog.due_assets() == due
        drained(desk)
        for ident in due:
            row = desk.catalog.asset(ident)
            assert row is not None
            assert (row.archived_as, row.disposition) == (None, Disposition.REFUSED)
        assert desk.catalog.due_assets() == ()


def test_a_mark_made_meanwhile_by_another_process_is_not_lost(held: Holdings) -> None:
    held.change_rules()
    with held.desk() as desk:
        database = Workspace.at(held.root, desk.settings).database
        with desk.catalog.transaction() as unit:
            unit.mark_due(held.ids[:2])
        held.clock.meanwhile = [(database, held.ids[0])]
        again(desk, held.ids)
        assert desk.catalog.due_assets() == (held.ids[0],)


def test_what_is_held_turns_refused_without_a_look_at_the_picture(held: Holdings) -> None:
    """The second no changes nothing on the disk, so it is recorded with all others."""
    with held.desk() as desk:
        told = {"state": ConsentState.REQUESTED.value, "on": "2026-01-01"}
        held.say(desk, 1, events=[{"state": "given", "on": "2025-10-28"}, told])
        drained(desk)
        due = set(desk.catalog.assets_using_consents(["C-000001"]))
        assert {r.id for r in desk.catalog.assets(Disposition.HELD)} == due
        said = consents.Statement(desk.day(), consents.Speaker.PARENT)
        consents.withdraw(desk, "C-000001", said)
        done = again(desk, desk.catalog.due_assets())
        # Where she is shown alone, the original moves into restricted hold.
        alone = {a for a in due if len(_shown(desk, a)) == 1}
        assert set(done.left) == alone != due
        assert {o.asset for o in done.outcomes} == due - alone
        assert {o.became.value for o in done.outcomes} == {"refused"}
        drained(desk)
        assert {one.asset for one in desk.catalog.restrictions()} == alone
        assert {r.id for r in desk.catalog.assets(Disposition.REFUSED)} == due
        refused = [e.subject for e in desk.catalog.events() if e.type == "asset.refused"]
        assert set(refused) == due


def _shown(desk: Desk, asset: str) -> tuple[object, ...]:
    row = desk.catalog.asset(asset)
    facts = desk.facts(row) if row is not None else None
    assert facts is not None
    return facts.people.persons
