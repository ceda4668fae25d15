"""Real photographs through the real command line: all of them, in one pass a kind."""

from __future__ import annotations

import io
import json
import math
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from tests.adapters import jpegs
from tests.leaks import exiv2_told, found_in, strays
from tests.workspaces import (
    CORPORA,
    DROPPED_ON,
    NOBODY,
    PHOTOGRAPHER,
    Json,
    Workspace,
    by_source,
    corpus,
    exiftool,
    needs_corpora,
    once,
    sha256,
)

pytestmark = [pytest.mark.corpus, needs_corpora]

NAME = "Rachid Azzouzy"
LINE = f"Photo : {NAME} / AMAL"

#: Photographs that `people: none` must not let through, with the rule that holds each, and
#: how many people somebody would have to list.
HELD = {
    # A face that nobody declared.
    "cameras/Konica_Minolta_DiMAGE_Z3.jpg": ("everyone-accounted-for", 1),
    # Faces of real people in the pictures on the laptop's screen.
    "cameras/021_Issue_266.jpg": ("everyone-accounted-for", 2),
    # Its own metadata names the people shown: six different names in lists and regions.
    "metadata/IPTC-PhotometadataRef-Std2021.1.jpg": ("sources-agree", 6),
}
PHOTOS = [f"{p.parent.name}/{p.name}" for p in corpus("cameras", "orientation", "metadata")]
#: Of the picture's height, and in pixels at least: the strip at the bottom with the mark.
STRIP, STRIP_PIXELS = 0.12, 48
#: What a camera file may have in common with a rendition: days, sizes, words of the standards.
COMMON = re.compile(
    r"(\d{4}[-:]\d\d[-:]\d\d( 00:00:00)?|[\d. ]{1,8}|Photoshop 3\.0|http://ns\.adobe\.com/.*)",
    re.IGNORECASE,
)
#: More grown-ups than any of these shows.
CROWDS = {
    "people/solvay1927.jpg": 40,
    "people/bald_guys.jpg": 60,
    "people/": 10,
    **{name: people for name, (_, people) in HELD.items()},
}


@pytest.fixture(scope="session")
def stated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Json]:
    """All photographs with `people: none`, after one pass; not to be changed."""

    def make(folder: Path) -> None:
        workspace = Workspace.init(folder / "w")
        for name in PHOTOS:
            workspace.drop(name, (CORPORA / name).read_bytes(), NOBODY)
        (folder / "report.json").write_text(json.dumps(workspace.ingest()))

    folder = once(tmp_path_factory, "stated", make)
    return Workspace(folder / "w"), json.loads((folder / "report.json").read_text())


@pytest.fixture(scope="session")
def told(stated: tuple[Workspace, Json]) -> dict[str, Json]:
    """What exiftool finds in every rendition, by path in the workspace."""
    workspace, _ = stated
    words = ("-a", "-u", "-ee", "-r")
    found = exiftool([workspace.archive], *words)
    return {str(Path(t["SourceFile"]).relative_to(workspace.root)): t for t in found}


def test_all_are_approved_but_those_that_show_people(stated: tuple[Workspace, Json]) -> None:
    workspace, report = stated
    found = by_source(report)
    assert sorted(found) == sorted(PHOTOS)
    assert {s for s, o in found.items() if o["disposition"] != "approved"} == set(HELD)
    for name, (rule, _) in HELD.items():
        assert found[name]["disposition"] == "held"
        assert rule in {reason["rule"] for reason in found[name]["reasons"]}
        assert found[name]["archived_as"] is None
    filed = {o["archived_as"] for o in report["assets"] if o["archived_as"]}
    assert filed == {f"archive/{name}" for name in workspace.filed()}
    assert len(filed) == len(PHOTOS) - len(HELD)
    assert workspace.dropped() == []
    assert workspace.leftovers() == []


def test_every_original_is_kept_as_it_was(stated: tuple[Workspace, Json]) -> None:
    workspace, _ = stated
    for name in PHOTOS:
        data = (CORPORA / name).read_bytes()
        assert workspace.original(sha256(data)).read_bytes() == data


def test_filed_under_the_day_of_capture(stated: tuple[Workspace, Json]) -> None:
    """The camera's day where it is plausible, else the day of the file, and it says which."""
    workspace, report = stated
    tags = ("-ExifIFD:DateTimeOriginal", "-IFD0:ModifyDate")
    said = exiftool([CORPORA / name for name in PHOTOS], *tags)
    cameras = {str(Path(t["SourceFile"]).relative_to(CORPORA)): t for t in said}
    listed = workspace.assets()
    wrong = []
    for outcome in report["assets"]:
        tags_ = cameras[outcome["source"]]
        asset = listed[outcome["sha256"]]
        own = plausible(tags_.get("ExifIFD:DateTimeOriginal"))
        changed = plausible(tags_.get("IFD0:ModifyDate"))
        if own is not None:
            expected, source = own, "exif:DateTimeOriginal"
        elif changed is not None and "ExifIFD:DateTimeOriginal" not in tags_:
            expected, source = changed, "exif:DateTime"
        else:
            expected, source = datetime.fromtimestamp(DROPPED_ON, UTC).date(), "file date"
        if (asset["captured_on"], asset["captured_source"]) != (expected.isoformat(), source):
            wrong.append((outcome["source"], expected, asset["captured_on"]))
        if asset["archived_as"]:
            folder = f"archive/{expected:%Y/%m/%d}/{expected:%Y%m%d}-{asset['asset']}.jpg"
            assert asset["archived_as"] == folder
    assert not wrong


def plausible(stamp: object) -> date | None:
    try:
        day = date.fromisoformat(str(stamp)[:10].replace(":", "-"))
    except ValueError:
        return None
    return day if date(1990, 1, 1) <= day <= datetime.now().astimezone().date() else None


@pytest.mark.parametrize("name", [name for name in PHOTOS if name not in HELD])
def test_upright_and_colours_unchanged(stated: tuple[Workspace, Json], name: str) -> None:
    """Outside the mark a rendition is what Pillow makes of the upright original."""
    workspace, report = stated
    rendition = workspace.root / by_source(report)[name]["archived_as"]
    with Image.open(CORPORA / name) as original, Image.open(rendition) as finished:
        upright = ImageOps.exif_transpose(original).convert("RGB")
        assert finished.format == "JPEG"
        assert finished.size == upright.size
        assert finished.getexif().get(274, 1) == 1
        # All of these are sRGB: their rendition carries a profile of ours that says so.
        assert finished.info["icc_profile"][16:20] == b"RGB "
        shown = finished.convert("RGB")
    again = io.BytesIO()
    upright.save(again, "JPEG", quality=90)
    reference = Image.open(again).convert("RGB")
    width, height = upright.size
    strip = min(height - 1, max(STRIP_PIXELS, round(height * STRIP)))
    above, below = (0, 0, width, height - strip), (0, height - strip, width, height)
    assert psnr(shown.crop(above), reference.crop(above)) >= 40
    assert psnr(shown.crop(below), reference.crop(below)) < 40, "there is no mark"


def psnr(one: Image.Image, other: Image.Image) -> float:
    """Peak signal-to-noise ratio in dB, over all three bands; 99 where nothing differs."""
    squares = ImageStat.Stat(ImageChops.difference(one, other)).sum2
    mean = sum(squares) / (one.width * one.height * 3)
    return 99 if mean == 0 else 10 * math.log10(255**2 / mean)


def test_exif_iptc_and_xmp_give_the_same_credit(told: dict[str, Json]) -> None:
    assert len(told) == len(PHOTOS) - len(HELD)
    for path, tags in told.items():
        notice = f"© {Path(path).name[:4]} {NAME} / AMAL, Nations Unies Maroc"
        assert tags["IFD0:Artist"] == tags["IPTC:By-line"] == tags["XMP-dc:Creator"] == NAME
        assert tags["IFD0:Copyright"] == tags["IPTC:CopyrightNotice"] == notice
        assert tags["XMP-dc:Rights"] == notice
        assert tags["IPTC:Credit"] == tags["XMP-photoshop:Credit"] == LINE
        assert tags["Photoshop:IPTCDigest"] == tags["File:CurrentIPTCDigest"]


def test_nothing_else_is_left_in_the_metadata(told: dict[str, Json]) -> None:
    """No GPS, MakerNote, thumbnail, comment, person, age or region: only what is allowed."""
    assert not strays(told.values())


def test_a_photograph_that_is_held_is_released_once_its_people_agreed(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    for name, (_, people) in HELD.items():
        workspace.drop(name, (CORPORA / name).read_bytes(), crowd(name, people))
    for name, outcome in by_source(workspace.ingest()).items():
        assert outcome["disposition"] == "approved", (name, outcome["reasons"])


def crowd(name: str, people: int) -> str:
    """A sidecar of so many grown-ups who all agreed."""
    subjects = [f"{Path(name).stem[:3]}-{n}" for n in range(people)]
    said = {
        "schema": "dam/photo/1",
        "photographer": PHOTOGRAPHER,
        "people": [{"subject": s, "age_band": "adult"} for s in subjects],
        "consents": [agreed(s) for s in subjects],
    }
    return json.dumps(said)


def agreed(subject: str) -> Json:
    """The consent of a grown-up, for the web."""
    return {
        "id": f"C-{subject}",
        "subject": {"id": subject, "age_band": "adult", "situation": "other", "risk": "low"},
        "notice": {"ref": "form-1", "language": "en"},
        "scope": {"purposes": ["web"], "territories": ["world"], "valid_from": "2021-11-01"},
        "permissions": {"face": "yes"},
        "givers": [{"role": "subject", "method": "written", "on": "2021-11-01"}],
        "events": [{"state": "given", "on": "2021-11-01"}],
    }


@pytest.mark.parametrize(
    "names",
    [pytest.param(PHOTOS[::4], id="some"), pytest.param(PHOTOS, marks=pytest.mark.slow, id="all")],
)
def test_without_a_sidecar_every_one_is_held(tmp_path: Path, names: list[str]) -> None:
    silent = Workspace.init(tmp_path / "w")
    for name in names:
        silent.drop(name, (CORPORA / name).read_bytes())
    report = silent.ingest()
    assert report["counts"]["held"] == len(names) == sum(report["counts"].values())
    for outcome in report["assets"]:
        rules = {reason["rule"]: reason for reason in outcome["reasons"]}
        assert rules["people-stated"]["message"]
        assert rules["people-stated"]["advice"]
    assert silent.filed() == {}
    assert silent.dropped() == []
    assert all(a["archived_as"] is None for a in silent.assets().values())


def test_a_late_sidecar_releases_exactly_its_photo(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    names = [n for n in PHOTOS if n.startswith("metadata/DSCN")]
    for name in names:
        workspace.drop(name, (CORPORA / name).read_bytes())
    assert workspace.ingest()["counts"]["held"] == len(names)
    late = names[3]
    workspace.say(late, NOBODY)
    report = workspace.ingest()
    assert report["counts"]["approved"] == 1 == sum(report["counts"].values())
    assert set(by_source(report)) == {late}
    assert list(workspace.filed()) == [report["assets"][0]["archived_as"].removeprefix("archive/")]
    assert workspace.dropped() == []


def test_broken_files_and_other_formats_all_end_somewhere(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    names = [
        f"{path.parent.name}/{path.name}"
        for folder in ("broken", "formats")
        for path in sorted((CORPORA / folder).iterdir())
        if path.suffix and path.is_file()
    ]
    for name in names:
        workspace.drop(name, (CORPORA / name).read_bytes(), NOBODY)
    found = by_source(workspace.ingest())
    assert sorted(found) == sorted(names)
    for name, outcome in found.items():
        assert outcome["disposition"] in ("approved", "held", "quarantined"), name
        if outcome["disposition"] == "approved":
            assert (workspace.root / outcome["archived_as"]).is_file()
        else:
            assert all(r["message"] and r["advice"] for r in outcome["reasons"]), name
            assert outcome["reasons"], name
            assert outcome["archived_as"] is None
        assert workspace.original(outcome["sha256"]).is_file()
    for name in names:
        if not name.startswith("formats/"):
            continue
        assert found[name]["disposition"] == "approved", found[name]["reasons"]
    assert workspace.dropped() == []
    assert workspace.leftovers() == []
    assert not strays(exiftool([workspace.archive], "-a", "-u", "-ee", "-r"))
    # A second pass finds nothing new to say.
    assert sum(workspace.ingest()["counts"].values()) == 0


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Json]:
    """The photographs that show people, all of whom agreed, after one pass; not to be changed."""

    def make(folder: Path) -> None:
        workspace = Workspace.init(folder / "w")
        for name in (*HELD, *(f"people/{path.name}" for path in corpus("people"))):
            people = next(n for start, n in CROWDS.items() if name.startswith(start))
            workspace.drop(name, (CORPORA / name).read_bytes(), crowd(name, people))
        (folder / "report.json").write_text(json.dumps(workspace.ingest()))

    folder = once(tmp_path_factory, "shown", make)
    return Workspace(folder / "w"), json.loads((folder / "report.json").read_text())


def test_nothing_that_a_photograph_tells_is_in_its_rendition(
    stated: tuple[Workspace, Json], shown: tuple[Workspace, Json]
) -> None:
    """Every text that exiftool finds in an original is looked for in the rendition."""
    ordinary = jpegs.rendition(replace(jpegs.RIGHTS, captured=date(2021, 11, 18)))
    rendered = [
        (workspace, o["source"], o["archived_as"])
        for workspace, report in (stated, shown)
        for o in report["assets"]
        if o["archived_as"]
    ]
    assert len(rendered) == len(PHOTOS) + len(corpus("people"))
    told = exiftool([CORPORA / source for _, source, _ in rendered], "-a", "-u", "-ee")
    for (workspace, source, place), tags in zip(rendered, told, strict=True):
        values = {
            text
            for tag, value in tags.items()
            if not tag.startswith(("File:", "System:", "Composite:", "ICC", "JFIF:", "SourceFile"))
            for text in (value if isinstance(value, list) else [value])
            if isinstance(text, str) and len(text) >= 6 and not COMMON.fullmatch(text)
        }
        with Image.open(workspace.root / place) as finished:
            profile = finished.info.get("icc_profile", b"")
        # What a profile may hold is a matter of its own: tests/test_leaks.py plants into one.
        data = (workspace.root / place).read_bytes().replace(profile or b"\0ICC", b"")
        shared = found_in(data, values)
        assert not shared - found_in(ordinary, shared), source


def test_of_people_who_agreed_nothing_else_is_told(shown: tuple[Workspace, Json]) -> None:
    workspace, _ = shown
    assert not strays(exiftool([workspace.archive], "-a", "-u", "-ee", "-r"))
    for path in workspace.archive.rglob("*.jpg"):
        assert not exiv2_told(path)[1], path
