"""The pictures of packs: size, colour and texts by preset, the same bytes whether kept or not."""

from __future__ import annotations

import io
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dam.adapters import imaging_profiles as profiles
from dam.core.errors import IntegrityError, StorageError
from dam.core.model import Face, Purpose
from dam.core.presets import BUILT_IN
from dam.core.readings import Color, MarkStyle
from dam.flows.export import rendering
from dam.flows.export.rendering import Made
from tests import photos
from tests.adapters import formats
from tests.adapters.pictures import difference
from tests.leaks import strays
from tests.rendering import desk_of, files, kept, made, rendered, wanted
from tests.test_consents import spoken, written
from tests.workspaces import EMPTY_HALL, NOBODY, Workspace, exiftool, once, sha256

#: As stored; the picture stands upright.
LARGE = (3300, 2200)
SIZES = {"press": 3000, "web": 1920, "social": 1350, "print": 3300, "donor": 2400, "internal": 1600}


@pytest.fixture(scope="session")
def halls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one large picture of nobody, and it rendered for each purpose."""

    def make(folder: Path) -> None:
        workspace = Workspace.init(folder / "w")
        workspace.drop("a.jpg", photos.jpeg(1, *LARGE, orientation=6), EMPTY_HALL)
        workspace.ingest()
        with desk_of(workspace) as desk, desk.darkroom(2) as room:
            for purpose in SIZES:
                rendered(desk, wanted(desk, folder / purpose, Purpose(purpose), page=True), room)

    return once(tmp_path_factory, "halls", make)


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        workspace = Workspace.init(folder / "w")
        for number in range(4):
            workspace.drop(f"{number}.jpg", photos.plain(number), EMPTY_HALL)
        workspace.ingest()

    return once(tmp_path_factory, "few", make)


@pytest.fixture
def hall(halls: Path, tmp_path: Path) -> Workspace:
    """One large picture that was rendered for every purpose."""
    return Workspace(shutil.copytree(halls / "w", tmp_path / "w"))


@pytest.fixture
def workspace(few: Path, tmp_path: Path) -> Workspace:
    """Four small pictures of nobody, never rendered for a pack."""
    return Workspace(shutil.copytree(few / "w", tmp_path / "w"))


def only(out: Path) -> Path:
    (path,) = [p for p in out.iterdir() if "-" not in p.name]
    return path


# What each preset makes -------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", SIZES)
def test_each_preset_is_seen_in_its_files(halls: Path, purpose: str) -> None:
    side = SIZES[purpose]
    picture = only(halls / purpose)
    sides = {"": side, "-thumb": 360, "-page": min(1800, side)}
    assert {p.stem.removeprefix(picture.stem) for p in picture.parent.iterdir()} == set(sides)
    for ending, most in sides.items():
        path = picture.with_name(f"{picture.stem}{ending}.jpg")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with Image.open(path) as opened:
            assert opened.size == (round(most * LARGE[1] / LARGE[0]), most)
            assert opened.info["icc_profile"] == profiles.srgb()
            if ending:
                plain = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "icc_profile"}
                assert set(opened.info) <= plain


def test_exiftool_finds_the_texts_of_each_preset_and_nothing_else(halls: Path) -> None:
    paths = [only(halls / purpose) for purpose in SIZES]
    told = dict(zip(SIZES, exiftool(paths, "-a", "-u", "-ee"), strict=True))
    assert not strays(told.values())
    for purpose, tags in told.items():
        full = purpose != "social"
        assert tags["XMP-dc:Creator"] == tags["IFD0:Artist"] == "Rachid Azzouzy"
        assert tags["XMP-dc:Identifier"] == "P-1"
        assert ("XMP-dc:Description" in tags) is full
        assert ("IPTC:Caption-Abstract" in tags) is full
        assert ("ExifIFD:DateTimeOriginal" in tags) is full
    small = [path for purpose in SIZES for path in (halls / purpose).glob("*-*.jpg")]
    for tags in exiftool(small, "-a", "-u", "-ee"):
        assert not [
            t for t in tags if t.startswith(("XMP", "IPTC", "IFD0", "Photoshop", "ExifIFD"))
        ]


def test_nothing_is_made_larger(workspace: Workspace, tmp_path: Path) -> None:
    for told in made(workspace, tmp_path / "out", Purpose.PRESS, page=True).values():
        assert isinstance(told, Made)
        assert (told.width, told.height) == (640, 480)
    for path in (tmp_path / "out").glob("*-page.jpg"):
        with Image.open(path) as picture:
            assert picture.size == (640, 480)


def wide() -> bytes:
    out = io.BytesIO()
    photos.scene(3).save(out, "JPEG", quality=92, icc_profile=profiles.coded(12, 13))
    return out.getvalue()


ODD: dict[str, Callable[[], bytes]] = {
    "deep.tif": lambda: formats.deep_tiff([(n * 257, n * 200, n * 100) for n in range(0, 250, 10)],
                                          2),
    "ink.jpg": lambda: formats.saved(formats.board().convert("CMYK"), "JPEG"),
    "phone.heic": lambda: formats.saved(photos.scene(2), "HEIF"),
    "flat.png": lambda: photos.png(4),
    "wide.jpg": wide,
    "grey.jpg": lambda: formats.saved(photos.scene(5).convert("L"), "JPEG"),
}  # fmt: skip


def test_other_kinds_of_originals_look_like_their_archive_renditions(tmp_path: Path) -> None:
    """The archive's picture is decoded at full size after a look; a pack's without one."""
    heif: Any = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    workspace = Workspace.init(tmp_path / "w")
    for name, draw in ODD.items():
        workspace.drop(name, draw(), EMPTY_HALL)
    for turn in (5, 6):
        workspace.drop(f"t{turn}.jpg", photos.jpeg(21, 1300, 900, orientation=turn), NOBODY)
    workspace.ingest()
    with desk_of(workspace) as desk, desk.darkroom(2) as room:
        small_ = replace(BUILT_IN[Purpose.PRINT], size=400, mark="corner")
        answers = rendered(desk, wanted(desk, tmp_path / "out", small_), room)
        original = wanted(desk, tmp_path / "print", Purpose.PRINT)
        rendered(desk, [one for one in original if one.sha256 == sha256(wide())], room)
    assert len(answers) == len(ODD) + 2
    for asset, told in answers.items():
        assert isinstance(told, Made), (asset, told)
        (filed,) = workspace.archive.rglob(f"*-{asset}.jpg")
        with Image.open(filed) as whole, Image.open(tmp_path / "out" / f"{asset}.jpg") as small:
            assert max(small.size) == min(400, max(whole.size))
            if small.info["icc_profile"] == profiles.srgb():
                same = whole.convert("RGB").resize(small.size, Image.Resampling.LANCZOS)
                assert difference(same, small.convert("RGB")) < 6
    kept_ = only(tmp_path / "print")
    with Image.open(kept_) as picture, Image.open(next(kept_.parent.glob("*-thumb.jpg"))) as thumb:
        assert picture.info["icc_profile"] != profiles.srgb()
        assert thumb.info["icc_profile"] == profiles.srgb()
    (space,) = exiftool([kept_], "-ExifIFD:ColorSpace")
    assert space["ExifIFD:ColorSpace"] == "Uncalibrated"


# Kept and made anew -----------------------------------------------------------------------------


def test_the_same_bytes_come_out_kept_or_not(halls: Path, hall: Workspace, tmp_path: Path) -> None:
    with desk_of(hall) as desk, desk.darkroom(1) as room:
        rendered(desk, wanted(desk, tmp_path / "again", page=True), room)
        for row in desk.catalog.assets():
            desk.renditions.erase(row.id)
        # Made without the page first, which is asked for later.
        rendered(desk, wanted(desk, tmp_path / "bare"), room)
        rendered(desk, wanted(desk, tmp_path / "anew", page=True), room)
    first = files(halls / "press")
    assert len(first) == 3
    assert files(tmp_path / "again") == files(tmp_path / "anew") == first
    assert files(tmp_path / "bare").items() <= first.items()
    for path in kept(hall):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not hall.leftovers()


def test_what_is_kept_is_not_decoded_again(
    hall: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk_of(hall) as desk:
        monkeypatch.setattr(rendering, "_anew", lambda *_: pytest.fail("decoded again"))
        for pack in ("P-2", "P-3"):
            (told,) = rendered(desk, wanted(desk, tmp_path / pack, pack=pack)).values()
            assert isinstance(told, Made)
            (tags,) = exiftool([only(tmp_path / pack)], "-XMP-dc:all")
            assert tags["XMP-dc:Identifier"] == pack


def test_a_picture_is_its_kept_file_with_texts_put_in(halls: Path) -> None:
    dressed = only(halls / "press").read_bytes()
    bare = [p.read_bytes() for p in kept(Workspace(halls / "w")) if p.suffixes == [".jpg"]]
    (mine,) = [data for data in bare if dressed.endswith(data[20:])]
    assert mine.index(b"\xff\xda") < len(mine) // 2
    for word in (b"Rachid", b"AMAL", b"P-1", b"salle"):
        assert word in dressed
        assert word not in mine


@pytest.mark.parametrize("change", ["line", "redact", "style", "size", "quality", "colour", "sha"])
def test_another_picture_is_never_taken_for_it(
    hall: Workspace, tmp_path: Path, change: str
) -> None:
    with desk_of(hall) as desk:
        (one,) = wanted(desk, tmp_path / "out")
    preset = one.preset
    other = {
        "line": replace(one, line="Photo : X"),
        "redact": replace(one, redact=(Face(0.1, 0.1, 0.2, 0.2, 1.0),)),
        "style": replace(one, style=MarkStyle(kind="tiled", size=0.04, opacity=0.2)),
        "size": replace(one, preset=replace(preset, size=900)),
        "quality": replace(one, preset=replace(preset, quality=60)),
        "colour": replace(one, preset=replace(preset, colour=Color.KEEP)),
        "sha": replace(one, sha256="0" * 64),
    }[change]
    assert rendering.key_of(other) != rendering.key_of(one)
    texts = replace(one, rights=replace(one.rights, pack="P-9"), target=tmp_path / "x")
    assert rendering.key_of(texts) == rendering.key_of(one)


def harmed(mine: Path, foreign: Path, harm: str) -> None:
    data = mine.read_bytes()
    if harm == "flip":
        mine.write_bytes(data[:-40] + bytes((data[-40] ^ 1,)) + data[-39:])
    elif harm == "cut":
        mine.write_bytes(data[:-40])
    elif harm == "swap":
        mine.write_bytes(foreign.read_bytes())
    elif harm == "record":
        next(mine.parent.glob("*.json")).write_text('{"picture": {"sha256": 1}}')
    else:
        mine.unlink()
    if harm == "link":
        mine.symlink_to(foreign)


def test_a_kept_file_that_was_touched_is_made_anew(workspace: Workspace, tmp_path: Path) -> None:
    with desk_of(workspace) as desk, desk.darkroom(1) as room:
        asked = wanted(desk, tmp_path / "out", page=True)[:2]
        rendered(desk, asked, room)
        whole = {path: path.read_bytes() for path in kept(workspace)}
        finished = files(tmp_path / "out")
        for ending in (".jpg", ".thumb.jpg", ".page.jpg"):
            mine, foreign = [p for p in whole if "".join(p.suffixes) == ending]
            for harm in ("flip", "cut", "gone", "swap", "record", "link"):
                harmed(mine, foreign, harm)
                rendered(desk, [o for o in asked if o.asset == mine.parent.name], room)
                assert files(tmp_path / "out") == finished, (ending, harm)
                assert {path: path.read_bytes() for path in kept(workspace)} == whole
                assert not mine.is_symlink()


def test_what_was_used_longest_ago_goes_first(workspace: Workspace, tmp_path: Path) -> None:
    with desk_of(workspace) as desk, desk.darkroom(1) as room:
        asked = wanted(desk, tmp_path / "one")
        for minute, one in enumerate(asked):
            rendered(desk, [one], room)
            for path in desk.renditions.folder.joinpath(one.asset).iterdir():
                os.utime(path, (minute * 60, minute * 60))
        # The oldest is used once more: then it is the newest.
        rendered(desk, [asked[0]], room)
        sizes = {one.asset: sum(p.stat().st_size for p in kept(workspace)
                 if p.parent.name == one.asset) for one in asked}  # fmt: skip
        desk.renditions.trim(sizes[asked[0].asset] + sizes[asked[3].asset])
        assert {p.parent.name for p in kept(workspace)} == {asked[0].asset, asked[3].asset}
    with desk_of(workspace, DAM_RENDITIONS__KEEP_MB="0") as desk:
        rendered(desk, wanted(desk, tmp_path / "two"))
    assert not kept(workspace)
    assert len(files(tmp_path / "two")) == 8


# What must not stay behind ----------------------------------------------------------------------


def test_a_withdrawal_leaves_nothing_of_the_picture(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("girl.jpg", photos.jpeg(1, 480, 320), written(spoken(1)))
    workspace.drop("hall.jpg", photos.plain(2), EMPTY_HALL)
    workspace.ingest()
    made(workspace, tmp_path / "out", Purpose.PRESS)
    before = {path.parent.name for path in kept(workspace)}
    assert len(before) == 2
    said = spoken(1)
    said["consents"][0]["events"].append({"state": "withdrawn", "on": "2022-01-01"})
    workspace.say("girl.jpg", written(said))
    workspace.ingest()
    left = {path.parent.name for path in kept(workspace)}
    assert len(left) == 1
    assert left < before
    (held,) = [a for a in workspace.ask("list")["assets"] if a["disposition"] != "approved"]
    assert held["asset"] not in left


def test_what_is_taken_back_while_it_is_rendered_is_not_kept(
    hall: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk_of(hall) as desk:
        asked = wanted(desk, tmp_path / "out")
        desk.renditions.erase(asked[0].asset)
        real = rendering._keep

        def late(*given: object) -> None:
            with desk.catalog.transaction() as unit:
                unit.mark_due([asked[0].asset])
            desk.renditions.erase(asked[0].asset)
            real(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(rendering, "_keep", late)
        rendered(desk, asked)
    assert not kept(hall)


def test_the_next_pass_removes_what_belongs_to_nobody(hall: Workspace) -> None:
    mine = kept(hall)
    folder = hall.root / ".dam" / "renditions"
    for place in ("zzzzzzzz/x.jpg", f"{mine[0].parent.name}/half.part", ".aside/y.jpg", "stray"):
        path = folder / place
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    orphan = mine[0].with_name("0" * 64 + ".jpg")
    orphan.write_bytes(b"x")
    hall.ingest()
    assert kept(hall) == mine
    assert {p.name for p in folder.iterdir()} == {mine[0].parent.name}


# What goes wrong --------------------------------------------------------------------------------


def test_a_damaged_or_missing_original_costs_its_own_picture_alone(
    workspace: Workspace, tmp_path: Path
) -> None:
    with desk_of(workspace) as desk:
        asked = wanted(desk, tmp_path / "out")
        rendered(desk, asked[2:3])
        damaged, missing, seen, _ = (workspace.original(one.sha256) for one in asked)
        for path in (damaged, seen):
            path.chmod(0o600)
            path.write_bytes(path.read_bytes()[:-1] + b"\0")
        missing.unlink()
        answers = rendered(desk, asked)
    wrong = [answers[one.asset] for one in asked[:3]]
    assert all(isinstance(told, IntegrityError) for told in wrong), wrong
    assert isinstance(answers[asked[3].asset], Made)
    names = {asked[3].asset + ending for ending in (".jpg", "-thumb.jpg")}
    assert set(files(tmp_path / "out")) == names
    assert not workspace.leftovers()


def test_a_refused_picture_stops_no_other(workspace: Workspace, tmp_path: Path) -> None:
    with desk_of(workspace) as desk:
        first, second = wanted(desk, tmp_path / "out")[:2]
        long = replace(first, rights=replace(first.rights, captions=(("fr", "x" * 70_000),)))
        outside = replace(second, redact=(Face(2.0, 2.0, 0.1, 0.1, 1.0),))
        answers = rendered(desk, [long, outside])
        assert not files(tmp_path / "out")
        assert not any(isinstance(told, Made) for told in answers.values())
        assert isinstance(rendered(desk, [first])[first.asset], Made)


def test_a_disk_that_refuses_stops_everything(workspace: Workspace, tmp_path: Path) -> None:
    with desk_of(workspace) as desk:
        one, *others = wanted(desk, tmp_path / "out")
        gone = replace(one, target=tmp_path / "nowhere" / "a.jpg")
        with pytest.raises(StorageError):
            rendered(desk, [gone, *others])
    assert not workspace.leftovers()


DYING = """
import os, sys
from pathlib import Path
from dam.adapters import darkroom_child
book, number = Path({book!r}), {number}
real = darkroom_child._answer
def answer(bench, request):
    if request.do == {do!r} and not book.exists():
        book.touch()
        os.kill(os.getpid(), number)
    return real(bench, request)
darkroom_child._answer = answer
darkroom_child.main()
"""


def test_a_child_that_is_killed_costs_nothing(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk_of(workspace) as desk:
        rendered(desk, wanted(desk, tmp_path / "whole"))
        for do in ("render", "dress"):
            book = tmp_path / do
            code = DYING.format(book=str(book), number=int(signal.SIGKILL), do=do)
            monkeypatch.setattr("dam.adapters.darkroom._CHILD", (sys.executable, "-c", code))
            for row in desk.catalog.assets():
                desk.renditions.erase(row.id)
            rendered(desk, wanted(desk, tmp_path / "killed"))
            assert book.exists()
            assert files(tmp_path / "whole") == files(tmp_path / "killed")


@pytest.mark.slow
def test_an_export_that_is_killed_leaves_nothing_that_is_used_wrongly(
    halls: Path, hall: Workspace, tmp_path: Path
) -> None:
    """Killed at moments across the whole of it: the next one makes the same bytes."""
    script = (
        "import sys; from pathlib import Path; from tests.rendering import made;"
        "from tests.workspaces import Workspace; from dam.core.model import Purpose;"
        "made(Workspace(Path(sys.argv[1])), Path(sys.argv[2]), Purpose.PRESS, page=True)"
    )
    for tenths in range(4, 30, 2):
        with desk_of(hall) as desk:
            for row in desk.catalog.assets():
                desk.renditions.erase(row.id)
        words = [sys.executable, "-c", script, str(hall.root), str(tmp_path / f"killed{tenths}")]
        process = subprocess.Popen(words, cwd=Path(__file__).parents[1])
        try:
            process.wait(tenths / 10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        again = tmp_path / f"again{tenths}"
        made(hall, again, Purpose.PRESS, page=True)
        assert files(again) == files(halls / "press")
    hall.ingest()
    assert not hall.leftovers()
