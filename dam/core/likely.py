"""Which ids somebody may have meant who mistyped one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

#: The characters of an asset's id (`dam.core.plan.asset_id`).
_ASSETS = "0123456789abcdefghjkmnpqrstvwxyz"
#: Ids are short; what is longer is no slip of the finger.
LONGEST = 16


def slips(text: str) -> Iterator[str]:
    """Every id one slip away from `text`: a character wrong, missing, too many, or two swapped.

    Without repeats, and without `text` itself; nothing for what is too long to be an id.
    """
    if not text or len(text) > LONGEST:
        return
    said = {text}
    for made in _slips(text):
        if made and made not in said:
            said.add(made)
            yield made


def _slips(text: str) -> Iterator[str]:
    for at in range(len(text)):
        head, here, tail = text[:at], text[at], text[at + 1 :]
        if tail:
            yield head + tail[0] + here + tail[1:]
        for other in _ASSETS:
            yield head + other + tail
        yield head + tail
    for at in range(len(text) + 1):
        for other in _ASSETS:
            yield text[:at] + other + text[at:]


#: Every id of a register is compared only where it has no more than so many.
_COMPARED = 2000
_OFFERED = 2


def alike(ident: str, known: Sequence[str]) -> list[str]:
    """Ids of `known` that `ident` may stand for, at most two: the same but for zeros before a

    number, capitals and dashes; else those that look most like it.
    """
    wanted = _plain(ident)
    found = [one for one in known if _plain(one) == wanted]
    if not found and len(known) <= _COMPARED:
        found = difflib.get_close_matches(ident, known, n=_OFFERED)
    return found[:_OFFERED]


def _plain(ident: str) -> str:
    return "-".join(part.lstrip("0") for part in re.findall(r"[0-9]+|[a-z]+", ident.casefold()))
