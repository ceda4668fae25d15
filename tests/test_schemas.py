"""The JSON Schemas of `docs/schemas`: current, and of one mind with what dam takes and refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from dam.core import json_schema, tree
from dam.core.record import ConsentRecord, PhotoSidecar, ShootSheet
from dam.core.sidecar import parse_photo, parse_shoot
from tests.core.test_scenarios import RECORDS as NAMED_RECORDS
from tests.core.test_scenarios import SCENARIOS, full
from tests.core.test_sidecar_always import RECORDS, SHEETS, SIDECARS

jsonschema: Any = pytest.importorskip("jsonschema", reason="jsonschema is not installed")

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "schemas"
DOCUMENTS = json_schema.documents()
_BLOCK = re.compile(r"(?:^(?: {4}.*)?\n)+", re.M)


def validator(name: str) -> Any:  # noqa: ANN401  (jsonschema has no types)
    return jsonschema.Draft202012Validator(DOCUMENTS[f"{name}.schema.json"])


def valid(name: str, body: object) -> bool:
    return bool(validator(name).is_valid(body))


def check(name: str, text: str) -> None:
    """The text is right as dam reads it (all words), as YAML 1.2 does, and with booleans."""
    read, problems = tree.parse(text.encode(), name, json=False)
    assert read is not None, problems
    editors = yaml.load(text, _Core)
    for body in (read.value, editors, _with_booleans(editors)):
        assert not [e.message for e in validator(name).iter_errors(body)], text


class _Core(yaml.SafeLoader):
    """The core schema of YAML 1.2: `yes` and dates are words, `true` and 0.4 are not."""


_Core.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _regex = re.compile(f"^(?:{_pattern})$")
    _Core.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _regex, list(_first))


def _with_booleans(node: object) -> object:
    """As an editor sees it that takes `yes` and `no` for booleans."""
    if isinstance(node, dict):
        return {word: _with_booleans(value) for word, value in node.items()}
    if isinstance(node, list):
        return [_with_booleans(value) for value in node]
    return {"yes": True, "no": False}.get(node, node) if isinstance(node, str) else node


def test_the_files_are_current() -> None:
    """Otherwise: make schemas."""
    kept = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    made = {
        name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in DOCUMENTS.items()
    }
    assert kept == made


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_is_one(name: str) -> None:
    schema = DOCUMENTS[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:dam:{name.removesuffix('.schema.json')}:1"
    assert schema["title"]
    assert '"type": "null"' not in json.dumps(schema)


def blocks(page: str) -> Iterator[tuple[str, str]]:
    """(name of the schema, text) of every complete file that a page shows."""
    for found in _BLOCK.finditer((ROOT / page).read_text("utf-8")):
        text = re.sub("^ {4}", "", found.group(), flags=re.M).strip("\n")
        said = re.match(r"(?:#.*\n)*schema: dam/(\w+)/1$", text, re.M)
        if said is not None:
            yield said[1], text + "\n"


def test_every_example_of_the_documentation() -> None:
    shown = [
        block
        for page in ("docs/sidecars.md", "docs/packs.md", "README.md")
        for block in blocks(page)
    ]
    assert {name for name, _ in shown} >= {"photo", "shoot"}
    assert len(shown) >= 3
    for name, text in shown:
        check(name, text)


def test_every_file_of_the_rules() -> None:
    files = sorted((ROOT / "rules").rglob("*.yaml"))
    assert len(files) > 15
    for path in files:
        text = path.read_text("utf-8")
        said = re.search(r"^schema: dam/(\w+)/1$", text, re.M)
        assert said is not None
        check(said[1], text)


@pytest.mark.parametrize("kind", ["photo", "shoot"])
def test_every_sheet_of_the_scenarios(kind: str) -> None:
    """What dam reads without a problem is right; what is marked, dam refuses as well."""
    sheets = [sheet for s in SCENARIOS if (sheet := s.sheet(kind)) is not None]
    parse = parse_photo if kind == "photo" else parse_shoot
    taken = [parse(json.dumps(s).encode(), kind, json=True).value is not None for s in sheets]
    assert taken.count(True) > 5
    assert all(valid(kind, sheet) for sheet, right in zip(sheets, taken, strict=True) if right)


def test_every_record_of_the_scenarios() -> None:
    records = [full(record) for record in NAMED_RECORDS.values()]
    bodies = [{"schema": "dam/consent/1", **record} for record in records]
    assert all(valid("consent", body) for body in bodies)
    assert valid("consent", bodies)
    assert valid("consent", {"schema": "dam/consent/1", "consents": records})
    assert not valid("consent", {"consents": records})
    assert not valid("consent", records)
    assert not valid("consent", [])
    assert not valid("consent", {"schema": "dam/consent/1", "consents": []})


@settings(max_examples=60, deadline=None)
@given(SIDECARS | SHEETS | RECORDS)
def test_what_dam_takes_is_never_marked(model: PhotoSidecar | ShootSheet | ConsentRecord) -> None:
    name = {PhotoSidecar: "photo", ShootSheet: "shoot", ConsentRecord: "consent"}[type(model)]
    text = model.model_dump_json(by_alias=True, exclude_none=True)
    errors = [e.message for e in validator(name).iter_errors(json.loads(text))]
    assert not errors


# --- what must be marked ------------------------------------------------------------------

PHOTO: dict[str, Any] = {
    "schema": "dam/photo/1",
    "photographer": "rachid-azzouzy",
    "caption": {"fr": "Match"},
    "location": {"country": "MA", "city": "Tanger"},
    "captured": "2021-11-02",
    "crowd": "no",
    "people": [
        {
            "subject": "S-1",
            "age_band": "6-11",
            "identifiable": "yes",
            "region": {"x": 0.4, "y": "0.2", "w": 0.1, "h": 0.1},
            "consent": "C-1",
        }
    ],
    "consents": [
        {
            "id": "C-1",
            "subject": {"id": "S-1", "age_band": "6-11", "birth_year": 2012, "risk": "low"},
            "notice": {"ref": "f", "language": "fr", "interpreter": True},
            "scope": {
                "purposes": ["press"],
                "territories": ["world"],
                "valid_from": "2021-11-01",
                "valid_for": "5y",
            },
            "permissions": {"face": "YES", "name": "none", "location": "country"},
            "givers": [{"role": "parent", "method": "written", "on": "2021-10-28"}],
            "child_assent": "given",
            "events": [{"state": "given", "on": "2021-10-28"}],
        }
    ],
}
Place = tuple[str | int, ...]


def words(node: object, place: Place = ()) -> Iterator[Place]:
    """Every place in a file that has a word of its own."""
    inner = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for word, value in inner:
        if isinstance(node, dict):
            yield (*place, word)
        yield from words(value, (*place, word))


def changed(place: Place, value: object = None, name: str = "") -> dict[str, Any]:
    """The photo's sidecar with another value at a place, or another word there."""
    body = deepcopy(PHOTO)
    node: Any = body
    for piece in place[:-1]:
        node = node[piece]
    if name:
        node[name] = node.pop(place[-1])
    else:
        node[place[-1]] = value
    return body


def test_the_whole_is_right() -> None:
    assert valid("photo", PHOTO)


@pytest.mark.parametrize("place", list(words(PHOTO)), ids=lambda p: ".".join(map(str, p)))
def test_a_misspelt_word_is_marked(place: Place) -> None:
    if place[:1] == ("caption",) and len(place) > 1:
        assert not valid("photo", changed(place, name="French"))
        return
    assert not valid("photo", changed(place, name=f"{place[-1]}s"))
    # Nothing may be left empty, nor hold what is none of the forms it can have.
    assert not valid("photo", changed(place, None))
    assert not valid("photo", changed(place, {"Z z": "x"}))
    assert not valid("photo", changed(place, ""))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("people",), "None shown"),
        (("people",), []),
        (("people", 0, "age_band"), "6-12"),
        (("people", 0, "identifiable"), "oui"),
        (("people", 0, "identifiable"), 1),
        (("people", 0, "subject"), "Amina Alaoui"),
        (("people", 0, "region", "x"), 1.5),
        (("people", 0, "region", "x"), "40%"),
        (("captured",), "02/11/2021"),
        (("location", "country"), "Morocco"),
        (("consents", 0, "events"), []),
        (("consents", 0, "events", 0, "state"), "approved"),
        (("consents", 0, "scope", "purposes"), []),
        (("consents", 0, "scope", "purposes", 0), "tv"),
        (("consents", 0, "scope", "territories", 0), "Europe"),
        (("consents", 0, "scope", "valid_until"), "2031-01-01"),
        (("consents", 0, "scope", "valid_for"), "5 years"),
        (("consents", 0, "subject", "birth_year"), 12),
        (("schema",), "dam/photo/2"),
    ],
)
def test_a_wrong_value_is_marked(place: Place, value: object) -> None:
    assert not valid("photo", changed(place, value))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("people",), "none"),
        (("people",), "NONE"),
        (("people", 0, "identifiable"), False),
        (("people", 0, "identifiable"), "No"),
        (("people", 0, "identifiable"), "TRUE"),
        (("location", "country"), "ma"),
        (("consents", 0, "scope", "territories"), ["World", "fr"]),
        (("consents", 0, "subject", "birth_year"), "2012"),
        (("people", 0, "region", "x"), "1e-07"),
    ],
)
def test_what_a_person_means_is_not_marked(place: Place, value: object) -> None:
    assert valid("photo", changed(place, value))


def test_rules_and_policies_that_are_marked() -> None:
    body = yaml.load((ROOT / "rules/consent/embargo.yaml").read_text("utf-8"), _Core)
    assert valid("rule", body)
    for word in body:
        assert not valid("rule", {**body, f"{word}s": "x"})
    assert not valid("rule", {**body, "otherwise": "approve"})
    assert not valid("rule", {**body, "purposes": ["tv"]})
    assert not valid("rule", {**body, "examples": {"pass": [], "fail": []}})
    policy = yaml.safe_load((ROOT / "rules/consent/policy.yaml").read_text("utf-8"))
    assert not valid("policy", {**policy, "default_term": "ten years"})
