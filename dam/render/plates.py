"""Which photographs of a booklet stand on a page together: its rhythm, as data.

The order is that of the pack; a picture moves up at most two places, to stand beside another
upright one. Where there are few pictures each has a page of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle
from typing import Literal

Kind = Literal[
    "full", "framed", "two", "portrait", "pair", "mixed", "square", "panorama",
]  # fmt: skip
Shape = Literal["landscape", "portrait", "square", "panorama"]

#: Up to here every picture has its own page.
FEW = 4
_AHEAD = 2
_LANDSCAPES: tuple[Kind, ...] = ("full", "framed", "two", "full", "two", "framed")
_PORTRAITS: tuple[Kind, ...] = ("portrait", "pair")


@dataclass(frozen=True, slots=True)
class Plate:
    """One page: how it is laid out, and the places of its pictures in the pack."""

    kind: Kind
    pictures: tuple[int, ...]


def shape(width: int, height: int) -> Shape:
    """Of a picture, by its sides."""
    ratio = width / height
    if ratio > 2.05:
        return "panorama"
    if ratio > 1.2:
        return "landscape"
    return "portrait" if ratio < 0.87 else "square"


def plates(sizes: Iterable[tuple[int, int]]) -> tuple[Plate, ...]:
    """The pages for pictures of these sides. Every picture stands on exactly one."""
    shapes = [shape(*size) for size in sizes]
    left = list(range(len(shapes)))
    lying, standing = cycle(_LANDSCAPES), cycle(_PORTRAITS)
    found: list[Plate] = []
    while left:
        first = left.pop(0)
        here = shapes[first]
        kind: Kind
        if here == "landscape":
            kind = next(lying)
            if len(shapes) <= FEW and kind == "two":
                kind = "full"
        elif here == "portrait":
            kind = "portrait" if len(shapes) <= FEW else next(standing)
        else:
            kind = here
        found.append(_plate(kind, first, shapes, left))
    return tuple(found)


def _plate(kind: Kind, first: int, shapes: list[Shape], left: list[int]) -> Plate:
    """The page, with a second picture out of those that are `left` where it takes two."""
    if kind == "two":
        if left and shapes[left[0]] == "landscape":
            return Plate("two", (first, left.pop(0)))
        if left and shapes[left[0]] == "portrait":
            return Plate("mixed", (first, left.pop(0)))
        return Plate("framed", (first,))
    if kind == "pair":
        for place, other in enumerate(left[: _AHEAD + 1]):
            if shapes[other] == "portrait":
                del left[place]
                return Plate("pair", (first, other))
        if left and shapes[left[0]] == "landscape":
            return Plate("mixed", (first, left.pop(0)))
        return Plate("portrait", (first,))
    return Plate(kind, (first,))
