"""What a start of `dam` imports, and that its help and completion say the same without it.

No time is measured: libraries that take long to load must not be loaded where nobody needs them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from dam.cli.lazy import COMMANDS
from dam.cli.main import app
from tests import photos
from tests.workspaces import NOBODY, Workspace, environment

#: What only some commands need. The tests name what each start does without.
HEAVY = {
    "PIL",
    "alembic",
    "babel",
    "cel",
    "cryptography",
    "dam.adapters.catalog",
    "dam.adapters.desk",
    "dam.flows",
    "email",
    "icalendar",
    "jinja2",
    "lxml",
    "numpy",
    "onnxruntime",
    "openpyxl",
    "prompt_toolkit",
    "pydantic",
    "sqlalchemy",
    "typst",
    "watchdog",
    "yaml",
}
COMMAND_MODULES = {f"dam.cli.{known.module}" for known in COMMANDS.values()}


def imported(*words: str, env: dict[str, str] | None = None) -> set[str]:
    """The modules that a process of its own has imported once `dam WORDS` is through."""
    look = (
        "import sys\n"
        "from dam.cli.main import run\n"
        "try:\n    run()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", look, *words],
        env=environment(env),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    return set(done.stderr.decode().split())


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_help_imports_no_command_and_no_heavy_library(words: tuple[str, ...]) -> None:
    found = imported(*words)
    assert "dam.cli.main" in found
    assert not found & (HEAVY | COMMAND_MODULES)


def test_the_help_of_a_command_imports_that_command_alone() -> None:
    found = imported("doctor", "--help")
    assert found & COMMAND_MODULES == {"dam.cli.doctor"}
    assert not found & {"alembic", "jinja2", "typst", "babel", "icalendar", "openpyxl"}


def test_a_look_at_the_catalogue_loads_no_pictures_and_no_documents(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "amal")
    workspace.drop("a.jpg", photos.plain(1), NOBODY)
    workspace.ingest()
    found = imported("-C", str(workspace.root), "list")
    assert {"sqlalchemy", "cel.cel"} <= found
    assert not found & {
        "PIL", "alembic", "babel", "cel.cli", "cryptography", "icalendar", "jinja2", "lxml",
        "numpy", "onnxruntime", "openpyxl", "prompt_toolkit", "typst", "watchdog", "rich.progress",
    }  # fmt: skip


def test_an_ingest_loads_no_documents_and_no_models(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "amal")
    workspace.ingest()
    found = imported("-C", str(workspace.root), "ingest")
    assert "PIL" in found
    assert not found & {
        "alembic", "babel", "cel.cli", "cryptography", "icalendar", "jinja2", "numpy",
        "onnxruntime", "openpyxl", "prompt_toolkit", "typst", "watchdog",
    }  # fmt: skip


def test_completing_a_command_imports_none() -> None:
    found = imported(
        env={"_DAM_COMPLETE": "complete_bash", "COMP_WORDS": "dam ex", "COMP_CWORD": "1"}
    )
    # Typer itself reads options of the group with pydantic and email.
    assert not found & ((HEAVY | COMMAND_MODULES) - {"pydantic", "email"})


def test_the_lines_that_help_knows_are_those_of_the_commands() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert set(commands) == set(COMMANDS)
    for name, command in commands.items():
        first = (command.help or "").split("\n\n")[0].replace("\n", " ")
        assert COMMANDS[name].line == first
        assert command.name == name


def test_no_plugin_of_another_package_sees_what_sidecars_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This process has imported dam, which said so for itself and those that it starts.
    monkeypatch.delenv("PYDANTIC_DISABLE_PLUGINS")
    told = tmp_path / "spy-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: spy\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[pydantic]\nspy = spy:plugin\n")
    seen = tmp_path / "seen"
    (tmp_path / "spy.py").write_text(f"open({str(seen)!r}, 'w').close()\nplugin = object()\n")
    env = environment()
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(tmp_path), env.get("PYTHONPATH"))))
    workspace = Workspace.init(tmp_path / "w")
    loaded = imported("-C", str(workspace.root), "list", env={"PYTHONPATH": env["PYTHONPATH"]})
    assert "pydantic" in loaded
    assert not seen.exists()
    # It would have seen it: pydantic itself asks every package.
    model = "import pydantic\nclass Anything(pydantic.BaseModel):\n    x: int\n"
    subprocess.run([sys.executable, "-c", model], env=env, capture_output=True)
    assert seen.exists()
