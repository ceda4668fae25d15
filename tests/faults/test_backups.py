"""A backup is there whole or not at all, a restore usable or not there: kills and full disks."""

from __future__ import annotations

import os
import signal
import socket
import sys
from functools import partial
from pathlib import Path

import pytest

from dam.adapters import backup_file, sealed
from dam.adapters.store_files import PART
from dam.cli import main
from tests import photos
from tests.backups import Key, restore
from tests.faults import harness, trap
from tests.faults.harness import Point
from tests.faults.test_disks import mounted, needs_root
from tests.workspaces import NOBODY, Workspace, environment

NOTHING = "--no-withdrawals-since"
#: The fast test takes every so many of the points.
EVERY = [pytest.param(60, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)]


def _dam(words: list[str], told: socket.socket) -> None:
    """`dam WORDS` in this process, under the trap. Does not return."""
    os.setpgid(0, 0)
    for number in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    os.environ.clear()
    os.environ.update(environment())
    sys.argv = ["dam", *words]
    trap.install(told)
    told.close()
    code = 0
    try:
        main.run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    os._exit(code)


def disturbed(words: list[str], point: Point | None) -> tuple[int, trap.Watch]:
    child = partial(_dam, words)
    if point is None:
        return trap.forked(child)
    return trap.forked(child, point.call, point.number, point.fault)


@pytest.fixture
def small(tmp_path: Path) -> Workspace:
    workspace = Workspace.init(tmp_path / "w")
    for rule in (workspace.root / "rules").rglob("logos/*"):
        rule.unlink()
    workspace.drop("a.jpg", photos.plain(1, 96, 64), NOBODY)
    workspace.ingest()
    return workspace


def _points(counts: dict[str, int], every: int) -> list[Point]:
    """So many of the points, and each at which something gets its name."""
    points = harness.points(counts)
    named = [p for p in points if p.call in ("link", "rename")]
    return list(dict.fromkeys((*named, *points[::every])))


@pytest.mark.parametrize("every", EVERY)
def test_a_fault_at_every_call_of_a_backup(tmp_path: Path, small: Workspace, every: int) -> None:
    if reason := trap.missing():
        pytest.skip(reason)
    key = Key.make(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    path = out / "b.dam"
    words = small.command("backup", str(path), "--recipient", key.recipient)[3:]
    identity = sealed.identities(key.file.read_bytes())
    code, watch = disturbed(words, None)
    assert code == 0
    for point in _points(watch.counts, every):
        for left in out.iterdir():
            left.unlink()
        code, watch = disturbed(words, point)
        assert not watch.hung, str(point)
        there = path.exists()
        if there:
            # Whole: all of it is verified.
            target = tmp_path / "r"
            with backup_file.unpacked(path, target, identity, lambda total: None) as found:
                assert found.damaged == ()
        others = [p for p in out.iterdir() if p.name not in ("b.dam", "b.dam.tombstones")]
        assert all(p.name.endswith(".part") and p.name.startswith(".") for p in others), str(point)
        if point.fault == "KILL" and watch.hit:
            assert code == -signal.SIGKILL
        elif code == 0:
            assert there, str(point)
        # Nothing of the catalogue's copy is left anywhere.
        assert list((small.root / ".dam" / "work").iterdir()) == [], str(point)
    for left in out.glob("b.dam*"):
        left.unlink()
    small.run("backup", str(path), "--recipient", key.recipient)
    assert not [p for p in out.iterdir() if PART.fullmatch(p.name)], "not swept"


@pytest.mark.parametrize("every", [pytest.param(250, id="some"), EVERY[1]])
def test_a_fault_at_every_call_of_a_restore(tmp_path: Path, small: Workspace, every: int) -> None:
    if reason := trap.missing():
        pytest.skip(reason)
    key = Key.make(tmp_path)
    path = tmp_path / "b.dam"
    small.run("backup", str(path), "--recipient", key.recipient)
    out = tmp_path / "out"
    out.mkdir()
    words = ["restore", str(path), str(out / "r"), "--identity", str(key.file)]
    words += ["--tombstones", f"{path}.tombstones"]
    code, watch = disturbed(words, None)
    assert code == 0
    for point in _points(watch.counts, every):
        if (out / "r").exists():
            (out / "r").rename(tmp_path / f"{point}-done")
        code, watch = disturbed(words, point)
        assert not watch.hung, str(point)
        if (out / "r").exists():
            # Usable: verified, and entered into its ledger.
            again = Workspace(out / "r")
            told = again.rows("SELECT count(*) FROM events WHERE type = 'workspace.restored'")
            assert told == [(1,)], str(point)
            assert again.rows("PRAGMA integrity_check") == [("ok",)]
        hidden = [p for p in out.iterdir() if p.name != "r"]
        assert all(PART.fullmatch(p.name) for p in hidden), str(point)
    restored = tmp_path / "out2"
    restored.mkdir()
    done = restore(small, path, restored / "r", *words[3:])
    assert len(done.filed()) == 1


@needs_root
def test_a_full_disk_leaves_no_backup_and_no_workspace(tmp_path: Path, small: Workspace) -> None:
    key = Key.make(tmp_path)
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    with mounted(tiny, "-t", "tmpfs", "-o", "size=256k,mode=0700", "dam-test"):
        words = ("--recipient", key.recipient)
        for more in (words, ("--plain",)):
            done = small.run("backup", str(tiny / "b.dam"), *more, code=1)
            assert done.stderr.decode().count("\n") == 1
            assert list(tiny.iterdir()) == []
        path = tmp_path / "b.dam"
        small.run("backup", str(path), *words)
        mine = ("--identity", str(key.file), NOTHING)
        restore(small, path, tiny / "r", *mine, code=1)
        assert list(tiny.iterdir()) == []
