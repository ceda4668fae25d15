"""Workspaces that earlier versions made, with photographs, consents and a pack, opened by this one.

`tests/golden/workspaces.tar.xz` was written by those versions themselves, one folder for each
revision of the catalogue that a version had: nothing here is an old table filled by today's code.
"""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from dam.adapters.catalog.tables import HEAD
from tests.workspaces import Workspace

ROOT = Path(__file__).resolve().parents[1]
MADE = Path(__file__).parent / "golden" / "workspaces.tar.xz"


def unpacked(revision: str, folder: Path) -> Workspace:
    with tarfile.open(MADE) as kept:
        inner = [m for m in kept.getmembers() if m.name.startswith(f"./{revision}")]
        assert inner
        kept.extractall(folder, members=inner, filter="tar")
    workspace = Workspace(folder / revision)
    assert workspace.rows("SELECT version_num FROM alembic_version") == [(revision,)]
    return workspace


@pytest.mark.parametrize(
    "revision",
    ["0006", *(pytest.param(r, marks=pytest.mark.slow) for r in ("0003", "0004", "0005"))],
)
def test_a_workspace_of_an_earlier_version_goes_on(revision: str, tmp_path: Path) -> None:
    workspace = unpacked(revision, tmp_path)
    filed = workspace.filed()
    before = workspace.rows("SELECT id, sha256, disposition FROM assets ORDER BY id")
    events = workspace.rows("SELECT id, hash FROM events ORDER BY seq")
    assert len(filed) == 2
    told = workspace.run("list", code=2).stderr.decode()
    assert "Run `dam ingest` once, which brings it up to date" in told

    workspace.ingest()
    assert workspace.rows("SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert workspace.rows("SELECT id, sha256, disposition FROM assets ORDER BY id") == before
    assert set(workspace.filed()) == set(filed)
    # What was sealed stays sealed: later events stand behind those of before.
    assert workspace.rows("SELECT id, hash FROM events ORDER BY seq")[: len(events)] == events
    workspace.run("verify")
    (consent,) = workspace.json("consent", "list")["consents"]
    assert (consent["id"], consent["in_force"]) == ("C-2021-0001", True)
    (pack,) = workspace.json("packs")["packs"]
    assert (pack["recipient"], pack["pictures"]) == ("Le Matin", 1)
    (shown,) = workspace.json("packs", "show", pack["pack"])["pictures"]
    assert shown["asset"] == "qxwgfbkd"
    withdrawn = workspace.json("consent", "withdraw", "C-2021-0001", "--by", "parent")
    assert withdrawn["changed"]
    assert not any("qxwgfbkd" in name for name in workspace.filed())


@pytest.mark.slow
def test_rules_of_the_first_version_are_asked_for_and_then_it_goes_on(tmp_path: Path) -> None:
    """It lacks rules that came later; the error names each, and where to take it from."""
    workspace = unpacked("0001", tmp_path)
    told = workspace.run("ingest", code=2).stderr.decode()
    missing = [line.split(":")[0].strip() for line in told.splitlines() if "is missing" in line]
    assert missing
    for name in missing:
        shutil.copyfile(ROOT / name, workspace.root / name)
    workspace.ingest()
    assert workspace.rows("SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert len(workspace.assets()) == 3
    assert len(workspace.filed()) == 2
    workspace.run("verify")
