"""A recall as one HTML page that needs nothing else: no script, no address but one to write to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from dam.core.recalls import Named, Notice, address
from dam.render import sealed
from dam.render.lang import Speech, speech
from dam.render.recall_texts import LANGUAGES, Wording, missing, wording
from dam.render.text import outgoing

#: Where a page finds the small picture of a file; "" where there is none.
Source = Callable[[Named], str]


@dataclass(frozen=True, slots=True)
class _Shown:
    name: str
    source: str
    missing: str


@dataclass(frozen=True, slots=True)
class _Section:
    """The letter in one language, its files in the same order as in the others."""

    dir: str
    told: Wording
    files: Sequence[_Shown]


def document(notice: Notice, lang: str) -> bytes:
    """The letter in one language, small pictures inside."""
    return page(notice, (lang,), _inside).encode()


def mail(notice: Notice, source: Source) -> str:
    """The letter in all languages under each other; `source` names the pictures of a mail."""
    return page(notice, LANGUAGES, source)


def page(notice: Notice, langs: Sequence[str], source: Source) -> str:
    first = speech(langs[0])
    return "".join(
        sealed.stream(
            "recall",
            lang=first.lang,
            dir=_direction(first.lang),
            title=f"{outgoing(notice.pack)}: {wording(notice, first.lang).title}",
            sections=[_section(notice, speech(lang), source) for lang in langs],
            write_to=_write_to(notice),
            contact=outgoing(notice.contact),
        )
    )


def _section(notice: Notice, say: Speech, source: Source) -> _Section:
    return _Section(
        _direction(say.lang), wording(notice, say.lang), tuple(_files(notice, say, source))
    )


def _files(notice: Notice, say: Speech, source: Source) -> Iterator[_Shown]:
    for named in notice.files:
        yield _Shown(outgoing(named.file), source(named), missing(named, say))


def _inside(named: Named) -> str:
    return sealed.picture(named.thumb) if named.thumb is not None else ""


def _write_to(notice: Notice) -> str:
    """What a click opens: a mail to the contact; "" where the contact is no address."""
    to = address(notice.contact)
    return f"mailto:{to}?subject={quote(notice.recall, safe='')}" if to else ""


def _direction(lang: str) -> str:
    return "rtl" if lang == "ar" else "ltr"
