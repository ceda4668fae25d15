"""`dam export` killed, or refused by the disk, at its calls: a pack that is whole, or none."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests import bags, photos
from tests.faults import harness, trap
from tests.faults.harness import Point, Server
from tests.workspaces import EMPTY_HALL, Workspace

pytestmark = pytest.mark.skipif(bool(trap.missing()), reason=trap.missing() or "no trap")

#: A pack of a few texts: papers are made by processes that change nothing on the disk.
LEAN = "schema: dam/purpose/1\nsize: 320\ntexts: [captions, credits, terms]\n"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with harness.server(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two pictures that may go."""
    workspace = Workspace.init(tmp_path_factory.mktemp("ready") / "w")
    (workspace.root / "rules" / "purposes" / "press.yaml").write_text(LEAN)
    for number in (1, 2):
        workspace.drop(f"{number}.jpg", photos.plain(number, 96, 64), EMPTY_HALL)
    workspace.ingest()
    return workspace


def words(out: Path) -> tuple[str, ...]:
    return ("export", "press", "--recipient", "R", "--out", str(out))


def copy(ready: Workspace, folder: Path) -> tuple[Workspace, Path]:
    """A fresh workspace and a place for a pack beside it."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "out").mkdir(parents=True)
    shutil.copytree(ready.root, folder / "w")
    return Workspace(folder / "w"), folder / "out" / "pack"


def check(workspace: Workspace, out: Path, ended: harness.Ended) -> None:
    """Whole and on record, or not there; and what was left behind looks like no pack."""
    states = {state for (state,) in workspace.rows("SELECT state FROM packs")}
    if out.exists():
        assert bags.problems(out) == []
        assert states & {"sealed", "made"}, "a pack of which there is no record"
    else:
        # On record before it gets its name: then it counts as one that may be out.
        assert "made" not in states
        assert ended.code != 0
    left = [path for path in out.parent.iterdir() if path != out]
    assert all(path.name.startswith(".dam-") and path.name.endswith(".part") for path in left)
    if ended.code >= 0:
        assert left == []
        assert "Traceback" not in ended.told
        assert "a defect in dam" not in ended.told, ended.told


def an_hour_goes_by(workspace: Workspace) -> None:
    """For what a run left on record, and half made."""
    with closing(sqlite3.connect(workspace.root / ".dam" / "catalogue.db")) as database:
        database.execute("update packs set made_at = datetime(made_at, '-1 hour')")
        database.commit()
    for path in workspace.leftovers():
        os.utime(path, ns=2 * (Path(path).stat().st_mtime_ns - 3_600_000_000_000,))


def again(runs: Server, workspace: Workspace, out: Path) -> None:
    """The next one is made as if nothing had happened, and clears up what was left."""
    an_hour_goes_by(workspace)
    next_one = out.with_name("next")
    ended = runs.run(workspace, None, *words(next_one))
    assert ended.code == 0, ended.told
    assert bags.problems(next_one) == []
    assert {path.name for path in out.parent.iterdir()} <= {"pack", "next"}
    states = sorted(state for (state,) in workspace.rows("SELECT state FROM packs"))
    assert "sealed" not in states
    assert states.count("made") >= 1
    assert workspace.leftovers() == []
    checks = {c["name"]: c for c in workspace.ask("doctor")["checks"]}
    assert checks["ledger"]["fine"], checks["ledger"]["found"]


def attempt(runs: Server, ready: Workspace, folder: Path, point: Point) -> bool:
    """One point; false where the run never came to it."""
    workspace, out = copy(ready, folder)
    ended = runs.run(workspace, point, *words(out))
    assert not ended.hung
    check(workspace, out, ended)
    again(runs, workspace, out)
    return bool(ended.hit)


def some(counts: dict[str, int], keep: Callable[[Point], bool]) -> list[Point]:
    return [point for point in harness.points(counts) if keep(point)]


def test_a_kill_around_the_moment_it_gets_its_name(
    runs: Server, ready: Workspace, tmp_path: Path
) -> None:
    workspace, out = copy(ready, tmp_path / "undisturbed")
    counts = runs.run(workspace, None, *words(out)).counts
    assert bags.problems(out) == []
    (last,) = (p for p in harness.points(counts) if p == Point("rename", counts["rename"], "KILL"))
    points = [
        last,
        *(Point("sync", counts["sync"] - n, "KILL") for n in range(0, 5, 2)),
        Point("rename", counts["rename"], "EIO"),
        Point("sync", counts["sync"], "ENOSPC"),
    ]
    hit = [attempt(runs, ready, tmp_path / "w", point) for point in points]
    assert all(hit)


def test_what_may_be_of_a_run_that_lives_is_not_cleared_up(
    ready: Workspace, tmp_path: Path
) -> None:
    workspace, out = copy(ready, tmp_path / "w")
    private = workspace.root / ".dam"
    (asset, *_) = (asset["asset"] for asset in workspace.assets().values())
    record = private / "renditions" / asset / f"{'0' * 16}.part"
    picture = private / "work" / f"{asset}-{'0' * 16}-picture.jpg"
    of_a_pass = private / "work" / f"{asset}.jpg"
    record.parent.mkdir(parents=True)
    half_made = [record, picture, of_a_pass]
    for path in half_made:
        path.write_bytes(b"half of it")
    workspace.run(*words(out))
    assert workspace.leftovers() == sorted(map(str, half_made))
    an_hour_goes_by(workspace)
    workspace.run(*words(out.with_name("next")))
    # A pass over the inbox is what clears up after passes.
    assert workspace.leftovers() == [str(of_a_pass)]


@pytest.mark.slow
def test_a_fault_at_every_call(runs: Server, ready: Workspace, tmp_path: Path) -> None:
    workspace, out = copy(ready, tmp_path / "undisturbed")
    counts = runs.run(workspace, None, *words(out)).counts
    points = some(counts, lambda point: point.call != "write" or point.number % 3 == 0)
    hit = sum(attempt(runs, ready, tmp_path / "w", point) for point in points)
    print(f"{hit} of {len(points)} points were reached, none went wrong")
    assert hit > len(points) * 0.9
