"""The job `export`: a whole press pack by the real command, beside a bare decode + resize + encode.

The command starts, decides, renders, writes texts, booklets and the contact sheet, reads everything
back, syncs it and puts it on record; the baseline does none of that. Rounds alternate, so that a
machine whose speed drifts does not favour one side. Nothing is kept between rounds: every picture
is rendered from its original each time; then once more for another pack, from what was kept.
Memory is that of the whole tree of processes, early and late: what grows with the number of
pictures would show.

Photographs are a few drawn ones and variations of them: shifted in their place and tones, with a
grain of their own, so that each is a file with as much in it as the first. They are taken in by the
real command, face check included, because nothing else lets them into a pack; that takes longer
than what is measured here, and is not counted.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from bench.baseline import decode_resize_and_encode
from bench.ingest import SIDECAR, dam
from bench.photographs import write_photograph
from dam.core.model import Purpose
from dam.core.presets import BUILT_IN, Preset

_SPAWN = get_context("spawn")
_DISTINCT = 12
_SAMPLE_SECONDS = 0.25
#: Without a caption nothing goes to the press.
_CAPTIONED = SIDECAR + "caption: {fr: Une salle vide, en: An empty hall, ar: قاعة}\n"


def _variation(job: tuple[str, str, int]) -> None:
    """Another photograph of the same size out of a drawn one: other tones, other grain."""
    source, target, number = job
    with Image.open(source, formats=("JPEG",)) as picture:
        pixels = np.asarray(picture)
        grain = np.random.default_rng(number).integers(0, 7, pixels.shape[:2], np.uint8)
        shifted = np.roll(pixels, number * 37 % pixels.shape[1], axis=1) // 8 * 7
        made = Image.fromarray(shifted + grain[..., None])
        made.save(target, quality=92, exif=picture.getexif())


def _generate(folder: Path, count: int, megapixels: float) -> list[Path]:
    photos = [folder / f"P{n:04}.jpg" for n in range(count)]
    drawn, others = photos[:_DISTINCT], photos[_DISTINCT:]
    jobs = [(str(drawn[n % len(drawn)]), str(p), n) for n, p in enumerate(others)]
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=_SPAWN) as pool:
        for job in [pool.submit(write_photograph, p, megapixels, n) for n, p in enumerate(drawn)]:
            job.result()
        list(pool.map(_variation, jobs))
    return photos


class _Spent(NamedTuple):
    """Seconds by the clock, and of all processors that worked for it."""

    clock: float
    processor: float


def _baseline(photos: list[Path], out: Path, preset: Preset, workers: int) -> _Spent:
    """The baseline; its processes have started before the clock does."""
    jobs = [(str(p), str(out / p.name), preset.size or 20_000, preset.quality) for p in photos]
    with ProcessPoolExecutor(workers, mp_context=_SPAWN) as pool:
        list(pool.map(time.sleep, [0.2] * workers))
        begin = time.perf_counter()
        processor = sum(pool.map(decode_resize_and_encode, jobs))
        return _Spent(time.perf_counter() - begin, processor)


class _Memory:
    """Resident memory of this process and its children in MiB, looked at while something runs."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self._ended = threading.Event()

    @contextmanager
    def watched(self) -> Iterator[None]:
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            self.seen.append(sum(map(_resident, _tree(os.getpid()))) // 1024)

    def peaks(self) -> tuple[int, int]:
        """The most in the second quarter of the time (all has started then), and in the last."""
        quarter = max(1, len(self.seen) // 4)
        return max(self.seen[quarter : 2 * quarter], default=0), max(
            self.seen[-quarter:], default=0
        )


def _tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def _resident(pid: int) -> int:
    """Proportional set size in KiB: what several processes share is counted once."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def _processor() -> float:
    """Seconds of the processor that this process and its ended children took so far."""
    told = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in told)


def _timed(work: Callable[[], object]) -> _Spent:
    begin, before = time.perf_counter(), _processor()
    work()
    return _Spent(time.perf_counter() - begin, _processor() - before)


def _export(root: Path, purpose: Purpose, recipient: str, out: Path, count: int) -> None:
    dam("-C", str(root), "export", purpose.value, "--recipient", recipient, "--out", str(out))
    made = len(list((out / "data" / "images").glob("*.jpg")))
    if made != count:
        sys.exit(f"only {made} of {count} pictures are in the pack; nothing is measured")


def _one_round(
    root: Path, photos: list[Path], preset: Preset, workers: int
) -> tuple[_Spent, _Spent, _Spent, tuple[int, int]]:
    """What was spent on a pack, on another one of the same pictures, on the baseline; memory of

    the first, early and late.
    """
    out, again_out, bare = root / "out", root / "again", root / "bare"
    memory = _Memory()
    shutil.rmtree(root / ".dam" / "renditions", ignore_errors=True)
    bare.mkdir()
    purpose, count = preset.purpose, len(photos)
    with memory.watched():
        fresh = _timed(lambda: _export(root, purpose, "Le Matin", out, count))
    again = _timed(lambda: _export(root, purpose, "Le Journal", again_out, count))
    base = _baseline(photos, bare, preset, workers)
    for folder in (out, again_out, bare):
        shutil.rmtree(folder)
    return fresh, again, base, memory.peaks()


def _ingest(root: Path, photos: list[Path]) -> None:
    dam("init", str(root))
    for photo in photos:
        # A hard link costs nothing; what is taken in is copied.
        os.link(photo, root / "inbox" / photo.name)
        (root / "inbox" / f"{photo.name}.consent.yaml").write_text(_CAPTIONED)
    dam("-C", str(root), "ingest")


def export(count: int, megapixels: float, rounds: int, purpose: str) -> dict[str, object]:
    """Measure a pack against a bare Pillow decode + resize + encode."""
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "photographs").mkdir()
        photos = _generate(folder / "photographs", count, megapixels)
        root = folder / "workspace"
        _ingest(root, photos)
        preset = BUILT_IN[Purpose(purpose)]
        found = [_one_round(root, photos, preset, workers) for _ in range(rounds)]
    ratios = sorted(base.clock / fresh.clock for fresh, _, base, _ in found)
    processor = (base.processor / fresh.processor for fresh, _, base, _ in found)

    def a_second(spent: Iterable[_Spent]) -> float:
        return round(count / statistics.median(one.clock for one in spent), 2)

    return {
        "job": "export",
        "baseline": f"Pillow decode + resize + encode, {workers} processes",
        "purpose": purpose,
        "photographs": count,
        "megapixels": megapixels,
        "rounds": rounds,
        "pictures_per_second": a_second(one[0] for one in found),
        "kept_pictures_per_second": a_second(one[1] for one in found),
        "baseline_pictures_per_second": a_second(one[2] for one in found),
        "ratio_median": round(statistics.median(ratios), 2),
        "ratio_least": round(ratios[0], 2),
        "ratio_most": round(ratios[-1], 2),
        "ratio_of_processor_time": round(statistics.median(processor), 2),
        "peak_mib_early": statistics.median(early for *_, (early, _) in found),
        "peak_mib_late": statistics.median(late for *_, (_, late) in found),
    }
