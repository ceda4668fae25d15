"""Runs `dam` as `python -m dam` does, by a process that has imported it already.

Most of a short command's time are imports. Here a process without threads imports once and forks
for every command: main module, arguments, environment, folder, streams and end are those of a
start of its own. What only an interpreter that starts can read is for `subprocess`: `may_fork`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests import rooms

_ROOT = Path(__file__).parents[1]
_READ_AT_START = ("PYTHON", "LD_", "MALLOC_", "GLIBC_")
_MESSAGE = 2**17
#: Imported by nearly every command, but not before it runs.
_LATER = ("alembic.command", "alembic.ddl.sqlite", "sqlalchemy.dialects.sqlite", "rich.progress")


def may_fork(more: Mapping[str, str] | None) -> bool:
    """Whether these additions to the environment are read no earlier than by `dam` itself."""
    return not any(name.startswith(_READ_AT_START) for name in more or ())


def run(
    words: Sequence[str], env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[bytes]:
    """`python -m dam WORDS` in the current folder: its exit code and what it said.

    Raises subprocess.TimeoutExpired after `timeout` seconds; the command is killed then.
    """
    request = json.dumps([list(words), str(Path.cwd()), dict(env)]).encode()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        ours, theirs = os.pipe()
        with os.fdopen(ours, "rb", buffering=0) as told:
            try:
                socket.send_fds(_starter(), [request], [out.fileno(), err.fileno(), theirs])
            finally:
                os.close(theirs)
            pid = int(told.readline())
            if not select.select([told], [], [], timeout)[0]:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(list(words), timeout)
            code = int(told.readline())
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(list(words), code, out.read(), err.read())


@cache
def _starter() -> socket.socket:
    """The way to the process that forks; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ready = rooms.ready().fileno()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.starts", str(theirs.fileno()), str(ready)],
            cwd=_ROOT,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno(), ready],
        )
        # Never waited for: it ends when the last test did.
        process.returncode = 0
    return ours


def _serve(asked: socket.socket) -> tuple[list[str], str, dict[str, str]]:
    """Forks for every request, and comes back in a command with what it is to do.

    Ends the process where nobody can ask any more.
    """
    know_the_commands()
    know_the_rules()
    gc.collect()
    gc.freeze()
    while True:
        request, fds, _, _ = socket.recv_fds(asked, _MESSAGE, 3)
        if not request:
            os._exit(0)
        if os.fork() == 0:
            asked.close()
            out, err, told = fds
            # Somebody waits for each command, so that two can run at once.
            if pid := os.fork():
                os.write(told, b"%d\n" % pid)
                _, status = os.waitpid(pid, 0)
                os.write(told, b"%d\n" % os.waitstatus_to_exitcode(status))
                os._exit(0)
            os.dup2(out, 1)
            os.dup2(err, 2)
            for fd in fds:
                os.close(fd)
            words, folder, env = json.loads(request)
            return words, folder, env
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def know_the_commands() -> None:
    """Import what each command imports when it is asked for."""
    main = importlib.import_module("dam.cli.main")
    dict(main.LazyGroup(name="dam").commands)
    for name in _LATER:
        importlib.import_module(name)


def know_the_rules() -> None:
    """Read the starter rules, which nearly every workspace has; another's are read all the same."""
    from dam.adapters import desk_rules, starter
    from dam.core import rules

    rules.load(desk_rules.read_folder(starter.starter_rules(), desk_rules.CONSENT))


if __name__ == "__main__":
    asked, ready = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
    words, folder, env = _serve(asked)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(folder)
    sys.argv[1:] = words
    with rooms.forked(ready):
        runpy.run_module("dam", run_name="__main__", alter_sys=True)
