"""Camera raw through LibRaw (`rawpy`, the extra `raw`): developed once at full size, into sRGB."""

from __future__ import annotations

import importlib.util
import io
from typing import Final

from PIL import Image  # noqa: TID251

from dam.core.errors import UnusablePhoto
from dam.core.extras import wheel

INSTALL_HINT: Final = (
    f"Export it as JPEG and drop that, or ask whoever runs dam for: pip install {wheel('raw')}"
)
_ODD_HINT: Final = "Export it as JPEG from the camera's own program and drop that"
_COPY_HINT: Final = "Copy it again from the camera or the card"
#: First bytes of raw formats that do not begin as TIFF does: Fujifilm, Panasonic, Olympus,
#: Canon CRW, Sigma, Minolta.
HEADS: Final = (
    b"FUJIFILMCCD-RAW ",
    b"IIU\x00",
    b"IIRO",
    b"IIRS",
    b"MMOR",
    b"II\x1a\x00\x00\x00HEAPCCDR",
    b"FOVb",
    b"\x00MRM",
)


def available() -> bool:
    """Whether rawpy is installed; nothing is loaded."""
    return importlib.util.find_spec("rawpy") is not None


def develop(data: bytes, max_pixels: int) -> Image.Image:
    """The picture, upright by the camera's own word, in sRGB with the camera's white balance.

    Raises UnusablePhoto where rawpy is missing, the camera is unknown, the file stops early
    (incomplete) or the picture claims more than `max_pixels`.
    """
    try:
        import rawpy  # noqa: TID251  this module is the owner
    except ImportError:
        raise UnusablePhoto("Camera raw files are not read here", INSTALL_HINT) from None
    # Never half size; colours and turn as the camera meant them.
    wishes = rawpy.Params(
        half_size=False,
        use_camera_wb=True,
        output_color=rawpy.ColorSpace.sRGB,
        gamma=(2.4, 12.92),
        output_bps=8,
    )
    try:
        with rawpy.RawPy() as raw:
            raw.open_buffer(io.BytesIO(data))
            sizes = raw.sizes
            if max(sizes.width * sizes.height, sizes.raw_width * sizes.raw_height) > max_pixels:
                raise Image.DecompressionBombError
            raw.unpack()
            pixels = raw.postprocess(wishes)
    except (OSError, rawpy.LibRawIOError, rawpy.LibRawDataError):
        raise UnusablePhoto(
            "The file stops before the picture does", _COPY_HINT, incomplete=True
        ) from None
    except (rawpy.LibRawTooBigError, rawpy.LibRawUnsufficientMemoryError):
        raise Image.DecompressionBombError from None
    except (rawpy.LibRawError, rawpy.NotSupportedError):
        raise UnusablePhoto("This camera's raw format is not known", _ODD_HINT) from None
    height, width = pixels.shape[:2]
    return Image.frombuffer("RGB", (width, height), pixels.tobytes(), "raw", "RGB", 0, 1)
