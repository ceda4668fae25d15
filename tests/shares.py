"""Mounts for tests: small file systems, and a share that Linux calls `fuse.sshfs`."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_GETATTR, _STATFS, _INIT, _OPENDIR = 3, 17, 26, 27
_READDIR, _RELEASEDIR, _ACCESS = 28, 29, 34
_FORGET, _BATCH_FORGET = 2, 42
_LOOKUP = 1


@contextmanager
def tmpfs(place: Path, options: str) -> Iterator[None]:
    """A file system in memory over a folder; skips where nothing can be mounted."""
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


@contextmanager
def share(place: Path) -> Iterator[None]:
    """An empty FUSE file system of the type that sshfs mounts, served by a thread of this test."""
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        pytest.skip("there is no FUSE here")
    told = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.mount(b"nas:/photos", os.fsencode(place), b"fuse.sshfs", 0, told):
        os.close(device)
        pytest.skip("nothing can be mounted here")
    server = threading.Thread(target=_serve, args=(device,), daemon=True)
    server.start()
    try:
        yield
    finally:
        libc.umount2(os.fsencode(place), 2)
        server.join(10)
        os.close(device)


def _serve(device: int) -> None:
    while True:
        try:
            request = os.read(device, 1 << 20)
        except OSError:
            return
        _, call, unique = struct.unpack_from("<IIQ", request)
        if call in (_FORGET, _BATCH_FORGET):
            continue
        failed, body = _answer(call)
        try:
            os.write(device, struct.pack("<IiQ", 16 + len(body), -failed, unique) + body)
        except OSError:
            continue


def _answer(call: int) -> tuple[int, bytes]:
    if call == _INIT:
        return 0, struct.pack("<IIIIHHIIHHI7I", 7, 31, 4096, 0, 4, 3, 4096, 1, 0, 0, 0, *[0] * 7)
    if call == _GETATTR:
        attributes = struct.pack("<6Q10I", 1, *[0] * 5, *[0] * 3, 0o40777, 2, 0, 0, 0, 4096, 0)
        return 0, struct.pack("<QII", 1, 0, 0) + attributes
    if call == _OPENDIR:
        return 0, struct.pack("<QII", 1, 0, 0)
    if call == _STATFS:
        return 0, struct.pack("<5Q4I6I", *[1 << 30] * 5, 4096, 255, 4096, 0, *[0] * 6)
    if call in (_READDIR, _RELEASEDIR, _ACCESS):
        return 0, b""
    return (errno.ENOENT if call == _LOOKUP else errno.ENOSYS), b""
