"""The wheel does everything the checkout does, and the sdist builds the same wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from dam import __version__
from tests import photos
from tests.workspaces import NOBODY, environment

ROOT = Path(__file__).resolve().parents[1]


def build(source: Path, kind: str, out: Path) -> Path:
    """The wheel or sdist that `source` builds."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)],
        cwd=source,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built elsewhere so that the checkout stays clean."""
    return build(ROOT, "wheel", tmp_path_factory.mktemp("dist"))


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_the_wheel_carries_everything_of_the_package_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "dam").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    rules = {
        f"dam/starter/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "rules").rglob("*")
        if path.is_file()
    }
    info = f"dam-{__version__}.dist-info/"
    assert {name for name in names if not name.startswith(info)} == here | rules
    for needed in (
        "dam/py.typed",
        "dam/render/templates/audit.typ",
        "dam/render/templates/audit.html.j2",
        "dam/locale/fr/LC_MESSAGES/dam.mo",
        "dam/locale/ar/LC_MESSAGES/dam.mo",
        "dam/adapters/catalog/migrations/versions/0001_first.py",
        f"{info}licenses/LICENSE",
        f"{info}entry_points.txt",
    ):
        assert needed in names


def test_the_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    packed = build(ROOT, "sdist", tmp_path / "sdist")
    with tarfile.open(packed) as sdist:
        sdist.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    for needed in (
        "Makefile", "constraints.txt", "CHANGELOG.md", "tests/test_packaging.py",
        "deploy/dam-watch.service", "deploy/compose.yaml", "deploy/completion/dam.bash",
        "docs/operations.md", "demo/__main__.py", "bench/__main__.py", "inbox/README.md",
    ):  # fmt: skip
        assert (source / needed).is_file(), needed
    again = build(source, "wheel", tmp_path / "wheel")
    assert again.name == wheel.name
    assert contents(again) == contents(wheel)


def test_the_image_copies_what_the_package_is_built_from(wheel: Path, tmp_path: Path) -> None:
    """The COPY lines of the Dockerfile, carried out: the same wheel comes of them."""
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    for words in (line.split()[1:] for line in lines if line.startswith("COPY ")):
        *names, target = words
        place = tmp_path / target.lstrip("/")
        for name in names:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, place)
    again = build(tmp_path / "source", "wheel", tmp_path / "dist")
    assert contents(again) == contents(wheel)


def test_the_pinned_releases_install_on_the_python_of_debian_12() -> None:
    """README names Debian, whose Python is 3.11.2; pip there refuses what asks for a later one."""
    wants = {
        pin: told["Requires-Python"]
        for pin in (ROOT / "constraints.txt").read_text().split()
        if "Requires-Python" in (told := _metadata(pin.split("==")[0]))
    }
    assert len(wants) > 60
    assert [pin for pin, needs in wants.items() if "3.11.2" not in SpecifierSet(needs)] == []


def _metadata(name: str) -> Mapping[str, str]:
    """What an installed release says of itself; nothing where the extra that asks for it is not."""
    try:
        return dict(metadata.metadata(name).items())  # type: ignore[attr-defined]
    except metadata.PackageNotFoundError:
        return {}


def _works(dam: list[str], away: Path, env: dict[str, str]) -> None:
    """The main job, far from the checkout: a workspace, a photograph filed, rules as shipped."""

    def run(*words: str) -> bytes:
        done = subprocess.run([*dam, *words], cwd=away, env=env, capture_output=True, timeout=300)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    assert run("--version").decode().strip() == f"dam {__version__}"
    run("init", "amal")
    photo = away / "amal" / "inbox" / "a.jpg"
    photo.write_bytes(photos.plain(1))
    photo.with_name("a.jpg.consent.yaml").write_text(NOBODY)
    assert b"1 approved" in run("-C", "amal", "ingest")
    assert b"examples of" in run("-C", "amal", "rules", "test")
    assert "approuvée" in run("-C", "amal", "--lang", "fr", "list").decode()
    assert run("-C", "amal", "audit", "--format", "pdf").startswith(b"%PDF-")
    starter = sorted(p.relative_to(ROOT / "rules") for p in (ROOT / "rules").rglob("*.yaml"))
    written = away / "amal" / "rules"
    assert sorted(p.relative_to(written) for p in written.rglob("*.yaml")) == starter
    for name in starter:
        assert (written / name).read_bytes() == (ROOT / "rules" / name).read_bytes()


def test_an_unpacked_wheel_needs_no_checkout(wheel: Path, tmp_path: Path) -> None:
    """Where the checkout is not on the path; the dependencies are this environment's."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    run = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import dam;"
        "assert dam.__file__.startswith(sys.path[0]), dam.__file__;"
        "from dam.cli.main import run; run()"
    )
    env = environment({"PYTHONPATH": str(site)})
    _works([sys.executable, "-c", run, str(site)], tmp_path, env)


@pytest.mark.slow
def test_the_wheel_installed_into_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    """With pip and the constraints, as a user would; nothing of this environment is seen."""
    place = tmp_path / "venv"
    venv.create(place, with_pip=True)
    bin_ = place / ("Scripts" if os.name == "nt" else "bin")
    env = {
        name: value
        for name, value in environment({"HOME": str(tmp_path)}).items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    subprocess.run(
        [
            str(bin_ / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "-c", str(ROOT / "constraints.txt"), f"dam[faces] @ {wheel.as_uri()}",
        ],
        env={**env, "HOME": os.environ.get("HOME", str(tmp_path))},
        cwd=tmp_path,
        check=True,
        timeout=900,
    )  # fmt: skip
    _works([str(bin_ / "dam")], tmp_path, env)
    where = subprocess.run(
        [str(bin_ / "python"), "-c", "import dam; print(dam.__file__)"],
        env=env, cwd=tmp_path, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert Path(where.stdout.decode().strip()).is_relative_to(place)
