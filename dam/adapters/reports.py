"""Reports of earlier audits on disk, read a chunk at a time and as often as needed."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dam.core.errors import UsageError
from dam.core.reported import MAX_BYTES

_CHUNK = 64 * 1024


@contextmanager
def opened(path: Path, limit: int = MAX_BYTES) -> Iterator[Callable[[], Iterator[str]]]:
    """What gives the text of the file in chunks, from its beginning each time it is called.

    UsageError where it is no regular file, longer than `limit` bytes, or cannot be read as UTF-8.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"{path} cannot be opened ({error.strerror})", "Check its name") from None
    except ValueError:
        raise UsageError("A name of a report cannot be one of a file", "Check its name") from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path} is no regular file", "Write the report into a file first")
        if status.st_size > limit:
            raise UsageError(f"{path} is larger than {limit} bytes", "Compare fewer photos")
        yield lambda: _chunks(path, handle, status.st_size)
    finally:
        os.close(handle)


def _chunks(path: Path, handle: int, size: int) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    at = 0
    try:
        while at < size and (data := os.pread(handle, min(_CHUNK, size - at), at)):
            at += len(data)
            yield decoder.decode(data)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text", "It is no report of an audit") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})", "Try again") from None
