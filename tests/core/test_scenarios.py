"""The scenarios of `scenarios/*.yaml`: photographs as people describe them, and their outcome."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import cast

import cel
import pytest

from dam.core import naming, sidecar, view
from dam.core.consent import Record
from dam.core.credits import load_credits
from dam.core.decide import decide
from dam.core.facts import Facts
from dam.core.merge import Received, Statement, merge
from dam.core.model import Decision, Disposition, Face, Purpose
from dam.core.readings import Block, FaceCount, Field, Looked, Metadata, Reading, Status
from dam.core.redaction import Drawn
from dam.core.tree import Node, parse
from dam.core.waivers import Waiver
from tests.core.dossiers import RULES, pack, with_events
from tests.core.dossiers import faces as beside
from tests.core.waiving import waive

FOLDER = Path(__file__).parent / "scenarios"
WORDS = {
    "case", "photo", "shoot", "register", "faces", "metadata", "unreadable", "ambiguous", "file",
    "purpose", "territory", "day", "use", "names", "facts", "expect", "rules", "obliges",
    "waiver", "waived", "drawn", "redacts",
}  # fmt: skip
TOLD = frozenset(
    ("persons", "names", "ages", "minor", "creator", "caption", "city", "gps", "regions")
)
Map = dict[str, Node]
USUAL: Map = {"photographer": "rachid-azzouzy", "caption": {"fr": "Un match de football"}}


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
            body = overlaid(USUAL, body)
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
UNWAIVED = [s for s in SCENARIOS if "waiver" not in s.body]


def readings(told: Mapping[str, Node]) -> tuple[Reading, ...]:
    assert told.keys() <= TOLD
    people = int(str(told.get("persons", "0")))
    found = [Reading(Field.PERSON, f"name {n}", "xmp:PersonInImage") for n in range(people)]
    names = cast("list[Node]", told.get("names", []))
    found += [Reading(Field.PERSON, str(name), "xmp:PersonInImage") for name in names]
    if told.get("gps", "no") == "yes":
        found.append(Reading(Field.GPS, True, "exif:GPSLatitude"))
    ages = cast("list[Node]", told.get("ages", []))
    found += [Reading(Field.MODEL_AGE, int(str(age)), "xmp:ModelAge") for age in ages]
    for one in cast("list[Map]", told.get("regions", [])):
        x, y, w, h = (float(str(cast("Map", one["region"])[side])) for side in "xywh")
        whose = tuple(map(str, cast("list[Node]", one.get("whose", []))))
        where = f"xmp:{one.get('list', 'mwg-rs:Regions')}"
        found.append(Reading(Field.PERSON_REGION, (x, y, w, h), where, whose=whose))
    for word, field in (
        ("minor", Field.MINOR_AGE),
        ("creator", Field.CREATOR),
        ("caption", Field.CAPTION),
        ("city", Field.CITY),
    ):
        if word in told:
            found.append(Reading(field, str(told[word]), f"xmp:{word}"))
    return tuple(found)


def looked_at(scenario: Scenario) -> Looked:
    metadata = scenario.body.get("metadata", {})
    assert isinstance(metadata, dict)
    blocks = [Block(str(name), Status.UNREADABLE) for name in scenario.items("unreadable")]
    count = scenario.word("faces", "1")
    faces = (
        None
        if count == "not checked"
        else tuple(Face(box.x, box.y, box.w, box.h, box.score) for box in beside(int(count)).boxes)
    )
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
    received = Received((), date(2021, 11, 19), date(2022, 1, 1), name)
    facts = merge(looked_at(scenario), statements, roster, received)
    if scenario.word("facts", "new") == "old":
        facts = Facts.model_validate(before(facts.body()))
    if scenario.word("facts", "new") == "counted":
        facts = facts.model_copy(update={"faces": facts.faces.model_copy(update={"boxes": ()})})
    found = naming.find(facts, name, known_names(scenario))
    about = view.Dossier(facts, "ab" * 32, name, with_events(records), naming=found)
    return replace(about, drawn=tuple(drawn_by_hand(scenario)))


def drawn_by_hand(scenario: Scenario) -> Iterator[Drawn]:
    for number, told in enumerate(scenario.items("drawn"), 1):
        assert isinstance(told, dict)
        region = cast("Map", told["region"])
        x, y, w, h = (float(str(region[side])) for side in "xywh")
        yield Drawn(f"R-{number}", (x, y, w, h), str(told.get("subject", "")))


def before(body: dict[str, object]) -> dict[str, object]:
    """Stored facts as a version of dam kept them that did not look for names and places."""
    people = cast("dict[str, object]", body["people"])
    kept = {word: value for word, value in people.items() if word != "named_in"}
    return {w: v for w, v in body.items() if w not in ("place", "version")} | {"people": kept}


def known_names(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """What the register calls the subjects."""
    told = scenario.body.get("names", {})
    assert isinstance(told, dict)
    return {who: tuple(map(str, cast("list[Node]", names))) for who, names in told.items()}


def with_waivers(scenario: Scenario) -> view.Dossier:
    """The dossier with its waivers, each given on its day for the picture as it `was` then."""
    given: list[Waiver] = []
    for number, told in enumerate(scenario.items("waiver"), 1):
        assert isinstance(told, dict)
        assert told.keys() <= {"rule", "on", "until", "for", "territory", "was"}, told
        then = replace(scenario, body={**scenario.body, **cast("Map", told.get("was", {}))})
        purposes = cast("list[str]", told.get("for", [scenario.word("purpose", "press")]))
        about = waive(
            dossier(then),
            str(told["rule"]),
            day=date.fromisoformat(str(told.get("on", scenario.word("day", "2022-06-15")))),
            until=date.fromisoformat(str(told.get("until", "2022-12-31"))),
            purposes=[Purpose(purpose) for purpose in purposes],
            territory=str(told.get("territory", "world")),
        )
        given.append(replace(about.waivers[0], id=f"W-{number}"))
    return replace(dossier(scenario), waivers=tuple(given))


def decided(scenario: Scenario) -> Decision:
    return decide(
        with_waivers(scenario),
        pack(),
        Purpose(scenario.word("purpose", "press")),
        date.fromisoformat(scenario.word("day", "2022-06-15")),
        scenario.word("territory", "world"),
        use=scenario.word("use", "editorial"),
    )


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_scenario(scenario: Scenario) -> None:
    decision = decided(scenario)
    expected = (scenario.word("expect", ""), {str(rule) for rule in scenario.items("rules")})
    assert (decision.disposition.value, {r.rule for r in decision.reasons}) == expected
    if "obliges" in scenario.body:
        assert {o.value for o in decision.obligations} == set(scenario.items("obliges"))
    if "redacts" in scenario.body:
        told = cast("Map", scenario.body["redacts"])
        destroyed = Counter(each.subject or "nobody" for each in decision.redact)
        assert destroyed == {whose: int(str(number)) for whose, number in told.items()}
    approved = decision.disposition is Disposition.APPROVED
    assert ("redact_faces" in decision.obligations) == (approved and bool(decision.redact))
    assert {w.rule for w in decision.waived} == set(map(str, scenario.items("waived")))


def test_there_are_enough_of_them_and_each_says_something_else() -> None:
    assert len(SCENARIOS) >= 160
    assert len({s.name for s in SCENARIOS}) == len(SCENARIOS)


@pytest.mark.parametrize("rule", [r.id for r in pack().rules])
def test_every_rule_stops_a_picture_and_lets_one_pass(rule: str) -> None:
    """Where it stops one, nothing but it needs to; where it lets one pass, it was asked.

    A rule that obliges stops none: there is a picture that it obliges.
    """
    file = next(r for r in pack().rules if r.id == rule).file
    given = {o.value for o in file.obligations}
    stopped = [s for s in SCENARIOS if rule in s.items("rules") or given & set(s.items("obliges"))]
    assert stopped
    passing = [s for s in UNWAIVED if s.word("expect", "") == "approved" and asks(rule, s)]
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


@pytest.mark.parametrize("scenario", UNWAIVED, ids=lambda s: s.name)
def test_no_scenario_is_softer_when_nobody_looked_for_faces(scenario: Scenario) -> None:
    blind = replace(scenario, body={**scenario.body, "faces": "not checked"})
    assert decided(blind).disposition.value != "approved"
