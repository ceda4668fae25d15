"""The wheel does everything the checkout does."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests import photos
from tests.workspaces import NOBODY, environment

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that the checkout stays clean."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_carries_rules_migrations_and_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    rules = {str(p.relative_to(ROOT)) for p in (ROOT / "rules").rglob("*.yaml")}
    assert {f"dam/starter/{name}" for name in rules} <= names
    assert "dam/py.typed" in names
    assert {"dam/render/templates/audit.typ", "dam/render/templates/audit.html.j2"} <= names
    assert any(n.startswith("dam/adapters/catalog/migrations/versions/0001") for n in names)
    assert not any(
        n.startswith(("tests/", "bench/", "demo/", "handbook/", "inbox/", "archive/"))
        for n in names
    )


def test_an_installed_wheel_needs_no_checkout(wheel: Path, tmp_path: Path) -> None:
    """Unpacked where the checkout is not on the path; the dependencies are this environment's."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    run = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import dam;"
        "assert dam.__file__.startswith(sys.path[0]), dam.__file__;"
        "from dam.cli.main import run; run()"
    )

    def dam(*words: str) -> bytes:
        done = subprocess.run(
            [sys.executable, "-c", run, str(site), *words],
            cwd=tmp_path,
            env=environment({"PYTHONPATH": str(site)}),
            capture_output=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    dam("init", "amal")
    photo = tmp_path / "amal" / "inbox" / "a.jpg"
    photo.write_bytes(photos.plain(1))
    photo.with_name("a.jpg.consent.yaml").write_text(NOBODY)
    assert b"1 approved" in dam("-C", "amal", "ingest")
    assert b"examples of" in dam("-C", "amal", "rules", "test")
    starter = sorted(p.relative_to(ROOT / "rules") for p in (ROOT / "rules").rglob("*.yaml"))
    written = tmp_path / "amal" / "rules"
    assert sorted(p.relative_to(written) for p in written.rglob("*.yaml")) == starter
    for name in starter:
        assert (written / name).read_bytes() == (ROOT / "rules" / name).read_bytes()
