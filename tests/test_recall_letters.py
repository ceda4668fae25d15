"""The letters of a recall, made of data: what is in them, and that nothing in them acts."""

from __future__ import annotations

import email
import io
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import Browser

from dam.core.recalls import (
    Named,
    Notice,
    address,
)
from dam.render import recall_mail, recall_page, recall_texts, recalls
from tests.pack_contents import EVERYTHING, HOSTILE
from tests.test_audit_page import Watched, browser
from tests.test_pack_page import Read

__all__ = ["browser"]
LANGS = ("fr", "ar", "en")
_ISOLATES = str.maketrans("", "", "\u2068\u2069\u200f\ufeff\n ")


DAY = date(2026, 3, 1)
NOTICE = Notice(
    recall="R-20260301-abcdefghjk", number=1, kind="notice", pack="P-20260101-qrstvwxyz0",
    recipient="Le Matin", organisation="Association Amal", contact="protection@amal.example",
    given_on=date(2026, 1, 1), day=DAY, at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    deadline=date(2026, 3, 15), territory="MA",
    files=(Named("images/20211118-k7q2mz.jpg"), Named("images/20211118-b3x9aa.jpg")),
)  # fmt: skip


def parsed(notice: Notice) -> EmailMessage:
    data = recall_mail.document(notice)
    assert data is not None
    found = email.message_from_bytes(data, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def test_the_mail_is_ready_to_be_sent() -> None:
    thumb = b"\xff\xd8not looked at\xff\xd9"
    notice = replace(NOTICE, files=(Named("images/a.jpg", thumb), NOTICE.files[1]))
    found = parsed(notice)
    assert [part.defects for part in found.walk()] == [[]] * 5
    assert all(not value.defects for _, value in found.items())
    assert sorted(found) == sorted((
        "From", "Reply-To", "To", "Subject", "Date", "Message-ID", "MIME-Version",
        "Content-Type", "Content-Language",
    ))  # fmt: skip
    assert str(found["From"]) == "Association Amal <protection@amal.example>"
    assert found["Reply-To"] == found["From"]
    assert found["To"].addresses == ()
    assert found["To"].groups[0].display_name == "Le Matin"
    assert found["Message-ID"] == "<R-20260301-abcdefghjk.1@amal.example>"
    assert found["Date"].datetime == NOTICE.at
    subject = str(found["Subject"])
    assert subject.startswith("P-20260101-qrstvwxyz0: Photos à ne plus utiliser · ")
    assert subject.endswith(" · Pictures to stop using")
    types = [part.get_content_type() for part in found.walk()]
    assert types == ["multipart/alternative", "text/plain", "multipart/related", "text/html",
                     "image/jpeg"]  # fmt: skip
    plain = found.get_body(("plain",))
    assert plain is not None
    text = plain.get_content()
    for each in notice.files:
        assert text.count(each.file) == 3
    for day in ("15 mars 2026", "15 March 2026", "15 مارس 2026", "1er janvier 2026"):
        assert day.replace(" ", "") in text.translate(_ISOLATES)
    raw = recall_mail.document(notice) or b""
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert recall_mail.document(notice) == raw
    assert str(parsed(replace(NOTICE, to="photo@lematin.example"))["To"]) == (
        "Le Matin <photo@lematin.example>"
    )


def test_another_program_reads_the_mail(tmp_path: Path) -> None:
    if shutil.which("munpack") is None:
        pytest.skip("there is no munpack on this machine (Debian: apt-get install mpack)")
    thumb = b"\xff\xd8not looked at\xff\xd9"
    data = recall_mail.document(replace(NOTICE, files=(Named("images/a.jpg", thumb),)))
    (tmp_path / "letter.eml").write_bytes(data or b"")
    done = subprocess.run(["munpack", "-t", "-q", "letter.eml"], cwd=tmp_path, capture_output=True,
                          timeout=60)  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = [path.read_bytes() for path in tmp_path.iterdir() if path.name != "letter.eml"]
    assert thumb in found
    assert any("Photo à ne plus utiliser".encode() in one and b"<html" not in one for one in found)
    assert any(b'<article lang="ar" dir="rtl">' in one for one in found)


@settings(max_examples=15)
@given(st.text() | st.sampled_from([*HOSTILE.values(), EVERYTHING, "a\r\nBcc: x@y.example", ""]))
def test_no_name_adds_a_header_or_a_tag(text: str) -> None:
    plain = parsed(replace(NOTICE, recipient="x", organisation="x"))
    hostile = replace(NOTICE, recipient=f"x{text}", organisation=text)
    found = parsed(hostile)
    assert sorted(found) == sorted(plain)
    assert [p.get_content_type() for p in found.walk()] == [
        p.get_content_type() for p in plain.walk()
    ]
    assert found["Reply-To"].addresses[0].addr_spec == "protection@amal.example"
    assert found["To"].addresses == ()
    for lang in LANGS:
        pages = [Read(recall_page.document(n, lang).decode()) for n in (NOTICE, hostile)]
        assert pages[0].tags == pages[1].tags
        assert pages[1].handlers == []
        assert {lead for _, _, lead in pages[1].leads} == {
            "mailto:protection@amal.example?subject=R-20260301-abcdefghjk"
        }
        rows = recall_texts.text(hostile, lang)
        assert all(char == "\n" or char.isprintable() for char in rows.translate(
            str.maketrans("", "", "\u2068\u2069\u200f\u200c\u200d\xa0")))  # fmt: skip


@given(st.text() | st.sampled_from(["+212 600 000 000", "a@b", "x@amal.example\nBcc: y@z.example",
                                    *HOSTILE.values()]))  # fmt: skip
@settings(max_examples=15)
def test_a_contact_that_is_no_address_makes_no_mail(text: str) -> None:
    notice = replace(NOTICE, contact=text)
    named = dict(recalls.documents(notice))
    assert (f"{notice.name}.eml" in named) == bool(address(text))
    assert len(named) >= 6
    for lang in LANGS:
        leads = Read(recall_page.document(notice, lang).decode()).leads
        assert bool(leads) == bool(address(text))


@pytest.mark.parametrize("lang", LANGS)
def test_a_letter_is_read_with_one_and_with_many(lang: str) -> None:
    for n in (1, 2, 3, 11, 100):
        for kind in ("notice", "reminder"):
            notice = replace(
                NOTICE, kind=kind, asked_on=DAY,
                files=tuple(Named(f"images/{i:03}.jpg") for i in range(n)),
            )  # fmt: skip
            text = recall_texts.text(notice, lang)
            assert "{" not in text
            assert all(len(row.translate(_ISOLATES)) <= 80 for row in text.split("\n"))
            assert text.count("images/") == n
            assert recalls_equal(notice)


def recalls_equal(notice: Notice) -> bool:
    return list(recalls.documents(notice)) == list(recalls.documents(notice))


def test_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    small = io.BytesIO()
    Image.new("RGB", (36, 24), "red").save(small, "JPEG")
    notice = replace(
        NOTICE, recipient=EVERYTHING, organisation=EVERYTHING,
        files=(Named("images/a.jpg", small.getvalue()), Named("images/b.jpg", None, "erased")),
    )  # fmt: skip
    for lang in LANGS:
        file = tmp_path / f"{lang}.html"
        file.write_bytes(recall_page.document(notice, lang))
        seen = Watched(browser, file)
        asked = [url for url in seen.asked if not url.startswith("data:")]
        assert (asked, seen.said) == ([file.as_uri()], [])
        assert seen.page.evaluate("window.owned") is None
        assert seen.page.evaluate("document.querySelector('img').naturalWidth") == 36
        assert seen.page.locator("script").count() == 0
        assert "<script>window.owned=1</script>" in seen.page.locator("body").inner_text()
        right_to_left = lang == "ar"
        for tag in ("html", "article", "h1", "ol"):
            way = seen.page.evaluate(f"getComputedStyle(document.querySelector('{tag}')).direction")
            assert way == ("rtl" if right_to_left else "ltr")
        box = seen.page.locator("h1").bounding_box()
        assert box is not None
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
