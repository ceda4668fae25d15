"""`dam watch` as a person or an init system meets it: signals, a second one, sidecars, oddities."""

from __future__ import annotations

import json
import os
import pty
import queue
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dam.core import errors
from tests import photos
from tests.faults.test_kill import descendants
from tests.test_attacks import WITHDRAWN, agreed, picture
from tests.workspaces import NOBODY, Json, Workspace, environment, sha256

SOON = 90.0
QUICK = {"DAM_INBOX__SCAN_SECONDS": "0.5", "DAM_WORKERS": "1"}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def eventually(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@dataclass
class Running:
    """A watcher; what it tells, in the order told."""

    process: subprocess.Popen[bytes]
    outcomes: queue.Queue[Json]
    notes: list[str]

    def next(self) -> Json:
        return self.outcomes.get(timeout=SOON)

    def noted(self, words: str) -> list[str]:
        """The notes with these words in them, once there is one."""
        eventually(lambda: any(words in note for note in self.notes), words)
        return [note for note in self.notes if words in note]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(SOON)


@contextmanager
def watching(workspace: Workspace, **more: str) -> Iterator[Running]:
    process = subprocess.Popen(
        workspace.command("watch", "--format", "json"),
        env=environment({**QUICK, **more}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    running = Running(process, queue.Queue(), [])

    def hear() -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                running.outcomes.put(json.loads(line))

    def note() -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                running.notes.append(line.decode())

    readers = [threading.Thread(target=target) for target in (hear, note)]
    for reader in readers:
        reader.start()
    try:
        running.noted("Watching")
        yield running
    finally:
        process.kill()
        process.wait()
        for reader in readers:
            reader.join(SOON)
    assert not any("Traceback" in note or "defect" in note for note in running.notes)


# --- ends -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_a_photograph_is_rendered(
    workspace: Workspace, number: signal.Signals
) -> None:
    """The one under way is finished, the others wait; nothing is half, and the end is clean."""
    for seed in range(12):
        workspace.drop(f"{seed}.jpg", photos.jpeg(seed, 1200, 900), NOBODY)
    work = workspace.root / ".dam" / "work"
    with watching(workspace) as running:
        # What is rendered may lie there too shortly to be seen; then the next one is under way.
        eventually(
            lambda: any(work.iterdir()) or not running.outcomes.empty(), "nothing is rendered"
        )
        children = descendants(running.process.pid)
        assert running.end(number) == 0
    assert workspace.leftovers() == []
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    done, waiting = len(workspace.filed()), workspace.ask("status")["inbox"]
    assert done >= 1
    assert waiting >= 1, "the end waited for all of them"
    assert done + waiting == 12
    assert workspace.ingest()["counts"]["approved"] == waiting
    assert len(workspace.filed()) == len(workspace.assets()) == 12
    assert workspace.dropped() == []


def _on_a_terminal() -> None:
    """Its own terminal, and deaf to it closing no longer, as tests started under nohup are."""
    os.close(os.open(os.ttyname(0), os.O_RDWR))
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def test_a_terminal_that_is_closed(workspace: Workspace) -> None:
    """SIGHUP, and nobody reads what it says last; it ends in order all the same."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        workspace.command("watch"),
        env=environment(QUICK),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_on_a_terminal,
    )
    os.close(theirs)
    try:
        assert select.select([ours], [], [], SOON)[0]
        assert b"Watching" in os.read(ours, 1000)
        workspace.drop("a.jpg", photos.jpeg(1, 480, 320), NOBODY)
        eventually(lambda: workspace.dropped() == [], "the photograph is not taken")
        os.close(ours)
        assert process.wait(SOON) == 0
    finally:
        process.kill()
        process.wait()
    assert len(workspace.filed()) == 1


# --- one at a time --------------------------------------------------------------------------


def test_a_second_one_is_refused_and_a_killed_one_leaves_no_lock(workspace: Workspace) -> None:
    """Row 20; `dam ingest` and `dam watch` alike, while questions are answered."""
    with watching(workspace) as first:
        pid = first.process.pid
        for verb in ("watch", "ingest"):
            done = workspace.run(verb, code=errors.USAGE)
            assert f"another dam (process {pid}) is working on this workspace".encode() in (
                done.stderr
            )
        assert workspace.json("status")["due"] == 0
        workspace.drop("a.jpg", photos.jpeg(1, 480, 320), NOBODY)
        assert first.next()["disposition"] == "approved"
        eventually(lambda: workspace.dropped() == [], "the source stays")
        first.end(signal.SIGKILL)
    workspace.drop("b.jpg", photos.jpeg(2, 480, 320), NOBODY)
    with watching(workspace) as second:
        assert second.next()["source"] == "b.jpg"
        assert second.end() == 0


# --- sidecars -------------------------------------------------------------------------------


def test_sidecars_before_after_alone_changed_and_deleted(workspace: Workspace) -> None:
    """Row 9, while a watcher runs."""
    with watching(workspace) as running:
        # Alone: reported, and it waits for its photograph.
        workspace.say("before.jpg", agreed())
        assert len(running.noted("before.jpg.consent.yaml: no photo of this name")) == 1
        workspace.drop("before.jpg", picture(1))
        before = running.next()
        assert (before["source"], before["disposition"]) == ("before.jpg", "approved")
        # After.
        workspace.drop("after.jpg", picture(2))
        assert running.next()["disposition"] == "held"
        workspace.say("after.jpg", NOBODY)
        after = running.next()
        assert (after["asset"] != before["asset"], after["disposition"]) == (True, "approved")
        # Deleting what lies there widens nothing: a sheet that says nobody, then is gone.
        sheet = workspace.place("shoot/consent.yaml")
        workspace.drop("shoot/c.jpg", picture(3))
        held = running.next()
        assert held["disposition"] == "held"
        sheet.write_text(agreed(WITHDRAWN).replace("dam/photo/1", "dam/shoot/1"))
        # Changed to "no", by a record of the same consent: what was published leaves.
        told = {o["asset"]: o["disposition"] for o in (running.next(), running.next())}
        assert told == {before["asset"]: "refused", held["asset"]: "refused"}
        assert len(workspace.filed()) == 1
        sheet.unlink()
        workspace.drop("last.jpg", picture(4), NOBODY)
        assert running.next()["source"] == "last.jpg"
        assert running.end() == 0
    assert {a["asset"]: a["disposition"] for a in workspace.assets().values()} | told == {
        a["asset"]: a["disposition"] for a in workspace.assets().values()
    }
    assert len(workspace.filed()) == 2


# --- what is no photograph ------------------------------------------------------------------


def test_what_is_left_alone_is_told_once_and_counted(workspace: Workspace, tmp_path: Path) -> None:
    """Videos, documents, zips, hidden and half-copied files, links, pipes (row 14)."""
    told = {
        "IMG_1.MOV": "a video; of a live photo only the still picture is taken",
        "form.pdf": "a document, not a photograph",
        "note.m4a": "a sound recording, not a photograph",
        "card.zip": "a compressed folder: unpack it here",
        "old.jpg.part": "a temporary file: still being written, or left over",
        ".hidden.jpg": "a hidden file",
        "list.xyz": "not a photograph and not a sidecar",
    }
    untold = {
        "Thumbs.db": "a system file",
        "sub/.DS_Store": "a system file",
        "sub/._IMG_1.JPG": "a system file",
    }
    for name in (*told, *untold):
        workspace.drop(name, b"x")
    # Still being copied: told only if it is left over.
    workspace.place("new.jpg.part").write_bytes(b"x")
    (workspace.inbox / "link.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    os.mkfifo(workspace.inbox / "pipe.jpg")
    (workspace.inbox / "folder.jpg").mkdir()
    workspace.drop("IMG_1.JPG", photos.jpeg(1, 480, 320), NOBODY)
    before = sorted(set(workspace.dropped()) - {"IMG_1.JPG", "IMG_1.JPG.consent.yaml"})
    with watching(workspace) as running:
        assert running.next()["disposition"] == "approved"
        workspace.drop("next.jpg", photos.jpeg(2, 480, 320), NOBODY)
        assert running.next()["source"] == "next.jpg"
        assert running.end() == 0
    left = [note for note in running.notes if "left alone" in note]
    assert len(left) == len(told) + 3, left
    for name, why in told.items():
        assert f"{name}: left alone ({why})\n" in left
    for name in ("link.jpg", "pipe.jpg", "folder.jpg"):
        assert any(note.startswith(f"{name}: left alone (") for note in left)
    assert workspace.dropped() == before
    status = workspace.ask("status")
    assert status["inbox"] == 0
    assert sum(status["left_alone"].values()) == len(told) + len(untold) + 4
    assert status["left_alone"]["a system file"] == len(untold)
    assert b"laiss\xc3\xa9s de c\xc3\xb4t\xc3\xa9" in workspace.run("--lang", "fr", "status").stdout


def test_a_photograph_that_cannot_be_removed_is_told_once_and_goes_when_it_can(
    workspace: Workspace,
) -> None:
    workspace.drop("locked/a.jpg", photos.jpeg(1, 480, 320), NOBODY)
    locked = workspace.place("locked")
    frozen = subprocess.run(["chattr", "+i", str(locked)], capture_output=True)
    if frozen.returncode:
        pytest.skip("chattr +i is not possible here")
    try:
        with watching(workspace) as running:
            assert running.next()["disposition"] == "approved"
            workspace.drop("b.jpg", photos.jpeg(2, 480, 320), NOBODY)
            assert running.next()["source"] == "b.jpg"
            assert len(running.noted("safe, but stays in the inbox")) == 1
            subprocess.run(["chattr", "-i", str(locked)], check=True)
            eventually(lambda: workspace.dropped() == [], "it stays for ever")
            assert running.end() == 0
            assert running.outcomes.empty()
    finally:
        subprocess.run(["chattr", "-i", str(locked)], capture_output=True)
    assert len(workspace.rows("SELECT 1 FROM provenance")) == 2
    data = photos.jpeg(1, 480, 320)
    assert workspace.original(sha256(data)).read_bytes() == data
