"""Taking what tells of a person out of texts that are kept for the sake of others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from dam.core.private import Details

#: Shorter texts say nothing of anybody, and stand everywhere.
_LEAST = 3


class Values:
    """What was known of a person, ready to be found in any text, whatever its case and form."""

    def __init__(self, texts: Iterable[str], words: Iterable[str] = ()) -> None:
        """`texts` go wherever they stand, `words` where they stand as words of their own."""
        whole = {form for text in texts for form in _forms(text)}
        alone = {form for word in words for form in _forms(word)}
        patterns = [re.escape(form) for form in sorted(whole, key=len, reverse=True)]
        patterns += [rf"(?<!\w){re.escape(f)}(?!\w)" for f in sorted(alone, key=len, reverse=True)]
        self._pattern = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None

    def __bool__(self) -> bool:
        return self._pattern is not None

    def tells(self, text: str) -> bool:
        """Whether one of them stands in a text."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def out_of(self, text: str) -> str:
        """The text without them."""
        # Again and again: what stood on both sides of one may make another.
        while self._pattern is not None and self._pattern.search(text):
            text = self._pattern.sub("", text)
        return text

    def out_of_all(self, value: object) -> object:
        """A JSON-able value without them, keys included."""
        if isinstance(value, str):
            return self.out_of(value)
        if isinstance(value, list | tuple):
            return [self.out_of_all(item) for item in value]
        if isinstance(value, dict):
            return {self.out_of(str(key)): self.out_of_all(item) for key, item in value.items()}
        return value


def of(details: Iterable[Details], events: Iterable[tuple[str | None, str | None]]) -> Values:
    """All that these details tell of a subject and of who gave consent for it.

    Of the subject's own names each word counts by itself: captions use first names. `events` are
    the free texts (by, reason) of events.
    """
    texts: set[str | None] = {text for event in events for text in event}
    words: set[str] = set()
    for each in details:
        who = each.subject
        texts |= {who.name, who.first_name, who.contact}
        for name in (who.name, who.first_name):
            words |= {word for word in re.split(r"[\W\d_]+", name or "") if len(word) >= _LEAST}
        if who.birth_date is not None:
            day = who.birth_date
            texts |= {day.isoformat(), f"{day:%d/%m/%Y}", f"{day:%d.%m.%Y}"}
        for giver in each.givers:
            texts |= {giver.name, giver.contact, giver.witness, giver.authority_evidence}
        texts |= {text for _, text in each.texts}
    return Values([text for text in texts if text and len(text.strip()) >= _LEAST], words)


def _forms(text: str) -> set[str]:
    stripped = text.strip()
    spelt = {unicodedata.normalize(form, stripped) for form in ("NFC", "NFD")} | {stripped}
    return {form for form in spelt if form}
