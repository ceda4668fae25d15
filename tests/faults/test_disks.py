"""Disks that are full or may not be written, and users who may not read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests import photos
from tests.faults import harness
from tests.faults.conftest import Scene
from tests.workspaces import NOBODY as SAYS_NOBODY
from tests.workspaces import Workspace, environment, sha256

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
NOBODY = 65534


@contextmanager
def mounted(place: Path, *words: str) -> Iterator[None]:
    """`mount WORDS PLACE` for as long as the context lasts; skips where nobody may mount."""
    done = subprocess.run(["mount", *words, str(place)], capture_output=True)
    if done.returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


@contextmanager
def small(place: Path) -> Iterator[None]:
    """The folder on a disk of 1 MB."""
    aside = place.with_name("aside")
    shutil.copytree(place, aside, symlinks=True)
    with mounted(place, "-t", "tmpfs", "-o", "size=1m,mode=0700", "dam-test"):
        shutil.copytree(aside, place, dirs_exist_ok=True, symlinks=True)
        shutil.rmtree(aside)
        yield


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    with mounted(place, "--bind", str(place)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
        yield


def refused(scene: Scene, workspace: Workspace, folder: Path, code: int = 1) -> str:
    """An ingest that the disk refuses: one line, nothing lost; the line."""
    done = workspace.run("ingest", code=code)
    harness.check_halfway(workspace, scene.expected, folder)
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("dam: ")
    return line


def completed(scene: Scene, workspace: Workspace) -> None:
    """The next ingest ends as if nothing had been."""
    workspace.ingest()
    final = harness.state(workspace, harness.originals())
    assert harness.same_end(final, scene.expected)


@needs_root
def test_a_private_disk_that_is_full(scene: Scene, tmp_path: Path) -> None:
    workspace = scene.fresh(tmp_path / "w")
    private = workspace.root / ".dam"
    with small(private):
        left = shutil.disk_usage(private).free
        with (private / "filler").open("wb") as filler:
            filler.write(bytes(max(0, left - 150_000)))
        assert "run" in refused(scene, workspace, tmp_path)
        assert workspace.filed() == {}
        (private / "filler").unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(private)], check=True)
        completed(scene, workspace)


@needs_root
def test_an_archive_disk_that_is_full(scene: Scene, tmp_path: Path) -> None:
    workspace = scene.fresh(tmp_path / "w")
    with small(workspace.archive):
        filler = workspace.archive / "README.md"
        filler.write_bytes(bytes(shutil.disk_usage(workspace.archive).free))
        assert "disk is full" in refused(scene, workspace, tmp_path)
        assert workspace.filed() == {}
        filler.write_bytes(b"")
        completed(scene, workspace)


@needs_root
@pytest.mark.parametrize("place", ["archive", "inbox"])
def test_a_folder_on_a_read_only_disk(scene: Scene, tmp_path: Path, place: str) -> None:
    """Said at the start, before anything is done by halves."""
    workspace = scene.fresh(tmp_path / "w")
    with read_only(workspace.root / place):
        told = refused(scene, workspace, tmp_path, code=2)
        assert told == f"dam: {place} is not writable. Give dam's user access to it."
        assert workspace.filed() == {}
        assert not workspace.original(sha256(harness.originals()[0])).exists()
    completed(scene, workspace)


@needs_root
def test_a_shoot_on_a_read_only_disk(scene: Scene, tmp_path: Path) -> None:
    """Taken in once; the file that stays is told of."""
    workspace = scene.fresh(tmp_path / "w")
    with read_only(workspace.inbox / "d"):
        for _ in range(2):
            (note,) = workspace.ingest()["notes"]
            assert note.startswith("d/twin.jpg: safe, but stays in the inbox: ")
            assert "read-only" in note
            assert workspace.filed() == scene.expected.filed
            assert workspace.dropped() == ["d/twin.jpg"]
    completed(scene, workspace)


def as_nobody(*command: str) -> subprocess.CompletedProcess[bytes]:
    """A command of a user without any rights, with the modules that this process has."""
    return subprocess.run(
        command,
        env=environment({"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}),
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        umask=0o077,
        cwd="/",
        capture_output=True,
        timeout=120,
    )


def readable_python() -> str:
    """A Python that another user may start with dam and its libraries, else a skip."""
    version = f"/usr/bin/python3.{sys.version_info.minor}"
    for python in (sys.executable, version):
        with suppress(OSError):
            if as_nobody(python, "-c", "import dam.cli.main, onnx").returncode == 0:
                return python
    pytest.skip("another user cannot read this installation")


@needs_root
def test_a_user_who_may_not_read_everything(scene: Scene) -> None:
    """Not root: what may not be read is held with the reason, what may be read is taken in."""
    with tempfile.TemporaryDirectory(prefix="dam-user-") as folder:
        Path(folder).chmod(0o755)
        workspace = scene.fresh(Path(folder) / "w")
        for path in (workspace.root, *workspace.root.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        closed = workspace.place("b.jpg")
        os.chown(closed, 0, 0)
        closed.chmod(0o600)

        python = readable_python()
        done = as_nobody(python, *workspace.command("ingest")[1:])
        assert done.returncode == 0, done.stderr
        assert b"Permission to read it is denied" in done.stdout
        assert len(workspace.filed()) == 1
        assert closed.exists()
        os.chown(closed, NOBODY, NOBODY)
        done = as_nobody(python, *workspace.command("ingest")[1:])
        assert done.returncode == 0, done.stderr
        assert workspace.filed() == scene.expected.filed


def test_a_late_sidecar_that_the_disk_cannot_read(tmp_path: Path) -> None:
    """It may say no: the photograph that is filed leaves the archive until somebody can read it."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("a.jpg", photos.plain(1), SAYS_NOBODY)
    workspace.ingest()
    assert len(workspace.filed()) == 1
    workspace.say("a.jpg", SAYS_NOBODY + "caption: {fr: Une salle}\n")
    sidecar = workspace.place("a.jpg.consent.yaml")
    done = subprocess.run(
        [
            *("strace", "-f", "-o", str(tmp_path / "calls"), "-P", str(sidecar)),
            *("-e", "trace=read", "-e", "inject=read:error=EIO"),
            *workspace.command("ingest"),
        ],
        env=environment(),
        capture_output=True,
        timeout=300,
    )
    if b"Operation not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 1, done.stderr
    assert b"Traceback" not in done.stderr
    assert workspace.filed() == {}
    assert workspace.dropped() == [sidecar.name]
    assert workspace.ingest()["counts"]["approved"] == 1
    assert len(workspace.filed()) == 1
    assert workspace.dropped() == []
