"""The documentation as a site: its generated pages are current, it builds without the network and
loads nothing from it, and pages in Arabic run from right to left.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from handbook import layers, pages, pictures, recording
from tests.documents import ROOT
from tests.documents import pages as documents
from tests.test_audit_page import browser

__all__ = ["browser"]
GUIDES = ROOT / "docs" / "guides"
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")


@pytest.mark.parametrize("name", pages.made(ROOT))
def test_generated_pages_are_current(name: str) -> None:
    """Otherwise: make pages."""
    assert (ROOT / name).read_text("utf-8") == pages.made(ROOT)[name]


def test_the_picture_of_the_layers_follows_the_contract() -> None:
    contract = (ROOT / "pyproject.toml").read_text("utf-8")
    drawn = layers.picture(contract)
    assert drawn.index("dam/cli") < drawn.index("dam/flows") < drawn.index("dam/core")
    swapped = contract.replace(
        '"dam.flows | dam.render", "dam.adapters"', '"dam.adapters", "dam.flows | dam.render"'
    )
    assert swapped != contract
    moved = layers.picture(swapped)
    assert moved.index("dam/cli") < moved.index("dam/adapters") < moved.index("dam/flows")
    less = contract.replace('    "dam.adapters.metadata -> dam.adapters.iptc",\n', "")
    assert "metadata → exif, iptc, xmp" in drawn
    assert "metadata → exif, xmp" in layers.picture(less)


# --- the site -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, every warning an error, built from a copy so that the checkout stays clean."""
    place = tmp_path_factory.mktemp("site")
    for name in ("docs", "handbook"):
        shutil.copytree(ROOT / name, place / name)
    shutil.copy(ROOT / "zensical.toml", place)
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict", "--clean"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "issue" not in done.stdout.replace("No issues found", "")
    return place / "site"


class Loads(HTMLParser):
    """What a browser would fetch of a page by itself."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        wanted = [told.get("src"), told.get("srcset"), told.get("poster"), told.get("data")]
        if tag == "link" and told.get("rel") not in ("canonical", "next", "prev", "alternate"):
            wanted.append(told.get("href"))
        self.found += [address for address in wanted if address]


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    built = sorted(site.rglob("*.html"))
    assert len(built) > 30
    for page in built:
        assert [u for u in Loads(page).found if re.match(r"(?:https?:)?//", u)] == [], page.name
    for sheet in (*site.rglob("*.css"), *site.rglob("*.svg")):
        text = sheet.read_text("utf-8")
        assert not re.search(r"(?:url\(|@import|href=)\W{0,2}(?:https?:)?//", text), sheet.name


def test_every_page_is_in_the_navigation() -> None:
    told = (ROOT / "zensical.toml").read_text("utf-8")
    shown = {str(path.relative_to(ROOT / "docs")) for path in documents()[1:]}
    assert shown == set(re.findall(r'"([^"]+\.md)"', told))


def asked(browser: Browser, page: Path) -> Iterator[str]:
    """What is asked for while a page is open, and the words of its body's direction at the end."""
    seen: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    tab.on("request", lambda request: seen.append(request.url))
    tab.goto(page.as_uri())
    yield str(tab.evaluate("getComputedStyle(document.body).direction"))
    yield str(tab.evaluate("document.documentElement.lang"))
    yield str(tab.evaluate("getComputedStyle(document.querySelector('article pre')).direction"))
    wide = "[...document.querySelectorAll('article > *')].some(e => e.scrollWidth > 1280)"
    yield str(tab.evaluate(wide))
    yield from seen
    context.close()


@pytest.mark.parametrize(("lang", "direction"), [("en", "ltr"), ("fr", "ltr"), ("ar", "rtl")])
def test_in_a_browser(lang: str, direction: str, site: Path, browser: Browser) -> None:
    page = site / "guides" / lang / "photographer.html"
    found, language, code, wide, *urls = asked(browser, page)
    assert (found, language, code, wide) == (direction, lang, "ltr", "False")
    assert urls[0] == page.as_uri()
    assert [url for url in urls if not url.startswith(("file:", "data:", "blob:"))] == []


# --- words --------------------------------------------------------------------------------


def prose(page: Path) -> str:
    """A page without code, addresses and front matter."""
    text = re.sub(r"^---\n.*?^---\n|^```.*?^```\n", "", page.read_text("utf-8"), flags=re.M | re.S)
    return re.sub(r"`[^`]*`|\]\([^)]*\)", "]", text)


@pytest.mark.parametrize("page", sorted(GUIDES.glob("fr/*.md")), ids=lambda p: p.stem)
def test_french_has_its_spaces(page: Path) -> None:
    text = prose(page)
    assert re.findall(r".{0,12}[^\s\u00a0|:-][:;?!»](?=\s|$)", text) == []
    assert re.findall(r".{0,12} [:;?!»]|« ", text) == []


@pytest.mark.parametrize("page", sorted(GUIDES.glob("ar/*.md")), ids=lambda p: p.stem)
def test_arabic_has_its_signs(page: Path) -> None:
    text = prose(page)
    assert re.findall(r"[\u0600-\u06ff] ?[,;?]", text) == []
    assert "\u200e" not in text
    assert "\u200f" not in text


def test_guides_say_the_same_in_every_language() -> None:
    """As many headings, blocks and links in each: what is added in one is missing in the others."""
    for guide in sorted(GUIDES.glob("en/*.md")):
        others = list(GUIDES.glob(f"*/{guide.name}"))
        assert {p.parent.name for p in others} >= {"en", "fr"}
        shapes = {p.parent.name: shape(p) for p in others}
        assert len(set(shapes.values())) == 1, shapes


def shape(page: Path) -> tuple[int, int, int]:
    text = page.read_text("utf-8")
    headings, code = re.findall("^## ", text, re.M), re.findall("^```\\w", text, re.M)
    return len(headings), len(code), len(re.findall(r"^\| ", text, re.M))


# --- the tutorial and the pictures ---------------------------------------------------------


def test_pictures_are_small_and_shown() -> None:
    shown = "".join(page.read_text("utf-8") for page in documents())
    for file in (ROOT / "docs" / "pictures").iterdir():
        assert file.name in shown, file.name
        assert file.stat().st_size < 150_000, file.name


def test_the_tutorial_has_an_answer_to_each_command() -> None:
    told = pictures.blocks(TUTORIAL)
    assert len(told) == TUTORIAL.count("```console") > 8
    assert all(step.coloured for step in told)
    again = pictures.told(TUTORIAL, told)
    assert again == TUTORIAL
    with pytest.raises(ValueError, match="does not run"):
        pictures.told(TUTORIAL, told[:3])


@pytest.mark.slow
def test_the_tutorial_tells_what_the_demo_prints(tmp_path: Path) -> None:
    """Otherwise: make pictures. Ids, days, hashes and the order of lines differ between runs."""
    found = alike(recording.record(ROOT, tmp_path / "demo", "--scale", str(360 / 1800)))
    told = alike(pictures.blocks(TUTORIAL))
    ahead = iter(found)
    for command, lines in told:
        printed = next((p for c, p in ahead if c == command), None)
        assert printed == lines, command


def alike(steps: list[recording.Step]) -> list[tuple[str, list[str]]]:
    """Commands and the lines that they printed in order, without what differs from run to run."""
    listed = next(step.plain for step in steps if step.command.endswith(" list"))
    ids = "|".join(re.findall(r"^(\w{8}) +(?:approved|held|refused)\b", listed, re.M))

    def bare(text: str) -> str:
        text = re.sub(rf"\b(?:{ids})\b", "ASSET", text)
        text = re.sub(r"\b[0-9a-f]{64}\b", "HASH", text)
        text = re.sub(r"\bP-\d{8}-\w{10}\b", "PACK", text)
        text = re.sub(r"20\d\d-\d\d-\d\d", "DAY", text)
        return re.sub(r" +", " ", re.sub(r"\d+ events", "N events", text))

    return [(bare(s.command), sorted(bare(s.plain).splitlines())) for s in steps]
