"""Stop a process and all it starts before chosen system calls, counted over the whole run.

strace can do that too, but counts for each thread apart: of a run whose threads work one after
the other it never reaches the Nth write of the second one. Here the kernel (seccomp user
notification, Linux 5.5 and newer) asks one supervisor before every call, whoever makes it.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import select
import signal
import socket
import struct
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

#: Numbers of the calls that change a disk, on x86-64 and on arm64 (None: there is none).
_NUMBERS: dict[str, tuple[tuple[int | None, int | None], ...]] = {
    "write": ((1, 64), (18, 68), (20, 66)),  # write, pwrite64, writev
    "sync": ((74, 82), (75, 83)),  # fsync, fdatasync
    "rename": ((82, None), (264, 38), (316, 276)),
    "link": ((86, None), (265, 37)),
    "unlink": ((87, None), (263, 35)),  # files and folders
    "mkdir": ((83, None), (258, 34)),
    "truncate": ((77, 46), (76, 45)),
    "create": ((257, 56),),  # openat with O_CREAT
}
CALLS = tuple(_NUMBERS)
_MACHINES = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}
_NOTIFY, _ALLOW, _NEW_LISTENER, _CONTINUE = 0x7FC00000, 0x7FFF0000, 8, 1
_RECEIVE, _SEND = 0xC0502100, 0xC0182101


def numbers() -> dict[int, str]:
    """What each watched system call is called here; empty on other machines."""
    if platform.machine() not in _MACHINES:
        return {}
    column = _MACHINES[platform.machine()][0]
    every = ((n[column], name) for name, group in _NUMBERS.items() for n in group)
    return {number: name for number, name in every if number is not None}


def missing() -> str:
    """Why no trap can be set here, empty where it can."""
    if not numbers():
        return f"no table of system calls for {platform.machine()}"
    ours, theirs = socket.socketpair()
    with ours, theirs:
        pid = os.fork()
        if pid == 0:
            code = 1
            with suppress(OSError):
                install(theirs)
                code = 0
            os._exit(code)
        _, status = os.waitpid(pid, 0)
    return "" if status == 0 else "the kernel has no seccomp user notification for us"


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def _filter() -> bytes:
    """Ask for the watched calls, for openat only where it may create; let others pass."""

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    load, equal, any_bit, end = 0x20, 0x15, 0x45, 0x06
    watched = numbers()
    (opening,) = (n for n, name in watched.items() if name == "create")
    plain = [n for n in watched if n != opening]
    left = len(plain)
    code = step(load, 4) + step(equal, _MACHINES[platform.machine()][1], 0, left + 4)
    code += step(load, 0)
    for position, number in enumerate(plain):
        code += step(equal, number, left - position + 3, 0)
    code += step(equal, opening, 0, 2) + step(load, 32) + step(any_bit, os.O_CREAT, 1, 0)
    return code + step(end, _ALLOW) + step(end, _NOTIFY)


def install(to: socket.socket) -> None:
    """Put this process and its future children under the trap; the supervisor reads `to`."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    code = _filter()
    program = _Program(len(code) // 8, code)
    call = _MACHINES[platform.machine()][2]
    listener = libc.syscall(call, 1, _NEW_LISTENER, ctypes.byref(program))
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp user notification")
    socket.send_fds(to, [b"."], [listener])
    os.close(listener)


@dataclass(slots=True)
class Watch:
    """What one run did. `hit`: the process and the file that the fault struck."""

    counts: Counter[str] = field(default_factory=Counter)
    hit: str = ""
    hung: bool = False


def forked(
    child: Callable[[socket.socket], None], call: str = "", number: int = 0, fault: str = ""
) -> tuple[int, Watch]:
    """Run `child` in a process of its own, disturbed as `supervise` tells; the exit code (negative:
    ended by a signal) and what was seen. `child` installs the trap and does not return."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        child(theirs)
    theirs.close()
    with ours:
        _, (listener, *_), _, _ = socket.recv_fds(ours, 1, 1)
    try:
        watch = supervise(listener, call, number, fault, pid)
    finally:
        os.close(listener)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), watch


def supervise(listener: int, call: str, number: int, fault: str, main: int) -> Watch:
    """Answer until all are gone: the `number`th `call` meets `fault` (KILL or an errno's name).

    A kill ends the process that makes the call, as the kernel does where memory runs out.
    """
    watch, names = Watch(), numbers()
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        ready = poll.poll(90_000)
        if not ready:
            watch.hung = True
            os.killpg(main, signal.SIGKILL)
            return watch
        if not ready[0][1] & select.POLLIN:
            return watch
        request = bytearray(80)
        try:
            fcntl.ioctl(listener, _RECEIVE, request)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                continue
            raise
        cookie, caller, _, nr = struct.unpack_from("QIIi", request)
        name = names[nr]
        watch.counts[name] += 1
        answer, flags = 0, _CONTINUE
        if (name, watch.counts[name]) == (call, number):
            process = _process(caller)
            who = "dam" if process == main else "decoder"
            watch.hit = f"{who}: {_file(caller, nr, struct.unpack_from('Q', request, 32)[0])}"
            if fault == "KILL":
                os.kill(process, signal.SIGKILL)
                continue
            answer, flags = -getattr(errno, fault), 0
        with suppress(FileNotFoundError):  # it was killed meanwhile
            fcntl.ioctl(listener, _SEND, struct.pack("QqiI", cookie, 0, answer, flags))


def _process(thread: int) -> int:
    lines = Path(f"/proc/{thread}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Tgid:"))


def _file(thread: int, nr: int, first: int) -> str:
    """The name of the file a call was about, where it is told by a descriptor."""
    name = numbers()[nr]
    if name not in ("write", "sync"):
        return name
    try:
        return f"{name} {Path(f'/proc/{thread}/fd/{first}').readlink().name}"
    except OSError:
        return name
