"""Other systems than Linux, as far as they can be tried here: by taking away what they lack."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dam.adapters import machine, survey
from tests.workspaces import Workspace, environment, invoked

WINDOWS = """
import os, sys
for name in ("fcntl", "resource", "pwd", "grp"):
    sys.modules[name] = None
for name in ("O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY", "fchmod",
             "geteuid", "getuid", "pwrite", "posix_fadvise", "sysconf", "statvfs", "fork"):
    if hasattr(os, name):
        delattr(os, name)
os.supports_dir_fd = set()
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if sys.modules.get(name, 1) is None \\
    else find(name, *a)
import dam
from dam.cli.main import run
run()
"""


@pytest.mark.parametrize(
    ("words", "code"), [(["--help"], 0), (["--version"], 0), (["doctor"], 2), (["ingest"], 2)]
)
def test_where_nothing_would_be_safe_one_line_says_so(
    words: list[str], code: int, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WINDOWS, "--lang", "fr", *words],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        timeout=60,
    )
    told = done.stderr.decode()
    assert done.returncode == code, told
    if code:
        assert len(told.splitlines()) == 1
        assert "fcntl" in told
        assert "Utilisez-le sous Linux ou macOS ; sous Windows dans WSL" in told


def test_doctor_where_the_kernel_tells_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS: no /proc, no control groups."""
    workspace = Workspace.init(tmp_path / "w")
    monkeypatch.setattr(machine, "_MOUNTINFO", tmp_path / "none")
    monkeypatch.setattr(machine, "_CGROUPS", ())
    monkeypatch.setattr(survey, "_LOCKS", tmp_path / "none")
    done = invoked(["-C", str(workspace.root), "doctor"])
    assert done.exit_code == 0, (done.stdout, done.exception)
