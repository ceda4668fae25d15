"""Erasing that erases: a search of the raw bytes of every file of the workspace finds nothing."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import piexif
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dam.core import errors, sidecar
from dam.core.erasing import Values
from dam.flows.consents.forgetting import without
from tests import leaks, photos
from tests.people import PEOPLE, forms, record, table_row
from tests.people import sidecar as words
from tests.workspaces import EMPTY_HALL, Workspace, once, sha256

WHO = PEOPLE["S-1"]
NAMED = "Zaïnab Qxéloufi"
REASON = "sa tante Qxfâtiha a téléphoné"
#: Told of the child and of who spoke for her.
PLANTED = (*WHO.values(), REASON, "Zaïnabelle", "qx1.example")


def shot(seed: int) -> bytes:
    """A photo with its own thumbnail, as cameras make it."""
    small, out = io.BytesIO(), io.BytesIO()
    photos.scene(seed, 160, 120).save(small, "JPEG", quality=80)
    exif = piexif.dump({"0th": {}, "1st": {}, "thumbnail": small.getvalue()})
    photos.scene(seed, 640, 480).save(out, "JPEG", quality=92, exif=exif)
    return out.getvalue()


ALONE, BESIDE, OTHER = map(shot, (1, 2, 3))


def spoken(**other: object) -> str:
    """A sidecar that tells the record of the child as well, as far as sidecars may."""
    item = record(1)
    for word in ("name", "first_name", "contact"):
        del item["subject"][word]
    for word in ("name", "contact"):
        del item["givers"][0][word]
    return words(1, consents=[item], **other)


def everything(workspace: Workspace) -> dict[str, bytes]:
    """The bytes of every file, and its name."""
    return {
        str(path.relative_to(workspace.root)): str(path).encode() + path.read_bytes()
        for path in workspace.root.rglob("*")
        if path.is_file()
    }


def windows(data: bytes) -> list[bytes]:
    """Pieces of a photo's own bytes, its thumbnail among them; not those of every photo, such as

    tables of the JPEG format and colour profiles.
    """
    others = shot(99) + photos.jpeg(99, 640, 480)
    step = max(64, len(data) // 400)
    pieces = [data[n : n + 64] for n in range(0, len(data) - 64, step)]
    own = [piece for piece in pieces if piece not in others]
    assert len(own) > 100 or len(own) > 0.8 * len(pieces)
    return own


def found(workspace: Workspace, texts: tuple[str, ...], pieces: list[bytes]) -> set[str]:
    """What of it is anywhere: text in every encoding, bytes as they are."""
    told = set()
    for name, data in everything(workspace).items():
        told |= {f"{text} in {name}" for text in texts if any(f in data for f in forms(text))}
        told |= {f"{text} in {name}" for text in leaks.found_in(data, texts)}
        told |= {f"the photo in {name}" for piece in pieces if piece in data}
    return told


def committed(workspace: Workspace) -> set[bytes]:
    """The keys of what the ledger says of people and sidecars."""
    rows = workspace.rows("SELECT key FROM subject_keys UNION ALL SELECT key FROM sidecar_keys")
    return {key for (key,) in rows}


def fill(folder: Path) -> None:
    made = Workspace.init(folder / "w")
    for number in (1, 3):
        told = folder / f"r{number}.json"
        told.write_text(json.dumps({"schema": "dam/consent/1", **record(number)}))
        made.run("consent", "import", str(told))
    made.drop(f"{NAMED}.jpg", ALONE, spoken())
    both = yaml.safe_load(words(1, caption={"fr": f"{WHO['first_name']} et une amie"}))
    both["people"] += yaml.safe_load(words(3))["people"]
    made.drop("shoot/b.jpg", BESIDE, f"# {NAMED}\n" + yaml.safe_dump(both, allow_unicode=True))
    made.drop("c.jpg", OTHER, words(3))
    made.drop("hall.jpg", photos.jpeg(7, 640, 480), EMPTY_HALL)
    made.ingest()


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Workspace:
    shutil.copytree(once(tmp_path_factory, "erasable", fill) / "w", tmp_path / "w", symlinks=True)
    return Workspace(tmp_path / "w")


def test_nothing_of_it_is_anywhere(workspace: Workspace) -> None:
    (alone,) = (i for i, s in workspace.rows("SELECT id, sha256 FROM assets") if s == sha256(ALONE))
    assert found(workspace, PLANTED, windows(ALONE)) != set()
    keys, told_of = committed(workspace), "SELECT subject FROM subject_keys ORDER BY subject"
    assert workspace.rows(told_of) == [("S-1",), ("S-3",)]
    told = workspace.json(
        "consent", "withdraw", "C-1", "--by", "parent", "--reason", REASON, "--erase"
    )
    done = told["withdrawn"]
    assert {p["asset"]: p["fate"] for p in done["photos"]}[alone] == "erased"
    assert (done["erased"], done["clean"]) == (["S-1"], True)
    assert found(workspace, PLANTED, windows(ALONE)) == set()
    # Without its key nobody can try whether the ledger means a name that they guess.
    assert workspace.rows(told_of) == [("S-3",)]
    assert len(keys - committed(workspace)) == 3
    left = b"".join(everything(workspace).values())
    assert {key for key in keys if key in left} == keys & committed(workspace)
    assert workspace.ask("verify")["findings"] == []
    # Others are as they were, and can be decided on anew.
    assert found(workspace, (PEOPLE["S-3"]["name"],), windows(OTHER)) != set()
    assert workspace.original(sha256(BESIDE)).read_bytes() == BESIDE
    assert {d["disposition"] for d in workspace.assets().values()} == {"approved", "refused"}
    assert workspace.ask("show", alone)["note"] == "Erased after a withdrawal"
    checks = {c["name"]: c["fine"] for c in workspace.ask("doctor")["checks"]}
    assert checks["ledger"]
    assert checks["catalogue"]
    events = workspace.rows("SELECT subject FROM events WHERE type = 'personal.erased'")
    assert events == [("S-1",)]
    workspace.ingest()
    audit = workspace.ask("audit")
    assert alone in {a["asset"] for a in audit["assets"]}
    # It does not come back, not even with a sidecar that says "nobody".
    workspace.drop("x.jpg", ALONE, EMPTY_HALL)
    (again,) = workspace.ingest()["assets"]
    assert again["disposition"] == "refused"
    assert [r["rule"] for r in again["reasons"]] == ["withdrawn-copy"]
    kept = workspace.root / ".dam" / "restricted" / sha256(ALONE)[:2] / sha256(ALONE)
    assert kept.read_bytes() == ALONE
    assert workspace.dropped() == []
    settle = ("tombstone", "settle", again["asset"], "--by", "dpo", "--reason", "x")
    workspace.run(*settle, "--different", code=errors.USAGE)
    assert workspace.ask("tombstone", "list")["copies"][0]["level"] == "certain"
    # Those shown agreed anew: it is a photo like any other, decided by what its sidecar says.
    agreed = workspace.json(*settle, "--agreed")
    assert [a["disposition"] for a in agreed["photos"]["assets"]] == ["approved"]
    assert workspace.original(sha256(ALONE)).read_bytes() == ALONE
    assert not kept.exists()


def test_what_was_in_restricted_hold_is_erased_later(workspace: Workspace) -> None:
    workspace.run("consent", "withdraw", "C-1", "--by", "parent")
    assert found(workspace, (), windows(ALONE)) != set()
    told = workspace.json("consent", "withdraw", "C-1", "--by", "parent", "--erase")
    assert "erased" in {p["fate"] for p in told["withdrawn"]["photos"]}
    assert found(workspace, PLANTED, windows(ALONE)) == set()
    assert len(workspace.rows("SELECT * FROM tombstones")) == 1


@pytest.mark.slow
def test_group_photos_go_where_that_is_said(workspace: Workspace) -> None:
    said = ("consent", "withdraw", "C-1", "--by", "parent")
    workspace.run(*said, "--erase-group-photos", code=errors.USAGE)
    told = workspace.json(*said, "--erase", "--erase-group-photos")
    assert {p["fate"] for p in told["withdrawn"]["photos"]} == {"erased"}
    assert found(workspace, PLANTED, [*windows(ALONE), *windows(BESIDE)]) == set()
    assert workspace.original(sha256(OTHER)).exists()


@pytest.mark.slow
def test_who_has_another_consent_is_not_forgotten(workspace: Workspace, tmp_path: Path) -> None:
    other = record(1) | {"id": "C-12"}
    path = tmp_path / "other.json"
    path.write_text(json.dumps({"schema": "dam/consent/1", **other}))
    workspace.run("consent", "import", str(path))
    told = workspace.json("consent", "withdraw", "C-1", "--by", "parent", "--erase")["withdrawn"]
    assert (told["erased"], told["spared"]) == ([], ["S-1"])
    assert {p["fate"] for p in told["photos"]} == {"restricted", "kept"}
    assert workspace.original(sha256(BESIDE)).exists()
    assert workspace.rows("SELECT count(*) FROM subject_details WHERE subject = 'S-1'") != [(0,)]


def test_a_reader_that_keeps_the_journal_is_told_of_and_the_next_start_empties_it(
    workspace: Workspace,
) -> None:
    with closing(sqlite3.connect(workspace.root / ".dam" / "catalogue.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM assets").fetchone()
        done = workspace.run("consent", "withdraw", "C-1", "--by", "parent", "--erase")
        assert b"journal is emptied" in done.stderr
        reader.rollback()
    assert workspace.rows("SELECT kind FROM leaving") == [("scrub",)]
    workspace.ingest()
    assert workspace.rows("SELECT * FROM leaving") == []
    assert found(workspace, PLANTED, windows(ALONE)) == set()


# --- stored sidecars ---------------------------------------------------------------------


def test_a_stored_sidecar_says_all_else_as_before() -> None:
    values = Values([WHO["birth_date"], WHO["witness"], WHO["evidence"]], ["Zaïnab"])
    for name, json_ in (("a.consent.yaml", False), ("a.consent.json", True)):
        text = spoken(caption={"fr": "Zaïnab lit", "ar": "قراءة"})
        data = text.encode() if not json_ else json.dumps(yaml.safe_load(text)).encode()
        clean = without(data, name, "photo", values)
        assert not any(form in clean for word in ("Zaïnab", WHO["witness"]) for form in forms(word))
        said = sidecar.parse_photo(clean, name, json_)
        assert said.value is not None, said.problems
        before = sidecar.parse_photo(data, name, json_).value
        assert before is not None
        assert said.value.people == before.people
        assert said.value.caption == {"fr": "lit", "ar": "قراءة"}
        assert said.value.consents[0].id == "C-1"
        assert said.value.consents[0].subject.birth_date is None


def test_a_table_loses_cells_and_keeps_its_rows() -> None:
    row = table_row(1)
    data = (";".join(row) + "\r\n" + ";".join(row.values()) + "\r\n").encode()
    clean = without(data, "consent.csv", "shoot", Values(list(WHO.values())))
    assert clean.count(b";") == data.count(b";")
    assert not any(form in clean for text in WHO.values() for form in forms(text))


@given(st.text(min_size=3, max_size=20), st.text(max_size=40), st.text(max_size=40))
def test_what_was_known_is_in_no_text_afterwards(value: str, before: str, after: str) -> None:
    values = Values([value])
    assert not values.tells(values.out_of(before + value + after))
