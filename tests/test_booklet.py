"""The booklet and the contact sheet of a press pack, read back by other programs."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, PdfObject, StreamObject

from dam.core.packing import Contents
from dam.core.presets import TextKind
from dam.render.booklet import booklet, documents
from dam.render.contact_sheet import contact_sheet
from dam.render.plates import FEW, plates, shape
from dam.render.text import outgoing
from tests import packs
from tests.booklets import (
    A4,
    MARKUP,
    MIXED,
    UNSEEN,
    alts_of,
    nothing_is_cut,
    placed,
    poppler,
    squeezed,
    text,
)
from tests.packs import BROAD, LYING, SQUARE, STANDING
from tests.test_audit_paper import NOTO


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    return packs.contents(tmp_path_factory.mktemp("mixed"), MIXED)


@pytest.fixture(scope="module")
def made(mixed: Contents) -> Mapping[str, bytes]:
    return dict(documents(mixed))


# --- what is in it ------------------------------------------------------------------------


def test_the_documents_of_a_pack(made: Mapping[str, bytes], mixed: Contents) -> None:
    assert list(made) == ["booklet.fr.pdf", "booklet.ar.pdf", "booklet.en.pdf", "contact-sheet.pdf"]
    asked: tuple[TextKind, ...] = ("terms", "contact_sheet")
    few = replace(mixed, preset=replace(mixed.preset, texts=asked, languages=("en",)))
    assert [name for name, _ in documents(few)] == ["contact-sheet.pdf"]
    assert not list(documents(replace(few, preset=replace(few.preset, texts=()))))


def test_the_french_one_has_arabic_and_english_beside(made: Mapping[str, bytes]) -> None:
    told = text(made["booklet.fr.pdf"])
    programme = packs.amal()
    for lang in ("fr", "en"):
        assert squeezed(programme.title[lang].partition(": ")[2])[1:] in told
        for part in programme.text[lang]:
            assert squeezed(part) in told
        assert squeezed(packs.CAPTION[lang]) in told
    for line in (
        "Photos : Rachid Azzouzy et Radouan Bounjoum",
        "Unis pour les droits",
        programme.donor["fr"],
        programme.thanks["fr"],
        *programme.partners,
        programme.led_by["fr"],
        programme.carried_out_by["fr"],
        programme.in_partnership_with["fr"],
        "P-20261128-3f9a61c2",
        "1er novembre 2031",
        "protection@example.org",
        "Tanger, Rabat, Oujda, Casablanca",
    ):
        assert squeezed(line) in told, line
    assert "United for rights".replace(" ", "") not in told


def test_every_language_says_all_of_its_own(made: Mapping[str, bytes], tmp_path: Path) -> None:
    programme = packs.amal()
    for lang, month in (("en", "November2021"), ("ar", "نوفمبر")):
        told = poppler(made[f"booklet.{lang}.pdf"], tmp_path)
        assert month in told
        for said in (programme.campaign["ar"], programme.donor[lang], packs.CAPTION[lang]):
            for word in said.split():
                # Poppler keeps full stops of Arabic at either end.
                assert squeezed(word).strip(".:") in told, word
    arabic = poppler(made["booklet.ar.pdf"], tmp_path)
    assert "طنجة" in arabic
    assert squeezed(packs.CAPTION["en"]) not in arabic


def test_each_picture_is_there_once_whole_and_told(
    made: Mapping[str, bytes], mixed: Contents
) -> None:
    """Of each as many pixels as were given: never cropped; the cover shows one again."""
    for lang in ("fr", "ar"):
        reader = PdfReader(io.BytesIO(made[f"booklet.{lang}.pdf"]))
        sizes = [image.image.size for page in reader.pages for image in page.images if image.image]
        wanted = [size_of(p.page) for p in mixed.pictures if p.page]
        assert sorted(sizes[1:]) == sorted(wanted)
        alts = [str(alt) for alt in alts_of(reader)]
        assert len(alts) == len(wanted) + 1
        assert {alt.translate(UNSEEN) for alt in alts} == {packs.CAPTION[lang]}


def size_of(file: str) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size


def test_it_can_be_read_with_the_ears(made: Mapping[str, bytes]) -> None:
    for name, lang in (
        ("booklet.fr.pdf", "fr"),
        ("booklet.ar.pdf", "ar"),
        ("contact-sheet.pdf", "fr"),
    ):
        reader = PdfReader(io.BytesIO(made[name]), strict=True)
        root = reader.trailer["/Root"].get_object()
        assert isinstance(root, DictionaryObject)
        assert str(root["/Lang"]) == lang
        assert "/StructTreeRoot" in root
        described = root["/Metadata"].get_object()
        assert isinstance(described, StreamObject)
        assert b"pdfuaid" in described.get_data()
        preferences = root["/ViewerPreferences"].get_object()
        assert isinstance(preferences, DictionaryObject)
        assert str(preferences["/Direction"]) == ("/R2L" if lang == "ar" else "/L2R")
        assert reader.metadata is not None
        assert reader.metadata.title
        assert str(reader.metadata.author).translate(UNSEEN) == "AMAL"
        found = {font for page in reader.pages for font in _fonts(page["/Resources"])}
        assert all(re.fullmatch(NOTO, font) for font in found)


def _fonts(resources: PdfObject) -> Iterator[str]:
    told = resources.get_object()
    assert isinstance(told, DictionaryObject)
    for font in told.get("/Font", {}).values():
        yield str(font.get_object()["/BaseFont"]).lstrip("/")


def test_same_contents_same_bytes(made: Mapping[str, bytes], mixed: Contents) -> None:
    assert booklet(mixed, "fr") == made["booklet.fr.pdf"]
    assert contact_sheet(mixed, "fr") == made["contact-sheet.pdf"]


def test_nothing_of_the_files_leaves(made: Mapping[str, bytes], mixed: Contents) -> None:
    """No path of this machine, no id of a picture in a booklet; its own file names in the sheet."""
    for name, pdf in made.items():
        told = text(pdf)
        assert str(Path(mixed.pictures[0].thumb).parent).encode() not in pdf
        for picture in mixed.pictures:
            assert (picture.asset in told) is (name == "contact-sheet.pdf")


def test_where_things_stand(made: Mapping[str, bytes], tmp_path: Path) -> None:
    for name in ("booklet.fr.pdf", "booklet.ar.pdf", "contact-sheet.pdf"):
        found = placed(made[name], tmp_path)
        nothing_is_cut(found)
        if name.startswith("booklet"):
            assert {tuple(map(round, word.page)) for word in found} == {A4}
    latin, arabic = (placed(made[f"booklet.{lang}.pdf"], tmp_path) for lang in ("fr", "ar"))
    # The field of the cover, and page numbers, stand on opposite sides.
    (left,) = [w for w in latin if w.number == 1 and w.text == "AMAL"]
    (right,) = [w for w in arabic if w.number == 1 and w.text == "AMAL"]
    assert left.right < 100
    assert right.left > 742


# --- pages --------------------------------------------------------------------------------

SIZES = st.tuples(st.integers(1, 20_000), st.integers(1, 20_000))


@given(st.lists(SIZES, max_size=80))
def test_every_picture_has_one_place(sizes: list[tuple[int, int]]) -> None:
    found = plates(sizes)
    places = [n for plate in found for n in plate.pictures]
    assert sorted(places) == list(range(len(sizes)))
    assert all(abs(place - n) <= 2 for place, n in enumerate(places))
    for plate in found:
        shapes = [shape(*sizes[n]) for n in plate.pictures]
        assert len(shapes) == (2 if plate.kind in ("two", "pair", "mixed") else 1)
        if plate.kind in ("square", "panorama", "portrait"):
            assert shapes == [plate.kind]
    if len(sizes) <= FEW:
        assert len(found) == len(sizes)


def test_the_rhythm() -> None:
    found = [(plate.kind, plate.pictures) for plate in plates([LYING] * 7 + [STANDING] * 3)]
    assert found == [
        ("full", (0,)),
        ("framed", (1,)),
        ("two", (2, 3)),
        ("full", (4,)),
        ("two", (5, 6)),
        ("portrait", (7,)),
        ("pair", (8, 9)),
    ]


@pytest.mark.parametrize("number", [0, 1, 2, 8])
def test_few_pictures(tmp_path: Path, number: int) -> None:
    contents = packs.contents(tmp_path, [STANDING, LYING, SQUARE, BROAD] * 2)
    contents = replace(contents, pictures=contents.pictures[:number])
    found = placed(booklet(contents, "fr"), tmp_path)
    nothing_is_cut(found)
    assert placed(contact_sheet(contents, "ar"), tmp_path)


def test_without_captions_without_programme_and_with_two(tmp_path: Path) -> None:
    bare = packs.contents(tmp_path, [LYING, STANDING], captions={}, programmes=())
    told = text(booklet(bare, "en"))
    assert "Photographs" in told
    assert "Tangier" not in told
    other = packs.amal().model_copy(
        update={"id": "other", "title": {"fr": "Écoles ouvertes"}, "campaign": {"fr": "Apprendre"}}
    )
    both = text(booklet(replace(bare, programmes=(packs.amal(), other)), "fr"))
    assert both.count("Écolesouvertes") == 2, "on the cover and on a page of its own"
    assert "Unispourlesdroits" in both
    assert "Apprendre" in both
    assert both.count("FondationOrient-Occident") == 1


def test_pictures_beyond_the_pages_are_in_the_sheet_alone(tmp_path: Path) -> None:
    contents = packs.contents(tmp_path, [LYING] * 4)
    kept = tuple(replace(p, page=None) if n > 1 else p for n, p in enumerate(contents.pictures))
    contents = replace(contents, pictures=kept)
    assert len(PdfReader(io.BytesIO(booklet(contents, "fr"))).pages) == 5
    told = text(contact_sheet(contents, "fr"))
    assert all(p.asset in told for p in kept)


def test_a_town_stands_above_a_caption_that_does_not_begin_with_it(tmp_path: Path) -> None:
    """Under whatever name, for towns that are known under several."""
    contents = packs.contents(tmp_path, [LYING])
    for caption, times in (("Tangier: a match", 0), ("A match in Tangier", 1), ("طنجة: مباراة", 0)):
        (picture,) = contents.pictures
        told = replace(contents, pictures=(replace(picture, captions={"en": caption}),))
        found = [page.extract_text() for page in PdfReader(io.BytesIO(booklet(told, "en"))).pages]
        assert found[2].count("Tanger") == times, caption


# --- hostile texts ------------------------------------------------------------------------

LONG = "mot " * 998 + "FIN"
HOSTILE = (
    MARKUP,
    "a",
    "😀 ✓",
    "\u202egnp.exe\u2066 x \u200b",
    "طنجة: مباراة فقط",
    "Tanger طنجة 2021 (AMAL) \u200fمع",
    "x" * 4000,
    LONG,
    "ligne\nautre\tligne",
    "\x1b[31mrouge\x07",
    " ",
)


@pytest.mark.parametrize("lang", ["fr", "ar"])
def test_hostile_captions_are_text(tmp_path: Path, lang: str) -> None:
    contents = packs.contents(
        tmp_path, [LYING, STANDING, LYING, SQUARE, BROAD, LYING] * 2, scale=0.02
    )
    pictures = tuple(
        replace(p, captions={"fr": caption, "en": caption} if n % 2 else {lang: caption})
        for n, (p, caption) in enumerate(zip(contents.pictures, HOSTILE, strict=False))
    )
    contents = replace(contents, pictures=pictures, recipient=MARKUP, contact=MARKUP)
    made = booklet(contents, lang)
    told = text(made)
    assert squeezed(outgoing(MARKUP)) in told
    assert told.count("x" * 4000) >= 1
    assert "FIN" in told
    assert r"\U0001f600\u2713" in told
    assert r"\u202egnp.exe" in told
    assert r"\x1b[31mrouge\x07" in told
    nothing_is_cut(placed(made, tmp_path))
    assert not any(page.get("/Annots") for page in PdfReader(io.BytesIO(made)).pages), "no link"
    assert squeezed(outgoing(MARKUP)) in text(contact_sheet(contents, lang))


TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from("#$*_@<>[]\\`'\"~/ \u0628\u0644\u0627\u064e"),
    max_size=120,
)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(TEXTS, min_size=3, max_size=3))
def test_any_text_is_taken(tmp_path: Path, texts: list[str]) -> None:
    captions = dict(zip(("fr", "ar", "en"), texts, strict=True))
    made = booklet(packs.contents(tmp_path, [LYING, STANDING], captions=captions), "fr")
    nothing_is_cut(placed(made, tmp_path))
