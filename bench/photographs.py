"""Photographs for measuring, like a camera's: size, statistics, EXIF, an embedded thumbnail.

A few scenes are drawn: detail of every scale as nature has it (each octave as strong as the
next), a soft sky, hard edges, colour that varies more slowly than light, and the noise of a
sensor, stronger in the light. They are encoded as cameras do, 4:2:0, about 9 MB at 24 megapixels.
All others are the same scenes under a head of their own, with another time and number, and
every fourth turned by its orientation: other files for whoever hashes them, and as much work.
"""

from __future__ import annotations

import io
import math
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

CAPTURED = "2021:11:18 10:15:00"
SCENES = 4
QUALITY = 95
_TURNS = (1, 6, 1, 1, 8, 1, 1, 1)
_ENDINGS = (".jpg", ".jpeg")
_THUMBNAIL = (160, 120)
#: Fewer pixels (in millions) are drawn before other processes have started.
_WORTH_A_POOL = 8.0
_Drawn = tuple[Path, float, int]
_Copied = tuple[Path, Path, int]


def photographs(folder: Path, count: int, megapixels: float, first: int = 0) -> list[Path]:
    """So many in an empty folder; numbers begin with `first`, and no two share one."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(min(SCENES, count))
    scenes = [folder / f"scene-{n}" for n in numbers]
    photos = [folder / f"P{first + n:06}.jpg" for n in range(count)]
    drawn = [(scene, megapixels, n) for n, scene in zip(numbers, scenes, strict=True)]
    copied = [(scenes[n % len(scenes)], p, first + n) for n, p in enumerate(photos)]
    if megapixels * count < _WORTH_A_POOL:
        _each(map, drawn, copied)
    else:
        with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
            _each(pool.map, drawn, copied)
    for scene in scenes:
        scene.unlink()
    return photos


def _each(
    over: Callable[..., Iterable[None]], drawn: Sequence[_Drawn], copied: Sequence[_Copied]
) -> None:
    """First all scenes, then what is made of them."""
    deque(over(_draw, *zip(*drawn, strict=True)), 0)
    deque(over(_copy, *zip(*copied, strict=True)), 0)


def given(source: Path, folder: Path) -> list[Path]:
    """Copies of the JPEGs of a folder, under names of ours."""
    found = sorted(p for p in source.iterdir() if p.suffix.lower() in _ENDINGS)
    folder.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copyfile(p, folder / f"P{n:06}.jpg")) for n, p in enumerate(found)]


def megabytes(photos: Sequence[Path]) -> float:
    """How large one is on average, in millions of bytes."""
    return round(sum(p.stat().st_size for p in photos) / len(photos) / 1e6, 2)


def write_photograph(target: Path, megapixels: float, seed: int) -> None:
    """A single one. Draws in this process."""
    scene = target.with_name(f".{target.name}.scene")
    _draw(scene, megapixels, seed)
    _copy(scene, target, seed)
    scene.unlink()


def _draw(target: Path, megapixels: float, seed: int) -> None:
    """The bare JPEG of a scene (3:2, without EXIF)."""
    import numpy as np
    from PIL import Image

    height = int(math.sqrt(megapixels * 1_000_000 / 1.5)) // 16 * 16 or 16
    width = height * 3 // 2
    random = np.random.default_rng(seed)
    floats = np.float32

    def octaves(size: tuple[int, int], finest: int, falling: float) -> np.ndarray:
        """Random detail from a third of the picture down to `finest` pixels, each scale twice as
        fine as the one before and weaker by 2 ** -falling."""
        steps = int(math.log2(max(2, size[1] / 3 / finest)))
        total = np.zeros((2, 2), dtype=floats)
        for step in range(steps + 1):
            cells = [side // (finest * 2 ** (steps - step)) + 2 for side in size]
            grown = Image.fromarray(total).resize((cells[0], cells[1]), Image.Resampling.BILINEAR)
            fresh = random.standard_normal((cells[1], cells[0]), dtype=floats)
            total = np.asarray(grown) + fresh * floats(2 ** (-falling * step))
        whole = Image.fromarray(total).resize(size, Image.Resampling.BICUBIC)
        return np.asarray(whole)

    down = np.linspace(0, 1, height, dtype=floats)[:, None]
    across = np.linspace(0, 1, width, dtype=floats)
    detail = octaves((width, height), 2, 0.25)
    # The upper part is sky: out of focus, a soft gradient.
    ground = 1 / (1 + np.exp(-(down - 0.35 - 0.05 * np.sin(across * 9 + seed)) * 40))
    light = 175 - 65 * ground + 16 * detail * (0.1 + 0.88 * ground)
    for _ in range(24):  # Walls, poles, windows.
        left, top = int(random.integers(width)), int(height * random.uniform(0.3, 1))
        wide, high = (
            int(width * random.uniform(0.005, 0.08)),
            int(height * random.uniform(0.02, 0.3)),
        )
        light[top : top + high, left : left + wide] += floats(random.uniform(-45, 45))
    light += random.standard_normal(light.shape, dtype=floats) * (1.5 + 0.014 * light)
    half = (width // 2, height // 2)
    planes = [Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))]
    for tint in (9, -7):
        colour = 128 + tint + 7 * octaves(half, 4, 0.6)
        colour += random.standard_normal(colour.shape, dtype=floats) * 1.2
        plane = Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8))
        planes.append(plane.resize((width, height), Image.Resampling.BILINEAR))
    picture = Image.merge("YCbCr", planes)
    picture.save(target, "JPEG", quality=QUALITY, subsampling="4:2:0")


def _copy(scene: Path, target: Path, number: int) -> None:
    """The scene with the head that a camera writes for its picture of this number."""
    data = scene.read_bytes()
    body = data[2:]
    while body[1] in range(0xE0, 0xF0):
        body = body[2 + int.from_bytes(body[2:4], "big") :]
    exif = _exif(scene, number)
    head = b"\xff\xd8\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    target.write_bytes(head + body)


def _exif(scene: Path, number: int) -> bytes:
    import piexif
    from PIL import Image

    with Image.open(scene) as picture:
        size = picture.size
        picture.draft("RGB", _THUMBNAIL)
        small = io.BytesIO()
        picture.convert("RGB").resize(_THUMBNAIL).save(small, "JPEG", quality=80)
    image, photo = piexif.ImageIFD, piexif.ExifIFD
    main = {
        image.Make: b"Example", image.Model: b"EX-1", image.Orientation: _TURNS[number % 8],
        image.XResolution: (300, 1), image.YResolution: (300, 1), image.ResolutionUnit: 2,
        image.Software: b"EX-1 1.03", image.DateTime: CAPTURED.encode(),
        image.YCbCrPositioning: 2,
    }  # fmt: skip
    shot = {
        photo.ExposureTime: (1, 250), photo.FNumber: (56, 10), photo.ExposureProgram: 2,
        photo.ISOSpeedRatings: 400, photo.ExifVersion: b"0231",
        photo.DateTimeOriginal: CAPTURED.encode(), photo.DateTimeDigitized: CAPTURED.encode(),
        photo.SubSecTimeOriginal: f"{number % 100:02}".encode(),
        photo.ExposureBiasValue: (0, 3), photo.MeteringMode: 5, photo.Flash: 16,
        photo.FocalLength: (35, 1), photo.FocalLengthIn35mmFilm: 35, photo.ColorSpace: 1,
        photo.PixelXDimension: size[0], photo.PixelYDimension: size[1],
        photo.WhiteBalance: 0, photo.LensModel: b"EX 35mm F2", photo.LensMake: b"Example",
        photo.BodySerialNumber: b"0001234", photo.ImageUniqueID: f"{number:032x}".encode(),
        # Cameras keep some KiB there that only their maker can read.
        photo.MakerNote: b"EXAMPLE\0" + number.to_bytes(8, "big") * 2000,
    }  # fmt: skip
    told: bytes = piexif.dump({"0th": main, "Exif": shot, "1st": {}, "thumbnail": small.getvalue()})
    return told
