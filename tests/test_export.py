"""What a pack says of people and places, and to what end it may go out."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from dam.core import errors
from dam.core.facts import digest_of
from tests import photos
from tests.test_consents import spoken, written
from tests.workspaces import EMPTY_HALL, Json, Workspace, exiftool


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def girl(number: int, **said: object) -> str:
    """A child at low risk; her town is agreed unless `location` says otherwise."""
    told = spoken(number, permissions={"face": "yes", "location": said.pop("location", "region")})
    (record,) = told["consents"]
    record["subject"] |= said.pop("subject", {})
    return written(told | {"location": {"country": "MA", "city": "Tanger"}} | said)


def exported(workspace: Workspace, out: Path, *words: str, purpose: str = "press") -> Json:
    return workspace.json("export", purpose, "--recipient", "R", "--out", str(out), *words)


def told_of(workspace: Workspace, out: Path, *words: str) -> dict[str, list[str]]:
    """`captions.csv` by asset, without the file's own column."""
    pack = exported(workspace, out, *words)
    rows = list(csv.reader((out / "data/captions.csv").read_text("utf-8-sig").splitlines()))
    by_file = {row[0]: row[1:] for row in rows[1:]}
    return {item["asset"]: by_file[item["file"]] for item in pack["included"]}


def asset_of(workspace: Workspace, name: str) -> str:
    return next(
        str(a["asset"])
        for a in workspace.ask("list")["assets"]
        if workspace.ask("show", a["asset"])["dropped_as"][0].endswith(name)
    )


# The place -----------------------------------------------------------------------------------


def test_the_town_stands_beside_those_who_agreed_and_are_not_at_risk(
    workspace: Workspace, tmp_path: Path
) -> None:
    at_risk = {
        "situation": "refugee",
        "risk_decision": {"by": "SG-1", "on": "2021-11-02", "visible": "yes", "reason": "seen"},
    }
    workspace.drop("open.jpg", photos.jpeg(1, 480, 320), girl(1))
    workspace.drop(
        "country.jpg",
        photos.jpeg(2, 480, 320),
        girl(2, location="country", caption={"fr": "Un atelier au Maroc"}),
    )
    workspace.drop("refugee.jpg", photos.jpeg(3, 480, 320), girl(3, subject=at_risk))
    workspace.drop(
        "none.jpg", photos.jpeg(4, 480, 320), girl(4, location="none", caption={"fr": "Un jeu"})
    )
    workspace.ingest()
    rows = told_of(workspace, tmp_path / "pack")
    places = {n: rows[asset_of(workspace, f"{n}.jpg")][1:3] for n in ("open", "country", "refugee")}
    assert places == {"open": ["Tanger", "MA"], "country": ["", "MA"], "refugee": ["", "MA"]}
    assert rows[asset_of(workspace, "none.jpg")][1:3] == ["", ""]
    for name in ("refugee.jpg", "country.jpg"):
        decision = workspace.ask("explain", asset_of(workspace, name), "--purpose", "press")
        assert "drop_location" in decision["decision"]["obligations"]


def test_no_rendition_tells_a_place(workspace: Workspace, tmp_path: Path) -> None:
    """Whatever stands in the original: coordinates, city and street; and whatever was agreed."""
    said = girl(1, location="exact", caption={"fr": "Un atelier"})
    workspace.drop("tanger_karima.jpg", photos.jpeg(1, 480, 320), said)
    workspace.ingest()
    exported(workspace, tmp_path / "pack")
    files = [*workspace.archive.rglob("*.jpg"), *(tmp_path / "pack").rglob("*.jpg")]
    assert len(files) == 2
    for file in files:
        assert b"Tanger" not in file.read_bytes()
        assert "tanger" not in file.name
    for tags in exiftool(files):
        assert not [t for t in tags if "GPS" in t or "City" in t or "Location" in t]


@pytest.mark.parametrize(
    ("caption", "location", "held"),
    [
        ({"fr": "Un atelier à Tanger"}, "country", True),
        ({"fr": "Un atelier", "ar": "ورشة بطنجة"}, "country", True),
        ({"fr": "Un atelier à Tanger"}, "region", False),
        ({"fr": "Un atelier au Maroc"}, "country", False),
    ],
)
def test_a_caption_names_no_town_that_was_not_agreed(
    workspace: Workspace, caption: Json, location: str, held: bool
) -> None:
    workspace.drop("a.jpg", photos.jpeg(1, 480, 320), girl(1, location=location, caption=caption))
    (outcome,) = workspace.ingest()["assets"]
    rules = {reason["rule"] for reason in outcome["reasons"]}
    assert rules == ({"place-may-be-named"} if held else set())


# The name ------------------------------------------------------------------------------------


def test_a_name_that_the_register_learns_takes_the_picture_back(
    workspace: Workspace, tmp_path: Path
) -> None:
    said = spoken(1) | {"caption": {"fr": "Karima marque un but"}}
    (record,) = said.pop("consents")
    file = tmp_path / "register.yaml"

    def bring(**who: str) -> None:
        body = record | {"schema": "dam/consent/1", "subject": record["subject"] | who}
        file.write_text(yaml.safe_dump(body, allow_unicode=True))
        workspace.ask("consent", "import", str(file))

    bring()
    workspace.drop("a.jpg", photos.plain(1, 480, 320), written(said))
    (outcome,) = workspace.ingest()["assets"]
    assert outcome["disposition"] == "approved"
    bring(name="Karima Alaoui")
    workspace.ingest()
    assert workspace.filed() == {}
    assert workspace.rules(outcome["asset"]) == {"name-may-be-said"}
    told = workspace.run("explain", outcome["asset"]).stdout.decode()
    assert "Alaoui" not in told
    workspace.say("a.jpg", written(said | {"caption": {"fr": "La numéro 7 marque un but"}}))
    workspace.ingest()
    assert len(workspace.filed()) == 1


# The caption ---------------------------------------------------------------------------------


def test_nothing_goes_to_the_press_without_a_caption(workspace: Workspace, tmp_path: Path) -> None:
    said = spoken(1, purposes=["press", "web"])
    del said["caption"]
    workspace.drop("a.jpg", photos.jpeg(1, 480, 320), written(said))
    (outcome,) = workspace.ingest()["assets"]
    assert outcome["disposition"] == "approved"
    assert workspace.rules(outcome["asset"], "press") == {"captioned-in-context"}
    assert exported(workspace, tmp_path / "press")["included"] == []
    assert len(exported(workspace, tmp_path / "web", purpose="web")["included"]) == 1


# The use -------------------------------------------------------------------------------------


def test_to_what_end_a_pack_goes_out_is_decided_and_recorded(
    workspace: Workspace, tmp_path: Path
) -> None:
    said = spoken(1)
    said["consents"][0]["scope"]["prohibited"] = ["Fund-Raising", "fundraising"]
    workspace.drop("girl.jpg", photos.jpeg(1, 480, 320), written(said))
    workspace.drop("hall.jpg", photos.plain(2, 480, 320), EMPTY_HALL)
    workspace.ingest()
    for use, included in (("fundraising", 1), ("Political-Party", 1), ("educational", 2)):
        pack = exported(workspace, tmp_path / use, "--use", use, "--dry-run")
        assert (len(pack["included"]), pack["use"]) == (included, use.lower().replace("-", "_"))
    for left in exported(workspace, tmp_path / "p", "--use", "advertising")["excluded"]:
        assert [r["rule"] for r in left["reasons"]] == ["forbidden-uses"]
    for use, french in (("educational", "éducatif"), ("editorial", "éditorial")):
        exported(workspace, tmp_path / use, "--use", use)
        assert f"Use: {use}\n" in (tmp_path / use / "data/TERMS.en.txt").read_text()
        terms = (tmp_path / use / "data/TERMS.fr.txt").read_text()
        assert f"Usage\N{NO-BREAK SPACE}: {french}\n" in terms
    made = [json.loads(body) for (body,) in workspace.rows(
        "select body from events where type = 'pack.made' order by seq"
    )]  # fmt: skip
    assert [event["use"] for event in made] == ["advertising", "educational", "editorial"]


def test_a_use_that_does_not_exist_is_told_with_those_that_do(workspace: Workspace) -> None:
    told = workspace.run(
        "export", "press", "--recipient", "R", "--out", "x", "--use", "editorail",
        code=errors.USAGE,
    ).stderr.decode()  # fmt: skip
    assert "editorail" in told
    assert "editorial, educational" in " ".join(told.split())


# A workspace made yesterday --------------------------------------------------------------------


def forget_what_is_new(workspace: Workspace) -> None:
    """Stored facts as the version before kept them, which did not look for names and places."""
    with closing(sqlite3.connect(workspace.root / ".dam" / "catalogue.db")) as database:
        for digest, text in database.execute("select digest, body from facts").fetchall():
            body = json.loads(text)
            del body["version"], body["place"], body["people"]["named_in"]
            old = digest_of(body)
            for statement in (
                "update assets set facts_digest = :old where facts_digest = :digest",
                "update facts set digest = :old, body = :body where digest = :digest",
            ):
                told = {"old": old, "digest": digest, "body": json.dumps(body)}
                database.execute(statement, told)
        database.commit()


def test_facts_of_an_earlier_version_permit_nothing_until_they_are_read_again(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.drop("girl.jpg", photos.jpeg(1, 480, 320), girl(1))
    workspace.drop("hall.jpg", photos.plain(2, 480, 320), EMPTY_HALL)
    workspace.ingest()
    forget_what_is_new(workspace)
    pack = exported(workspace, tmp_path / "before")
    assert len(pack["included"]) == 1
    (left,) = pack["excluded"]
    assert {r["rule"] for r in left["reasons"]} == {"name-may-be-said", "place-may-be-named"}
    policy = workspace.root / "rules" / "consent" / "policy.yaml"
    policy.write_text(policy.read_text() + "# the rules are looked at again\n")
    workspace.ingest()
    assert len(exported(workspace, tmp_path / "after")["included"]) == 2
    assert len(workspace.filed()) == 2


def test_a_workspace_without_the_new_rules_is_told_what_to_do(workspace: Workspace) -> None:
    for name in ("three-pillars", "forbidden-uses"):
        (workspace.root / "rules" / "consent" / f"{name}.yaml").unlink()
    told = " ".join(workspace.run("ingest", code=errors.USAGE).stderr.decode().split())
    assert "three-pillars.yaml: is missing" in told
    assert "forbidden-uses.yaml: is missing" in told
    assert "dam init` in an empty folder" in told
