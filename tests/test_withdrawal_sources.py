"""Taking back when others end it, when several sources tell of it, and what only looks like it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import yaml

from tests import family, photos
from tests.family import ALONE, asset, fates, withdraw
from tests.people import record, sidecar
from tests.workspaces import NOBODY, Json, Workspace, by_source, sha256


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Workspace:
    return family.family(tmp_path_factory, tmp_path)


def restricted(workspace: Workspace) -> set[str]:
    return {p.name for p in (workspace.root / ".dam" / "restricted").rglob("*/*")}


def disposition(workspace: Workspace, ident: str) -> str:
    return str(workspace.ask("show", ident)["disposition"])


def agrees(workspace: Workspace) -> None:
    """The ledger tells all that the catalogue holds."""
    assert workspace.ask("verify")["findings"] == []


def spoken(ident: str) -> Json:
    """The record of the first child as a sidecar may tell it, under another id."""
    item = record(1) | {"id": ident}
    for word in ("name", "first_name", "contact"):
        del item["subject"][word]
    for word in ("name", "contact"):
        del item["givers"][0][word]
    return item


def naming(ident: str, **other: object) -> str:
    """The sidecar of a photo of the first child that rests on this record."""
    said = yaml.safe_load(sidecar(1, **other))
    said["people"][0]["consent"] = ident
    return yaml.safe_dump(said, allow_unicode=True)


def test_others_end_it_as_those_do_who_gave_it(workspace: Workspace) -> None:
    words = ("consent", "withdraw", "C-1", "--revoked", "--by", "authority")
    told = workspace.json(*words, "--dry-run")
    alone, group = asset(workspace, "a.jpg"), asset(workspace, "g.jpg")
    assert fates(told) == {alone: "restricted", group: "kept"}
    assert fates(workspace.json(*words)) == fates(told)
    assert restricted(workspace) == {sha256(ALONE)}
    assert {disposition(workspace, each) for each in (alone, group)} == {"refused"}
    assert len(workspace.filed()) == 2
    assert workspace.rows("SELECT type FROM events WHERE subject = 'C-1' AND type LIKE "
                          "'consent.revoked'") == [("consent.revoked",)]  # fmt: skip
    # Whoever gave it cannot make it good by saying what they said before.
    workspace.say("a.jpg", sidecar(1, caption={"fr": "Une autre légende"}))
    workspace.ingest()
    assert restricted(workspace) == {sha256(ALONE)}
    assert disposition(workspace, alone) == "refused"
    agrees(workspace)


def test_one_of_several_sources_is_enough(workspace: Workspace) -> None:
    """The register and a sidecar tell of it; it ends by command, and the sidecar still says yes."""
    alone, still = asset(workspace, "a.jpg"), sidecar(1, consents=[spoken("C-1")])
    workspace.say("a.jpg", still)
    workspace.ingest()
    assert disposition(workspace, alone) == "approved"
    withdraw(workspace)
    for caption in ("Une légende", "Une autre légende"):
        workspace.say("a.jpg", sidecar(1, consents=[spoken("C-1")], caption={"fr": caption}))
        workspace.ingest()
        assert restricted(workspace) == {sha256(ALONE)}
        assert disposition(workspace, alone) == "refused"
    assert len(workspace.filed()) == 2
    agrees(workspace)


def test_a_record_that_only_a_sidecar_told_of(workspace: Workspace) -> None:
    taken = photos.jpeg(21, 640, 480)
    workspace.drop("c.jpg", taken, naming("C-9", consents=[spoken("C-9")]))
    (told,) = workspace.ingest()["assets"]
    assert told["disposition"] == "approved"
    done = workspace.json("consent", "withdraw", "C-9", "--by", "parent")
    assert fates(done)[told["asset"]] == "restricted"
    assert sha256(taken) in restricted(workspace)
    # It is in the register now: the sidecar that told of it may come again, or another photo's.
    workspace.say("c.jpg", naming("C-9", consents=[spoken("C-9")], caption={"fr": "Encore"}))
    other = photos.jpeg(22, 640, 480)
    workspace.drop("d.jpg", other, naming("C-9", consents=[spoken("C-9")]))
    assert by_source(workspace.ingest())["d.jpg"]["disposition"] == "refused"
    assert disposition(workspace, told["asset"]) == "refused"
    agrees(workspace)


def test_another_photo_of_the_same_burst_is_held_and_not_refused(workspace: Workspace) -> None:
    """The camera moved a little: it looks like the one that was taken back, and is another."""
    frames = []
    for moved in (0, 15):
        out = io.BytesIO()
        scene = photos.scene(1, 720, 540).crop((moved, 0, moved + 640, 480))
        scene.save(out, "JPEG", quality=92)
        frames.append(out.getvalue())
    workspace.drop("burst/1.jpg", frames[0], sidecar(1))
    (first,) = workspace.ingest()["assets"]
    assert fates(withdraw(workspace))[first["asset"]] == "restricted"
    workspace.drop("burst/2.jpg", frames[1], NOBODY)
    (second,) = workspace.ingest()["assets"]
    rules = [reason["rule"] for reason in second["reasons"]]
    assert (second["disposition"], rules) == ("held", ["withdrawn-copy"])
    (copy,) = workspace.ask("tombstone", "list")["copies"]
    assert (copy["asset"], copy["level"]) == (second["asset"], "likely")
    assert workspace.original(sha256(frames[1])).exists()
    assert sha256(frames[1]) not in restricted(workspace)
    said = ("tombstone", "settle", second["asset"], "--by", "dpo", "--reason", "looked at")
    done = workspace.json(*said, "--different")
    assert [each["disposition"] for each in done["photos"]["assets"]] == ["approved"]
    agrees(workspace)
