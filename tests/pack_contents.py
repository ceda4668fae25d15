"""What the writers of a pack's texts are told, made up: the AMAL programme and drawn pictures."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from dam.core.credits import ProgrammeFile, load_programmes
from dam.core.model import Purpose, Use
from dam.core.packing import THUMB_SIDE, Contents, Picture
from dam.core.presets import Preset
from tests import photos

ROOT = Path(__file__).resolve().parents[1]
ESC, BEL = "\x1b", "\x07"
#: Texts that would like to be more than text; the same for every field that comes from outside.
HOSTILE = {
    "escape": f"{ESC}[31mred{ESC}[0m",
    "clipboard": f"{ESC}]52;c;cm0gLXJmIC8={BEL}",
    "c1": "\x9b31m\x90x\x9c",
    "override": "\u202egpj.exe\u202c \u2066a\u2069",
    "link": "[link=https://evil.example]here[/link] [/]",
    "script": "<script>window.owned=1</script>",
    "image": "\"><img src=x onerror='window.owned=1'>",
    "address": "javascript:window.owned=1",
    "template": "{{ 7*7 }} {% raw %} {pack}",
    "formula": '=HYPERLINK("https://evil.example";"x")',
    "comment": "--></title></style></script><!--",
    "breaks": "a\r\nb\u2028c\x85d\te",
    "half": "\ud83d and \x00",
}
EVERYTHING = " | ".join(HOSTILE.values())


def amal() -> ProgrammeFile:
    name = "rules/programmes/amal.yaml"
    return load_programmes({name: (ROOT / name).read_bytes()})["amal"]


def picture(folder: Path, number: int, **changed: Any) -> Picture:  # noqa: ANN401
    """One of the pack's pictures, and its files: data/images/... below `folder`, thumbs beside."""
    name = f"20211118-{number:06d}.jpg"
    file = folder / "data" / "images" / name
    wide, tall = ((960, 640), (640, 960), (900, 900))[number % 3]
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_jpeg(number, wide, tall, 1.0))
        small = folder / "thumbs" / name
        small.parent.mkdir(exist_ok=True)
        small.write_bytes(_jpeg(number, wide, tall, THUMB_SIDE / max(wide, tall)))
    raw = file.read_bytes()
    found = Picture(
        asset=f"k7q2mz{number:04d}",
        file=f"images/{name}",
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        width=wide,
        height=tall,
        taken=date(2021, 11, 1 + number % 28),
        city=("Tanger", "Rabat", "Oujda", "Casablanca", "")[number % 5],
        country="MA",
        captions=CAPTIONS[number % len(CAPTIONS)],
        credit=f"Photo : {PEOPLE[number % 2]} / AMAL",
        photographer=PEOPLE[number % 2],
        thumb=str(folder / "thumbs" / name),
    )
    return replace(found, **changed)


PEOPLE = ("Rachid Azzouzy", "Radouan Bounjoum")
CAPTIONS: tuple[dict[str, str], ...] = (
    {
        "fr": "Un match de football réunit des jeunes migrants, réfugiés et marocains.",
        "ar": "مباراة كرة قدم تجمع شبابا مهاجرين ولاجئين ومغاربة.",
        "en": "A football match brings together young migrants, refugees and Moroccans.",
    },
    {"fr": "Atelier de théâtre : répétition avant la représentation.", "ar": "ورشة مسرح مع Tibu."},
    {"fr": "Un concert sur la place.", "en": "A concert on the square."},
    {},
)


def _jpeg(seed: int, wide: int, tall: int, scale: float) -> bytes:
    out = io.BytesIO()
    scene = photos.scene(seed, wide, tall)
    scene.resize((round(wide * scale), round(tall * scale))).save(out, "JPEG", quality=80)
    return out.getvalue()


def contents(folder: Path, number: int = 4, **changed: Any) -> Contents:  # noqa: ANN401
    """A press pack of that many pictures."""
    found = Contents(
        id="pk-7f3a91c2",
        day=date(2026, 11, 28),
        purpose=Purpose.PRESS,
        use=Use.EDITORIAL,
        territory="FR",
        recipient="Le Journal",
        until=date(2027, 12, 1),
        preset=Preset(Purpose.PRESS),
        organisation="AMAL",
        contact="photos@amal.example",
        usage_terms={
            "fr": "Usage limité au but et à la durée du consentement des personnes montrées.",
            "en": "Use limited to the purpose and term that the people shown agreed to.",
            "ar": "الاستعمال محدود بالغرض والمدة اللذين وافق عليهما الأشخاص الظاهرون.",
        },
        web_statement="https://amal.example/rights",
        programmes=(amal(),),
        pictures=tuple(picture(folder, n) for n in range(number)),
        head=(812, "9f" * 32),
    )
    return replace(found, **changed)


def hostile(folder: Path) -> Contents:
    """The same with something in every field that wants to be more than text."""
    evil = {f"evil-{name}": text for name, text in HOSTILE.items()}
    pictures = [
        picture(
            folder,
            number,
            captions={"fr": text, "ar": text, "en": text},
            credit=text,
            photographer=text,
            city=text,
            country=text,
        )
        for number, text in enumerate((*HOSTILE.values(), EVERYTHING))
    ]
    programme = amal().model_copy(
        update={
            "title": dict.fromkeys(("fr", "ar", "en"), EVERYTHING),
            "donor": evil,
            "partners": tuple(HOSTILE.values()),
            "institution": {"fr": EVERYTHING},
        }
    )
    return contents(
        folder,
        0,
        recipient=EVERYTHING,
        organisation=EVERYTHING,
        contact=HOSTILE["address"],
        web_statement=HOSTILE["address"],
        usage_terms={"fr": EVERYTHING, "ar": EVERYTHING},
        programmes=(programme,),
        pictures=tuple(pictures),
    )
