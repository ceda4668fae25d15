"""No sentence of an error stays English: each that the code can raise is known in all languages."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from dam.core import errors
from dam.render import phrases
from tests.sayings import VALUE, modules

ERRORS = frozenset(
    name
    for name, found in vars(errors).items()
    if inspect.isclass(found) and issubclass(found, errors.DamError)
)
#: Only whoever writes dam can see these: one part of it asked another for what it must not.
PROGRAMMING = frozenset(
    {
        "A field of an asset that never changes was to be changed",
        "A pack is to be published that is not sealed",
        "A picture is noted twice, or where none was placed",
        "A text of the rendition is no valid Unicode",
        "An item of another pack was to be added to a pack",
        "Look before rendering",
        "No photograph was looked at",
        "Not a SHA-256 in lower-case hex",
        "Not a dated folder of the archive",
        "Not a generated archive name",
        "The catalogue was given a time without a time zone",
        "The catalogue was given something that JSON cannot hold",
        "The darkroom is closed",
        "Two decisions were made for one purpose",
    }
)


def told() -> Iterator[tuple[str, str]]:
    """(place, sentence) of what errors say: what happened, and what to do about it."""
    for module in modules():
        for name in ERRORS & module.calls.keys():
            for call in module.calls[name]:
                for node in [*call.args, *(w.value for w in call.keywords if w.arg == "hint")]:
                    for said in module.texts(node):
                        yield module.place(node), said


def known(said: str) -> bool:
    """Whether a sentence can be said in all languages, whole: so are the sentences within it."""
    # The empty reason is that of a success, which no error carries.
    bare = said.rstrip(".").replace("()", f"({VALUE})")
    if not re.search(r"[a-z] [a-z]", re.sub(rf"[^ ]*{VALUE}[^ ]*", "", bare)):
        return True  # no sentence: a word, a name, a value
    found = phrases.recognised(bare) or phrases.recognised(said)
    if found is None:
        pieces = bare.split(". ") if ". " in bare else ()
        return bool(pieces) and all(known(piece) for piece in pieces)
    return all(known(word) for word in found[1].values())


def test_every_error_can_be_said_in_all_languages() -> None:
    found = list(told())
    assert len(found) > 700
    english = {pair for pair in found if not known(pair[1])}
    assert {pair for pair in english if pair[1] not in PROGRAMMING} == set()
    assert {said for _, said in english} == PROGRAMMING
