"""The contact sheet of a press pack: every picture small, with its file, place, day and credit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dam.core.credits import in_order
from dam.core.packing import Contents, Picture
from dam.core.towns import in_script
from dam.render import cldr, pack_terms, paper
from dam.render.lang import LANGUAGES, Speech, speech
from dam.render.text import outgoing

TEMPLATE = "contact-sheet.typ"
_UNDRAWN = frozenset({"file_title", "author", "alt"})


def contact_sheet(contents: Contents, lang: str) -> bytes:
    """The PDF; its headings are in all languages of the pack, the rest in one."""
    say = speech(lang)
    files: dict[str, Path | bytes] = {
        _name(n): Path(p.thumb) for n, p in enumerate(contents.pictures, 1)
    }
    return paper.compiled(
        TEMPLATE,
        _data(contents, say),
        contents.day,
        undrawn=_UNDRAWN,
        files=files,
        near=next((Path(p.thumb).parent for p in contents.pictures), None),
    )


def _data(contents: Contents, say: Speech) -> Mapping[str, object]:
    tags = [tag for tag in contents.preset.languages if tag in LANGUAGES]
    others = [speech(tag) for tag in tags if tag != say.lang]
    heads = [
        {"lang": s.lang, "rtl": s.lang == "ar", "text": s.gettext("Contact sheet")}
        for s in (say, *others)
    ]
    return {
        "lang": say.lang,
        "rtl": say.lang == "ar",
        "file_title": f"{heads[0]['text']} {contents.id}",
        "author": outgoing(contents.organisation),
        "heads": heads,
        "organisation": say.ident(outgoing(contents.organisation)),
        "pack": say.gettext("Press pack {id}", id=contents.id),
        "count": say.ngettext("{n} picture", "{n} pictures", len(contents.pictures)),
        "page": say.gettext("Page {n} of {all}", n="{n}", all="{all}"),
        "terms": terms(contents, say),
        "pictures": [_picture(n, p, contents, say) for n, p in enumerate(contents.pictures, 1)],
    }


def _name(number: int) -> str:
    return f"thumbs/{number:05}.jpg"


def _picture(
    number: int, picture: Picture, contents: Contents, say: Speech
) -> Mapping[str, object]:
    about = (place(picture, say), taken(picture, contents, say))
    return {
        "file": _name(number),
        "width": picture.width,
        "height": picture.height,
        "alt": alt(picture, say),
        "name": picture.file.rsplit("/", 1)[-1],
        "about": [text for text in about if text],
        "credit": say.ident(outgoing(picture.credit)),
    }


def place(picture: Picture, say: Speech) -> str:
    """The town, else the country; nothing where neither may be named."""
    if picture.city:
        return say.ident(outgoing(in_script(picture.city, say.lang == "ar")))
    country = cldr.country(picture.country, say.lang) if picture.country else ""
    return say.ident(outgoing(country))


def alt(picture: Picture, say: Speech) -> str:
    """What whoever does not see a picture is told."""
    texts = {tag: text for tag, text in picture.captions.items() if text.strip()}
    found = texts.get(say.lang) or next((text for _, text in in_order(texts)), "")
    return outgoing(found) or say.gettext("Photograph")


def taken(picture: Picture, contents: Contents, say: Speech) -> str:
    """The day it was taken, as it is called where the pack goes; empty where that is guessed."""
    if picture.taken is None:
        return ""
    return say.ident(cldr.day(picture.taken, say.lang, contents.territory))


def terms(contents: Contents, say: Speech) -> list[tuple[str, str]]:
    """For whom, for what, where, until when, and whom to ask: (what, told)."""
    return [
        (say.pgettext("pack", "Made for"), say.ident(outgoing(contents.recipient))),
        (say.pgettext("pack", "Purpose"), say.word("purpose", contents.purpose)),
        (say.pgettext("pack", "Use"), say.word("use", contents.use)),
        (say.pgettext("pack", "Territory"), pack_terms.territory(contents, say)),
        (say.pgettext("pack", "Last day of use"), pack_terms.last_day(contents, say)),
        (say.pgettext("pack", "Contact"), say.ident(outgoing(contents.contact))),
    ]
