"""Each code that `dam verify` knows, told of the very thing that was broken."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dam.core.verification import Code
from tests import family
from tests.verifying import Break, Whole, add, codes, failures, flip, whole
from tests.workspaces import Workspace, sha256


@pytest.fixture
def made(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return whole(tmp_path_factory, tmp_path)


def _remove(pattern: str) -> Break:
    def broken(made: Whole) -> str:
        path = made.one(pattern)
        path.unlink()
        return f".dam/{path.relative_to(made.private)}"

    return broken


def _flip(pattern: str) -> Break:
    def broken(made: Whole) -> str:
        path = made.one(pattern)
        flip(path)
        return f".dam/{path.relative_to(made.private)}"

    return broken


def _cut(pattern: str) -> Break:
    def broken(made: Whole) -> str:
        path = made.one(pattern)
        path.chmod(0o600)
        os.truncate(path, path.stat().st_size - 1)
        return f".dam/{path.relative_to(made.private)}"

    return broken


def _sql(statement: str, *values: object) -> Break:
    def broken(made: Whole) -> None:
        assert made.change(statement, *values)

    return broken


def _filed(change: Callable[[Path], object]) -> Break:
    def broken(made: Whole) -> str:
        path = made.filed()
        change(path)
        return str(path.relative_to(made.workspace.root))

    return broken


def _renamed(made: Whole) -> str:
    path = made.filed()
    other = path.with_name("20211118-aaaaaaaa.jpg")
    path.rename(other)
    return str(other.relative_to(made.workspace.root))


def _opened(made: Whole) -> str:
    path = made.one("originals/*/*")
    path.chmod(0o644)
    return f".dam/{path.relative_to(made.private)}"


def _opened_folder(made: Whole) -> str:
    (made.private / "work").chmod(0o755)
    return ".dam/work"


def _linked(made: Whole) -> str:
    path = made.one("originals/*/*")
    copy = made.workspace.root / "elsewhere"
    path.rename(copy)
    path.symlink_to(copy)
    return f".dam/{path.relative_to(made.private)}"


def _stray_original() -> Break:
    digest = sha256(b"stray")
    return add(f".dam/originals/{digest[:2]}/{digest}")


def _stray_restricted() -> Break:
    digest = sha256(b"stray")
    return add(f".dam/restricted/{digest[:2]}/{digest}")


def _cached_of_nobody(made: Whole) -> str:
    folder = made.private / "renditions"
    asset = min(folder.iterdir())
    asset.rename(folder / "zzzzzzzz")
    return ".dam/renditions/zzzzzzzz"


def _other_key(made: Whole) -> str:
    """The private key of another workspace."""
    other = Workspace.init(made.workspace.root.parent / "other")
    other.drop("a.jpg", family.HALL)
    other.ingest()
    shutil.copyfile(other.root / ".dam/keys/ledger.pem", made.private / "keys/ledger.pem")
    return ".dam/keys/ledger.pem"


def _other_name(made: Whole) -> str:
    path = made.one("checkpoints/*.json")
    other = path.with_name("000000000003-abcdef01.json")
    path.rename(other)
    return f".dam/checkpoints/{other.name}"


def _checkpoint(change: Callable[[bytes], bytes]) -> Break:
    def broken(made: Whole) -> str:
        path = made.one("checkpoints/*.json")
        path.write_bytes(change(path.read_bytes()))
        return f".dam/checkpoints/{path.name}"

    return broken


def _moved_pack(made: Whole) -> None:
    copy = made.workspace.root.parent / "copy"
    shutil.copytree(made.pack, copy)
    (copy / "manifest-sha256.txt").write_text("other")
    assert made.change("UPDATE packs SET path = ?", str(copy))


def _held_by_sql(state: str) -> Break:
    """As if somebody had taken it back: only in the tables."""

    def broken(made: Whole) -> None:
        asset = family.asset(made.workspace, "hall.jpg")
        made.change(
            "INSERT INTO restrictions (asset, state, tombstone, at) VALUES (?, ?, '', ?)",
            asset, state, "2026-01-01 00:00:00.000000",
        )  # fmt: skip

    return broken


#: Told at another place than the one that was broken.
ELSEWHERE = frozenset(
    {
        Code.CATALOGUE_DAMAGED, Code.LEDGER_KEY, Code.CHECKPOINT_KEY, Code.ARCHIVE_MISSING,
        Code.CACHE_EXTRA,
    }
)  # fmt: skip
#: By code, each way to cause it, and whether `--quick` finds it.
CASES: list[tuple[Code, bool, Break]] = [
    (Code.CATALOGUE_DAMAGED, True, _remove("catalogue.db")),
    (Code.CATALOGUE_DAMAGED, True, add(".dam/catalogue.db", b"this is no database" * 999)),
    (Code.CATALOGUE_DAMAGED, True, _sql("DELETE FROM assets WHERE rowid = 1")),
    (Code.RECORD_UNREADABLE, True, _sql("UPDATE decisions SET body = '[' WHERE current")),
    (Code.RECORD_UNREADABLE, True, _sql("UPDATE assets SET disposition = 'fine'")),
    (Code.LEDGER_BROKEN, True, _sql("UPDATE events SET subject = 'x' WHERE seq = 9")),
    (Code.LEDGER_BROKEN, True, _sql("UPDATE events SET at = replace(at, 'T', ' ') WHERE seq = 44")),
    (Code.LEDGER_BROKEN, True, _sql("DELETE FROM events WHERE seq = 9")),
    (Code.LEDGER_BROKEN, True, _sql("DELETE FROM events WHERE seq > 30")),
    (Code.LEDGER_KEY, True, _flip("checkpoints/*.pem")),
    (Code.LEDGER_KEY, True, _other_key),
    (Code.CHECKPOINT_UNREADABLE, True, _checkpoint(lambda data: data[:-5])),
    (Code.CHECKPOINT_NAME, True, _other_name),
    (Code.CHECKPOINT_SIGNATURE, True, _checkpoint(lambda d: d.replace(b'"seq":4', b'"seq":3'))),
    (Code.CHECKPOINT_KEY, True, _remove("checkpoints/*.pem")),
    (Code.REPLAY_DIFFERS, True, _sql("UPDATE assets SET disposition = 'held'")),
    (Code.REPLAY_DIFFERS, True, _sql("DELETE FROM consent_versions WHERE row = 1")),
    (Code.REPLAY_DIFFERS, True, _sql("UPDATE subject_details SET birth_date = '2001-01-01'")),
    (Code.REPLAY_DIFFERS, True, _sql("UPDATE packs SET manifest_sha256 = ''")),
    (Code.REPLAY_DIFFERS, True, _sql("UPDATE renditions SET sha256 = NULL")),
    (Code.RECORD_UNREADABLE, True, _sql("UPDATE assets SET size = 'many'")),
    (Code.FACTS_ALTERED, True, _sql("UPDATE facts SET body = replace(body, 'Un', 'La')")),
    (Code.ORIGINAL_MISSING, True, _remove("originals/*/*")),
    (Code.ORIGINAL_DAMAGED, False, _flip("originals/*/*")),
    (Code.ORIGINAL_DAMAGED, True, _linked),
    (Code.ORIGINAL_EXTRA, True, _stray_original()),
    (Code.RESTRICTED_EXTRA, True, _stray_restricted()),
    (Code.RESTRICTED_MISSING, True, _held_by_sql("withdrawn")),
    (Code.WITHDRAWN_PRESENT, True, _held_by_sql("erased")),
    (Code.ARCHIVE_MISSING, True, _filed(Path.unlink)),
    (Code.ARCHIVE_MISSING, True, _renamed),
    (Code.ARCHIVE_DAMAGED, False, _filed(flip)),
    (Code.ARCHIVE_DAMAGED, True, _filed(lambda path: os.truncate(path, 1000))),
    (Code.ARCHIVE_EXTRA, True, add("archive/2021/11/18/20211118-zzzzzzzz.jpg")),
    (Code.ARCHIVE_EXTRA, True, add("archive/notes.txt")),
    (Code.ARCHIVE_EXTRA, True, _renamed),
    (Code.DECISION_MISSING, True, _sql("DELETE FROM decisions")),
    (Code.DECISION_MISSING, True, _sql("UPDATE decisions SET disposition = 'held'")),
    (Code.DECISION_DIFFERS, True, _sql("UPDATE facts SET body = replace(body, 'Un', 'La')")),
    (Code.CACHE_DAMAGED, False, _flip("renditions/*/*.jpg")),
    (Code.CACHE_DAMAGED, True, _cut("renditions/*/*.jpg")),
    (Code.CACHE_DAMAGED, True, _cut("renditions/*/*.json")),
    (Code.CACHE_DAMAGED, True, _remove("renditions/*/*.jpg")),
    (Code.CACHE_EXTRA, True, _cached_of_nobody),
    (Code.CACHE_EXTRA, True, add(".dam/previews/zzzzzzzz/x.jpg")),
    (Code.PACK_CHANGED, True, _moved_pack),
    (Code.PACK_ITEM, True, _sql("UPDATE pack_items SET asset = 'zzzzzzzz'")),
    (Code.FILE_UNKNOWN, True, add(".dam/notes.txt")),
    (Code.FILE_UNKNOWN, True, add(".dam/packs/old.zip")),
    (Code.FILE_UNKNOWN, True, add(".dam/originals/ab/copy.jpg")),
    (Code.FILE_UNKNOWN, True, add(".dam/checkpoints/000000000001-abcdef01.tsr")),
    (Code.MODE_OPEN, True, _opened),
    (Code.MODE_OPEN, True, _opened_folder),
]  # fmt: skip


#: These hide nothing of each other: no two in the same file or row.
TOGETHER: tuple[tuple[Code, Break], ...] = (
    (Code.LEDGER_BROKEN, _sql("UPDATE events SET subject = 'x' WHERE seq = 9")),
    (Code.REPLAY_DIFFERS, _sql("UPDATE subject_details SET birth_date = '2001-01-01'")),
    (Code.CHECKPOINT_UNREADABLE, _checkpoint(lambda data: data[:-5])),
    (Code.ORIGINAL_DAMAGED, _flip("originals/*/*")),
    (Code.ORIGINAL_EXTRA, _stray_original()),
    (Code.RESTRICTED_EXTRA, _stray_restricted()),
    (Code.RESTRICTED_MISSING, _held_by_sql("withdrawn")),
    (Code.WITHDRAWN_PRESENT, lambda made: None),
    (Code.ARCHIVE_MISSING, _renamed),
    (Code.ARCHIVE_EXTRA, add("archive/notes.txt")),
    (Code.ARCHIVE_DAMAGED, _filed(flip)),
    (Code.DECISION_MISSING, _sql("UPDATE decisions SET disposition = 'held'")),
    (Code.FACTS_ALTERED, _sql("UPDATE facts SET body = replace(body, 'Un', 'La')")),
    (Code.CACHE_DAMAGED, _flip("renditions/*/*.jpg")),
    (Code.CACHE_EXTRA, add(".dam/previews/zzzzzzzz/x.jpg")),
    (Code.PACK_CHANGED, _moved_pack),
    (Code.FILE_UNKNOWN, add(".dam/notes.txt")),
    (Code.MODE_OPEN, _opened_folder),
)


def test_each_of_many_broken_things_is_told(made: Whole) -> None:
    for _, broken in TOGETHER:
        broken(made)
    found = codes(made.workspace)
    assert {code.value for code, _ in TOGETHER} <= found
    damaged = {"original-damaged", "archive-damaged", "cache-damaged"}
    assert found - codes(made.workspace, "--quick") == damaged


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "quick", "broken"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)]
)
def test_each_code_is_told_of_what_is_broken(
    made: Whole, code: Code, quick: bool, broken: Break
) -> None:
    place = broken(made)
    found = failures(made.workspace, *(("--quick",) if quick else ()))
    assert code.value in {each for each, _ in found}, found
    if place is not None and code not in ELSEWHERE:
        assert any(code == each and where.startswith(place) for each, where in found), found
    if not quick:
        assert codes(made.workspace, "--quick") == set()


def test_every_code_is_documented_and_tested() -> None:
    page = (Path(__file__).parents[1] / "docs" / "verify.md").read_text()
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == set(Code)
    tests = "".join(p.read_text() for p in Path(__file__).parent.glob("test_verify*.py"))
    missing = {c for c in Code if c.value not in tests and f"Code.{c.name}" not in tests}
    assert missing == set()
