"""The contact sheet of a press pack: every picture small, with its file, place, day and credit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dam.core.credits import in_order
from dam.core.model import Use
from dam.core.packing import Contents, Picture
from dam.core.towns import in_script
from dam.render import paper
from dam.render.days import spelled
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
        "pictures": [_picture(n, p, say) for n, p in enumerate(contents.pictures, 1)],
    }


def _name(number: int) -> str:
    return f"thumbs/{number:05}.jpg"


def _picture(number: int, picture: Picture, say: Speech) -> Mapping[str, object]:
    taken = "" if picture.taken is None else spelled(picture.taken, say)
    return {
        "file": _name(number),
        "width": picture.width,
        "height": picture.height,
        "alt": alt(picture, say),
        "name": picture.file.rsplit("/", 1)[-1],
        "about": [text for text in (place(picture, say), taken) if text],
        "credit": say.ident(outgoing(picture.credit)),
    }


def place(picture: Picture, say: Speech) -> str:
    """The town; a country by its name alone. Nothing where neither may be named."""
    if picture.city:
        return say.ident(outgoing(in_script(picture.city, say.lang == "ar")))
    return say.ident(outgoing(picture.country)) if len(picture.country) > 2 else ""


def alt(picture: Picture, say: Speech) -> str:
    """What whoever does not see a picture is told."""
    texts = {tag: text for tag, text in picture.captions.items() if text.strip()}
    found = texts.get(say.lang) or next((text for _, text in in_order(texts)), "")
    return outgoing(found) or say.gettext("Photograph")


def terms(contents: Contents, say: Speech) -> list[tuple[str, str]]:
    """For what, where, until when, for whom, and whom to ask: (what, told)."""
    purpose = say.word("purpose", contents.purpose)
    if contents.use != Use.EDITORIAL:
        purpose = say.list([purpose, say.word("use", contents.use)])
    everywhere = contents.territory == "world"
    until = (
        say.gettext("as long as the people shown agree")
        if contents.until is None
        else spelled(contents.until, say)
    )
    told = [
        (say.word("heading", "purpose"), purpose),
        (
            say.word("heading", "territory"),
            say.gettext("the whole world") if everywhere else say.ident(contents.territory),
        ),
        (say.word("heading", "until"), until),
        (say.word("heading", "recipient"), say.ident(outgoing(contents.recipient))),
        (say.gettext("Questions and withdrawal"), say.ident(outgoing(contents.contact))),
    ]
    return [(word[:1].upper() + word[1:], text) for word, text in told]
