"""The first page of a press pack: `index.html`, to look through it without a network.

It holds all texts in every language of the pack, each in a block of its own, and small pictures.
Nothing is loaded; a link leads to each picture of the pack, and at most one to the address of the
rights and one to write to.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from dam.core import towns
from dam.core.errors import StorageError
from dam.core.packing import THUMB_SIDE, Contents, Document, Picture
from dam.render import cldr, pack_credits, pack_terms, sealed
from dam.render.lang import Speech, speech
from dam.render.pack_texts import languages
from dam.render.text import apart, outgoing, right_to_left

#: What a language is called by those who read it.
_NAMES = {"fr": "Français", "ar": "العربية", "en": "English"}
#: The only addresses that become links.
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/?&=%#+-]*)?")
_MAIL = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class _Caption:
    """What is said of a picture in one language; `lang` is that of the text itself.

    `borrowed` is a text that stands in the block of its own language too, or in that of another.
    """

    block: str
    direction: str
    lines: Sequence[str]
    lang: str
    lang_direction: str
    borrowed: bool
    place: str
    day: str
    taken: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """A picture as it stands on the page; `width` and `height` are those of the small one."""

    thumb: str
    href: str
    name: str
    width: int
    height: int
    alt: str
    alt_lang: str
    credit: str
    captions: Sequence[_Caption]


def documents(pack: Contents) -> Iterator[Document]:
    """The page, where the preset asks for one."""
    if "index" in pack.preset.texts:
        yield document(pack)


def document(pack: Contents) -> Document:
    """The page; it stands beside the payload, whose pictures it links to.

    Small pictures are read one by one. Raises StorageError where one cannot be read.
    """
    out = io.BytesIO()
    for piece in pieces(pack):
        out.write(piece.encode())
    return "index.html", out.getvalue()


def pieces(pack: Contents) -> Iterator[str]:
    """The page as it comes."""
    says = [speech(lang) for lang in languages(pack)]
    first = says[0]
    return sealed.stream(
        "pack",
        lang=first.lang,
        dir=_direction(first.lang),
        title=pack_credits.heading(pack, first),
        names=[(say.lang, _direction(say.lang), _NAMES[say.lang]) for say in says],
        blocks=[_block(pack, say) for say in says],
        number=len(pack.pictures),
        pictures=_pictures(pack, says),
        lines=[
            (line.photographer, line.credit, [PurePosixPath(f).name for f in line.files])
            for line in pack_credits.lines(pack)
        ],
        ledger=pack.head if pack.head[1] else None,
    )


def _direction(lang: str) -> str:
    return "rtl" if lang == "ar" else "ltr"


def _block(pack: Contents, say: Speech) -> dict[str, object]:
    """Everything in one language that is not about a single picture."""
    return {
        "lang": say.lang,
        "dir": _direction(say.lang),
        "institutions": pack_credits.institutions(pack, say),
        "heading": pack_credits.heading(pack, say),
        "campaigns": pack_credits.campaigns(pack, say),
        "about": list(_about(pack, say)),
        "photographers": pack_credits.photographers(pack, say),
        "terms": list(pack_terms.sections(pack, say)),
        "thanks": list(pack_credits.thanks(pack, say)),
        "words": {
            "pictures": say.pgettext("pack", "Pictures"),
            "terms": pack_terms.title(say),
            "credits": pack_credits.title(say),
            "lines": say.pgettext("pack", "Credit lines"),
            "search": say.gettext("Search"),
            "all": say.pgettext("languages", "All"),
            "language": say.pgettext("pack", "Language"),
            "nothing": say.pgettext("pack", "No picture has these words."),
            "ledger": say.pgettext("pack", "Event of the ledger"),
        },
    }


def _about(pack: Contents, say: Speech) -> Iterator[tuple[str, str, str]]:
    """(name, value, address it leads to or nothing): addresses that cannot be anything else."""
    contact, rights = outgoing(pack.contact), outgoing(pack.web_statement)
    for name, value in pack_terms.about(pack, say):
        mail = bool(_MAIL.fullmatch(contact)) and value == say.ident(contact)
        yield name, value, f"mailto:{contact}?subject={quote(pack.id, safe='')}" if mail else ""
    if rights:
        address = rights if _ADDRESS.fullmatch(rights) else ""
        yield say.pgettext("pack", "Rights"), say.ident(rights), address


def _pictures(pack: Contents, says: Sequence[Speech]) -> Iterator[_Shown]:
    for number, picture in enumerate(pack.pictures, start=1):
        yield _shown(pack, picture, number, says)


def _shown(pack: Contents, picture: Picture, number: int, says: Sequence[Speech]) -> _Shown:
    first = says[0]
    captions = [_caption(pack, picture, say) for say in says]
    alt = " ".join(captions[0].lines)
    shrunk = min(1.0, THUMB_SIDE / max(picture.width, picture.height))
    return _Shown(
        thumb=sealed.picture(_small(picture)),
        href=quote(f"data/{picture.file}"),
        name=PurePosixPath(outgoing(picture.file)).name,
        width=max(1, round(picture.width * shrunk)),
        height=max(1, round(picture.height * shrunk)),
        alt=alt
        or first.pgettext(
            "pack", "Picture {number} of {all}", number=number, all=len(pack.pictures)
        ),
        alt_lang=captions[0].lang if alt else first.lang,
        credit=outgoing(picture.credit),
        captions=captions,
    )


def _small(picture: Picture) -> bytes:
    try:
        return Path(picture.thumb).read_bytes()
    except OSError as error:
        raise StorageError(
            f"The small picture of {picture.asset} cannot be read ({error.strerror})",
            "Make the pack again",
        ) from error


def _caption(pack: Contents, picture: Picture, say: Speech) -> _Caption:
    """The caption in this language, else in the first of the pack that there is one in."""
    spoken = languages(pack)
    order = (say.lang, *spoken, *sorted(picture.captions))
    lang = next((one for one in order if picture.captions.get(one)), say.lang)
    text = outgoing(picture.captions.get(lang, ""), lines=True)
    leftwards = right_to_left(text) if lang not in _NAMES else lang == "ar"
    told = say.ident(cldr.day(picture.taken, say.lang, pack.territory)) if picture.taken else ""
    return _Caption(
        block=say.lang,
        direction=_direction(say.lang),
        lines=[apart(line) if leftwards else line for line in text.split("\n")] if text else [],
        lang=outgoing(lang),
        lang_direction="rtl" if leftwards else "ltr",
        borrowed=lang != say.lang and (lang in spoken or say.lang != spoken[0]),
        place=_place(picture, say),
        day=told,
        taken=picture.taken.isoformat() if picture.taken else "",
    )


def _place(picture: Picture, say: Speech) -> str:
    city = towns.in_script(picture.city, say.lang == "ar") if picture.city else ""
    country = cldr.country(picture.country, say.lang) if picture.country else ""
    return say.list(outgoing(part) for part in (city, country) if part)
