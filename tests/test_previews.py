"""Previews for review: private, redacted, renewed with the decision, and gone when erased."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from PIL import Image

from dam.adapters.previews import Previews
from tests import photos
from tests.test_redaction import drop, found, is_gone, middle_is_on, only, sheet
from tests.workspaces import NOBODY, Workspace, needs_corpora


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def preview(workspace: Workspace) -> Path:
    return Path(str(workspace.json("show", only(workspace), "--preview")["preview"]))


def kept(workspace: Workspace) -> list[Path]:
    return [p for p in (workspace.root / ".dam" / "previews").rglob("*") if p.is_file()]


def test_it_is_made_with_the_look_small_private_and_without_metadata(workspace: Workspace) -> None:
    workspace.drop("a.jpg", photos.jpeg(1, 3000, 2000, orientation=6), NOBODY)
    workspace.ingest()
    (place,) = kept(workspace)
    assert preview(workspace) == place
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    with Image.open(place) as picture:
        assert picture.size == (683, 1024)
        assert not picture.getexif()
        plain = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "icc_profile"}
        assert set(picture.info) <= plain


def test_what_was_held_has_one_too_and_a_lost_one_is_made_again(workspace: Workspace) -> None:
    workspace.drop("a.jpg", photos.jpeg(1, 640, 480))
    workspace.ingest()
    (place,) = kept(workspace)
    place.unlink()
    assert preview(workspace) == place
    assert place.exists()


def test_what_an_interrupted_run_left_is_swept(workspace: Workspace) -> None:
    workspace.drop("a.jpg", photos.jpeg(1, 640, 480), NOBODY)
    workspace.ingest()
    (place,) = kept(workspace)
    (place.parent / "half.jpg").write_bytes(b"x")
    (workspace.root / ".dam" / "previews" / "stray").write_bytes(b"x")
    workspace.ingest()
    assert kept(workspace) == [place]


def test_erased_is_gone(tmp_path: Path) -> None:
    previews = Previews(tmp_path)
    made = tmp_path / "made.jpg"
    made.write_bytes(b"x")
    place = previews.keep("a", "0" * 64, made)
    assert place.read_bytes() == b"x"
    previews.erase("a")
    previews.erase("a")
    assert list(tmp_path.iterdir()) == []


@needs_corpora
@pytest.mark.corpus
def test_no_face_is_in_it_that_may_not_be_seen_and_a_changed_decision_renews_it(
    workspace: Workspace,
) -> None:
    people = found()
    drop(workspace, sheet(len(people), {1}, people))
    workspace.ingest()
    (first,) = kept(workspace)
    with Image.open(first) as picture:
        assert is_gone(picture, people[1])
        assert middle_is_on(people[0], picture)
    region = f"{people[0].x},{people[0].y},{people[0].w},{people[0].h}"
    workspace.run("redact", only(workspace), "--region", region)
    (second,) = kept(workspace)
    assert second != first
    with Image.open(second) as picture:
        assert is_gone(picture, people[0])
