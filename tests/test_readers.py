"""What could not be read by an earlier version is looked at again once it can be."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from tests import photos
from tests.adapters.test_formats import heic
from tests.workspaces import NOBODY, Workspace


def without_heic(folder: Path) -> dict[str, str]:
    """An environment in which pi-heif does not load, neither for dam nor for its children."""
    folder.mkdir()
    (folder / "pi_heif.py").write_text("raise ImportError('not here')\n")
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths)}


def test_a_quarantined_heic_is_filed_once_it_can_be_read(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("IMG_0001.HEIC", heic(photos.scene(3)), NOBODY)
    workspace.drop("rubbish.jpg", b"GIF89a" + bytes(200), NOBODY)
    bare = without_heic(tmp_path / "bare")
    counts = workspace.ingest(env=bare)["counts"]
    assert (counts["quarantined"], counts["approved"]) == (2, 0)
    assert sum(workspace.ingest(env=bare)["counts"].values()) == 0
    # Earlier versions remembered no list of readers.
    with closing(sqlite3.connect(workspace.root / ".dam" / "catalogue.db")) as database:
        database.execute("DELETE FROM notes WHERE key = 'readers'")
        database.commit()
    report = workspace.ingest()
    assert report["counts"]["approved"] == 1
    assert [name for name in workspace.filed() if name.endswith(".jpg")]
    # What is still no photograph stays where it is and is not tried at every pass.
    assert sum(workspace.ingest()["counts"].values()) == 0


def test_a_picture_beyond_the_limit_is_filed_once_the_limit_is_higher(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("a.jpg", photos.plain(1, 320, 240), NOBODY)
    limit = {"DAM_LIMITS__MAX_PIXELS": str(320 * 240 - 1)}
    (outcome,) = workspace.ingest(env=limit)["assets"]
    assert outcome["disposition"] == "quarantined"
    assert "raise the limit" in outcome["reasons"][0]["advice"]
    assert workspace.ingest(env=limit)["assets"] == []
    limit = {"DAM_LIMITS__MAX_PIXELS": str(320 * 240)}
    assert workspace.ingest(env=limit)["counts"]["approved"] == 1


def test_a_file_of_just_the_bytes_allowed_is_taken_in(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    body = photos.plain(1, 320, 240)
    workspace.drop("a.jpg", body, NOBODY)
    (outcome,) = workspace.ingest(env={"DAM_LIMITS__MAX_BYTES": str(len(body) - 1)})["assets"]
    assert outcome["disposition"] == "held"
    assert workspace.place("a.jpg").read_bytes() == body
    report = workspace.ingest(env={"DAM_LIMITS__MAX_BYTES": str(len(body))})
    assert report["counts"]["approved"] == 1
