"""Causing a fault at each call of an ingest, and what must be true after it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dam.adapters.catalog import Catalog
from tests import photos
from tests.faults import trap
from tests.workspaces import NOBODY, Workspace, environment, sha256

#: One worker: the calls of every run come in the same order.
ALONE = environment({"DAM_WORKERS": "1"})
#: What a disk refuses, by the kind of call it refuses with it.
REFUSALS = {
    **dict.fromkeys(("write", "sync", "rename", "link"), ("ENOSPC", "EIO")),
    **dict.fromkeys(("mkdir", "create"), ("ENOSPC",)),
    **dict.fromkeys(("unlink", "truncate"), ("EIO",)),
}
DOCUMENTED = range(6)
CATALOGUE = ("catalogue.db", "catalogue.db-wal", "catalogue.db-journal")


@dataclass(frozen=True)
class State:
    """What must be the same however a run was disturbed."""

    filed: dict[str, str]
    assets: list[list[str | None]]
    names: list[list[str]]
    events: dict[str, int]
    inbox: list[str]


def state(workspace: Workspace, dropped: Iterable[bytes]) -> State:
    """The state, once it has been found sound in itself."""
    assets = workspace.rows("SELECT sha256, disposition, archived_as FROM assets ORDER BY sha256")
    for data in dropped:
        kept = workspace.original(sha256(data))
        # What was taken back lies in restricted hold.
        held = workspace.root / ".dam" / "restricted" / kept.parent.name / kept.name
        assert (kept if kept.exists() else held).read_bytes() == data
    assert workspace.leftovers() == []
    checks = {c["name"]: c for c in workspace.ask("doctor")["checks"]}
    assert checks["ledger"]["fine"], checks["ledger"]["found"]
    assert workspace.rows("SELECT * FROM due_work") == []
    filed = workspace.filed()
    approved = {archived for _, disposition, archived in assets if disposition == "approved"}
    assert approved == {f"archive/{name}" for name in filed}
    with Catalog.open(workspace.root / ".dam" / "catalogue.db", read_only=True) as catalog:
        assert list(catalog.disagreements()) == []
    # A run that was resumed may tell once more what stands; a sidecar has a random id.
    events = Counter(
        kind if kind.startswith("sidecar.") else f"{kind} {of}"
        for kind, of in workspace.rows("SELECT type, subject FROM events")
        if not kind.endswith(".changed")
    )
    arrived = workspace.rows("SELECT shown, asset FROM provenance ORDER BY shown, asset")
    return State(
        filed=filed,
        assets=[list(row) for row in assets],
        names=[list(row) for row in arrived],
        events=dict(sorted(events.items())),
        inbox=workspace.dropped(),
    )


def batch() -> dict[str, tuple[bytes, str | None]]:
    """Five photographs: two approved, one held, one duplicate, one broken."""
    twin = photos.plain(1, 96, 64)
    return {
        "a.jpg": (twin, NOBODY),
        "b.jpg": (photos.plain(2, 96, 64), NOBODY),
        "c.jpg": (photos.plain(3, 96, 64), None),
        "d/twin.jpg": (twin, None),
        "e.jpg": (b"no photograph at all", NOBODY),
    }


def originals() -> list[bytes]:
    return [data for data, _ in batch().values()]


def prepare(root: Path, *, used: bool = True) -> Workspace:
    """A workspace with the five photographs in its inbox; not `used`, it has no catalogue yet."""
    workspace = Workspace.init(root)
    if used:
        assert workspace.ask("ingest")["assets"] == []
    for name, (data, sidecar) in batch().items():
        workspace.drop(name, data, sidecar)
    return workspace


@dataclass(frozen=True, slots=True)
class Point:
    """The `number`th `call` of a run meets `fault`: KILL or the name of an errno."""

    call: str
    number: int
    fault: str

    def __str__(self) -> str:
        return f"{self.fault}-{self.call}-{self.number}"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. `code` is negative where a signal ended it."""

    code: int
    counts: dict[str, int]
    hit: str
    hung: bool
    told: str


class Server:
    """Starts runs; see tests/faults/server.py."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.server"],
            cwd=Path(__file__).parents[2],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, workspace: Workspace, point: Point | None = None, *command: str) -> Ended:
        """`dam ingest`, or another command, with one worker, disturbed at `point`."""
        out, err = self._folder / "out", self._folder / "err"
        job: dict[str, object] = {
            "words": ["-C", str(workspace.root), *(command or ("ingest",)), "--format", "json"],
            "env": ALONE,
            "out": str(out),
            "err": str(err),
        }
        if point is not None:
            job |= {"call": point.call, "number": point.number, "fault": point.fault}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Ended(**answer, told=err.read_text(errors="replace"))

    def close(self) -> None:
        self._process.communicate(timeout=30)


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    started = Server(folder)
    try:
        yield started
    finally:
        started.close()


def points(counts: dict[str, int]) -> list[Point]:
    """Every point of a run that makes so many calls of each kind.

    Writes and syncs of the catalogue are many: ENOSPC and EIO take turns in them.
    """
    every = [Point(c, n, "KILL") for c in trap.CALLS for n in range(1, counts.get(c, 0) + 1)]
    for call, faults in REFUSALS.items():
        for n in range(1, counts.get(call, 0) + 1):
            several = (faults[n % len(faults)],) if call == "write" else faults
            every += [Point(call, n, fault) for fault in several]
    return every


def check_halfway(workspace: Workspace, expected: State, folder: Path) -> None:
    """Nothing is lost, twice or unapproved at any moment; the catalogue is looked at in a copy."""
    for data in originals():
        stored = workspace.original(sha256(data))
        kept = stored.exists() and stored.read_bytes() == data
        assert kept or any(
            path.read_bytes() == data for path in workspace.inbox.rglob("*") if path.is_file()
        ), "lost"
    filed = workspace.filed()
    for name, digest in filed.items():
        if name.endswith(".part"):
            # What the next run removes: some of an approved rendition, hidden, never more.
            part = (workspace.archive / name).stat()
            assert part.st_size <= 64 * 1024
        else:
            assert expected.filed.get(name) == digest, "unapproved or partial"
    copy = folder / "halfway"
    shutil.rmtree(copy, ignore_errors=True)
    (copy / ".dam").mkdir(parents=True)
    for name in CATALOGUE:
        if (workspace.root / ".dam" / name).exists():
            shutil.copyfile(workspace.root / ".dam" / name, copy / ".dam" / name)
    catalogue = Workspace(copy)
    assert catalogue.rows("PRAGMA integrity_check") == [("ok",)]
    if not catalogue.rows("SELECT 1 FROM sqlite_master WHERE name = 'renditions'"):
        assert filed == {}, "filed and not recorded"
        return
    digests = [sha for (sha,) in catalogue.rows("SELECT sha256 FROM assets")]
    assert len(digests) == len(set(digests)), "an asset twice"
    statement = (
        "SELECT r.relative, r.sha256 FROM renditions r JOIN assets a ON a.id = r.asset "
        "WHERE a.disposition = 'approved'"
    )
    recorded = {str(row[0]): str(row[1]) for row in catalogue.rows(statement)}
    assert all(
        recorded.get(name) == digest for name, digest in filed.items() if ".part" not in name
    ), "filed and not recorded as approved"


def same_end(final: State, expected: State) -> bool:
    """Whether a run that a disk refused ended as the undisturbed one.

    Whose sidecar could not be stored was held for a while, and the ledger tells so.
    """
    more = Counter(final.events) - Counter(expected.events)
    missing = Counter(expected.events) - Counter(final.events)
    held = all(event.startswith("asset.held ") for event in more)
    return held and not missing and replace(final, events=expected.events) == expected


def attempt(
    runs: Server, ready: Workspace, folder: Path, expected: State, point: Point
) -> Ended | None:
    """One point, from a fresh copy of `ready`: fault, invariants, second run, final state.

    None where the point was never reached; then the run ended undisturbed.
    """
    root = folder / "w"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(ready.root, root)
    workspace = Workspace(root)
    ended = runs.run(workspace, point)
    assert not ended.hung, "hung"
    if not ended.hit:
        assert (ended.code, state(workspace, originals())) == (0, expected)
        return None
    check_halfway(workspace, expected, folder)
    if point.fault != "KILL":
        assert ended.code in DOCUMENTED, f"ended with {ended.code}"
    if ended.code >= 0:
        assert "Traceback" not in ended.told
        assert "a defect in dam" not in ended.told, ended.told
        lines = ended.told.splitlines()
        assert ended.code == 0 or (lines and lines[-1].startswith("dam: ")), ended.told
    again = runs.run(workspace)
    assert again.code == 0, again.told
    final = state(workspace, originals())
    assert final == expected if point.fault == "KILL" else same_end(final, expected), final
    return ended
