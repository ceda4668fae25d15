"""Days as people write them in a text."""

from __future__ import annotations

from datetime import date

from dam.render.lang import Speech
from dam.render.words import mark_word

_MONTHS = (
    mark_word("month", "January"),
    mark_word("month", "February"),
    mark_word("month", "March"),
    mark_word("month", "April"),
    mark_word("month", "May"),
    mark_word("month", "June"),
    mark_word("month", "July"),
    mark_word("month", "August"),
    mark_word("month", "September"),
    mark_word("month", "October"),
    mark_word("month", "November"),
    mark_word("month", "December"),
)


def spelled(day: date, say: Speech) -> str:
    """`18 November 2021`."""
    month = say.word(*_MONTHS[day.month - 1])
    if day.day == 1:
        return say.gettext("1 {month} {year}", month=month, year=day.year)
    return say.gettext("{day} {month} {year}", day=day.day, month=month, year=day.year)
