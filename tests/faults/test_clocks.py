"""Clocks that are years off and cameras that never were set: no consent passes by accident."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import photos
from tests.workspaces import NOBODY, PHOTOGRAPHER, Json, Workspace, by_source, environment

#: Valid from 2021-11-01 for a year.
CONSENT = f"""\
schema: dam/photo/1
photographer: {PHOTOGRAPHER}
people: [{{subject: S-1, age_band: adult, identifiable: yes, consent: C-1}}]
consents:
  - id: C-1
    subject: {{id: S-1, age_band: adult, unaccompanied: no, situation: migrant, risk: low}}
    notice: {{ref: form-2, language: fr}}
    scope: {{purposes: [press], territories: [world], valid_from: 2021-11-01, valid_for: 1y}}
    permissions: {{face: yes, name: none, location: none}}
    givers: [{{role: subject, method: written, on: 2021-10-28}}]
    events: [{{state: given, on: 2021-10-28}}]
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def ingest_on(workspace: Workspace, day: str) -> Json:
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not installed")
    done = subprocess.run(
        ["faketime", day, *workspace.command("ingest", "--format", "json")],
        env=environment(),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    document: Json = json.loads(done.stdout)
    return document


@pytest.mark.parametrize(
    ("day", "approved"), [("2006-05-01", 0), ("2022-05-01", 1), ("2041-05-01", 0)]
)
def test_a_clock_years_off_approves_nothing(workspace: Workspace, day: str, approved: int) -> None:
    """Years early the consent is not given yet, years late it has ended."""
    workspace.drop("a.jpg", photos.plain(1, 320, 240), CONSENT)
    report = ingest_on(workspace, day)
    assert report["counts"]["approved"] == approved, report
    assert len(workspace.filed()) == approved


def dated(seed: int, told: str) -> bytes:
    """A photograph whose only date is what its camera says."""
    out = io.BytesIO()
    photos.scene(seed, 320, 240).save(out, "JPEG", exif=photos.exif(captured=told))
    return out.getvalue()


@pytest.mark.parametrize("told", ["0000:00:00 00:00:00", "2093:01:01 00:00:00"])
def test_a_date_that_cannot_be_is_no_date(workspace: Workspace, told: str) -> None:
    """The file date stands in and its source is recorded; a consent ends by the real clock."""
    workspace.drop("a.jpg", dated(1, told), NOBODY)
    workspace.drop("b.jpg", dated(2, told), CONSENT)
    became = {name: o["disposition"] for name, o in by_source(workspace.ingest()).items()}
    assert became == {"a.jpg": "approved", "b.jpg": "held"}
    dates = workspace.rows("SELECT DISTINCT captured_on, captured_source FROM assets")
    assert dates == [("2019-06-03", "file date")]
