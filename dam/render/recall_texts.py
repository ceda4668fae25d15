"""What a recall says to its recipient, in one language: for text files, pages and mails alike.

A picture desk reads it: plain sentences, one thing each. It names files and never people, gives no
reason, and names no consent. Everything of others passes `outgoing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from dam.core.recalls import Named, Notice
from dam.render import cldr
from dam.render.lang import Speech, speech
from dam.render.text import columns, outgoing, wrapped

#: The languages that recipients read; French first, as the programme speaks.
LANGUAGES = ("fr", "ar", "en")
#: What stands between the languages of one mail.
RULE = "-" * 72

_BOM = "\ufeff"
_RLM = "\u200f"
_WIDTH = 76


@dataclass(frozen=True, slots=True)
class Wording:
    """A letter in one language, in the order in which it is read.

    `about` are names with values. `greeting` is the sentence above everything; `steps` is what is
    to be done, in order; `closing` follows them.
    """

    lang: str
    title: str
    about: tuple[tuple[str, str], ...]
    greeting: tuple[str, ...]
    files_heading: str
    steps_heading: str
    steps: tuple[str, ...]
    closing_heading: str
    closing: tuple[str, ...]
    signed: str


def subject(notice: Notice) -> str:
    """One line for a mail in all languages: the pack first, by which a newsroom finds it again."""
    told = (_heading(notice, speech(lang, "plain")) for lang in LANGUAGES)
    return " · ".join((f"{outgoing(notice.pack)}: {next(told)}", *told))


def _heading(notice: Notice, say: Speech) -> str:
    n = len(notice.files)
    if notice.kind == "reminder":
        return say.ngettext(
            "Reminder: a picture to stop using", "Reminder: pictures to stop using", n
        )
    return say.ngettext("A picture to stop using", "Pictures to stop using", n)


def wording(notice: Notice, lang: str) -> Wording:
    """The letter in one language, isolated where it runs from right to left."""
    say = speech(lang)
    return Wording(
        lang=say.lang,
        title=_heading(notice, say),
        about=tuple(_about(notice, say)),
        greeting=tuple(_greeting(notice, say)),
        files_heading=say.ngettext("The picture", "The pictures", len(notice.files)),
        steps_heading=say.gettext("What to do now"),
        steps=tuple(_steps(notice, say)),
        closing_heading=say.gettext("Whom to answer"),
        closing=tuple(_closing(notice, say)),
        signed=say.ident(outgoing(notice.organisation)),
    )


def _day(value: date, notice: Notice, say: Speech) -> str:
    return say.ident(cldr.day(value, say.lang, notice.territory))


def _about(notice: Notice, say: Speech) -> Iterator[tuple[str, str]]:
    yield say.pgettext("recall", "To"), say.ident(outgoing(notice.recipient))
    yield say.pgettext("recall", "From"), say.ident(outgoing(notice.organisation))
    yield say.pgettext("recall", "Date"), _day(notice.day, notice, say)
    yield say.pgettext("recall", "Pack"), say.ident(outgoing(notice.pack))
    yield say.pgettext("recall", "Our reference"), say.ident(outgoing(notice.recall))
    yield say.pgettext("recall", "Answer by"), _day(notice.deadline, notice, say)


def _greeting(notice: Notice, say: Speech) -> Iterator[str]:
    n = len(notice.files)
    pack = outgoing(notice.pack)
    if notice.kind == "reminder" and notice.asked_on is not None:
        yield say.ngettext(
            "On {day} we asked you to stop using the picture named below, from pack {pack}."
            " We have not had your answer yet.",
            "On {day} we asked you to stop using the pictures named below, from pack {pack}."
            " We have not had your answer yet.",
            n,
            day=_day(notice.asked_on, notice, say),
            pack=pack,
        )
        yield say.gettext(
            "Please do today what is asked below, if it is not done yet, and confirm this by"
            " {day}.",
            day=_day(notice.deadline, notice, say),
        )
    else:
        yield say.ngettext(
            "The picture named below, from pack {pack} that we gave you on {day},"
            " may no longer be used.",
            "The pictures named below, from pack {pack} that we gave you on {day},"
            " may no longer be used.",
            n,
            day=_day(notice.given_on, notice, say),
            pack=pack,
        )
        yield say.gettext(
            "Please stop every use now, as our terms of use foresee, and confirm this by {day}.",
            day=_day(notice.deadline, notice, say),
        )
    yield say.gettext(
        "We give no reason, so as to protect the people shown. Please do not try to reach them."
    )


def _steps(notice: Notice, say: Speech) -> Iterator[str]:
    yield say.gettext("Stop every use at once, also what is planned or scheduled.")
    yield say.gettext(
        "Online: remove what is on your websites, applications, newsletters and social media"
        " accounts, previews and archives included."
    )
    yield say.gettext(
        "Print: what is in circulation already can stay there. From now on the files named are in"
        " nothing that is printed: no new edition, no reprint, no translation."
    )
    yield say.gettext(
        "Delete every copy: the files we gave you, cropped, resized and edited versions, in your"
        " picture library, your editorial system, your mail and on your colleagues' devices."
    )
    yield say.gettext(
        "Tell everybody who received copies from you, such as agencies, partners, printers and"
        " authors, and ask them to do the same."
    )
    yield say.gettext(
        "Confirm by {day} that this is done. Say where the files were used, who received copies"
        " from you, and what could not be taken back.",
        day=_day(notice.deadline, notice, say),
    )


def _closing(notice: Notice, say: Speech) -> Iterator[str]:
    yield say.gettext(
        "Your answer goes to {contact}; please give our reference, {recall}. Ask there too if"
        " anything is unclear.",
        contact=outgoing(notice.contact),
        recall=outgoing(notice.recall),
    )
    yield say.gettext(
        "This letter is about the files named in it alone: for the other files of the pack nothing"
        " changes. Thank you."
    )


def missing(named: Named, say: Speech) -> str:
    """Why there is no small picture though it was asked for; "" where there is one."""
    if named.missing == "erased":
        return say.gettext("no small picture: we have erased this picture")
    if named.missing == "away":
        return say.gettext("no small picture: we have kept no copy of what was sent")
    return ""


# --- text ---------------------------------------------------------------------------------


def document(notice: Notice, lang: str) -> bytes:
    """The letter as a text file (UTF-8 with a byte order mark, so that every editor knows)."""
    return (_BOM + text(notice, lang)).encode()


def text(notice: Notice, lang: str) -> str:
    """The letter as lines of at most 76 columns, the last one ended."""
    rows = list(_rows(notice, wording(notice, lang)))
    if lang == "ar":
        # Lines that keep their order whatever direction an editor gives to all.
        rows = [f"{_RLM}{row}{_RLM}" if row else row for row in rows]
    return "\n".join(rows) + "\n"


def _rows(notice: Notice, told: Wording) -> Iterator[str]:
    say = speech(told.lang)
    yield from _underlined(told.title, "=")
    yield ""
    for name, value in told.about:
        yield from wrapped(say.gettext("{name}: {value}", name=name, value=value), _WIDTH, 2)
    for paragraph in told.greeting:
        yield ""
        yield from wrapped(paragraph, _WIDTH)
    yield ""
    yield from _underlined(told.files_heading, "-")
    for named in notice.files:
        yield f"  {say.ident(outgoing(named.file))}"
        if why := missing(named, say):
            yield from (f"    {row}" for row in wrapped(why, _WIDTH - 4))
    yield ""
    yield from _underlined(told.steps_heading, "-")
    for number, step in enumerate(told.steps, 1):
        first, *others = wrapped(step, _WIDTH - 3)
        yield from (f"{number}. {first}", *(f"   {row}" for row in others))
    yield ""
    yield from _underlined(told.closing_heading, "-")
    for paragraph in told.closing:
        yield from wrapped(paragraph, _WIDTH)
    yield ""
    yield told.signed


def _underlined(heading: str, sign: str) -> Iterator[str]:
    yield heading
    yield sign * min(columns(heading), _WIDTH)
