"""The language of results: gettext catalogues, plurals, and which language is wanted.

Rules carry their words in three languages themselves. Everything else that dam says is written
in English in the code, which is its key in `dam/locale/LANG/LC_MESSAGES/dam.po`. Sentences that
come from below the renderer, finished and perhaps stored years ago, are English too: they are
known by their pattern (`dam.render.phrases`) and said again in the language wanted.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Literal

from dam.render import text
from dam.render.phrases import cut, places, recognised, weight
from dam.render.text import apart, clean, filled, said

LANGUAGES = ("en", "fr", "ar")
_RIGHT_TO_LEFT = frozenset({"ar"})
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_FIELD = re.compile(r"\{([a-z_]+)\}")


def wanted(environ: Mapping[str, str]) -> str:
    """The language of a POSIX locale (`fr_MA.UTF-8`, `ar`, `C`); English for any other."""
    for name in _VARIABLES:
        if value := environ.get(name, ""):
            word = re.split(r"[_.@-]", value)[0].lower()
            return word if word in LANGUAGES else "en"
    return "en"


@cache
def catalogue(lang: str) -> gettext.NullTranslations:
    """The messages of a language; English says what stands in the code."""
    if lang not in LANGUAGES or lang == "en":
        return gettext.NullTranslations()
    place = resources.files("dam").joinpath("locale", lang, "LC_MESSAGES", "dam.mo")
    with place.open("rb") as file:
        return gettext.GNUTranslations(file)


class Speech:
    """Says things in one language: for a terminal, or with `plain` for documents.

    Texts for a terminal are harmless, and isolated where they run from right to left. Plain
    texts are as they are. Counts stand in messages as `{n}`.
    """

    def __init__(self, lang: str, *, plain: bool = False) -> None:
        self.lang = lang if lang in LANGUAGES else "en"
        self.plain = plain
        self._messages = catalogue(self.lang)
        self._apart = self.lang in _RIGHT_TO_LEFT and not plain

    def gettext(self, message: str, **words: object) -> str:
        return self._fill(self._messages.gettext(message) if message else "", words)

    def pgettext(self, context: str, message: str, **words: object) -> str:
        return self._fill(self._messages.pgettext(context, message), words)

    def ngettext(self, one: str, many: str, n: int, **words: object) -> str:
        return self._fill(self._messages.ngettext(one, many, n), {"n": n, **words})

    def word(self, group: str, value: str) -> str:
        """A word of one of the enumerations (`dam.render.words`); others stay as they are."""
        return self.pgettext(group, str(value)) if value else ""

    def said(self, texts: Mapping[str, str]) -> str:
        """Words that a rule says in several languages; English ones of dam's own are known."""
        if self.lang not in texts and "en" in texts:
            return self.told(texts["en"])
        found = said(dict(texts), self.lang)
        if self.plain:
            return found
        return apart(found) if self._apart else clean(found)

    def told(self, english: str) -> str:
        """A finished English sentence of dam in this language; else as it is."""
        return found if (found := self._known(english)) is not None else self._own(english)

    def problem(self, line: str) -> str:
        """`file:line: field: message`, the message in this language.

        Of the ways to part the place from the message that counts by which most of the line is
        known.
        """
        if self.lang == "en":
            return self._own(line)
        ways = list(places(line))
        where, what = max(reversed(ways), key=lambda way: weight(way[1]))
        known = self._known(what)
        if known is None:
            return self._own(line)
        return self._placed(where, known) if where else known

    def _placed(self, where: str, said: str) -> str:
        """A message behind its place, of which a row or a column is told as a word."""
        parts = where.split(": ")
        if all(recognised(part) is None for part in parts):
            parts = [where]
        for part in reversed(parts):
            said = self.line("{where}: {what}", where=self.told(part), what=said)
        return said

    def error(self, what: str, hint: str = "", problems: Iterable[str] = ()) -> str:
        """An error of dam (`dam.core.errors`): what happened and what to do, a line a problem."""
        said = self.line("{what}. {hint}", what=self.problem(what), hint=self.told(hint))
        head = said if hint else self.problem(what)
        return "\n".join((head, *(f"  {self.problem(line)}" for line in problems)))

    def because(self, limit: str) -> str:
        """Which limit ends a consent (`Standing.ends_because`)."""
        if limit.startswith("default term "):
            return self.gettext("the default term of {term}", term=limit.rpartition(" ")[2])
        return self.word("limit", limit)

    def line(self, template: str, **words: object) -> str:
        """A layout that is the same in all languages, with its words."""
        return self._fill(template, words)

    def list(self, items: Iterable[object]) -> str:
        """Several words as one list."""
        separator = self._messages.pgettext("between the words of a list", ", ")
        if self.plain:
            return separator.join(str(item) for item in items)
        return text.joined(separator, (self._own(item) for item in items))

    def either(self, how: Literal["and", "or"], items: Iterable[object]) -> str:
        """Several words as alternatives (`or`), or as all of them together (`and`)."""
        told = [self._own(item) for item in items]
        found = told[0]
        for item in told[1:]:
            if how == "or":
                found = self.gettext("{one} or {other}", one=found, other=item)
            else:
                found = self.gettext("{one} and {other}", one=found, other=item)
        return found

    def headings(self, *words: str) -> tuple[str, ...]:
        """The headings of a table (`dam.render.words`)."""
        return tuple(self.word("heading", word) for word in words)

    def ident(self, value: object) -> str:
        """An id, a file name, a number: as it is, kept apart from what stands around it."""
        return self._own(value)

    def _own(self, value: object) -> str:
        if value is None:
            return ""
        if self.plain:
            return str(value)
        return text.isolated(value) if self._apart else clean(value)

    def _fill(self, template: str, words: Mapping[str, object]) -> str:
        if self.plain:
            return _FIELD.sub(lambda field: str(words.get(field.group(1), field.group())), template)
        return filled(template, words, apart_=self._apart)

    def _known(self, english: str) -> str | None:
        """Known sentences (what happened, what to do) in this language; None for other texts."""
        if self.lang == "en":
            return self._own(english)
        if (parts := cut(english)) is not None:
            what, stop, rest = parts
            first, more = self._known(what), self._known(rest)
            if stop == "; ":
                return self.gettext("{what}; {more}", what=first, more=more)
            return self.line("{what}. {hint}", what=first, hint=more)
        found = recognised(english)
        if found is not None:
            template, words = found
            inner = {name: self._value(name, value) for name, value in words.items()}
            return self._fill(self._messages.gettext(template), inner)
        if english.endswith(".") and (bare := self._known(english[:-1])) is not None:
            return self.line("{what}.", what=bare)
        return None

    def _value(self, name: str, value: str) -> str:
        """What was put into a known sentence: itself one, the state of a consent, or as it is."""
        return self.word(name, value) if name == "state" else self.problem(value)


@cache
def speech(lang: str, form: Literal["shown", "plain"] = "shown") -> Speech:
    """The speech of a language for a terminal, or `plain` for documents."""
    return Speech(lang, plain=form == "plain")
