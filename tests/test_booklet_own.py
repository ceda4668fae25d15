"""The booklet with a workspace's own templates and logos, which may be hostile."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from dam.core import logos
from dam.core.credits import Logo, ProgrammeFile
from dam.core.errors import USAGE, ConfigurationError, ProblemsError
from dam.core.packing import Contents
from dam.render import paper
from dam.render.booklet import booklet, documents
from tests import packs, photos
from tests.booklets import MIXED, alts_of, squeezed, text
from tests.workspaces import EMPTY_HALL, Workspace


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    return packs.contents(tmp_path_factory.mktemp("mixed"), MIXED)


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


def test_the_documented_template(mixed: Contents) -> None:
    page = (packs.RULES.parent / "docs" / "booklet.md").read_text("utf-8")
    (shown,) = re.findall(r'(?:^    .*\n)*    #import "paper.typ".*\n(?:^    .*\n)+', page, re.M)
    source = re.sub("^ {4}", "", shown, flags=re.M).encode()
    reader = PdfReader(io.BytesIO(booklet(mixed, "ar", source)))
    assert len(list(alts_of(reader))) == len(mixed.pictures)


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
    assert {"Logo 0", "Logo 1", "Logo 2"} <= {str(alt) for alt in alts_of(reader)}


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
    assert {"Emblème", "Fonds"} <= {str(alt) for alt in alts_of(PdfReader(io.BytesIO(made)))}
    assert b"hall.jpg" not in made
