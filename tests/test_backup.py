"""One encrypted file that everything comes back from, and what was taken back stays taken back."""

from __future__ import annotations

import io
import json
import random
import sqlite3
import stat
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.adapters import backup_file, sealed
from dam.adapters.settings import Settings
from dam.adapters.settings import Workspace as Paths
from dam.adapters.store_files import folder, found_digest
from dam.adapters.tar_stream import Sink, Unpacker
from dam.core import backup as layout
from dam.core import since
from dam.core.errors import DamError, IntegrityError, UsageError
from dam.core.tombstones import Tombstone
from tests import photos
from tests.backups import Key, back_up, child, files, lived_in, plain_tar, restore, tables
from tests.test_consent_commands import line, sheet
from tests.test_consents import spoken, written
from tests.workspaces import NOBODY, Workspace, environment, once, sha256

NOTHING = "--no-withdrawals-since"


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key.make(tmp_path)


@pytest.fixture
def workspace(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy of one workspace that all tests share."""
    made = once(tmp_path_factory, "backed-up", lambda folder: void(lived_in(folder)))
    subprocess.run(["cp", "-a", str(made / "w"), str(tmp_path / "w")], check=True)
    return Workspace(tmp_path / "w")


@pytest.fixture
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a small backup that is not encrypted."""

    def make(folder: Path) -> None:
        Workspace.init(folder / "w").json("backup", str(folder / "b.dam"), "--plain")

    return plain_tar((once(tmp_path_factory, "plain", make) / "b.dam").read_bytes())


def void(_: object) -> None:
    """For what is called for its effect."""


def test_everything_comes_back_as_it_was(workspace: Workspace, key: Key, tmp_path: Path) -> None:
    (workspace.root / "dam.toml").write_text("workers = 1\n")
    (workspace.root / "rules" / "été 2026.txt").write_text("une note")
    for name in ("keys/former.pem", "checkpoints/000000000012-0123abcd.json"):
        private = workspace.root / ".dam" / name
        private.parent.mkdir(mode=0o700, exist_ok=True)
        private.write_text("kept")
    before, rows = files(workspace), tables(workspace)
    assert any(name.endswith("keys/ledger.pem") for name in before)
    path = tmp_path / "b.dam"
    done = back_up(workspace, key, path)
    assert (done["missing"], done["damaged"], done["left_out"]) == ([], [], 0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".part")]
    data = path.read_bytes()
    assert data.startswith(b"age-encryption.org/v1\n")
    told = workspace.rows("SELECT subject, body FROM events WHERE type = 'backup.made'")
    assert [(s, json.loads(b)) for s, b in told] == [
        (done["listing"], {"encrypted": True, "files": done["files"]})
    ]
    assert str(tmp_path) not in told[0][1]
    again = restore(workspace, path, tmp_path / "r", "--identity", str(key.file), NOTHING)
    assert files(again) == before
    assert tables(again) == rows
    assert tomllib.loads((again.root / "dam.toml").read_text()) == {"workers": 1}
    for path in (again.root, again.root / ".dam", again.root / ".dam" / "originals"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert again.rows("SELECT count(*) FROM due_work") == [(5,)]
    ((body,),) = again.rows("SELECT body FROM events WHERE type = 'workspace.restored'")
    assert json.loads(body)["withdrawals"] == "none, as was said"
    again.ingest()
    assert again.rows("SELECT * FROM due_work") == []
    assert again.filed() == workspace.filed()
    checks = {c["name"]: c for c in again.ask("doctor")["checks"]}
    assert checks["ledger"]["fine"], checks["ledger"]


def test_nobody_restores_without_saying_what_was_taken_back(
    workspace: Workspace, key: Key, tmp_path: Path
) -> None:
    path, mine = tmp_path / "b.dam", ("--identity", str(key.file))
    back_up(workspace, key, path)
    beside = tmp_path / "b.dam.tombstones"
    target = tmp_path / "r"
    restore(workspace, path, target, *mine, code=2)
    restore(workspace, path, target, *mine, NOTHING, "--tombstones", str(beside), code=2)
    restore(workspace, path, target, "--tombstones", str(beside), code=2)
    stranger = Key.make(tmp_path, "other.txt")
    wrong = workspace.run(
        "restore", str(path), str(target), "--identity", str(stranger.file), NOTHING, code=2
    )
    assert wrong.stderr.decode().count("\n") == 1
    assert not target.exists()
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".part")]
    restore(workspace, path, target, *mine, "--tombstones", str(beside))
    # Neither takes the place of anything.
    restore(workspace, path, target, *mine, "--tombstones", str(beside), code=2)
    workspace.run("backup", str(path), "--recipient", key.recipient, code=2)
    # Nobody is written for unsaid.
    another = str(tmp_path / "c.dam")
    for words in ((), ("--recipient", "age1nobody"), ("--plain", "--recipient", key.recipient)):
        workspace.run("backup", another, *words, code=2)
    assert not (tmp_path / "c.dam").exists()


def test_what_was_taken_back_since_is_taken_back_again(
    workspace: Workspace, key: Key, tmp_path: Path
) -> None:
    kept = tmp_path / "elsewhere"
    (workspace.root / "dam.toml").write_text(
        f'[backup]\nrecipients = ["{key.recipient}"]\ntombstones = "{kept}"\n'
    )
    path = tmp_path / "b.dam"
    workspace.json("backup", str(path))
    (first, _), (second, _) = child(1), child(2)
    workspace.run("consent", "withdraw", "C-2021-0001", "--by", "parent", "--reason", "Ilham")
    workspace.run("consent", "withdraw", "C-2021-0002", "--by", "parent", "--erase")
    told = kept.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    for secret in (b"C-2021", b"S-000", b"Ilham", sha256(first).encode(), b".jpg"):
        assert secret not in told
    # The file beside the backup is as old as the backup, and tells of neither.
    target, mine = tmp_path / "r", ("--identity", str(key.file))
    old = restore(workspace, path, tmp_path / "old", *mine, "--tombstones", f"{path}.tombstones")
    assert len(old.filed()) == 3
    again = restore(workspace, path, target, *mine, "--tombstones", str(kept))
    assert len(again.filed()) == 1
    assert not again.original(sha256(first)).exists()
    everything = b"".join(p.read_bytes() for p in again.root.rglob("*") if p.is_file())
    assert second[-1500:-500] not in everything
    again.ingest()
    dispositions = {s: a["disposition"] for s, a in again.assets().items()}
    assert dispositions[sha256(first)] == "refused"
    assert sha256(second) not in dispositions
    again.drop("again.jpg", second, child(2)[1])
    again.drop("first.jpg", first, child(1)[1])
    assert set(again.ingest()["counts"].items()) >= {("approved", 0)}
    assert again.assets()[sha256(second)]["disposition"] == "refused"
    assert len(again.filed()) == 1
    # The restored workspace keeps the same file, and loses nothing of it.
    assert len(kept.read_bytes().splitlines()) >= len(told.splitlines())


def test_a_record_that_says_less_by_now_permits_nothing_until_it_is_told_again(
    workspace: Workspace, key: Key, tmp_path: Path
) -> None:
    path = tmp_path / "b.dam"
    back_up(workspace, key, path)
    narrower = sheet(tmp_path, line(1, usages="donor"), name="newer.csv")
    workspace.json("consent", "import", narrower)
    told_in = tmp_path / "since"
    told = workspace.json("tombstone", "export", str(told_in))
    assert (told["photos"], told["consents"]) == (0, 0)
    done = workspace.json(
        "restore", str(path), str(tmp_path / "r"), "--identity", str(key.file),
        "--tombstones", str(told_in),
    )  # fmt: skip
    assert done["withdrawals"]["waiting"] == ["C-2021-0001"]
    assert len(done["retracted"]) == 1
    again = Workspace(tmp_path / "r")
    again.ingest()
    assert len(again.filed()) == 2
    again.json("consent", "import", narrower)
    assert len(again.filed()) == 3
    asset = again.assets()[sha256(child(1)[0])]["asset"]
    assert again.rules(asset, "press") == {"purpose-and-territory"}


def test_a_file_of_withdrawals_that_is_older_or_altered_restores_nothing(
    workspace: Workspace, key: Key, tmp_path: Path
) -> None:
    older, path = tmp_path / "older", tmp_path / "b.dam"
    workspace.json("tombstone", "export", str(older))
    workspace.drop("new.jpg", photos.plain(11, 96, 64), NOBODY)
    workspace.ingest()
    back_up(workspace, key, path)
    mine = ("--identity", str(key.file), "--tombstones")
    restore(workspace, path, tmp_path / "r", *mine, str(older), code=2)
    beside = tmp_path / "b.dam.tombstones"
    data = bytearray(beside.read_bytes())
    data[len(data) // 2] ^= 1
    beside.write_bytes(data)
    restore(workspace, path, tmp_path / "r", *mine, str(beside), code=5)
    assert not (tmp_path / "r").exists()


AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
STONE = Tombstone("a" * 32, "b" * 64, "", AT, "withdrawn", "c" * 32)
SINCE = since.Since(
    since.Head(AT, 7, "d" * 64),
    (since.Stone(STONE), since.Stone(replace(STONE, id="e" * 32, why="erased"), AT)),
    {
        "f" * 64: since.Consent((("1" * 64, "2" * 64),)),
        "0" * 64: since.Consent((), (since.Ended("withdrawn", date(2026, 3, 1), "parent"),)),
    },
    frozenset({"3" * 64}),
    frozenset({"4" * 32}),
)


@given(st.integers(0), st.integers(0, 7))
@settings(max_examples=40)
def test_a_file_of_withdrawals_is_read_as_it_was_written_or_not_at_all(at: int, bit: int) -> None:
    keys, other = since.Keys(b"k" * 32), since.Keys(b"l" * 32)
    data = SINCE.write(keys)
    assert since.read(data, keys) == SINCE
    assert SINCE.joined(replace(SINCE, stones=(), consents={})) == SINCE
    later = replace(SINCE, head=since.Head(AT, 9, "9" * 64))
    assert since.read(data, keys).says(keys) == later.says(keys)
    broken = bytearray(data)
    broken[at % len(data)] ^= 1 << bit
    for wrong in (bytes(broken), data[: at % len(data)], b"[" * 10_000, b""):
        with pytest.raises((IntegrityError, UsageError)):
            since.read(wrong, keys)
    with pytest.raises(UsageError):
        since.read(data, other)


def test_what_a_sidecar_takes_back_is_told_too_and_a_place_that_refuses_stops_nothing(
    workspace: Workspace, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    (workspace.root / "dam.toml").write_text(f'[backup]\ntombstones = "{kept}"\n')
    sidecar = spoken(8)
    workspace.drop("8.jpg", photos.jpeg(8, 240, 160), written(sidecar))
    workspace.ingest()
    assert b'"stone"' not in kept.read_bytes()
    before = kept.stat().st_mtime_ns
    workspace.ingest()
    assert kept.stat().st_mtime_ns == before
    sidecar["consents"][0]["events"].append({"state": "withdrawn", "on": "2026-01-02"})
    workspace.say("8.jpg", written(sidecar))
    workspace.ingest()
    assert b'["withdrawn","2026-01-02"' in kept.read_bytes()
    kept.unlink()
    kept.mkdir()
    done = workspace.run("consent", "withdraw", "C-2021-0001", "--by", "parent")
    assert b"[backup] tombstones" in done.stderr
    assert len(workspace.filed()) == 2


class _Nowhere:
    """Takes the bytes of a file and forgets them."""

    def write(self, data: bytes | memoryview) -> None: ...
    def close(self) -> None: ...


def _found(data: bytes, by: list[object]) -> None:
    """Read a backup as a restore does, but onto no disk. Raises what a restore raises."""
    lines = bytearray()

    class Listing(_Nowhere):
        def write(self, data: bytes | memoryview) -> None:
            lines.extend(data)

    def begin(name: str, size: int) -> Sink:
        return Listing() if name == layout.LISTING else _Nowhere()

    unpacker = Unpacker(begin, len(data))
    if by:
        sealed.unseal(io.BytesIO(data), unpacker, by)
    else:
        unpacker.write(data)
    unpacker.finish()
    entries = {name: e for name, e in unpacker.found.items() if name != layout.LISTING}
    layout.check_listing(bytes(lines).splitlines(keepends=True), entries)


@pytest.mark.parametrize("plain", [False, True])
def test_one_bit_anywhere_is_found(
    workspace: Workspace, key: Key, tmp_path: Path, plain: bool
) -> None:
    path = tmp_path / "b.dam"
    workspace.json("backup", str(path), *(["--plain"] if plain else ["--recipient", key.recipient]))
    by = [] if plain else sealed.identities(key.file.read_bytes())
    data = path.read_bytes()
    _found(data, by)
    chosen = random.Random(7)
    places = [*range(0, 250, 7), *(chosen.randrange(len(data)) for _ in range(60)), len(data) - 1]
    for place in places:
        broken = bytearray(data)
        broken[place] ^= 1 << chosen.randrange(8)
        with pytest.raises((IntegrityError, UsageError)) as told:
            _found(bytes(broken), by)
        assert "\n" not in str(told.value)
    for cut in (len(data) - 1, len(data) - 1024, len(data) // 2, 100, 0):
        with pytest.raises((IntegrityError, UsageError)):
            _found(data[:cut], by)
    with pytest.raises(IntegrityError):
        _found(data + b"more", by)
    bad = tmp_path / "bad.dam"
    bad.write_bytes(data[: len(data) // 2] + b"\1" + data[len(data) // 2 + 1 :])
    words = [NOTHING] if plain else ["--identity", str(key.file), NOTHING]
    restored = workspace.run("restore", str(bad), str(tmp_path / "r"), *words, code=5)
    assert restored.stderr.count(b"\n") == 1
    assert not (tmp_path / "r").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".part")]


def _member(name: str, data: bytes = b"x", **more: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for word, value in more.items():
        setattr(info, word, value)
    return info, data


HOSTILE = {
    "above": [_member("../../out.txt")],
    "inside-above": [_member("rules/../../out.txt")],
    "absolute": [_member("/tmp/out.txt")],
    "elsewhere": [_member("inbox/x.jpg")],
    "hidden": [_member("rules/.bashrc")],
    "catalogue-wal": [_member(".dam/catalogue.db-wal")],
    "lock": [_member(".dam/lock")],
    "script": [_member("archive/2021/11/18/x.html")],
    "link": [_member("rules/a.yaml", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")],
    "hard-link": [_member("rules/a.yaml", b"", type=tarfile.LNKTYPE, linkname="dam.toml")],
    "device": [_member("rules/a.yaml", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=3)],
    "pipe": [_member("rules/a.yaml", b"", type=tarfile.FIFOTYPE)],
    "folder": [_member("rules/a", b"", type=tarfile.DIRTYPE)],
    "twice": [_member("rules/a.yaml"), _member("rules/a.yaml", b"y")],
    "file-as-folder": [_member("rules/a"), _member("rules/a/b.yaml")],
    "long-name": [_member("rules/" + "a" * 200)],
    "wide-name": [_member("rules/" + "é" * 60)],
    "unlisted": [_member("rules/new.yaml")],
}


@pytest.mark.parametrize("case", [*HOSTILE, "size", "listed-elsewhere", "other-bytes"])
def test_a_hostile_backup_is_refused(good: dict[str, bytes], tmp_path: Path, case: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for info, data in HOSTILE.get(case, []):
            tar.addfile(info, io.BytesIO(data))
        for name, data in good.items():
            if case == "other-bytes" and name.startswith("rules/consent/"):
                data = b"schema: dam/rule/1\n"
            if case == "listed-elsewhere" and name == layout.LISTING:
                data = data.replace(b'"rules/', b'"../rules/')
            info, data = _member(name, data)
            tar.addfile(info, io.BytesIO(data))
    bad = bytearray(packed.getvalue())
    if case == "size":
        # The first file says to be of 8 GiB.
        info = tarfile.TarInfo.frombuf(bytes(bad[:512]), "utf-8", "strict")
        info.size = 8 << 30
        bad[:512] = info.tobuf(tarfile.GNU_FORMAT)
    path = tmp_path / "bad.dam"
    path.write_bytes(bad)
    before = sorted(p.name for p in tmp_path.iterdir())
    with (
        pytest.raises(DamError) as told,
        backup_file.unpacked(path, tmp_path / "r", [], lambda total: None),
    ):
        pytest.fail("a hostile backup was unpacked")
    assert isinstance(told.value, IntegrityError) or case == "file-as-folder"
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    assert not Path("/tmp/out.txt").exists()


@given(st.text(max_size=120))
@settings(max_examples=50)
def test_no_name_leads_out_of_a_workspace(name: str) -> None:
    for tried in (name, f"rules/{name}", f".dam/keys/{name}", f"archive/{name}"):
        if layout.fits(tried):
            parts = tried.split("/")
            assert not tried.startswith("/")
            assert not {"", ".", ".."} & set(parts)
            assert "\0" not in tried


def test_every_folder_of_a_workspace_is_kept_or_left_on_purpose(tmp_path: Path) -> None:
    paths = Paths.at(tmp_path, Settings())
    private = {
        path.relative_to(paths.private).parts[0]
        for name in Paths.__dataclass_fields__
        if isinstance(path := getattr(paths, name), Path)
        and path != paths.private
        and path.is_relative_to(paths.private)
    }
    assert private - {"catalogue.db", "lock", "gate"} <= {*layout.KEPT, *layout.LEFT}


def test_a_backup_beside_a_working_process_is_of_one_moment(
    workspace: Workspace, key: Key, tmp_path: Path
) -> None:
    for number in range(20, 23):
        workspace.drop(f"{number}.jpg", photos.plain(number, 96, 64), NOBODY)
    busy = subprocess.Popen(
        workspace.command("ingest"),
        env=environment({"DAM_WORKERS": "1"}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    count = 0
    while busy.poll() is None:
        back_up(workspace, key, tmp_path / f"{count}.dam")
        count += 1
    assert busy.wait() == 0
    assert count > 0
    for number in {0, count - 1}:
        mine = ("--identity", str(key.file), NOTHING)
        again = restore(workspace, tmp_path / f"{number}.dam", tmp_path / f"r{number}", *mine)
        wanted = {f"{s[:2]}/{s}" for (s,) in again.rows("SELECT sha256 FROM assets")}
        stored = {str(p.relative_to(again.root / ".dam" / "originals"))
                  for p in (again.root / ".dam" / "originals").glob("??/*")}  # fmt: skip
        assert wanted <= stored
        assert again.rows("PRAGMA integrity_check") == [("ok",)]


def test_what_is_missing_or_damaged_is_told_and_does_not_come_back_as_whole(
    workspace: Workspace, key: Key, tmp_path: Path
) -> None:
    lost, hurt = sha256(child(1)[0]), sha256(child(2)[0])
    workspace.original(lost).unlink()
    path = workspace.original(hurt)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    told = workspace.json("backup", str(tmp_path / "b.dam"), "--recipient", key.recipient, code=5)
    assert told["missing"] == [layout.stored_as("originals", lost)]
    assert told["damaged"] == [layout.stored_as("originals", hurt)]
    mine = ("--identity", str(key.file), NOTHING)
    again = restore(workspace, tmp_path / "b.dam", tmp_path / "r", *mine, code=5)
    assert not again.original(hurt).exists()


def test_a_catalogue_that_lies_elsewhere_comes_back_inside(
    workspace: Workspace, key: Key, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    (workspace.root / ".dam" / "catalogue.db").rename(elsewhere)
    (workspace.root / "dam.toml").write_text(f'database = "{elsewhere}"\n')
    back_up(workspace, key, tmp_path / "b.dam")
    before = elsewhere.read_bytes()
    mine = ("--identity", str(key.file), NOTHING)
    again = restore(workspace, tmp_path / "b.dam", tmp_path / "r", *mine)
    assert (again.root / "dam.toml.from-backup").exists()
    assert not (again.root / "dam.toml").exists()
    assert len(again.assets()) == 5
    assert elsewhere.read_bytes() == before


_MEASURED = """
import resource, sys
from dam.cli.main import run
sys.argv = ["dam", *sys.argv[1:]]
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""


def _peak(*words: str) -> int:
    """MiB that a command took at most."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *words], env=environment(), capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    return int(done.stderr.split()[-1])


@pytest.mark.slow
def test_memory_does_not_grow_with_the_originals(key: Key, tmp_path: Path) -> None:
    """An original of 300 MB, most of it a hole, against none."""

    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("a.jpg", photos.plain(1, 96, 64), NOBODY)
    workspace.ingest()
    root = ("-C", str(workspace.root))
    small = _peak(*root, "backup", str(tmp_path / "s.dam"), "--recipient", key.recipient)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(300 << 20)
    with folder(tmp_path) as at:
        digest = found_digest("large", at)
    assert digest
    place = workspace.original(digest)
    place.parent.mkdir(mode=0o700, exist_ok=True)
    large.rename(place)
    with sqlite3.connect(workspace.root / ".dam" / "catalogue.db") as database:
        database.execute("UPDATE assets SET sha256 = ?, size = ?", (digest, 300 << 20))
    peak = _peak(*root, "backup", str(tmp_path / "l.dam"), "--recipient", key.recipient)
    back = _peak("restore", str(tmp_path / "l.dam"), str(tmp_path / "r"), "--identity",
                 str(key.file), NOTHING)  # fmt: skip
    print(f"MiB: without {small}, with 300 MB {peak}, restored {back}")
    assert peak < small + 24
    assert back < small + 24
    assert Workspace(tmp_path / "r").original(digest).stat().st_size == 300 << 20
