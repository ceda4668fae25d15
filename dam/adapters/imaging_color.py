"""Colour: any pixel mode of a photograph to RGB or grey, and the colour space that goes with it.

What a picture says of its colours is believed only where a colour engine can use it. Anything
else (a damaged or missing profile, one of another kind) is shown as sRGB: colours nobody can
know endanger nobody, so that is no reason to hold.
"""

from __future__ import annotations

import io
import struct
from typing import Final

from PIL import ExifTags, Image, ImageCms  # noqa: TID251

from dam.adapters import imaging_profiles as profiles
from dam.core.errors import UnusablePhoto
from dam.core.readings import Color

#: A profile larger than this is applied to the pixels even where it should be kept.
MAX_KEPT: Final = 1024 * 1024
_HINT: Final = "Export it as JPEG from the camera's or phone's own program and drop that"
_PHOTOMETRIC, _BITS = 262, 258
_CLASSES = ("mntr", "scnr", "prtr", "spac")
_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
#: Levels of 255. Profiles of one and the same space differ by their makers' rounding.
_SAME: Final = 2
_NO_TONES = "The picture holds measured values, not tones"


def settle(
    picture: Image.Image, colour: tuple[int, int] | None, icc: object = None
) -> tuple[Image.Image, bytes]:
    """Pixels in RGB or L, and the profile they are in; empty where that is sRGB.

    `colour`: code points that the container states; a profile goes before them. `icc`: the
    embedded one, `info` of the picture where None. CMYK and Lab come out in sRGB at once.
    """
    given = _trimmed(picture.info.get("icc_profile") if icc is None else icc)
    if picture.mode == "CMYK":
        return _from_cmyk(picture, given), b""
    if picture.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return _to_rgb(picture, lab), b""
    plain = _plain(picture)
    if (points := profiles.high_range(given)) is not None:
        given = profiles.coded(*points)
    if _usable(given, plain.mode) is None:
        given = _stated(picture, colour) if plain.mode == "RGB" else b""
    source = _usable(given, plain.mode)
    if source is None or _is_srgb(source, plain.mode):
        return plain, b""
    return plain, given


def keepable(icc: bytes) -> bytes:
    """The profile as a rendition may carry it: colours only. Empty where it cannot."""
    clean = profiles.stripped(icc)
    mode = "L" if clean[16:20] == b"GRAY" else "RGB"
    if not clean or len(clean) > MAX_KEPT:
        return b""
    before, after = _usable(icc, mode), _usable(clean, mode)
    if before is None or after is None:
        return b""
    probe = _probe(mode)
    same = _furthest(_applied(probe, before), _applied(probe, after)) <= 1
    return clean if same else b""


def to_srgb(picture: Image.Image, icc: bytes) -> None:
    """Turn an RGB or L picture out of the space of `icc` into sRGB, in place."""
    source = _usable(icc, picture.mode)
    if source is not None:
        ImageCms.applyTransform(picture, _transform(source, picture.mode), inPlace=True)


def in_space(picture: Image.Image, icc: bytes, color: Color) -> bytes:
    """Bring an RGB or L picture in the space of `icc` (empty: sRGB) to what `color` asks for.

    Changes it in place; comes back with the profile that it is to carry.
    """
    kept = keepable(icc) if icc and color is Color.KEEP else b""
    if kept:
        return kept
    if icc:
        to_srgb(picture, icc)
    return profiles.srgb() if picture.mode == "RGB" else profiles.grey()


def is_plain(icc: bytes) -> bool:
    """Whether a profile is dam's own of sRGB or of its greys."""
    return icc in (profiles.srgb(), profiles.grey())


def _trimmed(icc: object) -> bytes:
    """The profile up to the size that its header states (ICC.1 7.2.2): nothing rides behind it."""
    if not isinstance(icc, bytes) or not 128 <= len(icc) <= profiles.MAX_PROFILE:
        return b""
    size = int(struct.unpack(">I", icc[:4])[0])
    return icc[:size] if 128 <= size <= len(icc) else b""


def _usable(icc: bytes, mode: str) -> ImageCms.ImageCmsProfile | None:
    """The profile, where a colour engine can use it for pixels of this mode."""
    if not icc:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        kind, space = profile.profile.device_class.strip(), str(profile.profile.xcolor_space)
        if kind not in _CLASSES or space.strip() != _SPACES[mode]:
            return None
        _transform(profile, mode)
    except (OSError, ImageCms.PyCMSError, ValueError):
        return None
    return profile


def _transform(profile: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    target = ImageCms.ImageCmsProfile(
        io.BytesIO(profiles.grey()) if mode == "L" else ImageCms.createProfile("sRGB")
    )
    return ImageCms.buildTransform(
        profile,
        target,
        mode,
        "L" if mode == "L" else "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _applied(picture: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    result = ImageCms.applyTransform(picture, _transform(profile, picture.mode))
    return picture if result is None else result


def _probe(mode: str) -> Image.Image:
    """A few hundred colours over the whole space, or all greys."""
    if mode == "L":
        return Image.frombytes("L", (256, 1), bytes(range(256)))
    steps = [round(n * 255 / 8) for n in range(9)]
    body = bytes(n for r in steps for g in steps for b in steps for n in (r, g, b))
    return Image.frombytes("RGB", (27, 27), body)


def _furthest(one: Image.Image, other: Image.Image) -> int:
    return max(abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True))


def _is_srgb(profile: ImageCms.ImageCmsProfile, mode: str) -> bool:
    probe = _probe(mode)
    return _furthest(probe, _applied(probe, profile)) <= _SAME


def _stated(picture: Image.Image, colour: tuple[int, int] | None) -> bytes:
    """A profile for what container, EXIF or PNG say of the colours without one."""
    try:
        if colour is not None:
            return profiles.coded(*colour)
        if picture.format == "PNG":
            return _png_colour(picture.info)
        return profiles.adobe_rgb() if _says_adobe_rgb(picture) else b""
    except Exception:
        return b""


def _says_adobe_rgb(picture: Image.Image) -> bool:
    """DCF 2.0 4.4.2: cameras mark Adobe RGB by the interoperability index R03, with no profile."""
    exif = picture.getexif()
    space = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.ColorSpace)
    if space == 2:
        return True
    index = exif.get_ifd(ExifTags.IFD.Interop).get(1)
    return space == 0xFFFF and isinstance(index, str) and index.startswith("R03")


def _png_colour(info: dict[str | tuple[int, int], object]) -> bytes:
    """PNG third edition 11.3.2: sRGB goes before gAMA and cHRM; gAMA is 1/gamma."""
    gamma, points = info.get("gamma"), info.get("chromaticity")
    if "srgb" in info or not isinstance(gamma, float) or gamma <= 0:
        return b""
    primaries = profiles.BT709
    if isinstance(points, tuple) and len(points) == 8:
        wx, wy, rx, ry, gx, gy, bx, by = map(float, points)
        primaries = ((rx, ry), (gx, gy), (bx, by), (wx, wy))
    if primaries == profiles.BT709 and abs(gamma - 1 / 2.2) < 0.01:
        # What programs write that mean sRGB.
        return b""
    return profiles.measured(1 / gamma, primaries)


def _to_rgb(picture: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    result = ImageCms.applyTransform(picture, _transform(profile, picture.mode))
    if result is None:
        raise UnusablePhoto("The colours of the picture cannot be read", _HINT)
    return result


def _from_cmyk(picture: Image.Image, icc: bytes) -> Image.Image:
    """Ink to light by its profile; without one by the plain formula, which is brighter."""
    if picture.format in ("JPEG", "MPO") and "adobe" not in picture.info:
        # Pillow turns the inks of every JPEG round, which only Adobe's programs store so.
        picture = picture.point([255 - n for n in range(256)] * 4)
    profile = _usable(icc, "CMYK")
    return picture.convert("RGB") if profile is None else _to_rgb(picture, profile)


def _plain(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        return _eight_bits(picture)
    if picture.mode == "F":
        raise UnusablePhoto(_NO_TONES, "Export it with 8 or 16 bits a channel")
    if picture.mode in ("RGBa", "La"):
        picture = picture.convert(picture.mode.upper())
    if picture.has_transparency_data:
        return _on_white(picture)
    if picture.mode in ("L", "RGB"):
        return picture
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "LA":
        picture = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        ground = Image.new("RGB", picture.size, "white")
    else:
        ground = Image.new("L", picture.size, 255)
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _eight_bits(picture: Image.Image) -> Image.Image:
    """12- and 16-bit greys to 8 by their high bits; `convert("L")` would clip them to white."""
    wide = picture if picture.mode == "I" else picture.convert("I")
    low, high = wide.getextrema()
    if not (isinstance(low, int | float) and isinstance(high, int | float)):
        raise UnusablePhoto("The picture has an unknown pixel type", _HINT)
    if low < 0 or high > 0xFFFF:
        raise UnusablePhoto(_NO_TONES, "Export it with 8 or 16 bits a channel")
    tags = getattr(picture, "tag_v2", {})
    shift = 4 if tags.get(_BITS) == (12,) else 8
    inverted = tags.get(_PHOTOMETRIC) == 0
    table = [min(255, n >> shift) for n in range(65536)]
    return wide.point([255 - n for n in table] if inverted else table, "L")
