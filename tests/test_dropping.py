"""What people and file systems drop into an inbox: twins, late comers, odd names, odd things."""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from dam.adapters.store import OriginalStore, Taken
from dam.core.errors import StorageError
from dam.flows import ingest
from tests import photos
from tests.lived import Days
from tests.workspaces import (
    NOBODY,
    PHOTOGRAPHER,
    Json,
    Workspace,
    by_source,
    environment,
    sha256,
)

SHEET = f"schema: dam/shoot/1\nphotographer: {PHOTOGRAPHER}\npeople: none\n"
CHILD = f"""\
schema: dam/photo/1
photographer: {PHOTOGRAPHER}
people: [{{subject: S-0001, age_band: 6-11}}]
"""
#: Whose terminal or log nobody wants to find out about: C0, C1, bidi controls.
_HARMFUL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def outcomes(report: Json) -> dict[str, tuple[object, ...]]:
    return {
        source: (o["disposition"], o["sha256"], o["archived_as"], [r["rule"] for r in o["reasons"]])
        for source, o in by_source(report).items()
    }


def test_a_dry_run_changes_nothing_and_tells_the_truth(workspace: Workspace) -> None:
    twin = photos.jpeg(1, 480, 320)
    workspace.drop("a.jpg", twin, NOBODY)
    workspace.drop("b.jpg", photos.jpeg(2, 480, 320), CHILD)
    workspace.drop("c.jpg", photos.jpeg(3, 480, 320))
    workspace.drop("d.jpg", photos.jpeg(4, 480, 320)[:9000], NOBODY)
    workspace.drop("e.png", b"no photograph", NOBODY)
    workspace.drop("f.tif", photos.tiff(5), NOBODY)
    workspace.drop("z/twin.jpg", twin, NOBODY)
    (workspace.inbox / "link.jpg").symlink_to("/etc/hostname")
    before = workspace.snapshot()
    dry = workspace.ingest("--dry-run")
    assert workspace.snapshot() == before
    assert dry["dry_run"] is True
    real = workspace.ingest()
    assert outcomes(dry) == outcomes(real)
    assert dry["counts"] == real["counts"]
    counts = (real["counts"][key] for key in ("approved", "held", "quarantined", "duplicate"))
    assert tuple(counts) == (2, 3, 1, 1)


def test_a_dry_run_of_a_workspace_in_use(workspace: Workspace) -> None:
    """A late sidecar, a known photograph again, a new one: told, and nothing touched."""
    twin = photos.jpeg(1, 480, 320)
    workspace.drop("late.jpg", photos.jpeg(2, 480, 320))
    workspace.drop("twin.jpg", twin, NOBODY)
    workspace.ingest()
    workspace.say("late.jpg", NOBODY)
    workspace.drop("again.jpg", twin, NOBODY)
    workspace.drop("new.jpg", photos.jpeg(3, 480, 320), NOBODY)
    before = workspace.snapshot()
    dry = workspace.ingest("--dry-run")
    assert workspace.snapshot() == before
    real = workspace.ingest()
    assert real["counts"]["approved"] == 2
    assert outcomes(dry) == outcomes(real)
    assert dry["counts"] == real["counts"]


def test_the_same_bytes_twice_are_one_asset(workspace: Workspace) -> None:
    """In one pass, side by side, and in a later one (faults, row 8)."""
    data = photos.jpeg(1, 480, 320)
    for name in ("a.jpg", "b.jpg", "sub/a.jpg"):
        workspace.drop(name, data, NOBODY)
    first = workspace.ingest()
    assert first["counts"]["approved"] == 1
    assert first["counts"]["duplicate"] == 2
    workspace.drop("later.jpg", data, NOBODY)
    assert workspace.ingest()["counts"]["duplicate"] == 1
    (asset,) = workspace.assets().values()
    told = workspace.ask("show", asset["asset"])
    assert sorted(told["dropped_as"]) == ["a.jpg", "b.jpg", "later.jpg", "sub/a.jpg"]
    assert len(workspace.filed()) == 1
    assert workspace.dropped() == []


def test_the_same_name_with_other_bytes(workspace: Workspace) -> None:
    """A camera's counter starts anew: two photographs, two archive files (row 7)."""
    for seed in (1, 2):
        workspace.drop("IMG_0001.JPG", photos.jpeg(seed, 480, 320), NOBODY)
        assert workspace.ingest()["counts"]["approved"] == 1
    assert len(workspace.filed()) == len(workspace.assets()) == 2
    # What was said of the others is not said of a third one.
    workspace.drop("IMG_0001.JPG", photos.jpeg(3, 480, 320))
    report = workspace.ingest()
    assert report["counts"]["held"] == 1 == sum(report["counts"].values())


def test_a_sidecar_for_a_new_photograph_says_nothing_of_an_older_one(workspace: Workspace) -> None:
    """The older one of that name shows a child; the new one, with its sidecar, nobody."""
    child, empty = photos.jpeg(1, 480, 320), photos.jpeg(2, 480, 320)
    workspace.drop("IMG_0001.JPG", child, CHILD)
    assert workspace.ingest()["counts"]["held"] == 1
    workspace.drop("IMG_0001.JPG", empty, NOBODY)
    workspace.ingest()
    found = {digest: asset["disposition"] for digest, asset in workspace.assets().items()}
    assert found == {sha256(child): "held", sha256(empty): "approved"}
    assert len(workspace.filed()) == 1


def test_however_a_file_comes_in_it_is_found(workspace: Workspace, tmp_path: Path) -> None:
    """Renamed in, linked in, a whole tree moved in, while a watcher runs (row 4)."""
    outside = tmp_path / "outside"
    (outside / "tree" / "deep").mkdir(parents=True)
    for name, seed in (("renamed.jpg", 1), ("linked.jpg", 2), ("tree/deep/moved.jpg", 3)):
        (outside / name).write_bytes(photos.jpeg(seed, 480, 320))
        (outside / f"{name}.consent.yaml").write_text(NOBODY)
    linked = (outside / "linked.jpg").read_bytes()
    process = subprocess.Popen(
        workspace.command("watch", "--format", "json"),
        env=environment({"DAM_INBOX__SCAN_SECONDS": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        assert b"Watching" in process.stderr.readline()
        for name in ("renamed.jpg.consent.yaml", "renamed.jpg"):
            (outside / name).rename(workspace.inbox / name)
        for name in ("linked.jpg.consent.yaml", "linked.jpg"):
            (workspace.inbox / name).hardlink_to(outside / name)
        (outside / "tree").rename(workspace.inbox / "tree")
        deadline = time.monotonic() + 60
        while (len(workspace.filed()) < 3 or workspace.dropped()) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=60)[0].decode()
    finally:
        process.kill()
    assert process.returncode == 0
    lines = [json.loads(line) for line in told.splitlines()]
    assert {line["source"] for line in lines if line["disposition"] == "approved"} == {
        "renamed.jpg",
        "linked.jpg",
        "tree/deep/moved.jpg",
    }
    assert (outside / "linked.jpg").read_bytes() == linked
    # Bytes were copied: what happens to the other name later is no matter (row 15).
    (outside / "linked.jpg").write_bytes(b"changed")
    assert workspace.original(sha256(linked)).read_bytes() == linked


def test_what_is_no_file_is_refused_and_never_opened(workspace: Workspace, tmp_path: Path) -> None:
    """A link, a pipe, a folder, a device under a photograph's name (row 14)."""
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(photos.jpeg(1, 480, 320))
    (workspace.inbox / "link.jpg").symlink_to(secret)
    os.mkfifo(workspace.inbox / "pipe.jpg")
    (workspace.inbox / "folder.jpg").mkdir()
    (workspace.inbox / "linked-folder").symlink_to(tmp_path)
    odd = {"link.jpg", "pipe.jpg", "folder.jpg", "linked-folder"}
    if os.geteuid() == 0:
        os.mknod(workspace.inbox / "device.jpg", 0o020600, os.makedev(1, 5))
        odd.add("device.jpg")
    for name in odd:
        workspace.say(name, NOBODY)
    workspace.drop("good.jpg", photos.jpeg(2, 480, 320), NOBODY)
    report = workspace.ingest()
    assert report["counts"]["approved"] == 1
    told = {note.partition(":")[0] for note in report["notes"]}
    told |= {o["source"] for o in report["assets"] if o["disposition"] == "held"}
    assert odd <= told
    assert not workspace.original(sha256(secret.read_bytes())).exists()
    assert all(os.path.lexists(workspace.inbox / name) for name in odd)


NAMES = (
    b"new\nline.jpg",
    b"esc\x1b[31mred\x1b]52;c;aGk=\x07.jpg",
    "rlo\u202egpj.exe.jpg".encode(),
    b"-rf.jpg",
    b"--dry-run.jpg",
    b"[bold][link=https://example.org]x[/].jpg",
    b"<img src=x>&amp;.jpg",
    b"=cmd|' '!A0.jpg",
    b"x" * 251 + b".jpg",
    "é".encode() + b".JPG",
    b"caf\xe9.jpg",
    b"\xff\xfe\x80.jpg",
    b"with space .jpg",
    b"%s%n{0}$(id)`id`.jpg",
)


def test_names_are_data(workspace: Workspace, tmp_path: Path) -> None:
    """Newlines, escapes, markup, options, 255 bytes, names that are no text (rows 17, 18)."""
    for seed, name in enumerate(NAMES):
        workspace.drop(b"shoot/" + name, photos.jpeg(seed, 320, 240))
    workspace.place("shoot/consent.yaml").write_text(SHEET)
    workspace.drop(b"own/\xffa\nb.jpg", photos.jpeg(50, 320, 240), NOBODY)
    report = workspace.ingest()
    assert report["counts"]["approved"] == len(NAMES) + 1, report
    assert workspace.dropped() == ["shoot/consent.yaml"]
    form = re.compile(r"2021/11/18/20211118-[0-9a-z]{8}\.jpg")
    assert all(form.fullmatch(name) for name in workspace.filed())
    sources = [outcome["source"] for outcome in report["assets"]]
    assert len(set(sources)) == len(NAMES) + 1
    pack = str(tmp_path / "pack")
    ids = [asset["asset"] for asset in workspace.assets().values()]
    for words in (
        ("list",),
        ("audit",),
        ("show", ids[0]),
        ("export", "internal", "--recipient", "x", "--out", pack),
    ):
        for form_ in ("json", "table"):
            if words[0] == "export" and form_ == "table":
                continue
            done = workspace.run(*words, "--format", form_)
            text = done.stdout.decode() + done.stderr.decode()
            assert not _HARMFUL.search(text), words
    workspace.drop(b"shoot/again\x1b[2J\xff.jpg", photos.jpeg(99, 320, 240))
    done = workspace.run("ingest")
    assert not _HARMFUL.search(done.stdout.decode() + done.stderr.decode())


def bound_by_permissions() -> None:
    """Of root's powers, take those away that permissions do not stop."""
    prctl, drop_from_bounding_set = ctypes.CDLL(None).prctl, 24
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        prctl(drop_from_bounding_set, capability, 0, 0, 0)


def ingest_as_somebody(workspace: Workspace) -> Json:
    done = subprocess.run(
        workspace.command("ingest", "--format", "json"),
        env=environment(),
        capture_output=True,
        timeout=120,
        preexec_fn=bound_by_permissions if os.geteuid() == 0 else None,
    )
    assert done.returncode == 0, done.stderr
    document: Json = json.loads(done.stdout)
    return document


def test_without_permission_it_is_held_and_the_rest_goes_on(workspace: Workspace) -> None:
    """A photograph, a sidecar and a folder that may not be read (row 12)."""
    workspace.drop("closed.jpg", photos.jpeg(1, 480, 320), NOBODY)
    workspace.drop("sidecar.jpg", photos.jpeg(2, 480, 320), NOBODY)
    workspace.drop("folder/inner.jpg", photos.jpeg(3, 480, 320), NOBODY)
    workspace.drop("open.jpg", photos.jpeg(4, 480, 320), NOBODY)
    workspace.place("closed.jpg").chmod(0)
    workspace.place("sidecar.jpg.consent.yaml").chmod(0)
    workspace.place("folder").chmod(0)
    report = ingest_as_somebody(workspace)
    found = by_source(report)
    assert found["open.jpg"]["disposition"] == "approved"
    for name in ("closed.jpg", "sidecar.jpg"):
        assert found[name]["disposition"] == "held"
        assert found[name]["reasons"][0]["message"]
        assert workspace.place(name).exists()
    assert any(note.startswith("folder:") for note in report["notes"])
    assert len(workspace.filed()) == 1
    workspace.place("folder").chmod(0o700)


def test_a_folder_that_cannot_be_emptied(workspace: Workspace) -> None:
    """Photographs that can be read and not removed: taken once, the rest goes on (row 12)."""
    workspace.drop("locked/a.jpg", photos.jpeg(1, 480, 320), NOBODY)
    workspace.drop("open/b.jpg", photos.jpeg(2, 480, 320), NOBODY)
    workspace.place("locked").chmod(0o555)
    for _ in range(2):
        ingest_as_somebody(workspace)
        assert len(workspace.filed()) == 2
        assert workspace.place("locked/a.jpg").exists()
        assert not workspace.place("open/b.jpg").exists()
    assert len(workspace.rows("SELECT 1 FROM provenance")) == 2
    workspace.place("locked").chmod(0o700)


def test_a_photograph_waits_for_the_sidecar_that_the_disk_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is on record, as its original is in the store, and is not decided without its words."""
    days = Days(tmp_path / "w")
    days.workspace.drop("a.jpg", photos.plain(1), NOBODY)
    real, inbox = OriginalStore.take, days.workspace.inbox

    def refusing(
        self: OriginalStore, source: Path, max_bytes: int, below: Path | None = None
    ) -> Taken:
        if source.suffix == ".yaml":
            raise StorageError("Storing an original: no space left", "Free some space")
        return real(self, source, max_bytes, below)

    with days.desk() as desk, desk.darkroom(1) as room:
        with monkeypatch.context() as patch:
            patch.setattr(OriginalStore, "take", refusing)
            (failure,) = ingest.run(desk, room, lambda found: True).failures()
            assert failure.what.endswith("no space left")
        (row,) = desk.catalog.assets()
        assert (row.disposition.value, row.facts_digest) == ("held", None)
        assert desk.originals.verify(row.sha256)
        assert "sidecar.read" not in {e.type for e in desk.catalog.events()}
        assert {p.name for p in inbox.iterdir()} == {"a.jpg", "a.jpg.consent.yaml", "README.md"}
        report = ingest.run(desk, room, lambda found: True)
        assert [o.became.value for o in report.outcomes] == ["approved"]
        assert [p.name for p in inbox.iterdir()] == ["README.md"]
