"""What happens to a photograph on which the process that decodes it dies, hangs or talks nonsense.

The children are the real ones; what is put into them makes them end for real (a signal, a
segmentation fault, the kernel's limits) where they open a file that asks for it.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dam.adapters.desk import open_desk
from dam.adapters.settings import Workspace as Places
from dam.adapters.settings import load_settings
from dam.core.model import Disposition
from dam.flows import ingest
from dam.flows.ingest.memory import Memory
from tests import photos
from tests.workspaces import NOBODY, Json, Workspace, by_source, environment, sha256

#: Put into every child by `sitecustomize`: notes its process id for each file that it opens, then
#: does what the last word of the file says. DIED is there once the photograph `once` was opened.
_SABOTAGE = """
import ctypes, gc, os, resource, signal, socket, sys, time
HERE = os.path.dirname(os.path.abspath(__file__))

def wire(body):
    for thing in gc.get_objects():
        if isinstance(thing, socket.socket):
            thing.sendall(body)
    time.sleep(1000)

def spin():
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + 1, resource.RLIM_INFINITY))
    while True:
        pass

def grow():
    kept = []
    while True:
        kept.append(bytearray(1 << 24))

def once():
    try:
        os.mkdir(HERE + "/DIED")
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGSEGV)

DOES = {
    b"oom": lambda: os.kill(os.getpid(), signal.SIGKILL),
    b"segv": lambda: ctypes.string_at(0),
    b"cpu": spin,
    b"memory": grow,
    b"hang": lambda: time.sleep(1000),
    b"noise": lambda: wire(b"\\0\\0\\0\\x05hello"),
    b"length": lambda: wire(b"\\xff" * 5000),
    b"leave": lambda: os._exit(0),
    b"once": once,
}

if "dam.adapters.darkroom_child" in sys.orig_argv:
    if os.path.exists(HERE + "/REFUSE"):
        os._exit(1)
    from dam.adapters import imaging
    inner = imaging.open_original

    def open_original(path, *limits, **more):
        with open(HERE + "/pids", "a") as file:
            print(os.getpid(), file=file)
        with open(path, "rb") as file:
            DOES.get(file.read().rpartition(b"ASKS ")[2], lambda: None)()
        return inner(path, *limits, **more)

    imaging.open_original = open_original
"""
_REASONS = {
    "oom": "The decoder died on this file",
    "segv": "The decoder died on this file",
    "cpu": "The decoder ran out of time on this file",
    "memory": "The picture needs more memory than is allowed",
    "hang": "The decoder ran out of time on this file",
    "noise": "The decoder gave no sensible answer on this file",
    "length": "The decoder gave no sensible answer on this file",
    "leave": "The decoder died on this file",
    "once": "The decoder died on this file",
}
_LIMITS = {"DAM_LIMITS__SECONDS": "5", "DAM_LIMITS__MEMORY_MB": "512"}


def asking(seed: int, what: str) -> bytes:
    """A sound photograph that asks the sabotaged child for `what`."""
    return photos.plain(seed, 240, 160) + b"ASKS " + what.encode()


def sabotage(folder: Path) -> dict[str, str]:
    """An environment in which every child does as photographs ask."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_SABOTAGE)
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    # One child, and no detector: it takes long to load where children are replaced so often.
    more = {"DAM_WORKERS": "1", "DAM_FACE_CHECK": "false"}
    return {"PYTHONPATH": os.pathsep.join(paths), **more, **_LIMITS}


def told(outcome: Json) -> tuple[str, str, str]:
    (reason,) = outcome["reasons"]
    return outcome["disposition"], reason["message"], reason["advice"]


def test_each_death_costs_its_photograph_and_never_the_run(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    env = sabotage(tmp_path / "s")
    bodies = {f"{what}.jpg": asking(n, what) for n, what in enumerate(_REASONS)}
    for name, body in {**bodies, **{f"fine{n}.jpg": asking(90 + n, "-") for n in range(4)}}.items():
        workspace.drop(name, body, NOBODY)
    found = by_source(workspace.ingest(env=env))
    advice = set()
    for what, reason in _REASONS.items():
        disposition, message, hint = told(found.pop(f"{what}.jpg"))
        assert (disposition, message) == ("quarantined", reason)
        advice.add(hint)
    (once_more,) = advice
    assert "once more" in once_more
    # Without a detector nothing is approved; that they were looked at is what counts.
    assert {outcome["disposition"] for outcome in found.values()} == {"held"}
    assert workspace.dropped() == workspace.leftovers() == []
    for body in bodies.values():
        assert workspace.original(sha256(body)).read_bytes() == body
    # One child serves until it dies: no more of them than deaths, and one.
    pids = (tmp_path / "s" / "pids").read_text().split()
    # The one that was killed from outside was looked at once more at once.
    assert len(pids) == len(bodies) + 4 + 1
    assert len(set(pids)) <= len(bodies) + 2

    again = by_source(workspace.ingest(env=env))
    assert again.pop("once.jpg")["disposition"] == "held"
    assert set(again) == set(bodies) - {"once.jpg"}
    for outcome in again.values():
        assert outcome["disposition"] == "quarantined"
        assert told(outcome)[2] not in ("", once_more)
    # The second verdict is the last one.
    assert workspace.ingest(env=env)["assets"] == []


def test_one_child_serves_one_photograph_after_the_other(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    for n in range(6):
        workspace.drop(f"{n}.jpg", photos.plain(n, 240, 160))
    workspace.ingest(env=sabotage(tmp_path / "s"))
    pids = (tmp_path / "s" / "pids").read_text().split()
    assert len(pids) == 6
    assert len(set(pids)) == 1


def test_where_no_child_starts_everything_waits(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    env = sabotage(tmp_path / "s") | {"DAM_FACE_CHECK": "true"}
    for n in range(2):
        workspace.drop(f"{n}.jpg", photos.plain(n, 240, 160), NOBODY)
    (tmp_path / "s" / "REFUSE").mkdir()
    report = workspace.json("ingest", code=2, env=env)
    assert report["counts"]["waiting"] == 2 == sum(report["counts"].values())
    assert len(workspace.dropped()) == 4
    (tmp_path / "s" / "REFUSE").rmdir()
    assert workspace.ingest(env=env | {"DAM_LIMITS__SECONDS": "120"})["counts"]["approved"] == 2
    assert workspace.dropped() == []


def test_a_watcher_tries_again_on_another_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("a.jpg", asking(1, "oom"))
    for name, value in environment(sabotage(tmp_path / "s")).items():
        monkeypatch.setenv(name, value)
    clock = [datetime(2026, 11, 20, 9, 0, tzinfo=UTC)]
    settings = load_settings(workspace.root, sabotage(tmp_path / "t") | {"PYTHONPATH": ""})
    places = Places.at(workspace.root, settings)
    memory, tried = Memory(), []
    with (
        open_desk(places, settings, lambda: clock[0], writing=True) as desk,
        desk.darkroom() as room,
    ):
        for hours in (0, 1, 24, 48):
            clock[0] = datetime(2026, 11, 20, 9, 0, tzinfo=UTC) + timedelta(hours=hours)
            report = ingest.run(desk, room, lambda found: True, memory=memory)
            tried.append([outcome.became.value for outcome in report.outcomes])
        assert [row.disposition for row in desk.catalog.assets()] == [Disposition.QUARANTINED]
    assert tried == [["quarantined"], [], ["quarantined"], []]
