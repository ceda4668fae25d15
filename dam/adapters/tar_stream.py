"""A tar that is written as a stream, and one that is read as it comes and trusted in nothing.

POSIX.1-1988 (ustar) with GNU's binary sizes above 8 GiB: regular files alone. Whatever else a tar
can hold (links, devices, folders, sparse files, extended headers) is refused, and so is anything
that would be written outside of the layout of a backup.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable
from typing import Final, Protocol

from dam.core import backup
from dam.core.backup import Entry
from dam.core.errors import IntegrityError

_BLOCK: Final = tarfile.BLOCKSIZE
#: Two blocks of zeros end a tar.
_END: Final = bytes(2 * _BLOCK)
_HINT: Final = "Restore another copy of it"


def header(name: str, size: int) -> bytes:
    """The block before a file of `size` bytes. Nothing of who made it when stands in it."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    made = info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")
    assert len(made) == _BLOCK, name
    return made


def padding(size: int) -> bytes:
    """What fills the last block of a file of `size` bytes."""
    return bytes(-size % _BLOCK)


def end() -> bytes:
    """What ends a tar."""
    return _END


class Sink(Protocol):
    """Where the bytes of one file go."""

    def write(self, data: bytes | memoryview) -> None: ...
    def close(self) -> None: ...


class Unpacker:
    """Takes a tar in pieces of any size (`write`), hands each file to `begin`, and notes what it

    saw in `found`. `limit` is how many bytes the tar can have: a file that says to be longer is
    refused before anything of it is written. Raises IntegrityError. Once all is written, call
    `finish`.
    """

    def __init__(self, begin: Callable[[str, int], Sink], limit: int) -> None:
        self._begin = begin
        self._limit = limit
        self._taken = 0
        self._block = bytearray()
        self._sink: Sink | None = None
        self._name = ""
        self._size = self._left = self._fill = 0
        self._hash = hashlib.sha256()
        self._zeros = 0
        self.found: dict[str, Entry] = {}

    def write(self, data: bytes) -> int:
        """Take the next piece; all of it."""
        rest = memoryview(data)
        while rest:
            taken = self._step(rest)
            self._taken += taken
            rest = rest[taken:]
        return len(data)

    def flush(self) -> None:
        """For whoever writes to it as to a file."""

    def finish(self) -> None:
        """Check that the tar came to its end. Raises IntegrityError."""
        if self._sink is not None or self._fill or self._block or self._zeros != len(_END):
            raise IntegrityError("The backup is cut off", _HINT)

    def close(self) -> None:
        """Give back what is open. Harmless when repeated."""
        if self._sink is not None:
            sink, self._sink = self._sink, None
            sink.close()

    def _step(self, data: memoryview) -> int:
        if self._sink is not None:
            return self._content(data)
        if self._fill:
            return self._pad(data)
        if self._zeros == len(_END):
            raise IntegrityError("The backup has something after its end", _HINT)
        taken = min(len(data), _BLOCK - len(self._block))
        self._block += data[:taken]
        if len(self._block) == _BLOCK:
            block = bytes(self._block)
            self._block.clear()
            self._head(block)
        return taken

    def _content(self, data: memoryview) -> int:
        assert self._sink is not None
        taken = min(len(data), self._left)
        piece = data[:taken]
        self._hash.update(piece)
        self._sink.write(piece)
        self._left -= taken
        if not self._left:
            self._done()
        return taken

    def _pad(self, data: memoryview) -> int:
        taken = min(len(data), self._fill)
        if any(data[:taken]):
            raise IntegrityError("The backup has something between its files", _HINT)
        self._fill -= taken
        return taken

    def _head(self, block: bytes) -> None:
        if not any(block):
            self._zeros += _BLOCK
            return
        if self._zeros:
            raise IntegrityError("The backup has something after its end", _HINT)
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError):
            raise IntegrityError("The backup is damaged", _HINT) from None
        if info.type != tarfile.REGTYPE or info.linkname or info.sparse is not None:
            raise IntegrityError("The backup holds something that is no file", _HINT)
        if not backup.fits(info.name):
            raise IntegrityError("The backup holds a file that no workspace has", _HINT)
        if info.name in self.found:
            raise IntegrityError("The backup holds a file twice", _HINT)
        if not 0 <= info.size <= self._limit - self._taken:
            raise IntegrityError("The backup says to be longer than it is", _HINT)
        if block != header(info.name, info.size):
            # Readers of tar forgive some bits, of which no digest tells.
            raise IntegrityError("The backup is damaged", _HINT)
        self._name, self._size, self._left = info.name, info.size, info.size
        self._hash = hashlib.sha256()
        self._sink = self._begin(info.name, info.size)
        if not info.size:
            self._done()

    def _done(self) -> None:
        self.close()
        digest = self._hash.hexdigest()
        self.found[self._name] = Entry(self._name, self._size, digest)
        self._fill = -self._size % _BLOCK
