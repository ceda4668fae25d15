"""A kill, a full disk, a failing disk at every call of `dam recall`: no notice is lost or doubled,

and running again completes it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults import harness, trap
from tests.faults.harness import Point, Server
from tests.test_recalls import RECIPIENT, exported, packs, taken_back
from tests.workspaces import Json, Workspace

__all__ = ["exported", "taken_back"]
#: What is tried by the fast tests: the share of the run at which it is hit.
FEW = {
    ("write", "KILL"): (0.5, 1.0),
    ("sync", "KILL"): (0.5,),
    ("link", "KILL"): (1.0,),
    ("sync", "EIO"): (0.2,),
}
#: Texts and pages in three languages, and the mail.
FILES = 7


@dataclass(frozen=True)
class Scene:
    """A workspace in which two recalls are open, and the calls of writing one notice."""

    runs: Server
    folder: Path
    ready: Workspace
    words: tuple[str, ...]
    points: list[Point]

    @property
    def out(self) -> Path:
        return self.folder / "letters"

    def fresh(self) -> Workspace:
        return _fresh(self.ready, self.folder)


def _fresh(ready: Workspace, folder: Path) -> Workspace:
    for name in ("w", "letters"):
        shutil.rmtree(folder / name, ignore_errors=True)
    shutil.copytree(ready.root, folder / "w", symlinks=True)
    return Workspace(folder / "w")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, taken_back: Path) -> Iterator[Scene]:
    if reason := trap.missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("recall")
    ready = Workspace(taken_back / "w")
    words = ("recall", packs(ready)[RECIPIENT], "--out", str(folder / "letters"))
    with harness.server(folder) as runs:
        # What only a first run does is none of its calls.
        for _ in range(2):
            ended = runs.run(_fresh(ready, folder), None, *words)
            assert ended.code == 0, ended.told
        yield Scene(runs, folder, ready, words, harness.points(ended.counts))


def look(scene: Scene, workspace: Workspace) -> int:
    """How many letters are on record, each of which is whole in the folder; the ledger agrees."""
    (recall,) = (
        one for one in workspace.ask("recall", "list")["recalls"] if one["recipient"] == RECIPIENT
    )
    letters: list[Json] = recall["letters"]
    ident = str(recall["recall"])
    sent = workspace.rows(
        f"SELECT 1 FROM events WHERE type = 'recall.sent' AND subject = '{ident}'"
    )
    assert len(sent) == len(letters), "the ledger tells of other letters"
    assert [letter["number"] for letter in letters] == list(range(1, len(letters) + 1))
    told = [asked["told_at"] is not None for asked in recall["files"]]
    assert set(told) == {bool(letters)}, "told by no letter, or not told by one"
    for number in range(1, len(letters) + 1):
        files = list(scene.out.glob(f"{ident}-{number}.*"))
        assert len(files) == FILES, "a letter on record is not whole"
        assert all(ident.encode() in path.read_bytes() for path in files)
    return len(letters)


def attempt(scene: Scene, point: Point) -> bool:
    """One point: fault, invariants, the command again, final state. False: never reached."""
    workspace = scene.fresh()
    ended = scene.runs.run(workspace, point, *scene.words)
    assert not ended.hung, "hung"
    if not ended.hit:
        assert (ended.code, look(scene, workspace)) == (0, 1), ended.told
        return False
    if ended.code >= 0:
        assert "Traceback" not in ended.told, ended.told
        assert "a defect in dam" not in ended.told, ended.told
    recorded = look(scene, workspace)
    assert recorded == 1 or ended.code != 0, "acknowledged and not on record"
    if ended.code > 0 and not recorded:
        left = list(scene.out.glob("R-*")) if scene.out.exists() else []
        assert left == [] or point.call == "unlink", "a letter that is not on record was left"
    if not recorded:
        again = scene.runs.run(workspace, None, *scene.words)
        assert again.code == 0, again.told
    assert look(scene, workspace) == 1, "lost or doubled"
    found = workspace.ask("verify")["findings"]
    assert [one for one in found if one["level"] == "failure"] == []
    return True


def sweep(scene: Scene, points: list[Point]) -> str:
    wrong, missed = [], 0
    for point in points:
        try:
            missed += not attempt(scene, point)
        except AssertionError as error:
            wrong.append(f"{point}: {str(error).splitlines()[0]}")
    assert not wrong, "\n".join(wrong)
    return f"{len(points)} points tried, {missed} never reached: no letter lost or doubled"


def sample(points: list[Point], wanted: Mapping[tuple[str, str], tuple[float, ...]]) -> list[Point]:
    chosen = []
    for (call, fault), shares in wanted.items():
        kind = [p for p in points if (p.call, p.fault) == (call, fault)]
        chosen += [kind[round(share * (len(kind) - 1))] for share in shares if kind]
    return list(dict.fromkeys(chosen))


def test_a_few_points(scene: Scene) -> None:
    points = sample(scene.points, FEW)
    assert len(points) == 5
    assert "0 never reached" in sweep(scene, points)


@pytest.mark.slow
def test_every_point(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    told = sweep(scene, scene.points)
    with capsys.disabled():
        print(f"\n{told}")
