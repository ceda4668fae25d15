"""What a problem may repeat of a file in which people write about people: next to nothing.

A name, a phone number or a date of birth may stand anywhere by mistake, so only what is nearly
one of our own words is repeated: that is a slip of the pen.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from dam.core import record
from dam.core.columns import fold
from dam.core.fields import Strict
from dam.core.tree import Path
from dam.core.wording import words_of

#: How alike a written word must be to one of ours to be repeated.
_ALIKE = 0.85
#: Every word that may stand before a colon in a sidecar or a record.
_OURS = frozenset(
    {"schema", "consents"}.union(
        *(
            words_of(kind)
            for kind in vars(record).values()
            if isinstance(kind, type) and issubclass(kind, Strict)
        )
    )
)
_WORD = re.compile(r"(?<=caption\.)(?P<lang>[a-z]{2,3}(-[A-Za-z0-9]{2,8})*)\b|[^.\[\]()…]+")
#: Words by which people would tell who somebody is, as `fold` gives them.
_WHO = frozenset(
    (
        "name", "names", "first name", "firstname", "last name", "lastname", "full name",
        "fullname", "surname", "family name", "contact", "contacts", "phone", "telephone", "tel",
        "mobile", "whatsapp", "email", "e mail", "mail", "address", "adresse", "nom", "prenom",
        "nom complet", fold("الاسم"), fold("اسم"), fold("هاتف"), fold("عنوان"),
    )
)  # fmt: skip
ELSEWHERE = "names and contacts go into the register: dam consent import"


def nearly(word: str, words: Iterable[str]) -> bool:
    """Whether a written word is one of ours but for a slip."""
    plain = word[:24].lower().replace("-", "_").replace(" ", "_")
    ours = [known.replace("-", "_") for known in words]
    return bool(difflib.get_close_matches(plain, ours, 1, _ALIKE))


def field(name: str) -> str:
    """The name of a field (`people[0].age_band`) with `(…)` for words that are not ours."""

    def word(found: re.Match[str]) -> str:
        said = found[0]
        ours = said in _OURS or found["lang"] or said.isdigit() or nearly(said, _OURS)
        return said if ours else "(…)"

    return _WORD.sub(word, name)


def tells_who(path: Path) -> bool:
    """Whether a word that a sidecar does not take would tell who a person or giver is."""
    about = "people" in path or "consents" in path
    return about and fold(str(path[-1])) in _WHO
