"""Killed at any moment and run again: the same final state, nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest

from tests import photos
from tests.faults import harness
from tests.faults.harness import State
from tests.workspaces import NOBODY, PHOTOGRAPHER, Workspace, environment, once

MOMENTS = 10
SEED = 20211118
CHILD = f"""\
schema: dam/photo/1
photographer: {PHOTOGRAPHER}
people: [{{subject: S-0147, age_band: 6-11, consent: C-2021-0147}}]
consents:
  - id: C-2021-0147
    subject: {{id: S-0147, age_band: 6-11, unaccompanied: no, situation: migrant, risk: low}}
    notice: {{ref: AMAL-form-fr-2, language: fr}}
    scope: {{purposes: [press], territories: [world], valid_from: 2021-11-01}}
    permissions: {{face: yes}}
    givers: [{{role: parent, method: written, on: 2021-10-28}}]
    child_assent: given
    events: [{{state: given, on: 2021-10-28}}]
"""
SHEET = f"""\
schema: dam/shoot/1
photographer: {PHOTOGRAPHER}
photos: [{{match: "A*.jpg", people: none}}]
"""

#: Calls before which strace kills a pass with one worker. It counts for each thread apart: the
#: thread that takes photographs in is always the first to come so far. tests/faults/test_sweep.py
#: reaches every call.
STEPS = [
    ("linkat", 4),  # an original gets its name
    ("fdatasync", 8),  # a photograph is registered
    pytest.param("fsync", 1, marks=pytest.mark.slow),
    pytest.param("fsync", 30, marks=pytest.mark.slow),
    pytest.param("unlinkat", 9, marks=pytest.mark.slow),
    pytest.param("rename", 1, marks=pytest.mark.slow),  # a preview gets its name
]


def batch() -> dict[str, tuple[bytes, str | None]]:
    """Photographs that end in every way there is, by name, with their sidecars."""
    twin = photos.jpeg(1, 640, 480)
    withdrawn = CHILD.replace("0147", "0148").replace("state: given", "state: withdrawn")
    return {
        "a.jpg": (twin, NOBODY),
        "b.jpg": (photos.jpeg(2, 640, 480, orientation=6), CHILD),
        "c.png": (photos.png(3), NOBODY),
        "d.jpg": (photos.jpeg(4, 640, 480), None),
        "e.jpg": (photos.jpeg(5, 640, 480)[:20_000], NOBODY),
        "f.jpg": (b"no photograph at all", NOBODY),
        "g.jpg": (photos.plain(6), withdrawn),
        "shoot/A1.jpg": (photos.jpeg(7, 640, 480), None),
        "shoot/B2.jpg": (photos.jpeg(8, 640, 480), None),
        "twin/z.jpg": (twin, NOBODY),
    }


def fill(workspace: Workspace) -> None:
    for name, (data, sidecar) in batch().items():
        workspace.drop(name, data, sidecar)
    workspace.place("shoot/consent.yaml").write_text(SHEET)


def state(workspace: Workspace) -> State:
    return harness.state(workspace, [data for data, _ in batch().values()])


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[State, float]:
    """The final state of a run that nobody killed, and how many seconds it took."""

    def make(folder: Path) -> None:
        workspace = Workspace.init(folder / "w")
        fill(workspace)
        begin = time.monotonic()
        workspace.ingest()
        seconds = time.monotonic() - begin
        body = {"state": asdict(state(workspace)), "seconds": seconds}
        (folder / "state.json").write_text(json.dumps(body))

    folder = once(tmp_path_factory, "undisturbed", make)
    body = json.loads((folder / "state.json").read_text())
    return State(**body["state"]), body["seconds"]


def descendants(pid: int) -> list[int]:
    """The process ids of all children of a process and of their children."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def kill(process: subprocess.Popen[bytes], *, children: bool) -> None:
    """SIGKILL, the children stopped first so that none goes on by itself."""
    family = [process.pid]
    if children:
        os.kill(process.pid, signal.SIGSTOP)
        family += descendants(process.pid)
    for pid in reversed(family):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait(30)


def moments() -> list[float]:
    """Fractions of the whole run, one at random in each tenth of what comes after the start."""
    dice = random.Random(SEED)
    return [0.15 + 0.85 * (n + dice.random()) / MOMENTS for n in range(MOMENTS)]


def test_the_undisturbed_run_ends_as_meant(undisturbed: tuple[State, float]) -> None:
    expected, _ = undisturbed
    assert Counter(asset[1] for asset in expected.assets) == {
        "approved": 4,
        "held": 3,
        "refused": 1,
        "quarantined": 1,
    }
    assert len(expected.names) == len(batch())
    assert expected.inbox == ["shoot/consent.yaml"]


@pytest.mark.parametrize(
    "number",
    # The fast ones are one of each kind; tests/faults/test_sweep.py comes to every call.
    [pytest.param(n, marks=() if n in (3, 6) else pytest.mark.slow) for n in range(MOMENTS)],
)
def test_killed_at_a_random_moment(
    undisturbed: tuple[State, float], tmp_path: Path, number: int
) -> None:
    """Every other time only the parent, as the kernel does when memory runs out."""
    expected, seconds = undisturbed
    workspace = Workspace.init(tmp_path / "w")
    fill(workspace)
    process = subprocess.Popen(
        workspace.command("ingest"),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(moments()[number] * seconds)
    kill(process, children=number % 2 == 0)
    whole = {item for item in workspace.filed().items() if not item[0].endswith(".part")}
    assert whole <= set(expected.filed.items())
    workspace.ingest()
    assert state(workspace) == expected


@pytest.mark.parametrize(("call", "number"), STEPS)
def test_killed_before_a_system_call(
    undisturbed: tuple[State, float], tmp_path: Path, call: str, number: int
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    expected, _ = undisturbed
    workspace = Workspace.init(tmp_path / "w")
    fill(workspace)
    inject = f"inject={call}:signal=SIGKILL:when={number}"
    told = tmp_path / "calls"
    words = ["strace", "-f", "-o", str(told), "-e", f"trace={call}", "-e", inject]
    done = subprocess.run(
        [*words, *workspace.command("ingest")],
        # Compiled modules get their names by rename, too.
        env=environment({"DAM_WORKERS": "1", "PYTHONDONTWRITEBYTECODE": "1"}),
        capture_output=True,
        timeout=120,
    )
    if b"Operation not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    # Not from what strace noted: the decoder is killed at the end of every run.
    reached = done.returncode == -signal.SIGKILL
    assert reached or done.returncode == 0, done.stderr
    whole = {item for item in workspace.filed().items() if not item[0].endswith(".part")}
    assert whole <= set(expected.filed.items())
    workspace.ingest()
    assert state(workspace) == expected
    if not reached:
        pytest.skip("this run made fewer such calls; it ended undisturbed")
