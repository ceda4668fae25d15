"""Marks from the file to the picture: through ingest, the archive and packs."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from dam.core import errors
from tests.adapters import golden
from tests.adapters.pictures import packed
from tests.workspaces import EMPTY_HALL, Workspace, exiftool

SIZE = (900, 600)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.init(tmp_path / "w")
    made.drop("a.jpg", plain(), EMPTY_HALL)
    return made


def plain() -> bytes:
    return packed(Image.new("RGB", SIZE, (90, 110, 130)), "JPEG", quality=95)


def say(workspace: Workspace, text: str) -> None:
    path = workspace.root / "rules" / "watermark.yaml"
    path.write_text("schema: dam/watermark/1\n" + text)


def filed(workspace: Workspace) -> Path:
    (name,) = workspace.filed()
    return workspace.archive / name


def marked(path: Path) -> tuple[int, int, int, int] | None:
    """Where a picture is other than plain."""
    with Image.open(path) as picture, Image.open(io.BytesIO(plain())) as before:
        change = ImageChops.difference(picture.convert("L"), before.convert("L"))
    return change.point([0] * 24 + [255] * 232).getbbox()


def test_each_purpose_has_its_style(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.root / "rules" / "logos").mkdir()
    (workspace.root / "rules" / "logos" / "org.png").write_bytes(golden.logo())
    say(
        workspace,
        "styles:\n  top: {kind: credit, place: top-left}\n  all: {kind: tiled, opacity: 0.5}\n"
        "  logo: {kind: logo, logo: logos/org.png, size: 0.2, line: no, place: bottom-right}\n"
        "purposes: {archive: top, web: all, press: logo}\n",
    )
    assert workspace.ingest()["counts"]["approved"] == 1
    box = marked(filed(workspace))
    assert box is not None
    assert box[2] < SIZE[0] / 2
    assert box[3] < SIZE[1] / 8
    seen = {}
    for purpose in ("web", "press", "donor"):
        out = tmp_path / purpose
        workspace.run("export", purpose, "--recipient", "R", "--territory", "MA", "--out", str(out))
        (image,) = (out / "data/images").iterdir()
        seen[purpose] = marked(image)
    web, press, donor = seen["web"], seen["press"], seen["donor"]
    assert web is not None
    assert web[2] - web[0] > SIZE[0] * 0.8
    assert press is not None
    assert press[3] - press[1] > SIZE[1] * 0.15
    assert donor is not None
    assert donor[3] - donor[1] < SIZE[1] * 0.08
    listed = workspace.ask("rules", "list")["marks"]
    assert (listed["archive"], listed["press"], listed["donor"]) == ("top", "logo", "corner")
    assert b"marks: archive top" in workspace.run("rules", "list").stdout


def test_a_changed_mark_renews_the_archive_and_only_then(workspace: Workspace) -> None:
    workspace.ingest()
    first = workspace.filed()
    assert workspace.ingest()["assets"] == []
    (workspace.root / "rules" / "watermark.yaml").unlink()
    workspace.ingest()
    assert workspace.filed() == first
    say(workspace, "styles: {t: {kind: credit, place: top}}\npurposes: {archive: t}\n")
    workspace.ingest()
    second = workspace.filed()
    assert second.keys() == first.keys()
    assert second != first
    say(workspace, "styles: {t: {kind: credit, place: top}}\npurposes: {archive: t, web: t}\n")
    workspace.ingest()
    assert workspace.filed() == second


def test_an_unmarked_archive_still_says_whose_it_is(workspace: Workspace) -> None:
    say(workspace, "styles: {bare: {kind: none}}\npurposes: {archive: bare}\n")
    workspace.ingest()
    path = filed(workspace)
    assert marked(path) is None
    (told,) = exiftool([path])
    assert told["IFD0:Artist"] == "Rachid Azzouzy"
    assert told["IPTC:Credit"] == told["XMP-photoshop:Credit"] == "Photo : Rachid Azzouzy / AMAL"
    assert "AMAL" in told["XMP-dc:Rights"]


def test_a_workspace_without_the_file_is_marked_as_before(workspace: Workspace) -> None:
    (workspace.root / "rules" / "watermark.yaml").unlink()
    workspace.ingest()
    box = marked(filed(workspace))
    assert box is not None
    assert box[0] > SIZE[0] / 2
    assert box[1] > SIZE[1] * 0.9


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("purposes: {web: nope}\n", "rules/watermark.yaml:2: purposes.web: there is no such style"),
        ("styles: {n: {kind: none}}\npurposes: {press: n}\n", "cannot go without a mark"),
        ("styles: {l: {kind: logo, logo: logos/x.png}}\n", "the logo is no PNG file"),
    ],
)
def test_a_mark_that_cannot_be_meant_stops_before_anything_moves(
    workspace: Workspace, text: str, told: str
) -> None:
    (workspace.root / "rules" / "logos").mkdir()
    (workspace.root / "rules" / "logos" / "x.png").write_bytes(b"%!PS-Adobe")
    say(workspace, text)
    for command in (("ingest",), ("rules", "check")):
        assert told in workspace.run(*command, code=errors.USAGE).stderr.decode()
    assert workspace.dropped() == ["a.jpg", "a.jpg.consent.yaml"]


@pytest.mark.parametrize("kind", ["pipe", "folder", "endless"])
def test_what_is_no_file_is_no_logo(workspace: Workspace, kind: str) -> None:
    logos = workspace.root / "rules" / "logos"
    logos.mkdir()
    path = logos / "x.png"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    told = workspace.run("ingest", code=errors.USAGE).stderr.decode()
    assert "rules/logos/x.png" in told


def test_without_fribidi_an_arabic_line_goes_through_the_whole_program(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    roster = workspace.root / "rules" / "credits.yaml"
    line = '    line: "تصوير: رشيد الزوزي / أمل"\n'
    name = "    name: Rachid Azzouzy\n"
    roster.write_text(roster.read_text().replace(name, name + line))
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    for library in ("libfribidi.so.0", "libfribidi.so"):
        (blocked / library).touch()
    ground = packed(Image.new("L", (1500, 1000), golden.GROUND), "JPEG", quality=95)
    workspace.drop("a.jpg", ground, EMPTY_HALL)
    workspace.ingest(env={"LD_LIBRARY_PATH": str(blocked)})
    with Image.open(golden.path("credit", "arabic", "basic")) as kept:
        size = kept.size
        with Image.open(filed(workspace)) as picture:
            found = picture.convert("L")
        # The line of the kept picture stands this far from the left and bottom edges.
        places = [(x, 1000 - size[1] - y) for x in range(8, 20) for y in range(8, 20)]
        best = max(
            golden.overlap(found.crop((x, y, x + size[0], y + size[1])), kept.convert("L"))
            for x, y in places
        )
    assert best > 0.85
    assert ImageStat.Stat(found).mean[0] < golden.GROUND + 2
