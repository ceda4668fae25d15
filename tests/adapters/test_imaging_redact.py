"""What is destroyed is gone: for the face check that ships, and for another one."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

from dam.adapters import faces, imaging, imaging_redact
from dam.adapters.imaging import Limits, open_original
from dam.core.errors import RenditionRefused
from dam.core.model import Face
from dam.core.readings import FaceCount

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is missing")
needs_detector = pytest.mark.skipif(
    faces.installed() is None, reason="the extra dam[faces] is not installed"
)
#: Photographs with faces to be seen; the one with nets painted over them shows none to anybody.
PEOPLE = [
    path.name
    for path in sorted((CORPORA / "people").glob("*.jpg"))
    if path.name not in ("dogs.jpg", "solvay1927.jpg")
]
SIDE = 640


@functools.cache
def second() -> object:
    """Local binary patterns (Viola and Jones), which scikit-image carries: no neural network."""
    data = pytest.importorskip("skimage.data", reason="scikit-image brings the second detector")
    feature = pytest.importorskip("skimage.feature")
    return feature.Cascade(data.lbp_frontal_face_cascade_filename())


def seen_by_second(picture: Image.Image) -> list[tuple[float, float]]:
    """The middles of the faces it finds, as fractions. It finds many that are none."""
    found = second().detect_multi_scale(  # type: ignore[attr-defined]
        img=np.asarray(picture.convert("RGB")),
        scale_factor=1.15,
        step_ratio=1,
        min_size=(24, 24),
        max_size=(400, 400),
        min_neighbor_number=3,
    )
    width, height = picture.size
    middles = [
        ((f["c"] + f["width"] / 2) / width, (f["r"] + f["height"] / 2) / height) for f in found
    ]
    return cast("list[tuple[float, float]]", middles)


def within(regions: tuple[Face, ...], middle: tuple[float, float]) -> bool:
    corners = [imaging.grown(r, imaging.REDACT_MARGIN) for r in regions]
    return any(x0 <= middle[0] <= x1 and y0 <= middle[1] <= y1 for x0, y0, x1, y1 in corners)


def middle(face: Face) -> tuple[float, float]:
    return face.x + face.w / 2, face.y + face.h / 2


@needs_corpora
@needs_detector
@pytest.mark.corpus
@pytest.mark.parametrize("name", PEOPLE)
def test_no_detector_finds_a_face_that_was_destroyed(name: str) -> None:
    original = open_original(CORPORA / "people" / name, Limits())
    regions = faces.count(*original.reduced(faces.LOOK_SIDE)).faces
    assert regions
    picture = original.upright(SIDE).convert("RGB")
    before = [m for m in seen_by_second(picture) if within(regions, m)]
    imaging_redact.destroy(picture, regions, check=True)
    small = imaging.small(picture, faces.LOOK_SIDE)
    found = faces.count(*small).faces
    assert found is not None
    assert not [face for face in found if within(regions, middle(face))]
    after = [m for m in seen_by_second(picture) if within(regions, m)]
    print(f"{name}: {len(regions)} destroyed, second detector {len(before)} -> {len(after)}")
    assert not after
    # Else finding none afterwards would say nothing.
    assert before


def test_pixels_under_a_region_are_all_the_same_and_say_nothing_of_what_was_there() -> None:
    region = Face(0.3, 0.3, 0.2, 0.2, 1.0)
    filled = []
    for seed in (1, 2):
        noise = np.random.default_rng(seed).integers(0, 256, (200, 300, 3), np.uint8)
        picture = Image.fromarray(noise)
        imaging_redact.destroy(picture, [region], check=False)
        left, top, right, bottom = imaging.grown(region, imaging.REDACT_MARGIN)
        box = (round(left * 300), round(top * 200), round(right * 300), round(bottom * 200))
        filled.append(picture.crop(box).tobytes())
    assert filled[0] == filled[1]
    assert len(set(filled[0])) == 1


def test_a_face_that_is_still_found_makes_it_wider_and_is_refused_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The face check is shown a picture in which it never stops to find one."""
    looks = []

    def stubborn(rgb: bytes, width: int, height: int) -> FaceCount:
        looks.append((width, height))
        return FaceCount((Face(0.4, 0.4, 0.2, 0.2, 0.9),), "stubborn")

    monkeypatch.setattr(faces, "count", stubborn)
    picture = Image.new("RGB", (100, 100), "white")
    with pytest.raises(RenditionRefused, match="still be seen"):
        imaging_redact.destroy(picture, [Face(0.45, 0.45, 0.1, 0.1, 1)], check=True)
    assert picture.getpixel((36, 36)) == (96, 96, 96)
    assert len(looks) == 2 * (1 + len(imaging_redact.WIDER))


def test_where_nobody_can_look_nothing_is_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "count", lambda *_: FaceCount(None, "none", "not installed"))
    with pytest.raises(RenditionRefused, match="Nobody could look"):
        imaging_redact.destroy(
            Image.new("RGB", (50, 50)), [Face(0.4, 0.4, 0.1, 0.1, 1)], check=True
        )


def test_nothing_to_destroy_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "count", None)
    imaging_redact.destroy(Image.new("RGB", (50, 50)), [], check=True)
