"""The only owner of pixels: opening within limits, orientation, colour, redaction, encoding.

Everything in a photograph is hostile. The file is read once, judged from its bytes and its
header, then decoded once at full size. Only the one of the formats that its first bytes name is
opened: no other plugin sees the bytes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import math
import os
import stat
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import PIL  # noqa: TID251
from PIL import Image, UnidentifiedImageError, features  # noqa: TID251

from dam.adapters import imaging_color, imaging_raw
from dam.adapters.imaging_blocks import EXPORT_HINT, Container, sniff, take_apart
from dam.adapters.imaging_jpeg import bare, fitted
from dam.adapters.imaging_jpeg import copied as copied
from dam.adapters.imaging_jpeg import encode as encode
from dam.core.errors import (
    DamError,
    IntegrityError,
    RenditionRefused,
    StorageError,
    UnusablePhoto,
)
from dam.core.model import Face
from dam.core.readings import Color, RawBlocks

#: Pillow opens MPO (two pictures in one JPEG) under the name JPEG.
FORMATS: Final = ("JPEG", "TIFF", "PNG", "WEBP", "HEIF", "AVIF")
#: How far beyond a face or region the fill goes, as a part of its width and height.
REDACT_MARGIN: Final = 0.2
REDACT_FILL: Final = 96

COPY_HINT = "Copy it again from the camera or the card"
_ORIENTATION = 0x0112
_ZERO_TAIL = 256
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPS_SIDES = (5, 6, 7, 8)
#: A decoder that halves softens a little; with so many pixels left over the resampling after it
#: hides that. Compared on camera pictures: 1.0 loses up to 6 parts in 100 of sharpness, 1.25 three.
_SPARE = 1.25
#: What is looked at, by people or by the face check, is made of pixels reduced once to this size.
LOOKED_AT: Final = 1280
_TURNED_BY_DECODER = ("HEIF", "AVIF", "RAW")
_CONVERT_HINT = "Convert it to JPEG, or set the phone to 'Most compatible', and drop the JPEG"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an original may ask for: pixels of its picture, bytes of its file."""

    max_pixels: int = 250_000_000
    max_bytes: int = 512 * 1024 * 1024


class Turns(NamedTuple):
    """EXIF orientations: what is `left` to do with decoded pixels, and how they were `stored`."""

    left: int
    stored: int | None


class Original:
    """A decoded photograph. `width` and `height` are upright pixels.

    `turned` is the orientation (1 to 8) by which the stored picture becomes upright; None where
    the decoder turned it by itself and nobody can tell any more what was stored.
    `icc` is the profile that the pixels are in, empty where that is sRGB.

    The pixels are kept as they were decoded and never changed; copies of them are handed out.
    """

    def __init__(
        self,
        pixels: Image.Image,
        icc: bytes,
        turns: Turns,
        kind: str,
        blocks: RawBlocks,
        full: tuple[int, int] | None = None,
    ) -> None:
        """`full`: width and height as stored, where `pixels` were decoded at a smaller scale."""
        self._pixels = pixels
        self._full = full or pixels.size
        self._turn = turn = turns.left
        self.turned = turns.stored
        self.icc = icc
        self.format = kind
        self.blocks = blocks
        self._base: Image.Image | None = None
        across, down = self._full
        self.width, self.height = (down, across) if turn in _SWAPS_SIDES else (across, down)

    def serves(self, side: int | None) -> bool:
        """Whether there are pixels enough for a picture with this longer side (None: for all)."""
        return self._pixels.size == self._full or (
            side is not None and side <= max(self._pixels.size)
        )

    def upright(self, max_side: int | None = None) -> Image.Image:
        """A copy the right way up, its longer side at most `max_side` pixels; mode RGB or L.

        In the space of `icc`. It carries no metadata at all (`info` is empty).
        """
        return self._turned(self._scaled(max_side, Image.Resampling.LANCZOS))

    def finished(
        self, max_side: int | None, color: Color, *, last: bool = False
    ) -> tuple[Image.Image, bytes]:
        """An upright copy with its colours as asked for, and the profile it is to carry.

        `last`: nothing is asked of the original again, so that it may be its own pixels.
        """
        picture = self._turned(self._scaled(max_side, Image.Resampling.LANCZOS), spare=last)
        return picture, imaging_color.in_space(picture, self.icc, color)

    def glimpse(self, side: int) -> tuple[Image.Image, bytes]:
        """A small upright copy in sRGB for people who review, and the profile it is to carry.

        Its longer side is at most `side` pixels. Made of the reduced pixels, which all small
        copies share; softer than `finished`.
        """
        small = self._turned(self._small(side))
        return small, imaging_color.in_space(small, self.icc, Color.SRGB)

    def reduced(self, side: int) -> tuple[bytes, int, int]:
        """A small upright copy for counting: RGB bytes row by row, width, height in pixels."""
        small = self.glimpse(side)[0].convert("RGB")
        return small.tobytes(), small.width, small.height

    def grey(self, side: int) -> bytes:
        """So many by so many grey levels of the upright picture, whatever its shape, row by row."""
        small = self._turned(self._small(8 * side))
        return small.convert("L").resize((side, side), Image.Resampling.BOX).tobytes()

    def _scaled(self, max_side: int | None, kernel: Image.Resampling) -> Image.Image:
        size = fitted(self._full, max_side)
        if size == self._pixels.size:
            return self._pixels
        return self._pixels.resize(size, kernel, reducing_gap=3.0)

    def _small(self, side: int) -> Image.Image:
        """The picture as stored, its longer side at most `side`; the large pixels are seen once."""
        size = fitted(self._full, side)
        if max(size) > LOOKED_AT:
            return self._scaled(side, Image.Resampling.BILINEAR)
        if self._base is None:
            factor = max(1, max(self._pixels.size) // LOOKED_AT)
            self._base = self._pixels.reduce(factor) if factor > 1 else self._pixels
        if size == self._base.size:
            return self._base
        return self._base.resize(size, Image.Resampling.BILINEAR)

    def _turned(self, picture: Image.Image, *, spare: bool = False) -> Image.Image:
        if (method := _TURNS.get(self._turn)) is not None:
            return picture.transpose(method)
        kept = picture is self._pixels or picture is self._base
        return picture.copy() if kept and not spare else picture


def made_by() -> str:
    """The versions of what decodes and encodes; another one may make other bytes."""
    return f"Pillow {PIL.__version__} jpeg {features.version('libjpeg_turbo') or ''}"


def open_original(
    path: str | os.PathLike[str], limits: Limits, *, side: int | None = None, sha256: str = ""
) -> Original:
    """Decode the photograph at `path`.

    `side`: no picture with a longer one will be asked for, so that a JPEG may be decoded at a half,
    a quarter or an eighth. `sha256`: what its bytes must be, looked at before anything else.

    Raises IntegrityError where they are not, or where the file is missing.
    Raises UnusablePhoto: incomplete where the file stops before its picture does, otherwise
    where it is none of the formats read, asks for more than `limits`, or cannot be decoded.
    Raises StorageError where the disk does not give the bytes.
    """
    if sha256 and not _is_file(path):
        raise _damaged()
    data = _read(path, limits.max_bytes)
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise _damaged()
    kind = sniff(data[:64])
    if not kind:
        raise _cut_off() if not data.strip(b"\x00") else _no_photograph()
    container = take_apart(kind, data)
    if not container.complete:
        raise _cut_off()
    try:
        picture, decoded = _decode(data, container, limits, side)
    except (MemoryError, DamError):
        raise
    except Exception as problem:
        raise _undecodable(problem, data, limits) from None
    return Original(
        decoded.pixels, decoded.icc, decoded.turns, picture, container.blocks, decoded.full
    )


def readers() -> tuple[str, ...]:
    """The formats that can be read here: some need a package that may be missing."""
    wanted = {
        "HEIF": importlib.util.find_spec("pi_heif") is not None,
        "AVIF": importlib.util.find_spec("PIL._avif") is not None,
        "RAW": imaging_raw.available(),
    }
    return tuple(name for name in (*FORMATS, "RAW") if wanted.get(name, True))


def broken() -> tuple[str, ...]:
    """The readers that are installed and do not start, as after half an upgrade."""
    found = []
    for name, module in (("HEIF", "pi_heif"), ("AVIF", "PIL._avif"), ("RAW", "rawpy")):
        if importlib.util.find_spec(module) is not None:
            try:
                importlib.import_module(module)
            except Exception:
                found.append(name)
    return tuple(found)


def _read(path: str | os.PathLike[str], max_bytes: int) -> bytes:
    try:
        # O_NONBLOCK: opening a pipe must not wait for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnusablePhoto("This is not a regular file", "Drop the photograph itself")
            if status.st_size > max_bytes:
                raise UnusablePhoto(
                    f"The file is larger than the {max_bytes // 2**20} MiB allowed", EXPORT_HINT
                )
            return file.read(status.st_size)
    except OSError as problem:
        raise StorageError(
            f"The original could not be read ({os.strerror(problem.errno or 0)})",
            "Check the disk and run again",
        ) from None


def _is_file(path: str | os.PathLike[str]) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _damaged() -> IntegrityError:
    return IntegrityError("The original is missing or damaged", "Drop the photograph again")


def _no_photograph() -> UnusablePhoto:
    return UnusablePhoto(
        "This is no photograph that dam reads (JPEG, TIFF, PNG, WebP, HEIC, AVIF, camera raw)",
        EXPORT_HINT,
    )


def _cut_off() -> UnusablePhoto:
    return UnusablePhoto("The file stops before the picture does", COPY_HINT, incomplete=True)


def _too_large(limits: Limits) -> UnusablePhoto:
    return UnusablePhoto(
        f"The picture claims more than the {limits.max_pixels // 1_000_000} megapixels allowed",
        "Export it smaller, or ask whoever runs dam to raise the limit",
    )


def _undecodable(problem: Exception, data: bytes, limits: Limits) -> DamError:
    if isinstance(problem, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return _too_large(limits)
    text = str(problem)
    if "out of memory" in text:
        raise MemoryError
    if "too large" in text or "MAX_TEXT_MEMORY" in text:
        return UnusablePhoto("The texts in the file unpack to an enormous size", EXPORT_HINT)
    if isinstance(problem, UnidentifiedImageError):
        return UnusablePhoto(
            "The picture in the file is damaged, or of a kind that is not read",
            f"{COPY_HINT}; if that does not help, export it as JPEG",
        )
    if "truncated" in text.lower() or not data[-_ZERO_TAIL:].strip(b"\x00"):
        return _cut_off()
    return UnusablePhoto("The picture in the file is damaged", COPY_HINT)


class _Decoded(NamedTuple):
    """Pixels in RGB or L, the profile they are in, how they are turned, their size as stored."""

    pixels: Image.Image
    icc: bytes
    turns: Turns
    full: tuple[int, int]


def _decode(
    data: bytes, container: Container, limits: Limits, side: int | None
) -> tuple[str, _Decoded]:
    """The format, and what was decoded; `side` as for `open_original`."""
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        if container.kind == "RAW":
            made = imaging_raw.develop(data, limits.max_pixels)
            return "RAW", _Decoded(made, b"", Turns(1, None), made.size)
        _make_ready(container.kind)
        assert container.kind in FORMATS
        with Image.open(io.BytesIO(data), formats=(container.kind,)) as picture:
            if picture.width * picture.height > limits.max_pixels:
                raise _too_large(limits)
            # Pillow turns a TIFF while it loads it, and then says that it stands upright.
            stored = _orientation(picture) if container.kind == "TIFF" else None
            full = picture.size
            if container.kind == "JPEG" and side is not None:
                picture.draft(None, fitted(full, round(side * _SPARE)))
            picture.load()
            left = _orientation(picture)
            if container.kind not in ("TIFF", "HEIF"):
                stored = left
            pixels, icc = imaging_color.settle(picture, container.colour)
            if container.kind != "JPEG":
                # Pillow has turned some of these by now.
                full = pixels.size
            found = _Decoded(bare(pixels), icc, Turns(left, stored), full)
            return picture.format or container.kind, found


def _make_ready(kind: str) -> None:
    """Load the decoder of a format that Pillow does not bring, or not everywhere."""
    if kind == "AVIF" and not features.check("avif"):
        raise UnusablePhoto("AVIF is not read by this Pillow", _CONVERT_HINT)
    if kind != "HEIF":
        return
    try:
        import pi_heif  # noqa: TID251
    except ImportError:
        raise UnusablePhoto("HEIC is not read here: pi-heif is missing", _CONVERT_HINT) from None
    pi_heif.register_heif_opener(
        thumbnails=False, depth_images=False, aux_images=False, decode_threads=1
    )


def _orientation(picture: Image.Image) -> int:
    """EXIF 2.32 tag 0112, 1 to 8; anything else means the picture is shown as it is stored."""
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except Exception:
        # The block itself is handed on as it is and found unreadable by the metadata reader.
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def grown(region: Face, margin: float) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a region with `margin` of its size added on each side."""
    across, down = region.w * margin, region.h * margin
    return (
        max(0.0, region.x - across),
        max(0.0, region.y - down),
        min(1.0, region.x + region.w + across),
        min(1.0, region.y + region.h + down),
    )


def redact(picture: Image.Image, regions: Iterable[Face], margin: float = REDACT_MARGIN) -> None:
    """Fill regions (fractions of the picture, grown by `margin` on each side), in place.

    A flat fill that does not depend on what was there: nothing can be brought back from it.
    Raises RenditionRefused where a region is no rectangle on the picture.
    """
    for region in regions:
        numbers = (region.x, region.y, region.w, region.h)
        if not all(map(math.isfinite, numbers)) or region.w <= 0 or region.h <= 0:
            raise RenditionRefused("A region to redact is no rectangle", "Correct its numbers")
        corners = grown(region, margin)
        left, top = (math.floor(c * n) for c, n in zip(corners[:2], picture.size, strict=True))
        right, bottom = (math.ceil(c * n) for c, n in zip(corners[2:], picture.size, strict=True))
        if left >= right or top >= bottom:
            raise RenditionRefused("A region to redact is outside the picture", "Correct it")
        fill = REDACT_FILL if picture.mode == "L" else (REDACT_FILL,) * 3
        picture.paste(fill, (left, top, right, bottom))


def small(picture: Image.Image, side: int) -> tuple[bytes, int, int]:
    """A copy with its longer side at most `side`: RGB bytes row by row, width, height."""
    copy = picture.convert("RGB") if picture.mode != "RGB" else picture
    if max(copy.size) > side:
        size = [max(1, round(n * side / max(copy.size))) for n in copy.size]
        copy = copy.resize((size[0], size[1]), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return copy.tobytes(), copy.width, copy.height
