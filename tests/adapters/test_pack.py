"""The sink of a press pack: what it writes is a bag, and it takes nobody's place."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.adapters import pack_place
from dam.adapters.pack import PackSink, pack_sink
from dam.core.errors import ConfigurationError, IntegrityError, StorageError
from dam.core.packing import PackFormat
from tests import bags, packing
from tests.packing import DAY, INFO, NAMES, PICTURES, ROOT, sha

KINDS = pytest.mark.parametrize("kind", get_args(PackFormat))
FIRST, SECOND = PICTURES


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[PackSink]:
    with pack_sink(tmp_path / "pack", "folder") as made:
        yield made


def tree(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, time and bytes of all that is in a folder, itself included."""
    found = {}
    for path in (root, *root.rglob("*")):
        about = path.lstat()
        data = path.read_bytes() if path.is_file() else b""
        found[path.relative_to(root).as_posix()] = (about.st_mode, about.st_mtime_ns, data)
    return found


def files(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if not p.is_dir())


# What it writes ------------------------------------------------------------------------------


def test_a_folder_is_a_bag(tmp_path: Path) -> None:
    target = tmp_path / "pack"
    told = packing.make(target, "folder")
    assert files(target) == NAMES
    assert bags.problems(target) == []
    assert bags.judged_by_bagit(target)
    assert told == sha((target / "manifest-sha256.txt").read_bytes())
    assert {stat.S_IMODE(mode) for mode, _, _ in tree(target).values()} == {0o755, 0o644}
    assert list(tmp_path.iterdir()) == [target]
    info = (target / "bag-info.txt").read_text().splitlines()
    assert info[0] == "Source-Organization: AMAL"


def test_a_zip_holds_the_same_bag(tmp_path: Path) -> None:
    target = tmp_path / "pack.zip"
    told = packing.make(target, "zip")
    assert told == packing.make(tmp_path / "pack", "folder")
    assert bags.zip_problems(target, ROOT) == []
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    if shutil.which("unzip"):
        assert subprocess.run(["unzip", "-tqq", str(target)]).returncode == 0
    with zipfile.ZipFile(target) as bundle:
        bundle.extractall(tmp_path / "out")
        kinds = {entry.filename: entry.compress_type for entry in bundle.infolist()}
        assert all(not entry.extra for entry in bundle.infolist())
    assert kinds[f"{ROOT}/data/{FIRST}"] == zipfile.ZIP_STORED
    assert kinds[f"{ROOT}/data/captions.csv"] == zipfile.ZIP_DEFLATED
    unpacked = tmp_path / "out" / ROOT
    assert bags.judged_by_bagit(unpacked)
    assert files(unpacked) == NAMES
    for name in NAMES:
        assert (unpacked / name).read_bytes() == (tmp_path / "pack" / name).read_bytes()


@contextmanager
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another umask and another time zone."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    umask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(umask)
        monkeypatch.undo()
        time.tzset()


@KINDS
@pytest.mark.parametrize("day", [DAY, date(1970, 1, 1), date(1899, 1, 1), date(2150, 1, 1)])
def test_the_same_pack_has_the_same_bytes(
    tmp_path: Path, kind: PackFormat, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever came first, whenever, wherever, under whatever name."""
    first = packing.place(tmp_path, kind)
    packing.make(first, kind, day)
    second = first.with_name(f"other-{first.name}")
    with elsewhere(monkeypatch), pack_sink(second, kind) as sink:
        sink.write("index.html", b"a draft", beside=True)
        packing.picture(sink, "images/20211118-cccccccc.jpg", b"\xff\xd8")
        packing.fill_backwards(sink)
        sink.drop("images/20211118-cccccccc.jpg")
        sink.seal({}, ROOT, date(2000, 1, 1))
        sink.seal(INFO, ROOT, day)
        sink.publish()
    assert tree(first) == tree(second)


def test_the_times_of_a_pack_are_its_day(tmp_path: Path) -> None:
    packing.make(tmp_path / "pack", "folder")
    packing.make(tmp_path / "pack.zip", "zip")
    seconds = {mtime / 1e9 for _, mtime, _ in tree(tmp_path / "pack").values()}
    assert {time.gmtime(s)[:6] for s in seconds} == {(2021, 11, 18, 0, 0, 0)}
    with zipfile.ZipFile(tmp_path / "pack.zip") as bundle:
        assert {e.date_time for e in bundle.infolist()} == {(2021, 11, 18, 0, 0, 0)}


def test_dates_that_a_zip_cannot_tell(tmp_path: Path) -> None:
    for day, year in ((date(1, 1, 1), 1980), (date(1979, 12, 31), 1980), (date.max, 2107)):
        target = tmp_path / f"{day}.zip"
        packing.make(target, "zip", day)
        assert bags.zip_problems(target, ROOT) == []
        with zipfile.ZipFile(target) as bundle:
            assert {entry.date_time[0] for entry in bundle.infolist()} == {year}


@KINDS
def test_a_large_picture_is_never_whole_in_memory(tmp_path: Path, kind: PackFormat) -> None:
    data = bytes(1 << 20)
    name, parts = "images/large.jpg", 48
    with pack_sink(packing.place(tmp_path, kind), kind) as sink:
        with sink.place(name).open("wb") as file:
            for _ in range(parts):
                file.write(data)
        sink.note(name, sha(data * parts), parts << 20)
        tracemalloc.start()
        try:
            sink.seal(INFO, ROOT, DAY)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 << 20


def test_a_zip_takes_its_64_bit_form_where_it_must(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the limit at a megabyte instead of two gigabytes."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1 << 20)
    with pack_sink(tmp_path / "pack.zip", "zip") as sink:
        packing.fill(sink)
        packing.picture(sink, "images/large.jpg", os.urandom(3 << 20))
        sink.seal(INFO, ROOT, DAY)
        sink.publish()
    monkeypatch.undo()
    assert bags.zip_problems(tmp_path / "pack.zip", ROOT) == []
    if shutil.which("unzip"):
        assert subprocess.run(["unzip", "-tqq", str(tmp_path / "pack.zip")]).returncode == 0


# What belongs in it --------------------------------------------------------------------------


@KINDS
def test_a_picture_that_is_dropped_is_nowhere(tmp_path: Path, kind: PackFormat) -> None:
    """A consent was withdrawn after all was sealed: the texts are written anew."""
    target = packing.place(tmp_path, kind)
    with pack_sink(target, kind) as sink:
        packing.fill(sink)
        before = sink.seal(INFO, ROOT, DAY)
        sink.drop(FIRST)
        sink.reset()
        sink.write("captions.csv", b"file\r\n")
        assert sink.seal(INFO, ROOT, DAY) != before
        sink.publish()
    if kind == "zip":
        assert bags.zip_problems(target, ROOT) == []
        with zipfile.ZipFile(target) as bundle:
            bundle.extractall(tmp_path / "out")
        target = tmp_path / "out" / ROOT
    assert bags.problems(target) == []
    left_out = {f"data/{FIRST}", "data/TERMS.ar.txt", "index.html"}
    assert files(target) == sorted(set(NAMES) - left_out)
    assert (target / "data/captions.csv").read_bytes() == b"file\r\n"
    assert Path(FIRST).stem not in "".join(p.read_text() for p in target.glob("*.txt"))


def test_what_is_not_noted_does_not_go(tmp_path: Path, sink: PackSink) -> None:
    """A rendition that was refused, what a killed process had begun, and links of any kind."""
    packing.fill(sink)
    refused = sink.place("images/20211118-refused0.jpg")
    refused.write_bytes(b"\xff\xd8 with a face")
    refused.with_name(".half").write_bytes(b"\xff\xd8")
    refused.with_name("link.jpg").symlink_to("/etc/passwd")
    refused.with_name("folder").symlink_to("/etc")
    sink.place("empty/folder/x.jpg")
    sink.seal(INFO, ROOT, DAY)
    sink.publish()
    assert bags.problems(tmp_path / "pack") == []
    assert files(tmp_path / "pack") == NAMES
    assert not (tmp_path / "pack/data/empty").exists()


def replaced_by_a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


@KINDS
@pytest.mark.parametrize(
    "meddle",
    [
        Path.unlink,
        replaced_by_a_link,
        lambda path: path.write_bytes(b"\xff\xd8 another"),
        lambda path: path.write_bytes(path.read_bytes() + b"PK\x03\x04"),
        lambda path: os.truncate(path, 100),
    ],
)
def test_a_picture_that_is_not_what_was_noted(
    tmp_path: Path, kind: PackFormat, meddle: Callable[[Path], object]
) -> None:
    with pytest.raises(IntegrityError):
        packing.make(
            packing.place(tmp_path, kind),
            kind,
            filled=lambda sink: meddle(sink.staging / "bag/data" / FIRST),
        )
    assert list(tmp_path.iterdir()) == []


def test_a_text_is_replaced_by_the_next_of_its_name(tmp_path: Path, sink: PackSink) -> None:
    for text in (b"one, which is longer", b"two"):
        sink.write("captions.csv", text)
        sink.write("index.html", text, beside=True)
    sink.seal(INFO, ROOT, DAY)
    sink.publish()
    assert bags.problems(tmp_path / "pack") == []
    assert (tmp_path / "pack/index.html").read_bytes() == b"two"


@pytest.mark.parametrize(
    "again",
    [
        lambda sink: sink.place(FIRST),
        lambda sink: sink.place(FIRST.upper()),
        lambda sink: sink.place("Images/20211118-dddddddd.jpg"),
        lambda sink: sink.place("images"),
        lambda sink: sink.place(f"{FIRST}/x.jpg"),
        lambda sink: sink.note(FIRST, sha(b""), 0),
        lambda sink: sink.note("images/never-placed.jpg", sha(b""), 0),
        lambda sink: sink.write(FIRST, b""),
        lambda sink: sink.write("Captions.csv", b""),
        lambda sink: sink.write("INDEX.html", b"", beside=True),
        lambda sink: sink.write("bagit.txt", b"", beside=True),
        lambda sink: sink.write("../x", b""),
        lambda sink: sink.write("data/x", b"", beside=True),
        lambda sink: sink.place("images/../../x.jpg"),
        lambda sink: sink.place("/etc/x.jpg"),
        lambda sink: sink.drop("../pack"),
        lambda sink: sink.spare("../x"),
        lambda sink: sink.spare("a/b"),
        lambda sink: sink.note(SECOND, "0" * 63, 1),
        lambda sink: sink.seal(INFO, "../top", DAY),
        lambda sink: sink.seal(INFO, "", DAY),
        lambda sink: sink.seal({"Payload-Oxum": "1.1"}, ROOT, DAY),
    ],
)
def test_names_that_are_no_generated_ones_or_in_use(
    tmp_path: Path, sink: PackSink, again: Callable[[PackSink], object]
) -> None:
    packing.fill(sink)
    sink.seal(INFO, ROOT, DAY)
    before = files(sink.staging)
    with pytest.raises(IntegrityError):
        again(sink)
    assert sorted({*before, *files(sink.staging)}) == before
    assert list(tmp_path.iterdir()) == [sink.staging]


def test_a_name_is_free_again_once_dropped(tmp_path: Path, sink: PackSink) -> None:
    for data in (b"\xff\xd8 one", b"\xff\xd8 two"):
        sink.drop(FIRST)
        packing.picture(sink, FIRST, data)
    sink.seal(INFO, ROOT, DAY)
    sink.publish()
    assert bags.problems(tmp_path / "pack") == []
    assert (tmp_path / "pack/data" / FIRST).read_bytes() == b"\xff\xd8 two"


@pytest.mark.parametrize(
    "change",
    [
        lambda sink: sink.place("images/late.jpg"),
        lambda sink: sink.write("late.txt", b""),
        lambda sink: sink.drop(FIRST),
        PackSink.reset,
    ],
)
def test_only_a_sealed_pack_is_published(
    tmp_path: Path, sink: PackSink, change: Callable[[PackSink], object]
) -> None:
    with pytest.raises(IntegrityError):
        sink.publish()
    packing.fill(sink)
    sink.seal(INFO, ROOT, DAY)
    change(sink)
    with pytest.raises(IntegrityError):
        sink.publish()
    assert list(tmp_path.iterdir()) == [sink.staging]


def test_while_it_is_made_nobody_else_may_look(tmp_path: Path, sink: PackSink) -> None:
    packing.fill(sink)
    sink.seal(INFO, ROOT, DAY)
    assert sink.staging.parent == tmp_path
    assert sink.staging.name.startswith(".")
    assert stat.S_IMODE(sink.staging.stat().st_mode) == 0o700


# Where it goes -------------------------------------------------------------------------------


def test_an_empty_folder_may_become_the_pack(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    packing.make(tmp_path / "pack", "folder")
    assert bags.problems(tmp_path / "pack") == []


def full(path: Path) -> None:
    path.mkdir()
    (path / "letter.txt").write_text("mine")


def dangling(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


def linked(path: Path) -> None:
    (path.parent / "empty").mkdir(exist_ok=True)
    path.symlink_to(path.parent / "empty")


IN_THE_WAY: list[Callable[[Path], object]] = [full, dangling, linked, Path.touch, os.mkfifo]
TAKEN = "There is something in the pack's place already"


@pytest.mark.parametrize(
    ("kind", "occupy"),
    [("zip", Path.mkdir), *((kind, way) for way in IN_THE_WAY for kind in get_args(PackFormat))],
)
@pytest.mark.parametrize("meanwhile", [False, True])
def test_what_is_there_stays(
    tmp_path: Path, kind: PackFormat, occupy: Callable[[Path], object], meanwhile: bool
) -> None:
    target = packing.place(tmp_path, kind)
    if not meanwhile:
        occupy(target)
    with pytest.raises(ConfigurationError, match=TAKEN):
        packing.make(target, kind, sealed=lambda sink: occupy(target))
    other = target.with_name("other")
    occupy(other)
    assert stat.S_IFMT(target.lstat().st_mode) == stat.S_IFMT(other.lstat().st_mode)
    assert not list(tmp_path.glob(".*"))
    assert not list(tmp_path.rglob("bag*.txt"))


@pytest.mark.parametrize(
    ("out", "kind", "told"),
    [
        ("missing/pack", "folder", "Make it first"),
        ("file/pack", "folder", "Make it first"),
        ("pack", "zip", "--out pack.zip"),
        ("pack.tar", "zip", "--out pack.tar.zip"),
        ("x" * 300, "folder", "Name another --out"),
        ("a\0b", "folder", "Name another --out"),
        ("/proc", "folder", "Name a new folder on it"),
        ("/", "folder", "Name a new folder on it"),
    ],
)
def test_places_that_cannot_be_used(tmp_path: Path, out: str, kind: PackFormat, told: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=told), pack_sink(tmp_path / out, kind):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written there"):
        packing.make(Path("/proc/x"), "folder")


def test_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "pack.zip"
    packing.make(target, "zip")
    assert bags.zip_problems(target, ROOT) == []
    before = target.read_bytes()
    with pytest.raises(ConfigurationError), pack_sink(target, "zip"):
        pass
    late = tmp_path / "late.zip"
    with pytest.raises(ConfigurationError, match=TAKEN):
        packing.make(late, "zip", sealed=lambda sink: late.write_text("mine"))
    assert late.read_text() == "mine"
    assert target.read_bytes() == before


def test_what_fails_within_leaves_nothing(tmp_path: Path) -> None:
    def stop(sink: PackSink) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        packing.make(tmp_path / "pack", "folder", sealed=stop)
    assert list(tmp_path.iterdir()) == []


# Whatever happens before it is sealed ---------------------------------------------------------

_NAMES = st.sampled_from(["a.jpg", "A.jpg", "b.jpg", "images/a.jpg", "images", "a.txt", "../a.jpg"])
_STEPS = st.one_of(
    st.tuples(st.sampled_from(["place", "drop"]), _NAMES, st.just(b"")),
    st.tuples(st.sampled_from(["picture", "write", "beside"]), _NAMES, st.binary(max_size=9)),
    st.tuples(st.sampled_from(["reset", "seal"]), st.just(""), st.just(b"")),
)


def step(sink: PackSink, what: str, name: str, data: bytes) -> None:
    match what:
        case "place":
            sink.place(name).write_bytes(b"not noted")
        case "picture":
            packing.picture(sink, name, data)
        case "write" | "beside":
            sink.write(name, data, beside=what == "beside")
        case "drop":
            sink.drop(name)
        case "reset":
            sink.reset()
        case "seal":
            sink.seal(INFO, ROOT, DAY)


@settings(max_examples=60)
@given(steps=st.lists(_STEPS, max_size=12), kind=st.sampled_from(get_args(PackFormat)))
def test_a_pack_holds_what_was_put_in_last(
    steps: list[tuple[str, str, bytes]], kind: PackFormat
) -> None:
    """Whatever was refused, dropped, replaced or sealed before."""
    pictures: dict[str, bytes] = {}
    texts: dict[str, bytes] = {}
    with TemporaryDirectory() as folder:
        target = packing.place(Path(folder), kind)
        with pack_sink(target, kind) as sink:
            for what, name, data in steps:
                try:
                    step(sink, what, name, data)
                except IntegrityError:
                    continue
                if what == "picture":
                    pictures[f"data/{name}"] = data
                elif what in ("write", "beside"):
                    texts[name if what == "beside" else f"data/{name}"] = data
                elif what == "reset":
                    texts.clear()
                elif what == "drop":
                    pictures.pop(f"data/{name}", None)
                    texts.pop(f"data/{name}", None)
            sink.seal(INFO, ROOT, DAY)
            sink.publish()
        if kind == "zip":
            assert bags.zip_problems(target, ROOT) == []
            with zipfile.ZipFile(target) as bundle:
                bundle.extractall(folder)
            target = Path(folder) / ROOT
        assert bags.problems(target) == []
        own = {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"}
        found = {name: (target / name).read_bytes() for name in files(target) if name not in own}
        assert found == {**pictures, **texts}


def test_what_the_disk_refuses_to_remove_once_is_removed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small picture would be left beside the pack, hidden, until the next one is made there."""
    refused: list[object] = []
    unlink = os.unlink

    def refusing(path: str, *, dir_fd: int | None = None) -> None:
        if not refused:
            refused.append(path)
            raise OSError(errno.EIO, "Input/output error")
        unlink(path, dir_fd=dir_fd)

    with pack_place.hidden(tmp_path) as path:
        (path / "thumb-1.jpg").write_bytes(b"a small picture")
        monkeypatch.setattr(os, "unlink", refusing)
    assert refused
    assert list(tmp_path.iterdir()) == []
