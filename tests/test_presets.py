"""Presets on the command line: shipped, checked, and part of what counts as a change of rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from dam.adapters.desk import rules_changed
from dam.core import errors
from dam.core.model import Purpose
from tests.rendering import desk_of
from tests.workspaces import Workspace

HEAD = "schema: dam/purpose/1\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def test_a_new_workspace_has_a_file_for_each_purpose(workspace: Workspace) -> None:
    names = {path.stem for path in (workspace.root / "rules" / "purposes").iterdir()}
    assert names == {purpose.value for purpose in Purpose} - {"archive"}
    workspace.run("rules", "check")


def test_every_problem_is_told_and_nothing_works_until_it_is_mended(workspace: Workspace) -> None:
    folder = workspace.root / "rules" / "purposes"
    (folder / "web.yaml").write_text(HEAD + "size: 5\nmark: nowhere\n")
    (folder / "donor.yaml").write_text(HEAD + "qualite: 5\n")
    for words in (("rules", "check"), ("ingest",)):
        told = " ".join(workspace.run(*words, code=errors.USAGE).stderr.decode().split())
        for place in ("web.yaml:2: size", "web.yaml:3: mark", "donor.yaml:2: qualite"):
            assert f"rules/purposes/{place}" in told
    told = workspace.run("doctor", code=errors.USAGE).stdout.decode()
    assert "rules/purposes/donor.yaml" in "".join(told.split("\n"))


def test_a_workspace_without_the_folder_takes_what_is_built_in(workspace: Workspace) -> None:
    folder = workspace.root / "rules" / "purposes"
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    workspace.run("rules", "check")
    with desk_of(workspace) as desk:
        assert desk.presets[Purpose.PRESS].size == 3000
        assert not rules_changed(desk)
        folder.mkdir()
        (folder / "press.yaml").write_text(HEAD + "size: full\n")
        assert rules_changed(desk)
    with desk_of(workspace) as desk:
        assert desk.presets[Purpose.PRESS].size is None
