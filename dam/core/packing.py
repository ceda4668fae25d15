"""A press pack as data: what was ordered, and what those who write its texts are told.

Everything here has passed the rules already: texts of pictures are those that may leave, places
are no more exact than everybody shown allows. Paths of a pack are relative to its payload, parts
joined by `/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from dam.core.credits import ProgrammeFile
from dam.core.model import Purpose, Use
from dam.core.presets import Preset

#: The languages that recipients read; French first, as the programme speaks.
LANGUAGES = ("fr", "ar", "en")
PackFormat = Literal["folder", "zip"]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a pack.

    `file` is its path, `width` and `height` are its upright pixels, `size` its bytes. `captions`
    are by language tag. `city` and `country` ("" where they may not be named; country as ISO
    3166 alpha-2 or as written). `taken` is the day it was taken, None where that is only guessed.
    `credit` is the visible line, `photographer` the name in it. `thumb` and `page` are smaller
    JPEGs of the finished picture, the longer side at most `THUMB_SIDE` and `PAGE_SIDE` pixels, as
    paths on disk outside of the pack; `page` is None beyond the pictures that the booklet shows.
    `until` is the last day on which it may be used, by consents and agreement; None: no such day.
    """

    asset: str
    file: str
    sha256: str
    size: int
    width: int
    height: int
    taken: date | None
    city: str
    country: str
    captions: Mapping[str, str]
    credit: str
    photographer: str
    thumb: str
    page: str | None = None
    until: date | None = None


THUMB_SIDE = 360
PAGE_SIDE = 1800


@dataclass(frozen=True, slots=True)
class Contents:
    """All that the texts of a pack tell; two packs of equal contents have equal texts.

    `day` is the day it was decided on, `until` the last day of use that was agreed with the
    recipient (None: no such day), `territory` ISO 3166 alpha-2 or `world`. `programmes` are
    those of its pictures, by id. `contact` is whom to ask and where to stop. `usage_terms`,
    `organisation`, `web_statement` are those of `rules/credits.yaml`. `logos` are PNG or SVG
    files of the programmes by file name. `head` is (events, hash) of the ledger when it was made.
    """

    id: str
    day: date
    purpose: Purpose
    use: Use
    territory: str
    recipient: str
    until: date | None
    preset: Preset
    organisation: str
    contact: str
    usage_terms: Mapping[str, str]
    web_statement: str
    programmes: tuple[ProgrammeFile, ...]
    pictures: tuple[Picture, ...]
    logos: Mapping[str, bytes] = field(default_factory=dict)
    head: tuple[int, str] = (0, "")
    signed: bool = False


#: A text or page of a pack: its path and its bytes. `index.html` stands beside the payload.
Document = tuple[str, bytes]
#: Whoever writes the texts; documents come one by one and need not be kept.
Writer = Callable[[Contents], Iterable[Document]]
