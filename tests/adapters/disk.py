"""What the tests of both stores share."""

from __future__ import annotations

import hashlib
import os
import stat
import traceback
from collections.abc import Callable
from pathlib import Path

LIMIT = 1 << 30
DATA = bytes(range(256)) * 9000  # more than two chunks
NAME = "2021/11/18/20211118-k7q2mz.jpg"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def plain_files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if not path.is_dir()]


def in_child(work: Callable[[], object], user: int | None = None) -> int:
    """The exit status or the signal (negative) of `work` in a forked child."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if user is not None:
                os.setgroups([])
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
