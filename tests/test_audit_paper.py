"""The audit as PDF: its figures read back by another program, its tags, its fonts, its edges."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, PdfObject, StreamObject

from dam.core.audit import Audit, PackLine
from dam.core.findings import Finding, Severity
from dam.core.model import Disposition, Purpose
from dam.core.report import AuditRow, Kind, Verdict
from dam.core.rows import PackRow
from dam.core.tally import Line, Tally, Wanted, tally
from dam.render import audit_pdf
from dam.render.lang import speech
from tests.test_audit import audit
from tests.test_audit_page import SCRIPT, hostile
from tests.workspaces import Workspace, once

_UNSEEN = str.maketrans("", "", "\u2068\u2069\u200b")
MARKUP = '#import "x": * $x$ [*] <a> #panic(1) \\ _b_ @c'
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
    fonts = {name for page in reader.pages for name in _fonts(page["/Resources"])}
    assert fonts
    assert all(re.fullmatch(r"[A-Z]{6}\+NotoSans(Arabic)?[-A-Za-z]*", name) for name in fonts)
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
        outside: list[str] = []

        def visit(
            text: str,
            _: list[float],
            at: list[float],
            font: object,
            size: float,
            width: float = float(page.mediabox.width),
            outside: list[str] = outside,
        ) -> None:
            if text.strip() and not 0 <= at[4] <= width:
                outside.append(text)

        page.extract_text(visitor_text=visit)
        assert outside == []


def test_a_table_too_long_for_paper_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_pdf, "LINES", 20)
    rows = [row(n, "Tanger, MA") for n in range(50)]
    place = audit_pdf.pdf(large(rows, "about"), speech("en"))
    whole = " ".join(lines(PdfReader(io.BytesIO(place))))
    assert whole.count("30 more: --format csv lists them all") == 2
