"""The text files of a press pack: what they say, in which language, and what they never hold."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import unicodedata
import warnings
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.core import json_schema, table, towns
from dam.core.model import Purpose, Use
from dam.core.packing import Contents
from dam.core.presets import Preset
from dam.render import cldr, pack_page, pack_texts
from dam.render.text import outgoing
from tests.pack_contents import CAPTIONS, EVERYTHING, HOSTILE, contents, hostile

jsonschema: Any = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
SSCONVERT = shutil.which("ssconvert")
#: What a text in Arabic carries besides letters: marks that keep Latin words in their place.
STEERING = "\u2066\u2067\u2068\u2069\u200f"
TEXTS = st.text() | st.sampled_from([*HOSTILE.values(), EVERYTHING])


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    return contents(tmp_path_factory.mktemp("pack"))


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    return hostile(tmp_path_factory.mktemp("hostile"))


def written(pack: Contents) -> dict[str, str]:
    """The documents by name, as text without the mark of UTF-8."""
    return {name: data.decode("utf-8-sig") for name, data in pack_texts.documents(pack)}


def rows(told: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(told, newline=""), strict=True))


def controls(text: str, *, lang: str = "") -> set[str]:
    """Characters that do something instead of being seen, but for breaks and, in Arabic, ours."""
    allowed = {"\n", "\u200c", "\u200d"} | (set(STEERING) if lang == "ar" else set())
    hidden = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return {c for c in text if unicodedata.category(c) in hidden} - allowed


# --- what is written ----------------------------------------------------------------------


def test_all_that_the_preset_asks_for_and_nothing_else(pack: Contents) -> None:
    names = ["captions.csv", "captions.json", "CREDITS.txt"]
    assert list(written(pack)) == [*names, "TERMS.fr.txt", "TERMS.ar.txt", "TERMS.en.txt"]
    lean = replace(pack, preset=Preset(Purpose.PRESS, texts=("terms", "index"), languages=("ar",)))
    assert list(written(lean)) == ["TERMS.ar.txt"]
    none = replace(pack, preset=Preset(Purpose.PRESS, texts=("booklet", "contact_sheet", "index")))
    assert written(none) == {}
    spanish = replace(pack, preset=Preset(Purpose.PRESS, languages=("es",)))
    assert list(written(spanish)) == [*names, "TERMS.en.txt"]
    assert "caption_es" in written(spanish)["captions.csv"]


def test_equal_contents_have_equal_bytes(pack: Contents) -> None:
    assert list(pack_texts.documents(pack)) == list(pack_texts.documents(replace(pack)))


def test_every_file_is_known_as_utf8_by_its_first_bytes_but_json(pack: Contents) -> None:
    for name, data in pack_texts.documents(pack):
        assert data.startswith(b"\xef\xbb\xbf") is not name.endswith(".json"), name


def test_no_path_of_this_machine_is_told(pack: Contents, evil: Contents) -> None:
    for found in (pack, evil):
        place = str(Path(found.pictures[0].thumb).parents[1])
        page = pack_page.document(found)
        assert all(place not in data.decode() for _, data in (*pack_texts.documents(found), page))


# --- captions -----------------------------------------------------------------------------


def test_a_row_for_each_picture(pack: Contents) -> None:
    told = rows(written(pack)["captions.csv"])
    assert [list(row) for row in told] == [
        ["file", "date", "city", "country", "caption_fr", "caption_ar", "caption_en", "credit",
         "asset", "sha256", "pack", "until"]
    ] * 4  # fmt: skip
    for row, picture in zip(told, pack.pictures, strict=True):
        assert row["file"] == picture.file
        assert row["caption_ar"] == picture.captions.get("ar", "")
        assert row["credit"] == picture.credit
        assert (row["asset"], row["sha256"]) == (picture.asset, picture.sha256)
        assert (row["pack"], row["until"]) == (pack.id, "2027-12-01")
    undated = replace(pack.pictures[0], taken=None, city="", country="")
    (row,) = rows(written(replace(pack, pictures=(undated,), until=None))["captions.csv"])
    assert row["date"] == row["city"] == row["country"] == row["until"] == ""


@settings(max_examples=40)
@given(TEXTS, TEXTS)
def test_captions_come_back_from_csv_and_json(pack: Contents, caption: str, name: str) -> None:
    captions = {"fr": caption, "ar": name}
    picture = replace(pack.pictures[0], captions=captions, credit=name, city=caption)
    found = written(replace(pack, pictures=(picture,), recipient=name))
    (row,) = rows(found["captions.csv"])
    for column, text in (("caption_fr", caption), ("caption_ar", name), ("city", caption)):
        assert row[column] == table.cell(outgoing(text))
        assert row[column].removeprefix("'") == outgoing(text) or ";'" in row[column]
        assert controls(row[column]) == set()
        assert not table.formula(row[column])
    told = json.loads(found["captions.json"])
    assert told["recipient"] == outgoing(name)
    (one,) = told["pictures"]
    assert one["captions"] == {
        "fr": outgoing(caption, lines=True),
        "ar": outgoing(name, lines=True),
    }
    assert controls("".join(one["captions"].values())) == set()


def test_the_json_is_as_its_schema_says(pack: Contents, evil: Contents) -> None:
    schema = json_schema.documents()["captions.schema.json"]
    check = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    bare = replace(pack, until=None, contact="", web_statement="", head=(0, ""), usage_terms={})
    for found in (pack, evil, bare):
        told = json.loads(written(found)["captions.json"])
        assert [error.message for error in check.iter_errors(told)] == []
        assert len(told["pictures"]) == len(found.pictures)
    told = json.loads(written(pack)["captions.json"])
    assert told["ledger"] == {"event": 812, "head": "9f" * 32}
    assert told["rights"]["data_mining"] == "prohibited"
    assert told["pictures"][0]["captions"] == CAPTIONS[0]
    assert not check.is_valid({**told, "schema": "dam/captions/2"})
    assert not check.is_valid({**told, "pictures": [{"file": "a.jpg"}]})
    assert "ledger" not in json.loads(written(bare)["captions.json"])


@pytest.mark.skipif(SSCONVERT is None, reason="no ssconvert (Debian: apt-get install gnumeric)")
def test_a_spreadsheet_opens_it(pack: Contents, evil: Contents, tmp_path: Path) -> None:
    """Gnumeric reads the CSV as somebody opens it; what it took is looked at as a workbook."""
    for name, found in (("plain", pack), ("hostile", evil)):
        source = tmp_path / f"{name}.csv"
        source.write_bytes(dict(pack_texts.documents(found))["captions.csv"])
        target = source.with_suffix(".xlsx")
        ran = subprocess.run(
            ["ssconvert", str(source), str(target)],
            capture_output=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
        )
        assert ran.returncode == 0, ran.stderr
        with warnings.catch_warnings():
            # openpyxl misses a style that nobody needs here.
            warnings.simplefilter("ignore")
            sheet = openpyxl.load_workbook(target).active
        assert sheet is not None
        cells = [list(row) for row in sheet.iter_rows()]
        assert [cell.value for cell in cells[0]][:2] == ["file", "date"]
        assert len(cells) == len(found.pictures) + 1
        assert not any(cell.data_type == "f" for row in cells for cell in row)
        for row, picture in zip(cells[1:], found.pictures, strict=True):
            wanted = table.cell(outgoing(picture.captions.get("ar", "")))
            # Gnumeric hides the apostrophe, as it does one that somebody types.
            assert str(row[5].value or "").lstrip("'") == wanted.lstrip("'")


# --- terms --------------------------------------------------------------------------------

SAID = {
    "fr": ("France", "28 novembre 2026", "1er décembre 2027", "presse", "éditorial", "mineurs|18"),
    "ar": ("فرنسا", "28 نوفمبر 2026", "1 ديسمبر 2027", "الصحافة", "تحريري", "الثامنة عشرة"),
    "en": ("France", "28 November 2026", "1 December 2027", "press", "editorial", "under 18"),
}


@pytest.mark.parametrize("lang", SAID)
def test_the_terms_are_whole_in_each_language(pack: Contents, lang: str) -> None:
    told = written(pack)[f"TERMS.{lang}.txt"]
    flat = " ".join(told.translate(dict.fromkeys(map(ord, STEERING))).split())
    for words in SAID[lang]:
        assert any(word in flat for word in words.split("|")), words
    for name in (
        "pk-7f3a91c2",
        "AMAL",
        "Le Journal",
        "photos@amal.example",
        "https://amal.example",
    ):
        assert name in flat
    assert pack.usage_terms[lang] in flat
    # Six uses and five ways of handling are forbidden, four things are to be done when asked.
    assert flat.count(" - ") == 6 + 5 + 4
    assert max(len(line.strip(STEERING)) for line in told.splitlines()) <= 80 + 10
    assert "{" not in told
    english = ("picture", "forbidden", "withdraw", "credit line", "Whom", "world")
    assert lang == "en" or not any(word in flat for word in english)


def test_what_was_agreed_is_not_forbidden(pack: Contents) -> None:
    told = written(replace(pack, use=Use.FUNDRAISING))["TERMS.en.txt"]
    assert "- raising funds" not in told
    assert "- raising funds" in written(pack)["TERMS.en.txt"]
    assert "- raising funds" not in written(replace(pack, purpose=Purpose.DONOR))["TERMS.en.txt"]


def test_what_nobody_said_is_said_to_be_open(pack: Contents) -> None:
    bare = replace(pack, until=None, contact="", web_statement="", territory="world")
    told = written(bare)["TERMS.en.txt"]
    assert "Last day of use: none was agreed: ask before each new use" in told
    assert "Territory: the whole world" in told
    assert "seen elsewhere: AMAL. Always name the pack" in " ".join(told.split())
    assert "rights:" not in told
    assert "C2PA" not in told
    assert "C2PA" in written(replace(pack, signed=True))["TERMS.fr.txt"]


@settings(max_examples=40)
@given(TEXTS, TEXTS)
def test_no_control_gets_into_terms_and_credits(pack: Contents, one: str, other: str) -> None:
    picture = replace(pack.pictures[0], credit=one, photographer=other)
    title = {"fr": one or "-", "ar": other or "-"}
    programme = pack.programmes[0].model_copy(update={"title": title, "partners": (one, other)})
    found = replace(
        pack,
        recipient=one,
        organisation=other,
        contact=one,
        web_statement=other,
        usage_terms=title,
        programmes=(programme,),
        pictures=(picture,),
    )
    for name, told in written(found).items():
        if name.endswith(".txt"):
            assert controls(told, lang="ar" if name != "TERMS.fr.txt" else "") == set()
            for line in told.splitlines():
                assert line.count("\u2068") == line.count("\u2069")


def test_hostile_words_are_read_not_obeyed(evil: Contents) -> None:
    for name, told in written(evil).items():
        assert "\x1b" not in told, name
        assert "\u202e" not in told, name
        assert "\x9b" not in told, name
    terms = " ".join(written(evil)["TERMS.fr.txt"].split())
    for shown in (r"\x1b[31mred", r"\x1b]52;c;", r"\x9b31m", r"\u202egpj.exe", "[link=https://"):
        assert shown in terms
    assert "javascript:window.owned=1" in terms


# --- credits ------------------------------------------------------------------------------


def test_the_credits_are_those_of_a_booklet(pack: Contents) -> None:
    told = written(pack)["CREDITS.txt"]
    bare = told.translate(dict.fromkeys(map(ord, STEERING)))
    assert "Photos\u00a0: Rachid Azzouzy et Radouan Bounjoum" in told
    assert "صور: Rachid Azzouzy و Radouan Bounjoum" in bare
    assert "Photos: Rachid Azzouzy and Radouan Bounjoum" in told
    flat = " ".join(told.split())
    assert "Avec le soutien financier du Fonds des Nations Unies pour la sécurité humaine" in flat
    assert "Jeunes Africains, Tadamon et Tibu" in flat
    assert "و Tadamon و Tibu" in " ".join(bare.split())
    assert "United Nations Morocco" in told
    assert "متحدون من أجل الحقوق" in told
    for picture in pack.pictures:
        assert picture.file.removeprefix("images/") in told
    # Grouped: each line once, its pictures behind it.
    assert told.count("Photo : Rachid Azzouzy / AMAL\n  20211118-000000.jpg, 20211118-000002") == 1
    alone = replace(pack, pictures=pack.pictures[:1], programmes=())
    assert "Photo\u00a0: Rachid Azzouzy\nAMAL\n" in written(alone)["CREDITS.txt"]
    assert written(replace(pack, pictures=()))["CREDITS.txt"]


# --- days, countries, towns ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "territory", "told"),
    [
        ("fr", "", "1er août 2021"),
        ("en", "US", "1 August 2021"),
        ("ar", "world", "1 أغسطس 2021"),
        ("ar", "MA", "1 غشت 2021"),
        ("ar", "SY", "1 آب 2021"),
        ("ar", "ZZ", "1 أغسطس 2021"),
        ("fr", "../x", "1er août 2021"),
    ],
)
def test_days_in_words(lang: str, territory: str, told: str) -> None:
    assert cldr.day(date(2021, 8, 1), lang, territory) == told
    assert "1er" not in cldr.day(date(2021, 8, 21), "fr")


COUNTRIES = (
    ("MA", "fr", "Maroc"),
    ("ma", "ar", "المغرب"),
    ("CI", "fr", "Côte d’Ivoire"),
    ("PS", "en", "State of Palestine"),
    ("Maroc", "en", "Maroc"),
    ("ZZZ", "fr", "ZZZ"),
    ("001", "fr", "001"),
)


@pytest.mark.parametrize(("code", "lang", "told"), COUNTRIES)
def test_countries_by_name(code: str, lang: str, told: str) -> None:
    assert cldr.country(code, lang) == told


@pytest.mark.parametrize(
    ("town", "arabic", "told"),
    [
        ("Tanger", True, "طنجة"),
        ("TANGIER", True, "طنجة"),
        ("طنجة", False, "Tanger"),
        ("Tangier", False, "Tangier"),
        ("Fes", True, "فاس"),
        ("Gotham", True, "Gotham"),
        ("", True, ""),
    ],
)
def test_towns_in_their_letters(town: str, arabic: bool, told: str) -> None:
    assert towns.in_script(town, arabic) == told
