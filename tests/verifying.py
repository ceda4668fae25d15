"""A workspace in which everything that `dam verify` looks at is there, and how it is asked.

That of `tests.family` with previews, a press pack, kept renditions, and a checkpoint elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dam.core.errors import DamError
from tests import family
from tests.workspaces import Json, Workspace, invoked, once

OLD = datetime(2001, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Whole:
    """The workspace; `elsewhere` is a checkpoint of where its ledger ends, `pack` a folder."""

    workspace: Workspace
    elsewhere: Path
    pack: Path

    @property
    def private(self) -> Path:
        return self.workspace.root / ".dam"

    def one(self, pattern: str) -> Path:
        """The first file below `.dam` that the pattern finds."""
        return min(path for path in self.private.glob(pattern) if path.is_file())

    def filed(self) -> Path:
        """The first picture of the archive."""
        return min(self.workspace.archive.glob("*/*/*/*.jpg"))

    def change(self, statement: str, *values: object) -> int:
        """Change the catalogue behind the back of dam; how many rows."""
        return self.change_many(statement, [values])

    def change_many(self, statement: str, each: Iterable[tuple[object, ...]]) -> int:
        """The same with several sets of values."""
        with closing(sqlite3.connect(self.private / "catalogue.db")) as database:
            changed = database.executemany(statement, each).rowcount
            database.commit()
            database.execute("PRAGMA journal_mode = DELETE")
            database.execute("PRAGMA journal_mode = WAL")
        return changed


#: What is broken, and where it is then told of, if it has a place.
Break = Callable[[Whole], str | None]


def add(relative: str, data: bytes = b"stray") -> Break:
    """Puts a file there, old enough to be nobody's who is at work."""

    def broken(made: Whole) -> str:
        path = made.workspace.root / relative
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(data)
        path.chmod(0o600)
        os.utime(path, (OLD.timestamp(), OLD.timestamp()))
        return relative

    return broken


def _fill(folder: Path) -> None:
    family.fill(folder)
    workspace = Workspace(folder / "w")
    workspace.run("export", "press", "--recipient", "Le Matin", "--out", str(folder / "pack"))
    workspace.run("ledger", "checkpoint", "--out", str(folder / "elsewhere.json"))


def whole(factory: pytest.TempPathFactory, folder: Path) -> Whole:
    """A fresh copy of it all. The pack is that of the first one: nobody changes it."""
    made = once(factory, "verifying", _fill)
    shutil.copytree(made / "w", folder / "w", symlinks=True)
    shutil.copyfile(made / "elsewhere.json", folder / "elsewhere.json")
    return Whole(Workspace(folder / "w"), folder / "elsewhere.json", made / "pack")


def verify(workspace: Workspace, *words: str) -> tuple[int, Json]:
    """The exit code of `dam verify` and what it tells."""
    command = ["-C", str(workspace.root), "verify", *words, "--format", "json"]
    done = invoked(command)
    if not isinstance(done.exception, SystemExit | DamError | None):
        raise done.exception
    code = done.exception.exit_code if isinstance(done.exception, DamError) else done.exit_code
    return code, json.loads(done.stdout)


def failures(workspace: Workspace, *words: str) -> set[tuple[str, str]]:
    """(code, place) of every failure; the exit code is 5 for any, else 0."""
    code, told = verify(workspace, *words)
    found = {(f["code"], f["place"]) for f in told["findings"] if f["level"] == "failure"}
    assert code == (5 if found else 0), told
    assert all(f["advice"] for f in told["findings"])
    return found


def codes(workspace: Workspace, *words: str) -> set[str]:
    return {code for code, _ in failures(workspace, *words)}


def notes(workspace: Workspace, *words: str) -> set[str]:
    return {f["code"] for f in verify(workspace, *words)[1]["findings"] if f["level"] == "note"}


def flip(path: Path, place: int = -1, bit: int = 0) -> None:
    """Change one bit of a file, size and times stay."""
    status, mode = path.stat(), path.stat().st_mode
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[place if place >= 0 else len(data) // 2] ^= 1 << bit
    path.write_bytes(data)
    path.chmod(mode)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
