"""A pool of child processes that decode and render, so that no photograph can hurt the parent.

A child that dies or runs out of time costs one photograph (UnusablePhoto, with `again`) and is
replaced at its next use; one that is killed from outside is replaced at once, and its photograph
tried once more. What a child sends is JSON, checked field by field before anything is made of it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from dam.adapters.darkroom_child import TAKEN, Reply, Request, receive, receive_exactly, send
from dam.adapters.imaging import Limits
from dam.core.errors import ConfigurationError, NoDarkroom, RenditionRefused, UnusablePhoto
from dam.core.model import Rights
from dam.core.readings import Looked, Rendered, RenderJob

#: The libraries of a child need about 500 MiB of addresses before they open any photograph.
MIN_MEMORY_MB: Final = 512
#: What a child gets: enough for the largest picture that the limits let through.
MEMORY_MB: Final = 2048
_START_SECONDS: Final = 60
_CHILD = (sys.executable, "-P", "-m", "dam.adapters.darkroom_child")
#: Nothing else of the environment reaches the child: it may hold passwords.
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "TZ")
_SET = {
    "PYTHONUTF8": "1",
    "PYTHONNOUSERSITE": "1",
    # onnxruntime must not tell its maker that faces were looked for.
    "ORT_DISABLE_TELEMETRY": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Pictures go back to the system at once: a child lives through thousands of them.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
    # Pixels come in pages of 2 MiB where the system has them: an eighth of the time was spent on
    # handing out small ones (glibc 2.35 and later; others do not read this).
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
#: Where nobody looks for faces, pieces below 12 MiB stay for the next photograph: fresh pages for
#: each took a sixth of the time. A child that rests gives them back. Beside what the network for
#: faces needs there is no room for them.
_KEEPING = {
    "MALLOC_MMAP_THRESHOLD_": str(12 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(512 * 2**20),
}
_SAFE_HINT = "Open it on another machine and export it as JPEG, if it is a photograph at all"


class _NeverSeen(Exception):
    """The child died before it took the message: the photograph is not at fault."""


class _Killed(Exception):
    """The child was killed at work, as the kernel does to anybody where memory runs out."""


class Child:
    """One child process, lent by `Darkroom.session` to one thread at a time."""

    def __init__(self, limits: Limits, face_check: bool, seconds: int, memory_mb: int) -> None:
        self._settings = Request(
            do="drop", limits=limits, face_check=face_check, seconds=seconds, memory_mb=memory_mb
        )
        self._path = b""
        self._sha256 = ""
        self._looked = False
        self._process: subprocess.Popen[bytes] | None = None
        self._wire: socket.socket | None = None
        self._waiting = False
        #: The process has said that it can work.
        self._ready = False
        self._killed = False

    @property
    def pid(self) -> int | None:
        """The process id, None while there is no process."""
        return self._process.pid if self._process else None

    def look(self, path: str, xmp_sidecar: bytes | None = None, *, sha256: str = "") -> Looked:
        """Decode the original at `path`, read its metadata, count its faces.

        `xmp_sidecar`: the bytes of the XMP file beside it, None where there is none. `sha256`
        (hex): what the bytes must be. Raises IntegrityError where they are not, or not there;
        UnusablePhoto, StorageError where the disk does not give the bytes, NoDarkroom where no
        child can be started.
        """
        # Absolute: the rendition may be asked for after the caller changed its folder.
        self._path, self._sha256, self._looked = _absolute(path), sha256, True
        reply = self._ask(do="look", path=self._path, sidecar=xmp_sidecar, sha256=sha256)
        if reply.looked is None:
            raise self._dead("The decoder gave no sensible answer on this file")
        return reply.looked

    def open(self, path: str, sha256: str) -> None:
        """Make renditions of the original at `path` without a look: neither metadata nor faces.

        Each is decoded no larger than it needs, when it is asked for. `render` then raises
        IntegrityError where the bytes have another SHA-256 (hex), or are not there.
        """
        self._path, self._sha256, self._looked = _absolute(path), sha256, False

    def render(self, job: RenderJob) -> Rendered:
        """Write `job.target` out of the photograph last looked at or opened, as often as wanted.

        A leftover at the target is replaced. Raises RenditionRefused where the result, read
        back, holds anything beyond the allow-list or the job cannot be met; StorageError where
        the disk refuses; UnusablePhoto and NoDarkroom as `look`.
        """
        if not self._path:
            raise RenditionRefused("No photograph was looked at", "Look before rendering")
        copies = tuple(replace(copy, target="") for copy in job.copies)
        reply = self._ask(
            do="render",
            path=self._path,
            sha256=self._sha256,
            whole=self._looked,
            target=_absolute(job.target),
            copies=tuple(_absolute(copy.target) for copy in job.copies),
            job=replace(job, target="", copies=copies),
        )
        if reply.rendered is None or len(reply.rendered.copies) != len(job.copies):
            raise self._dead("The decoder gave no sensible answer on this file")
        return reply.rendered

    def dress(self, path: str, sha256: str, target: str, rights: Rights) -> Rendered:
        """Write the bare rendition at `path` to `target` (0600, not synced), with texts in it.

        Its picture stays byte for byte. Raises IntegrityError where it has another SHA-256,
        RenditionRefused and the others as `render`.
        """
        reply = self._ask(
            do="dress", path=_absolute(path), sha256=sha256, target=_absolute(target), rights=rights
        )
        if reply.rendered is None:
            raise self._dead("The decoder gave no sensible answer on this file")
        return reply.rendered

    def drop(self) -> None:
        """Let go of the pixels."""
        self._path, self._sha256 = b"", ""
        if self._alive() and self._ready:
            self._ask(do="drop")

    def settle(self) -> None:
        """Make ready for the next borrower: no pixels held, no half-read answer."""
        if self._waiting:
            self.close()
        try:
            self.drop()
        except (UnusablePhoto, ConfigurationError):
            self.close()

    def close(self) -> None:
        """End the process, now."""
        self._path = b""
        self._end()

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _ask(self, **wants: object) -> Reply:
        request = Request.model_construct(**{**dict(self._settings), **wants})
        try:
            body = request.model_dump_json().encode()
        except ValueError:
            raise RenditionRefused("A text of the rendition is no valid Unicode") from None
        try:
            reply = self._exchange(body)
        except (_NeverSeen, _Killed):
            try:
                reply = self._exchange(body)
            except _NeverSeen:
                raise _no_child() from None
            except _Killed:
                raise self._dead("The decoder died on this file") from None
        if reply.last:
            self._end()
        if reply.failure is not None:
            raise reply.failure.raised()
        return reply

    def _exchange(self, body: bytes) -> Reply:
        wire = self._start()
        deadline = time.monotonic() + self._settings.seconds
        self._waiting = True
        taken = False
        try:
            wire.settimeout(self._settings.seconds)
            send(wire, body)
            taken = receive_exactly(wire, len(TAKEN), deadline) == TAKEN
            reply = Reply.model_validate_json(receive(wire, deadline))
        except TimeoutError:
            raise self._dead("The decoder ran out of time on this file") from None
        except (EOFError, OSError):
            if not taken:
                self._end()
                raise _NeverSeen from None
            died = self._dead("The decoder died on this file")
            raise (_Killed if self._killed else died) from None
        except ValueError:
            raise self._dead("The decoder gave no sensible answer on this file") from None
        self._waiting = False
        return reply

    def _dead(self, what: str) -> UnusablePhoto:
        ended = self._end()
        self._killed = ended == -signal.SIGKILL
        if ended == -signal.SIGXCPU:
            what = "The decoder ran out of time on this file"
        return UnusablePhoto(what, _SAFE_HINT, again=True)

    def begin(self) -> None:
        """Start the process without waiting until it is ready; what fails is told at first use."""
        if self._process is None:
            with contextlib.suppress(NoDarkroom):
                self._launch()

    def _start(self) -> socket.socket:
        """The wire of a process that is ready."""
        wire = self._launch() if self._wire is None or not self._alive() else self._wire
        if self._ready:
            return wire
        try:
            Reply.model_validate_json(receive(wire, time.monotonic() + _START_SECONDS))
        except (OSError, EOFError, ValueError):
            self._end()
            raise _no_child() from None
        except BaseException:
            self._end()
            raise
        self._ready = True
        return wire

    def _launch(self) -> socket.socket:
        self._end()
        ours, theirs = socket.socketpair()
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        try:
            with theirs:
                self._process = subprocess.Popen(
                    _CHILD,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=kept | _SET | ({} if self._settings.face_check else _KEEPING),
                    # Ctrl-C in the terminal is the parent's affair.
                    process_group=0,
                )
        except OSError:
            ours.close()
            self._end()
            raise _no_child() from None
        except BaseException:
            ours.close()
            self._end()
            raise
        self._wire = ours
        return ours

    def _end(self) -> int | None:
        """Kill the process if there is one; how it ended."""
        process, self._process = self._process, None
        wire, self._wire = self._wire, None
        self._waiting = self._ready = False
        if wire is not None:
            wire.close()
        if process is None:
            return None
        # One that died by itself has said why; one that hangs is given no time to say more.
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(0.05)
        process.kill()
        return process.wait()


def _absolute(path: str) -> bytes:
    return os.fsencode(os.path.abspath(path))  # noqa: PTH100


def _no_child() -> NoDarkroom:
    return NoDarkroom(
        "The process that decodes photographs could not be started",
        "Run 'dam doctor'; nothing was done to the photographs",
    )


class Darkroom:
    """Lends children. A context manager; leaving it waits for lent children, then ends all."""

    def __init__(
        self,
        workers: int,
        limits: Limits,
        *,
        face_check: bool = True,
        seconds: int = 120,
        memory_mb: int = MEMORY_MB,
    ) -> None:
        """At most `workers` children, started when first needed.

        `seconds` for one look or one render, by the clock and of the processor; `memory_mb` MiB
        of addresses for each child. Raises ConfigurationError for values nothing can work with.
        """
        if workers < 1 or seconds < 1 or memory_mb < MIN_MEMORY_MB:
            raise ConfigurationError(
                "The darkroom cannot work with these limits",
                f"At least 1 worker, 1 second and {MIN_MEMORY_MB} MiB of memory",
            )
        self._workers = workers
        # Last in, first out: a warm child is better than a new one.
        self._free: queue.LifoQueue[Child | None] = queue.LifoQueue()
        for _ in range(workers):
            self._free.put(Child(limits, face_check, seconds, memory_mb))

    @property
    def workers(self) -> int:
        """How many children it lends at once."""
        return self._workers

    def begin(self, photographs: int) -> None:
        """So many photographs will come: children start now, while others prepare the work."""
        lent: list[Child] = []
        with contextlib.suppress(queue.Empty):
            while len(lent) < photographs:
                child = self._free.get_nowait()
                if child is None:
                    self._free.put(None)
                    break
                lent.append(child)
        for child in reversed(lent):
            child.begin()
            self._free.put(child)

    @contextlib.contextmanager
    def session(self) -> Iterator[Child]:
        """Lend one child exclusively; waits until one is free. Its pixels go when it comes back."""
        child = self._free.get()
        if child is None:
            self._free.put(None)
            raise ConfigurationError("The darkroom is closed")
        try:
            yield child
        finally:
            try:
                child.settle()
            finally:
                self._free.put(child)

    def close(self) -> None:
        """End all children, waiting for those that are lent."""
        for _ in range(self._workers):
            child = self._free.get()
            if child is None:
                break
            child.close()
        self._free.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
