"""What was filed and what reviewers see, read again: two detectors, mirrored, large and small."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from dam.adapters import faces, imaging
from dam.core.model import Face
from tests.adapters.test_imaging_redact import seen_by_second, within
from tests.test_redaction import drop, found, only, sheet
from tests.workspaces import Workspace, needs_corpora

pytestmark = [
    pytest.mark.corpus,
    needs_corpora,
    pytest.mark.skipif(faces.installed() is None, reason="dam[faces] is not installed"),
]
FAST = ("2008_001322.jpg",)
MORE = (
    "portrait-orientation-6.jpg",
    "2007_007763.jpg",
    "2008_002470.jpg",
    "2009_004587.jpg",
    "Tom_Cruise_avp_2014_4.jpg",
    "bald_guys.jpg",
    "portrait.jpg",
)
SIDES = (640, 1280, 2000)


def shipped(picture: Image.Image) -> list[tuple[float, float]]:
    """The middles of the faces that the face check finds, at several sizes and mirrored."""
    middles = []
    for side in SIDES:
        for mirrored in (False, True):
            turned = ImageOps.mirror(picture) if mirrored else picture
            seen = faces.count(*imaging.small(turned, side)).faces
            assert seen is not None
            for face in seen:
                across = face.x + face.w / 2
                middles.append((1 - across if mirrored else across, face.y + face.h / 2))
    return middles


def face_at(x: float, y: float, w: float, h: float) -> Face:
    return Face(x, y, w, h, 1.0)


def read(path: Path) -> Image.Image:
    picture = Image.open(io.BytesIO(path.read_bytes()), formats=("JPEG",))
    return ImageOps.exif_transpose(picture).convert("RGB")


@pytest.mark.parametrize(
    "name", [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)]
)
def test_no_detector_finds_a_face_again(tmp_path: Path, name: str) -> None:
    workspace = Workspace.init(tmp_path / "w")
    people = found(name)
    drop(workspace, sheet(len(people), set(range(len(people))), None), name)
    workspace.ingest()
    shown = workspace.ask("show", only(workspace))
    archive = next(d for d in shown["decisions"] if d["purpose"] == "archive")
    regions = tuple(face_at(*r["region"]) for r in archive["redact"])
    assert len(regions) == len(people) > 0
    (filed,) = workspace.filed()
    preview = Path(str(workspace.json("show", only(workspace), "--preview")["preview"]))
    for picture in (read(workspace.archive / filed), read(preview)):
        assert not [middle for middle in shipped(picture) if within(regions, middle)]
        small = picture.copy()
        small.thumbnail((640, 640))
        assert not [middle for middle in seen_by_second(small) if within(regions, middle)]
