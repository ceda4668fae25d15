"""The booklet of a press pack: the pictures as they would be printed, with what they are for.

In the first language of the pack the other ones stand beside it. Pictures are never cropped, so
that the credit in them stays; no text stands on one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from dam.core import logos
from dam.core.credits import Logo, ProgrammeFile, in_order
from dam.core.packing import Contents, Document, Picture
from dam.core.towns import in_script
from dam.render import contact_sheet, pack_credits, pack_terms, paper
from dam.render.lang import LANGUAGES, Speech, speech
from dam.render.plates import plates
from dam.render.text import apart, outgoing

TEMPLATE = "booklet.typ"
#: What is told about the file and its pictures, not drawn.
UNDRAWN = frozenset({"file_title", "author", "alt"})
COLOUR = "#0a6ebd"
_LEFTWARD = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_MARK = re.compile(r"(\S{1,16})\s*[:：]\s+(\S.*)", re.DOTALL)
#: Spaces at which a French line must not break: at signs that stand apart, and after short words.
_SPACED = re.compile(r" (?=[:;!?»])|(?<=«) |(?<=\b[ày]) ")
#: WCAG 2.2, 1.4.3: contrast of text to what is behind it.
_CONTRAST = 4.5
Told = Mapping[str, object]


def documents(contents: Contents, template: bytes | None = None) -> Iterator[Document]:
    """`booklet.fr.pdf` and so on, and `contact-sheet.pdf`, where the pack's texts ask for them.

    `template` is the workspace's `rules/templates/booklet.typ`. Raises ProblemsError for logos
    that cannot be used, ConfigurationError for a template that cannot.
    """
    languages = [lang for lang in contents.preset.languages if lang in LANGUAGES] or ["en"]
    # One after the other: each holds all its pictures decoded, several hundred MiB for sixty pages.
    if "booklet" in contents.preset.texts:
        for lang in languages:
            yield f"booklet.{lang}.pdf", booklet(contents, lang, template)
    if "contact_sheet" in contents.preset.texts:
        yield "contact-sheet.pdf", contact_sheet.contact_sheet(contents, languages[0])


def booklet(contents: Contents, lang: str, template: bytes | None = None) -> bytes:
    """The PDF in one language; equal contents give equal bytes."""
    shown = [p for p in contents.pictures if p.page is not None][: contents.preset.pages]
    names = {p.asset: f"pictures/{n:03}.jpg" for n, p in enumerate(shown, 1)}
    used = logos.checked(contents.programmes, contents.logos)
    files: dict[str, Path | bytes] = {
        names[p.asset]: Path(p.page) for p in shown if p.page is not None
    }
    files |= {f"logos/{name}": data for name, data in used.items()}
    return paper.compiled(
        TEMPLATE,
        _data(contents, shown, names, speech(lang)),
        contents.day,
        undrawn=UNDRAWN,
        files=files,
        own=template,
        near=next((path.parent for path in files.values() if isinstance(path, Path)), None),
    )


def _data(contents: Contents, shown: list[Picture], names: Mapping[str, str], say: Speech) -> Told:
    languages = contents.preset.languages
    beside = languages[1:] if languages[:1] == (say.lang,) else ()
    # Those of the other direction come last, where their lines begin at the other edge.
    beside = tuple(sorted(beside, key=lambda tag: _leftward(tag) != _leftward(say.lang)))
    pages = plates((p.width, p.height) for p in shown)
    titles = _titles(contents, say, beside)
    return {
        "lang": say.lang,
        "rtl": _leftward(say.lang),
        "file_title": outgoing(" / ".join(str(t["whole"]) for t in titles)),
        "author": outgoing(contents.organisation),
        **_colours(contents.programmes),
        "words": _words(say),
        "institutions": _each(contents.programmes, "institution", say.lang)
        or [_told(say.lang, contents.organisation)],
        "titles": titles,
        "marks": _marks(contents.programmes),
        "line": _line(contents.programmes, shown, say),
        "cover": _cover(shown),
        "programmes": [_programme(p, say, beside) for p in contents.programmes],
        "pictures": [_picture(p, names[p.asset], contents, say, beside) for p in shown],
        "plates": [{"kind": p.kind, "pictures": list(p.pictures)} for p in pages],
        "closing": _closing(contents, shown, say, beside),
    }


def _words(say: Speech) -> Told:
    return {
        "programme": say.gettext("The programme"),
        "captions": say.gettext("Captions"),
        "caption_at": say.gettext("Caption on page {n}", n="{n}"),
        "credits": pack_credits.title(say),
        "terms": pack_terms.title(say),
        "partners": say.gettext("Partners"),
    }


# --- texts by language --------------------------------------------------------------------


def _told(lang: str, text: str) -> Told:
    """A text with its language: `{lang, rtl, text}`."""
    strong = {unicodedata.bidirectional(char) for char in text} & {"L", "R", "AL"}
    # What is written in one script alone runs as that does, whatever language it is said to be.
    mixed = "L" in strong and len(strong) > 1
    rtl = _leftward(lang) if mixed or not strong else "L" not in strong
    if lang == "fr":
        text = _SPACED.sub("\u00a0", text)
    return {
        "lang": lang.split("-")[0],
        "rtl": rtl,
        "text": apart(outgoing(text)) if rtl else outgoing(text),
    }


def _leftward(lang: str) -> bool:
    """Whether a language is written from right to left."""
    return lang.split("-")[0] in _LEFTWARD


def _chosen(texts: Mapping[str, str], lang: str, beside: Iterable[str] = ()) -> list[Told]:
    """The text in `lang` first, else in whatever there is, and those that stand beside it."""
    wanted = [tag for tag in (lang, *beside) if texts.get(tag, "").strip()]
    if not wanted:
        wanted = [tag for tag, text in in_order(texts) if text.strip()][:1]
    return [_told(tag, texts[tag]) for tag in wanted]


def _each(programmes: Iterable[ProgrammeFile], field: str, lang: str) -> list[Told]:
    """A text of several programmes, each once."""
    found: list[Told] = []
    for programme in programmes:
        for told in _chosen(getattr(programme, field), lang):
            if told not in found:
                found.append(told)
    return found


# --- cover --------------------------------------------------------------------------------


def _titles(contents: Contents, say: Speech, beside: Iterable[str]) -> list[dict[str, object]]:
    """Of each programme: its title without its mark, its subtitle, and titles beside."""
    found: list[dict[str, object]] = []
    for programme in contents.programmes:
        first, *others = _title(programme, say.lang, beside)
        subtitle = _chosen(programme.subtitle, say.lang)
        found.append(
            {
                "whole": first["text"],
                "title": _bare(first),
                "beside": [_bare(other) for other in others],
                "subtitle": subtitle[0] if subtitle else None,
            }
        )
    if not found:
        title = _told(say.lang, say.gettext("Photographs"))
        found.append({"whole": title["text"], "title": title, "beside": [], "subtitle": None})
    return found


def _title(programme: ProgrammeFile, lang: str, beside: Iterable[str] = ()) -> list[Told]:
    return _chosen(programme.title, lang, beside) or [_told(lang, programme.id)]


def _bare(title: Told) -> Told:
    """`AMAL: Strengthening ...` without its mark, which stands large beside it."""
    match = _MARK.fullmatch(str(title["text"]))
    return title if match is None else {**title, "text": match[2][:1].upper() + match[2][1:]}


def _marks(programmes: tuple[ProgrammeFile, ...]) -> list[Told]:
    """The short name that titles begin with, Arabic first, of a single programme."""
    if len(programmes) != 1:
        return []
    found = [
        _told(lang, match[1])
        for lang, title in in_order(programmes[0].title)
        if (match := _MARK.fullmatch(title)) is not None
    ]
    found.sort(key=lambda told: not told["rtl"])
    once: list[Told] = []
    for told in found:
        if all(told["text"] != other["text"] for other in once):
            once.append(told)
    return once[:2]


def _line(programmes: Iterable[ProgrammeFile], shown: Iterable[Picture], say: Speech) -> list[str]:
    """Places and years, as they stand on the cover."""
    towns = {_town(place, say): None for p in programmes for place in p.places}
    years = sorted({p.taken.year for p in shown if p.taken is not None})
    when = "" if not years else str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
    return [*towns, *([say.ident(when)] if when else [])]


def _cover(shown: list[Picture]) -> int | None:
    """The first picture that lies, of a usual shape; else the first that lies, else the first."""
    for low, high in ((1.25, 1.8), (1.0, 100.0), (0.0, 100.0)):
        for place, picture in enumerate(shown):
            if low < picture.width / picture.height <= high:
                return place
    return None


def _colours(programmes: Iterable[ProgrammeFile]) -> Told:
    """The accent, what is written on it, and the accent as it is written on white."""
    colour = next((p.colour for p in programmes if p.colour is not None), COLOUR)
    on_white = 1.05 / (_luminance(colour) + 0.05)
    return {
        "colour": colour,
        "on_colour": "#ffffff" if on_white >= _CONTRAST else "#1c1c1c",
        "written": colour if on_white >= _CONTRAST else "#404040",
    }


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# --- the programme and its pictures -------------------------------------------------------


def _programme(programme: ProgrammeFile, say: Speech, beside: Iterable[str]) -> Told:
    """`texts`: by language a title and paragraphs, the one of the booklet first; `facts`."""
    languages = [lang for lang in (say.lang, *beside) if lang in programme.text]
    languages = languages or list(programme.text)[:1]
    (title,) = _title(programme, say.lang)
    subtitle = _chosen(programme.subtitle, say.lang)
    facts = [
        (say.gettext("Strategic lead"), _chosen(programme.led_by, say.lang)),
        (say.gettext("Carried out by"), _chosen(programme.carried_out_by, say.lang)),
        (say.gettext("In partnership with"), _chosen(programme.in_partnership_with, say.lang)),
    ]
    towns = say.list(_town(place, say) for place in programme.places)
    return {
        "title": title,
        "subtitle": subtitle[0] if subtitle else None,
        "texts": [[_told(lang, part) for part in programme.text[lang]] for lang in languages],
        "facts": [
            *({"label": label, "value": told[0]} for label, told in facts if told),
            *(
                [{"label": say.gettext("Places"), "value": _set(towns, say)}]
                if programme.places
                else []
            ),
        ],
    }


def _set(text: str, say: Speech) -> Told:
    """A text that was made in the language of the booklet and is harmless already."""
    return {"lang": say.lang, "rtl": _leftward(say.lang), "text": text}


def _picture(
    picture: Picture, file: str, contents: Contents, say: Speech, beside: Iterable[str]
) -> Told:
    captions = _chosen(picture.captions, say.lang, beside)
    first = str(captions[0]["text"]) if captions else ""
    return {
        "file": file,
        "width": picture.width,
        "height": picture.height,
        "alt": contact_sheet.alt(picture, say),
        "place": "" if _begins(first, picture.city) else contact_sheet.place(picture, say),
        "date": contact_sheet.taken(picture, contents, say),
        "captions": captions,
    }


def _begins(caption: str, city: str) -> bool:
    """Whether a caption begins with the town, which need not stand above it as well."""
    plain = caption.lstrip("\u2068")
    named = plain.partition(":")[0].strip(" \u00a0\u2069")
    same = {in_script(name, True) for name in (named, city)}
    return bool(city) and (len(same) == 1 or plain.startswith((city, in_script(city, True))))


def _town(city: str, say: Speech) -> str:
    return say.ident(in_script(city, say.lang == "ar"))


# --- the last page ------------------------------------------------------------------------


def _closing(contents: Contents, shown: list[Picture], say: Speech, beside: Iterable[str]) -> Told:
    programmes = contents.programmes
    photos = pack_credits.photographers(replace(contents, pictures=tuple(shown)), say)
    events, head = contents.head
    return {
        # The Arabic `and` stays with the word behind it.
        "photos": photos.replace(" و ", " و\u00a0"),
        "organisation": say.ident(contents.organisation),
        "thanks": _each(programmes, "thanks", say.lang),
        "partners": list(
            dict.fromkeys(say.ident(outgoing(name)) for p in programmes for name in p.partners)
        ),
        "donors": _each(programmes, "donor", say.lang),
        "campaign": _campaign(programmes, say.lang, beside),
        "logos": [_logo(logo, say.lang) for logo in _logos(programmes)],
        "terms": contact_sheet.terms(contents, say),
        "notes": _notes(contents, say),
        "pack": say.gettext("Press pack {id}", id=contents.id),
        "ledger": say.gettext("Ledger: {n} events, {hash}", n=events, hash=head) if head else "",
    }


def _campaign(
    programmes: Iterable[ProgrammeFile], lang: str, beside: Iterable[str]
) -> list[list[Told]]:
    """The line of each programme in Arabic and in another language of the booklet."""
    found: list[list[Told]] = []
    for programme in programmes:
        texts = programme.campaign
        other = next(
            (tag for tag in (lang, *beside, "fr", "en") if tag != "ar" and tag in texts), ""
        )
        both = [_told(tag, texts[tag]) for tag in ("ar", other) if tag in texts]
        both.sort(key=lambda told: told["rtl"] != _leftward(lang))
        both = both or _chosen(texts, lang)
        if both and both not in found:
            found.append(both)
    return found


def _logos(programmes: Iterable[ProgrammeFile]) -> list[Logo]:
    """Each file once: institutions, then partners, then donors."""
    once = {logo.file: logo for p in programmes for logo in p.logos}
    rows = ("institution", "partner", "donor")
    return sorted(once.values(), key=lambda logo: rows.index(logo.row))


def _logo(logo: Logo, lang: str) -> Told:
    alt = _chosen(logo.alt, lang)[0]["text"]
    return {"file": f"logos/{logo.file}", "row": logo.row, "alt": alt}


def _notes(contents: Contents, say: Speech) -> list[str]:
    """What holds for whoever has the booklet, in sentences."""
    said = [told["text"] for told in _chosen(contents.usage_terms, say.lang)]
    return [
        *(str(text) for text in said),
        say.gettext(
            "The people shown may take their consent back at any time; the picture is then used"
            " no more."
        ),
        say.gettext("No use for training artificial intelligence."),
    ]
