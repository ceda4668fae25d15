"""No sentence of an error stays English: each that the code can raise is known in all languages."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from dam.adapters import settings
from dam.core import errors, logos, shoot_columns, tree, wording
from dam.render import paper, phrases
from tests.sayings import VALUE, modules

ERRORS = frozenset(
    name
    for name, found in vars(errors).items()
    if inspect.isclass(found) and issubclass(found, errors.DamError)
)
#: How the layers below tell what is wrong with a file, a cell, a line: one problem each.
PROBLEMS = frozenset({"Problem", "add", "append", "problem", "wrong", "fail"})
PROBLEMS |= {"Malformed", "Unfit", "ValueError", "_Refused"}
#: What else comes before people, one of these parts of a sidecar or a setting at a time.
TOLD_BY = (
    *wording._PATTERNS.values(),
    *wording._PLAIN.values(),
    *(means for _, means in tree._SAID),
    *shoot_columns.UNCLEAR.values(),
    *logos._REFUSED.values(),
    *(means for _, means in paper._MEANINGS),
    *(f"allowed is {what}" for what in settings.ALLOWED.values()),
)
#: What answers with such words without another call.
ANSWERING = {
    "presets.py": ("_wrong",),
    "retention.py": ("_twice",),
    "rules.py": ("expression_faults", "_unfit", "_unfit_days", "_unknown"),
    "settings.py": ("_read_file", "_unknown_key", "_file_problem"),
    "shoot_cells.py": ("_unknown", "word", "patterns", "_wrong_pattern"),
    "sheet.py": ("_unknown", "_as_text", "_helped"),
    "watermark.py": ("_wrong",),
    "wording.py": ("message", "_one_of", "_own_words"),
}
#: The adapters that tell such problems; what others note of metadata is data.
ADAPTERS = frozenset({"settings.py", "settings_models.py", "tables.py"})
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
#: What cannot happen, though the code reads so: what may be missing is made then.
NEVER = frozenset({"archive is missing", f"{VALUE} is missing"})
#: What one part of dam says to another, or to its programmer.
INTERNAL = frozenset(
    {
        "no record to stand on",
        "not a path",
        "not one verdict for each purpose",
        "not the grey levels of a likeness",
        "the assets of an audit come in the order of their ids",
        f"{VALUE} assent refused",
        # No empty word is repeated.
        f"'' is not one of: {VALUE}",
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


def problems() -> Iterator[tuple[str, str]]:
    """(place, words) of what is told of files, cells and lines."""
    yield from (("a table", said) for said in TOLD_BY)
    for module in modules():
        name = module.path.name
        if not ({"core", "flows"} & set(module.path.parts) or name in ADAPTERS):
            continue
        for call in (call for told_by in PROBLEMS for call in module.calls.get(told_by, ())):
            for node in [*call.args, *(w.value for w in call.keywords)]:
                yield from ((module.place(node), said) for said in module.texts(node))
        for node in module.answers(ANSWERING.get(name, ())):
            yield from ((module.place(node), said) for said in module.texts(node))


def known(said: str) -> bool:
    """Whether a sentence can be said in all languages, whole: so are the sentences within it."""
    # The empty reason is that of a success, which no error carries.
    bare = said.replace("()", f"({VALUE})")
    return not worded(bare) or any(
        not worded(re.sub("(, row|column) ", "", where)) and whole(rest)
        for where, rest in phrases.places(bare)
    )


def worded(text: str) -> bool:
    """Whether these are words of a sentence, not a word, a name, a value."""
    return re.search("[a-z] [a-z]", re.sub(rf"[^ ]*{VALUE}[^ ]*", "", text)) is not None


def whole(said: str) -> bool:
    found = phrases.recognised(said) or phrases.recognised(said.rstrip("."))
    if found is not None:
        return all(known(word) for word in found[1].values())
    return any(whole(what) and known(rest) for what, _, rest in phrases.halves(said))


def test_every_error_can_be_said_in_all_languages() -> None:
    found = list(told())
    assert len(found) > 1000
    english = {pair for pair in found if not known(pair[1])}
    assert {pair for pair in english if pair[1] not in PROGRAMMING | NEVER} == set()
    assert {said for _, said in english} == PROGRAMMING | NEVER


def test_every_problem_of_a_file_can_be_said_in_all_languages() -> None:
    found = list(problems())
    assert len(found) > 400
    english = {pair for pair in found if not known(pair[1])}
    assert {pair for pair in english if pair[1] not in INTERNAL} == set()
    assert {said for _, said in english} == INTERNAL
