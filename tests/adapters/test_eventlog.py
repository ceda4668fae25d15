"""The log on a real disk: private, turned over by size, several writers, no room."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dam.adapters.eventlog import EventLog
from tests.adapters.disk import in_child, mode

NOW = datetime(2021, 11, 18, 9, 30, tzinfo=UTC)


def log(path: Path, max_bytes: int = 4096, files: int = 3) -> EventLog:
    return EventLog(path, max_bytes, files, lambda: NOW)


def lines(folder: Path) -> list[dict[str, object]]:
    """Every line of every file; each must be whole."""
    return [json.loads(one) for file in sorted(folder.iterdir()) for one in _text(file)]


def test_the_folder_and_the_file_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        log(tmp_path / "log" / "dam.log").write("watching", pid=1)
    finally:
        os.umask(before)
    assert mode(tmp_path / "log") == 0o700
    assert mode(tmp_path / "log" / "dam.log") == 0o600
    assert lines(tmp_path / "log") == [
        {"at": "2021-11-18T09:30:00.000Z", "event": "watching", "pid": 1}
    ]


def test_it_is_turned_over_by_size_and_the_oldest_goes(tmp_path: Path) -> None:
    written = log(tmp_path / "dam.log")
    for number in range(400):
        written.write("pass", photos=number)
    assert {p.name for p in tmp_path.iterdir()} <= {"dam.log", "dam.log.1", "dam.log.2"}
    assert all(p.stat().st_size < 4096 + 200 for p in tmp_path.iterdir())
    kept = [one["photos"] for name in ("dam.log.2", "dam.log.1", "dam.log")
            for one in map(json.loads, _text(tmp_path / name))]  # fmt: skip
    assert kept == list(range(400 - len(kept), 400))
    assert len(kept) > 100


def _text(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_one_file_alone_stays_small(tmp_path: Path) -> None:
    written = log(tmp_path / "dam.log", files=1)
    for number in range(400):
        written.write("pass", photos=number)
    assert [p.name for p in tmp_path.iterdir() if p.name != "dam.log"] == []


def test_several_processes_write_at_once_and_no_line_is_torn_or_lost(tmp_path: Path) -> None:
    def work(start: int) -> None:
        written = log(tmp_path / "dam.log", max_bytes=8192, files=100)
        for number in range(start, start + 300):
            written.write("pass", photos=number)

    children = []
    for start in (0, 1000, 2000):
        child = os.fork()
        if child == 0:
            try:
                work(start)
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    found = sorted(int(str(one["photos"])) for one in lines(tmp_path))
    assert found == [s + n for s in (0, 1000, 2000) for n in range(300)]
    assert len(list(tmp_path.iterdir())) > 3


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "other").touch()
    (tmp_path / "log" / "dam.log").symlink_to(tmp_path / "other")
    written = log(tmp_path / "log" / "dam.log")
    written.write("pass", photos=1)
    assert (tmp_path / "other").read_bytes() == b""
    (tmp_path / "log" / "dam.log").unlink()
    written.write("pass", photos=2)
    # The line that could not be written is counted by the next one.
    assert lines(tmp_path / "log")[0]["lost"] == 1


def test_who_may_not_write_goes_on(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    tmp_path.chmod(0o755)
    (tmp_path / "log").mkdir(mode=0o700)
    assert in_child(lambda: log(tmp_path / "log" / "dam.log").write("pass"), user=65534) == 0
    assert lines(tmp_path / "log") == []


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    place = tmp_path / "tiny"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_costs_lines_and_tells_how_many(tiny: Path) -> None:
    written = log(tiny / "dam.log", max_bytes=1 << 20)
    for number in range(2000):
        written.write("pass", photos=number)
    data = (tiny / "dam.log").read_bytes()
    (tiny / "dam.log").write_bytes(data[:4096].rpartition(b"\n")[0] + b"\n")
    written.write("pass", photos=2000)
    last = json.loads((tiny / "dam.log").read_bytes().splitlines()[-1])
    whole = data.rpartition(b"\n")[0].count(b"\n") + 1
    assert last["photos"] == 2000
    assert last["lost"] == 2000 - whole > 0
