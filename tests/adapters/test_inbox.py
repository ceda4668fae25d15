"""Scan, stability and pairing on real folders."""

from __future__ import annotations

import os
import random
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.adapters import inbox
from dam.adapters.inbox import Found, Kind, Paired, Stability, pair, read, scan
from dam.core.errors import SourceChanged, StorageError, UnsafeSource


def put(root: Path, *paths: str | bytes, data: bytes = b"x") -> None:
    for path in paths:
        full = root / os.fsdecode(path)
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(data)


def kinds(root: Path) -> dict[bytes, Kind]:
    return {item.path: item.kind for item in scan(root)}


def paired(root: Path) -> dict[bytes, Paired]:
    return {item.photo.path: item for item in pair(scan(root)).photos}


def found(path: bytes, kind: Kind = Kind.PHOTO, mtime_ns: int = 0) -> Found:
    return Found(path, kind, "", device=1, inode=1, size=1, mtime_ns=mtime_ns)


# scan


def test_finds_everything_in_order(tmp_path: Path) -> None:
    put(tmp_path, "b/IMG.JPG", "a.heic", "a.heic.consent.yaml", "b/consent.yaml", "b/x.xmp")
    put(
        tmp_path, "README.md", "b/README.md", "clip.mp4", "b/c/d/e.cr2", ".DS_Store", "consents.csv"
    )
    shown = [(item.shown, item.kind.value) for item in scan(tmp_path)]
    assert shown == [
        (".DS_Store", "ignored"),
        ("README.md", "ignored"),
        ("a.heic", "photo"),
        ("a.heic.consent.yaml", "sidecar"),
        ("b/IMG.JPG", "photo"),
        ("b/README.md", "ignored"),
        ("b/c/d/e.cr2", "photo"),
        ("b/consent.yaml", "shoot"),
        ("b/x.xmp", "xmp"),
        ("clip.mp4", "ignored"),
        ("consents.csv", "ignored"),
    ]
    assert all(item.reason for item in scan(tmp_path) if item.kind is Kind.IGNORED)


def test_identity_is_that_of_the_disk(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", data=b"12345")
    status = (tmp_path / "a.jpg").stat()
    (item,) = scan(tmp_path)
    assert item.identity == (status.st_dev, status.st_ino, 5, status.st_mtime_ns)


def test_unsafe_things_are_refused_never_followed_never_blocked_on(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    put(outside, "secret.jpg")
    root = tmp_path / "inbox"
    root.mkdir()
    (root / "link.jpg").symlink_to(outside / "secret.jpg")
    (root / "dangling.jpg").symlink_to("nowhere")
    (root / "linked-folder").symlink_to(outside)
    os.mkfifo(root / "pipe.jpg")
    put(root, "x.jpg/inside.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket.jpg"))
        result = scan(root)
    assert {item.kind for item in result} == {Kind.REFUSED}
    reasons = {item.path: item.reason for item in result}
    assert set(reasons) == {
        b"link.jpg",
        b"dangling.jpg",
        b"linked-folder",
        b"pipe.jpg",
        b"x.jpg",
        b"socket.jpg",
    }
    assert reasons[b"link.jpg"].startswith("a link, not a file")


def test_a_device_is_refused() -> None:
    (null,) = [item for item in scan(Path("/dev")) if item.path == b"null"]
    assert (null.kind, null.reason) == (Kind.REFUSED, "a device, not a file")


def test_hostile_names_are_found(tmp_path: Path) -> None:
    hostile = [b"\xff\xfe.jpg", b"a\nb.jpg", b"\x1b[31m.jpg", b"-rf.jpg", b"[/].jpg"]
    hostile += ["\u202egpj.jpg".encode(), b"n" * 251 + b".jpg"]
    put(tmp_path, *hostile)
    assert kinds(tmp_path) == dict.fromkeys(hostile, Kind.PHOTO)
    for item in scan(tmp_path):
        assert item.shown.isprintable()


def test_depth_is_bounded(tmp_path: Path) -> None:
    deep = "/".join("d" * 1 for _ in range(40))
    put(tmp_path, f"{deep}/a.jpg", "/".join("e" * 1 for _ in range(32)) + "/a.jpg")
    result = scan(tmp_path)
    assert [item.kind for item in result] == [Kind.REFUSED, Kind.PHOTO]
    assert "deeper than 32" in result[0].reason


def test_hidden_folders_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path, ".Trash-1000/a.jpg", "__MACOSX/._a.jpg", "@eaDir/a.jpg")
    assert set(kinds(tmp_path).values()) == {Kind.IGNORED}


def test_a_missing_inbox_is_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        scan(tmp_path / "gone")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(StorageError):
        scan(tmp_path / "link")


def test_too_many_entries_are_never_read_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_ENTRIES", 10)
    put(tmp_path, *(f"{number}.jpg" for number in range(10)))
    assert len(scan(tmp_path)) == 10
    put(tmp_path, "one-more.jpg")
    with pytest.raises(StorageError, match="more than 10"):
        scan(tmp_path)


def test_ten_thousand_files_are_found(tmp_path: Path) -> None:
    for number in range(10_000):
        os.close(os.open(tmp_path / f"{number}.jpg", os.O_CREAT | os.O_WRONLY))
    assert len(scan(tmp_path)) == 10_000


def test_moved_and_hard_linked_trees_are_found(tmp_path: Path) -> None:
    put(tmp_path / "card", "DCIM/a.jpg", "DCIM/b.jpg")
    root = tmp_path / "inbox"
    root.mkdir()
    (tmp_path / "card").rename(root / "card")
    os.link(root / "card/DCIM/a.jpg", root / "c.jpg")
    assert set(kinds(root)) == {b"card/DCIM/a.jpg", b"card/DCIM/b.jpg", b"c.jpg"}


# read


def test_reads_what_was_found(tmp_path: Path) -> None:
    put(tmp_path, "s/consent.yaml", data=b"schema: x")
    (item,) = scan(tmp_path)
    assert read(tmp_path, item, 9) == b"schema: x"
    with pytest.raises(UnsafeSource, match="Larger"):
        read(tmp_path, item, 8)


def test_read_refuses_what_took_its_place(tmp_path: Path) -> None:
    root = tmp_path / "inbox"
    put(root, "s/consent.yaml")
    put(tmp_path, "outside/consent.yaml")
    (item,) = scan(root)
    sheet = root / "s/consent.yaml"
    sheet.unlink()
    with pytest.raises(SourceChanged):
        read(root, item, 100)
    os.mkfifo(sheet)
    with pytest.raises(UnsafeSource):
        read(root, item, 100)
    sheet.unlink()
    sheet.symlink_to(tmp_path / "outside/consent.yaml")
    with pytest.raises(UnsafeSource):
        read(root, item, 100)
    sheet.unlink()
    sheet.write_bytes(b"other bytes")
    with pytest.raises(SourceChanged):
        read(root, item, 100)
    sheet.unlink()
    sheet.parent.rmdir()
    sheet.parent.symlink_to(tmp_path / "outside")
    with pytest.raises(SourceChanged):
        read(root, item, 100)
    for path in (b"../outside/consent.yaml", b"/etc/passwd", b""):
        with pytest.raises(UnsafeSource):
            read(root, found(path), 100)


# stability


def test_ready_after_the_quiet_time_only() -> None:
    still = Stability(2.0)
    assert not still.observe(found(b"a"), 10.0)
    assert not still.observe(found(b"a"), 11.9)
    assert still.observe(found(b"a"), 12.0)


@pytest.mark.parametrize("change", ["device", "inode", "size", "mtime_ns"])
def test_any_change_starts_the_quiet_time_anew(change: str) -> None:
    still = Stability(2.0)
    still.observe(found(b"a"), 0.0)
    changed = replace(found(b"a"), **{change: 99})  # type: ignore[arg-type]
    assert not still.observe(changed, 2.0)
    assert not still.observe(changed, 3.9)
    assert still.observe(changed, 4.0)


def test_a_slow_writer_waits_and_is_ready_once_whole(tmp_path: Path) -> None:
    still, ready = Stability(2.0), []
    with (tmp_path / "a.jpg").open("wb", buffering=0) as file:
        for second in range(10):
            file.write(b"x" * 10)
            ready += [still.observe(item, float(second)) for item in scan(tmp_path)]
    assert not any(ready)
    assert [still.observe(item, 11.0) for item in scan(tmp_path)] == [True]


def test_a_name_that_returns_starts_anew() -> None:
    still = Stability(2.0)
    still.observe(found(b"a"), 0.0)
    still.observe(found(b"b"), 0.0)
    still.forget([found(b"b")])
    assert not still.observe(found(b"a"), 5.0)
    assert still.observe(found(b"b"), 5.0)


@pytest.mark.parametrize(
    ("age", "settled"), [(0.0, False), (1.9, False), (2.1, True), (1e9, True), (-3600.0, False)]
)
def test_settled_by_the_wall_clock(age: float, settled: bool) -> None:
    item = found(b"a", mtime_ns=int((1.7e9 - age) * 1e9))
    assert Stability(2.0).settled(item, 1.7e9) is settled


# pairing


def test_exact_before_stem_and_sheets_upwards(tmp_path: Path) -> None:
    put(tmp_path, "s/t/IMG_1.JPG", "s/t/img_1.consent.yaml", "s/t/img_1.jpg.consent.json")
    put(tmp_path, "s/t/IMG_1.xmp", "s/t/IMG_1.JPG.xmp", "consent.yaml", "s/t/consent.yml")
    put(tmp_path, "s/t/consent.json", "other/consent.yaml")
    photo = paired(tmp_path)[b"s/t/IMG_1.JPG"]
    assert [(match.found.name, match.whole, match.ambiguous) for match in photo.sidecars] == [
        (b"img_1.jpg.consent.json", True, False),
        (b"img_1.consent.yaml", False, False),
    ]
    assert [match.found.name for match in photo.xmp] == [b"IMG_1.JPG.xmp"]
    assert [sheet.path for sheet in photo.sheets] == [
        b"s/t/consent.json",
        b"s/t/consent.yml",
        b"consent.yaml",
    ]
    assert photo.unread == ()


def test_unicode_forms_match(tmp_path: Path) -> None:
    put(tmp_path, "été.jpg", "e\u0301te\u0301.JPG.consent.yaml")
    assert len(paired(tmp_path)["été.jpg".encode()].sidecars) == 1


def test_a_stem_for_several_photographs_is_ambiguous(tmp_path: Path) -> None:
    put(tmp_path, "IMG_1.JPG", "IMG_1.CR2", "IMG_1.consent.yaml", "IMG_1.xmp", "IMG_1.JPG.xmp")
    both = paired(tmp_path)
    for name in (b"IMG_1.JPG", b"IMG_1.CR2"):
        assert [match.ambiguous for match in both[name].sidecars] == [True]
    assert [(m.found.name, m.ambiguous) for m in both[b"IMG_1.JPG"].xmp] == [
        (b"IMG_1.JPG.xmp", False)
    ]
    assert [(m.found.name, m.ambiguous) for m in both[b"IMG_1.CR2"].xmp] == [(b"IMG_1.xmp", True)]


def test_clashing_names_are_both_kept(tmp_path: Path) -> None:
    put(tmp_path, "IMG_1.JPG", "img_1.jpg", "IMG_1.JPG.consent.yaml", "Img_1.Jpg.consent.yaml")
    both = paired(tmp_path)
    upper = {match.found.name: match.ambiguous for match in both[b"IMG_1.JPG"].sidecars}
    lower = {match.found.name: match.ambiguous for match in both[b"img_1.jpg"].sidecars}
    assert upper == {b"IMG_1.JPG.consent.yaml": False, b"Img_1.Jpg.consent.yaml": True}
    assert lower == {b"Img_1.Jpg.consent.yaml": True}


def test_orphans_name_what_they_look_for(tmp_path: Path) -> None:
    put(tmp_path, "s/IMG_1.JPG.consent.yaml", "s/IMG_2.consent.yaml", "IMG_1.JPG")
    orphans = pair(scan(tmp_path)).orphans
    assert [(one.folder, one.target, one.whole) for one in orphans] == [
        (b"s", b"IMG_1.JPG", True),
        (b"s", b"IMG_2", False),
    ]


def test_a_whole_name_never_serves_as_a_stem(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg.consent.yaml", "a.jpg.png")
    pairing = pair(scan(tmp_path))
    assert pairing.photos[0].sidecars == ()
    assert [one.target for one in pairing.orphans] == [b"a.jpg"]


def test_what_may_speak_and_is_not_read_is_told(tmp_path: Path) -> None:
    put(tmp_path, "s/IMG_1.JPG", "s/IMG_2.JPG", "s/IMG_1.JPG.consent.txt", "consents.csv")
    (tmp_path / "s/IMG_2.consent.yaml").symlink_to("elsewhere")
    both = paired(tmp_path)
    assert [item.path for item in both[b"s/IMG_1.JPG"].unread] == [
        b"s/IMG_1.JPG.consent.txt",
        b"consents.csv",
    ]
    assert [item.path for item in both[b"s/IMG_2.JPG"].unread] == [
        b"s/IMG_2.consent.yaml",
        b"consents.csv",
    ]


NAMES = st.lists(
    st.sampled_from(
        [
            b"%s%s%s" % (folder, stem, end)
            for folder in (b"", b"s/")
            for stem in (b"a", b"A", b"b", b"a.jpg")
            for end in (b".jpg", b".CR2", b".consent.yaml", b".jpg.consent.json", b".xmp", b".txt")
        ]
    ),
    unique=True,
)


@given(NAMES, st.randoms(use_true_random=False))
def test_pairing_is_total_and_order_free(paths: list[bytes], shuffler: random.Random) -> None:
    by_end = {
        b"yaml": Kind.SIDECAR,
        b"json": Kind.SIDECAR,
        b".xmp": Kind.XMP,
        b".txt": Kind.IGNORED,
    }
    items = [found(path, by_end.get(path[-4:], Kind.PHOTO)) for path in paths]
    pairing = pair(items)
    shuffler.shuffle(items)
    assert pair(items) == pairing
    told = {match.found.path for one in pairing.photos for match in (*one.sidecars, *one.xmp)}
    told |= {one.found.path for one in pairing.orphans}
    sidecars = {item.path for item in items if item.kind is Kind.SIDECAR}
    assert sidecars <= told
    for photo in pairing.photos:
        for match in (*photo.sidecars, *photo.xmp):
            sharers = [
                other
                for other in pairing.photos
                if match.found in [same.found for same in (*other.sidecars, *other.xmp)]
            ]
            assert match.ambiguous or len(sharers) == 1
