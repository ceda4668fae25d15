"""How alike two photographs look: small hashes that survive another size, quality or turn.

Two of them, worked out from 32 by 32 grey levels of the upright picture: a hash of its 64 lowest
frequencies (pHash: the signs of a discrete cosine transform against their median) and one of 240
steps from each point to its right neighbour (dHash, on 16 by 16). Neither can be turned back into
a picture. The frequencies are kept for the picture turned and mirrored in all eight ways as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from dam.core.errors import IntegrityError

#: The grey levels that a likeness is made of: so many rows of so many.
SIDE: Final = 32
_KEPT: Final = 8
_STEPS: Final = 16

#: Bits of 64 and of 240 in which two likenesses of one picture may differ; measured on real
#: photographs in tests/test_likeness.py, see docs/withdrawal.md.
SAME_FREQUENCIES: Final = 10
SAME_STEPS: Final = 56
LIKELY_FREQUENCIES: Final = 16
LIKELY_STEPS: Final = 96
#: The same where one was turned or mirrored: nothing but the frequencies speaks then.
LIKELY_TURNED: Final = 8

Alike = Literal["same", "likely"]

_COSINES: Final = tuple(
    tuple(math.cos(math.pi * k * (2 * n + 1) / (2 * SIDE)) for n in range(SIDE))
    for k in range(_KEPT)
)


@dataclass(frozen=True, slots=True)
class Likeness:
    """The hashes of one picture: `turned` has the frequencies in all eight ways, upright first."""

    turned: tuple[int, ...]
    steps: int

    def text(self) -> str:
        """As it is stored: nine numbers in hex."""
        return " ".join((*(f"{n:016x}" for n in self.turned), f"{self.steps:060x}"))

    @classmethod
    def read(cls, text: str) -> Likeness:
        """What `text` gave. Raises IntegrityError for anything else."""
        try:
            *turned, steps = (int(word, 16) for word in text.split(" "))
        except ValueError:
            turned, steps = [], 0
        if len(turned) != _KEPT:
            raise IntegrityError("A likeness in the catalogue cannot be read")
        return cls(tuple(turned), steps)


def of(grey: bytes) -> Likeness | None:
    """The likeness of a picture from its grey levels, row by row; None where it has no features.

    A plain wall, a black frame: of such pictures any two would be alike.
    """
    if len(grey) != SIDE * SIDE:
        raise ValueError("not the grey levels of a likeness")
    rows = [grey[start : start + SIDE] for start in range(0, len(grey), SIDE)]
    if max(grey) - min(grey) < _KEPT:
        return None
    low = _frequencies(rows)
    return Likeness(tuple(_signs(way) for way in _ways(low)), _steps(rows))


def _frequencies(rows: Sequence[bytes]) -> list[list[float]]:
    """The lowest coefficients of the two-dimensional transform (DCT-II), [down][across]."""
    across = [[sum(map(float.__mul__, wave, map(float, row))) for wave in _COSINES] for row in rows]
    columns = list(zip(*across, strict=True))
    found = [[sum(map(float.__mul__, wave, column)) for column in columns] for wave in _COSINES]
    found[0][0] = 0.0
    return found


def _ways(low: list[list[float]]) -> Iterable[list[list[float]]]:
    """The coefficients of the picture turned and mirrored: mirroring changes the signs of odd

    frequencies, turning over the diagonal swaps down and across.
    """
    swapped = [list(column) for column in zip(*low, strict=True)]
    for base in (low, swapped):
        for down in (1, -1):
            for over in (1, -1):
                yield [
                    [value * down**v * over**u for u, value in enumerate(line)]
                    for v, line in enumerate(base)
                ]


def _signs(low: list[list[float]]) -> int:
    values = [value for line in low for value in line]
    ordered = sorted(values)
    middle = (ordered[len(ordered) // 2 - 1] + ordered[len(ordered) // 2]) / 2
    return _bits(value > middle for value in values)


def _steps(rows: Sequence[bytes]) -> int:
    small = [
        [
            rows[2 * y][2 * x] + rows[2 * y][2 * x + 1]
            + rows[2 * y + 1][2 * x] + rows[2 * y + 1][2 * x + 1]
            for x in range(_STEPS)
        ]
        for y in range(_STEPS)
    ]  # fmt: skip
    return _bits(line[x] < line[x + 1] for line in small for x in range(_STEPS - 1))


def _bits(values: Iterable[bool]) -> int:
    number = 0
    for value in values:
        number = number << 1 | value
    return number


def distance(one: Likeness, other: Likeness) -> tuple[int, int, int]:
    """Bits that differ: frequencies upright, steps, and frequencies in the best of eight ways."""
    ways = [(one.turned[0] ^ way).bit_count() for way in other.turned]
    return ways[0], (one.steps ^ other.steps).bit_count(), min(ways)


def same(one: Likeness, other: Likeness) -> bool:
    """Whether two pictures are one: saved anew, smaller, or cut at the edges by a hair."""
    frequencies = (one.turned[0] ^ other.turned[0]).bit_count()
    return frequencies <= SAME_FREQUENCIES and (one.steps ^ other.steps).bit_count() <= SAME_STEPS


def alike(one: Likeness, other: Likeness) -> Alike | None:
    """Whether two pictures are the same one, may be, or are not."""
    if same(one, other):
        return "same"
    upright, steps, turned = distance(one, other)
    if upright <= LIKELY_FREQUENCIES and steps <= LIKELY_STEPS:
        return "likely"
    return "likely" if turned <= LIKELY_TURNED else None
