"""What is wrong with how a command was called is told in the language that was asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dam.cli import failing
from tests.workspaces import Workspace

#: By the words of a command: how the French and the Arabic sentence begin.
WRONG = {
    ("frobnicate",): ("Commande inconnue : 'frobnicate'", "لا يوجد أمر بهذا الاسم: 'frobnicate'"),
    ("list", "--nope"): ("Option inconnue : --nope", "لا يوجد خيار بهذا الاسم: --nope"),
    ("recall", "list", "--overdu"): (
        "Option inconnue : --overdu (options possibles : --overdue)",
        "لا يوجد خيار بهذا الاسم: --overdu (الخيارات الممكنة: --overdue)",
    ),
    ("list", "a", "b"): ("Argument en trop (a b)", "معطيات زائدة (a b)"),
    ("export", "press", "--out", "x"): (
        "Il manque l'option '--recipient'",
        "ينقص الخيار '--recipient'",
    ),
    ("audit", "--limit", "x"): (
        "Valeur inacceptable pour '--limit' : ce n'est pas un nombre entier",
        "قيمة غير مقبولة للخيار '--limit': ليست عددًا صحيحًا",
    ),
    ("audit", "--limit", "-1"): (
        "Valeur inacceptable pour '--limit' : le nombre doit être au moins 0",
        "قيمة غير مقبولة للخيار '--limit': يجب ألا يقل العدد عن 0",
    ),
    ("audit", "--as-of", "x"): (
        "Valeur inacceptable pour '--as-of' : 'x' n'est pas une date écrite AAAA-MM-JJ",
        "قيمة غير مقبولة للخيار '--as-of': 'x' ليس تاريخا مكتوبا هكذا: YYYY-MM-DD",
    ),
    # dam's own
    ("show", "zz"): (
        "Aucune photo ne porte cet identifiant. `dam list`",
        "لا توجد صورة بهذا المعرّف",
    ),
    ("consent", "show", "C-9"): (
        "Aucune fiche de consentement ne porte cet",
        "لا يوجد سجل موافقة بهذا المعرّف",
    ),
    ("audit", "--as-of", "2099-01-01"): ("2099-01-01 est à venir", "لم يأت 2099-01-01 بعد"),
    ("retention", "--apply", "--dry-run"): (
        "--dry-run et --apply s'excluent",
        "--dry-run و --apply لا يجتمعان",
    ),
    ("recall", "list", "--open", "--format", "x"): (
        "Valeur inacceptable pour '--format' : 'x' ne fait pas partie de",
        "قيمة غير مقبولة للخيار '--format': 'x' ليست من",
    ),
}


def plain(said: bytes) -> str:
    return re.sub("[\u2066-\u2069]", "", said.decode())


def test_in_french_and_arabic(tmp_path: Path) -> None:

    workspace = Workspace.init(tmp_path / "w")
    workspace.ingest()
    for words, told in WRONG.items():
        for lang, begins in zip(("fr", "ar"), told, strict=True):
            said = plain(workspace.run("--lang", lang, *words, code=2).stderr)
            assert said.startswith(f"dam: {begins}"), (words, said)
            # One line: what, and what to do.
            assert said.count("\n") == 1, (words, said)
        english = plain(workspace.run(*words, code=2).stderr)
        assert english.startswith("dam: ")
        assert english.isascii(), english
    # No number of rows is too large to be understood.
    for words in (("list",), ("audit",), ("ledger", "show")):
        workspace.run(*words, "--limit", "9" * 30)
    assert b"Commands" in workspace.run("--lang", "fr", "recall", code=2).stdout


@pytest.mark.parametrize(
    ("words", "lang"),
    [
        (["--lang", "ar", "list"], "ar"),
        (["--lang=fr"], "fr"),
        (["list", "--lang"], "en"),
        (["--lang", "xx"], "fr"),
        ([], "fr"),
    ],
)
def test_the_language_is_known_whatever_else_is_wrong(words: list[str], lang: str) -> None:
    environ = {} if lang == "en" else {"LC_ALL": "fr_MA.UTF-8"}
    assert failing.language(words, environ) == lang
