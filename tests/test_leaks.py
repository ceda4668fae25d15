"""Nothing of an original but its picture is in a rendition or a pack, wherever it had hidden."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest

from tests import planting
from tests.leaks import everything_told, exiv2_told, found_in, strays
from tests.workspaces import (
    EMPTY_HALL,
    PHOTOGRAPHER,
    Json,
    Workspace,
    by_source,
    exiftool,
    once,
)

CHILD = f"""\
schema: dam/photo/1
photographer: {PHOTOGRAPHER}
caption: {{fr: Un atelier, en: A workshop, ar: ورشة}}
people:
  - {{subject: S-1, age_band: 6-11, identifiable: yes, consent: C-1}}
consents:
  - id: C-1
    subject: {{id: S-1, age_band: 6-11, unaccompanied: no, situation: migrant, risk: low}}
    notice: {{ref: form-2, language: fr}}
    scope: {{purposes: [press], territories: [world], valid_from: 2021-11-01, valid_for: 70y}}
    permissions: {{face: yes, name: none, location: none}}
    givers: [{{role: parent, method: written, on: 2021-10-28}}]
    child_assent: given
    events: [{{state: given, on: 2021-10-28}}]
"""
SECRETS = re.compile(rb"Zq[A-Za-z0-9]+Qz")
#: What no form of a rendition may hold, from whatever photograph.
SHARED = (*planting.TEXTS, *planting.COORDINATES, "ZqNamespaceQz", "ZqIptcTag", "ZqFreeBox")


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Json, Path]:
    """All planted photographs after one pass, and a press pack of them; not to be changed."""

    def make(folder: Path) -> None:
        workspace = Workspace.init(folder / "w")
        for name, draw in planting.PHOTOS.items():
            workspace.drop(name, draw(), CHILD if name == "person.jpg" else EMPTY_HALL)
        report = workspace.ingest()
        words = ("press", "--recipient", "Le Matin", "--out", str(folder / "pack"))
        workspace.json("export", *words)
        (folder / "report.json").write_text(json.dumps(report))

    folder = once(tmp_path_factory, "planted", make)
    report = json.loads((folder / "report.json").read_text())
    return Workspace(folder / "w"), report, folder / "pack"


def finished(planted: tuple[Workspace, Json, Path]) -> Iterator[Path]:
    """Every file that left `.dam/`: the archive and the pack."""
    workspace, _, pack = planted
    for root in (workspace.archive, pack):
        yield from (p for p in sorted(root.rglob("*")) if p.is_file() and p.name != "README.md")


def secrets(name: str) -> set[str]:
    """The words that stand in this photograph alone, as far as they stand there in the open."""
    return {found.decode() for found in SECRETS.findall(planting.PHOTOS[name]())}


ALL = sorted({word for name in planting.PHOTOS for word in secrets(name)})


def test_the_photographs_hold_what_is_looked_for() -> None:
    """The search finds each kind of secret where it was planted, so that finding none counts."""
    for name, draw in planting.PHOTOS.items():
        data = draw()
        assert found_in(data, planting.TEXTS[:1]) or name in ("tables.jpg", "headers.jpg"), name
        assert secrets(name), name
    assert len(ALL) > 200
    data = planting.PHOTOS["exif.jpg"]()
    for place in ("XpTitle", "XpComment"):
        assert found_in(data, [planting.secret(f"Exif{place}")]), place
    assert found_in(planting.PHOTOS["applications.jpg"](), [planting.secret("Base64")])


def test_every_one_is_rendered(planted: tuple[Workspace, Json, Path]) -> None:
    _, report, pack = planted
    found = by_source(report)
    assert sorted(found) == sorted(planting.PHOTOS)
    for name, outcome in found.items():
        assert outcome["disposition"] == "approved", (name, outcome["reasons"])
    approved = [outcome for outcome in found.values() if outcome["disposition"] == "approved"]
    assert len(list((pack / "data/images").iterdir())) == len(approved)


def test_no_secret_is_in_any_byte_that_leaves(planted: tuple[Workspace, Json, Path]) -> None:
    for path in finished(planted):
        assert not found_in(path.read_bytes(), (*ALL, *SHARED)), path
        assert planting.RATIONALS not in path.read_bytes()


def test_exiftool_finds_no_secret_and_no_foreign_tag(
    planted: tuple[Workspace, Json, Path],
) -> None:
    pictures = [p for p in finished(planted) if p.suffix == ".jpg"]
    assert not strays(exiftool(pictures, "-a", "-u", "-ee"))
    assert not found_in(everything_told(pictures), (*ALL, *SHARED))


def test_exiv2_finds_no_secret_and_no_foreign_key(planted: tuple[Workspace, Json, Path]) -> None:
    for path in (p for p in finished(planted) if p.suffix == ".jpg"):
        told, foreign = exiv2_told(path)
        assert not foreign, path
        assert not found_in(told, (*ALL, *SHARED)), path


def test_file_names_tell_nothing(planted: tuple[Workspace, Json, Path]) -> None:
    workspace, _, pack = planted
    for path in workspace.archive.rglob("*.jpg"):
        assert re.fullmatch(r"\d{8}-[a-z0-9]+\.jpg", path.name)
    for path in (pack / "data/images").iterdir():
        assert re.fullmatch(r"\d{8}-[a-z0-9]+\.jpg", path.name)


def inside(pdf: Path) -> Iterator[bytes]:
    """Every stream of a PDF, unpacked, and every text and name that stands in its objects."""
    reader = pypdf.PdfReader(pdf)
    for number in range(1, len(reader.xref[0]) + 1):
        found = pypdf.generic.IndirectObject(number, 0, reader).get_object()
        if isinstance(found, pypdf.generic.StreamObject):
            # Pictures are JPEGs as they are; whatever else is packed comes out of its filter.
            packed = found.get("/Filter") != "/DCTDecode"
            yield found.get_data() if packed else found._data
        if found is not None:
            yield repr(found).encode()


def test_no_secret_is_in_what_the_pages_of_a_pack_hold(
    planted: tuple[Workspace, Json, Path],
) -> None:
    """Unpacked: the streams and pictures of PDFs, their texts, the small pictures of the page."""
    _, _, pack = planted
    papers = sorted((pack / "data").glob("*.pdf"))
    assert len(papers) == 4
    pictures = 0
    for paper in papers:
        for body in inside(paper):
            pictures += body.startswith(b"\xff\xd8")
            assert not found_in(body, (*ALL, *SHARED)), paper.name
        text = "".join(page.extract_text() for page in pypdf.PdfReader(paper).pages)
        assert not found_in(text.encode(), (*ALL, *SHARED)), paper.name
    assert pictures > len(papers)
    page = (pack / "index.html").read_text()
    small = [
        base64.b64decode(found) for found in re.findall(r"data:image/jpeg;base64,([^\"]+)", page)
    ]
    assert len(small) == len(list((pack / "data/images").iterdir()))
    for jpeg in small:
        assert not found_in(jpeg, (*ALL, *SHARED))
        assert planting.RATIONALS not in jpeg


def test_no_age_no_consent_and_no_pseudonym_is_in_a_pack(
    planted: tuple[Workspace, Json, Path],
) -> None:
    _, _, pack = planted
    for path in sorted(pack.rglob("*")):
        if path.suffix in (".txt", ".csv", ".json", ".html"):
            text = path.read_text()
            assert not re.search(r"\b[SC]-1\b|(?<![\d-])6-11(?![\d-])|form-2", text), path.name
        elif path.suffix == ".pdf":
            text = "".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
            assert not re.search(r"\b[SC]-1\b|(?<![\d-])6-11(?![\d-])|form-2", text), path.name
