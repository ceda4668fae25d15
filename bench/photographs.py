"""Camera-like photographs for measuring: gradients, edges, texture and sensor noise."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image

CAPTURED = "2021:11:18 10:15:00"
_DATE_TIME_ORIGINAL = 0x9003
_EXIF_IFD = 0x8769


def write_photograph(target: Path, megapixels: float, seed: int) -> None:
    """A JPEG of about so many megapixels (3:2), quality 92, with a capture date."""
    height = int(math.sqrt(megapixels * 1_000_000 / 1.5))
    width = height * 3 // 2
    random = np.random.default_rng(seed)
    across = np.linspace(0, 1, width, dtype=np.float32)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    ground = 90 + 110 * (1 - down) + 25 * np.sin(across * 40 + seed)
    texture = random.normal(0, 1, (height // 4 + 1, width // 4 + 1)).astype(np.float32)
    texture = np.kron(texture, np.ones((4, 4), dtype=np.float32))[:height, :width] * 14
    stripes = 18 * np.sign(np.sin(across * width / 23) * np.sin(down * height / 31))
    light = ground + texture + stripes
    tones = (1.0, 0.93, 0.8)
    noise = random.normal(0, 4, (height, width, 3)).astype(np.float32)
    pixels = np.stack([light * tone for tone in tones], axis=2) + noise
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    exif = Image.Exif()
    exif.get_ifd(_EXIF_IFD)[_DATE_TIME_ORIGINAL] = CAPTURED
    picture.save(target, quality=92, exif=exif)
