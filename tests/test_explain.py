"""`dam explain` on real workspaces: the lines it names are the lines of the files."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from dam.cli.context import now
from tests import photos
from tests.test_consents import spoken
from tests.workspaces import NOBODY, PHOTOGRAPHER, Json, Workspace

PLACE = re.compile(r"(.+):(\d+)")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def drop(workspace: Workspace, name: str, sidecar: str, ending: bytes = b".consent.yaml") -> str:
    """A photograph with its sidecar, taken in; the id of the asset."""
    workspace.drop(name, photos.plain(sum(name.encode())))
    workspace.say(name, sidecar, ending)
    return asset(workspace, name)


def asset(workspace: Workspace, name: str) -> str:
    (found,) = (o["asset"] for o in workspace.ingest()["assets"] if o["source"] == name)
    return str(found)


def explained(workspace: Workspace, asset: str, *words: str) -> Json:
    found: Json = workspace.ask("explain", asset, *words)["explanation"]
    return found


def evidence(explanation: Json) -> dict[str, Json]:
    """Every fact that any rule looked at."""
    return {e["fact"]: e for rule in explanation["rules"] for e in rule["evidence"]}


def lines_of(found: Json, text: str) -> list[str]:
    """The lines of a file at which a fact stands."""
    rows = text.splitlines()
    matches = [PLACE.fullmatch(at) for at in found["where"]]
    return [rows[int(match.group(2)) - 1] for match in matches if match is not None]


WORDS = {
    "person.identifiable": "identifiable",
    "person.consent.face": "face",
    "person.consent.purposes": "purposes",
    "person.consent.territories": "territories",
    "person.consent.valid_from": "valid_from",
    "person.consent.ends": "valid_until",
    "person.consent.giver_roles": "givers",
    "person.consent.assent": "child_assent",
    "person.consent.state": "withdrawn",
    "person.risk": "risk",
    "person.situation": "situation",
    "person.unaccompanied": "unaccompanied",
    "photo.captioned": "caption",
    "people.stated": "people",
    "credit.known": "photographer",
}


def whole(number: int) -> Json:
    """A sidecar with everything said, a withdrawal at last, that ends in 2091."""
    sidecar = spoken(number, valid_until="2027-10-31")
    sidecar["people"][0]["identifiable"] = "yes"
    sidecar["caption"] = {"fr": "Un match"}
    (item,) = sidecar["consents"]
    item["events"].append({"state": "withdrawn", "on": "2022-03-01"})
    return sidecar


def check(explanation: Json, text: str, shown: str) -> None:
    found = evidence(explanation)
    for fact, word in WORDS.items():
        (line, *_) = lines_of(found[fact], text)
        assert word in line, (fact, found[fact], line)
        assert any(at.startswith(f"{shown}:") for at in found[fact]["where"])


def test_the_lines_of_a_yaml_sidecar(workspace: Workspace) -> None:
    text = "# who is shown, and who agreed\n" + yaml.safe_dump(whole(1), sort_keys=False)
    found = explained(workspace, drop(workspace, "a.jpg", text), "--purpose", "press")
    assert found["decision"]["disposition"] == "refused"
    check(found, text, "a.jpg.consent.yaml")


def test_the_lines_of_a_json_sidecar(workspace: Workspace) -> None:
    text = json.dumps(whole(1), indent=2)
    made = drop(workspace, "a.jpg", text, b".consent.json")
    check(explained(workspace, made, "--purpose", "press"), text, "a.jpg.consent.json")


def test_the_lines_of_a_shoot_sheet(workspace: Workspace) -> None:
    said = whole(1)
    records = said.pop("consents")
    said.pop("schema")
    sheet = {
        "schema": "dam/shoot/1",
        "photos": [{"match": "b*.jpg"} | said, {"match": "a*.jpg"} | said],
    }
    # Through JSON, so that nothing is the same object twice: that would be an alias.
    body = json.loads(json.dumps(sheet | {"consents": records}))
    text = yaml.safe_dump(body, sort_keys=False)
    (workspace.inbox / "day").mkdir()
    (workspace.inbox / "day" / "consent.yaml").write_text(text)
    workspace.drop("day/a.jpg", photos.plain(1))
    found = explained(workspace, asset(workspace, "day/a.jpg"), "--purpose", "press")
    check(found, text, "day/consent.yaml")
    second = text.splitlines().index("- match: a*.jpg") + 1
    (stated,) = evidence(found)["people.stated"]["where"]
    assert int(stated.rpartition(":")[2]) > second


def test_the_rows_of_a_shoot_table(workspace: Workspace) -> None:
    (workspace.inbox / "day").mkdir()
    rows = (
        "photo;photographer;subject;age_band;identifiable;people",
        f"a.jpg;{PHOTOGRAPHER};;;;",
        "b*.jpg;;;;;none",
        "a.jpg;;S-0001;6-11;yes;",
    )
    (workspace.inbox / "day" / "consent.csv").write_text("\n".join(rows))
    workspace.drop("day/a.jpg", photos.plain(1))
    found = evidence(explained(workspace, asset(workspace, "day/a.jpg")))
    assert found["person.identifiable"]["where"] == ["day/consent.csv:4"]
    assert found["credit.known"]["where"] == ["day/consent.csv:2"]
    assert found["people.stated"]["where"] == ["day/consent.csv:4"]
    assert found["person.has_consent"]["where"] == []
    assert found["person.has_consent"]["write_in"] == "day/consent.csv:4"


def test_the_rows_of_an_imported_register(workspace: Workspace, tmp_path: Path) -> None:
    said = spoken(1)
    del said["consents"]
    made = drop(workspace, "a.jpg", yaml.safe_dump(said))
    head = (
        "id;subject;age_band;unaccompanied;situation;risk;notice;language;purposes;territories;"
        "valid_from;valid_until;face;giver_role;giver_method;giver_on;child_assent;state;state_on"
    )
    other = "S-0009;6-11;no;migrant;low;F-2;fr;press;world;2021-11-01;2091-10-31;yes;parent;written"
    dates = "2021-10-28;given;given;2021-10-28"
    register = tmp_path / "forms.csv"
    register.write_text(
        "\n".join((head, f"C-0009;{other};{dates}", f"C-2021-0001;S-0001{other[6:]};{dates}"))
    )
    workspace.json("consent", "import", str(register))
    found = evidence(explained(workspace, made, "--purpose", "press"))
    for fact in ("person.consent.purposes", "person.consent.state", "person.risk"):
        assert found[fact]["where"] == ["forms.csv:3"]
    assert found["person.has_consent"]["where"][-1] == "forms.csv:3"


def test_what_nobody_says_and_where_it_belongs(workspace: Workspace) -> None:
    workspace.drop("a.jpg", photos.plain(1))
    made = asset(workspace, "a.jpg")
    found = explained(workspace, made)
    stated = evidence(found)["people.stated"]
    assert (stated["value"], stated["where"], stated["write_in"]) == (
        "no",
        [],
        "a.jpg.consent.yaml",
    )
    by_rule = {rule["rule"]: rule for rule in found["rules"]}
    assert by_rule["people-stated"]["ways"] == [
        {"subject": "", "changes": [{"fact": "people.stated", "how": "set", "value": "yes"}]}
    ]
    assert by_rule["no-record"]["outcome"] == "not_concerned"
    told = workspace.run("explain", made).stdout.decode()
    assert "nobody says; it can be written in" in " ".join(told.split())
    assert max(map(len, told.splitlines())) <= 80
    assert "\x1b" not in told


def test_other_questions_are_decided_anew_and_say_so(workspace: Workspace) -> None:
    sidecar = spoken(1, valid_until="2091-10-31") | {"caption": {"fr": "Un match"}}
    made = drop(workspace, "a.jpg", yaml.safe_dump(sidecar, sort_keys=False))
    stored = workspace.ask("explain", made, "--purpose", "press")
    assert (stored["on_record"], stored["current"]) == (True, True)
    assert stored["decision"]["disposition"] == "approved"
    assert stored["explanation"]["ends"]["consent"] == "C-2021-0001"
    assert stored["explanation"]["becomes"]["came"]
    late = workspace.ask("explain", made, "--purpose", "press", "--day", "2095-01-01")
    assert (late["on_record"], late["decision"]["disposition"]) == (False, "held")
    assert late["decision"]["day"] == "2095-01-01"
    sold = workspace.ask("explain", made, "--purpose", "press", "--use", "commercial")
    assert sold["decision"]["disposition"] != "approved"
    assert sold["explanation"]["question"]["use"] == "commercial"
    told = workspace.run("explain", made, "--purpose", "press", "--territory", "fr").stdout
    assert b"not the decision on record" in b" ".join(told.split())
    for words in (("--day", "soon"), ("--territory", "Morocco"), ("--use", "fun")):
        workspace.run("explain", made, *words, code=2)


def test_a_decision_that_is_out_of_date_says_so(workspace: Workspace) -> None:
    made = drop(workspace, "a.jpg", NOBODY)
    rule = workspace.root / "rules" / "consent" / "credited.yaml"
    text = rule.read_text().replace("require: credit.known", 'require: credit.id == "somebody"')
    one, other = (f"    - name: {n}\n      facts: {{credit.id: somebody}}\n" for n in ("x", "y"))
    text = re.sub(r"  pass:\n(    .*\n)+?  fail:", f"  pass:\n{one}{other}  fail:", text)
    rule.write_text(text)
    found = workspace.ask("explain", made)
    assert found["decision"]["disposition"] == "approved"
    assert found["current"] is False
    assert found["explanation"]["decision"]["disposition"] == "held"
    assert b"run dam ingest" in b" ".join(workspace.run("explain", made).stdout.split())


def test_all_tells_the_satisfied_rules_and_where_they_rest(workspace: Workspace) -> None:
    made = drop(workspace, "a.jpg", NOBODY)
    told = workspace.run("explain", made).stdout.decode()
    assert "[people-stated]" in told
    assert "a.jpg.consent.yaml:3" in told
    held = drop(workspace, "b.jpg", NOBODY.replace(PHOTOGRAPHER, "somebody-else"))
    short = workspace.run("explain", held).stdout.decode()
    long = workspace.run("explain", held, "--all").stdout.decode()
    assert "[people-stated]" not in short
    assert "[people-stated]" in long
    assert len(long) > len(short)


def test_a_waiver_and_its_command(workspace: Workspace) -> None:
    made = drop(workspace, "a.jpg", yaml.safe_dump(spoken(1, valid_until="2024-10-31")))
    told = " ".join(workspace.run("explain", made).stdout.decode().split())
    command = re.search(r"dam (waive \S+ in-time) --by ROLE --until DAY --reason TEXT", told)
    assert command is not None
    until = (now().date() + timedelta(days=30)).isoformat()
    words = ("--by", "safeguarding-officer", "--until", until, "--reason", "seen")
    workspace.run(*command.group(1).split(), *words)
    found = {r["rule"]: r for r in explained(workspace, made)["rules"]}["in-time"]
    assert found["outcome"] == "waived"
    assert found["waived"]["until"] == until
    assert b"Waived by safeguarding-officer" in workspace.run("explain", made).stdout


def test_no_free_text_is_told(workspace: Workspace) -> None:
    sidecar = whole(1) | {"caption": {"fr": "SECRETCAPTION"}}
    (item,) = sidecar["consents"]
    item["givers"][0]["witness"] = "SECRETWITNESS"
    item["givers"][0]["authority_evidence"] = "SECRETEVIDENCE"
    item["events"][-1]["reason"] = "SECRETREASON"
    made = drop(workspace, "a.jpg", yaml.safe_dump(sidecar))
    for words in ((), ("--all",), ("--format", "json")):
        assert b"SECRET" not in workspace.run("explain", made, *words).stdout


OBLIGING = {
    "en": "[drop-location] obliges: ",
    "fr": "[drop-location] oblige : ",
    "ar": "[drop-location] يُلزم بما يلي: ",
}


def test_a_rule_that_obliges_says_so_and_what(workspace: Workspace) -> None:
    said = spoken(1, permissions={"face": "yes", "location": "none"})
    said["people"][0]["identifiable"] = "yes"
    made = drop(workspace, "a.jpg", yaml.safe_dump(said))
    (rule,) = (
        r
        for r in explained(workspace, made, "--purpose", "press")["rules"]
        if r["rule"] == "drop-location"
    )
    assert (rule["outcome"], rule["obligations"]) == ("obliges", ["drop_location"])
    assert rule["subjects"] == ["S-0001"]
    assert rule["message"]
    for lang, words in OBLIGING.items():
        told = workspace.run("--lang", lang, "explain", made, "--purpose", "press").stdout.decode()
        plain = " ".join(re.sub("[\u200e\u200f\u2066-\u2069]", "", told).split())
        assert words in plain, plain
