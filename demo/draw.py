"""The photographs of the demo as files: drawn, then written the way a camera writes them.

Everything a camera would give away is in them (place, serial number, maker's notes, a
thumbnail), so that one can see what is left of it in `archive/`: nothing.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

import piexif
from PIL import Image

from demo import scenes_casablanca, scenes_football, scenes_oujda, scenes_stage

Place = tuple[float, float]
TANGER: Place = (35.7595, -5.8340)
RABAT: Place = (34.0209, -6.8416)
OUJDA: Place = (34.6814, -1.9086)
CASABLANCA: Place = (33.5731, -7.5898)

SCENES: dict[str, Callable[[float, int], Image.Image]] = {
    "match": scenes_football.match,
    "goal": scenes_football.goal,
    "captain": scenes_football.captain,
    "from_above": scenes_football.from_above,
    "ocean": scenes_casablanca.ocean,
    "court": scenes_casablanca.court,
    "morning_court": scenes_casablanca.morning_court,
    "hall": scenes_casablanca.hall,
    "play": scenes_stage.play,
    "shadows": scenes_stage.shadows,
    "curtain_call": scenes_stage.curtain_call,
    "concert": scenes_oujda.concert,
    "guitarist": scenes_oujda.guitarist,
    "drums": scenes_oujda.drums,
}


@dataclass(frozen=True)
class Camera:
    make: str
    model: str
    lens: str
    serial: str
    software: str
    #: The name that its owner gave it, if any.
    artist: str = ""


NIKON = Camera(
    "NIKON CORPORATION", "NIKON D750", "24.0-70.0 mm f/2.8", "6012345", "Ver.1.15", "R. Azzouzy"
)
CANON = Camera("Canon", "Canon EOS 6D Mark II", "EF50mm f/1.4 USM", "013021004567", "Firmware 1.1")


@dataclass(frozen=True)
class Shot:
    """One press of the shutter: what is seen, when, where, and by whose camera."""

    scene: str
    taken: datetime
    place: Place
    camera: Camera
    seed: int = 1


def photograph(shot: Shot, scale: float) -> bytes:
    """A JPEG as it comes from the camera. `scale` 1 is 1800 x 1200 pixels.

    An upright picture is stored lying down with orientation 6, as cameras do.
    """
    picture = SCENES[shot.scene](scale, shot.seed)
    orientation = 1
    if picture.height > picture.width:
        picture, orientation = picture.transpose(Image.Transpose.ROTATE_90), 6
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92, exif=_exif(shot, picture, orientation))
    return out.getvalue()


def _exif(shot: Shot, picture: Image.Image, orientation: int) -> bytes:
    small = io.BytesIO()
    thumbnail = picture.copy()
    thumbnail.thumbnail((160, 160))
    thumbnail.save(small, "JPEG", quality=80)
    moment = shot.taken.strftime("%Y:%m:%d %H:%M:%S")
    zeroth: dict[int, object] = {
        piexif.ImageIFD.Make: shot.camera.make,
        piexif.ImageIFD.Model: shot.camera.model,
        piexif.ImageIFD.Orientation: orientation,
        piexif.ImageIFD.XResolution: (300, 1),
        piexif.ImageIFD.YResolution: (300, 1),
        piexif.ImageIFD.ResolutionUnit: 2,
        piexif.ImageIFD.Software: shot.camera.software,
        piexif.ImageIFD.DateTime: moment,
    }
    if shot.camera.artist:
        zeroth[piexif.ImageIFD.Artist] = shot.camera.artist
    taken: dict[int, object] = {
        piexif.ExifIFD.ExposureTime: (1, 250),
        piexif.ExifIFD.FNumber: (28, 10),
        piexif.ExifIFD.ISOSpeedRatings: 400,
        piexif.ExifIFD.ExifVersion: b"0230",
        piexif.ExifIFD.DateTimeOriginal: moment,
        piexif.ExifIFD.DateTimeDigitized: moment,
        piexif.ExifIFD.FocalLength: (50, 1),
        piexif.ExifIFD.MakerNote: hashlib.shake_128(moment.encode()).digest(600),
        piexif.ExifIFD.BodySerialNumber: shot.camera.serial,
        piexif.ExifIFD.LensModel: shot.camera.lens,
        piexif.ExifIFD.ColorSpace: 1,
        piexif.ExifIFD.PixelXDimension: picture.width,
        piexif.ExifIFD.PixelYDimension: picture.height,
    }
    north, east = shot.place
    position: dict[int, object] = {
        piexif.GPSIFD.GPSVersionID: (2, 3, 0, 0),
        piexif.GPSIFD.GPSLatitudeRef: "N" if north >= 0 else "S",
        piexif.GPSIFD.GPSLatitude: _degrees(north),
        piexif.GPSIFD.GPSLongitudeRef: "E" if east >= 0 else "W",
        piexif.GPSIFD.GPSLongitude: _degrees(east),
    }
    blocks = {
        "0th": zeroth,
        "Exif": taken,
        "GPS": position,
        "1st": {piexif.ImageIFD.Compression: 6},
    }
    return bytes(piexif.dump({**blocks, "thumbnail": small.getvalue()}))


def _degrees(angle: float) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    seconds = round(abs(angle) * 360_000)
    return (seconds // 360_000, 1), (seconds // 6_000 % 60, 1), (seconds % 6_000, 100)


def develop(shots: Iterable[tuple[Shot, Path, float]]) -> None:
    """Write each shot to its path at its scale, in as many processes as there are cores.

    The file gets the date of the shot, as when a card is copied.
    """
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
        for job in [pool.submit(_write, *shot) for shot in shots]:
            job.result()


def _write(shot: Shot, path: Path, scale: float) -> None:
    path.write_bytes(photograph(shot, scale))
    moment = shot.taken.timestamp()
    os.utime(path, (moment, moment))
