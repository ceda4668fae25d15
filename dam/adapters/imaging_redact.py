"""Destroying faces and regions in a finished picture, and looking whether a face is left there.

What is filled is gone. The face check then looks at the whole picture and closely at each place;
where it still takes something for a face (hair round a flat patch may do), the place is filled
more widely, and a picture in which it finds one to the end is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from PIL.Image import Image  # noqa: TID251

from dam.adapters import faces, imaging
from dam.core.errors import RenditionRefused
from dam.core.model import Face

#: How far beyond a region the fill goes on each side where the first fill was not enough.
WIDER: Final = (0.35, 0.6, 1.0)
#: Close up a place is shown with so much around it, at most this many pixels a side.
_AROUND: Final = 1.0
_CLOSE: Final = 256
#: A found face of which at least this part is filled, or whose middle is, lies there.
_INSIDE: Final = 0.5
_WHOLE: Final = (0.0, 0.0, 1.0, 1.0)
_HINT = "Draw a larger region with dam redact"


def destroy(picture: Image, regions: Sequence[Face], *, check: bool, nobody: bool = False) -> None:
    """Destroy the regions (fractions of the picture, top left) in place.

    `check`: look for faces there afterwards; `nobody`: look everywhere, and destroy what is found.
    Raises RenditionRefused where one is still found or nobody can look, and for a region that is
    no rectangle on the picture.
    """
    if nobody and not check:
        raise RenditionRefused(
            "Nobody could look whether faces are left where none may be seen",
            "Switch the face check on",
        )
    _destroy(picture, regions, check=check)
    for margin in (imaging.REDACT_MARGIN, *WIDER) if nobody else ():
        left = _found(imaging.small(picture, faces.LOOK_SIDE), _WHOLE)
        if not left:
            return
        imaging.redact(picture, left, margin)
    if nobody and _found(imaging.small(picture, faces.LOOK_SIDE), _WHOLE):
        raise RenditionRefused("A face can still be seen where none may be", _HINT)


def _destroy(picture: Image, regions: Sequence[Face], *, check: bool) -> None:
    imaging.redact(picture, regions)
    left = _still_seen(picture, regions, regions) if check and regions else []
    for margin in WIDER:
        if not left:
            return
        imaging.redact(picture, left, margin)
        left = _still_seen(picture, regions, left)
    if left:
        raise RenditionRefused("A face can still be seen where it was to be destroyed", _HINT)


def _still_seen(picture: Image, regions: Sequence[Face], close: Sequence[Face]) -> list[Face]:
    """The regions in which the face check finds a face; it looks closely at those of `close`."""
    whole = _found(imaging.small(picture, faces.LOOK_SIDE), _WHOLE)
    return [
        region
        for region in regions
        if any(
            _lies_in(face, imaging.grown(region, imaging.REDACT_MARGIN))
            for face in (*whole, *(_close_up(picture, region) if region in close else ()))
        )
    ]


def _close_up(picture: Image, region: Face) -> list[Face]:
    left, top, right, bottom = imaging.grown(region, _AROUND)
    box = (
        math.floor(left * picture.width),
        math.floor(top * picture.height),
        math.ceil(right * picture.width),
        math.ceil(bottom * picture.height),
    )
    piece = imaging.small(picture.crop(box), _CLOSE)
    return _found(piece, (left, top, right, bottom))


def _found(look: tuple[bytes, int, int], place: tuple[float, float, float, float]) -> list[Face]:
    """The faces on a piece of the picture, as fractions of the whole. `place`: its corners."""
    counted = faces.count(*look)
    if counted.faces is None:
        raise RenditionRefused(
            "Nobody could look whether faces are left where they were to be destroyed",
            counted.detail[:200],
        )
    left, top, right, bottom = place
    wide, tall = right - left, bottom - top
    return [
        Face(left + f.x * wide, top + f.y * tall, f.w * wide, f.h * tall, f.score)
        for f in counted.faces
    ]


def _lies_in(face: Face, place: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = place
    across = min(face.x + face.w, right) - max(face.x, left)
    down = min(face.y + face.h, bottom) - max(face.y, top)
    if across <= 0 or down <= 0:
        return False
    middle = left <= face.x + face.w / 2 <= right and top <= face.y + face.h / 2 <= bottom
    return middle or across * down >= _INSIDE * face.w * face.h
