"""The audit as one HTML file: its figures, and how it behaves in a browser without a network."""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from dam.core import errors
from tests import photos
from tests.test_audit import audit, make
from tests.test_consents import spoken, written
from tests.workspaces import Workspace, once

CHROMIUM = shutil.which("chromium")
SCRIPT = "<script>document.title='owned'</script>"
IMAGE = '"><img src=x onerror="document.title=1">'
_ISOLATES = str.maketrans("", "", "\u2068\u2069")


def hostile(root: Path) -> None:
    """The known workspace, a town and a recipient that would like to be more than text."""
    make(root)
    workspace = Workspace(root / "w")
    workspace.drop(
        "town.jpg",
        photos.plain(8),
        written(spoken(8) | {"location": {"country": "MA", "city": SCRIPT}}),
    )
    workspace.ingest()
    workspace.run("export", "press", "--recipient", IMAGE, "--out", str(root / "second"))


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(once(tmp_path_factory, "page", hostile) / "w")


def page_of(workspace: Workspace, target: Path, *words: str, lang: str = "en") -> str:
    workspace.run("--lang", lang, "audit", "--format", "html", "--out", str(target), *words)
    return target.read_text("utf-8")


class Tables(HTMLParser):
    """The tables of a page by their id, rows of cells as text; and the totals."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.totals: dict[str, int] = {}
        self._rows: list[list[str]] = []
        self._cell: list[str] | None = None
        self._total = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "table":
            self._rows = self.tables.setdefault(str(said["id"]), [])
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._cell = []
        elif tag == "li":
            self._total = str(said["data-name"])

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self._rows[-1].append("".join(self._cell).translate(_ISOLATES).strip())
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)
        elif self._total and data.strip().isdigit():
            self.totals[self._total] = int(data)
            self._total = ""


def test_every_figure_is_that_of_the_json(workspace: Workspace, tmp_path: Path) -> None:
    told = audit(workspace)
    page = Tables(page_of(workspace, tmp_path / "audit.html"))
    assert page.totals == told["totals"]
    dispositions = ("approved", "held", "refused", "quarantined")
    matrix = {row[0]: [int(cell) for cell in row[1:]] for row in page.tables["matrix"][1:]}
    assert matrix == {p: [sums[d] for d in dispositions] for p, sums in told["matrix"].items()}
    kinds = {row[1]: int(row[2]) for row in page.tables["kinds"][1:]}
    assert kinds == told["kinds"]
    months = {row[0]: [int(cell) for cell in row[1:8]] for row in page.tables["months"][1:]}
    assert months == {
        month: [line[name] for name in ("assets", *dispositions, "with_minors", "covered")]
        for month, line in told["months"].items()
    }
    assert {row[0]: int(row[1]) for row in page.tables["ends"][1:]} == told["ends"]
    assert [row[0] for row in page.tables["packs"][1:]] == [p["pack"] for p in told["packs"]]
    found = [(row[0], row[1], row[2], row[4]) for row in page.tables["findings"][1:]]
    assert found == [
        (f["severity"], f["kind"], f["asset"] or "", f["message"]) for f in told["findings"]
    ]
    rows = [(row[0], row[1], row[2], int(row[6]), int(row[7])) for row in page.tables["assets"][1:]]
    assert rows == [
        (r["asset"], r["disposition"], r["captured_on"], r["people"], r["minors"])
        for r in told["assets"]
    ]


@pytest.mark.parametrize("by", ["photographer", "place", "programme", "subject", "consent"])
def test_what_somebody_asks_to_sum_up_by_is_there(
    workspace: Workspace, tmp_path: Path, by: str
) -> None:
    told = audit(workspace, "--by", by)["by"]
    page = Tables(page_of(workspace, tmp_path / "audit.html", "--by", by))
    heading, *rows = page.tables["by"]
    assert heading[:2] == [by, "photos"]
    names = ("assets", "approved", "held", "refused", "quarantined", "with_minors", "covered")
    assert {row[0]: [int(cell) for cell in row[1:8]] for row in rows} == {
        name or "not stated": [line[n] for n in names] for name, line in told.items()
    }
    assert "by" not in Tables(page_of(workspace, tmp_path / "plain.html")).tables


def test_it_is_a_new_file_of_its_owner(workspace: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "audit.html"
    page_of(workspace, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    before = target.read_bytes()
    words = ("audit", "--format", "html", "--out", str(target))
    assert "exists" in workspace.run(*words, code=errors.USAGE).stderr.decode()
    assert target.read_bytes() == before
    nowhere = ("audit", "--format", "html", "--out", str(tmp_path / "no" / "audit.html"))
    assert "is no folder" in workspace.run(*nowhere, code=errors.USAGE).stderr.decode()
    assert sorted(tmp_path.iterdir()) == [target]
    table = ("audit", "--out", str(tmp_path / "audit.txt"), "--thumbnails")
    assert "--thumbnails is for" in workspace.run(*table, code=errors.USAGE).stderr.decode()
    for format_ in ("table", "json", "csv"):
        place = tmp_path / format_
        assert not workspace.run("audit", "--format", format_, "--out", str(place)).stdout
        assert place.read_bytes() == workspace.run("audit", "--format", format_).stdout


def test_pictures_only_of_what_may_be_used(workspace: Workspace, tmp_path: Path) -> None:
    told = audit(workspace, "--purpose", "web")
    assert "<img" not in page_of(workspace, tmp_path / "without.html")
    page = page_of(workspace, tmp_path / "with.html", "--thumbnails", "--purpose", "web")
    shown = set(re.findall(r'<img src="data:image/jpeg;base64,[^"]+" alt="([^"]+)"', page))
    may = {row["asset"] for row in told["assets"] if "web" in row["purposes"]}
    assert shown == may != set()
    assert len(may) < len(told["assets"])
    (sample,) = re.findall(r'base64,([^"]+)"', page)[:1]
    assert b"Exif" not in sample.encode()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as tools:
        found = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


class Watched:
    """A page in the browser, with all that it asked for and complained of."""

    def __init__(self, browser: Browser, file: Path) -> None:
        self.page: Page = browser.new_page(viewport={"width": 1200, "height": 800})
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.goto(file.as_uri())

    def column(self, table: str, number: int) -> list[str]:
        rows = self.page.locator(f"#{table} tbody tr:visible")
        cells = rows.locator(f":scope > :nth-child({number})").all_inner_texts()
        return [cell.translate(_ISOLATES).strip() for cell in cells]

    def filter(self, table: str, text: str) -> None:
        self.page.locator(f'.tools[data-for="{table}"] .search').fill(text)

    def sort(self, table: str, number: int) -> None:
        self.page.locator(f"#{table} thead th:nth-child({number}) button").click()


def test_in_a_browser(workspace: Workspace, browser: Browser, tmp_path: Path) -> None:
    told = audit(workspace)
    file = tmp_path / "audit.html"
    page_of(workspace, file, "--thumbnails")
    seen = Watched(browser, file)
    assert seen.page.title().startswith("Consent audit of")
    body = seen.page.locator("body").inner_text().translate(_ISOLATES)
    assert SCRIPT in body
    assert IMAGE in body

    seen.sort("assets", 1)
    assert seen.column("assets", 1) == sorted(row["asset"] for row in told["assets"])
    seen.sort("assets", 1)
    assert seen.column("assets", 1) == sorted((r["asset"] for r in told["assets"]), reverse=True)
    heading = seen.page.locator("#assets thead th:nth-child(1)")
    assert heading.get_attribute("aria-sort") == "descending"

    kind = seen.page.locator('.tools[data-for="findings"] .choice').nth(1)
    kind.select_option("expired")
    assert seen.column("findings", 2) == ["expired"]
    kind.select_option("")
    seen.filter("findings", "s-0004")
    assert seen.column("findings", 2) == ["refused"]
    shown = seen.page.locator('.tools[data-for="findings"] .shown').inner_text()
    assert shown == f"1 of {len(told['findings'])} lines"
    seen.filter("findings", "")
    seen.sort("findings", 1)
    order = ["critical", "high", "medium", "low"]
    severities = seen.column("findings", 1)
    assert severities == sorted(severities, key=order.index)
    assert len(severities) == len(told["findings"])

    assert seen.page.locator("#assets img").count() > 0
    assert seen.page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert seen.asked[:1] == [file.as_uri()]
    assert all(url.startswith("data:image/jpeg") for url in seen.asked[1:])
    assert seen.said == []
    # What somebody would plant there is not run: nothing but what stands in the file may.
    seen.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.owned=1\">')"
    )
    seen.page.wait_for_timeout(100)
    assert seen.page.evaluate("window.owned") is None
    assert seen.said, "the policy says what it refuses"


def test_in_arabic(workspace: Workspace, browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "audit.html"
    page_of(workspace, file, lang="ar")
    seen = Watched(browser, file)
    assert seen.page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    first = seen.page.locator("#matrix thead th:nth-child(1)").bounding_box()
    last = seen.page.locator("#matrix thead th:nth-child(5)").bounding_box()
    assert first is not None
    assert last is not None
    assert first["x"] > last["x"]
    assert seen.said == []


def test_without_scripts_all_is_there(
    workspace: Workspace, browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "audit.html"
    page_of(workspace, file)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("#assets tbody tr:visible").count() == len(audit(workspace)["assets"])
    assert not page.locator(".tools:visible").count()
    context.close()
