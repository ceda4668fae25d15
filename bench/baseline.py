"""What `dam` is measured against: the least that a picture tool could do."""

from __future__ import annotations

import time

from PIL import Image


def decode_and_encode(job: tuple[str, str]) -> None:
    """Decode one photograph with Pillow and encode it again at quality 90; nothing else."""
    source, target = job
    with Image.open(source) as picture:
        picture.convert("RGB").save(target, quality=90)


def decode_resize_and_encode(job: tuple[str, str, int, int]) -> float:
    """Decode one photograph, resize it to a longer side, encode it at a quality; nothing else.

    Comes out: seconds of the processor that it took.
    """
    begin = time.process_time()
    source, target, side, quality = job
    with Image.open(source) as picture:
        scale = min(1.0, side / max(picture.size))
        size = (round(picture.width * scale), round(picture.height * scale))
        picture.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(target, quality=quality)
    return time.process_time() - begin
