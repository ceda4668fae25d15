"""A press pack is there whole or not at all: kills, refusing disks, full ones, and races."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import socket
import stat
import sys
import traceback
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import get_args

import pytest

from dam.adapters.pack import PackSink, pack_sink
from dam.adapters.store_files import PART
from dam.core.errors import ConfigurationError, DamError, StorageError
from dam.core.packing import PackFormat
from tests import bags, packing
from tests.faults import harness, trap
from tests.faults.harness import Point
from tests.faults.test_disks import mounted, needs_root
from tests.packing import DAY, INFO, PICTURES, ROOT, sha

KINDS = pytest.mark.parametrize("kind", get_args(PackFormat))
FORK = multiprocessing.get_context("fork")
BROKEN = 70


def sound(target: Path, kind: PackFormat) -> bool:
    """Whether a whole pack is there; nothing may be there otherwise."""
    if not os.path.lexists(target):
        return False
    found = bags.problems(target) if kind == "folder" else bags.zip_problems(target, ROOT)
    assert found == [], found
    return True


def remove(target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink()


def hidden(folder: Path) -> list[Path]:
    """What is left of packs in the making: private folders that look like no pack."""
    left = [path for path in folder.iterdir() if not path.name.startswith("pack")]
    for path in left:
        assert PART.fullmatch(path.name), path.name
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    return left


def ended(work: Callable[[], object]) -> int:
    """How `work` ends, as a command would: 0, or the exit code of what it was refused."""
    try:
        work()
    except DamError as error:
        return error.exit_code
    except BaseException:
        traceback.print_exc()
        return BROKEN
    return 0


# Killed and refused --------------------------------------------------------------------------


def disturbed(target: Path, kind: PackFormat, point: Point | None) -> tuple[int, trap.Watch]:
    """A pack made in a process of its own, whose `point`th call meets a fault."""

    def child(told: socket.socket) -> None:
        os.setpgid(0, 0)
        trap.install(told)
        told.close()
        os._exit(ended(lambda: packing.make(target, kind)))

    if point is None:
        return trap.forked(child)
    return trap.forked(child, point.call, point.number, point.fault)


def attempt(folder: Path, kind: PackFormat, point: Point) -> None:
    """One point: a whole pack or none, nothing else in sight, and the next run is fine."""
    target = packing.place(folder, kind)
    code, watch = disturbed(target, kind, point)
    assert watch.hit, "never reached"
    assert not watch.hung
    there, left = sound(target, kind), hidden(folder)
    if point.fault == "KILL":
        assert code == -signal.SIGKILL
    else:
        assert code in (0, 1)
        assert there == (code == 0)
        assert not left or point.call == "unlink"
    if there:
        remove(target)
    packing.make(target, kind)
    assert sound(target, kind)
    assert hidden(folder) == [], "not swept"


@KINDS
@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_a_fault_at_every_call(tmp_path: Path, kind: PackFormat, every: int) -> None:
    """The fast test takes every so many of the points, and all at which the pack is named."""
    if reason := trap.missing():
        pytest.skip(reason)
    target = packing.place(tmp_path, kind)
    packing.make(target, kind)
    remove(target)
    code, watch = disturbed(target, kind, None)
    assert (code, sound(target, kind)) == (0, True)
    naming = "rename" if kind == "folder" else "link"
    assert set(watch.counts) == {"write", "sync", "mkdir", "create", "unlink", naming}
    points = harness.points(watch.counts)
    chosen = [p for n, p in enumerate(points) if n % every == 0 or p.call == naming]
    wrong = []
    for number, point in enumerate(chosen):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            attempt(folder, kind, point)
        except AssertionError as error:
            wrong.append(f"{point}: {str(error).splitlines()[0]}")
        shutil.rmtree(folder)
    print(f"{len(chosen)} points tried of {len(points)}")
    assert wrong == []


def test_a_lock_that_cannot_be_made(tmp_path: Path) -> None:
    if reason := trap.missing():
        pytest.skip(reason)
    attempt(tmp_path, "folder", Point("create", 1, "ENOSPC"))


def test_a_file_system_without_hard_links(tmp_path: Path) -> None:
    """The file system says so at the one call that would make one."""
    if reason := trap.missing():
        pytest.skip(reason)
    code, _ = disturbed(tmp_path / "pack.zip", "zip", Point("link", 1, "EPERM"))
    assert (code, sound(tmp_path / "pack.zip", "zip")) == (0, True)
    assert hidden(tmp_path) == []


def large_picture(sink: PackSink) -> None:
    sink.place("images/x.jpg").write_bytes(bytes(2 << 20))


def large_text(sink: PackSink) -> None:
    sink.write("large.txt", os.urandom(2 << 20))


def fits_once(sink: PackSink) -> None:
    packing.picture(sink, "images/x.jpg", os.urandom(600_000))


@needs_root
@pytest.mark.parametrize(
    ("kind", "large"),
    [
        *((kind, large) for kind in get_args(PackFormat) for large in (large_picture, large_text)),
        ("zip", fits_once),
    ],
)
def test_a_disk_that_is_full(
    tmp_path: Path, kind: PackFormat, large: Callable[[PackSink], None]
) -> None:
    """While a picture is written, while a text is, and while a zip is packed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "size=1m", "dam-test"):
        target = packing.place(disk, kind)
        with pytest.raises(StorageError, match="Free some space"):
            packing.make(target, kind, filled=large)
        assert list(disk.iterdir()) == []
        packing.make(target, kind)
        assert sound(target, kind)


@needs_root
def test_a_whole_disk_is_no_place(tmp_path: Path) -> None:
    """A memory stick, empty: a pack can be a folder on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "size=1m", "dam-test"):
        with pytest.raises(ConfigurationError, match="Name a new folder on it"):
            packing.make(disk, "folder")
        packing.make(disk / "pack", "folder")
        assert sound(disk / "pack", "folder")


# Left by others ------------------------------------------------------------------------------


def hold(target: Path, told: Connection) -> None:
    """A pack in the making that goes on until its process is killed."""
    with pack_sink(target, "folder") as sink:
        packing.fill(sink)
        sink.seal(INFO, ROOT, DAY)
        told.send(str(sink.staging))
        signal.pause()


def test_a_pack_in_the_making_is_never_swept_and_a_killed_one_is(tmp_path: Path) -> None:
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=hold, args=(tmp_path / "pack-1", theirs))
    process.start()
    staging = Path(ours.recv())
    with pack_sink(tmp_path / "pack-2", "folder") as second:
        packing.make(tmp_path / "pack-3", "folder")
        assert sorted(hidden(tmp_path)) == sorted([staging, second.staging])
    os.kill(process.pid or 0, signal.SIGSTOP)
    packing.make(tmp_path / "pack-4", "folder")
    assert hidden(tmp_path) == [staging]
    process.kill()
    process.join(30)
    assert hidden(tmp_path) == [staging]
    assert {path.name for path in staging.iterdir()} == {"bag", "spare", "lock"}
    packing.make(tmp_path / "pack-5.zip", "zip")
    assert hidden(tmp_path) == []
    assert not (tmp_path / "pack-1").exists()


def test_only_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    name = ".dam-0123456789abcde{}.part"
    others = [tmp_path / name.format(n) for n in range(4)]
    others[0].write_text("a file")
    others[1].symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/bag").mkdir()
    others[2].mkdir()
    (others[2] / "letter.txt").write_text("mine")
    others[3].mkdir()
    (others[3] / "bag").mkdir()
    (others[3] / "bag/link").symlink_to(tmp_path / "elsewhere")
    foreign = tmp_path / ".dam-0123.part"
    (foreign / "bag").mkdir(parents=True)
    packing.make(tmp_path / "pack", "folder")
    assert not others[3].exists()
    assert all(map(os.path.lexists, others[:3]))
    assert (others[2] / "letter.txt").exists()
    assert (tmp_path / "elsewhere/bag").exists()
    assert (foreign / "bag").exists()


@needs_root
def test_what_another_user_left_is_not_swept(tmp_path: Path) -> None:
    left = tmp_path / ".dam-0123456789abcdef.part"
    left.mkdir()
    os.chown(left, 65534, 65534)
    packing.make(tmp_path / "pack", "folder")
    assert left.exists()


# Races ---------------------------------------------------------------------------------------


def race(works: list[Callable[[], object]]) -> list[int]:
    """The works in a process each; how each ended."""
    processes = [FORK.Process(target=lambda work: sys.exit(ended(work)), args=(w,)) for w in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [BROKEN if process.exitcode is None else process.exitcode for process in processes]


def one_of_two(target: Path, kind: PackFormat, start: Barrier, who: bytes) -> None:
    """A pack that tells `who` made it, published at the same moment as the other one."""
    packing.make(
        target,
        kind,
        filled=lambda sink: sink.write("who.txt", who),
        sealed=lambda sink: start.wait(30),
    )


@KINDS
def test_of_two_packs_for_one_place_one_wins(tmp_path: Path, kind: PackFormat) -> None:
    for number in range(15):
        folder = tmp_path / str(number)
        folder.mkdir()
        target = packing.place(folder, kind)
        start = FORK.Barrier(2)
        names = (b"first", b"second")
        codes = race([partial(one_of_two, target, kind, start, who) for who in names])
        assert sorted(codes) == [0, ConfigurationError.exit_code]
        assert sound(target, kind)
        assert hidden(folder) == []
        if kind == "folder":
            assert (target / "data/who.txt").read_bytes() == names[codes.index(0)]


def several(folder: Path, who: int) -> None:
    for number in range(12):
        packing.make(folder / f"pack-{who}-{number}", "folder")


def test_many_packs_beside_each_other(tmp_path: Path) -> None:
    """Each sweeps while the others begin and end."""
    assert race([partial(several, tmp_path, who) for who in range(4)]) == [0] * 4
    assert hidden(tmp_path) == []
    made = list(tmp_path.iterdir())
    assert len(made) == 48
    assert all(sound(path, "folder") for path in made[::6])


def test_a_picture_written_late_by_somebody_else(tmp_path: Path) -> None:
    """A decoder that goes on while the pack is sealed: seen, or the pack has none of it."""
    name, data = next(iter(PICTURES.items()))
    with pack_sink(tmp_path / "pack", "folder") as sink:
        at = sink.place(name)
        at.write_bytes(data[:100])
        sink.note(name, sha(data), len(data))
        assert ended(lambda: sink.seal(INFO, ROOT, DAY)) == 5
        assert ended(sink.publish) == 5
        at.write_bytes(data)
        sink.seal(INFO, ROOT, DAY)
        sink.publish()
    assert sound(tmp_path / "pack", "folder")
