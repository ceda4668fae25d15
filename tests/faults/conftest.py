"""Five photographs that all tests of faults share, and what an undisturbed ingest makes of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import harness, trap
from tests.faults.harness import Ended, Point, Server, State
from tests.workspaces import Workspace


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

    def fresh(self, root: Path) -> Workspace:
        """A copy of the prepared workspace."""
        shutil.copytree(self.ready.root, root)
        return Workspace(root)

    def attempt(self, point: Point, ready: Workspace | None = None) -> Ended | None:
        """See `harness.attempt`; from the prepared workspace unless another one is given."""
        start = ready or self.ready
        return harness.attempt(self.runs, start, self.folder, self.expected, point)


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    reason = trap.missing()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("sweep")
    with harness.server(folder) as runs:
        yield Scene(runs, folder)
