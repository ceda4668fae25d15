"""A kill, a full disk, a failing disk at every call of an ingest that changes the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import harness, trap
from tests.faults.harness import Ended, Point, Server, State
from tests.workspaces import Workspace

#: How many points of each kind the fast tests try, the first and the last among them.
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


class Scene:
    """A prepared workspace, what an undisturbed ingest makes of it, and how many calls it makes."""

    def __init__(self, runs: Server, folder: Path) -> None:
        self.runs, self.folder = runs, folder
        self.ready = harness.prepare(folder / "ready")
        # The first run of all still writes byte code.
        for _ in range(2):
            shutil.rmtree(folder / "w", ignore_errors=True)
            shutil.copytree(self.ready.root, folder / "w")
            self.ended = runs.run(Workspace(folder / "w"))
            assert self.ended.code == 0, self.ended.told
        self.expected: State = harness.state(Workspace(folder / "w"), harness.originals())
        self.points = harness.points(self.ended.counts)

    def attempt(self, point: Point) -> Ended | None:
        return harness.attempt(self.runs, self.ready, self.folder, self.expected, point)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    reason = trap.missing()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("sweep")
    with harness.server(folder) as runs:
        yield Scene(runs, folder)


def sample(points: list[Point]) -> list[Point]:
    """Points spread evenly over the run, always the same ones."""
    chosen = []
    for (call, fault), wanted in SAMPLE.items():
        kind = [p for p in points if (p.call, p.fault) == (call, fault)]
        last = len(kind) - 1
        chosen += [kind[last * i // max(wanted - 1, 1)] for i in range(wanted)]
    return list(dict.fromkeys(chosen))


def sweep(scene: Scene, points: list[Point]) -> str:
    """Try them all; fails with every point that went wrong, else tells how many were tried."""
    wrong, missed = [], []
    for point in points:
        try:
            if scene.attempt(point) is None:
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


def test_a_sample_of_points(scene: Scene) -> None:
    told = sweep(scene, sample(scene.points))
    print(told)
    assert "never reached" not in told


@pytest.mark.slow
def test_every_point(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    told = sweep(scene, scene.points)
    with capsys.disabled():
        print(f"\n{told}")
    assert "never reached" not in told
