"""Packs get nothing that was planted in an original, and no face that may not be seen."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from dam.adapters import faces, imaging
from dam.core.errors import RenditionRefused
from dam.core.model import Purpose
from dam.core.presets import BUILT_IN
from dam.flows.export.rendering import Made
from tests import planting
from tests.leaks import everything_told, exiv2_told, found_in, strays
from tests.rendering import desk_of, files, kept, rendered, wanted
from tests.test_leaks import ALL, SHARED, planted
from tests.test_redaction import bytes_of, found, is_gone, sheet
from tests.workspaces import Json, Workspace, exiftool, needs_corpora

__all__ = ["planted"]

PRESET = replace(BUILT_IN[Purpose.PRESS], size=240)


@pytest.fixture(scope="module")
def packed(
    planted: tuple[Workspace, Json, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, Path]:
    """All planted photographs that may go to the press: made anew, then out of what was kept."""
    folder = tmp_path_factory.mktemp("packed")
    workspace = Workspace(shutil.copytree(planted[0].root, folder / "w"))
    with desk_of(workspace) as desk, desk.darkroom(2) as room:
        for name in ("fresh", "again"):
            answers = rendered(desk, wanted(desk, folder / name, PRESET, page=True), room)
            assert len(answers) > 15
            assert all(isinstance(told, Made) for told in answers.values())
    assert files(folder / "fresh") == files(folder / "again")
    return workspace, folder / "fresh"


def test_no_secret_is_in_any_byte_of_a_pack_or_of_what_is_kept(
    packed: tuple[Workspace, Path],
) -> None:
    workspace, out = packed
    data = b"\n".join(path.read_bytes() for path in (*out.iterdir(), *kept(workspace)))
    assert not found_in(data, (*ALL, *SHARED))
    assert planting.RATIONALS not in data


def test_exiftool_and_exiv2_find_no_foreign_tag(packed: tuple[Workspace, Path]) -> None:
    workspace, out = packed
    pictures = [*sorted(out.iterdir()), *(p for p in kept(workspace) if p.suffix == ".jpg")]
    assert not strays(exiftool(pictures, "-a", "-u", "-ee"))
    assert not found_in(everything_told(sorted(out.iterdir())), (*ALL, *SHARED))
    for path in (p for p in out.iterdir() if "-" not in p.name):
        told, foreign = exiv2_told(path)
        assert not foreign, path
        assert not found_in(told, (*ALL, *SHARED)), path


@needs_corpora
@pytest.mark.corpus
@pytest.mark.skipif(faces.installed() is None, reason="dam[faces] is not installed")
def test_every_face_is_destroyed_where_the_preset_says_so(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    people = found()
    workspace.drop("a.jpg", bytes_of())
    workspace.say("a.jpg", sheet(len(people), {0}, people), b".consent.json")
    workspace.ingest()
    nobody = replace(BUILT_IN[Purpose.WEB], redaction="all_faces")
    with desk_of(workspace) as desk, desk.darkroom(1) as room:
        (one,) = wanted(desk, tmp_path / "out", nobody, page=True)
        rendered(desk, [one], room)
        for path in (one.target, one.page):
            assert path is not None
            with Image.open(path) as picture:
                assert all(is_gone(picture, face) for face in people)
                seen = faces.count(*imaging.small(picture.convert("RGB"), faces.LOOK_SIDE))
                assert seen.faces == ()
        # Whoever was not found at the first look is destroyed as well.
        missed = replace(one, redact=one.redact[:1])
        assert isinstance(rendered(desk, [missed], room)[one.asset], Made)
        with Image.open(one.target) as picture:
            assert all(is_gone(picture, face) for face in people)
        (others,) = wanted(desk, tmp_path / "rules", Purpose.WEB)
        rendered(desk, [others], room)
        with Image.open(others.target) as picture:
            assert [is_gone(picture, face) for face in people] == [True, False, False]
    with desk_of(workspace, DAM_FACE_CHECK="false") as desk:
        blind = replace(one, line="Photo : X")
        assert isinstance(rendered(desk, [blind])[one.asset], RenditionRefused)
