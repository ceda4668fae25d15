"""How pictures are rendered and described for a purpose: the files of `rules/purposes/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dam.core.model import Purpose
from dam.core.readings import Color

MetadataKept = Literal["full", "credit"]
Redacting = Literal["rules", "all_faces"]
Naming = Literal["dated", "numbered"]
TextKind = Literal["captions", "credits", "terms", "contact_sheet", "booklet", "index"]
TEXTS: tuple[TextKind, ...] = (
    "captions", "credits", "terms", "contact_sheet", "booklet", "index",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preset:
    """What a pack for a purpose is like.

    `size` is the longer side in pixels, None for that of the original; `quality` that of JPEG.
    `mark` names a style of `rules/watermark.yaml`, "" for the one named there for the purpose.
    `metadata`: `full`, or `credit` (no captions, no date). `redaction`: what the `rules` ask for,
    or every face besides. `naming`: `dated` (20211118-k7q2mz.jpg) or `numbered` (001.jpg).
    `languages` are tags, the first one is that of the booklet's cover. `pages` is how many
    pictures the booklet shows; all of them stand in the contact sheet.
    """

    purpose: Purpose
    size: int | None = None
    quality: int = 90
    colour: Color = Color.SRGB
    mark: str = ""
    metadata: MetadataKept = "full"
    redaction: Redacting = "rules"
    naming: Naming = "dated"
    texts: tuple[TextKind, ...] = TEXTS
    languages: tuple[str, ...] = ("fr", "ar", "en")
    pages: int = 60
