"""Each finding of `dam verify` is caused by breaking the very thing; what is whole is told so."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dam.cli import context
from dam.cli.main import app
from dam.core.verification import Code, Depth
from tests import family
from tests.test_personal import record
from tests.verifying import Whole, codes, failures, flip, notes, verify, whole
from tests.workspaces import EMPTY_HALL, Workspace, environment, sha256

OLD = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture
def made(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return whole(tmp_path_factory, tmp_path)


# --- what is whole ------------------------------------------------------------------------


def test_a_sound_workspace_has_no_failure_and_nothing_in_it_changes(made: Whole) -> None:
    before = made.workspace.snapshot()
    code, told = verify(made.workspace, "--checkpoint", str(made.elsewhere))
    after = made.workspace.snapshot()
    assert (code, told["findings"]) == (0, [])
    checked = {each["what"]: each["number"] for each in told["checked"]}
    assert (checked["archive"], checked["originals"], checked["packs"]) == (4, 8, 1)
    assert checked["checkpoints"] == 3
    assert checked["read"] == 4 + 8 + 3 * 4
    # SQLite's passing files came and went in the folder itself.
    assert before.pop(".dam").__class__ is after.pop(".dam").__class__
    assert before == after


def test_a_new_workspace_is_sound(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    assert failures(workspace) == set()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param((), marks=pytest.mark.slow),
        ("--erase",),
        pytest.param(("--erase", "--erase-group-photos"), marks=pytest.mark.slow),
    ],
)
def test_what_was_taken_back_leaves_a_sound_workspace(made: Whole, words: tuple[str, ...]) -> None:
    family.withdraw(made.workspace, *words)
    assert failures(made.workspace) == set()
    made.workspace.drop("again.jpg", family.ALONE)
    made.workspace.ingest()
    assert failures(made.workspace) == set()


def test_who_was_forgotten_leaves_a_sound_workspace(made: Whole) -> None:
    made.workspace.run("consent", "erase", "S-1", "--yes")
    assert failures(made.workspace) == set()
    made.workspace.ingest()
    assert failures(made.workspace) == set()


@pytest.mark.slow
def test_more_life_leaves_a_sound_workspace(made: Whole) -> None:
    asset = family.asset(made.workspace, "b.jpg")
    made.workspace.run(
        "redact", asset, "--region", "0.1,0.1,0.2,0.2", "--by", "editor", "--reason", "sign"
    )
    made.workspace.drop("broken.jpg", b"no photograph at all", None)
    made.workspace.ingest()
    assert failures(made.workspace) == set()


def test_a_read_only_disk_is_verified(made: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a disk mounted for reading only, where nothing can be written beside the catalogue."""
    real = os.access

    def access(path: object, mode: int, **more: object) -> bool:
        return not mode & os.W_OK and real(path, mode)  # type: ignore[arg-type]

    before = made.workspace.snapshot()
    monkeypatch.setattr(os, "access", access)
    assert failures(made.workspace) == set()
    assert made.workspace.snapshot() == before


# --- a finding for each code --------------------------------------------------------------

Break = Callable[[Whole], str | None]


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


def _add(relative: str, data: bytes = b"stray") -> Break:
    def broken(made: Whole) -> str:
        path = made.workspace.root / relative
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(data)
        path.chmod(0o600)
        os.utime(path, (OLD.timestamp(), OLD.timestamp()))
        return relative

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
    return _add(f".dam/originals/{digest[:2]}/{digest}")


def _stray_restricted() -> Break:
    digest = sha256(b"stray")
    return _add(f".dam/restricted/{digest[:2]}/{digest}")


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
    (Code.CATALOGUE_DAMAGED, True, _add(".dam/catalogue.db", b"this is no database" * 999)),
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
    (Code.ARCHIVE_EXTRA, True, _add("archive/2021/11/18/20211118-zzzzzzzz.jpg")),
    (Code.ARCHIVE_EXTRA, True, _add("archive/notes.txt")),
    (Code.ARCHIVE_EXTRA, True, _renamed),
    (Code.DECISION_MISSING, True, _sql("DELETE FROM decisions")),
    (Code.DECISION_MISSING, True, _sql("UPDATE decisions SET disposition = 'held'")),
    (Code.DECISION_DIFFERS, True, _sql("UPDATE facts SET body = replace(body, 'Un', 'La')")),
    (Code.CACHE_DAMAGED, False, _flip("renditions/*/*.jpg")),
    (Code.CACHE_DAMAGED, True, _cut("renditions/*/*.jpg")),
    (Code.CACHE_DAMAGED, True, _cut("renditions/*/*.json")),
    (Code.CACHE_DAMAGED, True, _remove("renditions/*/*.jpg")),
    (Code.CACHE_EXTRA, True, _cached_of_nobody),
    (Code.CACHE_EXTRA, True, _add(".dam/previews/zzzzzzzz/x.jpg")),
    (Code.PACK_CHANGED, True, _moved_pack),
    (Code.PACK_ITEM, True, _sql("UPDATE pack_items SET asset = 'zzzzzzzz'")),
    (Code.FILE_UNKNOWN, True, _add(".dam/notes.txt")),
    (Code.FILE_UNKNOWN, True, _add(".dam/packs/old.zip")),
    (Code.FILE_UNKNOWN, True, _add(".dam/originals/ab/copy.jpg")),
    (Code.FILE_UNKNOWN, True, _add(".dam/checkpoints/000000000001-abcdef01.tsr")),
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
    (Code.ARCHIVE_EXTRA, _add("archive/notes.txt")),
    (Code.ARCHIVE_DAMAGED, _filed(flip)),
    (Code.DECISION_MISSING, _sql("UPDATE decisions SET disposition = 'held'")),
    (Code.FACTS_ALTERED, _sql("UPDATE facts SET body = replace(body, 'Un', 'La')")),
    (Code.CACHE_DAMAGED, _flip("renditions/*/*.jpg")),
    (Code.CACHE_EXTRA, _add(".dam/previews/zzzzzzzz/x.jpg")),
    (Code.PACK_CHANGED, _moved_pack),
    (Code.FILE_UNKNOWN, _add(".dam/notes.txt")),
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


# --- checkpoints --------------------------------------------------------------------------


def _cut_tail(made: Whole) -> None:
    """Cut the ledger and mend its end, as somebody does who knows how it is made."""
    made.change("DELETE FROM events WHERE seq > 20")
    made.change("UPDATE ledger_head SET seq = 20, hash = (SELECT hash FROM events WHERE seq = 20)")


def test_a_cut_tail_is_found_by_a_checkpoint_that_is_kept_elsewhere(made: Whole) -> None:
    _cut_tail(made)
    shutil.rmtree(made.private / "checkpoints")
    (made.private / "keys/ledger.pem").unlink()
    alone = codes(made.workspace)
    # The chain is whole again; what is left in the tables still tells, as long as it is there.
    assert "ledger-broken" not in alone
    assert "replay-differs" in alone
    outside = codes(made.workspace, "--checkpoint", str(made.elsewhere))
    assert "checkpoint-key" in outside - alone


def test_a_cut_tail_is_told_with_its_place(made: Whole) -> None:
    _cut_tail(made)
    found = failures(made.workspace, "--checkpoint", str(made.elsewhere), "--quick")
    assert ("checkpoint-cut", f"{made.elsewhere.name}: ledger 44") in found


def test_an_event_in_the_place_of_another_is_found(made: Whole) -> None:
    made.change("UPDATE events SET hash = prev WHERE seq = 44")
    made.change("UPDATE ledger_head SET hash = (SELECT prev FROM events WHERE seq = 44)")
    assert "checkpoint-altered" in codes(made.workspace, "--checkpoint", str(made.elsewhere))


def test_a_checkpoint_of_another_workspace_is_found(made: Whole, tmp_path: Path) -> None:
    other = Workspace.init(tmp_path / "other")
    other.drop("a.jpg", family.HALL)
    other.ingest()
    for path in (other.root / ".dam/checkpoints").iterdir():
        shutil.copy(path, made.private / "checkpoints" / path.name)
    assert codes(made.workspace) == {"checkpoint-workspace"}


def test_a_file_that_is_no_checkpoint_is_told(made: Whole, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    told = failures(made.workspace, "--checkpoint", str(tmp_path / "x.json"))
    assert told == {("checkpoint-unreadable", "x.json")}
    command = ["-C", str(made.workspace.root), "verify", "--checkpoint", str(tmp_path / "none")]
    done = CliRunner().invoke(app, command, env=environment())
    assert getattr(done.exception, "exit_code", 0) == 2


def test_a_false_timestamp_is_told(made: Whole) -> None:
    kept = made.one("checkpoints/*.json")
    for ending in (".tsr", ".roots.pem"):
        place = kept.with_name(kept.stem + ending)
        place.write_bytes(b"none")
        place.chmod(0o600)
    assert codes(made.workspace) == {"timestamp-invalid"}


def test_without_the_package_a_timestamp_is_a_note(
    made: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = made.one("checkpoints/*.json")
    for ending in (".tsr", ".roots.pem"):
        place = kept.with_name(kept.stem + ending)
        place.write_bytes(b"none")
        place.chmod(0o600)
    monkeypatch.setattr("dam.adapters.timestamps.installed", lambda: False)
    assert codes(made.workspace) == set()
    assert notes(made.workspace) == {"timestamp-unchecked"}


# --- the archive, the day, and what was taken back ----------------------------------------


@pytest.fixture
def later(made: Whole, monkeypatch: pytest.MonkeyPatch) -> Whole:
    """Twelve years on: consents have ended, and nobody ran dam since."""
    now = context.now
    monkeypatch.setattr(context, "now", lambda: now() + timedelta(days=12 * 365))
    return made


def test_a_picture_whose_consent_has_ended_may_not_stand_there(later: Whole) -> None:
    found = failures(later.workspace, "--quick")
    assert {code for code, _ in found} == {"decision-ended"}
    assert len(found) == 3
    hall = family.asset(later.workspace, "hall.jpg")
    assert not any(hall in place for _, place in found)


def _put_back(made: Whole) -> Iterator[tuple[Path, bytes]]:
    """Everything that the withdrawal of the one who is alone on it took away."""
    asset = family.asset(made.workspace, "a.jpg")
    digest = sha256(family.ALONE)
    paths = [
        made.private / "originals" / digest[:2] / digest,
        *(made.private / "previews" / asset).iterdir(),
        *(made.private / "renditions" / asset).iterdir(),
        *made.workspace.archive.rglob(f"*-{asset}.jpg"),
    ]
    assert len(paths) >= 6
    yield from ((path, path.read_bytes()) for path in paths)


@pytest.mark.slow
@pytest.mark.parametrize("words", [(), ("--erase",)])
def test_what_was_taken_back_and_put_back_by_hand_is_found(
    made: Whole, words: tuple[str, ...]
) -> None:
    kept = list(_put_back(made))
    family.withdraw(made.workspace, *words)
    assert failures(made.workspace) == set()
    for path, data in kept:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o600)
        found = failures(made.workspace)
        erased = bool(words) and path.is_relative_to(made.workspace.archive)
        wanted = "archive-extra" if erased else "withdrawn-present"
        assert {code for code, _ in found} == {wanted}, (path, found)
        path.unlink()
        if made.private in path.parents and "originals" not in path.parts:
            shutil.rmtree(path.parent)


def test_an_original_that_was_taken_back_is_found_under_any_name(made: Whole) -> None:
    family.withdraw(made.workspace, "--erase")
    place = made.workspace.archive / "2021" / "11" / "18"
    place.mkdir(parents=True, exist_ok=True)
    (place / "20211118-zzzzzzzz.jpg").write_bytes(family.ALONE)
    assert codes(made.workspace) == {"withdrawn-present"}
    # Without looking at its bytes it is only known not to belong there.
    assert codes(made.workspace, "--quick") == {"archive-extra"}


def test_tombstones_that_know_nothing_again_are_found(made: Whole) -> None:
    family.withdraw(made.workspace)
    assert made.change("UPDATE notes SET value = ? WHERE key = 'tombstone-key'", "0" * 64)
    assert codes(made.workspace, "--quick") == {Code.TOMBSTONE_BLIND.value}


def test_a_photo_that_a_withdrawal_would_not_find_is_found(made: Whole) -> None:
    assert made.change("DELETE FROM asset_subjects WHERE subject = 'S-1'")
    assert codes(made.workspace, "--quick") == {"facts-altered"}


def test_an_original_in_restricted_hold_is_missed_and_read(made: Whole) -> None:
    family.withdraw(made.workspace)
    path = made.one("restricted/*/*")
    data = path.read_bytes()
    flip(path)
    assert codes(made.workspace) == {"restricted-damaged"}
    assert codes(made.workspace, "--quick") == set()
    path.unlink()
    assert codes(made.workspace, "--quick") == {"restricted-missing"}
    path.write_bytes(data)
    path.chmod(0o400)
    assert codes(made.workspace) == set()


# --- notes --------------------------------------------------------------------------------


def test_a_pack_that_is_away_is_a_note(made: Whole) -> None:
    made.change("UPDATE packs SET path = ?", "/nowhere/at/all")
    code, told = verify(made.workspace)
    assert code == 0
    assert [f["code"] for f in told["findings"]] == ["pack-unreachable"]


def test_leftovers_of_a_killed_run_are_notes(made: Whole) -> None:
    part = f".dam-{'0' * 16}.part"
    for place in (
        f".dam/originals/.incoming/{part}",
        f"archive/2021/{part}",
        ".dam/work/abcdefgh-1.jpg",
        f".dam/renditions/{family.asset(made.workspace, 'a.jpg')}/{'1' * 64}.jpg",
    ):
        _add(place)(made)
    code, told = verify(made.workspace)
    assert (code, {f["code"] for f in told["findings"]}) == (0, {"leftover"})
    assert len(told["findings"]) == 4
    made.workspace.ingest()
    assert notes(made.workspace) == set()


def test_an_older_ledger_is_replayed_once_it_has_its_baseline(made: Whole) -> None:
    made.change("INSERT INTO notes (key, value) VALUES ('ledger:baseline', 'due')")
    assert notes(made.workspace) == {"replay-later"}
    assert codes(made.workspace) == set()


# --- how deep -----------------------------------------------------------------------------


def test_a_whole_sample_is_the_whole(made: Whole) -> None:
    for pattern in ("originals/*/*", "renditions/*/*.jpg"):
        flip(made.one(pattern))
    flip(made.filed())
    assert failures(made.workspace, "--sample", "100%") == failures(made.workspace)
    assert len(failures(made.workspace)) == 3


def test_a_sample_is_the_same_all_day_and_another_with_another_seed(made: Whole) -> None:
    told = [verify(made.workspace, "--sample", "40%")[1] for _ in range(2)]
    assert told[0]["seed"] == told[1]["seed"]
    assert told[0]["checked"] == told[1]["checked"]
    seeds = {verify(made.workspace, "--sample", "40%", "--seed", "random")[1]["seed"] for _ in "12"}
    assert len(seeds) == 2
    (seed,) = {verify(made.workspace, "--sample", "40%", "--seed", "dawn")[1]["seed"]}
    assert seed == "dawn"


def test_a_sample_takes_about_its_part() -> None:
    depth = Depth(5, "2027-01-01")
    taken = [place for place in map(str, range(20_000)) if depth.takes(place)]
    assert 900 < len(taken) < 1100
    assert taken != [place for place in map(str, range(20_000)) if Depth(5, "x").takes(place)]
    assert not any(Depth(0, "x").takes(place) for place in "abc")


@pytest.mark.parametrize(
    "words",
    [("--quick", "--sample", "5%"), ("--sample", "0"), ("--sample", "101%"), ("--seed", "x")],
)
def test_what_cannot_be_meant_is_refused(made: Whole, words: tuple[str, ...]) -> None:
    command = ["-C", str(made.workspace.root), "verify", *words]
    done = CliRunner().invoke(app, command, env=environment())
    assert getattr(done.exception, "exit_code", 0) == 2


def test_people_read_a_table(made: Whole) -> None:
    flip(made.filed())
    command = ["-C", str(made.workspace.root), "--lang", "fr", "verify"]
    done = CliRunner().invoke(app, command, env=environment())
    assert "archive-damaged" in done.stdout
    assert "archive/2021/11/18/" in done.stdout.replace("\n", "") or "archive/" in done.stdout
    assert getattr(done.exception, "exit_code", 0) == 5


def test_no_finding_tells_who_somebody_is(made: Whole) -> None:
    made.change("UPDATE subject_details SET birth_date = '2001-01-01', name = 'Nobody Else'")
    made.change("UPDATE sidecars SET sha256 = ?", "0" * 64)
    _, told = verify(made.workspace)
    assert told["findings"]
    words = {str(record(n)["subject"].get("name", "")) for n in (1, 3)} - {""}
    text = str(told)
    assert not any(word in text for word in (*words, "Nobody Else", "a.jpg", "2001-01-01"))


def test_every_code_is_documented_and_tested() -> None:
    page = (Path(__file__).parents[1] / "docs" / "verify.md").read_text()
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == set(Code)
    tests = (
        Path(__file__).read_text() + (Path(__file__).parent / "test_verify_running.py").read_text()
    )
    missing = {c for c in Code if c.value not in tests and f"Code.{c.name}" not in tests}
    assert missing == set()


@pytest.mark.slow
def test_what_people_say_of_copies_leaves_a_sound_workspace(made: Whole) -> None:
    workspace = made.workspace
    family.withdraw(workspace)
    workspace.drop("half.jpg", family.saved_anew(family.ALONE, half=True), EMPTY_HALL)
    workspace.ingest()
    assert failures(workspace) == set()
    half = min(a["asset"] for a in workspace.assets().values() if a["disposition"] == "held")
    said = ("tombstone", "settle", half, "--different", "--by", "dpo", "--reason", "looked at")
    workspace.run(*said)
    workspace.ingest()
    assert failures(workspace) == set()
