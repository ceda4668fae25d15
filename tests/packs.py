"""Contents of press packs for tests: drawn pictures on disk, and what is told about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from PIL import Image

from dam.core.credits import ProgrammeFile, load_credits, load_programmes
from dam.core.model import Purpose, Use
from dam.core.packing import PAGE_SIDE, THUMB_SIDE, Contents, Picture
from dam.core.presets import Preset

RULES = Path(__file__).resolve().parents[1] / "rules"
DAY = date(2026, 11, 28)
CAPTION = {
    "fr": "Tanger : un match face au détroit réunit des enfants du quartier et d'ailleurs.",
    "en": "Tangier: a match above the strait brings together children from near and far.",
    "ar": "طنجة: مباراة أمام المضيق تجمع أطفال الحي وأطفالا قدموا من بعيد.",
}
PHOTOGRAPHERS = ("Rachid Azzouzy", "Radouan Bounjoum")
#: Sides in pixels of the usual pictures.
LYING, STANDING, SQUARE, BROAD = (1800, 1200), (1200, 1800), (1500, 1500), (1800, 600)


def amal() -> ProgrammeFile:
    """The programme as it is shipped."""
    path = RULES / "programmes" / "amal.yaml"
    return load_programmes({path.name: path.read_bytes()})["amal"]


def contents(
    folder: Path,
    sizes: Sequence[tuple[int, int]] = (LYING, STANDING, LYING),
    *,
    captions: Mapping[str, str] = CAPTION,
    programmes: tuple[ProgrammeFile, ...] | None = None,
    photographs: Sequence[Path] = (),
    scale: float = 0.1,
    **other: object,
) -> Contents:
    """A pack of pictures of these sides, drawn at `scale` unless `photographs` are given.

    `other` are fields of `Contents` to set otherwise.
    """
    credits_ = load_credits((RULES / "credits.yaml").read_bytes()).file
    pictures = tuple(
        _picture(folder, n, size, captions, scale, photographs[n] if photographs else None)
        for n, size in enumerate(sizes)
    )
    made = Contents(
        id="P-20261128-3f9a61c2",
        day=DAY,
        purpose=Purpose.PRESS,
        use=Use.EDITORIAL,
        territory="world",
        recipient="Le Matin",
        until=date(2031, 11, 1),
        preset=Preset(Purpose.PRESS),
        organisation=credits_.organisation,
        contact="protection@example.org",
        usage_terms=dict(credits_.usage_terms),
        web_statement="",
        programmes=(amal(),) if programmes is None else programmes,
        pictures=pictures,
        head=(412, "5d41402abc4b2a76b9719d911017c592ae3f0c1e8f6f4b1c0f2b7d6e9a8c4f10"),
    )
    return replace(made, **other)  # type: ignore[arg-type]


def _picture(
    folder: Path,
    number: int,
    size: tuple[int, int],
    captions: Mapping[str, str],
    scale: float,
    photograph: Path | None,
) -> Picture:
    folder.mkdir(parents=True, exist_ok=True)
    width, height = size
    if photograph is None:
        drawn = _drawn(number, (max(1, round(width * scale)), max(1, round(height * scale))))
    else:
        drawn = Image.open(photograph).convert("RGB").resize(size)
    page, thumb = folder / f"page-{number:04}.jpg", folder / f"thumb-{number:04}.jpg"
    for path, side in ((page, PAGE_SIDE), (thumb, THUMB_SIDE)):
        smaller = drawn.copy()
        smaller.thumbnail((side, side))
        smaller.save(path, "JPEG", quality=85)
    name = PHOTOGRAPHERS[number % 2]
    return Picture(
        asset=f"k7q2m{number:03}",
        file=f"images/20211118-k7q2m{number:03}.jpg",
        sha256=f"{number:064x}",
        size=page.stat().st_size,
        width=width,
        height=height,
        taken=date(2021, 11, 1 + number % 28),
        city=("Tanger", "Rabat", "Oujda", "Casablanca")[number % 4],
        country="MA",
        captions=captions,
        credit=f"Photo : {name} / AMAL",
        photographer=name,
        thumb=str(thumb),
        page=str(page),
    )


def _drawn(number: int, size: tuple[int, int]) -> Image.Image:
    """A sky above a ground, another one for each number."""
    image = Image.linear_gradient("L").resize(size)
    low, high = (20 + number * 37 % 120, 60, 90), (200, 160 + number * 53 % 90, 150)
    bands = [
        image.point([a + (b - a) * n // 255 for n in range(256)])
        for a, b in zip(low, high, strict=True)
    ]
    return Image.merge("RGB", bands)
