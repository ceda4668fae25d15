"""The audit as PDF: its figures read back by another program, its tags, its fonts, its edges."""

from __future__ import annotations

import io
import itertools
import os
import pty
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

import pytest
from PIL import ImageFont
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, PdfObject, StreamObject

from dam.core import errors
from dam.core.audit import Audit, PackLine
from dam.core.findings import Finding, Severity
from dam.core.model import Disposition, Purpose
from dam.core.report import AuditRow, Kind, Verdict
from dam.core.rows import PackRow
from dam.core.tally import Line, Tally, Wanted, tally
from dam.render import audit_pdf, fonts
from dam.render.lang import speech
from tests.test_audit import audit
from tests.test_audit_page import SCRIPT, hostile
from tests.workspaces import Workspace, environment, once

_UNSEEN = str.maketrans("", "", "\u2066\u2067\u2068\u2069\u200b")
MARKUP = '#import "x": * $x$ [*] <a> #panic(1) \\ _b_ @c'
NOTO = r"[A-Z]{6}\+NotoSans(Arabic)?[-A-Za-z]*"
#: Points of a page.
SIDES = {(595, 842), (842, 595)}


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(once(tmp_path_factory, "page", hostile) / "w")


def paper(workspace: Workspace, target: Path, *words: str, lang: str = "en") -> PdfReader:
    workspace.run("--lang", lang, "audit", "--format", "pdf", "--out", str(target), *words)
    return PdfReader(target, strict=True)


def lines(reader: PdfReader) -> list[str]:
    told = "\n".join(page.extract_text() for page in reader.pages)
    return [re.sub(r"\s+", " ", line.translate(_UNSEEN)).strip() for line in told.split("\n")]


def numbers_after(found: list[str], heading: str, words: list[str]) -> dict[str, list[int]]:
    """The lines below a heading that begin with one of these words, with their numbers."""
    start = found.index(heading)
    told: dict[str, list[int]] = {}
    for line in found[start + 1 :]:
        for word in words:
            if word not in told and line.startswith(f"{word} "):
                told[word] = [int(n) for n in re.findall(r"(?<![\w-])\d+(?![\w-])", line)]
    return told


def test_every_figure_is_that_of_the_json(workspace: Workspace, tmp_path: Path) -> None:
    told = audit(workspace)
    found = lines(paper(workspace, tmp_path / "audit.pdf"))
    start = found.index("Summary")
    totals = [int(line) for line in found[start + 1 : found.index("Purposes")] if line.isdigit()]
    assert totals == list(told["totals"].values())
    dispositions = ("approved", "held", "refused", "quarantined")
    assert numbers_after(found, "Purposes", [p.value for p in Purpose]) == {
        purpose: [sums[d] for d in dispositions] for purpose, sums in told["matrix"].items()
    }
    kinds = {f["kind"]: [told["kinds"][f["kind"]]] for f in told["findings"]}
    below = found[found.index("Findings by kind") :]
    for kind, numbers in kinds.items():
        assert any(re.fullmatch(rf"\w+ {kind} {numbers[0]}", line) for line in below), kind
    months = numbers_after(found, "Pictures by month", list(told["months"]))
    for month, line in told["months"].items():
        sums = [line[name] for name in ("assets", *dispositions, "with_minors", "covered")]
        assert months[month] == sums
    ends = "Pictures by the month in which the first of their consents ends"
    below = found[found.index(ends) :]
    for month, number in told["ends"].items():
        assert f"{month} {number}" in below
    whole = " ".join(found)
    for row in told["assets"]:
        assert row["asset"] in whole
    assert SCRIPT in whole.replace(" ", "") or SCRIPT.replace(" ", "") in whole.replace(" ", "")


def test_what_somebody_asks_for_is_there(workspace: Workspace, tmp_path: Path) -> None:
    told = audit(workspace, "--by", "photographer")["by"]
    found = lines(paper(workspace, tmp_path / "sums.pdf", "--by", "photographer"))
    sums = numbers_after(found, "Pictures by photographer", [name or "not stated" for name in told])
    names = ("assets", "approved", "held", "refused", "quarantined", "with_minors", "covered")
    assert sums == {name or "not stated": [s[n] for n in names] for name, s in told.items()} != {}
    due = audit(workspace, "--by", "renewal")["renewals"]
    found = lines(paper(workspace, tmp_path / "due.pdf", "--by", "renewal"))
    below = " ".join(found[found.index("Consents to renew") : found.index("Press packs")])
    assert due
    assert all(each["consent"] in below and each["advice"] in below for each in due)


@pytest.mark.parametrize("lang", ["en", "fr", "ar"])
def test_it_can_be_read_with_the_ears(workspace: Workspace, tmp_path: Path, lang: str) -> None:
    reader = paper(workspace, tmp_path / "audit.pdf", lang=lang)
    root = reader.trailer["/Root"].get_object()
    assert isinstance(root, DictionaryObject)
    marked = root["/MarkInfo"].get_object()
    assert isinstance(marked, DictionaryObject)
    assert marked["/Marked"].get_object().__repr__() == "True"
    assert str(root["/Lang"]) == lang
    assert "/StructTreeRoot" in root
    described = root["/Metadata"].get_object()
    assert isinstance(described, StreamObject)
    assert "pdfuaid" in described.get_data().decode()
    assert reader.metadata is not None
    assert str(reader.metadata.author).translate(_UNSEEN) == "AMAL"
    found = {name for page in reader.pages for name in _fonts(page["/Resources"])}
    assert found
    assert all(re.fullmatch(NOTO, name) for name in found)
    assert len({page.extract_text() for page in reader.pages}) == len(reader.pages)


def _fonts(resources: PdfObject) -> Iterator[str]:
    told = resources.get_object()
    assert isinstance(told, DictionaryObject)
    for font in told.get("/Font", {}).values():
        yield str(font.get_object()["/BaseFont"]).lstrip("/")


def row(number: int, place: str) -> AuditRow:
    verdict = (
        Verdict(Disposition.HELD, (Kind.MISSING_CONSENT,))
        if number % 3
        else Verdict(Disposition.APPROVED)
    )
    return AuditRow(
        asset=f"{number:08}",
        disposition=verdict.disposition,
        archived_as=None,
        captured_on=date(2020 + number // 12, number % 12 + 1, 15),
        photographer="rachid-azzouzy",
        programme=MARKUP,
        place=place,
        people=3,
        minors=2,
        consents=tuple(f"C-2021-{number + n:04}" for n in range(3)),
        until=date(2027 + number % 3, number % 12 + 1, 28),
        verdicts=(verdict,) * len(Purpose),
    )


def large(rows: list[AuditRow], about: str) -> Audit:
    """Many months, long words, markup wherever there is text."""
    told: Tally = tally(rows)
    text = {"en": f"{about} {'x' * 60}", "ar": "نص طويل جدا " * 6, "fr": about}
    listed = [
        Finding(Kind.MISSING_CONSENT, r.asset, ("S-0001",), text, text, Severity.HIGH) for r in rows
    ]
    pack = PackRow(
        "P-1",
        "press",
        about,
        "world",
        date(2026, 1, 1),
        datetime(2026, 1, 1, tzinfo=UTC),
        "",
        "0" * 64,
    )
    return Audit(
        as_of=date(2026, 6, 1),
        wanted=Wanted(programme=MARKUP),
        only=frozenset(),
        ahead=90,
        tally=told,
        kinds={Kind.MISSING_CONSENT: len(rows)},
        packs=(PackLine(pack, 3, 1),),
        head=(7, "0" * 64),
        origin="2" * 64,
        pack_digest="1" * 64,
        term="10y",
        rows=lambda: iter(rows),
        findings=lambda: iter(listed),
        lines=lambda view: {"2021-11": Line()},
        dossiers=lambda ids: {},
        organisation=MARKUP,
        doubts=(MARKUP,),
    )


@pytest.mark.parametrize("lang", ["en", "fr", "ar"])
def test_a_large_one_with_hostile_words_is_whole(tmp_path: Path, lang: str) -> None:
    rows = [row(n, f"{MARKUP} {'y' * 50}") for n in range(45)]
    made = audit_pdf.pdf(large(rows, MARKUP), speech(lang))
    assert made == audit_pdf.pdf(large(rows, MARKUP), speech(lang)), "the same bytes"
    place = tmp_path / "audit.pdf"
    place.write_bytes(made)
    reader = PdfReader(place, strict=True)
    whole = "".join(lines(reader)).replace(" ", "")
    assert MARKUP.replace(" ", "") in whole
    for each in rows:
        assert each.asset in whole
    for page in reader.pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) in SIDES
    for word in words(place):
        assert 0 <= word.left <= word.right <= word.page[0], word
        assert 0 <= word.top <= word.bottom <= word.page[1], word


@dataclass(frozen=True)
class Word:
    """A word on paper, in points from the upper left corner; `page` is (width, height) of the

    page `number`. Letters stand in the order of the paper, from left to right.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    page: tuple[float, float]
    number: int


def words(file: Path) -> Iterator[Word]:
    """Every word and where it stands, by poppler; skips where that is missing."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    done = subprocess.run(["pdftotext", "-bbox", str(file), "-"], check=True, capture_output=True)
    page, number = (0.0, 0.0), 0
    for tag, told, text in re.findall(r"<(page|word) ([^>]*)>([^<]*)", done.stdout.decode()):
        at = {name: float(value) for name, value in re.findall(r'(\w+)="([-\d.]+)"', told)}
        if tag == "page":
            page, number = (at["width"], at["height"]), number + 1
        else:
            yield Word(text, at["xMin"], at["yMin"], at["xMax"], at["yMax"], page, number)


def printed(file: Path, found: Audit, lang: str) -> list[Word]:
    file.write_bytes(audit_pdf.pdf(found, speech(lang)))
    return list(words(file))


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_no_row_runs_off_its_page(tmp_path: Path, lang: str) -> None:
    """A crowd has as many consents as people; poppler tells no word beyond the edge."""
    crowd = replace(row(0, "Tanger"), consents=tuple(f"C-2021-{n:04}" for n in range(200)))
    rows = [crowd, replace(row(1, "Tanger"), programme="mot " * 900 + "LAST")]
    told = [
        w.text.translate(_UNSEEN).strip(",")
        for w in printed(tmp_path / "a", large(rows, "x"), lang)
    ]
    assert set(crowd.consents) <= set(told)
    assert "LAST" in told


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_no_word_runs_into_another(tmp_path: Path, lang: str) -> None:
    """Words just too short to be broken before, ids, heaps of marks, the widest sign there is."""
    wide = replace(row(1, "M" * 19), programme="W" * 18, waivers=("W-20261124-82c85d63",))
    odd = replace(
        row(2, "\ufdfd " * 3), programme="\u0915\u094d" * 40, photographer="a" + "\u0301" * 40
    )
    told = printed(tmp_path / "a", large([wide, odd], "x"), lang)
    drawn = [w for w in told if w.text.translate(_UNSEEN) and w.right - w.left > 1]
    drawn.sort(key=lambda w: (w.number, w.top, w.left))
    for one, other in itertools.pairwise(drawn):
        if (one.number, one.top) == (other.number, other.top):
            # Half a letter of poppler's guess at the width of a sign that is set in two.
            assert one.right <= other.left + 2, (one, other)
    for word in drawn:
        # The margins are 16 mm, 45 points.
        assert word.left > 44, word
        assert word.right < word.page[0] - 44, word


def test_arabic_is_written_once_and_a_list_of_it_begins_at_the_right(tmp_path: Path) -> None:
    """Of a dotted letter typst would tell each of its parts; NFKC undoes presentation forms."""
    found = printed(tmp_path / "a", large([row(0, "Tanger")], "x"), "ar")
    at = [(unicodedata.normalize("NFKC", w.text[::-1]), w) for w in found]
    assert {"تدقيق", "الموافقات", "حزمة", "القواعد"} <= {text for text, _ in at}
    wide = [(text, w) for text, w in at if w.page[0] > w.page[1]]
    (archive,) = [w for text, w in wide if text == "الأرشيف"]
    (press,) = [w for text, w in wide if text == "الصحافة"]
    assert (press.top, press.left) > (archive.top, 0.0)
    assert press.top > archive.top or press.right < archive.left


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_letters_that_no_font_has_are_told_by_number(lang: str) -> None:
    """Boxes would be forbidden by PDF/UA-1; refusing to print would hide the audit."""
    made = audit_pdf.pdf(large([row(1, "儿童之家, \u202eMA")], "😀 Çà ✓"), speech(lang))
    reader = PdfReader(io.BytesIO(made), strict=True)
    whole = "".join(lines(reader)).replace(" ", "")
    assert r"\u513f\u7ae5\u4e4b\u5bb6" in whole
    assert r"\u202eMA" in whole
    assert r"\U0001f600Çà\u2713" in whole
    found = {name for page in reader.pages for name in _fonts(page["/Resources"])}
    assert all(re.fullmatch(NOTO, name) for name in found), "none of typst's own either"


def test_which_letters_the_fonts_have() -> None:
    """The truth is FreeType's: what it draws otherwise than a letter that cannot be there."""
    for package, file in fonts.FILES:
        path = resources.files(package) / "files" / file
        face = ImageFont.truetype(str(path), 24, layout_engine=ImageFont.Layout.BASIC)
        box = bytes(face.getmask("\U0010fffd"))
        drawn = {c for c in map(chr, range(0x21, 0x2E80)) if bytes(face.getmask(c)) != box}
        told = {c for c in drawn if fonts.legible(c) == unicodedata.normalize("NFC", c)}
        assert told == drawn, package
    assert fonts.legible("\u4e00 e\u0301 \u0628\u064e") == "\\u4e00 \u00e9 \u0628\u064e"
    assert fonts.legible("\u0628\u20e3") == "\u0628\\u20e3", "a mark that the letter's font lacks"


@pytest.mark.parametrize(
    ("lang", "asked", "ahead"),
    [
        ("en", "Only what has findings of these kinds expired, no_credit", "90 days"),
        ("fr", "Seulement ce qui a des constats de ces types expiré, sans crédit", "90 jours"),
    ],
)
def test_it_says_what_it_was_asked_for(lang: str, asked: str, ahead: str) -> None:
    """On the first page, and on the last, which is signed, with sums, digest and doubts."""
    found = large([row(n, "Tanger, MA") for n in range(3)], "about")
    found = replace(found, only=frozenset({Kind.EXPIRED, Kind.NO_CREDIT}))
    reader = PdfReader(io.BytesIO(audit_pdf.pdf(found, speech(lang))))
    for page in (reader.pages[0], reader.pages[-1]):
        told = " ".join(page.extract_text().translate(_UNSEEN).split())
        assert asked in told
        assert ahead in told
        assert found.head[1] in told
        assert MARKUP in told
        assert found.pack_digest in page.extract_text(), "can be searched for"
    number = len(reader.pages)
    last = reader.pages[-1].extract_text()
    assert f"Page {number} {'of' if lang == 'en' else 'sur'} {number}" in last
    sums = last.split(found.head[1])[1]
    assert re.search(r"\b6 (identifiable minors|mineurs identifiables)", " ".join(sums.split()))


def test_pages_are_not_for_a_terminal(workspace: Workspace) -> None:
    """On standard output where that is no terminal; else refused with what to do."""
    done = workspace.run("audit", "--format", "pdf")
    assert done.stdout.startswith(b"%PDF-")
    held, terminal = pty.openpty()
    try:
        told = subprocess.run(
            workspace.command("audit", "--format", "pdf"),
            env=environment(),
            stdout=terminal,
            stderr=subprocess.PIPE,
            timeout=120,
        )
    finally:
        os.close(terminal)
        os.close(held)
    assert told.returncode == errors.USAGE
    assert b"--out audit.pdf" in told.stderr


def test_a_table_too_long_for_paper_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_pdf, "LINES", 20)
    rows = [row(n, "Tanger, MA") for n in range(50)]
    place = audit_pdf.pdf(large(rows, "about"), speech("en"))
    whole = " ".join(lines(PdfReader(io.BytesIO(place))))
    assert whole.count("30 more: --format csv lists them all") == 2
