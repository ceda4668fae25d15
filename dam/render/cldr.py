"""Days and countries as the readers of a document write them, by the Unicode CLDR."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale  # noqa: TID251

# babel is imported where it is needed: it is large, and most commands write no documents.

#: The United Nations call it by another name than the CLDR does (UN M49).
_UNITED_NATIONS = {
    ("PS", "en"): "State of Palestine",
    ("PS", "fr"): "État de Palestine",
    ("PS", "ar"): "دولة فلسطين",
}


def country(code: str, lang: str) -> str:
    """A country by its ISO 3166 alpha-2 code; what is no code stays as it was written."""
    key = code.upper()
    known = _UNITED_NATIONS.get((key, lang)) or _locale(lang, "").territories.get(key)
    return str(known) if known and len(key) == 2 else code


def day(value: date, lang: str, territory: str = "") -> str:
    """A day in full. Arabic months have other names in Rabat than in Damascus or Cairo."""
    from babel.dates import format_date  # noqa: TID251

    told = format_date(value, "d MMMM y", locale=_locale(lang, territory))
    # French counts the first day of a month alone as an ordinal.
    return told.replace("1 ", "1er ", 1) if lang == "fr" and value.day == 1 else told


@cache
def _locale(lang: str, territory: str) -> Locale:
    from babel import Locale, UnknownLocaleError  # noqa: TID251

    try:
        return Locale(lang, territory.upper() or None)
    except (UnknownLocaleError, ValueError):
        return Locale(lang)
