"""Thousands of photographs at once, dropped while nobody watches: none is lost, and the memory
of the process that owns the catalogue does not grow with them (faults, row 5)."""

from __future__ import annotations

import io
import json
import random
import signal
import subprocess
import time
from pathlib import Path

import piexif
import pytest
from PIL import Image

from dam.adapters.desk import open_desk
from dam.adapters.settings import Workspace as Paths
from dam.adapters.settings_models import InboxSettings, Settings
from dam.cli.context import now
from dam.flows import ingest as flow
from dam.flows.ingest.memory import Memory
from dam.flows.ingest.run import run
from tests import photos
from tests.test_attacks import WITHDRAWN, agreed
from tests.workspaces import PHOTOGRAPHER, Workspace, environment

LIMIT_MB = 300
#: How much the parent may grow while nine tenths of the photographs are settled.
FLAT_MB = 25
SHEET = f"schema: dam/shoot/1\nphotographer: {PHOTOGRAPHER}\npeople: none\n"


def tiny(seed: int) -> bytes:
    """A picture of 64 by 48 pixels, each seed another one."""
    dots = Image.frombytes("RGB", (8, 6), random.Random(seed).randbytes(8 * 6 * 3))
    taken = piexif.dump({"Exif": {piexif.ExifIFD.DateTimeOriginal: photos.CAPTURED.encode()}})
    out = io.BytesIO()
    dots.resize((64, 48)).save(out, "JPEG", exif=taken)
    return out.getvalue()


def fill(workspace: Workspace, count: int) -> None:
    """`count` photographs in ten folders that one sheet speaks of, and what is no photograph."""
    for number in range(count):
        workspace.drop(f"day/{number % 10}/{number:05}.jpg", tiny(number))
    workspace.drop("day/clip.mov", b"no photograph")
    workspace.place("day/consent.yaml").write_text(SHEET)


def memory(pid: int) -> tuple[float, float]:
    """(VmRSS, VmHWM) of a process in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    told = dict(line.split(":", 1) for line in lines)
    rss, peak = (int(told[name].split()[0]) / 1000 for name in ("VmRSS", "VmHWM"))
    return rss, peak


def start(workspace: Workspace) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        workspace.command("watch", "--format", "json"),
        env=environment({"DAM_WORKERS": "2", "DAM_INBOX__SCAN_SECONDS": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    assert b"Watching" in process.stderr.readline()
    return process


def follow(process: subprocess.Popen[bytes], count: int) -> dict[int, tuple[float, float]]:
    """Memory at every tenth of `count` outcomes; each must be an approval."""
    assert process.stdout is not None
    samples: dict[int, tuple[float, float]] = {}
    for number, line in enumerate(process.stdout, 1):
        assert json.loads(line)["disposition"] == "approved", line
        if number % (count // 10) == 0:
            samples[number] = memory(process.pid)
            rss, peak = samples[number]
            print(f"{number} photographs: VmRSS {rss:.0f} MB, VmHWM {peak:.0f} MB", flush=True)
        if number == count:
            break
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=120)[0] == b""
    assert process.returncode == 0
    return samples


def all_accounted_for(workspace: Workspace, count: int) -> None:
    assert workspace.dropped() == ["day/clip.mov", "day/consent.yaml"]
    assert len(workspace.filed()) == count
    one = "SELECT count(*), count(DISTINCT {}) FROM {}"
    assert workspace.rows(one.format("sha256", "assets")) == [(count, count)]
    assert workspace.rows(one.format("name", "provenance")) == [(count, count)]
    received = "SELECT count(*) FROM events WHERE type = 'asset.received'"
    assert workspace.rows(received) == [(count,)]
    status = workspace.ask("status")
    assert (status["due"], status["inbox"], sum(status["left_alone"].values())) == (0, 0, 1)
    assert workspace.leftovers() == []


def flat(samples: dict[int, tuple[float, float]]) -> None:
    first, *_, last = samples.values()
    assert last[1] < LIMIT_MB
    assert last[1] - first[0] < FLAT_MB


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    if not Path("/proc/self/status").exists():
        pytest.skip("there is no /proc here")
    return Workspace.init(tmp_path / "w")


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_photographs_while_the_watcher_is_frozen(workspace: Workspace, count: int) -> None:
    """SIGSTOP: events pile up unread, as in a suspended machine; more than one round follows."""
    with start(workspace) as process:
        try:
            process.send_signal(signal.SIGSTOP)
            fill(workspace, count)
            process.send_signal(signal.SIGCONT)
            flat(follow(process, count))
        finally:
            process.kill()
    all_accounted_for(workspace, count)


@pytest.mark.slow
def test_10000_photographs_while_no_watcher_runs(workspace: Workspace) -> None:
    fill(workspace, 10_000)
    begin = time.monotonic()
    with start(workspace) as process:
        try:
            samples = follow(process, 10_000)
        finally:
            process.kill()
    print(f"10000 photographs in {time.monotonic() - begin:.0f} s")
    flat(samples)
    all_accounted_for(workspace, 10_000)


def test_a_withdrawal_does_not_wait_for_the_flood(workspace: Workspace) -> None:
    """Dropped in the middle of many photographs, it counts in the next round, before them."""
    workspace.drop("a.jpg", photos.plain(1, 96, 64), agreed())
    fill(workspace, 12)
    settings = Settings(workers=2, inbox=InboxSettings(quiet_seconds=0))
    paths = Paths.at(workspace.root.resolve(), settings)
    memory = Memory(round=4)
    told: list[flow.Outcome] = []
    progress = flow.Progress(done=told.append)
    with (
        open_desk(paths, settings, now, writing=True, alone=True) as desk,
        desk.darkroom() as room,
    ):
        assert run(desk, room, lambda found: True, progress, memory).more
        assert {(o.source, o.became) for o in told} >= {("a.jpg", flow.Became.APPROVED)}
        assert len(workspace.filed()) == 4
        workspace.say("a.jpg", agreed(WITHDRAWN))
        before = len(told)
        assert run(desk, room, lambda found: True, progress, memory).more, "all went before it"
        assert (told[before].source, told[before].became) == ("a.jpg", flow.Became.REFUSED)
        while run(desk, room, lambda found: True, progress, memory).more:
            pass
    assert len(workspace.filed()) == 12
    assert len(told) == 14
    assert memory.flights == {}
