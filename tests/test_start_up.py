"""What a start of `dam` imports, and that its help and completion say the same without it.

No time is measured: libraries that take long to load must not be loaded where nobody needs them.
"""

from __future__ import annotations

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
