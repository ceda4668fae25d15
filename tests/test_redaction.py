"""Faces that may not be seen, from the sidecar to the pixels of what is filed and given out."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

from dam.adapters import faces, imaging
from dam.adapters.imaging import Limits, open_original
from dam.core.model import Face
from tests.workspaces import CORPORA, PHOTOGRAPHER, Json, Workspace, environment, needs_corpora

pytestmark = [
    pytest.mark.corpus,
    needs_corpora,
    pytest.mark.skipif(faces.installed() is None, reason="dam[faces] is not installed"),
]
PHOTO = "2008_001322.jpg"
FILL = imaging.REDACT_FILL


def bytes_of(name: str = PHOTO) -> bytes:
    return (CORPORA / "people" / name).read_bytes()


def found(name: str = PHOTO) -> list[Face]:
    """The faces on a photograph, from left to right."""
    original = open_original(CORPORA / "people" / name, Limits())
    return sorted(faces.count(*original.reduced(faces.LOOK_SIDE)).faces or (), key=lambda f: f.x)


def sheet(people: int, hidden: set[int], regions: list[Face] | None, **more: object) -> str:
    """Adults with consent, those in `hidden` without face permission."""
    listed, consents = [], []
    for n in range(people):
        person: Json = {"subject": f"S-{n}", "age_band": "adult", "consent": f"C-{n}"}
        if regions is not None:
            face = regions[n]
            person["region"] = {"x": face.x, "y": face.y, "w": face.w, "h": face.h}
        listed.append(person)
        consents.append(
            {
                "id": f"C-{n}",
                "subject": {
                    "id": f"S-{n}", "age_band": "adult", "situation": "other", "risk": "low",
                },
                "notice": {"ref": "form-1", "language": "fr"},
                "scope": {
                    "purposes": ["press", "web"],
                    "territories": ["world"],
                    "valid_from": "2021-01-01",
                    "valid_for": "90y",
                },
                "permissions": {
                    "face": "no" if n in hidden else "yes", "name": "none", "location": "country",
                },
                "givers": [{"role": "subject", "method": "written", "on": "2021-01-01"}],
                "events": [{"state": "given", "on": "2021-01-01"}],
            }
        )  # fmt: skip
    return json.dumps(
        {
            "schema": "dam/photo/1",
            "photographer": PHOTOGRAPHER,
            "caption": {"fr": "Une réunion"},
            "people": listed,
            "consents": consents,
            **more,
        }
    )


def drop(workspace: Workspace, text: str, name: str = PHOTO) -> None:
    workspace.drop(name, bytes_of(name))
    workspace.say(name, text, b".consent.json")


def filed(workspace: Workspace) -> Image.Image:
    (path,) = workspace.filed()
    picture = Image.open(io.BytesIO((workspace.archive / path).read_bytes()))
    picture.load()
    return picture


def is_gone(picture: Image.Image, face: Face) -> bool:
    """Whether all of a face's place is the flat fill, but for what JPEG does to edges."""
    box = (
        int(face.x * picture.width), int(face.y * picture.height),
        int((face.x + face.w) * picture.width), int((face.y + face.h) * picture.height),
    )  # fmt: skip
    pixels = picture.convert("RGB").crop(box).tobytes()
    return min(pixels) >= FILL - 12 and max(pixels) <= FILL + 12


def middle_is_on(face: Face, picture: Image.Image) -> bool:
    """Whether the face check still finds that face."""
    seen = faces.count(*imaging.small(picture.convert("RGB"), faces.LOOK_SIDE)).faces
    assert seen is not None
    across, down = face.x + face.w / 2, face.y + face.h / 2
    return any(f.x < across < f.x + f.w and f.y < down < f.y + f.h for f in seen)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def only(workspace: Workspace) -> str:
    (asset,) = workspace.assets().values()
    return str(asset["asset"])


def test_the_one_face_that_was_not_agreed_to_is_destroyed_and_the_others_stay(
    workspace: Workspace,
) -> None:
    people = found()
    drop(workspace, sheet(len(people), {1}, people))
    (outcome,) = workspace.ingest()["assets"]
    assert outcome["disposition"] == "approved"
    picture = filed(workspace)
    assert is_gone(picture, people[1])
    assert not middle_is_on(people[1], picture)
    assert middle_is_on(people[0], picture)
    assert middle_is_on(people[2], picture)
    shown = workspace.ask("show", only(workspace))
    archive = next(d for d in shown["decisions"] if d["purpose"] == "archive")
    assert "redact_faces" in archive["obligations"]
    assert {r["subject"] for r in archive["redact"]} == {"S-1"}
    assert {why for r in archive["redact"] for why in r["why"]} == {"face-may-be-shown"}
    assert [f["score"] > 0.3 for f in shown["facts"]["faces"]["boxes"]] == [True] * len(people)
    told = workspace.rows("SELECT body FROM events WHERE type = 'rendition.filed'")
    assert '"redacted_for":["face-may-be-shown"]' in told[0][0].replace(" ", "")


def test_where_nobody_says_which_face_is_whose_all_are_destroyed(workspace: Workspace) -> None:
    people = found()
    drop(workspace, sheet(len(people), {0}, None))
    workspace.ingest()
    picture = filed(workspace)
    assert all(is_gone(picture, face) for face in people)


def test_whoever_cannot_be_found_holds_the_picture_until_the_region_is_drawn(
    workspace: Workspace,
) -> None:
    people = found()
    drop(workspace, sheet(len(people) + 1, {len(people)}, None))
    workspace.ingest()
    asset = only(workspace)
    assert workspace.rules(asset) == {"face-may-be-shown"}
    region = ["--region", "0.8,0.8,0.1,0.1", "--subject", f"S-{len(people)}"]
    workspace.run("redact", asset, *region, "--reason", "by the window")
    picture = filed(workspace)
    assert is_gone(picture, Face(0.8, 0.8, 0.1, 0.1, 1))
    assert all(middle_is_on(face, picture) for face in people)
    (listed,) = workspace.ask("redact", "list")["redactions"]
    assert listed["reason"] == "(on record)"
    assert workspace.ask("redact", "list", "--personal")["redactions"][0]["reason"] != "(on record)"
    workspace.run("redact", "remove", asset, listed["redaction"])
    assert workspace.filed() == {}


def test_a_permission_taken_back_takes_the_picture_out_and_brings_it_back_without_the_face(
    workspace: Workspace,
) -> None:
    people = found()
    drop(workspace, sheet(len(people), set(), people))
    workspace.ingest()
    (before,) = workspace.filed().values()
    assert not is_gone(filed(workspace), people[2])
    workspace.say(PHOTO, sheet(len(people), {2}, people), b".consent.json")
    workspace.ingest()
    (after,) = workspace.filed().values()
    assert before != after
    assert is_gone(filed(workspace), people[2])
    types = [t for (t,) in workspace.rows("SELECT type FROM events ORDER BY seq")]
    tail = [t for t in types if t.startswith("rendition.")]
    assert tail == ["rendition.filed", "rendition.retracted", "rendition.filed"]


def test_a_pack_holds_no_face_that_the_archive_does_not(workspace: Workspace) -> None:
    people = found()
    drop(workspace, sheet(len(people), {0}, people))
    workspace.ingest()
    out = workspace.root.parent / "pack"
    order = ["press", "--recipient", "paper", "--out", str(out)]
    workspace.run("export", *order)
    (path,) = (out / "data/images").iterdir()
    with Image.open(path) as picture:
        assert is_gone(picture, people[0])
        assert middle_is_on(people[1], picture)


def test_passers_by_are_destroyed_where_the_sidecar_asks_for_it(workspace: Workspace) -> None:
    people = found()
    drop(workspace, sheet(1, set(), people[:1], redact_others="yes"))
    workspace.ingest()
    picture = filed(workspace)
    assert middle_is_on(people[0], picture)
    assert all(is_gone(picture, face) for face in people[1:])


def test_a_region_that_is_not_on_the_picture_is_refused(workspace: Workspace) -> None:
    drop(workspace, sheet(1, set(), None), "portrait.jpg")
    workspace.ingest()
    asset = only(workspace)
    for region in ("0.9,0,0.2,0.1", "0,0,0,0", "a,b,c,d", "0,0,1", "nan,0,1,1", "-1,0,1,1"):
        workspace.run("redact", asset, f"--region={region}", code=2)
    workspace.run("redact", asset, "--region", "0,0,1,1", "--subject", "S-99", code=2)
    assert workspace.ask("redact", "list")["redactions"] == []


@pytest.mark.parametrize(
    "wait",
    [0.8, *(pytest.param(wait, marks=pytest.mark.slow) for wait in (0.4, 1.2, 1.6, 2.0))],
)
def test_killed_while_a_face_is_taken_out_it_is_out_after_the_next_pass(
    workspace: Workspace, wait: float
) -> None:
    people = found()
    drop(workspace, sheet(len(people), set(), people))
    workspace.ingest()
    workspace.say(PHOTO, sheet(len(people), {1}, people), b".consent.json")
    process = subprocess.Popen(
        workspace.command("ingest"),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(wait)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    decided = workspace.rows(
        "SELECT body FROM decisions WHERE current AND purpose = 'archive' ORDER BY row"
    )
    if "redact_faces" in decided[-1][0]:
        # Once the decision stands, no picture with that face does.
        assert all(is_gone(filed(workspace), people[1]) for _ in workspace.filed())
    workspace.ingest()
    assert is_gone(filed(workspace), people[1])
    assert workspace.leftovers() == []
