"""Backups in tests: keys, workspaces worth backing up, and what must be the same afterwards."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pyrage

from dam.core.backup import KEPT
from tests import photos
from tests.test_consent_commands import line, sheet
from tests.test_consents import spoken, written
from tests.workspaces import NOBODY, Json, Workspace, sha256

#: Tables that a restore itself writes to.
_TOUCHED = ("events", "ledger_head", "due_work", "notes", "sqlite_sequence")


@dataclass(frozen=True)
class Key:
    """An age key pair; `file` holds the identity."""

    file: Path
    recipient: str

    @classmethod
    def make(cls, folder: Path, name: str = "key.txt") -> Key:
        identity = pyrage.x25519.Identity.generate()
        path = folder / name
        path.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
        return cls(path, str(identity.to_public()))


def child(number: int, width: int = 480) -> tuple[bytes, str]:
    """A photograph of a child and its sidecar, which leaves the consent to the register."""
    sidecar = spoken(number)
    del sidecar["consents"]
    return photos.jpeg(number, width, width * 2 // 3), written(sidecar)


def lived_in(folder: Path) -> Workspace:
    """Two approved photos of children, one of nobody, one held, one that is no photograph."""
    workspace = Workspace.init(folder / "w")
    for number in (1, 2, 3):
        data, sidecar = child(number)
        workspace.drop(f"{number}.jpg", data, sidecar)
    workspace.drop("hall.jpg", photos.plain(9), NOBODY)
    workspace.drop("broken.jpg", b"no photograph at all", NOBODY)
    workspace.ingest()
    workspace.json("consent", "import", sheet(folder, line(1), line(2)))
    return workspace


def back_up(workspace: Workspace, key: Key, path: Path) -> Json:
    return workspace.json("backup", str(path), "--recipient", key.recipient)


def restore(
    workspace: Workspace, backup: Path, target: Path, *words: str, code: int = 0
) -> Workspace:
    workspace.run("restore", str(backup), str(target), *words, code=code)
    return Workspace(target)


def files(workspace: Workspace) -> dict[str, str]:
    """SHA-256 of everything that a backup keeps, by name; the catalogue apart."""
    kept = ("rules", "archive", *(f".dam/{name}" for name in KEPT))
    return {
        str(path.relative_to(workspace.root)): sha256(path.read_bytes())
        for name in kept
        for path in sorted((workspace.root / name).rglob("*"))
        if path.is_file() and path.name != "README.md"
    }


def tables(workspace: Workspace) -> dict[str, list[str]]:
    """Every row of every table that a restore leaves alone, in order."""
    names = [str(n) for (n,) in workspace.rows("SELECT name FROM sqlite_master WHERE type='table'")]
    return {
        name: sorted(map(repr, workspace.rows(f'SELECT * FROM "{name}"')))
        for name in names
        if name not in _TOUCHED
    }


def plain_tar(backup: bytes) -> dict[str, bytes]:
    """The files of a backup that is not encrypted, as Python's own tar reads them."""
    with tarfile.open(fileobj=io.BytesIO(backup)) as tar:
        found = {}
        for member in tar:
            file = tar.extractfile(member)
            assert file is not None
            found[member.name] = file.read()
        return found
