"""A workspace with two children in it, for tests of taking a consent back.

S-1 is alone on `a.jpg`, beside S-3 on `g.jpg`; S-3 is alone on `b.jpg`; nobody is on `hall.jpg`.
"""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
import yaml
from PIL import Image

from tests import photos
from tests.people import record, sidecar
from tests.workspaces import EMPTY_HALL, Json, Workspace, once, sha256

ALONE, GROUP, OTHER, HALL = (photos.jpeg(n, 640, 480) for n in (1, 2, 3, 4))
#: The names under which they were dropped.
NAMED = {"a.jpg": ALONE, "g.jpg": GROUP, "b.jpg": OTHER, "hall.jpg": HALL}


def group_sidecar() -> str:
    """Both children on one photo."""
    both = yaml.safe_load(sidecar(1))
    both["people"] += yaml.safe_load(sidecar(3))["people"]
    return yaml.safe_dump(both, allow_unicode=True)


def fill(folder: Path) -> None:
    workspace = Workspace.init(folder / "w")
    for number in (1, 3):
        told = folder / f"r{number}.json"
        told.write_text(json.dumps({"schema": "dam/consent/1", **record(number)}))
        workspace.run("consent", "import", str(told))
    workspace.drop("a.jpg", ALONE, sidecar(1))
    workspace.drop("g.jpg", GROUP, group_sidecar())
    workspace.drop("b.jpg", OTHER, sidecar(3))
    workspace.drop("hall.jpg", HALL, EMPTY_HALL)
    assert workspace.ingest()["counts"]["approved"] == 4


def family(factory: pytest.TempPathFactory, folder: Path) -> Workspace:
    """A fresh copy of the workspace, all four photos approved and filed."""
    root = once(factory, "family", fill) / "w"
    shutil.copytree(root, folder / "w", symlinks=True)
    return Workspace(folder / "w")


def asset(workspace: Workspace, name: str) -> str:
    """The id of the photo that was dropped as `name`."""
    digest = sha256(NAMED[name])
    return str(workspace.rows(f"SELECT id FROM assets WHERE sha256 = '{digest}'")[0][0])


def withdraw(workspace: Workspace, *words: str) -> Json:
    return workspace.json("consent", "withdraw", "C-1", "--by", "parent", *words)


def fates(told: Json) -> dict[str, str]:
    return {photo["asset"]: photo["fate"] for photo in told["withdrawn"]["photos"]}


def saved_anew(data: bytes, *, quality: int = 60, half: bool = False) -> bytes:
    """The same picture as a program writes it that keeps no metadata."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    if half:
        picture = picture.resize((picture.width // 2, picture.height // 2))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
