"""The process that touches hostile bytes: decodes, counts faces, renders; may die at any time.

Started by `darkroom` as `python -m dam.adapters.darkroom_child` with one end of a socket as its
standard input. Messages are a four-byte length and JSON, both ways; nothing is ever unpickled.
It takes no settings from its environment, ignores Ctrl-C and ends with its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from dam.adapters import (
    faces,
    imaging,
    imaging_color,
    imaging_mark,
    imaging_redact,
    imaging_texts,
    metadata,
    readback,
)
from dam.core import likeness
from dam.core.errors import (
    ConfigurationError,
    DamError,
    IntegrityError,
    RenditionRefused,
    StorageError,
    UnusablePhoto,
)
from dam.core.model import Rights
from dam.core.readings import Color, FaceCount, Looked, Rendered, RenderJob

MAX_MESSAGE: Final = 64 * 1024 * 1024
#: Sent as soon as a message has arrived: a child that dies before it never saw the photograph.
TAKEN: Final = b"+"
ERRORS: Final[dict[str, type[DamError]]] = {
    kind.__name__: kind
    for kind in (
        UnusablePhoto,
        RenditionRefused,
        StorageError,
        ConfigurationError,
        IntegrityError,
    )
}
#: A child that has had nothing to do for so long keeps no memory for the next photograph.
RESTING_SECONDS: Final = 30.0
_HEAD = 4
_MEMORY_HINT = "Export it smaller, or ask whoever runs dam to allow more memory"
_Short = Annotated[str, Field(max_length=2000)]


class _Message(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, ser_json_bytes="base64", val_json_bytes="base64"
    )


class Request(_Message):
    """What the parent wants. Paths are bytes: not every file name is Unicode.

    `sha256`: what the bytes at `path` must be; empty where nobody asks. `whole`: they were looked
    at, and are decoded in full should the child that did so be gone. `copies` are the targets
    of those that the job has. `rights`: what `dress` puts in.
    """

    do: Literal["look", "render", "dress", "drop"]
    path: bytes = b""
    sha256: str = ""
    whole: bool = False
    sidecar: bytes | None = None
    target: bytes = b""
    copies: tuple[bytes, ...] = ()
    job: RenderJob | None = None
    rights: Rights | None = None
    limits: imaging.Limits
    face_check: bool
    seconds: int
    memory_mb: int


class Failure(_Message):
    """An error on its way to the parent."""

    error: Literal[
        "UnusablePhoto", "RenditionRefused", "StorageError", "ConfigurationError", "IntegrityError"
    ]
    what: _Short
    hint: _Short = ""
    incomplete: bool = False
    again: bool = False

    def raised(self) -> DamError:
        if self.error == "UnusablePhoto":
            return UnusablePhoto(self.what, self.hint, incomplete=self.incomplete, again=self.again)
        return ERRORS[self.error](self.what, self.hint)


class Reply(_Message):
    """What came out: one of the three, or none for `drop`. `last`: the child ends now."""

    looked: Looked | None = None
    rendered: Rendered | None = None
    failure: Failure | None = None
    last: bool = False


def send(wire: socket.socket, body: bytes) -> None:
    """One message. Raises OSError where the other side is gone, ValueError where it is too long."""
    if len(body) > MAX_MESSAGE:
        raise ValueError("message too long")
    wire.sendall(len(body).to_bytes(_HEAD, "big") + body)


def receive(wire: socket.socket, deadline: float | None = None) -> bytes:
    """One message; `deadline` as time.monotonic() counts.

    Raises EOFError where the other side is gone, TimeoutError after the deadline, ValueError
    for a message that is too long.
    """
    length = int.from_bytes(receive_exactly(wire, _HEAD, deadline), "big")
    if length > MAX_MESSAGE:
        raise ValueError("message too long")
    return receive_exactly(wire, length, deadline)


def receive_exactly(wire: socket.socket, length: int, deadline: float | None = None) -> bytes:
    """So many bytes; raises as `receive` does."""
    body = bytearray()
    while len(body) < length:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            wire.settimeout(left)
        try:
            piece = wire.recv(min(1 << 20, length - len(body)))
        except ConnectionError:
            piece = b""
        if not piece:
            raise EOFError
        body += piece
    return bytes(body)


@dataclass(slots=True)
class _Bench:
    """What the child holds between two messages: the photograph it looked at or opened last."""

    path: bytes = b""
    sha256: str = ""
    original: imaging.Original | None = None

    def load(self, request: Request, side: int | None = None) -> imaging.Original:
        """The photograph, with pixels enough for that longer side (None: all)."""
        wanted = (request.path, request.sha256)
        if (
            self.original is None
            or (self.path, self.sha256) != wanted
            or not (self.original.serves(side))
        ):
            # The old picture goes first: two of them may not fit into the memory allowed.
            self.original, self.path = None, b""
            self.original = imaging.open_original(
                os.fsdecode(request.path), request.limits, side=side, sha256=request.sha256
            )
            self.path, self.sha256 = wanted
        return self.original


def serve(wire: socket.socket) -> None:
    """Answer messages until the parent is gone or an answer says that it is the last."""
    bench = _Bench()
    send(wire, Reply().model_dump_json().encode())
    last = False
    while not last:
        try:
            if not select.select([wire], [], [], RESTING_SECONDS)[0]:
                _give_back()
            body = receive(wire)
            wire.sendall(TAKEN)
            request = Request.model_validate_json(body)
            reply = _answer(bench, request)
            send(wire, reply.model_dump_json().encode())
        except (EOFError, OSError):
            return
        except ValueError:
            # The request or what the metadata said is no valid text: the photograph is at fault.
            fault = Failure(error="UnusablePhoto", what="The photograph holds texts beyond reading")
            reply = Reply(failure=fault)
            send(wire, reply.model_dump_json().encode())
        last = reply.last


def _give_back() -> None:
    """Hand the memory that was kept for the next photograph to the system, where the C library can.

    Only glibc keeps any, and only glibc has this function.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _answer(bench: _Bench, request: Request) -> Reply:
    _limit(request)
    looking = request.do == "look"
    try:
        if looking:
            bench.original = None
            return Reply(looked=_look(bench, request))
        if request.do == "render" and request.job is not None:
            return Reply(rendered=_render(bench, request, request.job))
        if request.do == "dress" and request.rights is not None:
            return Reply(rendered=_dress(request, request.rights))
        bench.original = None
        return Reply()
    except MemoryError:
        bench.original = None
        what = "The picture needs more memory than is allowed"
        failure = _failure(looking, what, _MEMORY_HINT).model_copy(update={"again": True})
        return Reply(failure=failure, last=True)
    except tuple(ERRORS.values()) as problem:
        return Reply(
            failure=Failure.model_validate(
                {
                    "error": type(problem).__name__,
                    "what": problem.what[:2000],
                    "hint": problem.hint[:2000],
                    "incomplete": getattr(problem, "incomplete", False),
                }
            )
        )
    except Exception as problem:
        what = f"The photograph could not be worked on ({type(problem).__name__})"
        return Reply(failure=_failure(looking, what, ""))


def _failure(looking: bool, what: str, hint: str) -> Failure:
    return Failure(error="UnusablePhoto" if looking else "RenditionRefused", what=what, hint=hint)


def _limit(request: Request) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + request.seconds + 1
    for kind, value in (
        (resource.RLIMIT_AS, request.memory_mb * 1024 * 1024),
        (resource.RLIMIT_CPU, seconds),
    ):
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        try:
            resource.setrlimit(kind, (value, hard))
        except (OSError, ValueError):
            # Only macOS refuses to limit addresses: its children are limited in time and pixels.
            if sys.platform != "darwin":
                raise


def _look(bench: _Bench, request: Request) -> Looked:
    original = bench.load(request)
    said = metadata.read(original.blocks, request.sidecar, original.turned)
    if request.face_check:
        found = faces.count(*original.reduced(faces.LOOK_SIDE))
    else:
        found = FaceCount(None, "none", "the face check is switched off")
    alike = likeness.of(original.grey(likeness.SIDE))
    return Looked(
        original.format,
        original.width,
        original.height,
        said,
        found,
        alike.text() if alike is not None else "",
    )


def _render(bench: _Bench, request: Request, job: RenderJob) -> Rendered:
    # Nothing else is made of what was opened without a look: decoded no larger than needed.
    original = bench.load(request, None if request.whole else job.max_side)
    srgb = job.color is Color.SRGB or not original.icc
    turned = original.turned not in (None, 1)
    recoloured = srgb and bool(original.icc)
    if job.last:
        bench.original = None
    if job.quick and job.max_side is not None:
        picture, icc = original.glimpse(job.max_side)
    else:
        picture, icc = original.finished(job.max_side, job.color, last=job.last)
    # Two copies of a large picture are too much beside what the face check needs.
    del original
    imaging_redact.destroy(picture, job.redact, check=request.face_check, nobody=job.nobody)
    if job.mark:
        imaging_mark.draw(picture, job.mark, job.style)
    complaints: tuple[str, ...] = ()
    if job.bare:
        # A preview never leaves: it carries no texts, which is what the reader would ask for.
        jpeg = imaging.encode(picture, quality=job.quality, icc=icc)
    else:
        written = metadata.write(job.rights, picture.size, srgb=srgb)
        jpeg = imaging.encode(
            picture,
            quality=job.quality,
            icc=icc,
            exif=written.exif,
            xmp=written.xmp,
            app13=written.app13,
        )
        complaints = readback.check(jpeg, job.rights, picture.size)
    _refuse(complaints)
    done = _written(request.target, jpeg, picture.size, sync=job.sync)
    done = replace(done, turned=turned, recoloured=recoloured)
    if not job.copies:
        return done
    copies = []
    for copy, target in zip(job.copies, request.copies, strict=True):
        small, size = imaging.copied(picture, icc, copy.side, copy.quality)
        copies.append(_written(target, small, size, sync=False))
    return replace(done, copies=tuple(copies))


def _dress(request: Request, rights: Rights) -> Rendered:
    """A bare rendition with texts: the pixels stay, encoded as they are; read back like any."""
    jpeg = imaging_texts.load(os.fsdecode(request.path), request.sha256, request.limits.max_bytes)
    bare = imaging_texts.read(jpeg)
    written = metadata.write(rights, bare.size, srgb=imaging_color.is_plain(bare.icc))
    dressed = imaging_texts.put_in(jpeg, exif=written.exif, xmp=written.xmp, app13=written.app13)
    _refuse(readback.check(dressed, rights, bare.size))
    return _written(request.target, dressed, bare.size, sync=False)


def _refuse(complaints: tuple[str, ...]) -> None:
    if complaints:
        raise RenditionRefused(
            "The finished rendition was read back and refused: " + "; ".join(complaints)[:1000]
        )


def _written(target: bytes, jpeg: bytes, size: tuple[int, int], *, sync: bool) -> Rendered:
    _write(Path(os.fsdecode(target)), jpeg, sync=sync)
    return Rendered(hashlib.sha256(jpeg).hexdigest(), len(jpeg), *size)


def _write(target: Path, body: bytes, *, sync: bool) -> None:
    try:
        # What a killed run left behind is nobody's: the name is ours alone.
        target.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(target, flags, 0o600), "wb", buffering=0) as file:
            rest = memoryview(body)
            while rest:
                rest = rest[file.write(rest) :]
            if sync:
                os.fsync(file.fileno())
    except OSError as problem:
        with contextlib.suppress(OSError):
            target.unlink(missing_ok=True)
        raise StorageError(
            f"The rendition could not be written ({os.strerror(problem.errno or 0)})",
            "Free some space or check the disk, then run again",
        ) from None


def _end_with(parent: int) -> None:
    # Not PR_SET_PDEATHSIG: that fires when the thread that started the child ends.
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    """Take over standard input as the wire; shut the other streams, libraries write to them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    wire = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with wire:
        serve(wire)
    # Whoever started it waits for its end, and has all that it had to say.
    os._exit(0)


if __name__ == "__main__":
    main()
