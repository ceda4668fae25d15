"""A press pack on disk: a folder or a zip that is there whole, or not at all.

It is a bag (RFC 8493): pictures and texts are its payload, under `data/`; `index.html` stands
beside it. It is written here rather than with the `bagit` package, which changes the working
directory of the whole process, reads every file once more and writes the present day; the tests
validate every pack with that package.
"""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from dam.adapters import pack_files, pack_place, pack_zip
from dam.core import bag
from dam.core.bag import BagFile
from dam.core.errors import IntegrityError
from dam.core.packing import PackFormat

_OWN = (bag.DECLARATION, bag.INFO, bag.MANIFEST, bag.TAG_MANIFEST)
_ROOM = ("The pack cannot be written", "Free some space or name another --out")
_PLACE = ("The pack cannot be put in its place", "Name another --out")


@contextmanager
def pack_sink(target: Path, kind: PackFormat) -> Iterator[PackSink]:
    """A pack to be put together for `target`; what is not published is removed again.

    What killed runs left beside it is removed first. Raises ConfigurationError where `target`
    is taken or cannot be used, and StorageError where it cannot be written.
    """
    pack_place.check(target, kind)
    pack_place.sweep(target.parent)
    with pack_place.refusing(*_ROOM), pack_place.hidden(target.parent) as staging:
        yield PackSink(staging, target, kind)


def sealed_as(target: Path) -> str | None:
    """SHA-256 in hex of the manifest of the pack at `target`; "" for something that is no pack,

    None where nothing is.
    """
    try:
        if target.is_dir():
            return hashlib.sha256((target / bag.MANIFEST).read_bytes()).hexdigest()
        with zipfile.ZipFile(target) as archive:
            (name,) = (n for n in archive.namelist() if n.endswith(f"/{bag.MANIFEST}"))
            return hashlib.sha256(archive.read(name)).hexdigest()
    except FileNotFoundError:
        return "" if target.exists() else None
    except (OSError, ValueError, zipfile.BadZipFile):
        return ""


def payload(target: Path, relative: str, sha256: str) -> bytes | None:
    """A payload file of the pack at `target`, as it was sent; None where it is not there any more,

    or has another SHA-256 (hex).
    """
    path = bag.payload_path(relative)
    try:
        if target.is_dir():
            data = (target / path).read_bytes()
        else:
            with zipfile.ZipFile(target) as archive:
                (name,) = (n for n in archive.namelist() if n.endswith(f"/{path}"))
                data = archive.read(name)
    except (OSError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile):
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


class PackSink:
    """A pack in the making. `staging` is a private folder beside its place.

    A path of the payload is relative to `data/`. Names are generated ones; every method raises
    IntegrityError for another, and for one that is in use, and StorageError where the disk
    refuses. Threads may place and note at once.
    """

    def __init__(self, staging: Path, target: Path, kind: PackFormat) -> None:
        self.staging = staging
        self._target = target
        self._kind = kind
        self._bag = staging / pack_place.BAG
        self._zip = staging / pack_place.ZIP
        (self._bag / bag.PAYLOAD).mkdir(parents=True)
        self._names = bag.Names()
        #: By path in the bag: what others wrote and noted, and what `write` wrote.
        self._noted: dict[str, BagFile] = {}
        self._texts: dict[str, BagFile] = {}
        self._sealed = False
        self._changing = threading.Lock()

    def place(self, relative: str) -> Path:
        """Where somebody else is to write a payload file, which counts once it is noted. The
        name is in use until it is dropped."""
        path = bag.payload_path(relative)
        with self._changing:
            self._names.claim(path)
            self._sealed = False
        at = self._bag / path
        with pack_place.refusing(*_ROOM):
            at.parent.mkdir(parents=True, exist_ok=True)
        return at

    def spare(self, name: str) -> Path:
        """Where to write a passing file, which never becomes part of the pack."""
        folder = self.staging / pack_place.SPARE
        with pack_place.refusing(*_ROOM):
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder / bag.plain_name(name)

    def note(self, relative: str, sha256: str, size: int) -> None:
        """Enter a file that was written at `place(relative)` into the manifest. Its bytes are
        read when the pack is sealed, and must be these."""
        path = bag.payload_path(relative)
        file = BagFile(path, sha256, size)
        with self._changing:
            if path in self._noted or path in self._texts or not self._names.holds(path):
                raise IntegrityError("A picture is noted twice, or where none was placed")
            self._noted[path] = file
            self._sealed = False

    def write(self, relative: str, data: bytes, *, beside: bool = False) -> None:
        """Write a text of the payload or, `beside` it, in the root of the bag; an earlier text
        of that name is replaced."""
        path = bag.tag_path(relative) if beside else bag.payload_path(relative)
        with self._changing:
            if path not in self._texts:
                self._names.claim(path)
            self._sealed = False
            with pack_place.refusing(*_ROOM):
                self._texts[path] = pack_files.put(self._bag, path, data)

    def drop(self, relative: str) -> None:
        """Take a payload file out again, noted or not, with its bytes; missing is fine."""
        path = bag.payload_path(relative)
        with self._changing:
            self._sealed = False
            self._forget(path)

    def reset(self) -> None:
        """Take out all that `write` and `seal` wrote; what was placed and noted stays."""
        with self._changing:
            self._unseal()
            for path in list(self._texts):
                self._forget(path)

    def seal(self, info: Mapping[str, str], root: str, day: date) -> str:
        """Write what makes a bag of it, and the zip where one is wanted; all of it synced.

        `info` is what bag-info.txt tells, label and value; the day and the sum of the payload
        come after it. `root` (the id of the pack) is the folder in the zip. Every time in the
        pack is `day`, so that the same pack has the same bytes. Whatever is not noted or written
        is removed. Returns the SHA-256 of the manifest in hex. Done again it starts anew.
        """
        bag.plain_name(root)
        with self._changing, pack_place.refusing(*_ROOM):
            self._unseal()
            files = {**self._noted, **self._texts}
            pack_files.clear(self._bag, files)
            payload = [file for file in files.values() if file.is_payload]
            tags = [file for file in files.values() if not file.is_payload]
            tags.append(pack_files.put(self._bag, bag.DECLARATION, bag.DECLARED))
            tags.append(pack_files.put(self._bag, bag.INFO, bag.info(info, day, payload)))
            manifest = pack_files.put(self._bag, bag.MANIFEST, bag.manifest(payload))
            tags.append(manifest)
            last = pack_files.put(self._bag, bag.TAG_MANIFEST, bag.manifest(tags))
            every = [*payload, *tags, last]
            if self._kind == "zip":
                pack_zip.write(self._bag, every, self._zip, root, day)
            else:
                pack_files.settle(self._bag, every, day)
            self._sealed = True
            return manifest.sha256

    def publish(self) -> None:
        """Put the sealed pack in its place; its folder is synced. Raises ConfigurationError
        where that is taken meanwhile; IntegrityError where it was changed since it was sealed."""
        if not self._sealed:
            raise IntegrityError("A pack is to be published that is not sealed")
        source = self._zip if self._kind == "zip" else self._bag
        with pack_place.refusing(*_PLACE):
            pack_place.publish(source, self._target, self._kind)

    def _forget(self, path: str) -> None:
        self._noted.pop(path, None)
        self._texts.pop(path, None)
        self._names.release(path)
        at = self._bag / path
        with pack_place.refusing(*_ROOM):
            # A folder of the bag is nobody's file.
            if not at.is_dir():
                at.unlink(missing_ok=True)

    def _unseal(self) -> None:
        self._sealed = False
        with pack_place.refusing(*_ROOM):
            for name in _OWN:
                (self._bag / name).unlink(missing_ok=True)
            self._zip.unlink(missing_ok=True)
