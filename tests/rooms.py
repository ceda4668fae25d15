"""Darkroom children for commands that `tests.starts` runs: forked from one that is ready to look.

Most of the time in which a test takes in a photograph went into starting Python for its child, and
into its libraries. Here one process is started as `dam.adapters.darkroom` starts a child, with its
environment and nothing else; it forks for each that is wanted, which then goes on as its own
`main` does. How children really start, and die, is for the tests that run `dam` by `subprocess`.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from dam.adapters import darkroom

_ROOT = Path(__file__).parents[1]
_MESSAGE = 2**17
_CHILD = darkroom._CHILD


class _Child:
    """What `darkroom` asks of a process, of one that another has started."""

    def __init__(self, ready: socket.socket, wire: int, env: Mapping[str, str]) -> None:
        ours, theirs = os.pipe()
        try:
            socket.send_fds(ready, [json.dumps(dict(env)).encode()], [wire, theirs])
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        self._told = ours
        self.returncode: int | None = None
        self.pid = int(self._line())

    def _line(self) -> bytes:
        line = b""
        while (byte := os.read(self._told, 1)) not in (b"", b"\n"):
            line += byte
        return line

    def poll(self) -> int | None:
        return self._ended(0)

    def _ended(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], seconds)[0]:
            self.returncode = int(self._line() or -signal.SIGKILL)
            os.close(self._told)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(_CHILD, timeout or 0)
        return code

    def kill(self) -> None:
        if self.poll() is None:
            # It may just have ended.
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def _read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    """What Python and the loader read before any of our code."""
    return {name: value for name, value in env.items() if name.startswith(("PYTHON", "LD_"))}


_STARTED_WITH = _read_at_start({name: os.environ.get(name, "") for name in darkroom._KEPT})


@contextmanager
def forked(near: socket.socket | None = None) -> Iterator[None]:
    """Within it, children of darkrooms come from the process behind `near`, or `ready()`."""
    who, way = os.getresuid(), near or ready()

    def start(words: tuple[str, ...], **wants: object) -> object:
        wire, env = wants["stdin"], wants["env"]
        assert isinstance(wire, int)
        assert isinstance(env, dict)
        # Another user's child may do less; and what is read at the start is for a start.
        told = _read_at_start({name: env.get(name, "") for name in darkroom._KEPT})
        if words != _CHILD or os.getresuid() != who or told != _STARTED_WITH:
            return subprocess.Popen(words, **wants)  # type: ignore[call-overload]
        return _Child(way, wire, env)

    instead = SimpleNamespace(
        Popen=start, DEVNULL=subprocess.DEVNULL, TimeoutExpired=subprocess.TimeoutExpired
    )
    with mock.patch.object(darkroom, "subprocess", instead):
        yield


@cache
def ready() -> socket.socket:
    """The way to the process that forks; it ends when nobody has this any more."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kept = {name: os.environ[name] for name in darkroom._KEPT if name in os.environ}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.rooms", str(theirs.fileno())],
            cwd=_ROOT,
            env={**kept, **darkroom._SET},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        # Never waited for: it ends when the last test did.
        process.returncode = 0
    return ours


def _serve(asked: socket.socket) -> None:
    """Fork for every request, and tell of each child its id, then how it ended. Comes back in a
    child, its wire as standard input.
    """
    children: dict[int, tuple[int, int]] = {}
    while True:
        for fd in select.select([asked.fileno(), *children], [], [])[0]:
            if fd in children:
                pid, told = children.pop(fd)
                _, status = os.waitpid(pid, 0)
                _tell(told, os.waitstatus_to_exitcode(status))
                os.close(told)
                os.close(fd)
                continue
            request, fds, _, _ = socket.recv_fds(asked, _MESSAGE, 2)
            if not request:
                os._exit(0)
            wire, told = fds
            pid = os.fork()
            if pid == 0:
                os.setpgid(0, 0)
                os.dup2(wire, 0)
                for other in (wire, told, *children, *(told for _, told in children.values())):
                    os.close(other)
                asked.close()
                os.environ.clear()
                os.environ.update(json.loads(request))
                return
            os.close(wire)
            children[os.pidfd_open(pid)] = (pid, told)
            _tell(told, pid)


def _tell(told: int, number: int) -> None:
    # Where nobody asks any more, nobody is told.
    with suppress(BrokenPipeError):
        os.write(told, b"%d\n" % number)


if __name__ == "__main__":
    from dam.adapters import darkroom_child, faces

    if faces.available():
        faces.installed()
    assert threading.active_count() == 1
    gc.collect()
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    code = 1
    try:
        darkroom_child.main()
        code = 0
    finally:
        os._exit(code)
