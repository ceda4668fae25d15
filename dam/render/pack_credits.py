"""Whom a press pack thanks, in one language, and the credit line of each of its pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dam.core.credits import ProgrammeFile
from dam.core.packing import Contents
from dam.render.lang import Speech
from dam.render.text import outgoing, said


@dataclass(frozen=True, slots=True)
class Line:
    """A credit line, whose it is, and the pictures that carry it."""

    photographer: str
    credit: str
    files: tuple[str, ...]


def title(say: Speech) -> str:
    return say.pgettext("pack", "Credits")


def photographers(pack: Contents, say: Speech) -> str:
    """All who took the pictures, as in a booklet; empty where there is no picture."""
    names = dict.fromkeys(outgoing(picture.photographer) for picture in pack.pictures)
    if not names:
        return ""
    told = named(say, list(names))
    return say.ngettext("Photo: {names}", "Photos: {names}", len(pack.pictures), names=told)


def named(say: Speech, names: Sequence[str]) -> str:
    """Several names in a row, the last one after an `and`; in Arabic each one after it.

    There the word also tells which way the row runs, whatever letters the names have.
    """
    if len(names) < 2:
        return say.list(names)
    if say.lang == "ar":
        return say.either("and", names)
    return say.gettext("{one} and {other}", one=say.list(names[:-1]), other=names[-1])


def heading(pack: Contents, say: Speech) -> str:
    """What the pack is about: the title of its one programme, else whose pictures they are."""
    if len(pack.programmes) == 1:
        return own(pack.programmes[0].title, say)
    return say.gettext("Pictures of {organisation}", organisation=outgoing(pack.organisation))


def institutions(pack: Contents, say: Speech) -> list[str]:
    """Who stands behind the programmes; the organisation where none says so."""
    found = [own(p.institution, say) for p in pack.programmes if p.institution]
    return list(dict.fromkeys(found)) or [say.ident(outgoing(pack.organisation))]


def campaigns(pack: Contents, say: Speech) -> list[str]:
    return list(dict.fromkeys(own(p.campaign, say) for p in pack.programmes if p.campaign))


def thanks(pack: Contents, say: Speech) -> Iterator[tuple[str, ...]]:
    """What is said of the pack, then of each programme: paragraphs of lines."""
    organisation = say.ident(outgoing(pack.organisation))
    yield tuple(line for line in (photographers(pack, say), organisation) if line)
    for programme in pack.programmes:
        yield tuple(_programme(programme, say))


def _programme(programme: ProgrammeFile, say: Speech) -> Iterator[str]:
    yield own(programme.title, say)
    if programme.institution:
        yield own(programme.institution, say)
    if programme.partners:
        names = named(say, [outgoing(name) for name in programme.partners])
        yield say.gettext("In partnership with {names}", names=names)
    if programme.donor:
        yield own(programme.donor, say)
    if programme.campaign:
        yield own(programme.campaign, say)


def lines(pack: Contents) -> list[Line]:
    """The credit lines, by photographer and line in the order in which they first stand."""
    found: dict[tuple[str, str], list[str]] = {}
    for picture in pack.pictures:
        key = outgoing(picture.photographer), outgoing(picture.credit)
        found.setdefault(key, []).append(outgoing(picture.file))
    order = list(dict.fromkeys(name for name, _ in found))
    keys = sorted(found, key=lambda key: order.index(key[0]))
    return [Line(name, credit, tuple(found[name, credit])) for name, credit in keys]


def own(texts: Mapping[str, str], say: Speech) -> str:
    """A text of ours in this language; in another one where there is none, kept together."""
    if say.lang in texts:
        return say.said({say.lang: outgoing(texts[say.lang])})
    return say.ident(outgoing(said(texts, say.lang)))
