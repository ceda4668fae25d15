"""The job `stages`: what each stage of one rendition costs, beside a bare decode + encode.

Everything runs in one fresh process a size, one photograph at a time, by the same functions that
the darkroom's child calls: no command, but the profile of one. Rounds alternate: all stages, then
the baseline, then all stages. The preview is one stage: it is made small, redacted, looked at and
encoded.

Milliseconds are of the processor, so that what else the machine does changes them little.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

from PIL import Image

from bench.photographs import write_photograph
from bench.plain import Job, pillow
from bench.result import Result
from dam.adapters import (
    faces,
    imaging,
    imaging_blocks,
    imaging_color,
    imaging_redact,
    metadata,
    readback,
)
from dam.adapters import imaging_mark as mark
from dam.adapters import imaging_profiles as profiles
from dam.core.model import Face, Rights
from dam.core.readings import Color

_SPAWN = multiprocessing.get_context("spawn")
_LINE = "Photo : Rachid Azzouzy / AMAL"
_RIGHTS = Rights(
    creators=("Rachid Azzouzy",),
    credit_line=_LINE,
    copyright="© 2021 Rachid Azzouzy / AMAL",
    source="AMAL",
    captions=(("fr", "Un atelier à Tanger"),),
    usage_terms=(("en", "Press only"),),
    web_statement="https://example.org/rights",
    licensor="AMAL",
    pack="",
)
STAGES = (
    "hash",
    "header",
    "decode",
    "faces",
    "preview",
    "orient",
    "colour",
    "redaction",
    "mark",
    "metadata",
    "encode",
    "read_back",
)
#: Two faces that may not be seen, as fractions of the upright picture.
_HIDDEN = (Face(0.3, 0.3, 0.06, 0.08, 1.0), Face(0.6, 0.35, 0.05, 0.07, 1.0))
_PREVIEW_SIDE, _PREVIEW_QUALITY = 1024, 80
Made = TypeVar("Made")


class _Clock:
    """CPU seconds by stage."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def __call__(self, stage: str, work: Callable[[], Made]) -> Made:
        begin = time.process_time()
        result = work()
        self.spent[stage] = self.spent.get(stage, 0.0) + time.process_time() - begin
        return result


def _stages(photo: Path, target: Path) -> dict[str, float]:
    """CPU seconds of each stage of one rendition."""
    clock = _Clock()

    def digest() -> None:
        with photo.open("rb") as file:
            hashlib.file_digest(file, "sha256")

    clock("hash", digest)
    data = photo.read_bytes()
    clock("header", lambda: imaging_blocks.take_apart("JPEG", data))
    original = clock("decode", lambda: imaging.open_original(photo, imaging.Limits()))
    # Opening takes the container apart itself; what is left of it is the decoder.
    clock.spent["decode"] -= clock.spent["header"]
    clock("faces", lambda: faces.count(*original.reduced(faces.LOOK_SIDE)))

    def preview() -> bytes:
        small, icc = original.finished(_PREVIEW_SIDE, Color.SRGB)
        imaging_redact.destroy(small, _HIDDEN, check=True)
        return imaging.encode(small, quality=_PREVIEW_QUALITY, icc=icc)

    clock("preview", preview)
    picture = clock("orient", original.upright)
    icc = clock("colour", lambda: imaging_color.in_space(picture, original.icc, Color.SRGB))
    # Filling costs next to nothing; looking whether a face is left is the stage.
    clock("redaction", lambda: imaging_redact.destroy(picture, _HIDDEN, check=True))
    clock("mark", lambda: mark.draw(picture, _LINE))

    def texts() -> metadata.Written:
        metadata.read(original.blocks)
        return metadata.write(_RIGHTS, picture.size)

    written = clock("metadata", texts)
    jpeg = clock(
        "encode",
        lambda: imaging.encode(
            picture,
            quality=90,
            icc=icc,
            exif=written.exif,
            xmp=written.xmp,
            app13=written.app13,
        ),
    )
    if complaints := clock("read_back", lambda: readback.check(jpeg, _RIGHTS, picture.size)):
        raise SystemExit(f"the rendition is not clean: {complaints}")
    target.write_bytes(jpeg)
    return clock.spent


def _measure(folder: Path, rounds: int) -> tuple[list[dict[str, float]], int]:
    """Rounds of stages, each with its `baseline`, and this process's peak memory in MiB."""
    photo, target = folder / "photo.jpg", folder / "out.jpg"
    found = []
    for _ in range(rounds + 1):
        spent = _stages(photo, target)
        begin = time.process_time()
        pillow(Job(photo, target, 0, 90))
        found.append({**spent, "baseline": time.process_time() - begin})
    # The first round loads libraries and the model.
    return found[1:], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _draw(folder: Path, megapixels: float, space: str) -> None:
    """A photograph that lies on its side, in the colour space of a telephone or in sRGB."""
    plain, photo = folder / "plain.jpg", folder / "photo.jpg"
    write_photograph(plain, megapixels, 1)
    with Image.open(plain, formats=("JPEG",)) as picture:
        exif = picture.getexif()
        exif[0x0112] = 6
        icc = profiles.coded(12, 13) if space == "p3" else profiles.srgb()
        picture.save(photo, quality="keep", exif=exif, icc_profile=icc)


def stages(place: Path, sizes: list[float], rounds: int, space: str) -> Result:
    """Measure the stages for photographs of so many megapixels each."""
    told: dict[str, object] = {}
    for megapixels in sizes:
        folder = place / f"{megapixels:g}"
        folder.mkdir()
        with ProcessPoolExecutor(1, mp_context=_SPAWN) as pool:
            pool.submit(_draw, folder, megapixels, space).result()
        with ProcessPoolExecutor(1, mp_context=_SPAWN) as pool:
            found, peak = pool.submit(_measure, folder, rounds).result()
        told |= _told(f"{megapixels:g}_mp", found, peak)
    return Result(
        job="stages",
        about={
            "baseline": "Pillow decode + encode of the same photograph, in the same process",
            "colour_space": space,
            "faces": "installed" if faces.available() else "not installed",
            "rounds": rounds,
        },
        figures=told,
    )


def _looked(spent: dict[str, float]) -> float:
    """CPU seconds of the stages that are the face check almost alone."""
    return spent["faces"] + spent["preview"] + spent["redaction"]


def _told(size: str, found: list[dict[str, float]], peak: int) -> dict[str, object]:
    def milliseconds(values: list[float]) -> float:
        return round(1000 * statistics.median(values), 1)

    totals = [sum(one[stage] for stage in STAGES) for one in found]
    pairs = list(zip(totals, found, strict=True))
    ratios = sorted(total / one["baseline"] for total, one in pairs)
    return {
        **{f"{size}_{stage}_ms": milliseconds([one[stage] for one in found]) for stage in STAGES},
        f"{size}_all_stages_ms": milliseconds(totals),
        f"{size}_baseline_ms": milliseconds([one["baseline"] for one in found]),
        f"{size}_ratio_median": round(statistics.median(ratios), 2),
        f"{size}_ratio_least": round(ratios[0], 2),
        f"{size}_ratio_most": round(ratios[-1], 2),
        f"{size}_ratio_without_looking_for_faces": round(
            statistics.median((t - _looked(one)) / one["baseline"] for t, one in pairs), 2
        ),
        f"{size}_peak_mib": peak,
    }
