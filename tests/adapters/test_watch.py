"""The watcher with the real watchdog: it wakes, it survives, it never lies about deletion."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.observers.api import BaseObserver

from dam.adapters.inbox import scan
from dam.adapters.inbox_watch import Watcher

SOON = 10.0
BEAT = 0.1


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "inbox"
    made.mkdir()
    return made


@pytest.fixture(params=[False, True], ids=["events", "polling"])
def watcher(root: Path, request: pytest.FixtureRequest) -> Iterator[Watcher]:
    with Watcher(root, polling=request.param, heartbeat=BEAT, poll_seconds=BEAT) as started:
        yield started


def until(watcher: Watcher, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + SOON
    while not condition() and time.monotonic() < end:
        watcher.wait(BEAT)
    return condition()


def drain(watcher: Watcher) -> None:
    while watcher.wait(5 * BEAT):
        pass


def test_nothing_happens_and_time_passes(watcher: Watcher) -> None:
    begun = time.monotonic()
    assert not watcher.wait(3 * BEAT)
    assert time.monotonic() - begun >= 3 * BEAT


def test_a_written_a_moved_and_a_linked_file_wake(
    watcher: Watcher, root: Path, tmp_path: Path
) -> None:
    (root / "a.jpg").write_bytes(b"x")
    assert watcher.wait(SOON)
    drain(watcher)
    (tmp_path / "b.jpg").write_bytes(b"x")
    (tmp_path / "b.jpg").rename(root / "b.jpg")
    assert watcher.wait(SOON)
    drain(watcher)
    os.link(root / "a.jpg", root / "c.jpg")
    assert watcher.wait(SOON)
    drain(watcher)
    (tmp_path / "tree/sub").mkdir(parents=True)
    (tmp_path / "tree").rename(root / "tree")
    assert watcher.wait(SOON)
    drain(watcher)
    (root / "tree/sub/d.jpg").write_bytes(b"x")
    assert watcher.wait(SOON)


def test_scanning_and_reading_do_not_wake(watcher: Watcher, root: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub/a.jpg").write_bytes(b"x")
    assert watcher.wait(SOON)
    drain(watcher)
    scan(root)
    (root / "sub/a.jpg").read_bytes()
    assert not watcher.wait(5 * BEAT)


def test_a_share_that_vanishes_and_returns(watcher: Watcher, root: Path) -> None:
    away = root.with_name("away")
    root.rename(away)
    assert until(watcher, lambda: watcher.root_missing)
    assert not watcher.wait(2 * BEAT)
    away.rename(root)
    assert watcher.wait(SOON)
    assert not watcher.root_missing
    drain(watcher)
    (root / "a.jpg").write_bytes(b"x")
    assert watcher.wait(SOON)


def test_another_folder_in_its_place_is_watched(watcher: Watcher, root: Path) -> None:
    root.rename(root.with_name("old"))
    root.mkdir()
    assert watcher.wait(SOON)
    drain(watcher)
    (root / "a.jpg").write_bytes(b"x")
    assert watcher.wait(SOON)


def test_a_dead_observer_is_replaced(watcher: Watcher, root: Path) -> None:
    observer = watcher._observer
    assert observer is not None
    for emitter in observer.emitters.copy():
        emitter.stop()
        emitter.join()
    assert watcher.wait(SOON)
    drain(watcher)
    (root / "a.jpg").write_bytes(b"x")
    assert watcher.wait(SOON)


def test_stop_ends_a_wait_in_another_thread(watcher: Watcher) -> None:
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(watcher.wait(60)))
    waiting.start()
    watcher.stop()
    waiting.join(SOON)
    assert answers == [False]
    assert not watcher.wait(60)


def test_a_root_that_is_missing_at_the_start(tmp_path: Path) -> None:
    root = tmp_path / "later"
    with Watcher(root, heartbeat=BEAT) as watcher:
        assert watcher.root_missing
        root.mkdir()
        assert watcher.wait(SOON)


def test_where_the_system_cannot_watch_it_says_so(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_watches(*_: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(BaseObserver, "start", no_watches)
    with Watcher(root, heartbeat=BEAT) as watcher:
        assert "inotify watch limit reached" in watcher.trouble
        assert not watcher.wait(2 * BEAT)
