"""index.html of a press pack: hostile texts, three languages, and how it behaves in a browser."""

from __future__ import annotations

import io
import re
import tracemalloc
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser
from pypdf import PdfReader

from dam.core.errors import StorageError
from dam.core.model import Purpose
from dam.core.packing import Contents
from dam.core.presets import Preset
from dam.render import pack_page
from dam.render.text import outgoing
from tests.pack_contents import CAPTIONS, EVERYTHING, HOSTILE, contents, hostile
from tests.test_audit_page import Watched, browser

__all__ = ["browser"]
_ISOLATES = str.maketrans("", "", "\u2068\u2069")
#: Attributes through which a page can run, load or send something, or open what is elsewhere.
ADDRESSES = (
    "href",
    "src",
    "action",
    "formaction",
    "srcset",
    "data",
    "poster",
    "background",
    "ping",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pack")


@pytest.fixture(scope="module")
def pack(folder: Path) -> Contents:
    return contents(folder, 6)


@pytest.fixture(scope="module")
def index(pack: Contents, folder: Path) -> Path:
    return put(pack, folder)


def put(pack: Contents, folder: Path) -> Path:
    name, data = pack_page.document(pack)
    assert name == "index.html"
    (folder / name).write_bytes(data)
    return folder / name


class Read(HTMLParser):
    """A page as tags with their attributes' names, its texts, and where it leads to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.leads: list[tuple[str, str, str]] = []
        self.handlers: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.leads += [(tag, n, value or "") for n, value in attrs if n in ADDRESSES]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.texts.append(data.translate(_ISOLATES))

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment",))


def read(pack: Contents) -> Read:
    return Read(pack_page.document(pack)[1].decode("utf-8"))


# --- without a browser --------------------------------------------------------------------


def test_it_leads_to_its_pictures_and_to_nothing_else(pack: Contents) -> None:
    found = read(pack)
    assert found.handlers == []
    assert {tag for tag, *_ in found.tags} & {
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "link",
    } == set()
    sources = [value for tag, name, value in found.leads if (tag, name) == ("img", "src")]
    assert len(sources) == 6
    assert all(re.fullmatch(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", value) for value in sources)
    leads = {value for tag, name, value in found.leads if tag == "a"}
    assert leads == {
        *(f"data/{picture.file}" for picture in pack.pictures),
        "#pictures", "#terms", "#credits", "https://amal.example/rights",
        "mailto:photos@amal.example?subject=pk-7f3a91c2",
    }  # fmt: skip
    assert {tag for tag, _, _ in found.leads} == {"a", "img"}


@settings(max_examples=25)
@given(st.text() | st.sampled_from([*HOSTILE.values(), EVERYTHING]))
def test_any_text_is_text(pack: Contents, text: str) -> None:
    """The tags of a page are those of the page with harmless words, whatever the words are."""
    pages = []
    for words in ("harmless", f"x{text}"):
        shown = replace(
            pack.pictures[0],
            captions={"fr": words, "ar": words, "en": words},
            credit=words,
            city=words,
            country=words,
        )
        told = dict.fromkeys(("fr", "ar", "en"), words)
        programme = pack.programmes[0].model_copy(
            update={"title": told, "institution": told, "donor": told, "partners": (words,)}
        )
        pages.append(
            read(
                replace(
                    pack,
                    recipient=words,
                    organisation=words,
                    contact=words,
                    web_statement=words,
                    usage_terms=told,
                    programmes=(programme,),
                    pictures=(shown,),
                )
            )
        )
    bones = [[tag for tag in page.tags if tag != ("br",)] for page in pages]
    assert bones[0] == bones[1]
    assert pages[0].leads == pages[1].leads
    assert outgoing(f"x{text}") in pages[1].texts
    for line in pages[1].texts[:-1]:
        assert not any(
            unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in "\n\u200c\u200d"
            for c in line
        )


def test_only_what_cannot_be_anything_else_becomes_a_link(pack: Contents) -> None:
    for text in (
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.example", "a@b",
        'a@b.example" onclick="x', "https://a.example/\"><b>", "https://a.example/x y", "file:///",
        "https://user@evil.example/", "a@b.example?bcc=c@d.example", "vbscript:x",
        "\x01javascript:alert(1)",
    ):  # fmt: skip
        found = read(replace(pack, contact=text, web_statement=text))
        leads = {value for tag, _, value in found.leads if tag == "a"}
        assert not any(":" in lead or lead.startswith("//") for lead in leads), text


def test_the_file_name_in_a_link_is_only_a_name(pack: Contents) -> None:
    odd = replace(pack.pictures[0], file='images/a"b?c#d%.jpg')
    found = read(replace(pack, pictures=(odd,)))
    assert ("a", "href", "data/images/a%22b%3Fc%23d%25.jpg") in found.leads


def test_the_languages_are_those_of_the_preset(pack: Contents) -> None:
    arabic = replace(pack, preset=Preset(Purpose.PRESS, languages=("ar",)))
    page = pack_page.document(arabic)[1].decode()
    assert '<html lang="ar" dir="rtl">' in page
    assert '<fieldset class="switch">' not in page
    assert 'class="l" lang="fr"' not in page
    assert "Conditions" not in page
    both = replace(pack, preset=Preset(Purpose.PRESS, languages=("en", "fr")))
    page = pack_page.document(both)[1].decode()
    assert '<html lang="en" dir="ltr">' in page
    assert page.index('id="show-en"') < page.index('id="show-fr"')
    assert 'id="show-ar"' not in page


def test_a_caption_in_another_language_is_told_once(pack: Contents) -> None:
    spanish = replace(pack.pictures[0], captions={"es": "Un partido"})
    page = pack_page.document(replace(pack, pictures=(spanish,)))[1].decode()
    assert '<p class="caption" lang="es" dir="ltr">Un partido</p>' in page
    assert page.count('<p class="caption other" lang="es" dir="ltr">Un partido</p>') == 2


def test_a_picture_without_a_caption_says_which_it_is(pack: Contents) -> None:
    bare = replace(pack.pictures[1], captions={})
    page = pack_page.document(replace(pack, pictures=(pack.pictures[0], bare)))[1].decode()
    assert 'alt="Photo 2 sur 2" lang="fr"' in page


def test_a_small_picture_that_is_gone_is_told_in_one_line(pack: Contents, tmp_path: Path) -> None:
    gone = replace(pack.pictures[0], thumb=str(tmp_path / "gone.jpg"))
    with pytest.raises(StorageError, match=r"^The small picture of k7q2mz0000 cannot be read \(No"):
        pack_page.document(replace(pack, pictures=(gone,)))


def test_small_pictures_are_read_one_by_one(pack: Contents, tmp_path: Path) -> None:
    """A page of 120 pictures of 60 kB: never more of them in memory than stand in the page."""
    thumb = tmp_path / "thumb.jpg"
    thumb.write_bytes(Path(pack.pictures[0].thumb).read_bytes().ljust(60_000, b"\0"))
    many = replace(pack, pictures=(replace(pack.pictures[0], thumb=str(thumb)),) * 120)
    for _ in pack_page.pieces(replace(pack, pictures=())):
        pass
    tracemalloc.start()
    size = sum(len(piece) for piece in pack_page.pieces(many))
    _, streamed = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    _, data = pack_page.document(many)
    _, whole = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 9e6
    assert streamed < 4e6
    assert whole < len(data) * 1.3 + 4e6


def test_it_is_made_where_the_preset_asks_for_it(pack: Contents) -> None:
    assert [name for name, _ in pack_page.documents(pack)] == ["index.html"]
    without = replace(pack, preset=Preset(Purpose.PRESS, texts=("captions", "terms")))
    assert list(pack_page.documents(without)) == []


def test_the_same_pack_has_the_same_page(pack: Contents) -> None:
    assert pack_page.document(pack) == pack_page.document(replace(pack))


# --- in a browser -------------------------------------------------------------------------


def visible(seen: Watched) -> int:
    return seen.page.locator(".picture:visible").count()


def lines(seen: Watched, selector: str) -> list[str]:
    found = seen.page.locator(f"{selector}:visible").all_inner_texts()
    return [text.translate(_ISOLATES) for text in found]


def test_looking_through_it(pack: Contents, index: Path, browser: Browser) -> None:
    seen = Watched(browser, index)
    assert seen.page.title() == pack.programmes[0].title["fr"]
    assert len(lines(seen, "h1")) == 3
    assert visible(seen) == 6
    assert seen.page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    # Beside each other: the three blocks of a picture stand at the same height.
    tops = seen.page.locator(".picture >> nth=0 >> .l").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().top)"
    )
    assert len(set(tops)) == 1

    search = seen.page.locator("#search")
    search.fill("THEATRE repetition")
    assert visible(seen) == 2
    assert seen.page.locator("#shown").inner_text() == "2 / 6"
    search.fill("شباباً مهاجرين")
    assert visible(seen) == 2
    search.fill("20211118-000003")
    assert visible(seen) == 1
    search.fill("nobody wrote this")
    assert visible(seen) == 0
    assert "Aucune photo" in "".join(lines(seen, "#nothing"))
    search.fill("")
    assert visible(seen) == 6

    seen.page.locator(".frame").first.click()
    seen.page.wait_for_url("**/data/images/20211118-000000.jpg")
    assert seen.page.evaluate("document.images[0].naturalWidth") == 960
    seen.page.go_back()
    assert visible(seen) == 6
    asked = [url for url in seen.asked if not url.startswith("data:image/jpeg")]
    assert set(asked) == {
        index.as_uri(), (index.parent / "data" / pack.pictures[0].file).as_uri(),
    }  # fmt: skip
    assert seen.said == []


@pytest.mark.parametrize("lang", ["fr", "ar", "en"])
def test_one_language_alone(pack: Contents, index: Path, browser: Browser, lang: str) -> None:
    seen = Watched(browser, index)
    seen.page.locator(f"#show-{lang}").focus()
    seen.page.keyboard.press("Space")
    assert lines(seen, "h1") == [pack.programmes[0].title[lang]]
    assert seen.page.title() == pack.programmes[0].title[lang]
    direction = "rtl" if lang == "ar" else "ltr"
    assert seen.page.evaluate("getComputedStyle(document.body).direction") == direction
    assert seen.page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == [
        lang, direction,
    ]  # fmt: skip
    assert {one.strip() for one in lines(seen, ".caption")} == {
        CAPTIONS[number].get(lang) or CAPTIONS[number].get("fr", "") for number in (0, 1, 2)
    }
    first = seen.page.locator(".picture img").first
    assert first.get_attribute("alt") == CAPTIONS[0][lang]
    assert first.get_attribute("lang") == lang
    boxes = [seen.page.locator(".picture").nth(n).bounding_box() for n in (0, 1)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert (boxes[0]["x"] > boxes[1]["x"]) is (lang == "ar")
    assert seen.said == []


def test_by_keyboard_alone(index: Path, browser: Browser) -> None:
    seen = Watched(browser, index)
    reached = []
    for _ in range(20):
        seen.page.keyboard.press("Tab")
        reached.append(
            seen.page.evaluate(
                "document.activeElement.id || document.activeElement.getAttribute('href')"
            )
        )
    assert reached[:3] == ["show-all", "search", "mailto:photos@amal.example?subject=pk-7f3a91c2"]
    assert "data/images/20211118-000000.jpg" in reached
    seen.page.locator("#show-all").focus()
    seen.page.keyboard.press("ArrowRight")
    seen.page.keyboard.press("ArrowRight")
    assert seen.page.evaluate("document.documentElement.lang") == "ar"
    seen.page.locator(".frame").nth(1).focus()
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url("**/data/images/20211118-000001.jpg")


def test_on_a_phone_nothing_sticks_out(pack: Contents, browser: Browser, tmp_path: Path) -> None:
    long = replace(pack.pictures[0], captions={"fr": "w" * 300}, credit="c" * 200)
    seen = Watched(browser, put(replace(pack, pictures=(long, *pack.pictures)), tmp_path))
    for width in (320, 390, 768):
        seen.page.set_viewport_size({"width": width, "height": 800})
        for lang in ("all", "fr", "ar", "en"):
            seen.page.locator(f"#show-{lang}").check()
            wide = seen.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (width, lang)


def test_without_scripts(pack: Contents, index: Path, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(index.as_uri())
    assert page.locator(".picture:visible").count() == 6
    assert not page.locator("#search:visible").count()
    assert page.locator("h1:visible").count() == 3
    page.locator("#show-ar").check()
    assert page.locator("h1:visible").all_inner_texts() == [pack.programmes[0].title["ar"]]
    context.close()


def test_hostile_texts_stay_texts(browser: Browser, tmp_path: Path) -> None:
    pack = hostile(tmp_path)
    seen = Watched(browser, put(pack, tmp_path))
    for lang in ("all", "fr", "ar", "en"):
        seen.page.locator(f"#show-{lang}").check()
        body = seen.page.locator("body").inner_text().translate(_ISOLATES)
        for text in ("<script>window.owned=1</script>", "onerror='window.owned=1'>", "{{ 7*7 }}"):
            assert text in body, lang
        assert r"\x1b]52;c;" in body
        assert r"\u202egpj.exe" in body
        assert not any(unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\t" for c in body)
    assert seen.page.evaluate("window.owned") is None
    assert seen.page.locator('a[href*="javascript"], a[href*="evil"]').count() == 0
    assert all(url.startswith(("data:image/jpeg", tmp_path.as_uri())) for url in seen.asked)
    assert seen.said == []
    # What somebody would plant is not run either: nothing but what stands in the file may.
    seen.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.owned=1\">')"
    )
    seen.page.wait_for_timeout(100)
    assert seen.page.evaluate("window.owned") is None
    assert seen.said, "the policy says what it refuses"


def test_printed(pack: Contents, index: Path, browser: Browser) -> None:
    """A language alone: pictures, then terms and credits from a new page on; no buttons."""
    seen = Watched(browser, index)
    seen.page.locator("#show-fr").check()
    printed = PdfReader(io.BytesIO(seen.page.pdf(prefer_css_page_size=True)))
    told = [page.extract_text() for page in printed.pages]
    assert 2 <= len(told) <= 4
    assert "Un match de football" in told[0]
    assert "Conditions" in told[1]
    assert "Langue" not in "".join(told)
    assert "Terms of use" not in "".join(told)
