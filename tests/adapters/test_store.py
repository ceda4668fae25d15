"""Originals on real disks: nothing lost, nothing twice, nothing mixed."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dam.adapters import store, store_files
from dam.adapters.store import OriginalStore, Taken, remove_source
from dam.core.errors import DamError, IntegrityError, SourceChanged, StorageError, UnsafeSource
from tests.adapters.disk import DATA, LIMIT, in_child, mode, plain_files, sha


@pytest.fixture
def originals(tmp_path: Path) -> OriginalStore:
    (tmp_path / "originals").mkdir()
    return OriginalStore(tmp_path / "originals")


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


# originals


def test_takes_an_original(originals: OriginalStore, photo: Path) -> None:
    before = photo.stat()
    umask = os.umask(0)
    try:
        taken = originals.take(photo, LIMIT)
    finally:
        os.umask(umask)
    digest = sha(DATA)
    assert taken == Taken(
        digest, len(DATA), before.st_mtime_ns, before.st_dev, before.st_ino, taken.path
    )
    assert taken.path == originals.path(digest)
    assert taken.path.parts[-2:] == (digest[:2], digest)
    assert originals.read_bytes(digest) == DATA == photo.read_bytes()
    assert (mode(taken.path), mode(taken.path.parent)) == (0o400, 0o700)
    assert originals.verify(digest)
    assert plain_files(taken.path.parent.parent) == [taken.path]
    assert taken.path.stat().st_nlink == 1


def test_the_copy_does_not_follow_later_edits(originals: OriginalStore, photo: Path) -> None:
    os.link(photo, photo.with_name("elsewhere.jpg"))
    taken = originals.take(photo, LIMIT)
    photo.with_name("elsewhere.jpg").write_bytes(b"edited later")
    assert originals.read_bytes(taken.sha256) == DATA


def test_same_bytes_once_from_two_workers(originals: OriginalStore, photo: Path) -> None:
    twin = photo.with_name("twin.jpg")
    twin.write_bytes(DATA)
    with ThreadPoolExecutor(8) as pool:
        took = list(pool.map(lambda path: originals.take(path, LIMIT), [photo, twin] * 8))
    assert {one.sha256 for one in took} == {sha(DATA)}
    assert not any(one.repaired for one in took)
    assert plain_files(took[0].path.parent.parent) == [took[0].path]


def test_put_bytes_and_an_empty_original(originals: OriginalStore) -> None:
    assert originals.put_bytes(b"abc") == sha(b"abc")
    assert originals.put_bytes(b"") == sha(b"")
    assert originals.read_bytes(sha(b"")) == b""


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied", "link"])
def test_a_damaged_copy_is_repaired(originals: OriginalStore, photo: Path, damage: str) -> None:
    path = originals.take(photo, LIMIT).path
    path.unlink()
    if damage == "link":
        path.symlink_to("/etc/passwd")
    else:
        path.write_bytes({"flipped": b"!" + DATA[1:], "cut": DATA[:9], "emptied": b""}[damage])
    assert not originals.verify(path.name)
    with pytest.raises(IntegrityError):
        originals.read_bytes(path.name)
    taken = originals.take(photo, LIMIT)
    assert taken.repaired
    assert originals.read_bytes(taken.sha256) == DATA
    assert not originals.take(photo, LIMIT).repaired


@pytest.mark.usefixtures("no_hard_links")
def test_originals_without_hard_links(originals: OriginalStore, photo: Path) -> None:
    taken = originals.take(photo, LIMIT)
    assert not taken.repaired
    assert originals.verify(taken.sha256)
    assert not originals.take(photo, LIMIT).repaired
    taken.path.unlink()
    taken.path.write_bytes(b"damaged")
    assert originals.take(photo, LIMIT).repaired
    assert originals.verify(taken.sha256)


def test_unsafe_sources_are_refused_and_never_waited_for(
    originals: OriginalStore, photo: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "link.jpg").symlink_to(photo)
    (tmp_path / "folder.jpg").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.jpg"))
        for name, what in [
            ("pipe.jpg", "A pipe"),
            ("link.jpg", "A link"),
            ("folder.jpg", "A folder"),
            ("socket.jpg", "A socket"),
            ("/dev/zero", "A device"),
        ]:
            with pytest.raises(UnsafeSource, match=what):
                originals.take(tmp_path / name, LIMIT)
    with pytest.raises(UnsafeSource, match="Larger than the limit"):
        originals.take(photo, len(DATA) - 1)
    with pytest.raises(SourceChanged):
        originals.take(tmp_path / "gone.jpg", LIMIT)
    with pytest.raises(UnsafeSource, match="too long"):
        originals.take(tmp_path / ("n" * 300), LIMIT)
    assert plain_files(tmp_path / "originals") == []


def test_no_link_between_the_inbox_and_the_file(
    originals: OriginalStore, photo: Path, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "real").mkdir(parents=True)
    shutil.copy2(photo, inbox / "real/a.jpg")
    (inbox / "link").symlink_to(inbox / "real")
    taken = originals.take(inbox / "real/a.jpg", LIMIT, below=inbox)
    for path in (inbox / "link/a.jpg", inbox / "real/../../IMG_1.JPG", photo):
        with pytest.raises(UnsafeSource):
            originals.take(path, LIMIT, below=inbox)
        with pytest.raises(DamError):
            remove_source(path, taken, below=inbox)
    assert remove_source(inbox / "real/a.jpg", taken, below=inbox)
    assert photo.exists()


@pytest.mark.parametrize("change", ["append", "rewrite", "replace", "backdate", "unlink", "cut"])
def test_a_file_that_changes_while_it_is_read(
    originals: OriginalStore, photo: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = 0

    def meddling(fd: int, expected: int) -> Iterator[bytes]:
        nonlocal changes
        for number, chunk in enumerate(plain(fd, expected)):
            if number == 1:
                changes += 1
                meddle(photo, change)
            yield chunk

    plain = store._source_chunks
    monkeypatch.setattr(store, "_source_chunks", meddling)
    with pytest.raises(SourceChanged):
        originals.take(photo, LIMIT)
    assert changes == 1
    assert plain_files(photo.parent / "originals") == []


def meddle(photo: Path, change: str) -> None:
    status = photo.stat()
    if change == "append":
        with photo.open("ab") as file:
            file.write(b"more")
    elif change == "rewrite":
        photo.write_bytes(bytes(len(DATA)))
    elif change == "backdate":
        with photo.open("r+b") as file:
            file.write(b"!")
        os.utime(photo, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "replace":
        other = photo.with_name("new")
        other.write_bytes(DATA)
        other.replace(photo)
    elif change == "cut":
        os.truncate(photo, 5)
    else:
        photo.unlink()


def test_an_endless_file_is_not_chased(
    originals: OriginalStore, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = os.read

    def growing(fd: int, size: int) -> bytes:
        with photo.open("ab") as file:
            file.write(b"x" * size)
        return read(fd, size)

    monkeypatch.setattr(os, "read", growing)
    with pytest.raises(SourceChanged):
        originals.take(photo, LIMIT)


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_permission_denied_is_told() -> None:
    top = Path(tempfile.mkdtemp())
    try:
        top.chmod(0o755)
        for name in ("inbox", "originals", "mine"):
            (top / name).mkdir()
        (top / "originals").chmod(0o777)
        (top / "inbox/a.jpg").write_bytes(b"x")
        (top / "inbox/a.jpg").chmod(0o644)
        (top / "inbox/secret.jpg").write_bytes(b"x")
        (top / "inbox/secret.jpg").chmod(0o600)

        def as_nobody() -> None:
            originals = OriginalStore(top / "originals")
            with pytest.raises(UnsafeSource, match="Permission to read it is denied"):
                originals.take(top / "inbox/secret.jpg", LIMIT)
            taken = originals.take(top / "inbox/a.jpg", LIMIT)
            with pytest.raises(StorageError, match="permission denied"):
                remove_source(top / "inbox/a.jpg", taken)
            with pytest.raises(StorageError, match="permission denied"):
                OriginalStore(top / "mine").put_bytes(b"x")

        assert in_child(as_nobody, user=65534) == 0
        assert (top / "inbox/a.jpg").exists()
    finally:
        shutil.rmtree(top)


def test_a_missing_store_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="missing"):
        OriginalStore(tmp_path / "gone").put_bytes(b"x")
    assert OriginalStore(tmp_path / "gone").sweep() == 0
    with pytest.raises(IntegrityError, match="missing"):
        OriginalStore(tmp_path).open("0" * 64)
    assert not OriginalStore(tmp_path).verify("0" * 64)


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_hashes_name_originals(originals: OriginalStore, text: str) -> None:
    uses: list[Callable[[str], object]] = [
        originals.path,
        originals.open,
        originals.verify,
        originals.remove,
    ]
    for use in uses:
        with pytest.raises(IntegrityError, match="Not a SHA-256"):
            use(text)


def test_removing_an_original(originals: OriginalStore) -> None:
    digest = originals.put_bytes(b"abc")
    assert originals.remove(digest)
    assert not originals.remove(digest)
    assert not originals.verify(digest)


def test_sweep_spares_what_is_being_written(originals: OriginalStore, tmp_path: Path) -> None:
    originals.put_bytes(b"x")
    incoming = tmp_path / "originals/.incoming"
    left, live = (incoming / f".dam-{digit * 16}.part" for digit in "01")
    left.write_bytes(b"left over")
    (incoming / "notes.txt").write_bytes(b"not ours")
    os.mkfifo(incoming / f".dam-{'2' * 16}.part")
    with live.open("wb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert originals.sweep() == 1
        assert live.exists()
    assert originals.sweep() == 1
    names = sorted(path.name for path in incoming.iterdir())
    assert names == [f".dam-{'2' * 16}.part", "notes.txt"]


def test_sweeping_while_others_write_loses_nothing(originals: OriginalStore) -> None:
    done = threading.Event()

    def sweeping() -> None:
        while not done.is_set():
            originals.sweep()

    with ThreadPoolExecutor(5) as pool:
        sweeper = pool.submit(sweeping)
        try:
            written = list(pool.map(lambda n: originals.put_bytes(b"%d" % n), range(200)))
        finally:
            done.set()
        sweeper.result()
    assert all(map(originals.verify, written))


# removing sources


def test_only_the_very_file_is_removed(originals: OriginalStore, photo: Path) -> None:
    taken = originals.take(photo, LIMIT)
    photo.rename(photo.with_name("old"))
    photo.write_bytes(DATA)
    os.utime(photo, ns=(0, taken.mtime_ns))
    assert not remove_source(photo, taken)
    assert photo.exists()
    photo.with_name("old").replace(photo)
    with photo.open("ab") as file:
        file.write(b"late tail")
    assert not remove_source(photo, taken)
    taken = originals.take(photo, LIMIT)
    assert remove_source(photo, taken)
    assert not photo.exists()
    assert remove_source(photo, taken)
    photo.symlink_to("/etc/passwd")
    assert not remove_source(photo, taken)


def test_the_disk_gives_back_other_bytes(
    originals: OriginalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_files, "digest", lambda fd: ("0" * 64, 3))
    with pytest.raises(StorageError, match="other bytes"):
        originals.put_bytes(b"abc")
