"""`dam export --c2pa`: every picture of the pack says who made it, and what was done to it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from dam.adapters import credentials
from dam.core import errors
from tests import bags, photos
from tests.adapters.formats import camera_profile
from tests.leaks import strays
from tests.workspaces import EMPTY_HALL, Workspace, exiftool

pytestmark = pytest.mark.skipif(not credentials.installed(), reason="dam[c2pa] is not installed")


def odd(number: int) -> bytes:
    """It lies on its side, is in another colour space, and larger than a picture for the web."""
    with Image.open(io.BytesIO(photos.jpeg(number, 2400, 1600))) as picture:
        out = io.BytesIO()
        exif = picture.getexif()
        exif[0x0112] = 6
        picture.save(out, "JPEG", exif=exif.tobytes(), quality=90, icc_profile=camera_profile("p3"))
        return out.getvalue()


def actions(jpeg: bytes) -> list[str]:
    found = credentials.read(jpeg)
    assert (found.state, found.failures, found.extras) == (credentials.SOUND, (), ())
    told = found.asserted["c2pa.actions.v2"]
    assert isinstance(told, dict)
    return [action["action"] for action in told["actions"]]


def test_every_picture_is_signed_and_reads_back(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("a.jpg", odd(1), EMPTY_HALL)
    workspace.drop("b.jpg", photos.plain(2, 480, 320), EMPTY_HALL)
    workspace.ingest()
    words = ["export", "web", "--recipient", "R", "--c2pa", "--out"]
    refused = workspace.run(*words, str(tmp_path / "p"), code=errors.USAGE)
    assert b"dam credentials create" in refused.stderr
    assert not (tmp_path / "p").exists()
    workspace.run("credentials", "create", "--organisation", "AMAL")
    pack = workspace.json(*words, str(tmp_path / "p"))
    said = {
        tuple(actions((tmp_path / "p" / "data" / item["file"]).read_bytes()))
        for item in pack["included"]
    }
    assert said == {
        ("c2pa.created", "c2pa.addedText"),
        (
            "c2pa.created",
            "c2pa.orientation",
            "c2pa.resized",
            "c2pa.adjustedColor",
            "c2pa.addedText",
        ),
    }
    assert bags.problems(tmp_path / "p") == []
    (listed,) = workspace.ask("packs")["packs"]
    assert listed["signed"] is True
    told = exiftool((tmp_path / "p").rglob("*.jpg"), "-a", "-u")
    foreign = {tag for tag in strays(told) if not tag.startswith(("JUMBF:", "CBOR:", "JSON:"))}
    # What C2PA salts its assertions with.
    assert all(tag.startswith("Jpeg2000:") and tag.endswith("Salt") for tag in foreign)
