"""What people are told when they err: what, where and what to do, in their language."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dam.adapters import imaging_letters
from dam.adapters.catalog import Catalog
from dam.cli.main import app
from dam.render.lang import speech
from tests import mistakes, starts
from tests.mistakes import MISTAKES, Mistake, Scene
from tests.workspaces import Workspace, environment, once

ALONE = [m for m in MISTAKES if not m.shared]
TOGETHER = [m for m in MISTAKES if m.shared]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "mistakes", mistakes.make)


#: What is said after an error of how a command was called; it has its own place in the catalogues.
CALLED = re.compile(r" See dam[ a-z-]* --help$")


def said(scene: Scene, mistake: Mistake, lang: str = "en") -> str:
    """What the command tells, typed in the folder above the workspace."""
    words = shlex.split(mistake.command.format(**scene.words))
    if words[0] not in ("init", "restore", "-C"):
        words = ["-C", str(scene.workspace.root), *words]
    before = Path.cwd()
    os.chdir(scene.folder)
    try:
        with mistake.during(scene):
            done = starts.run(["--lang", lang, *words], environment(dict(mistake.env)), 120)
    finally:
        os.chdir(before)
    told = (done.stdout + done.stderr).decode()
    assert done.returncode == mistake.code, told
    assert "Traceback" not in told
    assert "defect in dam" not in told
    return told


def plain(told: str) -> str:
    """Without the frame that usage errors stand in, and without line ends."""
    return " ".join(told.replace("│", " ").split())


@pytest.mark.parametrize("mistake", ALONE, ids=lambda m: m.name)
def test_a_mistake_is_told_with_what_to_do(mistake: Mistake, base: Path, tmp_path: Path) -> None:
    scene = mistakes.scene(mistakes.copy(base, tmp_path), tmp_path, 40)
    mistake.before(scene)
    told = said(scene, mistake)
    for part in mistake.says:
        assert plain(part.format(**scene.words)) in plain(told)
    for error in (CALLED.sub("", error) for error in errors(told)):
        for lang in ("fr", "ar"):
            assert speech(lang, "plain").problem(error) != error, (lang, error)


def errors(told: str) -> list[str]:
    """The sentences of an error of dam itself, and each of its problems."""
    lines = told.splitlines()
    at = [n for n, line in enumerate(lines) if line.startswith("dam: ")]
    if not at:
        return []
    head, *problems = lines[at[0] :]
    return [head.removeprefix("dam: "), *(p.strip() for p in problems if p.startswith("  "))]


@pytest.mark.parametrize("lang", ["en", "fr", "ar"])
def test_what_is_wrong_in_the_inbox_is_told_beside_the_photo(
    lang: str, base: Path, tmp_path: Path
) -> None:
    """All mistakes about files at once, as they lie in an inbox; each with its file and line."""
    workspace = mistakes.copy(base, tmp_path)
    scenes = [
        (mistake, mistakes.scene(workspace, tmp_path, 50 + n)) for n, mistake in enumerate(TOGETHER)
    ]
    for mistake, scene in scenes:
        mistake.before(scene)
    told = said(scenes[0][1], TOGETHER[0], lang)
    for mistake, scene in scenes:
        for part in (p.format(**scene.words) for p in mistake.says):
            if lang == "en":
                assert part in told, mistake.name
            elif "  " not in part:
                assert part not in told, mistake.name
                where = part.split(": ")[0]
                assert where in told or " " in where, mistake.name


def test_the_page_of_mistakes_is_the_current_one() -> None:
    assert mistakes.PAGE.read_text(encoding="utf-8") == mistakes.page()
    assert len(MISTAKES) >= 30
    assert len({m.name for m in MISTAKES}) == len(MISTAKES)


def test_a_disk_without_room_under_the_output(base: Path, tmp_path: Path) -> None:
    workspace = mistakes.copy(base, tmp_path)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "dam", "-C", str(workspace.root), "--lang", "fr", "list"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=120,
        )
    assert done.returncode == 1
    told = done.stderr.decode()
    assert told.startswith("dam: La sortie ou le disque refuse (plus de place sur le disque).")
    assert len(told.splitlines()) == 1


def test_an_old_sqlite_and_missing_fonts(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Catalog, "sqlite_version", staticmethod(lambda: (3, 31, 1)))
    monkeypatch.setitem(sys.modules, "fontpkg_noto_sans", None)
    imaging_letters._face.cache_clear()
    for lang, sqlite, fonts in (
        ("en", "Use a Python with SQLite 3.35 or newer", "A font for the credit line is missing"),
        ("fr", "SQLite 3.35", "police"),
        ("ar", "SQLite 3.35", "خط"),
    ):
        done = CliRunner().invoke(
            app, ["-C", str(base / "w"), "--lang", lang, "doctor", "--format", "json"],
            env=environment(),
        )  # fmt: skip
        assert sqlite in done.stdout
        assert fonts in done.stdout


def test_a_beginning_that_several_ids_have_lists_them(base: Path, tmp_path: Path) -> None:
    workspace: Workspace = mistakes.copy(base, tmp_path)
    ids = [str(row[0]) for row in workspace.rows("SELECT id FROM assets ORDER BY id")]
    told = workspace.run("show", "", code=2).stderr.decode()
    assert "There is no asset with this id" in told
    assert workspace.json("show", ids[0][:4])["asset"] == ids[0]
    assert workspace.json("explain", ids[1][:5].upper())["asset"] == ids[1]
