"""EXIF, IIM and XMP say the same, and exiftool, exiv2 and dam itself read the same from them.

Properties as in the IPTC Photo Metadata Standard 2023.2; the names here are those of the tools.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import accumulate
from pathlib import Path

import pytest
import regex
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dam.adapters import metadata, readback
from dam.core.model import Rights
from dam.core.plain import fit, paragraphs, tidy
from dam.core.readings import Field
from tests.adapters import jpegs

LIMITS = {"By-line": 32, "Credit": 32, "Source": 32, "CopyrightNotice": 128, "Caption": 2000}
WORDS = (
    "Photo : Zoë Ménard",
    "رشيد الزوزي",
    "ورشة في طنجة",
    "\u200fعربي\u200e mixed",
    "\u202bمن اليمين\u202c",
    "\u2067عزل\u2069",
    "e\u0301\u0327\u0323",
    "👩\u200d👩\u200d👧\u200d👦",
    "👍🏽",
    "🇲🇦🇫🇷",
    "각\u1100\u1161\u11a8",
    "กำ",
    "a\0b\x07c\x1b\x7f\x85d",
    "one\r\ntwo\n\nthree\u2028four",
    "tab\there",
    "\ud83d",
    "\ufffe\uffff\ufeff",
    '"quoted"; and; "more"',
    "<b>&amp;</b>",
    "x" * 40,
    "\u0301" * 40,
    "007",
)
TEXTS = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    st.text(max_size=40),
    st.sampled_from(WORDS).map(lambda word: word * 90),
)
NAMES = st.one_of(st.text(max_size=30), st.sampled_from(WORDS))
RIGHTS = st.builds(
    Rights,
    creators=st.lists(NAMES, min_size=1, max_size=3).map(tuple),
    credit_line=NAMES,
    copyright=TEXTS,
    source=NAMES,
    captions=st.tuples(*(st.tuples(st.just(lang), TEXTS) for lang in ("fr", "en", "ar"))),
    usage_terms=st.tuples(*(st.tuples(st.just(lang), TEXTS) for lang in ("fr", "ar"))),
    web_statement=st.sampled_from(["", "https://example.org/conditions?a=1&b=2"]),
    licensor=NAMES,
    captured=st.one_of(st.none(), st.dates(date(1, 1, 1), date(9999, 12, 31))),
    pack=st.sampled_from(["", "P-20211118-0a1b2c3d"]),
)
MANY = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
EVERYTHING = Rights(
    creators=tuple(WORDS),
    credit_line=" ".join(WORDS),
    copyright=" ".join(WORDS),
    source="🇲🇦" * 9,
    captions=tuple((lang, "\n".join(WORDS) * 4) for lang in ("fr", "en", "ar")),
    usage_terms=(("en", " ".join(WORDS)), ("ar", "\n".join(WORDS))),
    web_statement="https://example.org/",
    licensor=WORDS[1],
    captured=date(2021, 11, 18),
    pack="P-1",
)


def renditions(folder: Path, many: list[Rights]) -> Iterator[tuple[str, Rights]]:
    for number, rights in enumerate(many):
        data = jpegs.rendition(rights)
        assert readback.check(data, rights, jpegs.SIZE) == ()
        path = folder / f"{number}.jpg"
        path.write_bytes(data)
        yield str(path), tidy(rights)


def cut(text: str, name: str) -> str:
    return fit(text, LIMITS[name])


def default(texts: tuple[tuple[str, str], ...]) -> str:
    return texts[0][1] if texts else ""


def artist(names: tuple[str, ...]) -> str:
    """As exiftool's own module for the MWG guidelines joins them, with more quotes."""
    quoted = ('"' + n.replace('"', '""') + '"' if n[0] == '"' or ";" in n else n for n in names)
    return "; ".join(quoted)


def wanted(rights: Rights) -> dict[str, object]:
    """What exiftool is to tell of them, empty values left out."""
    caption, terms = default(rights.captions), default(rights.usage_terms)
    day = rights.captured and f"{rights.captured:%Y:%m:%d}".rjust(10, "0")
    whole: dict[str, object] = {
        "IFD0:Artist": artist(rights.creators),
        "IFD0:Copyright": rights.copyright,
        "IFD0:ImageDescription": caption,
        "IPTC:By-line": [one for name in rights.creators if (one := cut(name, "By-line"))],
        "IPTC:Credit": cut(rights.credit_line, "Credit"),
        "IPTC:Source": cut(rights.source, "Source"),
        "IPTC:CopyrightNotice": cut(rights.copyright, "CopyrightNotice"),
        "IPTC:Caption-Abstract": cut(caption, "Caption"),
        "XMP-dc:Creator": list(rights.creators),
        "XMP-dc:Rights": rights.copyright,
        "XMP-dc:Description": caption,
        **{f"XMP-dc:Description-{lang}": text for lang, text in rights.captions},
        "XMP-dc:Identifier": rights.pack,
        "XMP-photoshop:Credit": rights.credit_line,
        "XMP-photoshop:Source": rights.source,
        "XMP-xmpRights:UsageTerms": terms,
        **{f"XMP-xmpRights:UsageTerms-{lang}": text for lang, text in rights.usage_terms},
        "XMP-xmpRights:WebStatement": rights.web_statement,
        "XMP-xmpRights:Marked": "true",
        "XMP-plus:Licensor": [{"LicensorName": rights.licensor}] if rights.licensor else [],
        "XMP-plus:DataMining": "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED",
        "XMP-iptcExt:DigitalSourceType": (
            "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
        ),
        "ExifIFD:DateTimeOriginal": f"{day} 00:00:00" if day else "",
        "IPTC:DateCreated": day,
        "XMP-photoshop:DateCreated": day,
    }
    return {name: value for name, value in whole.items() if value}


def plain(value: object) -> object:
    """Lists of one are no lists to exiftool, and `true` is no text."""
    if isinstance(value, list):
        return plain(value[0]) if len(value) == 1 else [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    text = str(value)
    return text.casefold() if text.casefold() in ("true", "false") else text


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@MANY
@given(st.lists(RIGHTS, min_size=1, max_size=25))
@example([EVERYTHING])
def test_exiftool_reads_what_was_to_be_written(many: list[Rights]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = dict(renditions(Path(folder), many))
        words = ("-j", "-G1", "-a", "-struct", "-n", "-charset", "filename=utf8")
        ran = subprocess.run(
            ["exiftool", *words, "-all", "-CurrentIPTCDigest", *paths], capture_output=True
        )
    told = json.loads(ran.stdout, parse_int=str, parse_float=str)
    assert len(told) == len(paths)
    for found in told:
        rights = paths[found["SourceFile"]]
        groups = ("IFD0:", "ExifIFD:", "IPTC:", "XMP-")
        values = {n: plain(v) for n, v in found.items() if n.startswith(groups)}
        for name, value in wanted(rights).items():
            assert values.pop(name, None) == plain(value), name
        assert set(values) <= {
            *(f"IFD0:{n}" for n in ("XResolution", "YResolution", "ResolutionUnit")),
            "IFD0:YCbCrPositioning",
            *(f"ExifIFD:{n}" for n in ("ExifVersion", "ComponentsConfiguration", "ColorSpace")),
            *(f"ExifIFD:{n}" for n in ("FlashpixVersion", "ExifImageWidth", "ExifImageHeight")),
            *("IPTC:CodedCharacterSet", "IPTC:ApplicationRecordVersion"),
        }
        assert found["Photoshop:IPTCDigest"] == found["File:CurrentIPTCDigest"]


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_finds_nothing_to_complain_of(tmp_path: Path) -> None:
    for number, rights in enumerate((jpegs.RIGHTS, EVERYTHING, replace(EVERYTHING, captured=None))):
        (tmp_path / f"{number}.jpg").write_bytes(jpegs.rendition(rights))
    ran = subprocess.run(
        ["exiftool", "-j", "-a", "-validate", "-warning", "-error", str(tmp_path)],
        capture_output=True,
    )
    for found in json.loads(ran.stdout):
        found.pop("SourceFile")
        assert found == {"Validate": "OK"}


KEYS = {
    "Exif.Image.Artist": "IFD0:Artist",
    "Exif.Image.Copyright": "IFD0:Copyright",
    "Exif.Image.ImageDescription": "IFD0:ImageDescription",
    "Exif.Photo.DateTimeOriginal": "ExifIFD:DateTimeOriginal",
    "Iptc.Application2.Byline": "IPTC:By-line",
    "Iptc.Application2.Credit": "IPTC:Credit",
    "Iptc.Application2.Source": "IPTC:Source",
    "Iptc.Application2.Copyright": "IPTC:CopyrightNotice",
    "Iptc.Application2.Caption": "IPTC:Caption-Abstract",
    "Xmp.dc.identifier": "XMP-dc:Identifier",
    "Xmp.photoshop.Credit": "XMP-photoshop:Credit",
    "Xmp.photoshop.Source": "XMP-photoshop:Source",
    "Xmp.xmpRights.WebStatement": "XMP-xmpRights:WebStatement",
    "Xmp.plus.DataMining": "XMP-plus:DataMining",
    "Xmp.iptcExt.DigitalSourceType": "XMP-iptcExt:DigitalSourceType",
}


def exiv2(path: str) -> list[tuple[str, str]]:
    """Key and value of everything; a value goes on until the next key."""
    ran = subprocess.run(
        ["exiv2", "-q", "-PEIXkv", path], capture_output=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert ran.stderr == b""
    text = ran.stdout.decode("utf-8")
    heads = list(re.finditer(r"^(?:Exif|Iptc|Xmp)\.[A-Za-z0-9]+\.[^ \n]+ +", text, re.MULTILINE))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [(h[0].strip(), text[h.end() : end - 1]) for h, end in zip(heads, ends, strict=True)]


@pytest.mark.skipif(shutil.which("exiv2") is None, reason="exiv2 is not installed")
@settings(MANY, max_examples=4)
@given(st.lists(RIGHTS, min_size=1, max_size=8))
@example([EVERYTHING])
def test_exiv2_reads_what_was_to_be_written(many: list[Rights]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for path, rights in renditions(Path(folder), many):
            found = exiv2(path)
            values = wanted(rights)
            for key, name in KEYS.items():
                told = [value for tag, value in found if tag == key]
                value = values.get(name, [])
                assert told == (value if isinstance(value, list) else [value]), key
            texts = dict(found)
            for key, texts_ in (
                ("Xmp.dc.description", rights.captions),
                ("Xmp.xmpRights.UsageTerms", rights.usage_terms),
                ("Xmp.dc.rights", (("", rights.copyright),) if rights.copyright else ()),
            ):
                pairs = [("x-default", default(texts_)), *texts_] if texts_ else []
                joined = ", ".join(f'lang="{lang}" {text}' for lang, text in pairs if lang)
                assert texts.get(key, "") == joined, key
            assert texts.get("Xmp.dc.creator", "") == ", ".join(rights.creators)
            licensor = texts.get("Xmp.plus.Licensor[1]/plus:LicensorName", "")
            assert licensor == rights.licensor


@given(RIGHTS)
@example(EVERYTHING)
def test_dam_reads_what_was_to_be_written(rights: Rights) -> None:
    data = jpegs.rendition(rights)
    found = metadata.read(jpegs.blocks(data))
    rights = tidy(rights)
    meant = [name for name in rights.creators if name.casefold() not in _PLACEHOLDERS]

    def told(field: Field, source: str) -> list[object]:
        return [r.value for r in found.readings if (r.field, r.source) == (field, source)]

    assert told(Field.CREATOR, "exif:Artist") == list(dict.fromkeys(meant))
    assert told(Field.CREATOR, "xmp:dc:creator") == meant
    cuts = dict.fromkeys(one for name in rights.creators if (one := cut(name, "By-line")))
    assert told(Field.CREATOR, "iptc:2:80") == [
        n for n in cuts if n.casefold() not in _PLACEHOLDERS
    ]
    if rights.copyright and rights.copyright.casefold() not in _PLACEHOLDERS:
        assert told(Field.COPYRIGHT, "exif:Copyright") == [rights.copyright]
        assert told(Field.COPYRIGHT, "xmp:dc:rights") == [rights.copyright]
    digest = hashlib.md5(jpegs.blocks(data).iptc[0], usedforsecurity=False).digest()
    (app13,) = (p for m, p in jpegs.segments(data) if m == 0xED)
    assert dict(jpegs.resources(app13))[0x0425] == digest


_PLACEHOLDERS = frozenset({"null", "(null)", "none", "nil", "n/a", "unknown", "undefined"})


LETTERS = st.characters(exclude_categories=("Cs", "Cn", "Co"))


@given(
    st.one_of(st.text(LETTERS), st.text(st.sampled_from("".join(WORDS)), max_size=90)),
    st.integers(1, 90),
)
def test_a_cut_never_goes_through_a_character(text: str, limit: int) -> None:
    """Characters as another implementation of UAX 29 tells them."""
    text = paragraphs(text)
    kept = fit(text, limit)
    assert len(kept.encode()) <= limit
    assert text.startswith(kept)
    ends = [0, *accumulate(len(cluster) for cluster in regex.findall(r"\X", text))]
    assert kept in {text[:end].rstrip() for end in ends}


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("ab cd", 3, "ab"),
        ("é" * 3, 5, "éé"),
        ("ae\u0301", 3, "a"),
        ("a👍🏽", 8, "a"),
        ("a👩\u200d👧b", 12, "a👩\u200d👧"),
        ("a👩\u200d👧b", 11, "a"),
        ("🇲🇦🇫🇷", 15, "🇲🇦"),
        ("🇲🇦🇫🇷", 7, ""),
        ("a\u1100\u1161\u11a8", 7, "a"),
        ("각\u11a8a", 5, ""),
        ("가가", 5, "가"),
        ("aกำ", 6, "a"),
        ("a\u0600\u0661", 3, "a"),
        ("a❤\ufe0f", 4, "a"),
        ("كِتَاب", 3, ""),
        ("كِتَاب", 4, "كِ"),
    ],
)
def test_where_texts_are_cut(text: str, limit: int, kept: str) -> None:
    assert fit(text, limit) == kept


@given(RIGHTS)
@example(EVERYTHING)
def test_tidy_texts_are_tidy(rights: Rights) -> None:
    once = tidy(rights)
    assert tidy(once) == once
    for text in (*once.creators, once.copyright, once.credit_line, once.source, once.licensor):
        assert "\n" not in text
    for _, text in (*once.captions, *once.usage_terms):
        assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
        text.encode("utf-8")
