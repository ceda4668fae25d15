"""Every figure of an audit is the truth, in every format, of a workspace made to be known."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from bench.known import generate
from bench.truth import Figures, Known, Truth, figures, next_day, of_the_past
from dam.adapters import starter
from dam.adapters.desk import Desk, open_desk
from dam.adapters.settings import Workspace as Place
from dam.adapters.settings import load_settings, prepare
from dam.core.audit import NOT_OF_THE_PAST, Audit
from dam.core.model import Disposition, Purpose
from dam.core.report import Kind
from dam.core.tally import View, Wanted
from dam.flows import audit
from dam.flows.ingest.due import redecide
from dam.flows.past import at
from dam.render import audit_html, audit_pdf, audits, csv_table, terminal
from dam.render.lang import speech
from tests.test_audit_page import Tables

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
COUNT = 160
WORDS = [d.value for d in Disposition]
_UNSEEN = str.maketrans("", "", "\u2068\u2069\u200b")


@contextmanager
def desk(root: Path, now: datetime = NOW, *, writing: bool = False) -> Iterator[Desk]:
    settings = load_settings(root, {})
    with open_desk(
        Place.at(root, settings), settings, lambda: now, writing=writing, alone=writing
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    root = tmp_path_factory.mktemp("known") / "w"
    starter.write_workspace(root)
    prepare(Place.at(root, load_settings(root, {})))
    with desk(root, writing=True) as opened:
        return root, generate(opened, COUNT)


# --- one reader for each format ---------------------------------------------------------


def captured(told: pytest.CaptureFixture[str], write: Callable[[], object]) -> str:
    told.readouterr()
    write()
    return told.readouterr().out


def of_json(found: Audit, capsys: pytest.CaptureFixture[str]) -> Figures:
    text = captured(
        capsys, lambda: terminal.stream(audits.document(found, audits.Told.FINDING, "en"))
    )
    told = json.loads(text)
    assert told["kinds"] == dict(Counter(f["kind"] for f in told["findings"]))
    assert len(told["assets"]) == told["totals"]["assets"]
    return Figures(
        totals=told["totals"],
        matrix=told["matrix"],
        kinds=told["kinds"],
        months={
            month: tuple(line[w] for w in ("assets", *WORDS, "with_minors", "covered"))
            for month, line in told["months"].items()
        },
        ends=told["ends"],
        packs={p["pack"]: (p["pictures"], p["ended"]) for p in told["packs"]},
    )


def table(
    found: Audit, told: audits.Told, capsys: pytest.CaptureFixture[str]
) -> list[dict[str, str]]:
    say = speech("en", "plain")
    cells = audits.cells(found, told, say)
    text = captured(capsys, lambda: csv_table.emit(say.headings(*cells.columns), cells.rows))
    return list(csv.DictReader(io.StringIO(text)))


def of_csv(found: Audit, capsys: pytest.CaptureFixture[str]) -> Figures:
    """What the tables say; the rest is counted from their lines."""
    rows = table(found, audits.Told.ASSET, capsys)
    says = Counter(row["disposition"] for row in rows)
    minors = [row for row in rows if row["minors"] != "0"]
    whole = of_json(found, capsys)
    usable = [row for row in rows if row["disposition"] == "approved"]
    approved = {p: sum(p in row["purposes"].split(", ") for row in rows) for p in whole.matrix}
    assert approved == {p: sums["approved"] for p, sums in whole.matrix.items()}
    return Figures(
        totals={
            **{word: says[word] for word in WORDS},
            "assets": len(rows),
            "with_minors": len(minors),
            "covered": sum(row["disposition"] == "approved" for row in minors),
            "minors": sum(int(row["minors"]) for row in rows),
            "waivers": sum(bool(row["waivers"]) for row in rows),
            "in_archive": whole.totals["in_archive"],
        },
        matrix=whole.matrix,
        kinds=dict(Counter(r["finding"] for r in table(found, audits.Told.FINDING, capsys))),
        months={
            r["month"]: tuple(int(r[w]) for w in ("photos", *WORDS, "minors", "covered"))
            for r in table(found, audits.Told.MONTH, capsys)
        },
        ends=dict(sorted(Counter(row["until"][:7] for row in usable if row["until"]).items())),
        packs={
            r["pack"]: (int(r["photos"]), int(r["ended"]))
            for r in table(found, audits.Told.PACK, capsys)
        },
    )


def added(lines: Iterable[tuple[str, int]]) -> dict[str, int]:
    """By kind, whatever the severity of a line."""
    found: Counter[str] = Counter()
    for kind, number in lines:
        found[kind] += number
    return dict(found)


def of_page(found: Audit) -> Figures:
    page = Tables("".join(audit_html.pages(found, speech("en"))))
    rows = {name: told[1:] for name, told in page.tables.items()}
    none = [["none"]]
    return Figures(
        totals=page.totals,
        matrix={r[0]: dict(zip(WORDS, map(int, r[1:]), strict=True)) for r in rows["matrix"]},
        kinds=added((r[1], int(r[2])) for r in rows["kinds"] if rows["kinds"] != none),
        months={r[0]: tuple(map(int, r[1:8])) for r in rows["months"] if rows["months"] != none},
        ends={r[0]: int(r[1]) for r in rows["ends"] if rows["ends"] != none},
        packs={r[0]: (int(r[5]), int(r[6])) for r in rows["packs"] if rows["packs"] != none},
    )


def of_paper(found: Audit) -> Figures:
    reader = PdfReader(io.BytesIO(audit_pdf.pdf(found, speech("en"))), strict=True)
    lines: list[str] = []
    for page in reader.pages:
        lines += (
            re.sub(r"\s+", " ", line.translate(_UNSEEN)).strip()
            for line in page.extract_text().split("\n")
        )
        if "Findings" in lines:
            break
    start, end = lines.index("Summary"), lines.index("Purposes")
    totals = [int(line) for line in lines[start:end] if line.isdigit()]
    names = list(audits.totals(found))

    def rows(heading: str, pattern: str) -> list[tuple[str, ...]]:
        below = lines[lines.index(heading) + 1 :]
        return [m.groups() for line in below if (m := re.fullmatch(pattern, line))]

    months = rows("Pictures by month", r"(\d{4}-\d\d|undated)((?: \d+){7})(?: [-\d]+)?")
    ends = "Pictures by the month in which the first of their consents ends"
    return Figures(
        totals=dict(zip(names, totals, strict=True)),
        matrix={
            r[0]: dict(zip(WORDS, map(int, r[1].split()), strict=True))
            for r in rows("Purposes", r"([a-z]+)((?: \d+){4})")
        },
        kinds=added(
            (r[0], int(r[1])) for r in rows("Findings by kind", r"(?:[a-z]+) ([a-z_]+) (\d+)")
        ),
        months={m[0]: tuple(map(int, m[1].split())) for m in months},
        ends={r[0]: int(r[1]) for r in rows(ends, r"(\d{4}-\d\d) (\d+)")} if ends in lines else {},
        packs={
            r[0]: (int(r[1]), int(r[2])) for r in rows("Press packs", r"(P-\d+) .* (\d+) (\d+)")
        },
    )


def all_say(found: Audit, truth: Figures, capsys: pytest.CaptureFixture[str]) -> None:
    assert of_json(found, capsys) == truth
    assert of_csv(found, capsys) == truth
    assert of_page(found) == truth
    assert of_paper(found) == truth


# --- the truth --------------------------------------------------------------------------


def test_every_format_tells_the_truth(
    made: tuple[Path, Truth], capsys: pytest.CaptureFixture[str]
) -> None:
    """As it was made: what was withdrawn waits to be decided again, and is told so already."""
    root, truth = made
    with desk(root) as opened, audit.audit(opened) as found:
        assert found.anew > 0
        all_say(found, figures(truth), capsys)
        rows = {row.asset: row for row in found.rows()}
        assert rows.keys() == truth.photos.keys()
        for asset, photo in truth.photos.items():
            row = rows[asset]
            if row.verdicts:
                assert [v.kinds for v in row.verdicts] == list(photo.wrong.values())
            assert (row.until, row.captured_on) == (last(photo, truth), photo.captured_on)
            assert (row.place, row.programme) == (photo.place, photo.programme)
        told = [(f.severity, f.kind) for f in found.findings()]
        order = ["critical", "high", "medium", "low"]
        assert [t[0] for t in told] == sorted((t[0] for t in told), key=order.index)
        # A picture that stands in the archive all the same is critical, in the sums as well.
        assert found.severities == Counter(told)
        assert found.urgent[Kind.REFUSED] > 0


def last(photo: Known, truth: Truth) -> date | None:
    """Until when an audit says that a photograph is covered: not longer than nobody said no."""
    if photo.disposition != "refused" or photo.until is None:
        return photo.until
    said = truth.day - timedelta(days=400) if photo.scenario.name == "refused" else truth.day
    return min(photo.until, said)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_for_every_purpose(
    made: tuple[Path, Truth], purpose: Purpose, capsys: pytest.CaptureFixture[str]
) -> None:
    root, truth = made
    with desk(root) as opened, audit.audit(opened, Wanted(purpose=purpose)) as found:
        assert of_json(found, capsys) == figures(truth, purpose.value)


ABOUT: dict[str, tuple[Wanted, Callable[[Known], bool]]] = {
    "since": (
        Wanted(since=(NOW - timedelta(days=500)).date()),
        lambda p: p.captured_on is not None and p.captured_on >= (NOW - timedelta(500)).date(),
    ),
    "until": (
        Wanted(until=(NOW - timedelta(days=500)).date()),
        lambda p: p.captured_on is not None and p.captured_on <= (NOW - timedelta(500)).date(),
    ),
    "programme": (Wanted(programme="amal"), lambda p: p.programme == "amal"),
    "place": (Wanted(place="tanger"), lambda p: p.place == "Tanger, MA"),
    "country": (Wanted(place="MA"), lambda p: p.place.endswith("MA")),
    "photographer": (Wanted(photographer="=1+1"), lambda p: p.photographer == "=1+1"),
    "nothing": (Wanted(place="nowhere"), lambda p: False),
}


@pytest.mark.parametrize("about", ABOUT)
def test_about_some(
    made: tuple[Path, Truth], about: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root, truth = made
    wanted, meant = ABOUT[about]
    with desk(root) as opened, audit.audit(opened, wanted) as found:
        all_say(found, figures(truth, meant=meant, everything=False), capsys)


@pytest.mark.parametrize("kind", [Kind.EXPIRING, Kind.REFUSED, Kind.INTEGRITY, Kind.UNREADABLE])
def test_findings_of_one_kind(made: tuple[Path, Truth], kind: Kind) -> None:
    root, truth = made
    with desk(root) as opened, audit.audit(opened, kinds=frozenset({kind})) as found:
        concerned = {
            asset
            for asset, photo in truth.photos.items()
            if photo.kinds("archive", truth.day, 90)[kind.value]
        }
        assert {f.asset for f in found.findings()} == concerned
        assert {row.asset for row in found.rows()} == concerned
        assert found.tally.whole.assets == len(concerned)
        assert found.kinds == {kind: figures(truth).kinds[kind.value]}


@pytest.mark.parametrize("ahead", [0, 1, 30, 120])
def test_as_far_ahead_as_is_asked(made: tuple[Path, Truth], ahead: int) -> None:
    root, truth = made
    with desk(root) as opened, audit.audit(opened, ahead=ahead) as found:
        assert dict(found.kinds) == figures(truth, ahead=ahead).kinds


def test_every_view(made: tuple[Path, Truth]) -> None:
    root, truth = made
    named: dict[str, Callable[[Known], tuple[str, ...]]] = {
        "programme": lambda p: (p.programme or "",),
        "place": lambda p: (p.place,),
        "photographer": lambda p: (p.photographer or "",),
        "subject": lambda p: p.subjects,
        "consent": lambda p: p.consents,
    }
    with desk(root) as opened, audit.audit(opened) as found:
        for view, names in named.items():
            lines = found.lines(View(view))
            counted = Counter(
                (name, p.says("archive")) for p in truth.photos.values() for name in names(p)
            )
            assert {
                (name, d.value): n
                for name, line in lines.items()
                for d, n in line.dispositions.items()
            } == dict(counted)


def test_the_next_day(made: tuple[Path, Truth], capsys: pytest.CaptureFixture[str]) -> None:
    """Consents that ended at midnight are over, though nothing was decided since."""
    root, truth = made
    tomorrow = next_day(truth)
    assert figures(tomorrow) != figures(truth)
    with desk(root, NOW + timedelta(days=1)) as opened, audit.audit(opened) as found:
        all_say(found, figures(tomorrow), capsys)


def test_that_day_asked_later(made: tuple[Path, Truth], capsys: pytest.CaptureFixture[str]) -> None:
    """Two days on, when other consents are over, the answer about the day is the same."""
    root, truth = made
    wanted = figures(of_the_past(truth))
    with desk(root, NOW + timedelta(days=2)) as opened:
        past = at(opened, truth.day)
        with audit.audit(opened, past=past) as found:
            assert (found.as_of, found.doubts) == (truth.day, (NOT_OF_THE_PAST,))
            assert found.severities == Counter((f.severity, f.kind) for f in found.findings())
            all_say(found, wanted, capsys)
    with desk(root, NOW + timedelta(days=2)) as opened:
        meant = ABOUT["programme"]
        with audit.audit(opened, meant[0], past=at(opened, truth.day)) as found:
            some = figures(of_the_past(truth), meant=meant[1], everything=False)
            assert of_json(found, capsys) == some


def test_once_all_is_decided_again_and_under_other_rules(
    made: tuple[Path, Truth], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same truth from what is kept, and from nothing but what was decided for the audit."""
    root, truth = made
    with desk(root, writing=True) as opened, opened.darkroom() as room:
        failed = [outcome for outcome in redecide(opened, room) if outcome.failure is not None]
        assert failed == []
    for photo in truth.photos.values():
        photo.filed &= photo.says("archive") == "approved"
        photo.gone &= photo.filed
    with desk(root) as opened, audit.audit(opened) as found:
        waiting = {p.asset for p in truth.photos.values() if p.scenario.name == "unchecked"}
        assert found.anew <= len(waiting)
        all_say(found, figures(truth, asked=True), capsys)
    rule = root / "rules" / "consent" / "in-time.yaml"
    rule.write_text(rule.read_text() + "# The same rule; the pack has another digest.\n")
    with desk(root) as opened, audit.audit(opened) as found:
        assert found.anew >= COUNT - 20
        all_say(found, figures(truth, asked=True), capsys)
