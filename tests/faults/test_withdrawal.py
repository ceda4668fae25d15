"""A kill, a full disk, a failing disk at every call of a withdrawal: nothing is usable, and the

next start completes it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import family
from tests.faults import harness, trap
from tests.faults.harness import Point, Server
from tests.test_erasure import windows
from tests.workspaces import Json, Workspace, sha256

COMMANDS = {
    "withdraw": ("consent", "withdraw", "C-1", "--by", "parent"),
    "erase": ("consent", "withdraw", "C-1", "--by", "parent", "--erase"),
}
#: What is tried: the share of the run at which it is hit; the first by the fast tests.
FEW = {("write", "KILL"): (0.6,), ("sync", "KILL"): (0.9,), ("unlink", "KILL"): (0.5,)}
SAMPLE = {("write", "KILL"): (0.5, 1.0), ("sync", "KILL"): (0.6,), ("unlink", "KILL"): (0.0, 0.5)}
SAMPLE_REFUSED = {("write", "ENOSPC"): (0.5,), ("unlink", "EIO"): (0.3,)}


@dataclass(frozen=True)
class Undisturbed:
    """The calls of a command at which it may be hit, and what it leaves when it is not."""

    points: list[Point]
    left: Json


@dataclass(frozen=True)
class Scene:
    """The family, and where commands run on it."""

    runs: Server
    folder: Path
    ready: Workspace
    known: dict[str, Undisturbed]

    def undisturbed(self, command: str) -> Undisturbed:
        if command not in self.known:
            # What only a first run does is none of its calls.
            for _ in range(2):
                workspace = copy(self.ready, self.folder)
                ended = self.runs.run(workspace, None, *COMMANDS[command])
                assert ended.code == 0, ended.told
            self.known[command] = Undisturbed(harness.points(ended.counts), state(workspace))
        return self.known[command]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    if reason := trap.missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("withdrawal")
    (folder / "ready").mkdir()
    ready = family.family(tmp_path_factory, folder / "ready")
    with harness.server(folder) as runs:
        yield Scene(runs, folder, ready, {})


def copy(ready: Workspace, folder: Path) -> Workspace:
    shutil.rmtree(folder / "w", ignore_errors=True)
    shutil.copytree(ready.root, folder / "w", symlinks=True)
    return Workspace(folder / "w")


def state(workspace: Workspace) -> Json:
    """What must be the same however the command was disturbed."""
    private = workspace.root / ".dam"
    assert workspace.rows("SELECT * FROM leaving") == []
    assert workspace.leftovers() == []
    stored = sorted(p.name for p in (private / "originals").rglob("*") if p.is_file())
    return {
        "filed": sorted(workspace.filed()),
        "assets": workspace.rows("SELECT id, disposition, archived_as FROM assets ORDER BY id"),
        "restricted": sorted(p.name for p in (private / "restricted").rglob("*/*")),
        "originals": len(stored),
        "previews": sorted(p.name for p in (private / "previews").iterdir()),
        "tombstones": workspace.rows("SELECT why, lifted_at FROM tombstones"),
        "restrictions": workspace.rows("SELECT asset, state FROM restrictions"),
        "due": workspace.rows("SELECT * FROM due_work"),
    }


def check_halfway(workspace: Workspace, folder: Path) -> bool:
    """Whether the withdrawal is on record; then nothing of it may be usable. In a copy."""
    half = folder / "halfway"
    shutil.rmtree(half, ignore_errors=True)
    (half / ".dam").mkdir(parents=True)
    for name in harness.CATALOGUE:
        if (workspace.root / ".dam" / name).exists():
            shutil.copyfile(workspace.root / ".dam" / name, half / ".dam" / name)
    catalogue = Workspace(half)
    assert catalogue.rows("PRAGMA integrity_check") == [("ok",)]
    events = catalogue.rows("SELECT 1 FROM events WHERE type = 'consent.withdrawn'")
    filed = workspace.filed()
    if not events:
        assert len(filed) == 4, "touched before it was on record"
        assert workspace.original(sha256(family.ALONE)).exists()
        return False
    approved = catalogue.rows(
        "SELECT a.id FROM assets a JOIN asset_subjects s ON s.asset = a.id AND s.subject = 'S-1' "
        "LEFT JOIN decisions d ON d.asset = a.id AND d.current "
        "WHERE a.disposition = 'approved' OR a.archived_as NOTNULL OR d.disposition = 'approved'"
    )
    assert approved == [], "on record and usable"
    planned = {w for (w,) in catalogue.rows("SELECT what FROM leaving WHERE kind = 'file'")}
    known = {
        a for (a,) in catalogue.rows("SELECT archived_as FROM assets WHERE archived_as NOTNULL")
    }
    for name in filed:
        assert f"archive/{name}" in known or name in planned, "filed, and nobody knows"
    return True


def attempt(scene: Scene, command: str, point: Point) -> bool:
    """One point: fault, invariants, another command that writes, the command again, final state.

    False where the point was not reached.
    """
    expected = scene.undisturbed(command).left
    workspace = copy(scene.ready, scene.folder)
    ended = scene.runs.run(workspace, point, *COMMANDS[command])
    assert not ended.hung, "hung"
    if not ended.hit:
        assert ended.code == 0, ended.told
        return False
    if ended.code >= 0:
        assert "Traceback" not in ended.told, ended.told
        assert "a defect in dam" not in ended.told, ended.told
    recorded = check_halfway(workspace, scene.folder)
    if ended.code == 0:
        assert recorded
        assert len(workspace.filed()) == 2, "acknowledged and still filed"
    if recorded:
        # Any command that writes goes on with it.
        again = scene.runs.run(workspace, None, "consent", "renew", "C-3", "--by", "parent",
                               "--until", "2027-01-31")  # fmt: skip
        assert again.code == 0, again.told
        assert len(workspace.filed()) == 2, "not completed by the next start"
    again = scene.runs.run(workspace, None, *COMMANDS[command])
    assert again.code == 0, again.told
    again = scene.runs.run(workspace, None)
    assert again.code == 0, again.told
    assert state(workspace) == expected
    if command == "erase":
        data = b"".join(p.read_bytes() for p in workspace.root.rglob("*") if p.is_file())
        assert not any(piece in data for piece in windows(family.ALONE))
    return True


def sweep(scene: Scene, command: str, points: list[Point]) -> str:
    wrong, missed = [], 0
    for point in points:
        try:
            missed += not attempt(scene, command, point)
        except AssertionError as error:
            wrong.append(f"{point}: {str(error).splitlines()[0]}")
    assert not wrong, "\n".join(wrong)
    return f"{command}: {len(points)} points tried, {missed} never reached: nothing was usable"


def sample(
    scene: Scene, command: str, wanted: Mapping[tuple[str, str], tuple[float, ...]]
) -> list[Point]:
    points, chosen = scene.undisturbed(command).points, []
    for (call, fault), shares in wanted.items():
        kind = [p for p in points if (p.call, p.fault) == (call, fault)]
        chosen += [kind[round(share * (len(kind) - 1))] for share in shares if kind]
    return list(dict.fromkeys(chosen))


def test_killed_at_a_few_points(scene: Scene) -> None:
    points = sample(scene, "withdraw", FEW)
    assert len(points) == len(FEW)
    assert "0 never reached" in sweep(scene, "withdraw", points)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_sample_of_points(scene: Scene, command: str) -> None:
    print(sweep(scene, command, sample(scene, command, {**SAMPLE, **SAMPLE_REFUSED})))


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_point(scene: Scene, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = sweep(scene, command, scene.undisturbed(command).points)
    with capsys.disabled():
        print(f"\n{told}")
