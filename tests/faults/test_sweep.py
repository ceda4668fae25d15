"""A kill, a full disk, a failing disk at every call of an ingest that changes the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests import photos
from tests.faults import harness, trap
from tests.faults.conftest import Scene
from tests.faults.harness import Point
from tests.workspaces import NOBODY, Workspace

#: How many points of each kind are tried, the first and the last among them.
SAMPLE = {
    ("write", "KILL"): 4,
    ("sync", "KILL"): 4,
    ("link", "KILL"): 3,
    ("unlink", "KILL"): 3,
    ("rename", "KILL"): 1,
    ("create", "KILL"): 1,
    ("mkdir", "KILL"): 1,
    ("write", "ENOSPC"): 2,
    ("write", "EIO"): 1,
    ("sync", "EIO"): 2,
    ("link", "ENOSPC"): 1,
    ("rename", "EIO"): 1,
    ("unlink", "EIO"): 1,
}
#: The same for the fast tests: each fault once, kills where something is half done.
FEW = {
    ("write", "KILL"): 2,
    ("sync", "KILL"): 2,
    ("link", "KILL"): 2,
    ("unlink", "KILL"): 1,
    ("write", "ENOSPC"): 1,
    ("sync", "EIO"): 1,
    ("rename", "EIO"): 1,
}


def sample(points: list[Point], numbers: Mapping[tuple[str, str], int]) -> list[Point]:
    """Points spread evenly over the run, always the same ones."""
    chosen = []
    for (call, fault), wanted in numbers.items():
        kind = [p for p in points if (p.call, p.fault) == (call, fault)]
        last = len(kind) - 1
        chosen += [kind[last * i // max(wanted - 1, 1)] for i in range(wanted)]
    return list(dict.fromkeys(chosen))


def sweep(scene: Scene, points: list[Point], ready: Workspace | None = None) -> str:
    """Try them all; fails with every point that went wrong, else tells how many were tried."""
    wrong, missed = [], []
    for point in points:
        try:
            if scene.attempt(point, ready) is None:
                missed.append(str(point))
        except AssertionError as error:
            wrong.append(f"{point}: {str(error).splitlines()[0]}")
    told = f"{len(points)} points tried: 0 lost, 0 duplicated, 0 unapproved"
    if missed:
        told += f"; never reached: {', '.join(missed)}"
    assert not wrong, "\n".join(wrong)
    return told


def test_the_undisturbed_run_ends_as_meant(scene: Scene) -> None:
    became = sorted(str(asset[1]) for asset in scene.expected.assets)
    assert became == ["approved", "approved", "held", "quarantined"]
    assert len(scene.expected.names) == 5
    assert scene.expected.inbox == []
    assert set(scene.ended.counts) == set(trap.CALLS)


@pytest.mark.parametrize("few", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_sample_of_points(scene: Scene, few: bool) -> None:
    told = sweep(scene, sample(scene.points, FEW if few else SAMPLE))
    print(told)
    assert "never reached" not in told


XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><e:PersonInImage><rdf:Bag>
 <rdf:li>Fatima</rdf:li></rdf:Bag></e:PersonInImage></rdf:Description></rdf:RDF></x:xmpmeta>"""


def test_a_photo_is_not_decided_while_the_disk_refuses_one_of_its_sidecars(
    scene: Scene, tmp_path: Path
) -> None:
    """The sheet that says "nobody" is stored, the XMP file that names somebody is not."""
    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("a.jpg", photos.plain(9, 96, 64), NOBODY)
    workspace.place("a.jpg.xmp").write_text(XMP)
    ended = scene.runs.run(workspace, Point("link", 3, "ENOSPC"))
    assert ended.code == 1
    assert "disk is full" in ended.told
    assert workspace.filed() == {}
    assert workspace.rows("SELECT disposition, facts_digest FROM assets") == [("held", None)]
    told = workspace.ingest()
    assert told["counts"]["held"] == 1
    assert workspace.filed() == {}
    assert told["notes"] == [
        "An earlier run did not finish: 1 photos to look at again, 0 temporary files removed"
    ]


def test_what_was_marked_by_hand_is_no_interruption(scene: Scene, tmp_path: Path) -> None:
    """A changed roster makes photographs due; that is not told as a run that did not finish."""
    workspace = scene.fresh(tmp_path / "w")
    workspace.ingest()
    with closing(sqlite3.connect(workspace.root / ".dam" / "catalogue.db")) as database:
        filed = "SELECT id, 1 FROM assets WHERE archived_as NOTNULL"
        database.execute(f"INSERT INTO due_work (asset, mark) {filed}")
        database.commit()
    assert workspace.ingest()["notes"] == ["Something changed: 2 photos to look at again"]


@pytest.mark.parametrize("every", [700, pytest.param(5, marks=pytest.mark.slow)])
def test_while_the_catalogue_is_made(scene: Scene, tmp_path: Path, every: int) -> None:
    """The first ingest of a new workspace: every so many points up to its first photograph."""
    empty = Workspace.init(tmp_path / "empty")
    points = harness.points(scene.runs.run(empty).counts)
    ready = harness.prepare(tmp_path / "ready", used=False)
    told = sweep(scene, points[::every], ready)
    print(told)
    assert "never reached" not in told


@pytest.mark.slow
def test_every_point(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    told = sweep(scene, scene.points)
    with capsys.disabled():
        print(f"\n{told}")
    assert "never reached" not in told
