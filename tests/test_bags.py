"""The checker of bags in tests/bags.py finds every fault that it is there for."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import bags, packing
from tests.packing import PICTURES, ROOT, TEXTS, sha

PICTURE = next(iter(PICTURES))


def edit(root: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change a tag file, and what the tag manifest says of it."""
    path = root / name
    data = path.read_bytes()
    path.write_bytes(change(data))
    tags = root / "tagmanifest-sha256.txt"
    told = tags.read_bytes().replace(sha(data).encode(), sha(path.read_bytes()).encode())
    tags.write_bytes(told)


def twice(root: Path) -> None:
    edit(root, "manifest-sha256.txt", lambda data: data + data.splitlines(keepends=True)[0])


def without(root: Path) -> None:
    edit(root, "manifest-sha256.txt", lambda d: b"".join(d.splitlines(keepends=True)[1:]))


def outside(root: Path) -> None:
    line = f"{sha(b'x')}  data/../../x\n".encode()
    edit(root, "manifest-sha256.txt", lambda data: data + line)


def clash(root: Path) -> None:
    data = TEXTS["captions.csv"]
    (root / "data/Captions.csv").write_bytes(data)
    line = f"{sha(data)}  data/Captions.csv\n".encode()
    edit(root, "manifest-sha256.txt", lambda told: told + line)


def link(root: Path) -> None:
    path = root / "data" / PICTURE
    path.rename(root.parent / "elsewhere.jpg")
    path.symlink_to(root.parent / "elsewhere.jpg")


FAULTS: dict[str, Callable[[Path], object]] = {
    "a byte of a picture": lambda root: os.truncate(root / "data" / PICTURE, 100),
    "a picture that is missing": lambda root: (root / "data" / PICTURE).unlink(),
    "a file that is not listed": lambda root: (root / "data/more.jpg").touch(),
    "a tag file that is not listed": lambda root: (root / "more.txt").touch(),
    "a page that was changed": lambda root: (root / "index.html").write_bytes(b""),
    "no tag manifest": lambda root: (root / "tagmanifest-sha256.txt").unlink(),
    "a byte order mark": lambda root: edit(root, "bagit.txt", lambda d: b"\xef\xbb\xbf" + d),
    "another version": lambda root: edit(root, "bagit.txt", lambda d: d.replace(b"1.0", b"0.9")),
    "another sum": lambda root: edit(root, "bag-info.txt", lambda d: d.replace(b".4\n", b".5\n")),
    "no day": lambda root: edit(root, "bag-info.txt", lambda d: d.replace(b"2021-", b"")),
    "a line of its own": lambda root: edit(root, "bag-info.txt", lambda d: b"x\n" + d),
    "listed twice": twice,
    "not listed any more": without,
    "a path outside": outside,
    "names that differ in case": clash,
    "a link": link,
    "a pipe": lambda root: os.mkfifo(root / "data/pipe"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bag_with_a_fault(tmp_path: Path, fault: str) -> None:
    root = tmp_path / "pack"
    packing.make(root, "folder")
    assert bags.problems(root) == []
    FAULTS[fault](root)
    assert bags.problems(root)


@pytest.mark.parametrize(
    "name", [f"{ROOT}/../x", "/etc/x", "other/x", f"{ROOT}/data/CAPTIONS.csv", f"{ROOT}\\x"]
)
def test_a_zip_with_a_fault(tmp_path: Path, name: str) -> None:
    target = tmp_path / "pack.zip"
    packing.make(target, "zip")
    assert bags.zip_problems(target, ROOT) == []
    with zipfile.ZipFile(target, "a") as bundle:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o100644 << 16
        bundle.writestr(entry, b"x")
    assert bags.zip_problems(target, ROOT)
