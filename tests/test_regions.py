"""Regions in a photo's own XMP, from the file that was dropped to the pixels that are filed."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from dam.adapters import faces
from dam.core.facts import VERSION, digest_of
from tests import photos
from tests.adapters.pictures import LAID
from tests.adapters.test_regions import called, filed, mwg
from tests.adapters.test_xmp import packet
from tests.test_redaction import bytes_of, found, is_gone, middle_is_on, sheet
from tests.workspaces import NOBODY, Workspace, needs_corpora


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def laid(box: tuple[float, float, float, float], turn: int) -> tuple[float, float, float, float]:
    """A place on the upright picture as one on the picture as it is stored."""
    mask = Image.new("1", (1000, 1000))
    x, y, w, h = (round(1000 * part) for part in box)
    mask.paste(1, (x, y, x + w, y + h))
    left, top, right, bottom = (mask.transpose(LAID[turn]) if turn in LAID else mask).getbbox() or (
        0, 0, 0, 0,
    )  # fmt: skip
    return left / 1000, top / 1000, (right - left) / 1000, (bottom - top) / 1000


@pytest.mark.slow
@pytest.mark.corpus
@needs_corpora
@pytest.mark.skipif(faces.installed() is None, reason="dam[faces] is not installed")
def test_the_marked_face_goes_whichever_way_the_picture_is_stored(workspace: Workspace) -> None:
    people = found()
    with Image.open(io.BytesIO(bytes_of())) as opened:
        upright = opened.convert("RGB")
    for turn in range(1, 9):
        stored = upright.transpose(LAID[turn]) if turn in LAID else upright
        face = people[1]
        inner = mwg(laid((face.x, face.y, face.w, face.h), turn), called("S-1"), stored.size)
        workspace.drop(f"turn-{turn}.jpg", filed(stored, turn, packet(inner), "JPEG"))
        workspace.say(f"turn-{turn}.jpg", sheet(len(people), {1}, None), b".consent.json")
    told = workspace.ingest()["assets"]
    assert {o["disposition"] for o in told} == {"approved"}, told
    assert len(workspace.filed()) == 8
    for path in workspace.filed():
        picture = Image.open(io.BytesIO((workspace.archive / path).read_bytes()))
        picture.load()
        assert is_gone(picture, people[1])
        assert middle_is_on(people[0], picture)
        assert middle_is_on(people[2], picture)
    (rule,) = (
        r
        for r in workspace.ask("explain", told[0]["asset"])["explanation"]["rules"]
        if r["rule"] == "face-may-be-shown"
    )
    (region,) = (e for e in rule["evidence"] if e["fact"] == "person.region")
    assert (rule["outcome"], region["subject"]) == ("obliges", "S-1")
    assert region["where"] == ["xmp mwg-rs:Regions"]


def test_what_an_earlier_version_read_is_read_again(workspace: Workspace) -> None:
    workspace.drop("a.jpg", photos.plain(1), NOBODY)
    (asset,) = (o["asset"] for o in workspace.ingest()["assets"])
    with closing(sqlite3.connect(workspace.root / ".dam" / "catalogue.db")) as database, database:
        ((text,),) = database.execute("SELECT body FROM facts").fetchall()
        body = json.loads(text) | {"version": VERSION - 1}
        new = (json.dumps(body), digest_of(body))
        database.execute("UPDATE facts SET body = ?, digest = ?", new)
        database.execute("UPDATE assets SET facts_digest = ?", new[1:])
        database.execute("DELETE FROM notes WHERE key = 'facts'")
    assert workspace.ask("show", asset)["facts"]["version"] == VERSION - 1
    workspace.ingest()
    assert workspace.ask("show", asset)["facts"]["version"] == VERSION
    assert len(workspace.filed()) == 1
    # And only once.
    assert workspace.ingest()["assets"] == []
