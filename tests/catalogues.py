"""The messages of the code, and the catalogues of `dam/locale` that translate them.

`python -m tests.catalogues` brings the catalogues up to date: new messages are added empty, those
that are gone are dropped, and the compiled files are written anew.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "dam" / "locale"
LANGUAGES = ("fr", "ar")
KEYWORDS = {
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "mark": None,
    "mark_word": ((1, "c"), 2),
}
#: As the Unicode CLDR has them; of Arabic the six forms 0, 1, 2, 3 to 10, 11 to 99, 100 and on.
PLURALS = {
    "fr": (2, "(n > 1)"),
    "ar": (
        6,
        "(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5)",
    ),
}
Key = tuple[str | None, str, str]


def extracted() -> Catalog:
    """Every message that stands in the code."""
    found = Catalog()
    for name, _line, message, _comments, context in extract_from_dir(
        str(ROOT / "dam"), [("**.py", "python")], keywords=KEYWORDS
    ):
        # Without line numbers: the catalogues change only where a message does.
        found.add(message, locations=[(f"dam/{name}", 1)], context=context)
    return found


def place(lang: str, suffix: str) -> Path:
    return LOCALE / lang / "LC_MESSAGES" / f"dam.{suffix}"


def read(lang: str) -> Catalog:
    """The catalogue of a language as its `.po` file has it."""
    with place(lang, "po").open("rb") as file:
        return read_po(file, locale=lang, abort_invalid=True)


def compiled(catalogue: Catalog) -> bytes:
    """The bytes of the `.mo` file."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def keys(catalogue: Catalog) -> set[Key]:
    """Context, singular and plural of every message."""
    found: set[Key] = set()
    for message in catalogue:
        if message.id:
            one, *many = [message.id] if isinstance(message.id, str) else message.id
            found.add((message.context, one, many[0] if many else ""))
    return found


def renew() -> None:
    """Write every catalogue anew from the code and the translations there are."""
    for lang in LANGUAGES:
        known = read(lang)
        fresh = Catalog(locale=lang, project="dam", version="1", fuzzy=False, charset="utf-8")
        fresh.header_comment = "# Catalogue of dam; see tests/catalogues.py."
        fresh.creation_date = fresh.revision_date = known.creation_date
        forms, expression = PLURALS[lang]
        fresh.mime_headers = [("Plural-Forms", f"nplurals={forms}; plural={expression};")]
        for message in extracted():
            if message.id:
                old = known.get(message.id, message.context)
                text = old.string if old is not None else ""
                fresh.add(message.id, text, context=message.context, locations=message.locations)
        with place(lang, "po").open("wb") as file:
            write_po(file, fresh, width=96, sort_output=True, include_lineno=False)
        place(lang, "mo").write_bytes(compiled(fresh))


if __name__ == "__main__":
    renew()
