"""Each finding of `dam verify` is caused by breaking the very thing; what is whole is told so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dam.cli import context
from dam.core.verification import Code, Depth
from tests import family
from tests.people import record
from tests.verifying import Whole, add, codes, failures, flip, notes, verify, whole
from tests.workspaces import EMPTY_HALL, Workspace, invoked, sha256


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
    done = invoked(command)
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
        add(place)(made)
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
    done = invoked(command)
    assert getattr(done.exception, "exit_code", 0) == 2


def test_people_read_a_table(made: Whole) -> None:
    flip(made.filed())
    command = ["-C", str(made.workspace.root), "--lang", "fr", "verify"]
    done = invoked(command)
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
