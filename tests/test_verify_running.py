"""`dam verify` beside a run, after one that was killed, on any changed byte, and at length."""

from __future__ import annotations

import subprocess
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.adapters import survey
from dam.adapters.desk import open_desk
from dam.adapters.settings import Workspace as Paths
from dam.adapters.settings import load_settings
from dam.cli.context import now
from dam.core.verification import Code, Depth, Finding
from dam.flows import verify as flow
from tests import family, photos
from tests.faults import harness
from tests.verifying import Whole, failures, notes, verify, whole
from tests.workspaces import NOBODY, Workspace, environment, sha256


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """One that every example changes and puts right again."""
    return whole(tmp_path_factory, tmp_path_factory.mktemp("kept"))


def _covered(made: Whole) -> list[Path]:
    """Every file whose bytes are recorded somewhere: stores, archive, caches, checkpoints, keys."""
    patterns = ("originals/*/*", "renditions/*/*.jpg", "checkpoints/*.json", "keys/*")
    found = [path for pattern in patterns for path in made.private.glob(pattern)]
    return sorted((*found, *made.workspace.archive.glob("*/*/*/*.jpg")))


@settings(max_examples=12)
@given(data=st.data())
def test_any_changed_byte_is_found(kept: Whole, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_covered(kept)))
    before, mode = path.read_bytes(), path.stat().st_mode
    at = data.draw(st.integers(0, len(before) - 1))
    byte = data.draw(st.integers(1, 255))
    path.chmod(0o600)
    try:
        path.write_bytes(before[:at] + bytes([before[at] ^ byte]) + before[at + 1 :])
        path.chmod(mode)
        found = failures(kept.workspace)
        assert any(path.name[:12] in place for _, place in found) or "keys" in path.parts, found
        assert found or path.name.endswith(".pem"), (path, at, byte)
    finally:
        path.chmod(0o600)
        path.write_bytes(before)
        path.chmod(mode)


# --- beside others ------------------------------------------------------------------------


def _flow(made: Whole, **more: object) -> list[Finding]:
    root = made.workspace.root
    chosen = load_settings(root, {})
    with open_desk(Paths.at(root, chosen), chosen, now, reading=True) as desk:
        return list(flow.verify(desk, Depth(), **more).findings)  # type: ignore[arg-type]


@pytest.fixture
def made(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return whole(tmp_path_factory, tmp_path)


def test_what_moves_meanwhile_is_looked_at_again(
    made: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is away for a moment is not told; one that stays away is, after three looks."""
    monkeypatch.setattr(survey, "at_work", lambda lock, database: True)
    path = made.filed()
    data = path.read_bytes()
    path.unlink()
    waited: list[float] = []

    def back(seconds: float) -> None:
        waited.append(seconds)
        path.write_bytes(data)

    assert _flow(made, sleep=back) == []
    assert len(waited) == 1
    path.unlink()
    waited.clear()
    (found,) = _flow(made, sleep=waited.append)
    assert found.code is Code.ARCHIVE_MISSING
    assert len(waited) == 3


def test_a_withdrawal_meanwhile_is_no_failure(made: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture has left the archive between the look at the catalogue and that at the disk."""
    monkeypatch.setattr(survey, "at_work", lambda lock, database: True)
    asset = family.asset(made.workspace, "a.jpg")
    (path,) = made.workspace.archive.rglob(f"*-{asset}.jpg")
    path.unlink()

    def taken_back(seconds: float) -> None:
        if made.workspace.rows("SELECT * FROM restrictions") == []:
            family.withdraw(made.workspace)

    told = [f for f in _flow(made, sleep=taken_back) if f.failed]
    # What was listed before the withdrawal was looked at again after it.
    assert told == []


def test_a_new_original_is_in_flight_while_somebody_is_at_work(
    made: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "at_work", lambda lock, database: True)
    data = b"just stored"
    place = made.workspace.original(sha256(data))
    place.parent.mkdir(mode=0o700, exist_ok=True)
    place.write_bytes(data)
    place.chmod(0o400)
    (found,) = _flow(made, sleep=lambda seconds: None)
    assert found.code is Code.IN_FLIGHT
    monkeypatch.setattr(survey, "at_work", lambda lock, database: False)
    (found,) = _flow(made)
    assert found.code is Code.ORIGINAL_EXTRA


def test_whoever_has_the_catalogue_open_is_seen(made: Whole) -> None:
    lock, database = made.private / "lock", made.private / "catalogue.db"
    assert not survey.at_work(lock, database)
    script = (
        "import fcntl, sys\n"
        f"file = open({str(lock)!r}, 'r+')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        ["python3", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        assert survey.at_work(lock, database)
        other.stdin.close()


@pytest.mark.slow
def test_beside_a_watcher_that_takes_in_photographs_nothing_fails(made: Whole) -> None:
    with subprocess.Popen(
        made.workspace.command("watch"),
        env=environment({"DAM_INBOX__SCAN_SECONDS": "0.2"}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as watcher:
        try:
            for number in range(30):
                made.workspace.drop(f"n{number}.jpg", photos.plain(50 + number, 96, 64), NOBODY)
                if number % 3 == 0:
                    assert failures(made.workspace) == set()
        finally:
            watcher.terminate()
    assert failures(made.workspace) == set()


# --- after a kill -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Server]:
    started = harness.Server(tmp_path_factory.mktemp("server"))
    yield started
    started.close()


@pytest.mark.slow
@pytest.mark.parametrize("call", ["link", "unlink"])
@pytest.mark.parametrize("number", [1, 9])
def test_after_a_kill_and_the_next_run_all_is_sound(
    tmp_path: Path, server: harness.Server, call: str, number: int
) -> None:
    workspace = harness.prepare(tmp_path / "w")
    server.run(workspace, harness.Point(call, number, "KILL"))
    workspace.ingest()
    assert failures(workspace) == set()
    assert notes(workspace) == set()


# --- really on a disk for reading only ----------------------------------------------------


@pytest.mark.slow
def test_a_disk_that_is_mounted_for_reading_only(made: Whole) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if subprocess.run(["mount", "--bind", made.workspace.root, root]).returncode:
            pytest.skip("nothing can be mounted here")
        try:
            done = subprocess.run(["mount", "-o", "remount,bind,ro", root])
            if done.returncode:
                pytest.skip("nothing can be mounted for reading only here")
            assert failures(Workspace(root)) == set()
        finally:
            subprocess.run(["umount", root], check=True)


# --- at length ----------------------------------------------------------------------------


_COPY = (
    "INSERT INTO sidecar_versions (kind, sha256, slot, shown, folder_key, name_key, seen_at) "
    "SELECT kind, ?, slot, shown, folder_key, name_key, seen_at FROM sidecar_versions LIMIT 1"
)


def _more(made: Whole, numbers: range) -> None:
    """So many earlier versions of a sidecar, on record and in the store."""
    digests = []
    for number in numbers:
        data = str(number).encode()
        digests.append(sha256(data))
        place = made.workspace.original(digests[-1])
        place.parent.mkdir(mode=0o700, exist_ok=True)
        place.write_bytes(data)
        place.chmod(0o400)
    made.change_many(_COPY, [(digest,) for digest in digests])


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_originals(made: Whole) -> None:
    peaks = []
    for numbers in (range(1_000), range(1_000, 40_000)):
        _more(made, numbers)
        tracemalloc.start()
        code, told = verify(made.workspace)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert code == 0
    checked = {each["what"]: each["number"] for each in told["checked"]}
    assert checked["originals"] == 40_008
    # A page of rows and what is not collected yet: at most 8 MB in all. 40,000 digests alone, each
    # with its entry, would be more.
    assert peaks[1] < 9_000_000, peaks
