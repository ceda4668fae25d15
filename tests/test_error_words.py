"""No sentence of an error stays English: each that the code can raise is known in all languages."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from dam.adapters import settings
from dam.core import errors, logos, shoot_columns, tree, wording
from dam.render import paper, phrases
from dam.render.lang import speech
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
    if (parts := phrases.cut(said)) is not None:
        return whole(parts[0]) and known(parts[2])
    found = phrases.recognised(said) or phrases.recognised(said.rstrip("."))
    return found is not None and all(known(word) for word in found[1].values())


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


def test_words_are_followed_to_where_they_are_given() -> None:
    """By a caller in another module, a mapping, a tuple, a function's answer, a loop."""
    said = {text for _, text in (*told(), *problems())}
    assert said >= {
        "Storing an original: the disk is full",
        "Make room; running again resumes.",
        "Save it as .xlsx or as CSV UTF-8",
        "The pack cannot be put in its place (X7)",
        "The backup lacks X7 as it was listed",
        "another dam is working on this workspace",
        "reaches beyond the lower edge (y + h > 1)",
        "X7; a spreadsheet makes a date of 6-11: format the column as text and write it again",
    }


def test_what_nobody_translated_is_noticed() -> None:
    for said in (
        "Nobody has translated this yet",
        "The whole thing cannot be read (X7)",
        "The backup cannot be read (it is made of stone)",
        "Run it again. Then do something else",
        "X7.csv, row X7: id: a cell of another kind",
        "this is odd: is missing",
    ):
        assert not known(said), said


#: What is told in English, and how in French.
SAID = {
    "forms.csv, row 3: purposes: use one of: press, web; did you mean 'web'?": (
        "forms.csv, ligne 3: purposes: utilisez l'un de : press, web ; vouliez-vous dire 'web' ?"
    ),
    "my: forms.csv, row 1: column B: a formula: write its result here as plain text": (
        "my: forms.csv, ligne 1: colonne B: une formule : écrivez ici son résultat en texte simple"
    ),
    "forms.csv: it cannot be opened (No such file or directory)": (
        "forms.csv: il ne peut pas être ouvert (fichier ou dossier absent)"
    ),
    "rules/consent/in-time.yaml: is missing": "rules/consent/in-time.yaml: manque",
    "forms.csv, row 1: id: this column is missing": "forms.csv, ligne 1: id: cette colonne manque",
    "r.json is no report of an audit: line 3: 'assets' stands twice": (
        "r.json n'est pas un rapport d'audit : ligne 3 : 'assets' figure deux fois"
    ),
    "Storing an original: the disk is full": "Rangement d'un original : le disque est plein",
    "dam.toml: log.files: allowed is a whole number, 1 to 100": (
        "dam.toml: log.files: est permis un nombre entier, de 1 à 100"
    ),
    "The query there is no fact named 'a'; is over 4000 letters": (
        "Requête : il n'y a pas de fait nommé 'a' ; dépasse 4000 caractères"
    ),
    "The query there is no fact named 'a'; there is no fact named 'b'": (
        "Requête : il n'y a pas de fait nommé 'a' ; il n'y a pas de fait nommé 'b'"
    ),
    "Nobody: has translated this": "Nobody: has translated this",
}


def test_problems_are_said_behind_their_places() -> None:
    for english, french in SAID.items():
        assert speech("fr", "plain").problem(english) == french
        assert speech("en", "plain").problem(english) == english
        arabic = speech("ar").problem(english)
        assert arabic.count("\u2068") == arabic.count("\u2069") > 0


@given(st.lists(st.sampled_from([*SAID, ": ", ". ", "; ", "is missing", "a", "X7 ("]), max_size=6))
def test_whatever_is_told_is_said(parts: list[str]) -> None:
    line = "".join(parts)
    for lang in ("fr", "ar"):
        assert bool(speech(lang, "plain").problem(line)) == bool(line)
    assert speech("en", "plain").problem(line) == line
