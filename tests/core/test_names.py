"""Names compare, show and claim as the design says, whatever bytes they are."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core import names
from dam.core.names import Role

ANY_NAME = st.binary(max_size=255) | st.text(max_size=80).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)


@given(ANY_NAME)
def test_a_key_is_stable(name: bytes) -> None:
    assert names.key(names.key(name)) == names.key(name)


@given(st.text(max_size=60))
def test_unicode_form_makes_no_difference(text: str) -> None:
    forms = {names.key(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}
    assert len(forms) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IMG_1.JPG", "img_1.jpg"),
        ("Éte\u0301.jpg", "e\u0301té.JPG"),
        ("STRASSE.jpg", "straße.jpg"),
        ("صورة.JPG", "صورة.jpg"),
    ],
)
def test_case_and_form_are_one_key(one: str, other: str) -> None:
    assert names.key(one) == names.key(other.encode())


def test_other_names_have_other_keys() -> None:
    assert names.key("IMG_1.JPG") != names.key("IMG_1.JPEG")
    assert names.key(b"\xff.jpg") != names.key(b"\xfe.jpg")


@given(ANY_NAME)
def test_shown_names_are_harmless(name: bytes) -> None:
    shown = names.show(name)
    shown.encode("utf-8")
    assert shown.isprintable()
    assert not {unicodedata.bidirectional(char) for char in shown} & {"RLO", "LRO", "RLE", "RLI"}


@given(ANY_NAME, ANY_NAME)
def test_shown_names_stay_distinct(one: bytes, other: bytes) -> None:
    assert (names.show(one) == names.show(other)) == (one == other)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"a\nb.jpg", r"a\u000ab.jpg"),
        (b"\x1b]52;c;x\x07.jpg", r"\u001b]52;c;x\u0007.jpg"),
        ("\u202egpj.exe".encode(), r"\u202egpj.exe"),
        (b"\xff\xfe.jpg", r"\xff\xfe.jpg"),
        (rb"a\xff", r"a\\xff"),
        (b"-rf", "-rf"),
        ("طنجة é.jpg".encode(), "طنجة é.jpg"),
        ("a\u3000\u200bb\U000e0041".encode(), r"a\u3000\u200bb\U000e0041"),
    ],
)
def test_hostile_names_are_shown_escaped(name: bytes, shown: str) -> None:
    assert names.show(name) == shown


@given(ANY_NAME)
def test_every_name_claims_something(name: bytes) -> None:
    said = names.claim(name)
    assert (said.role is Role.OTHER) == bool(said.reason)
    assert said.role is Role.OTHER or not said.unread


PHOTOGRAPHS = (
    "a.jpg A.JPG a.JPEG a.jpe a.tif a.TIFF a.png a.webp a.heic a.HEIF a.avif a.hif a.CR3 a.dng "
    "a.b.jpg -rf.jpg consent-workshop.jpg"
)


@pytest.mark.parametrize("name", PHOTOGRAPHS.split())
def test_photographs(name: str) -> None:
    assert names.claim(name.encode()).role is Role.PHOTO


@pytest.mark.parametrize(
    ("name", "role", "target", "whole"),
    [
        (b"IMG_1.JPG.consent.yaml", Role.SIDECAR, b"IMG_1.JPG", True),
        (b"IMG_1.JPG.Consent.YML", Role.SIDECAR, b"IMG_1.JPG", True),
        (b"IMG_1.consent.json", Role.SIDECAR, b"IMG_1", False),
        (b"\xff.consent.json", Role.SIDECAR, b"\xff", False),
        (b"consent.yaml", Role.SHOOT, b"", False),
        (b"CONSENT.JSON", Role.SHOOT, b"", False),
        (b"Consent.CSV", Role.SHOOT, b"", False),
        (b"IMG_1.JPG.xmp", Role.XMP, b"IMG_1.JPG", True),
        (b"IMG_1.XMP", Role.XMP, b"IMG_1", False),
    ],
)
def test_sidecars(name: bytes, role: Role, target: bytes, whole: bool) -> None:
    said = names.claim(name)
    assert (said.role, said.target, said.whole) == (role, target, whole)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("photo.consent.txt", "photo"),
        ("IMG_1.JPG.consent.yaml.txt", "IMG_1.JPG"),
        ("IMG_1.JPG.consent.yalm", "IMG_1.JPG"),
        ("IMG_1.JPG.consent", "IMG_1.JPG"),
        ("IMG_1.JPG-consent.yaml", "IMG_1.JPG"),
        ("IMG_1.concent.yaml", "IMG_1"),
        ("IMG_1.consnet.json", "IMG_1"),
        ("IMG_1.JPG.yaml", "IMG_1.JPG"),
        ("IMG_1.JPG.consent.yaml.part", "IMG_1.JPG"),
        (".IMG_1.JPG.consent.yaml", "IMG_1.JPG"),
        ("consents.yaml", ""),
        ("consents.csv", ""),
        ("consent.tsv", ""),
        ("consent.xlsx", ""),
        ("IMG_1.JPG.consent.csv", "IMG_1.JPG"),
        ("Consentement.yml", ""),
        (".consent.yaml", ""),
        ("consent", ""),
        ("autorisation_parentale.xlsx", ""),
    ],
)
def test_near_misses_are_unread_not_nothing(name: str, target: str) -> None:
    said = names.claim(name.encode())
    assert said.role is Role.OTHER
    assert said.unread
    assert said.target == target.encode()
    assert "consent" in said.reason


LEFT_ALONE = (
    "content.json notes.txt IMG_1.MOV IMG_1.JPG.json concert.csv forms.pdf IMG_1.consent.mp4 "
    ".DS_Store Thumbs.db desktop.ini ._IMG_1.JPG .dam-0011223344556677.part x.jpg.part "
    "~$plan.docx a.zip consent.jpg IMG_1.JPG.consent.heic .hidden.jpg ._a.JPG.consent.yaml "
    "a.jxl"
)


@pytest.mark.parametrize("name", LEFT_ALONE.split())
def test_left_alone(name: str) -> None:
    said = names.claim(name.encode())
    assert said.role is Role.OTHER
    assert not said.unread
    assert said.reason


@pytest.mark.parametrize(
    ("pattern", "name", "meant"),
    [
        ("IMG_01*.jpg", "img_0123.JPG", True),
        ("IMG_01[1-3].jpg", "IMG_012.JPG", True),
        ("IMG_01[!1-3].jpg", "IMG_012.JPG", False),
        ("photo[1].jpg", "Photo[1].JPG", True),
        ("E\u0301t?.jpg", "\u00e9t\u00e9.JPG", True),
        ("day1/*.jpg", "day1/a.jpg", True),
        ("a.jpg", "xa.jpg", False),
        ("[", "[", True),
    ],
)
def test_patterns(pattern: str, name: str, meant: bool) -> None:
    assert names.matches(pattern, name) is meant
    assert names.matches(pattern, name.encode()) is meant


@given(st.text(max_size=40), ANY_NAME)
def test_a_pattern_means_itself_and_never_fails(pattern: str, name: bytes) -> None:
    names.matches(pattern, name)
    assert names.matches(pattern, pattern)
