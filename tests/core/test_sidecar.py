"""Sidecars, shoot sheets and records: the examples parse, every mistake is told, at its line."""

from __future__ import annotations

from datetime import date
from json import dumps

import pytest
import yaml

from dam.core.model import AgeBand, NamePermission, Problem
from dam.core.record import ConsentRecord, Location, Person, PhotoSidecar, Region
from dam.core.sidecar import parse_consents, parse_photo, parse_shoot

FULL = """\
schema: dam/photo/1
photographer: rachid-azzouzy
programme: amal
caption: {fr: "...", ar: "...", en: "..."}
location: {country: MA, city: Tanger}
people:
  - subject: S-0147
    age_band: 6-11
    identifiable: yes
    region: {x: 0.41, y: 0.22, w: 0.10, h: 0.14}
    consent: C-2021-0147
  - subject: S-0148
    age_band: adult
    identifiable: no
"""
RECORD = """\
schema: dam/consent/1
id: C-2021-0147
subject: {id: S-0147, age_band: 6-11, unaccompanied: no, situation: migrant, risk: low}
notice: {ref: AMAL-form-fr-2, language: fr, interpreter: no}
scope: {purposes: [press, web, print], territories: [world], valid_from: 2021-11-01, \
valid_until: 2031-10-31}
permissions: {face: yes, name: none, location: country}
givers: [{role: parent, method: written, on: 2021-10-28}]
child_assent: given
events: [{state: given, on: 2021-10-28}]
"""
ITEM = RECORD.replace("schema: dam/consent/1\n", "").replace("\n", "\n    ").rstrip()
PHOTO = "schema: dam/photo/1\n"
CONSENTS = f"consents:\n  - {ITEM}\n"


def problems_of_photo(text: str) -> tuple[Problem, ...]:
    parsed = parse_photo(text.encode(), "f.yaml")
    assert (parsed.value is None) == bool(parsed.problems)
    return parsed.problems


def the_problem(text: str) -> tuple[int | None, str, str]:
    (problem,) = problems_of_photo(text)
    return problem.line, problem.field, problem.message


# --- what must parse ------------------------------------------------------------------------


def test_the_full_photo_sidecar() -> None:
    sidecar = parse_photo(FULL.encode(), "f").value
    assert sidecar == PhotoSidecar(
        schema="dam/photo/1",
        photographer="rachid-azzouzy",
        programme="amal",
        caption={"fr": "...", "ar": "...", "en": "..."},
        location=Location(country="MA", city="Tanger"),
        people=(
            Person(
                subject="S-0147",
                age_band=AgeBand.A6_11,
                region=Region(x=0.41, y=0.22, w=0.10, h=0.14),
                consent="C-2021-0147",
            ),
            Person(subject="S-0148", age_band=AgeBand.ADULT, identifiable=False),
        ),
    )


@pytest.mark.parametrize("word", ["none", "None", "NONE", '"none"'])
def test_the_smallest_photo_sidecar(word: str) -> None:
    sidecar = parse_photo(f"{PHOTO}people: {word}\n".encode(), "f").value
    assert sidecar == PhotoSidecar(schema="dam/photo/1", people="none")


def test_missing_people_is_unknown_not_none() -> None:
    sidecar = parse_photo(PHOTO.encode(), "f").value
    assert sidecar is not None
    assert sidecar.people is None


def test_the_consent_record_in_its_three_forms() -> None:
    record = parse_consents(RECORD.encode(), "f").value
    assert record is not None
    assert record[0].subject.unaccompanied is False
    assert record[0].permissions.name is NamePermission.NONE
    assert record[0].scope.valid_until == date(2031, 10, 31)
    listed = "- " + RECORD.replace("\n", "\n  ")
    assert parse_consents(listed.encode(), "f").value == record
    wrapped = f"schema: dam/consent/1\n{CONSENTS}"
    assert parse_consents(wrapped.encode(), "f").value == record
    as_json = dumps(yaml.load(RECORD, yaml.BaseLoader))
    assert parse_consents(as_json.encode(), "f", json=True).value == record
    sidecar = parse_photo(f"{PHOTO}{CONSENTS}".encode(), "f").value
    assert sidecar is not None
    (item,) = (item.model_dump(exclude_unset=True) for item in sidecar.consents)
    assert ConsentRecord.model_validate({"schema": "dam/consent/1", **item}) == record[0]


def test_a_shoot_sheet() -> None:
    text = (
        "schema: dam/shoot/1\nphotographer: rachid\nphotos:\n"
        '  - {match: "IMG_01*.JPG", people: none}\n'
        "  - match: IMG_02*.JPG\n    people:\n"
        "      - {subject: S-0147, consent: C-2021-0147}\n"
        f"{CONSENTS}"
    )
    sheet = parse_shoot(text.encode(), "consent.yaml").value
    assert sheet is not None
    assert [photo.match for photo in sheet.photos] == ["IMG_01*.JPG", "IMG_02*.JPG"]
    assert sheet.photos[0].people == "none"


@pytest.mark.parametrize("word", ["yes", "YES", "True", "true", "no", "NO", "false", "No"])
def test_yes_and_no_mean_what_a_person_means(word: str) -> None:
    sidecar = parse_photo(f"{PHOTO}crowd: {word}".encode(), "f").value
    assert sidecar is not None
    assert sidecar.crowd is (word.lower() in ("yes", "true"))
    quoted = parse_photo(dumps({"schema": "dam/photo/1", "crowd": word}).encode(), "f", json=True)
    assert quoted.value == sidecar


def test_json_booleans_and_numbers() -> None:
    text = (
        '{"schema": "dam/photo/1", "people": [{"identifiable": false,'
        ' "region": {"x": 0, "y": 0.5, "w": 1e-07, "h": 1E-1}}]}'
    )
    sidecar = parse_photo(text.encode(), "f", json=True).value
    assert sidecar is not None
    assert isinstance(sidecar.people, tuple)
    assert sidecar.people[0].identifiable is False
    assert sidecar.people[0].region == Region(x=0, y=0.5, w=1e-07, h=0.1)


# --- what must not --------------------------------------------------------------------------


@pytest.mark.parametrize("json", [False, True])
def test_200_kb_of_brackets(json: bool) -> None:
    for parse in (parse_photo, parse_shoot, parse_consents):
        parsed = parse(b"[" * 200_000, "f", json)
        assert parsed.value is None
        assert "nested too deep" in parsed.problems[0].message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("tags: &a [x]", "anchors"),
        ("tags: *a", "aliases"),
        ("<<: {crowd: yes}", "'<<'"),
        ("crowd: !!bool no", "tags"),
        ("crowd: no\ncrowd: yes", "stands twice (first on line 3)"),
    ],
)
def test_yaml_traps(line: str, said: str) -> None:
    at, _, message = the_problem(f"{PHOTO}people: none\n{line}\n")
    assert at == 3 + line.count("\n")
    assert said in message


def test_a_consent_that_says_no_then_yes_in_json() -> None:
    text = RECORD.replace("face: yes", "face: no, face: yes")
    (problem,) = parse_consents(text.encode(), "f").problems
    assert (problem.line, problem.field) == (6, "permissions.face")
    text = '{"schema": "dam/photo/1",\n "people": "none",\n "people": []}'
    parsed = parse_photo(text.encode(), "f", json=True)
    assert [(p.line, p.field) for p in parsed.problems] == [(3, "people")]


@pytest.mark.parametrize(
    ("field", "written", "message"),
    [
        ("crowd", "12:30", "use one of: yes, no, true, false"),
        ("crowd", "1", "use one of: yes, no, true, false"),
        ("crowd", "on", "use one of: yes, no, true, false"),
        ("crowd", "[yes]", "use one of: yes, no, true, false"),
        ("crowd", "oui, bien sûr", "use one of: yes, no, true, false"),
        ("crowd", "", "is empty: fill it in or delete the line"),
        ("crowd", "null", "is empty: fill it in or delete the line"),
        ("crowd", "~", "is empty: fill it in or delete the line"),
        ("tags", "[a, ]\nprogramme:", "is empty: fill it in or delete the line"),
        ("people", "", "say none, or list the people"),
        ("people", "[]", "say none, or list the people"),
        ("people", "nobody", "say none, or list the people"),
        ("people", "{S-1: adult}", "say none, or list the people"),
        ("caption", "Amina", 'say in which language, in the form {fr: "..."}'),
        ("location", "Tanger", "needs words of its own: country, region, city, place"),
        ("location", "{country: Maroc}", "use a country code of two letters, for example MA"),
        ("tags", "school", "write a list: in brackets [...], or one line each, starting with '- '"),
        ("captured", "2021-02-30", "written YYYY-MM-DD, for example 2021-10-28"),
        ("captured", "2021-W44-4", "written YYYY-MM-DD, for example 2021-10-28"),
        ("captured", "03/04/2021", "written YYYY-MM-DD, for example 2021-10-28"),
        ("captured", "28 October", "use a date written YYYY-MM-DD, for example 2021-10-28"),
        ("photographer", "A B", "the id that the photographer has in rules/credits.yaml"),
        ("programme", "A B", "of letters, digits, '-', '_', '.'; never a name"),
        ("programme", "{a: b}", "write a text here, not a list or further words"),
        ("caption", "{fr: ''}", "is empty: fill it in or delete the line"),
        ("caption", "{French: x}", "name the language by its code, for example fr, ar or en"),
        ("caption", f"{{fr: {'x' * 4001}}}", "is too long: at most 4000 characters"),
        ("colour", "x", "unknown word"),
        ("captoin", "{fr: x}", "unknown word 'captoin'; did you mean 'caption'?"),
        ("Photo-Grapher", "x", "unknown word 'Photo-Grapher'; did you mean 'photographer'?"),
        ("Amina and Said", "x", "unknown word; the words here are: photographer, "),
        ("schema_", "dam/photo/1", "unknown word 'schema_'; did you mean 'schema'?"),
    ],
)
def test_one_mistake_one_problem(field: str, written: str, message: str) -> None:
    line, _, said = the_problem(f"{PHOTO}{field}: {written}\n")
    assert line == 2 + written.count("\n")
    assert message in said
    assert "Input should" not in said


@pytest.mark.parametrize(
    ("person", "field", "message"),
    [
        ("age_band: 12", "people[0].age_band", "use one of: 0-5, 6-11, 12-15, 16-17"),
        ("age_band: Adult", "people[0].age_band", "'Adult' is not one of"),
        ("age_band: a girl of 9", "people[0].age_band", "use one of: 0-5"),
        ("region: {x: 1_0, y: 0, w: 0.1, h: 0.1}", "people[0].region.x", "use a plain number"),
        ("region: {x: -1, y: 0, w: 0.1, h: 0.1}", "people[0].region.x", "must be at least 0"),
        ("region: {x: 0, y: 0, w: 1e999, h: 0.1}", "people[0].region.w", "must be at most 1"),
        ("region: {x: nan, y: 0, w: 0.1, h: 0.1}", "people[0].region.x", "use a plain number"),
        ("region: {x: 0.95, y: 0, w: 0.1, h: 0.1}", "people[0].region.w", "the right edge"),
        ("region: {x: 0, y: 0.95, w: 0.1, h: 0.1}", "people[0].region.h", "the lower edge"),
        ("region: {x: 0, y: 0, w: 0, h: 0.1}", "people[0].region.w", "more than 0"),
        ("region: {x: 0, y: 0, w: 0.1}", "people[0].region.h", "is missing"),
        ("name: Amina", "people[0].name", "names and contacts go into the register: dam consent"),
        ("Téléphone: 061", "people[0].(…)", "names and contacts go into the register: dam consent"),
    ],
)
def test_mistakes_about_a_person(person: str, field: str, message: str) -> None:
    line, at, said = the_problem(f"{PHOTO}people:\n  - {person}\n")
    assert (line, at) == (3, field)
    assert message in said


def test_a_region_may_end_at_the_edge() -> None:
    text = f"{PHOTO}people: [{{region: {{x: 0.7, y: 0.9, w: 0.3, h: 0.1}}}}]"
    assert problems_of_photo(text) == ()


def test_every_mistake_is_told_at_its_line() -> None:
    text = (
        f"{PHOTO}photographer: Rachid Azzouzy\ncolour: red\npeople:\n"
        "  - subject: S-1\n    age_band: child\n    identifiable: maybe\n"
        "  - subject: S-1\nembargo: soon\n"
    )
    told = [(p.line, p.field) for p in problems_of_photo(text)]
    assert told == [
        (2, "photographer"),
        (3, "(…)"),
        (6, "people[0].age_band"),
        (7, "people[0].identifiable"),
        (8, "people[1].subject"),
        (9, "embargo"),
    ]


def test_mistakes_of_the_tree_and_of_the_words_come_together() -> None:
    told = problems_of_photo(f"{PHOTO}crowd: no\ncrowd: yes\nfoo: x\nembargo:\n")
    assert [(p.line, p.field) for p in told] == [(3, "crowd"), (4, "(…)"), (5, "embargo")]


def test_problems_without_end_are_counted() -> None:
    text = PHOTO + "".join(f"word{i}:\n" for i in range(20_000))
    told = problems_of_photo(text)
    assert len(told) == 101
    assert told[-1].message == "and 19900 problems more"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("people: none", 1, "is missing: write 'schema: dam/photo/1'"),
        ("people: none\nschema:", 2, "is missing: write 'schema: dam/photo/1'"),
        ("people: none\nschema: dam/foto/1", 2, "is not known: write 'schema: dam/photo/1'"),
        ("schema: [x]", 1, "is not known: write 'schema: dam/photo/1'"),
        ("a: b\nschema: dam/shoot/1", 2, "this says dam/shoot/1, but 'schema: dam/photo/1' is"),
        ("[]", 1, "write words with their values, the first being 'schema: dam/photo/1'"),
        ("- people: none", 1, "write words with their values"),
        ("none", 1, "write words with their values"),
        ("~", 1, "write words with their values"),
    ],
)
def test_the_schema(text: str, line: int, message: str) -> None:
    at, _, said = the_problem(text)
    assert at == line
    assert message in said


def test_the_schema_comes_first() -> None:
    told = problems_of_photo("crowd: maybe\nfoo: x\nschema: dam/photo/2\n")
    assert [p.field for p in told] == ["schema", "crowd", "(…)"]
    assert str(told[0]) == "f.yaml:3: schema: is not known: write 'schema: dam/photo/1'"


@pytest.mark.parametrize(
    ("text", "line", "field", "message"),
    [
        ("- {subject: S-1}\n  - {subject: S-1}", 4, "people[1].subject", "as on line 3"),
        (
            "- {subject: S-1, consent: C-1}\n  - {subject: S-2, consent: C-1}",
            4,
            "people[1].consent",
            "one consent cannot stand for two people (the other is on line 3)",
        ),
        ("- {consent: C-1}\n  - {consent: C-1}", 4, "people[1].consent", "for two people"),
        (
            f"- {{subject: S-0148, consent: C-2021-0147}}\n{CONSENTS}",
            3,
            "people[0].consent",
            "this consent is for another subject (line 6)",
        ),
    ],
)
def test_people_that_contradict(text: str, line: int, field: str, message: str) -> None:
    at, name, said = the_problem(f"{PHOTO}people:\n  {text}\n")
    assert (at, name) == (line, field)
    assert message in said


def test_nobody_and_a_crowd() -> None:
    assert the_problem(f"{PHOTO}crowd: yes\npeople: none\n") == (
        3,
        "people",
        "none contradicts 'crowd: yes'",
    )
    assert problems_of_photo(f"{PHOTO}crowd: no\npeople: none\n") == ()


def test_one_consent_for_two_subjects_of_a_shoot() -> None:
    def sheet(other: str) -> bytes:
        return (
            "schema: dam/shoot/1\nphotos:\n"
            "  - {match: a, people: [{subject: S-1, consent: C-1}]}\n"
            f"  - {{match: b, people: [{{{other}consent: C-1}}]}}\n"
        ).encode()

    (problem,) = parse_shoot(sheet("subject: S-2, "), "f").problems
    assert (problem.line, problem.field) == (4, "photos[1].people[0].consent")
    assert parse_shoot(sheet("subject: S-1, "), "f").problems == ()
    assert parse_shoot(sheet(""), "f").problems == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "message"),
    [
        ("valid_until: 2031-10-31", "valid_until: 2021-10-31", 5, "scope.valid_until", "before"),
        ("2031-10-31", "2031-10-31, valid_for: 5y", 5, "scope.valid_for", "not both"),
        ("valid_until: 2031-10-31", "valid_for: 5 years", 5, "scope.valid_for", "5y, 18m"),
        ("[{state: given, on: 2021-10-28}]", "[]", 9, "events", "[{state: given, on: 2021-10-28}]"),
        ("events: [{state: given, on: 2021-10-28}]\n", "", 1, "events", "is missing"),
        ("[{state: given, on: 2021-10-28}]", "", 9, "events", "is empty"),
        ("state: given", "state: approved", 9, "events[0].state", "use one of: unknown, requested"),
        ("child_assent: given", "child_assent: null", 8, "child_assent", "is empty"),
        ("[press, web, print]", "[press, tv]", 5, "scope.purposes[1]", "use one of: archive, "),
        ("[press, web, print]", "[]", 5, "scope.purposes", "needs at least one entry"),
        ("[world]", "[Morocco]", 5, "scope.territories[0]", "country codes"),
        ("risk: low", "birth_year: 2010.5", 3, "subject.birth_year", "whole number"),
        ("risk: low", "birth_year: abc", 3, "subject.birth_year", "whole number"),
        ("risk: low", "birth_year: 0o17", 3, "subject.birth_year", "whole number"),
        ("risk: low", "birth_year: 12", 3, "subject.birth_year", "must be at least 1900"),
        ("id: C-2021-0147", "id: C 2021", 2, "id", "never a name"),
        (
            "child_assent: given",
            "evidence: [{file: a, sha256: abc}]",
            8,
            "evidence[0].sha256",
            "64",
        ),
        (
            "child_assent: given",
            "assets: [{region: {x: 1, y: 0, w: 1, h: 1}}]",
            8,
            "",
            "right edge",
        ),
    ],
)
def test_mistakes_in_a_record(old: str, new: str, line: int, field: str, message: str) -> None:
    assert old in RECORD
    parsed = parse_consents(RECORD.replace(old, new).encode(), "f")
    assert parsed.value is None
    (problem,) = parsed.problems
    assert (problem.line, problem.field) == (line, field or "assets[0].region.w")
    assert message in problem.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", [(1, "")]),
        ("none", [(1, "")]),
        (CONSENTS, [(1, "schema")]),
        ("schema: dam/consent/1\nconsents: []", [(2, "consents")]),
        ("schema: dam/consent/1\nconsents:", [(2, "consents")]),
        (f"schema: dam/consent/1\nfoo: x\n{CONSENTS}", [(2, "(…)")]),
        (f"schema: dam/photo/1\n{CONSENTS}", [(1, "schema")]),
        (FULL, [(1, "schema")]),
        (f"- x\n- {ITEM.replace('    ', '  ')}", [(2, "[1].schema"), (1, "[0]")]),
        (f"schema: dam/consent/1\n{CONSENTS}  - {ITEM}", [(11, "consents[1].id")]),
    ],
)
def test_consent_files_that_are_not(text: str, told: list[tuple[int, str]]) -> None:
    parsed = parse_consents(text.encode(), "f")
    assert parsed.value is None
    assert [(p.line, p.field) for p in parsed.problems] == told


def test_messages_repeat_no_names() -> None:
    secret = "Amina Zzyx"
    text = (
        f"{PHOTO}photographer: {secret}\nprogramme: [{secret}]\ncaption:\n  {secret}: {secret}\n"
        f"  Zzyx: x\ncrowd: {secret}\ncaptured: {secret}\n{secret}: x\ntags: [{secret}]\n"
        f"location: {secret}\npeople:\n  - {secret}\n  - {{subject: {secret}, age_band: {secret},"
        f" consent: {secret}, identifiable: {secret}, region: {secret}, {secret}: y}}\n"
        f"consents:\n  - {{id: {secret}, child_assent: {secret}, givers: [{{role: {secret},"
        f" witness: [{secret}]}}]}}\n{secret}: y\n"
    )
    problems = problems_of_photo(text)
    assert len(problems) > 15
    assert not [p for p in problems if "Zzyx" in str(p) or "Amina" in str(p)]
