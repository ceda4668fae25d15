"""What attacks once found: each ended in a published picture or in a state without way out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from dam.core import errors
from tests import photos
from tests.test_attacks import SOMEBODY, WITHDRAWN, agreed, picture
from tests.workspaces import EMPTY_HALL, NOBODY, Workspace, by_source, environment


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def test_what_cannot_be_read_again_leaves_the_archive(workspace: Workspace) -> None:
    """A withdrawal arrives while the picture is over the limits: it must not stay filed."""
    workspace.drop("a.jpg", picture(1), agreed())
    workspace.ingest()
    assert len(workspace.filed()) == 1
    workspace.say("a.jpg", agreed(WITHDRAWN))
    workspace.ingest(env={"DAM_LIMITS__MAX_PIXELS": "1000"})
    assert workspace.filed() == {}


def test_a_damaged_original_stops_no_withdrawal_of_another(workspace: Workspace) -> None:
    workspace.drop("a.jpg", picture(1), NOBODY)
    workspace.drop("b.jpg", picture(2), agreed())
    found = by_source(workspace.ingest())
    original = workspace.original(str(found["a.jpg"]["sha256"]))
    original.chmod(0o600)
    original.write_bytes(b"x")
    workspace.say("a.jpg", SOMEBODY)
    workspace.say("b.jpg", agreed(WITHDRAWN))
    for _ in range(2):
        done = workspace.run("ingest", "--format", "json", code=errors.INTEGRITY)
        assert b"damaged" in done.stderr
        assert workspace.filed() == {}
    assert {a["disposition"] for a in workspace.assets().values()} == {"held", "refused"}
    # Dropped again, the original is whole again and decided on what is known now.
    workspace.drop("a.jpg", picture(1))
    workspace.ingest()
    assert workspace.rules(str(found["a.jpg"]["asset"])) == {"withdrawn-or-refused"}


def test_a_late_no_that_cannot_be_read_takes_the_picture_back(workspace: Workspace) -> None:
    for number, name in enumerate(("text", "link", "large")):
        workspace.drop(f"{name}.jpg", picture(number), NOBODY)
    workspace.ingest()
    assert len(workspace.filed()) == 3
    workspace.place("text.jpg.consent.yaml.txt").write_text(SOMEBODY)
    workspace.place("link.jpg.consent.yaml").symlink_to("/nowhere")
    workspace.place("large.jpg.consent.yaml").write_text("#" * 2_000_000)
    report = workspace.ingest()
    assert workspace.filed() == {}
    assert report["counts"]["held"] == 3
    # Taken away and said anew, it is mended.
    workspace.place("text.jpg.consent.yaml.txt").unlink()
    workspace.say("text.jpg", NOBODY)
    assert by_source(workspace.ingest())["text.jpg"]["disposition"] == "approved"


def test_a_misnamed_file_is_never_believed(workspace: Workspace) -> None:
    workspace.drop("a.jpg", picture(1))
    workspace.place("a.jpg.yaml").write_text(NOBODY)
    workspace.drop("b.jpg", picture(2), NOBODY)
    workspace.place("consents.csv").write_text("photo,subject\n")
    for _ in range(2):
        workspace.ingest()
        assert workspace.filed() == {}
    workspace.place("consents.csv").unlink()
    workspace.say("b.jpg", NOBODY + "programme: amal\n")
    assert by_source(workspace.ingest())["b.jpg"]["disposition"] == "approved"


def test_a_corrected_caption_reaches_the_archive(workspace: Workspace) -> None:
    said = NOBODY + 'caption: {fr: "Une personne nommée"}\n'
    workspace.drop("a.jpg", picture(1), said)
    workspace.ingest()
    (before,) = workspace.filed().items()
    workspace.say("a.jpg", said.replace("Une personne nommée", "Un match"))
    workspace.ingest()
    (after,) = workspace.filed().items()
    assert before[0] == after[0]
    body = (workspace.archive / after[0]).read_bytes()
    assert b"Un match" in body
    assert "nommée".encode() not in body


def test_a_clock_set_back_decides_nothing(workspace: Workspace) -> None:
    workspace.drop("a.jpg", picture(1), agreed())
    workspace.ingest()
    try:
        done = subprocess.run(
            ["faketime", "2022-06-01", *workspace.command("ingest")],
            env=environment(),
            capture_output=True,
            timeout=120,
        )
    except FileNotFoundError:
        pytest.skip("faketime is not installed")
    assert done.returncode == errors.USAGE, done.stderr
    assert b"clock" in done.stderr


def test_a_pack_does_not_stand_in_the_workspaces_own_folders(workspace: Workspace) -> None:
    workspace.drop("a.jpg", picture(1), NOBODY)
    workspace.ingest()
    for place in ("archive/pack", "inbox/pack", "rules/pack", ".dam/pack"):
        out = str(workspace.root / place)
        told = workspace.run("export", "press", "--recipient", "R", "--out", out, code=errors.USAGE)
        assert b"cannot stand in" in told.stderr
    assert (
        b"purpose"
        in workspace.run(
            "export", "archive", "--recipient", "R", "--out", "x", code=errors.USAGE
        ).stderr
    )


def test_a_pack_can_be_read_by_whoever_gets_it(workspace: Workspace) -> None:
    workspace.drop("a.jpg", photos.plain(1), EMPTY_HALL)
    workspace.ingest()
    out = workspace.root / "pack"
    workspace.run("export", "press", "--recipient", "R", "--out", str(out))
    modes = {os.lstat(p).st_mode & 0o777 for p in (out, *out.rglob("*"))}
    assert modes == {0o755, 0o644}


def test_one_content_under_many_names_is_one_filed_asset(workspace: Workspace) -> None:
    for number in range(6):
        workspace.drop(f"{number}.jpg", picture(1), NOBODY)
    counts = workspace.ingest(env={"DAM_WORKERS": "4"})["counts"]
    assert (counts["approved"], counts["duplicate"]) == (1, 5)
    (asset,) = workspace.assets().values()
    assert workspace.archive.parent.joinpath(str(asset["archived_as"])).is_file()


def test_a_sheet_does_not_speak_over_a_sidecar_that_cannot_be_read(workspace: Workspace) -> None:
    """The photo's own sidecar is too large to be one; the folder's sheet says nobody is shown."""
    workspace.drop("a.jpg", picture(1))
    workspace.place("a.jpg.consent.yaml").write_text("#" * 2_000_000)
    workspace.place("consent.yaml").write_text(NOBODY.replace("dam/photo/1", "dam/shoot/1"))
    for _ in range(3):
        workspace.ingest()
        assert workspace.filed() == {}
    (asset,) = workspace.assets().values()
    assert workspace.rules(str(asset["asset"])) == {"readable"}
    workspace.say("a.jpg", NOBODY)
    assert by_source(workspace.ingest())["a.jpg"]["disposition"] == "approved"
