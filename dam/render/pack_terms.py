"""On what terms a press pack is given, in one language: for text files and pages alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dam.core.model import Purpose, Use
from dam.core.packing import Contents
from dam.render import cldr
from dam.render.lang import Speech
from dam.render.pack_credits import own
from dam.render.text import outgoing


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, paragraphs, and what is listed below them."""

    heading: str
    paragraphs: tuple[str, ...]
    points: tuple[str, ...] = ()


#: Uses that are told to be forbidden by name; whatever else was not agreed is so by the first part.
_FORBIDDEN: Mapping[Use, Callable[[Speech], str]] = {
    Use.COMMERCIAL: lambda say: say.gettext(
        "commercial use: selling the pictures, or selling goods or services with them"
    ),
    Use.ADVERTISING: lambda say: say.gettext("advertising and sponsoring"),
    Use.FUNDRAISING: lambda say: say.gettext("raising funds"),
    Use.POLITICAL: lambda say: say.gettext("political campaigns"),
    Use.POLITICAL_PARTY: lambda say: say.gettext("use for or against a party or a candidate"),
    Use.DISCRIMINATORY: lambda say: say.gettext(
        "whatever discriminates against the people shown or the groups they belong to,"
        " stigmatises, ridicules or degrades them"
    ),
}


def title(say: Speech) -> str:
    return say.pgettext("pack", "Terms of use")


def about(pack: Contents, say: Speech) -> Iterator[tuple[str, str]]:
    """What was agreed, as (name, value)."""
    yield say.pgettext("pack", "Pack"), say.ident(outgoing(pack.id))
    yield say.pgettext("pack", "Made by"), say.ident(outgoing(pack.organisation))
    yield say.pgettext("pack", "Made for"), say.ident(outgoing(pack.recipient))
    yield say.pgettext("pack", "Made on"), day(pack, say)
    yield say.pgettext("pack", "Pictures"), str(len(pack.pictures))
    yield say.pgettext("pack", "Purpose"), say.word("purpose", pack.purpose)
    yield say.pgettext("pack", "Use"), say.word("use", pack.use)
    yield say.pgettext("pack", "Territory"), territory(pack, say)
    yield say.pgettext("pack", "Last day of use"), last_day(pack, say)
    if pack.contact:
        yield say.pgettext("pack", "Contact"), say.ident(outgoing(pack.contact))


def day(pack: Contents, say: Speech) -> str:
    return say.ident(cldr.day(pack.day, say.lang, pack.territory))


def territory(pack: Contents, say: Speech) -> str:
    if pack.territory == "world":
        return say.gettext("the whole world")
    return say.ident(outgoing(cldr.country(pack.territory, say.lang)))


def last_day(pack: Contents, say: Speech) -> str:
    if pack.until is None:
        return say.gettext("none was agreed: ask before each new use")
    return say.ident(cldr.day(pack.until, say.lang, pack.territory))


def sections(pack: Contents, say: Speech) -> Iterator[Section]:
    """The terms, each part complete in itself."""
    yield _permitted(pack, say)
    yield Section(
        say.gettext("The credit line"),
        (
            say.gettext(
                "Every picture that is published carries its credit line, whole and legible,"
                " beside it or on it, in print and online. The line stands with the caption of"
                " each picture and in its metadata, which stay in the file."
            ),
        ),
    )
    yield Section(
        say.gettext("The people in the pictures"),
        (
            say.gettext(
                "The pictures may show people, children under 18 among them. Whoever can be"
                " recognised has consented to this use, or is shown by a decision that the"
                " organisation has on record; for a child, a parent, a guardian or an appointed"
                " representative has consented as well. What they consented to is the limit of"
                " this permission."
            ),
        ),
    )
    yield Section(
        say.gettext("What is forbidden"),
        (say.gettext("The following is forbidden, whatever the purpose:"),),
        (*_forbidden_uses(pack, say), *_handling(say)),
    )
    yield Section(
        say.gettext("Artificial intelligence"),
        (
            say.gettext(
                "No picture, no caption and no part of them may be used to train, test or feed a"
                " system of artificial intelligence, nor go into a data set or a service that"
                " does so. Text and data mining is prohibited; the right to it is reserved. The"
                " metadata of every picture say so too."
            ),
        ),
    )
    yield _withdrawn(pack, say)
    yield _asking(pack, say)


def _permitted(pack: Contents, say: Speech) -> Section:
    paragraphs = (
        say.gettext(
            "You may publish the pictures for the purpose, the use, the territory and the time"
            " named above. This permission is for the recipient alone; it is not exclusive and"
            " cannot be handed on."
        ),
        say.gettext("What is not named here is not permitted: ask first."),
        own(pack.usage_terms, say),
        say.gettext(
            "The pictures carry signed content credentials (C2PA); leave them in the files."
        )
        if pack.signed
        else "",
    )
    return Section(say.gettext("What is permitted"), tuple(p for p in paragraphs if p))


def _forbidden_uses(pack: Contents, say: Speech) -> Iterator[str]:
    agreed = {pack.use} | ({Use.FUNDRAISING} if pack.purpose is Purpose.DONOR else set())
    return (said(say) for use, said in _FORBIDDEN.items() if use not in agreed)


def _handling(say: Speech) -> Iterator[str]:
    yield say.gettext(
        "cropping or covering a picture so that its credit line or its mark disappears"
    )
    yield say.gettext(
        "changing what a picture shows or what its caption says, mounting it with other pictures,"
        " or illustrating with it a subject that has nothing to do with the people shown"
    )
    yield say.gettext(
        "naming a child, or joining to a picture a name, an address, a school or any other"
        " information by which a child could be identified or found"
    )
    yield say.gettext("making recognisable again what was hidden, and any recognition of faces")
    yield say.gettext(
        "handing the pictures on to agencies, picture libraries, partners or anybody else"
    )


def _withdrawn(pack: Contents, say: Speech) -> Section:
    ident = outgoing(pack.id)
    return Section(
        say.gettext("When consent is withdrawn"),
        (
            say.gettext(
                "Everybody shown, and for a child whoever consented on its behalf, may withdraw"
                " at any time and without giving a reason. We then write to you with the id of"
                " the pack ({pack}) and the names of the files. From that moment:",
                pack=ident,
            ),
        ),
        (
            say.gettext(
                "stop using the pictures named, and take them off your sites, your accounts and"
                " out of your archives"
            ),
            say.gettext("leave them out of what is not printed yet and of every new edition"),
            say.gettext("delete all copies, those of your printers and service providers included"),
            say.gettext("confirm this in writing, with the id of the pack ({pack})", pack=ident),
        ),
    )


def _asking(pack: Contents, say: Speech) -> Section:
    """Whom to ask; the organisation where no address is known."""
    contact = outgoing(pack.contact) or outgoing(pack.organisation)
    told = say.gettext(
        "For a question or a doubt, for a picture that could harm somebody, for a copy seen"
        " elsewhere: {contact}. Always name the pack ({pack}).",
        contact=contact,
        pack=outgoing(pack.id),
    )
    address = outgoing(pack.web_statement)
    more = say.gettext("More about the rights: {address}", address=address) if address else ""
    heading = say.gettext("Whom to ask")
    return Section(heading, (told, more) if more else (told,))
