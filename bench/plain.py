"""`python -m bench.plain CODEC WORKERS IN OUT`: decode and encode every JPEG of a folder.

The least that a picture tool could do, as a process of its own with so many workers, started by
spawn; nothing is read, marked, credited, hashed, synced or kept track of. With SIDE every picture
is also resized to that longer side.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Job:
    source: Path
    target: Path
    side: int
    quality: int


def pillow(job: Job) -> None:
    from PIL import Image

    with Image.open(job.source) as opened:
        picture = opened.convert("RGB")
        if job.side:
            scale = min(1.0, job.side / max(picture.size))
            size = (round(picture.width * scale), round(picture.height * scale))
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        picture.save(job.target, quality=job.quality)


def turbo(job: Job) -> None:
    """libjpeg-turbo as `simplejpeg` carries it: RGB there and back, 4:2:0."""
    import simplejpeg

    pixels = simplejpeg.decode_jpeg(job.source.read_bytes(), colorspace="RGB")
    job.target.write_bytes(
        simplejpeg.encode_jpeg(
            pixels, quality=job.quality, colorspace="RGB", colorsubsampling="420"
        )
    )


CODECS = {"pillow": pillow, "turbo": turbo}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.plain", description=__doc__)
    parser.add_argument("codec", choices=CODECS)
    parser.add_argument("workers", type=int)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--side", type=int, default=0, help="longer side, pillow alone")
    parser.add_argument("--quality", type=int, default=90)
    given = parser.parse_args()
    jobs = [
        Job(photo, given.out / photo.name, given.side, given.quality)
        for photo in sorted(given.photos.glob("*.jpg"))
    ]
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(CODECS[given.codec], jobs))


if __name__ == "__main__":
    main()
