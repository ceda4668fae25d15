"""The scenarios of `scenarios/*.yaml`: photographs as people describe them, and their outcome."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import cast

import cel
import pytest

from dam.core import sidecar, view
from dam.core.consent import Record
from dam.core.credits import load_credits
from dam.core.decide import decide
from dam.core.merge import Received, Statement, merge
from dam.core.model import Decision, Face, Purpose
from dam.core.readings import Block, FaceCount, Field, Looked, Metadata, Reading, Status
from dam.core.tree import Node, parse
from tests.core.dossiers import RULES, pack, with_events

FOLDER = Path(__file__).parent / "scenarios"
WORDS = {
    "case", "photo", "shoot", "register", "faces", "metadata", "unreadable", "ambiguous", "file",
    "purpose", "territory", "day", "expect", "rules",
}  # fmt: skip
TOLD = frozenset(("persons", "ages", "minor", "creator", "caption"))
Map = dict[str, Node]


def read(path: Path) -> Node:
    tree, problems = parse(path.read_bytes(), path.name, json=False)
    assert tree is not None, problems
    assert not problems
    return tree.value


def overlaid(body: Map, changes: Map) -> Map:
    """`body` with `changes`: sections word by word, `unsaid` takes a word away."""
    result = dict(body)
    for word, value in changes.items():
        old = result.get(word)
        if value == "unsaid":
            result.pop(word, None)
        elif isinstance(old, dict) and isinstance(value, dict):
            result[word] = overlaid(old, value)
        else:
            result[word] = value
    return result


RECORDS = cast("dict[str, Map]", read(FOLDER / "records.yaml"))


def full(consent: Node) -> Map:
    """A consent record with what it is `like` filled in."""
    assert isinstance(consent, dict)
    own = {word: value for word, value in consent.items() if word not in ("like", "left_out")}
    return overlaid(RECORDS[str(consent["like"])], own) if "like" in consent else own


@dataclass(frozen=True)
class Scenario:
    name: str
    body: Map

    def word(self, name: str, default: str) -> str:
        return str(self.body.get(name, default))

    def items(self, name: str) -> list[Node]:
        value = self.body.get(name, [])
        assert isinstance(value, list)
        return value

    def sheet(self, name: str) -> Map | None:
        """The sidecar or shoot sheet as its file would be written."""
        body = self.body.get(name, "none")
        if not isinstance(body, dict):
            assert body == "none"
            return None
        body = dict(body)
        if isinstance(body.get("consents"), list):
            body["consents"] = [full(c) for c in cast("list[Node]", body["consents"])]
        if name == "photo":
            body = overlaid({"photographer": "rachid-azzouzy"}, body)
        return {"schema": f"dam/{name}/1", **body}


def load_all() -> list[Scenario]:
    found = []
    for path in sorted(FOLDER.glob("[0-9]*.yaml")):
        bodies = read(path)
        assert isinstance(bodies, list)
        for body in bodies:
            assert isinstance(body, dict)
            assert body.keys() <= WORDS, f"{path.name}: {body.keys() - WORDS}"
            found.append(Scenario(f"{path.stem}: {body['case']}", body))
    return found


SCENARIOS = load_all()


def readings(told: Mapping[str, Node]) -> tuple[Reading, ...]:
    assert told.keys() <= TOLD
    people = int(str(told.get("persons", "0")))
    found = [Reading(Field.PERSON, f"name {n}", "xmp:PersonInImage") for n in range(people)]
    ages = cast("list[Node]", told.get("ages", []))
    found += [Reading(Field.MODEL_AGE, int(str(age)), "xmp:ModelAge") for age in ages]
    for word, field in (
        ("minor", Field.MINOR_AGE),
        ("creator", Field.CREATOR),
        ("caption", Field.CAPTION),
    ):
        if word in told:
            found.append(Reading(field, str(told[word]), f"xmp:{word}"))
    return tuple(found)


def looked_at(scenario: Scenario) -> Looked:
    metadata = scenario.body.get("metadata", {})
    assert isinstance(metadata, dict)
    blocks = [Block(str(name), Status.UNREADABLE) for name in scenario.items("unreadable")]
    count = scenario.word("faces", "1")
    faces = None if count == "not checked" else (Face(0.4, 0.2, 0.1, 0.1, 0.9),) * int(count)
    return Looked(
        "JPEG",
        600,
        400,
        Metadata(readings(metadata), (Block("exif", Status.KNOWN), *blocks)),
        FaceCount(faces, "detector"),
    )


def dossier(scenario: Scenario) -> view.Dossier:
    """What the ingest makes of the sidecars, the register and the photograph."""
    name = scenario.word("file", "IMG_0001.JPG")
    statements: list[Statement] = []
    records: list[Record] = []
    for kind, shown in (("photo", f"{name}.consent.yaml"), ("shoot", "consent.yaml")):
        sheet = scenario.sheet(kind)
        if sheet is None:
            continue
        reader = sidecar.parse_photo if kind == "photo" else sidecar.parse_shoot
        parsed = reader(json.dumps(sheet).encode(), shown, json=True)
        doubt = kind == "photo" and scenario.word("ambiguous", "no") == "yes"
        problems = tuple(str(p) for p in parsed.problems)
        statements.append(Statement(shown, parsed.value, problems, doubt))
        for item in parsed.value.consents if parsed.value else ():
            records.append(Record(item, shown, item.events))
    for number, entry in enumerate(scenario.items("register"), 1):
        body = json.dumps({"schema": "dam/consent/1", **full(entry)}).encode()
        imported = sidecar.parse_consents(body, f"record {number}", json=True)
        assert imported.value is not None, imported.problems
        assert isinstance(entry, dict)
        for item in imported.value:
            stated = entry.get("left_out", "no") == "no"
            records.append(Record(item, f"register {number}", item.events, stated))
    roster = load_credits((RULES.parent / "credits.yaml").read_bytes()).roster()
    received = Received((), date(2021, 11, 19), date(2022, 1, 1))
    facts = merge(looked_at(scenario), statements, roster, received)
    return view.Dossier(facts, "ab" * 32, name, with_events(records))


def decided(scenario: Scenario) -> Decision:
    return decide(
        dossier(scenario),
        pack(),
        Purpose(scenario.word("purpose", "press")),
        date.fromisoformat(scenario.word("day", "2022-06-15")),
        scenario.word("territory", "world"),
    )


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_scenario(scenario: Scenario) -> None:
    decision = decided(scenario)
    expected = (scenario.word("expect", ""), {str(rule) for rule in scenario.items("rules")})
    assert (decision.disposition.value, {r.rule for r in decision.reasons}) == expected


def test_there_are_enough_of_them_and_each_says_something_else() -> None:
    assert len(SCENARIOS) >= 60
    assert len({s.name for s in SCENARIOS}) == len(SCENARIOS)


@pytest.mark.parametrize("rule", [r.id for r in pack().rules])
def test_every_rule_stops_a_picture_and_lets_one_pass(rule: str) -> None:
    """Where it stops one, nothing but it needs to; where it lets one pass, it was asked."""
    stopped = [s for s in SCENARIOS if rule in s.items("rules")]
    assert stopped
    passing = [s for s in SCENARIOS if s.word("expect", "") == "approved" and asks(rule, s)]
    assert passing


def asks(rule: str, scenario: Scenario) -> bool:
    """Whether what the rule speaks of is there in an approved picture."""
    file = next(r for r in pack().rules if r.id == rule).file
    purpose = Purpose(scenario.word("purpose", "press"))
    if file.purposes != "all" and purpose not in file.purposes:
        return False
    day = date.fromisoformat(scenario.word("day", "2022-06-15"))
    facts = view.build(dossier(scenario), purpose, scenario.word("territory", "world"), day, "10y")
    spoken = f"persons.exists(person, {file.when})" if file.each else file.when
    return cel.compile(spoken).execute(cel.Context(facts)) is True


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_no_scenario_is_softer_when_nobody_looked_for_faces(scenario: Scenario) -> None:
    blind = replace(scenario, body={**scenario.body, "faces": "not checked"})
    assert decided(blind).disposition.value != "approved"
