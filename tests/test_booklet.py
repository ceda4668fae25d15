"""The booklet and the contact sheet of a press pack, read back by other programs."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, PdfObject, StreamObject

from dam.core import logos
from dam.core.credits import Logo, ProgrammeFile
from dam.core.errors import USAGE, ConfigurationError, ProblemsError
from dam.core.packing import Contents
from dam.core.presets import TextKind
from dam.render import paper
from dam.render.booklet import booklet, documents
from dam.render.contact_sheet import contact_sheet
from dam.render.plates import FEW, plates, shape
from dam.render.text import outgoing
from tests import packs, photos
from tests.packs import BROAD, LYING, SQUARE, STANDING
from tests.test_audit_paper import NOTO, Word, words
from tests.workspaces import EMPTY_HALL, Workspace

_UNSEEN = str.maketrans("", "", "\u2066\u2067\u2068\u2069\u200b")
MARKUP = '#read("/etc/passwd") $x$ *b* _i_ \\n @ref <label> #panic(1) https://example.org/[a](b)'
A4 = (842, 595)
MIXED = (LYING, STANDING, LYING, SQUARE, LYING, LYING, BROAD, STANDING, STANDING, LYING)


def text(made: bytes) -> str:
    """All that a PDF says, by pypdf; presentation forms as letters, spaces as one."""
    told = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
    return squeezed(told)


def squeezed(told: str) -> str:
    """Without blanks, which readers guess, and with letters in place of presentation forms."""
    plain = unicodedata.normalize("NFKC", told.translate(_UNSEEN))
    return re.sub(r"\s+", "", plain)


def poppler(made: bytes, folder: Path) -> str:
    """The same by poppler, which puts Arabic into the order of reading."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    file = folder / "read.pdf"
    file.write_bytes(made)
    done = subprocess.run(["pdftotext", "-raw", str(file), "-"], check=True, capture_output=True)
    return squeezed(done.stdout.decode())


def placed(made: bytes, folder: Path) -> list[Word]:
    file = folder / "placed.pdf"
    file.write_bytes(made)
    return list(words(file))


def nothing_is_cut(found: list[Word]) -> None:
    for word in found:
        assert 0 <= word.left <= word.right <= word.page[0], word
        assert 0 <= word.top <= word.bottom <= word.page[1], word


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
        alts = [str(alt) for alt in _alts(reader)]
        assert len(alts) == len(wanted) + 1
        assert {alt.translate(_UNSEEN) for alt in alts} == {packs.CAPTION[lang]}


def size_of(file: str) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size


def _alts(reader: PdfReader) -> Iterator[PdfObject]:
    """The alternative texts of the figures, in the order of reading."""
    root = reader.trailer["/Root"].get_object()
    assert isinstance(root, DictionaryObject)
    left: list[PdfObject | None] = [root["/StructTreeRoot"]]
    while left:
        thing = left.pop()
        thing = None if thing is None else thing.get_object()
        if isinstance(thing, ArrayObject):
            left += reversed(thing)
        elif isinstance(thing, DictionaryObject):
            if thing.get("/S") == "/Figure":
                yield thing["/Alt"]
            left.append(thing.get("/K"))


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
        assert str(reader.metadata.author).translate(_UNSEEN) == "AMAL"
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


# --- templates of a workspace -------------------------------------------------------------

HEAD = b'#let data = json("data.json")\n#set document(title: data.file_title)\n'


def refused(contents: Contents, source: bytes) -> str:
    with pytest.raises(ConfigurationError) as caught:
        booklet(contents, "fr", HEAD + source)
    told = str(caught.value)
    assert "\n" not in told
    assert "dam-" not in told, "no folder of this machine"
    assert told.endswith("Mend it, or take it away for the built-in one")
    return told


def test_a_template_of_the_workspace_takes_its_place(mixed: Contents) -> None:
    source = HEAD + (
        b'#set text(font: ("Noto Sans", "Noto Sans Arabic"), fallback: false)\n'
        b"#data.titles.first().whole\n"
        b"#for it in data.pictures { image(it.file, alt: it.alt) }\n"
    )
    made = dict(documents(mixed, source))
    assert len({*made}) == 4
    assert squeezed(packs.amal().title["fr"]) in text(made["booklet.fr.pdf"])


def test_the_template_of_the_documentation(mixed: Contents) -> None:
    page = (packs.RULES.parent / "docs" / "booklet.md").read_text("utf-8")
    (shown,) = re.findall(r'(?:^    .*\n)*    #import "paper.typ".*\n(?:^    .*\n)+', page, re.M)
    source = re.sub("^ {4}", "", shown, flags=re.M).encode()
    reader = PdfReader(io.BytesIO(booklet(mixed, "ar", source)))
    assert len(list(_alts(reader))) == len(mixed.pictures)


def test_the_data_of_the_documentation(mixed: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every word of data.json is told in docs/booklet.md, and no other."""
    page = (packs.RULES.parent / "docs" / "booklet.md").read_text("utf-8")
    table = page.split("`data.json`; a **text**")[1].split("\n## ")[0]
    told = {word for row in re.findall(r"^\| (`.*?) \|", table, re.M) for word in row.split("`")}
    seen: list[Mapping[str, object]] = []

    def keep(template: str, data: Mapping[str, object], *_: object, **__: object) -> bytes:
        seen.append(data)
        return b""

    monkeypatch.setattr(paper, "compiled", keep)
    booklet(mixed, "fr")
    assert set(seen[0]) == told - {"", ", "}


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b'#read("../../x")', "it reads outside of its folder"),
        (b'#read("/etc/passwd")', "it reads a file that is not there"),
        (b'#image("/../secret.png", alt: "x")', "it reads outside of its folder"),
        (b'#import "@preview/cetz:0.3.0": *', "it asks for a package, and none is fetched"),
        (b'#import "@pre" + "view/cetz:0.3.0": *', "it asks for a package, and none is fetched"),
        (b'#import "@local/cetz:0.3.0": *', "it asks for a package, and none is fetched"),
        (b"#let x = )", "unexpected closing delimiter|expected expression"),
        (b"#image(data.pictures.first().file)", "missing alt text"),
        (b'#panic("\x1b[31m")', "panicked"),
        (b"#let f() = f()\n#f()", "recursion|depth"),
        (b"#while true { }", "always true"),
    ],
)
def test_a_template_that_cannot_be_used(mixed: Contents, source: bytes, why: str) -> None:
    told = refused(mixed, source)
    assert re.match(r"rules/templates/booklet\.typ:\d+ cannot be used: ", told), told
    assert re.search(why, told), told


def test_a_template_without_end_or_bounds_is_stopped(
    mixed: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    wild = b"#let a = range(9000)\n#for i in a { for j in a { for k in a { } } }"
    monkeypatch.setattr(paper, "SECONDS", 2.0)
    assert "it took too long" in refused(mixed, wild)


def test_no_package_is_asked_for_over_the_network(
    mixed: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the machine's own proxy is: what typst would ask goes to nobody."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    assert set(paper._SET) >= {"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"}
    assert "https_proxy" not in paper._KEPT
    assert "package" in refused(mixed, b'#import "@preview/cetz:0.3.0": *')


# --- logos --------------------------------------------------------------------------------

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    b' viewBox="0 0 40 20">%b</svg>'
)
DRAWN = SVG % b'<path d="M0 0h40v20H0z" fill="#0a6ebd"/>'


def png(mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (120, 60)).save(out, "PNG")
    return out.getvalue()


def with_logos(contents: Contents, files: Mapping[str, bytes]) -> Contents:
    rows = ("institution", "partner", "donor")
    logos = tuple(
        Logo.model_validate({"file": name, "alt": {"fr": f"Logo {n}"}, "row": rows[n % 3]})
        for n, name in enumerate(files)
    )
    programme: ProgrammeFile = packs.amal().model_copy(update={"logos": logos})
    return replace(contents, programmes=(programme,), logos=files)


def test_logos_are_drawn_and_told(mixed: Contents) -> None:
    files = {"one.svg": DRAWN, "two.png": png("RGBA"), "three.png": png("L")}
    reader = PdfReader(io.BytesIO(booklet(with_logos(mixed, files), "fr")))
    assert {"Logo 0", "Logo 1", "Logo 2"} <= {str(alt) for alt in _alts(reader)}


HOSTILE_SVG = {
    "outside.svg": (SVG % b'<image href="/etc/passwd" width="9" height="9"/>', "a picture"),
    "linked.svg": (SVG % b'<use xlink:href="other.svg#a"/>', "refers to another file"),
    "url.svg": (SVG % b'<path d="M0 0h9" fill="url(file:///etc/passwd)"/>', "another file"),
    "script.svg": (SVG % b"<script>1</script>", "a script"),
    "event.svg": (SVG % b'<path d="M0 0h9" onload="1"/>', "a script"),
    "style.svg": (SVG % b"<style>@import 'x'</style>", "a style sheet"),
    "text.svg": (SVG % b"<text>UN</text>", "letters"),
    "html.svg": (SVG % b"<foreignObject/>", "another document"),
    "entity.svg": (b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + DRAWN, "DOCTYPE"),
    "deep.svg": (SVG % (b"<g>" * 3000 + b"</g>" * 3000), "nested too deep"),
    "copies.svg": (SVG % (b'<use href="#a"/>' * 40), "too large"),
    "broken.svg": (DRAWN[:-9], "no SVG file"),
    "none.svg": (b"<html/>", "no SVG file"),
    "large.svg": (SVG % (b" " * 600_000), "larger than"),
    "broken.png": (png()[:60], "cut off"),
    "jpeg.png": (b"\xff\xd8\xff\xe0", "no PNG file"),
}


def test_all_hostile_logos_are_refused_at_once(mixed: Contents) -> None:
    files = {name: data for name, (data, _) in HOSTILE_SVG.items()}
    contents = with_logos(mixed, files)
    contents = replace(contents, logos={k: v for k, v in files.items() if k != "none.svg"})
    with pytest.raises(ProblemsError) as caught:
        booklet(contents, "fr")
    told = {line.split(": ", 1)[0].rsplit("/", 1)[1]: line for line in caught.value.problems}
    assert set(told) == set(files)
    for name, (_, why) in HOSTILE_SVG.items():
        assert (why if name != "none.svg" else "is not there") in told[name]


def test_typst_itself_reads_nothing_that_an_svg_names(
    mixed: Contents, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Should a way to name a file be overlooked above, the sandbox holds."""
    monkeypatch.setattr(logos, "checked", lambda programmes, files: dict(files))
    secret = tmp_path / "secret.png"
    secret.write_bytes(png())
    up = os.path.relpath(secret, "/tmp/dam-xxxxxxxx/logos")
    for href in (str(secret), up):
        body = f'<image href="{href}" width="9" height="9"/>'.encode()
        with pytest.raises(Exception, match="could not be made"):
            booklet(with_logos(mixed, {"a.svg": SVG % body}), "fr")


# --- as people use it ---------------------------------------------------------------------


def test_a_pack_has_its_booklets(tmp_path: Path) -> None:
    """With the workspace's logos and template; what is wrong with them is said before anything."""
    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("hall.jpg", photos.jpeg(1, 480, 320), EMPTY_HALL + "programme: amal\n")
    workspace.ingest()
    amal = workspace.root / "rules" / "programmes" / "amal.yaml"
    amal.write_text(
        amal.read_text("utf-8")
        + "logos:\n  - {file: un.svg, row: institution, alt: {fr: Emblème}}\n"
        + "  - {file: gone.png, row: donor, alt: {fr: Fonds}}\n",
        "utf-8",
    )
    logos_ = amal.parent / "logos"
    logos_.mkdir()
    (logos_ / "un.svg").write_bytes(SVG % b"<script/>")
    out = ("export", "press", "--recipient", "R", "--out", str(tmp_path / "pack"))
    told = workspace.run(*out, code=USAGE).stderr.decode()
    assert "rules/programmes/logos/un.svg: holds a script" in told
    assert "rules/programmes/logos/gone.png: is not there" in told
    (logos_ / "un.svg").write_bytes(DRAWN)
    (logos_ / "gone.png").write_bytes(png())
    template = workspace.root / "rules" / "templates" / "booklet.typ"
    template.parent.mkdir()
    template.write_bytes(HEAD + b'#read("../../x")')
    told = workspace.run(*out, code=USAGE).stderr.decode()
    assert "rules/templates/booklet.typ:3 cannot be used: it reads outside of its folder" in told
    assert not (tmp_path / "pack").exists()
    template.unlink()
    workspace.json(*out)
    data = tmp_path / "pack" / "data"
    assert {path.name for path in data.glob("*.pdf")} == {
        *(f"booklet.{lang}.pdf" for lang in ("fr", "ar", "en")), "contact-sheet.pdf",
    }  # fmt: skip
    made = (data / "booklet.fr.pdf").read_bytes()
    assert "Renforcerlacohésionsociale" in text(made)
    assert {"Emblème", "Fonds"} <= {str(alt) for alt in _alts(PdfReader(io.BytesIO(made)))}
    assert b"hall.jpg" not in made
