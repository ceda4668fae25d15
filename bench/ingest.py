"""The job `ingest`: the whole of it through its real command, beside a bare decode + encode.

Rounds alternate (A B A B), so that a machine whose speed drifts does not favour one side; the
median ratio and its spread are printed. Photographs have detail and noise like a camera's.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.baseline import decode_and_encode
from bench.photographs import write_photograph

_SPAWN = multiprocessing.get_context("spawn")
SIDECAR = "schema: dam/photo/1\nphotographer: rachid-azzouzy\npeople: none\n"


def _baseline(photos: list[Path], folder: Path) -> None:
    jobs = [(str(p), str(folder / p.name)) for p in photos]
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=_SPAWN) as pool:
        list(pool.map(decode_and_encode, jobs))


def _generate(photos: list[Path], megapixels: float) -> None:
    """In processes of their own: a large parent would lend its peak memory to its children."""
    with ProcessPoolExecutor(1, mp_context=_SPAWN) as pool:
        jobs = [pool.submit(write_photograph, p, megapixels, n) for n, p in enumerate(photos)]
        for job in jobs:
            job.result()


def dam(*words: str) -> None:
    """Run the real command."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("DAM_")}
    subprocess.run(
        [sys.executable, "-m", "dam", *words],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**env, "DAM_INBOX__QUIET_SECONDS": "0"},
    )


def _peak() -> int:
    """Peak memory in MiB of the largest process that has ended so far."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def _timed(work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _one_round(photos: list[Path], folder: Path) -> tuple[float, float]:
    """Seconds of (dam ingest, baseline) for one set of photographs."""
    workspace, plain = folder / "workspace", folder / "plain"
    dam("init", str(workspace))
    plain.mkdir()
    for photo in photos:
        shutil.copy2(photo, workspace / "inbox" / photo.name)
        (workspace / "inbox" / f"{photo.name}.consent.yaml").write_text(SIDECAR)
    ingest = _timed(lambda: dam("-C", str(workspace), "ingest"))
    filed = len(list((workspace / "archive").rglob("*.jpg")))
    if filed != len(photos):
        sys.exit(f"only {filed} of {len(photos)} photographs were filed; nothing is measured")
    base = _timed(lambda: _baseline(photos, plain))
    shutil.rmtree(workspace)
    shutil.rmtree(plain)
    return ingest, base


def ingest(count: int, megapixels: float, rounds: int) -> dict[str, object]:
    """Measure `dam ingest` (face check on) against bare Pillow decode + encode."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "photographs"
        source.mkdir()
        photos = [source / f"P{n:04}.jpg" for n in range(count)]
        _generate(photos, megapixels)
        written = _peak()
        times = [_one_round(photos, folder) for _ in range(rounds + 1)][1:]
    ratios = sorted(mine / base for mine, base in times)
    peak = _peak()
    return {
        "job": "ingest",
        "baseline": "Pillow decode + encode, as many processes as cores",
        "photographs": count,
        "megapixels": megapixels,
        "rounds": rounds,
        "dam_photos_per_second": round(count / statistics.median(m for m, _ in times), 2),
        "baseline_photos_per_second": round(count / statistics.median(b for _, b in times), 2),
        "ratio_median": round(statistics.median(ratios), 2),
        "ratio_least": round(ratios[0], 2),
        "ratio_most": round(ratios[-1], 2),
        "peak_mib_of_a_process": peak if peak > written else f"at most {written}",
    }
