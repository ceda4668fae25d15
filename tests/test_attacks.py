"""Attacks that dam withstands: nothing unknown, late, odd or racing is approved or lost."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from dam.adapters.desk import open_desk
from dam.adapters.settings import Workspace as Places
from dam.adapters.settings import load_settings
from dam.cli.context import now
from dam.core.model import Purpose
from dam.flows import export as flow
from dam.render import packs
from tests import photos
from tests.workspaces import EMPTY_HALL, NOBODY, PHOTOGRAPHER, Workspace, by_source

GIVEN = "{state: given, on: 2021-10-28}"
WITHDRAWN = f"{GIVEN}, {{state: withdrawn, on: 2022-01-01}}"
SOMEBODY = f"""\
schema: dam/photo/1
photographer: {PHOTOGRAPHER}
caption: {{fr: Une lecture}}
people:
  - {{subject: S-1, age_band: adult, identifiable: yes, consent: C-1}}
"""
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><e:PersonInImage><rdf:Bag>
 <rdf:li>Fatima</rdf:li></rdf:Bag></e:PersonInImage></rdf:Description></rdf:RDF></x:xmpmeta>"""


def agreed(events: str = GIVEN) -> str:
    """A sidecar of one adult with a consent of these events."""
    return f"""{SOMEBODY}consents:
  - id: C-1
    subject: {{id: S-1, age_band: adult, unaccompanied: no, situation: migrant, risk: low}}
    notice: {{ref: form-2, language: fr}}
    scope: {{purposes: [press], territories: [world], valid_from: 2021-11-01, valid_for: 10y}}
    permissions: {{face: yes, name: none, location: none}}
    givers: [{{role: subject, method: written, on: 2021-10-28}}]
    events: [{events}]
"""


def picture(seed: int) -> bytes:
    return photos.plain(seed, 480, 320)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def test_a_late_xmp_file_that_names_somebody_takes_the_picture_back(workspace: Workspace) -> None:
    workspace.drop("a.jpg", picture(1), NOBODY)
    workspace.ask("ingest")
    assert len(workspace.filed()) == 1
    for text, rule in ((XMP, "sources-agree"), ("no XML<", "readable")):
        workspace.place("a.jpg.xmp").write_text(text)
        (told,) = workspace.ask("ingest")["assets"]
        assert told["disposition"] == "held"
        assert rule in {reason["rule"] for reason in told["reasons"]}
        assert workspace.filed() == {}


def test_two_xmp_files_of_one_picture_are_never_one(workspace: Workspace) -> None:
    workspace.drop("a.jpg", picture(1), NOBODY)
    workspace.place("a.JPG.xmp").write_text("")
    workspace.place("a.jpg.xmp").write_text(XMP.replace("Fatima", ""))
    (told,) = workspace.ask("ingest")["assets"]
    assert told["disposition"] == "held"
    assert "readable" in {reason["rule"] for reason in told["reasons"]}


def test_a_shoot_sheet_that_moved_away_still_counts(workspace: Workspace) -> None:
    workspace.drop("s/a.jpg", picture(1))
    head = f"schema: dam/shoot/1\nphotographer: {PHOTOGRAPHER}\n"
    listed = "photos:\n  - {match: '*.JPG', people: [{subject: S-7, age_band: 6-11}]}\n"
    workspace.place("s/consent.yaml").write_text(head + listed)
    workspace.ask("ingest")
    workspace.place("s/consent.yaml").rename(workspace.place("consent.yaml"))
    workspace.ask("ingest")
    workspace.place("consent.yaml").write_text(head + "people: none\n")
    workspace.ask("ingest")
    (asset,) = workspace.assets().values()
    assert workspace.rules(asset["asset"]) >= {"no-record", "sources-agree"}
    assert workspace.filed() == {}


def test_a_sidecar_of_two_photos_holds_both_until_each_has_its_own(workspace: Workspace) -> None:
    workspace.drop("a.jpg", picture(1))
    workspace.drop("a.png", photos.png(3))
    workspace.place("a.consent.yaml").write_text(NOBODY)
    first = by_source(workspace.ask("ingest"))
    assert {outcome["disposition"] for outcome in first.values()} == {"held"}
    assert workspace.dropped() == []
    for name in ("a.jpg", "a.png"):
        workspace.say(name, NOBODY)
    workspace.ask("ingest")
    assert len(workspace.filed()) == 2


def test_read_again_without_a_face_check_it_leaves_the_archive(workspace: Workspace) -> None:
    workspace.drop("a.jpg", picture(1), NOBODY)
    workspace.ask("ingest")
    workspace.say("a.jpg", f"{NOBODY}programme: amal\n")
    (told,) = workspace.ingest(env={"DAM_FACE_CHECK": "false"})["assets"]
    assert told["disposition"] == "held"
    assert workspace.filed() == {}


def test_a_withdrawal_while_a_pack_is_made_wins(workspace: Workspace, tmp_path: Path) -> None:
    workspace.drop("a.jpg", picture(1), agreed())
    workspace.drop("b.jpg", picture(2), EMPTY_HALL)
    workspace.ask("ingest")
    settings = load_settings(workspace.root, {})
    said: list[None] = []

    def withdraw() -> None:
        if not said:
            workspace.say("a.jpg", agreed(WITHDRAWN))
            workspace.ask("ingest")
        said.append(None)

    out = tmp_path / "pack"
    order = flow.Order(Purpose.PRESS, "Le Matin", out)
    places = Places.at(workspace.root, settings)
    with open_desk(places, settings, now, writing=True) as desk, desk.darkroom(1) as room:
        pack = flow.export(desk, room, order, packs.documents, step=withdraw)
    assert len(said) == 2
    assert len(pack.included) == len(pack.excluded) == 1
    assert [path.name for path in (out / "data/images").iterdir()] == [
        Path(pack.included[0].file).name
    ]
    assert pack.included[0].asset.id != pack.excluded[0].asset
    assert {reason.rule for reason in pack.excluded[0].reasons} == {"withdrawn-or-refused"}


def test_whoever_holds_the_workspace_works_alone(workspace: Workspace) -> None:
    workspace.drop("a.jpg", picture(1), NOBODY)
    with (workspace.root / ".dam" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = workspace.run("ingest", "--format", "json", code=2)
    assert done.stdout == b""
    assert workspace.dropped() == ["a.jpg", "a.jpg.consent.yaml"]


def test_a_pack_replaces_nothing_and_follows_no_link(workspace: Workspace, tmp_path: Path) -> None:
    workspace.drop("a.jpg", picture(1), EMPTY_HALL)
    workspace.ask("ingest")
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    before = sorted(tmp_path.iterdir())
    for out in (full, full / "letter.txt", link, tmp_path / "missing" / "pack"):
        words = ("export", "press", "--recipient", "x", "--out", str(out), "--format", "json")
        assert workspace.run(*words, code=2).stdout == b""
    assert sorted(tmp_path.iterdir()) == before
    assert (full / "letter.txt").read_text() == "mine"
