"""A small press pack that the tests of its sink make, in one way or another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

from dam.adapters.pack import PackSink, pack_sink
from dam.core.packing import PackFormat

DAY = date(2021, 11, 18)
ROOT = "P-20211118-0a1b2c3d"
INFO = {"Source-Organization": "AMAL", "External-Identifier": ROOT}
PICTURES = {
    "images/20211118-aaaaaaaa.jpg": b"\xff\xd8" + bytes(range(256)) * 40 + b"\xff\xd9",
    "images/20211118-bbbbbbbb.jpg": b"\xff\xd8" + bytes(5000) + b"\xff\xd9",
}
TEXTS = {"captions.csv": "file,légende\r\n".encode("utf-8-sig"), "TERMS.ar.txt": "شروط\n".encode()}
PAGE = b"<!doctype html><title>x</title>"
#: What a folder of it holds.
NAMES = sorted(
    [f"data/{name}" for name in (*PICTURES, *TEXTS)]
    + ["bag-info.txt", "bagit.txt", "index.html", "manifest-sha256.txt", "tagmanifest-sha256.txt"]
)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def picture(sink: PackSink, relative: str, data: bytes) -> None:
    """As another process does it: written at its place, then noted."""
    sink.place(relative).write_bytes(data)
    sink.note(relative, sha(data), len(data))


def fill(sink: PackSink) -> None:
    sink.spare("thumb.jpg").write_bytes(b"\xff\xd8")
    for name, data in PICTURES.items():
        picture(sink, name, data)
    for name, text in TEXTS.items():
        sink.write(name, text)
    sink.write("index.html", PAGE, beside=True)


def fill_backwards(sink: PackSink) -> None:
    """The same in another order."""
    sink.write("index.html", PAGE, beside=True)
    for name, text in reversed(TEXTS.items()):
        sink.write(name, text)
    for name in reversed(PICTURES):
        picture(sink, name, PICTURES[name])


def nothing(sink: PackSink) -> None:
    """What happens by default."""


def make(
    target: Path,
    kind: PackFormat,
    day: date = DAY,
    *,
    filled: Callable[[PackSink], object] = nothing,
    sealed: Callable[[PackSink], object] = nothing,
) -> str:
    """A whole pack at `target`, with what happens once it is filled and once it is sealed; what
    `seal` told."""
    with pack_sink(target, kind) as sink:
        fill(sink)
        filled(sink)
        told = sink.seal(INFO, ROOT, day)
        sealed(sink)
        sink.publish()
    return told


def place(folder: Path, kind: PackFormat) -> Path:
    return folder / ("pack.zip" if kind == "zip" else "pack")
