"""What `dam` is measured against: the least that a picture tool could do."""

from __future__ import annotations

from PIL import Image


def decode_and_encode(job: tuple[str, str]) -> None:
    """Decode one photograph with Pillow and encode it again at quality 90; nothing else."""
    source, target = job
    with Image.open(source) as picture:
        picture.convert("RGB").save(target, quality=90)
