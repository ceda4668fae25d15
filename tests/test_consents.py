"""One photograph and what people say about it: approved, or not and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests import photos
from tests.workspaces import PHOTOGRAPHER, Json, Workspace, by_source, sha256

#: For each photograph: what differs from a complete consent for press, the disposition, and
#: the rules that must speak against the archive and against the press.
CASES: dict[str, tuple[Mapping[str, object], str, set[str], set[str]]] = {
    "valid": ({}, "approved", set(), set()),
    "guardian-by-fingerprint": (
        {"givers": [{"role": "legal_guardian", "method": "fingerprint", "on": "2021-10-28"}]},
        "approved",
        set(),
        set(),
    ),
    "other-purposes": ({"purposes": ["donor"]}, "approved", set(), {"purpose-and-territory"}),
    "expired": ({"valid_until": "2022-10-31"}, "held", {"in-time"}, {"in-time"}),
    "not-yet": ({"valid_from": "2090-01-01"}, "held", {"in-time"}, {"in-time"}),
    "refused": (
        {"state": "refused"},
        "refused",
        {"withdrawn-or-refused"},
        {"withdrawn-or-refused"},
    ),
    "withdrawn": (
        {"state": "withdrawn"},
        "refused",
        {"withdrawn-or-refused"},
        {"withdrawn-or-refused"},
    ),
    "requested": ({"state": "requested"}, "held", {"in-time"}, {"in-time"}),
    # Her risk is not on record either, and the caption tells the town.
    "no-record": (
        {"consents": False},
        "held",
        {"no-record", "three-pillars"},
        {"no-record", "three-pillars"},
    ),
    "age-unknown": (
        {"consents": False, "age_band": "unknown"},
        "held",
        {"no-record", "three-pillars", "unknown-age-is-minor"},
        {"no-record", "three-pillars", "unknown-age-is-minor"},
    ),
    "age-not-said": (
        {"consents": False, "age_band": None},
        "held",
        {"no-record", "three-pillars", "unknown-age-is-minor"},
        {"no-record", "three-pillars", "unknown-age-is-minor"},
    ),
    "child-alone": (
        {"givers": [{"role": "subject", "method": "written", "on": "2021-10-28"}]},
        "held",
        {"guardian-and-child"},
        {"guardian-and-child"},
    ),
    "assent-not-sought": (
        {"assent": "not_sought"},
        "held",
        {"guardian-and-child"},
        {"guardian-and-child"},
    ),
    "nobody-credited": ({"photographer": None}, "held", {"credited"}, {"credited"}),
}


def spoken(number: int, **said: object) -> Json:
    """A sidecar for a child of nine with a complete consent for press, but for what is said."""
    subject, consent = f"S-{number:04}", f"C-2021-{number:04}"
    record: Json = {
        "id": consent,
        "subject": {
            "id": subject,
            "age_band": "6-11",
            "unaccompanied": "no",
            "situation": "migrant",
            "risk": "low",
        },
        "notice": {"ref": "AMAL-form-fr-2", "language": "fr", "interpreter": "no"},
        "scope": {
            "purposes": said.get("purposes", ["press"]),
            "territories": ["world"],
            "valid_from": said.get("valid_from", "2021-11-01"),
            "valid_until": said.get("valid_until", "2091-10-31"),
        },
        "permissions": said.get("permissions", {"face": "yes", "location": "region"}),
        "givers": said.get("givers", [{"role": "parent", "method": "written", "on": "2021-10-28"}]),
        "child_assent": said.get("assent", "given"),
        "events": [{"state": said.get("state", "given"), "on": "2021-10-28"}],
    }
    person: Json = {"subject": subject, "age_band": said.get("age_band", "6-11")}
    sidecar: Json = {
        "schema": "dam/photo/1",
        "photographer": said.get("photographer", PHOTOGRAPHER),
        "caption": {"fr": "Un atelier à Tanger", "ar": "ورشة في طنجة"},
        "people": [{key: value for key, value in person.items() if value is not None}],
        "consents": [record],
    }
    if said.get("consents", True):
        person["consent"] = consent
        sidecar["people"] = [person]
    else:
        del sidecar["consents"]
    return {key: value for key, value in sidecar.items() if value is not None}


def written(sidecar: Json) -> str:
    return yaml.safe_dump(sidecar, allow_unicode=True, sort_keys=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def test_every_case_of_a_child(workspace: Workspace, tmp_path: Path) -> None:
    for number, (name, (said, *_)) in enumerate(CASES.items()):
        sidecar = written(spoken(number, **said))
        workspace.drop(f"{name}.jpg", photos.jpeg(number, 480, 320), sidecar)
    found = by_source(workspace.ingest())
    exported = workspace.json(
        "export", "press", "--recipient", "Le Matin", "--out", str(tmp_path / "pack")
    )
    included = {item["asset"] for item in exported["included"]}
    excluded = {e["asset"]: {r["rule"] for r in e["reasons"]} for e in exported["excluded"]}
    filed = workspace.filed()
    for name, (_, disposition, archive, press) in CASES.items():
        outcome = found[f"{name}.jpg"]
        asset = outcome["asset"]
        assert outcome["disposition"] == disposition, (name, outcome["reasons"])
        assert workspace.rules(asset, "archive") == archive, name
        assert press == excluded.get(asset, set()), name
        approved = disposition == "approved"
        assert (outcome["archived_as"] is not None) == approved
        assert (f"{outcome['archived_as']}".removeprefix("archive/") in filed) == approved
        assert (asset in included) == (not press), name
    expired, other = (found[f"{name}.jpg"]["asset"] for name in ("expired", "other-purposes"))
    assert workspace.rules(expired, "press") == {"in-time"}
    assert workspace.rules(other, "press") == {"purpose-and-territory"}
    for item in exported["included"]:
        assert (tmp_path / "pack/data" / item["file"]).is_file()
    for secret in photos.SECRETS:
        for path in (*workspace.archive.rglob("*.jpg"), *(tmp_path / "pack").rglob("*.*")):
            assert secret not in path.read_bytes(), (secret, path.name)


def test_a_later_withdrawal_takes_the_picture_back(workspace: Workspace, tmp_path: Path) -> None:
    for number, name in enumerate(("a.jpg", "b.jpg")):
        workspace.drop(name, photos.jpeg(number, 480, 320), written(spoken(number)))
    found = by_source(workspace.ingest())
    assert len(workspace.filed()) == 2
    workspace.say("a.jpg", written(spoken(0, state="withdrawn")))
    report = workspace.ingest()
    assert {s: o["disposition"] for s, o in by_source(report).items()} == {"a.jpg": "refused"}
    left = found["b.jpg"]["archived_as"].removeprefix("archive/")
    assert list(workspace.filed()) == [left]
    assert workspace.rules(found["a.jpg"]["asset"]) == {"withdrawn-or-refused"}
    pack = tmp_path / "pack"
    words = ("export", "press", "--recipient", "Le Matin", "--out", str(pack))
    exported = workspace.json(*words)
    assert [item["asset"] for item in exported["included"]] == [found["b.jpg"]["asset"]]
    # Saying yes again without a word about the no, or saying nothing, brings nothing back.
    workspace.say("a.jpg", written(spoken(0)))
    assert workspace.ingest()["counts"]["approved"] == 0
    assert list(workspace.filed()) == [left]


def test_a_withdrawal_in_the_same_inbox_counts_before_anything_is_filed(
    workspace: Workspace,
) -> None:
    """The mother took it back, in the sidecar of another picture of the same girl."""
    workspace.drop("a.jpg", photos.jpeg(1, 480, 320), written(spoken(7)))
    workspace.drop("b.jpg", photos.jpeg(2, 480, 320), written(spoken(7, state="withdrawn")))
    dry = workspace.ingest("--dry-run")
    # One worker takes the photographs one after the other, the yes before the no.
    report = workspace.ingest(env={"DAM_WORKERS": "1"})
    assert [o["disposition"] for o in report["assets"]] == ["refused", "refused"]
    assert report["counts"] == dry["counts"]
    assert workspace.filed() == {}
    told = {event for (event,) in workspace.rows("SELECT type FROM events")}
    assert "rendition.filed" not in told, "it stood in the archive for a while"


def test_a_withdrawal_reaches_a_photograph_whose_name_came_again(workspace: Workspace) -> None:
    """The camera's counter starts anew; the sidecar of the new photograph has the old one's name.

    The girl on the old photograph, of whom the new sidecar says nothing, withdraws.
    """
    girl = photos.jpeg(1, 480, 320)
    workspace.drop("IMG_0001.JPG", girl, written(spoken(1)))
    assert workspace.ingest()["counts"]["approved"] == 1
    nobody = f"schema: dam/photo/1\nphotographer: {PHOTOGRAPHER}\npeople: none\n"
    workspace.drop("IMG_0001.JPG", photos.jpeg(2, 480, 320), nobody)
    assert workspace.ingest()["counts"]["approved"] == 1
    workspace.drop("c.jpg", photos.jpeg(3, 480, 320), written(spoken(1, state="withdrawn")))
    workspace.ingest()
    assert workspace.assets()[sha256(girl)]["disposition"] == "refused"
    assert len(workspace.filed()) == 1


def test_a_deleted_sidecar_widens_nothing(workspace: Workspace) -> None:
    """Deleted before it was read, or after: what is held stays held."""
    workspace.drop("a.jpg", photos.jpeg(1, 480, 320), written(spoken(1, state="withdrawn")))
    assert workspace.ingest()["counts"]["refused"] == 1
    assert workspace.dropped() == []
    workspace.say("a.jpg", "schema: dam/photo/1\npeople: [{subject: S-0001, age_band: 6-11}]\n")
    workspace.place("a.jpg.consent.yaml").unlink()
    report = workspace.ingest()
    assert sum(report["counts"].values()) == 0
    workspace.drop("a.jpg", photos.jpeg(1, 480, 320))
    assert workspace.ingest()["counts"]["duplicate"] == 1
    (asset,) = workspace.assets().values()
    assert asset["disposition"] == "refused"
    assert workspace.filed() == {}


def test_the_same_file_dropped_again_under_its_old_numbers_is_a_duplicate(
    workspace: Workspace,
) -> None:
    """Inode, time, size and name as before: file systems give a freed inode to the next file."""
    workspace.drop("a.jpg", photos.jpeg(1, 480, 320), written(spoken(1, state="withdrawn")))
    kept = workspace.root / "kept.jpg"
    kept.hardlink_to(workspace.place("a.jpg"))
    assert workspace.ingest()["counts"]["refused"] == 1
    assert workspace.dropped() == []
    workspace.place("a.jpg").hardlink_to(kept)
    assert workspace.ingest()["counts"]["duplicate"] == 1
    assert workspace.dropped() == []


def test_a_person_left_out_later_is_no_way_around_a_refusal(workspace: Workspace) -> None:
    said = spoken(1, state="withdrawn")
    workspace.drop("a.jpg", photos.jpeg(1, 480, 320), written(said))
    workspace.ingest()
    del said["consents"], said["people"][0]["consent"]
    workspace.say("a.jpg", written(said))
    assert workspace.ingest()["counts"]["approved"] == 0
    assert workspace.filed() == {}


def test_json_sidecars_and_shoot_sheets_say_the_same(workspace: Workspace) -> None:
    workspace.drop("j.jpg", photos.jpeg(1, 480, 320))
    workspace.say("j.jpg", json.dumps(spoken(1)), b".consent.json")
    workspace.drop("k.jpg", photos.jpeg(2, 480, 320))
    workspace.say("k", json.dumps(spoken(2)), b".consent.json")
    child = spoken(3)
    sheet = {
        "schema": "dam/shoot/1",
        "photographer": PHOTOGRAPHER,
        "photos": [
            {"match": "GIRL_*.JPG", "people": child["people"]},
            {"match": "EMPTY_*.jpg", "people": "none"},
        ],
        "consents": child["consents"],
    }
    for number, name in enumerate(("girl_1.jpg", "empty_1.jpg", "other.jpg", "deep/EMPTY_2.jpg")):
        workspace.drop(f"shoot/{name}", photos.jpeg(10 + number, 480, 320))
    workspace.place("shoot/consent.yaml").write_text(written(sheet))
    found = {s: o["disposition"] for s, o in by_source(workspace.ingest()).items()}
    assert found == {
        "j.jpg": "approved",
        "k.jpg": "approved",
        "shoot/girl_1.jpg": "approved",
        "shoot/empty_1.jpg": "approved",
        "shoot/deep/EMPTY_2.jpg": "approved",
        "shoot/other.jpg": "held",
    }


def test_a_misspelt_word_holds_with_file_and_line(workspace: Workspace) -> None:
    wrong = written(spoken(1)).replace("age_band: 6-11\n  consent", "age_bnad: 6-11\n  consent")
    assert "age_bnad" in wrong
    line = 1 + next(n for n, text in enumerate(wrong.splitlines()) if "age_bnad" in text)
    workspace.drop("a.jpg", photos.jpeg(1, 480, 320), wrong)
    workspace.drop("b.jpg", photos.jpeg(2, 480, 320), written(spoken(2, purposes=["pres"])))
    report = by_source(workspace.ingest())
    for name, place in (("a.jpg", f"a.jpg.consent.yaml:{line}:"), ("b.jpg", "b.jpg.consent.yaml:")):
        assert report[name]["disposition"] == "held"
        assert "readable" in {reason["rule"] for reason in report[name]["reasons"]}
        told = workspace.ask("explain", report[name]["asset"])["problems"]
        assert any(problem.startswith(place) for problem in told), told
    assert workspace.filed() == {}
    # Mended, it is released.
    workspace.say("a.jpg", written(spoken(1)))
    assert workspace.ingest()["counts"]["approved"] == 1
