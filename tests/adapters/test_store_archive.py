"""The archive, and both stores killed, full and failing: never half, never overwritten."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dam.adapters.archive import Archive
from dam.adapters.store import OriginalStore, remove_source
from dam.core.errors import IntegrityError, StorageError
from tests.adapters.disk import DATA, LIMIT, NAME, in_child, mode, plain_files, sha


@pytest.fixture
def originals(tmp_path: Path) -> OriginalStore:
    (tmp_path / "originals").mkdir()
    return OriginalStore(tmp_path / "originals")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    (tmp_path / "archive").mkdir()
    return Archive(tmp_path / "archive")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "IMG_1.JPG"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def no_hard_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)


# the archive


def test_publishes(archive: Archive, photo: Path, tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        archive.publish(photo, NAME, sha(DATA))
        archive.publish(photo, NAME, sha(DATA))
    finally:
        os.umask(umask)
    path = tmp_path / "archive" / NAME
    assert path.read_bytes() == DATA
    assert mode(path) == 0o644
    assert [mode(folder) for folder in list(path.parents)[:3]] == [0o755] * 3
    assert list(archive.files()) == [NAME]
    assert archive.digest(NAME) == sha(DATA)
    assert path.stat().st_nlink == 1
    assert not photo.exists()


@pytest.mark.parametrize("links", [True, False])
def test_publishing_never_overwrites(
    archive: Archive, photo: Path, links: bool, request: pytest.FixtureRequest
) -> None:
    if not links:
        request.getfixturevalue("no_hard_links")
    archive.publish(photo, NAME, sha(DATA))
    archive.publish(photo, NAME, sha(DATA))
    photo.write_bytes(b"other")
    with pytest.raises(IntegrityError, match="Another file"):
        archive.publish(photo, NAME, sha(b"other"))
    assert archive.digest(NAME) == sha(DATA)
    assert list(photo.parent.rglob("*.part")) == []


@pytest.mark.usefixtures("no_hard_links")
def test_a_claim_left_by_a_crash_is_filled(archive: Archive, photo: Path, tmp_path: Path) -> None:
    path = tmp_path / "archive" / NAME
    path.parent.mkdir(parents=True)
    path.touch()
    archive.publish(photo, NAME, sha(DATA))
    assert archive.digest(NAME) == sha(DATA)
    assert mode(path) == 0o644


def test_other_bytes_are_not_published(archive: Archive, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="not what was recorded"):
        archive.publish(photo, NAME, sha(b"other"))
    assert plain_files(tmp_path / "archive") == []
    with pytest.raises(StorageError):
        archive.publish(tmp_path / "gone", NAME, sha(DATA))


def test_a_link_is_no_rendition(archive: Archive, photo: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.jpg"
    link.symlink_to(photo)
    with pytest.raises(IntegrityError, match="not a file"):
        archive.publish(link, NAME, sha(DATA))
    assert list(archive.files()) == []
    assert not list((tmp_path / "archive").rglob("*.part"))
    assert photo.read_bytes() == DATA


@pytest.mark.parametrize(
    "relative",
    [
        "../x.jpg",
        "/2021/11/18/a.jpg",
        "2021/11/18/../a.jpg",
        "2021/13/18/a.jpg",
        "2021/11/32/a.jpg",
        "2021/11/18/a.png",
        "2021/11/18/A b.jpg",
        "2021/11/18/.jpg",
        "2021/11/18/a.jpg\n",
        "٢٠٢١/11/18/a.jpg",
        "a.jpg",
        "",
    ],
)
def test_only_generated_names(archive: Archive, photo: Path, relative: str) -> None:
    with pytest.raises(IntegrityError, match="Not a generated"):
        archive.publish(photo, relative, sha(DATA))
    with pytest.raises(IntegrityError):
        archive.remove(relative)


def test_a_linked_year_is_not_followed(archive: Archive, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "archive/2021").symlink_to(tmp_path / "outside")
    with pytest.raises(StorageError):
        archive.publish(photo, NAME, sha(DATA))
    with pytest.raises(StorageError):
        archive.remove(NAME)
    assert list((tmp_path / "outside").iterdir()) == []
    assert list(archive.files()) == ["2021"]


def test_a_folder_closed_by_a_person_stays_closed(
    archive: Archive, photo: Path, tmp_path: Path
) -> None:
    archive.publish(photo, NAME, sha(DATA))
    day = tmp_path / "archive/2021/11/18"
    day.chmod(0o750)
    photo.write_bytes(DATA)
    archive.publish(photo, NAME.replace("k7", "k8"), sha(DATA))
    assert mode(day) == 0o750


def test_removing_prunes_empty_dates(archive: Archive, photo: Path, tmp_path: Path) -> None:
    other = "2021/11/19/20211119-aaaaaa.jpg"
    archive.publish(photo, NAME, sha(DATA))
    photo.write_bytes(DATA)
    archive.publish(photo, other, sha(DATA))
    archive.remove(NAME)
    archive.remove(NAME)
    assert list(archive.files()) == [other]
    assert not (tmp_path / "archive/2021/11/18").exists()
    archive.remove(other)
    assert list((tmp_path / "archive").iterdir()) == []
    assert archive.digest(other) is None


def test_files_tells_all_that_lies_there(archive: Archive, photo: Path, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    archive.publish(photo, NAME, sha(DATA))
    (root / "README.md").touch()
    (root / "2021/stray.txt").touch()
    (root / "2021/link").symlink_to("/etc")
    (root / "2021" / os.fsdecode(b"\xff")).touch()
    part = root / f"2021/11/18/.dam-{'0' * 16}.part"
    part.touch()
    assert set(archive.files()) == {NAME, "2021/stray.txt", "2021/link", "2021/\udcff"}
    assert archive.sweep() == 1
    assert not part.exists()


# killed at every step

STEPS = ("open", "mkdir", "write", "fsync", "fchmod", "link", "replace", "unlink", "close")


def killed_at(step: int, work: Callable[[], object]) -> int:
    """Runs `work` in a child that is killed right before its call number `step`."""

    def child() -> None:
        calls = 0

        def counting(real: Callable[..., object]) -> Callable[..., object]:
            def call(*args: Any, **kwargs: Any) -> object:  # noqa: ANN401
                nonlocal calls
                calls += 1
                if calls == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **kwargs)

            return call

        for name in STEPS:
            setattr(os, name, counting(getattr(os, name)))
        work()

    return in_child(child)


@pytest.mark.parametrize("links", [True, False])
def test_killed_at_any_call_and_run_again(
    tmp_path: Path, links: bool, request: pytest.FixtureRequest
) -> None:
    if not links:
        request.getfixturevalue("no_hard_links")
    step, status = 0, -signal.SIGKILL
    while status == -signal.SIGKILL:
        step += 1
        top = tmp_path / str(step)
        for name in ("inbox", "originals", "archive"):
            (top / name).mkdir(parents=True)
        photo = top / "inbox/a.jpg"
        photo.write_bytes(DATA)
        originals, archive = OriginalStore(top / "originals"), Archive(top / "archive")

        def work(
            originals: OriginalStore = originals, archive: Archive = archive, photo: Path = photo
        ) -> None:
            if photo.exists():
                taken = originals.take(photo, LIMIT)
                made = photo.with_name("made")
                made.write_bytes(DATA)
                archive.publish(made, NAME, taken.sha256)
                made.unlink(missing_ok=True)
                assert remove_source(photo, taken)

        status = killed_at(step, work)
        assert status in (0, -signal.SIGKILL)
        for relative in archive.files():
            half = (top / "archive" / relative).read_bytes()
            assert half == DATA or (not links and half == b"")
        originals.sweep()
        archive.sweep()
        work()
        assert not photo.exists()
        assert set(plain_files(top)) == {originals.path(sha(DATA)), top / "archive" / NAME}
        assert originals.verify(sha(DATA))
        assert archive.digest(NAME) == sha(DATA)
        assert mode(top / "archive/2021") == mode(top / "archive/2021/11/18") == 0o755
        shutil.rmtree(top)
    assert step > 30


# failing disks


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("write", errno.ENOSPC),
        ("write", errno.EIO),
        ("fsync", errno.EIO),
        ("fsync", errno.EDQUOT),
        ("link", errno.ENOSPC),
        ("link", errno.EROFS),
        ("mkdir", errno.EACCES),
        ("fchmod", errno.EPERM),
    ],
)
def test_a_failing_disk_leaves_nothing_half(
    originals: OriginalStore,
    archive: Archive,
    photo: Path,
    call: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = getattr(os, call)
    for work in (
        lambda: originals.take(photo, LIMIT),
        lambda: archive.publish(photo, NAME, sha(DATA)),
    ):
        for when in range(30):
            photo.write_bytes(DATA)
            calls = 0

            def failing(*args: Any, _when: int = when, **kwargs: Any) -> object:  # noqa: ANN401
                nonlocal calls
                calls += 1
                if calls > _when:
                    raise OSError(code, os.strerror(code))
                return real(*args, **kwargs)

            monkeypatch.setattr(os, call, failing)
            told: StorageError | None = None
            try:
                work()
            except StorageError as error:
                told = error
            monkeypatch.setattr(os, call, real)
            if told is None:
                break
            assert told.hint
            assert str(photo.parent) not in str(told)
            assert not list(photo.parent.rglob("*.part"))
            for path in plain_files(photo.parent):
                assert path.read_bytes() == DATA
        else:
            pytest.fail("never got through")
        assert when > 0 or (call == "write" and not photo.exists())


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_that_is_really_full(photo: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "dam-test", small], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        with pytest.raises(StorageError, match="the disk is full"):
            OriginalStore(small).take(photo, LIMIT)
        with pytest.raises(StorageError, match="the disk is full"):
            Archive(small).publish(photo, NAME, sha(DATA))
        assert plain_files(small) == []
        photo.write_bytes(DATA[:1000])
        assert OriginalStore(small).take(photo, LIMIT).size == 1000
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        with pytest.raises(StorageError, match="read-only"):
            OriginalStore(small).put_bytes(b"x")
        with pytest.raises(StorageError, match="read-only"):
            Archive(small).remove(NAME)
    finally:
        subprocess.run(["umount", small], check=True)
