"""English, French and Arabic: whole catalogues, right plurals, and lines that do not jumble."""

from __future__ import annotations

import ast
import gettext
import io
import os
import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from hypothesis import given
from hypothesis import strategies as st

from dam.core import waivers
from dam.core.consent import stand
from dam.core.diff import What
from dam.core.findings import Severity
from dam.core.model import ConsentState, Disposition, Obligation, Otherwise, Purpose, Use
from dam.core.report import Kind
from dam.flows.ingest import Became
from dam.render import counts, differences, phrases, text
from dam.render.audits import Told
from dam.render.lang import LANGUAGES, Speech, catalogue, speech, wanted
from dam.render.words import WORDS
from tests import catalogues, photos
from tests.workspaces import NOBODY, Workspace

FSI, PDI = "\u2068", "\u2069"
ROOT = Path(__file__).resolve().parents[1]
PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


# --- the catalogues -----------------------------------------------------------------------


@pytest.fixture(params=catalogues.LANGUAGES)
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def messages(lang: str) -> Iterator[tuple[Message, list[str]]]:
    for message in catalogues.read(lang):
        if message.id:
            told = message.string
            yield message, [told] if isinstance(told, str) else list(told or ())


def test_every_message_of_the_code_is_there_and_no_other(lang: str) -> None:
    assert catalogues.keys(catalogues.read(lang)) == catalogues.keys(catalogues.extracted())


def test_nothing_is_missing_or_fuzzy(lang: str) -> None:
    forms, _ = catalogues.PLURALS[lang]
    for message, told in messages(lang):
        assert not message.fuzzy, message.id
        assert all(told), message.id
        assert len(told) == (1 if isinstance(message.id, str) else forms), message.id


def test_placeholders_are_the_same(lang: str) -> None:
    """A count may be a word of its own (one, two, none); all else stands in every form."""
    for message, told in messages(lang):
        plural = not isinstance(message.id, str)
        wanted_ = set(PLACEHOLDER.findall(str(message.id[-1] if plural else message.id)))
        for number, form in enumerate(told):
            found = set(PLACEHOLDER.findall(form))
            assert found <= wanted_, (message.id, form)
            singular = plural and number < (3 if lang == "ar" else 1)
            assert wanted_ - found <= ({"{n}"} if singular and lang == "ar" else set()), form


def test_the_compiled_catalogue_is_the_current_one(lang: str) -> None:
    fresh = gettext.GNUTranslations(io.BytesIO(catalogues.compiled(catalogues.read(lang))))
    with catalogues.place(lang, "mo").open("rb") as file:
        kept = gettext.GNUTranslations(file)
    assert kept._catalog == fresh._catalog  # type: ignore[attr-defined]
    assert [plural(kept, n) for n in range(300)] == [plural(fresh, n) for n in range(300)]


def test_arabic_is_arabic_and_french_has_its_spaces() -> None:
    for message, told in messages("ar"):
        for form in told:
            letters = re.sub(r"[^\w]|\d|[A-Za-z_]", "", PLACEHOLDER.sub("", form))
            assert all(unicodedata.bidirectional(c) in ("AL", "NSM") for c in letters), message.id
            assert not set(form) & set("\u200e\u200f,;?"), form
    for message, told in messages("fr"):
        for form in told:
            bare = re.sub(r"'[^']*'|`[^`]*`|[A-Z]*://\S*", "", form)
            assert not re.search(r"[^\s:'][:;?](?=\s|$)", bare), (message.id, form)


# --- plurals ------------------------------------------------------------------------------

COUNTS = (0, 1, 2, 3, 10, 11, 99, 100, 101, 111)
#: The same words as `{n}` of each form of `{n} asset`.
PICTURES = {
    "en": "0 assets|1 asset|2 assets|3 assets|10 assets|11 assets|99 assets|100 assets|101 assets"
    "|111 assets",
    "fr": "0 photo|1 photo|2 photos|3 photos|10 photos|11 photos|99 photos|100 photos|101 photos"
    "|111 photos",
    "ar": "لا صور|صورة واحدة|صورتان|3 صور|10 صور|11 صورة|99 صورة|100 صورة|101 صورة|111 صورة",
}


@pytest.mark.parametrize("lang_", LANGUAGES)
def test_plurals(lang_: str) -> None:
    say = speech(lang_, "plain")
    told = [counts.PHOTOS["assets"](say, n) for n in COUNTS]
    assert "|".join(told) == PICTURES[lang_]


def test_the_plural_forms_of_arabic_and_french() -> None:
    assert [catalogue_plural("ar", n) for n in COUNTS] == [0, 1, 2, 3, 3, 4, 4, 5, 5, 4]
    assert [catalogue_plural("ar", n) for n in (102, 103, 110, 200, 1000, 1003)] == [
        5,
        3,
        3,
        5,
        5,
        3,
    ]
    assert [catalogue_plural("fr", n) for n in COUNTS] == [0, 0, 1, 1, 1, 1, 1, 1, 1, 1]


def catalogue_plural(lang: str, n: int) -> int:
    return plural(catalogue(lang), n)


def plural(found: gettext.NullTranslations, n: int) -> int:
    """Which form a count takes."""
    return int(found.plural(n))  # type: ignore[attr-defined]


@pytest.mark.parametrize("lang_", LANGUAGES)
def test_every_count_can_be_said(lang_: str) -> None:
    for form in ("shown", "plain"):
        say = Speech(lang_, plain=form == "plain")
        for one in (*counts.PHOTOS.values(), *counts.RECORDS.values()):
            for n in COUNTS:
                assert "{" not in one(say, n)


# --- which language -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, "en"),
        ({"LANG": "fr_MA.UTF-8"}, "fr"),
        ({"LANG": "ar_MA"}, "ar"),
        ({"LANG": "ar"}, "ar"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "fr", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "fr", "LC_ALL": "", "LC_MESSAGES": "ar_MA.UTF-8"}, "ar"),
        ({"LC_ALL": "frp_FR.UTF-8"}, "en"),
        ({"LANG": "es_ES@euro"}, "en"),
        ({"LANG": "FR_fr"}, "fr"),
    ],
)
def test_the_language_of_the_locale(environ: dict[str, str], found: str) -> None:
    assert wanted(environ) == found


def test_lang_goes_before_the_locale(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("a.jpg", photos.plain(1), NOBODY)
    french = {"LC_ALL": "fr_MA.UTF-8"}
    assert "approuvée" in workspace.run("ingest", "--dry-run", env=french).stdout.decode()
    english = workspace.run("--lang", "en", "ingest", "--dry-run", env=french).stdout.decode()
    assert "1 approved" in english
    arabic = workspace.run("--lang", "ar", "ingest").stdout.decode()
    assert "صورة" in arabic


# --- words of the enumerations ------------------------------------------------------------


def test_every_word_of_the_enumerations_has_its_translation() -> None:
    groups: dict[str, type[StrEnum]] = {
        "disposition": Became,
        "purpose": Purpose,
        "use": Use,
        "otherwise": Otherwise,
        "obligation": Obligation,
        "state": ConsentState,
        "finding": Kind,
        "severity": Severity,
        "change": What,
    }
    for group, kind in groups.items():
        assert {(group, str(word.value)) for word in kind} <= WORDS, group
    assert {("disposition", d.value) for d in Disposition} <= WORDS


def test_every_heading_and_limit_that_is_said_is_a_known_word() -> None:
    for path in sorted((ROOT / "dam" / "cli").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _name(node.func) == "headings":
                # A starred argument is the columns of `audits.Cells`, looked at below.
                for word in node.args:
                    assert isinstance(word, ast.Constant | ast.Starred), (path.name, node.lineno)
                    if isinstance(word, ast.Constant):
                        assert ("heading", word.value) in WORDS, (path.name, word.value)
    made = [
        node
        for name in ("audits", "differences")
        for node in ast.walk(ast.parse((ROOT / "dam" / "render" / f"{name}.py").read_text()))
        if isinstance(node, ast.Call) and _name(node.func) == "Cells"
    ]
    said = {
        word.value
        for call in made
        for columns in call.args[:1]
        if isinstance(columns, ast.Tuple)
        for word in columns.elts
        if isinstance(word, ast.Constant)
    }
    assert len(made) > 7
    listed = {"until", "minors"} | {str(told.value) for told in Told} | set(map(str, Disposition))
    listed |= {differences.HEADINGS.get(name, name) for name in differences.SUMS}
    assert {("heading", word) for word in said | listed} <= WORDS
    source = Path(str(stand.__code__.co_filename)).read_text()
    body = source.split("def _ends(")[1].split("\ndef ")[0]
    limits = set(re.findall(r', "([^"]+)"\)', body))
    assert limits == {word for group, word in WORDS if group == "limit"}


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


# --- sentences from below -----------------------------------------------------------------

#: What a photographer may be told of a file: these errors and reasons, wherever they are made.
TOLD_BY = frozenset(
    {"UnusablePhoto", "UnsafeSource", "SourceChanged", "RenditionRefused", "waiting", "plain"}
)
#: Made where an asset's row is: notes that are stored with it.
STORED = frozenset({"note", "note_hint"})
#: Faults of the program that calls, or of the machine: they stay English.
ENGLISH = frozenset(
    {
        "Look before rendering",
        "No photograph was looked at",
        "A text of the rendition is no valid Unicode",
    }
)


def sentences() -> Iterator[tuple[str, str]]:
    """(file, sentence) of all these, each varying part as a word."""
    for path in sorted((ROOT / "dam").rglob("*.py")):
        if path.parts[-2] in ("cli", "render"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _name(node.func) in TOLD_BY:
                found = node.args
            elif isinstance(node, ast.keyword) and node.arg in STORED | _of(path):
                found = [node.value]
            else:
                continue
            for one in found:
                sentence = _written(one)
                if " " in sentence and sentence not in ENGLISH:
                    yield path.name, sentence


def _of(path: Path) -> frozenset[str]:
    """Why a file is left alone stands in the module about names."""
    return frozenset({"reason"} if path.name == "names.py" else ())


def _written(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "X" for p in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return (_written(node.left) or "X") + (_written(node.right) or "X")
    return ""


def test_what_a_photographer_is_told_of_a_file_is_known_in_all_languages() -> None:
    told = set(sentences())
    assert len(told) > 40
    unknown = {
        pair
        for pair in told
        if phrases.recognised(pair[1]) is None and phrases.recognised(pair[1].rstrip(".")) is None
    }
    assert unknown == set()


def test_why_a_waiver_cannot_be_is_known_in_all_languages() -> None:
    told = set(waivers.NEVER_WAIVED.values())
    source = Path(str(waivers.__file__)).read_text()
    body = ast.parse(source)
    (obstacle,) = (n for n in body.body if isinstance(n, ast.FunctionDef) and n.name == "obstacle")
    told |= {_written(n.value) for n in ast.walk(obstacle) if isinstance(n, ast.Return) and n.value}
    told -= {""}
    assert len(told) > 6
    assert {one for one in told if phrases.recognised(one) is None} == set()


def test_sentences_keep_their_words_in_every_language() -> None:
    for template in phrases.SENTENCES:
        fields = PLACEHOLDER.findall(template)
        filled = template
        for number, field in enumerate(fields):
            filled = filled.replace(field, f"W{number}")
        found = phrases.recognised(filled)
        assert found is not None, template
        for name in LANGUAGES:
            said = speech(name, "plain").told(filled)
            assert all(f"W{number}" in said for number in range(len(fields))), (name, template)
            if name != "en":
                assert said != filled, template


def test_a_stored_note_and_a_problem_are_said_in_the_language() -> None:
    french = speech("fr", "plain")
    assert french.told("The file is larger than the 5 MiB allowed") == (
        "Le fichier dépasse les 5 Mio autorisés"
    )
    assert french.told("It went away or is in use. It is tried again.") == (
        "Il a disparu ou il est utilisé. Un nouvel essai suivra."
    )
    assert french.problem(
        "day/a.jpg.consent.yaml:3: people[0].age_band: '6-10' is not one of: 0-5, 6-11"
    ) == ("day/a.jpg.consent.yaml:3: people[0].age_band: '6-10' n'est pas l'un de : 0-5, 6-11")
    assert french.problem("x: left alone (a hidden file)") == (
        "x : laissé de côté (un fichier caché)"
    )
    assert french.told("Nobody has ever said this") == "Nobody has ever said this"


# --- from right to left -------------------------------------------------------------------


def balanced(line: str) -> bool:
    depth = 0
    for char in line:
        depth += (char == FSI) - (char == PDI)
        if depth < 0:
            return False
    return depth == 0


@given(st.text(), st.text())
def test_nothing_from_outside_gets_a_control_through(name: str, words: str) -> None:
    for lang in LANGUAGES:
        say = speech(lang)
        for shown in (
            say.gettext("On record since {day}.", day=name),
            say.ident(name),
            say.told(words),
            say.problem(f"{name}: {words}"),
            say.said({"en": words, "fr": words, "ar": words}),
            say.list([name, words]),
        ):
            assert balanced(shown)
            bare = shown.replace(FSI, "").replace(PDI, "") if lang == "ar" else shown
            assert all(
                unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or c in "\u200c\u200d"
                for c in bare
            )


def test_isolates_of_others_are_made_visible() -> None:
    for lang in LANGUAGES:
        shown = speech(lang).ident(f"a{PDI}b{FSI}c")
        assert "\\u2069" in shown
        assert "\\u2068" in shown
        assert shown.count(FSI) == shown.count(PDI) == (1 if lang == "ar" else 0)


def test_ids_and_file_names_are_kept_apart_in_arabic_only() -> None:
    arabic = speech("ar").gettext(
        "{fact}  (nobody says; it can be written in {file})",
        fact="people.stated = no",
        file="a b.jpg.consent.yaml",
    )
    assert f"{FSI}a b.jpg.consent.yaml{PDI}" in arabic
    assert f"{FSI}people.stated = no{PDI}" in arabic
    assert FSI not in speech("fr").gettext("On record since {day}.", day="2026-01-01")
    assert FSI not in speech("ar", "plain").gettext("On record since {day}.", day="2026-01-01")
    rule = "اكتب age_band في الملف (‏0-5 أو 6-11)"
    shown = text.apart(rule)
    assert f"{FSI}age_band{PDI}" in shown
    assert f"{FSI}0-5{PDI}" in shown
    assert "\u200f" not in shown


@given(st.lists(st.sampled_from(["صورة", "a.jpg", f"{FSI}b c d{PDI}", "x" * 30]), max_size=30))
def test_wrapped_lines_are_balanced_and_narrow(parts: list[str]) -> None:
    shown = text.Shown(" ".join(parts))
    rows = text.wrapped(shown, 40, 2)
    assert all(balanced(row) for row in rows)
    assert all(text.columns(row) <= 40 for row in rows)
    assert all(text.columns(row) <= 38 for row in rows[1:])
    joined = " ".join(rows).replace(FSI, "").replace(PDI, "")
    assert joined == shown.replace(FSI, "").replace(PDI, "")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace.init(tmp_path_factory.mktemp("languages") / "w")
    workspace.drop("a.jpg", photos.plain(1), NOBODY)
    workspace.drop("b.jpg", photos.plain(2))
    workspace.drop("c.jpg", photos.plain(3)[:900])
    workspace.drop("d.jpg", photos.plain(4), "schema: dam/photo/1\npoeple: none\n")
    workspace.drop("notes.txt", b"nothing")
    workspace.ingest()
    return workspace


COMMANDS = (
    "ingest", "status", "list", "audit", "audit --by renewal", "audit --diff today today", "show",
    "explain", "consent list", "waive list",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("lang_", LANGUAGES)
def test_every_line_of_every_result(held: Workspace, command: str, lang_: str) -> None:
    """Balanced isolates, no control; in French and Arabic none of the English sentences."""
    assets = [row["asset"] for row in held.ask("list")["assets"]]
    words = command.split()
    calls = [(*words, a) for a in assets] if command in ("show", "explain") else [tuple(words)]
    for call in calls:
        done = held.run("--lang", lang_, *call)
        told = done.stdout.decode() + done.stderr.decode()
        for line in told.splitlines():
            assert balanced(line), line
            assert "\\u20" not in line
            assert all(unicodedata.category(c) != "Cc" for c in line)
        if lang_ == "ar":
            assert any(unicodedata.bidirectional(c) == "AL" for c in told)
        if lang_ != "en":
            for english in (
                "held",
                "approved",
                "nobody says",
                "evidence",
                "stops before",
                "unknown word",
            ):
                assert english not in told, (call, english)


def test_json_keeps_its_keys_and_words_in_every_language(held: Workspace) -> None:
    def bones(value: object) -> object:
        if isinstance(value, dict):
            return {k: bones(v) for k, v in value.items() if k not in HUMAN}
        return [bones(v) for v in value] if isinstance(value, list) else value

    (asset, *_) = (r["asset"] for r in held.ask("list", "--disposition", "held")["assets"])
    for call in (("explain", asset), ("show", asset), ("audit",), ("ingest", "--dry-run")):
        told = {lang: held.ask("--lang", lang, *call) for lang in LANGUAGES}
        assert bones(told["en"]) == bones(told["fr"]) == bones(told["ar"])
        assert FSI not in str(told["ar"])


HUMAN = frozenset({"message", "advice", "title"})


def test_the_catalogues_are_part_of_the_package() -> None:
    for lang in catalogues.LANGUAGES:
        assert catalogues.place(lang, "mo").is_file()
        assert os.access(catalogues.place(lang, "mo"), os.R_OK)
        assert isinstance(catalogue(lang), gettext.GNUTranslations)
