"""Workspaces for tests of the whole program: dropped into, run through the real command line."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from dam.cli.main import app
from dam.core.errors import DamError
from tests import rooms, starts

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"
needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is missing")

PHOTOGRAPHER = "rachid-azzouzy"
NOBODY = f"schema: dam/photo/1\nphotographer: {PHOTOGRAPHER}\npeople: none\n"
#: The same with a caption, without which nothing goes to the press.
EMPTY_HALL = NOBODY + "caption: {fr: Une salle vide}\n"

#: 2019-06-03, the file date of what is dropped, unless a test says otherwise.
DROPPED_ON = 1_559_556_000

Json = dict[str, Any]


def corpus(*folders: str) -> list[Path]:
    """JPEGs of these folders of the corpora, none where they are missing."""
    return sorted(path for name in folders for path in (CORPORA / name).glob("*.jp*g"))


@dataclass(frozen=True)
class Workspace:
    """A workspace that `dam init` made, and what a photographer and a script do with it."""

    root: Path

    @classmethod
    def init(cls, root: Path) -> Workspace:
        before = os.umask(0o077)
        try:
            done = CliRunner().invoke(app, ["init", str(root)], env=environment())
        finally:
            os.umask(before)
        assert done.exit_code == 0, done.output
        return cls(root)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    def place(self, name: str | bytes) -> Path:
        """Where a file of this name (any bytes) stands in the inbox."""
        return self.inbox / os.fsdecode(name)

    def drop(self, name: str | bytes, data: bytes, sidecar: str | None = None) -> None:
        """A file in the inbox, with a sidecar beside it where given.

        The sidecar stands there first: a watcher decides on a photograph it sees without one.
        """
        path = self.place(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if sidecar is not None:
            self.say(name, sidecar)
        path.write_bytes(data)
        os.utime(path, (DROPPED_ON, DROPPED_ON))

    def say(self, name: str | bytes, text: str, ending: bytes = b".consent.yaml") -> None:
        """A sidecar beside the photograph `name`."""
        self.place(os.fsencode(name) + ending).write_text(text)

    def run(
        self, *words: str, code: int = 0, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """One command; it must end with `code` and without a traceback."""
        if starts.may_fork(env):
            done = starts.run(self.command(*words)[3:], environment(env), 300)
        else:
            done = subprocess.run(
                self.command(*words), env=environment(env), capture_output=True, timeout=300
            )
        told = done.stderr.decode(errors="replace")
        assert done.returncode == code, f"{words} ended with {done.returncode}: {told}"
        assert "Traceback" not in told
        return done

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "dam", "-C", str(self.root), *words]

    def json(self, *words: str, code: int = 0, env: Mapping[str, str] | None = None) -> Json:
        """The one object that a command prints with `--format json`."""
        document = json.loads(self.run(*words, "--format", "json", code=code, env=env).stdout)
        assert isinstance(document, dict)
        return document

    def ask(self, *words: str) -> Json:
        """As `json` for a command that changes nothing, without starting a process."""
        command = ["-C", str(self.root), *words, "--format", "json"]
        done = invoked(command)
        if not isinstance(done.exception, SystemExit | DamError | None):
            raise done.exception
        document = json.loads(done.stdout)
        assert isinstance(document, dict)
        return document

    def ingest(self, *words: str, env: Mapping[str, str] | None = None) -> Json:
        return self.json("ingest", *words, env=env)

    def assets(self) -> dict[str, Json]:
        """`dam list`, by SHA-256."""
        return {asset["sha256"]: asset for asset in self.ask("list")["assets"]}

    def rules(self, asset: str, purpose: str = "archive") -> set[str]:
        """The ids of the rules that `dam explain` names against a use."""
        told = self.ask("explain", asset, "--purpose", purpose)["decision"]
        for reason in told["reasons"]:
            assert reason["message"]
            assert reason["advice"]
            assert reason["source"]
        return {reason["rule"] for reason in told["reasons"]}

    def filed(self) -> dict[str, str]:
        """SHA-256 of everything in the archive but its readme, by relative path."""
        return {
            str(path.relative_to(self.archive)): sha256(path.read_bytes())
            for path in sorted(self.archive.rglob("*"))
            if not path.is_dir() and path.name != "README.md"
        }

    def dropped(self) -> list[str]:
        """What still lies in the inbox, its readme apart."""
        return sorted(
            str(path.relative_to(self.inbox))
            for path in self.inbox.rglob("*")
            if not path.is_dir() and path.name != "README.md"
        )

    def leftovers(self) -> list[str]:
        """Temporary files anywhere in the workspace: parts, and work in progress."""
        places = (*self.root.rglob("*.part"), *self.root.rglob(".incoming/*"))
        return sorted(map(str, (*places, *(self.root / ".dam" / "work").iterdir())))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the catalogue's file holds, beside dam's own reading of it."""
        with closing(sqlite3.connect(self.root / ".dam" / "catalogue.db")) as database:
            return database.execute(query).fetchall()

    def original(self, digest: str) -> Path:
        return self.root / ".dam" / "originals" / digest[:2] / digest

    def snapshot(self) -> dict[str, tuple[int, int, int, int, str]]:
        """Mode, size, inode, mtime and content of every entry of the workspace."""
        found = {}
        for path in (self.root, *sorted(self.root.rglob("*"))):
            status = path.lstat()
            body = sha256(path.read_bytes()) if stat.S_ISREG(status.st_mode) else ""
            place = str(path.relative_to(self.root))
            found[place] = (
                status.st_mode,
                status.st_size,
                status.st_ino,
                status.st_mtime_ns,
                body,
            )
        return found


def invoked(words: Sequence[str], env: Mapping[str, str] | None = None) -> Result:
    """One command in this process, with this whole environment (None: `environment()`)."""
    with rooms.forked():
        return CliRunner().invoke(app, words, env=environment() if env is None else env)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without settings of dam, nor a wait for files to be quiet."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DAM_")}
    return {**kept, "LC_ALL": "C.UTF-8", "DAM_INBOX__QUIET_SECONDS": "0", **(more or {})}


def by_source(report: Json) -> dict[str, Json]:
    """The outcomes of a pass by the name in the inbox."""
    return {outcome["source"]: outcome for outcome in report["assets"]}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def exiftool(paths: Iterable[Path], *words: str) -> list[Json]:
    """What exiftool tells of files, `-G1 -j` and further words; skips where it is missing."""
    try:
        done = subprocess.run(
            ["exiftool", "-q", "-q", "-G1", "-j", *words, *map(str, paths)],
            capture_output=True,
            timeout=300,
        )
    except FileNotFoundError:
        pytest.skip("exiftool is not installed")
    told: list[Json] = json.loads(done.stdout)
    return told


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` filled, a single time for all workers of a test run."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (base / f"{name}.done").exists():
            folder.mkdir()
            make(folder)
            (base / f"{name}.done").touch()
    return folder
