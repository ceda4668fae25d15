"""What `dam` is measured against, by name: scripts that photographers use, and bare codecs.

Each is one process that is given a folder of photographs and an empty one. `TOOLS` are the
programs it calls and the Debian packages that bring them.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.harness import Contestant, give_up

_HERE = Path(__file__).resolve().parent
_EXIFTOOL = ("exiftool", "libimage-exiftool-perl")
_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Baseline:
    """`told` is what it does; `words` come before photographs and target; `after` follow them.
    `tools` are (any of these programs, Debian package), `module` is (Python module, package)."""

    told: str
    words: tuple[str, ...]
    after: tuple[str, ...] = ()
    tools: tuple[tuple[str, str], ...] = ()
    module: tuple[str, str] | None = None

    def missing(self) -> str:
        """One line saying what to install; "" where nothing is missing."""
        packages = [
            package
            for programs, package in self.tools
            if not any(map(shutil.which, programs.split()))
        ]
        if packages:
            return f"apt-get install {' '.join(packages)}"
        if self.module and importlib.util.find_spec(self.module[0]) is None:
            return f"pip install {self.module[1]}"
        return ""


def _script(name: str) -> tuple[str, ...]:
    return ("sh", str(_HERE / name))


def _plain(codec: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "bench.plain", codec, str(_WORKERS))


BASELINES = {
    "script": Baseline(
        "exiftool + ImageMagick, two photographs at a time",
        _script("photographer.sh"),
        (str(_WORKERS),),
        (_EXIFTOOL, ("magick convert", "imagemagick")),
    ),
    "vips": Baseline(
        "libvips command line, two at a time, exiftool for all of them together",
        _script("photographer-vips.sh"),
        (str(_WORKERS),),
        (_EXIFTOOL, ("vips", "libvips-tools")),
    ),
    "turbo": Baseline(
        "libjpeg-turbo decode + encode and nothing else, two processes",
        _plain("turbo"),
        module=("simplejpeg", "simplejpeg"),
    ),
    "pillow": Baseline("Pillow decode + encode and nothing else, two processes", _plain("pillow")),
}


def wanted(names: str) -> tuple[list[str], list[str]]:
    """The baselines of a list (`script,vips`) that can run here, and a line about each other."""
    chosen = [name for name in names.split(",") if name]
    if unknown := [name for name in chosen if name not in BASELINES]:
        give_up(f"{', '.join(unknown)}: baselines are {', '.join(BASELINES)}")
    needs = {name: BASELINES[name].missing() for name in chosen}
    notes = [f"{name} is left out; it needs: {needs[name]}" for name in chosen if needs[name]]
    return [name for name in chosen if not needs[name]], notes


def contestant(name: str, photos: Path, count: int) -> Contestant:
    """The baseline at work on the JPEGs of a folder, so many."""
    one = BASELINES[name]

    def ready(folder: Path) -> Sequence[str]:
        return (*one.words, str(photos), str(folder), *one.after)

    return Contestant(name, ready, partial(written, count=count))


def resizing(photos: Path, count: int, side: int, quality: int) -> Contestant:
    """Pillow decode + resize + encode with as many processes as dam takes."""
    name = "pillow decode + resize + encode"
    words = [sys.executable, "-P", "-m", "bench.plain", "pillow", str(os.cpu_count() or 1)]
    how = ["--side", str(side), "--quality", str(quality)]

    def ready(folder: Path) -> Sequence[str]:
        return [*words, str(photos), str(folder), *how]

    return Contestant(name, ready, partial(written, count=count))


def written(folder: Path, count: int) -> None:
    """Ends everything where a baseline did not write its JPEGs. Scripts write previews and
    originals beside them."""
    made = folder / "archive" if (folder / "archive").exists() else folder
    found = len(list(made.rglob("*.jpg")))
    if found != count:
        give_up(f"a baseline wrote only {found} of {count} pictures")


def told(names: Sequence[str]) -> dict[str, str]:
    return {name: BASELINES[name].told for name in names}
