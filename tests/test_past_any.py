"""Whatever happens on whichever days: asked for later, each day is told as it was lived."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from bench import holdings
from dam.adapters import starter
from dam.adapters.desk import Desk, open_desk
from dam.adapters.settings import Workspace, load_settings, prepare
from dam.core.decide import decide_all
from dam.core.errors import DamError
from dam.core.facts import FacesFact, TextFact
from dam.core.model import Decision, Disposition, Purpose
from dam.core.past import Why
from dam.core.readings import Status
from dam.core.rows import AssetRow
from dam.flows import consents, past, redact, waive
from dam.flows.ingest.again import again

FIRST = date(2026, 6, 15)
PHOTOS, PEOPLE = 3, 4
#: By asset: purpose, disposition, rules, and the digest over all that it rests on.
Lived = dict[str, list[tuple[str, str, tuple[str, ...], str]]]


@dataclass
class World:
    """A workspace of a few generated photographs, and the hand that acts in it."""

    root: Path
    at: datetime = datetime(2026, 6, 15, tzinfo=UTC)
    lived: dict[date, Lived] = field(default_factory=dict)
    recorded: dict[date, dict[str, dict[str, Decision]]] = field(default_factory=dict)
    erased: dict[str, datetime] = field(default_factory=dict)

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def desk(self, act: Callable[[Desk], None]) -> None:
        found = load_settings(self.root, {})
        with open_desk(Workspace.at(self.root, found), found, self.now, writing=True) as desk:
            act(desk)


Act = Callable[[World, Desk], None]


def _asset(desk: Desk, number: int) -> AssetRow:
    rows = list(desk.catalog.assets())
    return rows[number % len(rows)]


def _record(number: int, **changes: object) -> dict[str, object]:
    return {**holdings.consent(number), **changes}


def _say(world: World, desk: Desk, record: dict[str, object]) -> None:
    file = world.root / "said.json"
    file.write_text(json.dumps([record]))
    with suppress(DamError):
        consents.import_(desk, consents.read([file])[0])


def said(number: int, purposes: list[str], until: str, name: bool) -> Act:
    """The record is imported again, and says something else."""

    def act(world: World, desk: Desk) -> None:
        record = _record(
            number, scope=holdings.SCOPE | {"purposes": purposes, "valid_until": until}
        )
        if name:
            whose = dict(record["subject"]) if isinstance(record["subject"], dict) else {}
            whose |= {"name": "Zaïnab Qadiri", "birth_date": "2016-01-01"}
            record["subject"] = whose
        _say(world, desk, record)

    return act


def withdrawn(number: int, ago: int) -> Act:
    def act(world: World, desk: Desk) -> None:
        on = desk.day() - timedelta(days=ago)
        told = consents.Statement(on, consents.Speaker.PARENT)
        consents.withdraw(desk, f"C-{number:06}", told)

    return act


def erased(number: int) -> Act:
    def act(world: World, desk: Desk) -> None:
        consents.erase(desk, f"S-{number:06}")
        world.erased[f"S-{number:06}"] = world.at

    return act


def read(number: int, faces: int, embargo: int, caption: str, subject: int) -> Act:
    """Something else is known of a photograph: a sidecar was corrected."""

    def act(world: World, desk: Desk) -> None:
        row = _asset(desk, number)
        facts = desk.facts(row)
        assert facts is not None
        first, *others = facts.people.persons
        who = {"subject": f"S-{subject:06}", "consent": f"C-{subject:06}"}
        taken = {p.subject for p in others}
        persons = (first.model_copy(update={} if who["subject"] in taken else who), *others)
        day = FIRST + timedelta(days=embargo)
        fresh = facts.model_copy(
            update={
                "people": facts.people.model_copy(update={"persons": persons}),
                "faces": FacesFact(count=faces, status=Status.KNOWN, source="detector"),
                "embargo": TextFact(status=Status.KNOWN, value=day.isoformat(), sources=("a",)),
                "caption": facts.caption.model_copy(update={"written": {"fr": caption}}),
            }
        )
        with desk.catalog.transaction() as unit:
            unit.put_facts(row.id, fresh.digest(), fresh.body(), desk.instant())
            unit.mark_due([row.id])

    return act


def came(seed: int) -> Act:
    """A further photograph."""

    def act(world: World, desk: Desk) -> None:
        number = len(list(desk.catalog.assets()))
        facts = holdings.facts(random.Random(seed), PEOPLE)
        with desk.catalog.transaction() as unit:
            holdings._add(desk, unit, number, facts, desk.instant())

    return act


def waived(number: int) -> Act:
    """Whatever can be waived is."""

    def act(world: World, desk: Desk) -> None:
        row = _asset(desk, number)
        until = desk.day() + timedelta(days=2)
        for rule in ("everyone-accounted-for", "captioned-in-context", "embargo", "in-time"):
            with suppress(DamError):
                waive.give(desk, row, waive.Order(rule, "officer", until, "because"))

    return act


def unwaived(number: int) -> Act:
    def act(world: World, desk: Desk) -> None:
        with suppress(DamError):
            waive.end(desk, _asset(desk, number), "everyone-accounted-for", "officer")

    return act


def drawn(number: int) -> Act:
    def act(world: World, desk: Desk) -> None:
        redact.draw(desk, _asset(desk, number), redact.Order((0.1, 0.1, 0.2, 0.2), "officer"))

    return act


def undrawn(number: int) -> Act:
    def act(world: World, desk: Desk) -> None:
        row = _asset(desk, number)
        for each in desk.catalog.drawn(row.id)[:1]:
            redact.remove(desk, row, each.drawn.id, "officer")

    return act


def decided() -> Act:
    """What is due is decided again, as far as nothing moves."""

    def act(world: World, desk: Desk) -> None:
        catalog = desk.catalog
        due = {*catalog.due_assets(), *catalog.due(desk.day())}
        again(desk, sorted({*due, *catalog.stale_pack(desk.pack.digest)}))

    return act


_PERSON = st.integers(0, PEOPLE - 1)
_PHOTO = st.integers(0, 9)
_ACTS = st.one_of(
    st.builds(
        said,
        _PERSON,
        st.sampled_from([["press"], ["press", "web", "print"], ["donor"]]),
        st.sampled_from(["2026-06-16", "2026-06-17", "2030-10-31"]),
        st.booleans(),
    ),
    st.builds(withdrawn, _PERSON, st.integers(0, 3)),
    st.builds(erased, _PERSON),
    st.builds(
        read,
        _PHOTO,
        st.integers(0, 5),
        st.integers(0, 3),
        st.sampled_from(["Un match", "Zaïnab Qadiri joue", ""]),
        _PERSON,
    ),
    st.builds(came, st.integers(0, 3)),
    st.builds(waived, _PHOTO),
    st.builds(unwaived, _PHOTO),
    st.builds(drawn, _PHOTO),
    st.builds(undrawn, _PHOTO),
    st.builds(decided),
)
#: For each day: whether the rules are the others, and what happens.
_DAYS = st.lists(st.tuples(st.booleans(), st.lists(_ACTS, max_size=4)), min_size=2, max_size=4)


#: The first photograph shows the first person, and the caption says a name.
_SEEN = read(0, 1, 0, "Zaïnab Qadiri joue", 0)
_CROWD = read(0, 9, 0, "Un match", 0)
_NAMED = said(0, ["press"], "2030-10-31", name=True)
_SHORT = said(0, ["press"], "2026-06-16", name=False)


def _of(decisions: tuple[Decision, ...]) -> list[tuple[str, str, tuple[str, ...], str]]:
    return [
        (d.purpose, d.disposition, tuple(r.rule for r in d.reasons), d.facts_digest)
        for d in decisions
    ]


def _live(world: World, desk: Desk) -> None:
    """Write down how the day ended."""
    day = desk.day()
    lived: Lived = {}
    for row in desk.catalog.assets():
        dossier = desk.dossier(row)
        assert dossier is not None
        lived[row.id] = _of(decide_all(dossier, desk.pack, tuple(Purpose), day))
    world.lived[day] = lived
    world.recorded[day] = {
        asset: {d.purpose: d for d in desk.catalog.decisions(asset)} for asset in lived
    }


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace on the morning of the first day."""
    world = World(tmp_path_factory.mktemp("past") / "w")
    starter.write_workspace(world.root)
    prepare(Workspace.at(world.root, load_settings(world.root, {})))

    def begin(desk: Desk) -> None:
        for number in range(PEOPLE):
            _say(world, desk, _record(number))
        for ids in holdings.fill(desk, PHOTOS):
            again(desk, ids)

    world.desk(begin)
    return world.root


def _change_rules(root: Path, other: bool) -> None:
    policy = root / "rules" / "consent" / "policy.yaml"
    terms = ("default_term: 10y", "default_term: 6m")
    text = policy.read_text()
    policy.write_text(text.replace(terms[not other], terms[other]))


def _check(world: World, desk: Desk) -> None:
    for day, lived in world.lived.items():
        found = past.at(desk, day)
        looks = found.looks([row for row in desk.catalog.assets() if row.id in lived])
        assert {t.asset.id for batch in found.batches() for t in batch} == set(lived)
        for look in looks:
            ident = look.asset.id
            assert {p.value: d for p, (_, d) in look.made.items()} == world.recorded[day][ident]
            then = found.then(look)
            assert then.dossier is not None
            if then.doubt is None:
                told, known = _of(then.decisions), lived[ident]
                assert told == known, (day, ident)
                continue
            # Only what was erased since is in doubt, and it is never approved.
            assert then.doubt.why is Why.ERASED
            erased = world.erased.values()
            since = [world.erased[then.doubt.what]] if then.doubt.what else erased
            assert any(at >= found.before for at in since)
            assert all(d.disposition is not Disposition.APPROVED for d in then.decisions)
            assert then.asset.disposition is not Disposition.APPROVED


# Smaller examples are not looked for: each takes a second, and tells its days by itself.
@settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(_DAYS)
@example([(False, [_SEEN, decided()]), (False, [_NAMED]), (False, [decided()])])
@example([(False, [_CROWD, waived(0), drawn(0)]), (False, [unwaived(0), undrawn(0)])])
@example([(False, [_SEEN, withdrawn(0, 0)]), (False, [_NAMED]), (False, [erased(0)])])
@example([(False, [_SEEN, _SHORT, decided()]), (True, []), (False, []), (True, [decided()])])
def test_each_day_is_told_as_it_was_lived(
    template: Path, plan: list[tuple[bool, list[Act]]]
) -> None:
    with TemporaryDirectory() as place:
        root = Path(place) / "w"
        shutil.copytree(template, root)
        world = World(root)
        for number, (other, acts) in enumerate(plan):
            world.at = datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(
                days=number, hours=12
            )
            _change_rules(root, other)

            def live(desk: Desk, acts: list[Act] = acts) -> None:
                for act in acts:
                    act(world, desk)
                _live(world, desk)

            world.desk(live)
        world.desk(lambda desk: _check(world, desk))
