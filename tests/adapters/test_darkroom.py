"""The child processes: what they bring back, and what happens when they cannot."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from dam.adapters import darkroom_child, imaging_mark, readback
from dam.adapters.darkroom import Darkroom
from dam.adapters.darkroom_child import Reply, receive, send
from dam.adapters.imaging import Limits, encode, open_original
from dam.core.errors import (
    ConfigurationError,
    IntegrityError,
    RenditionRefused,
    StorageError,
    UnusablePhoto,
)
from dam.core.model import Face, Rights
from dam.core.readings import RenderJob, Status
from tests.adapters.pictures import packed, scene

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is missing")
RIGHTS = Rights(
    creators=("Rachid Azzouzy",),
    credit_line="Photo : Rachid Azzouzy / AMAL",
    copyright="© 2021 AMAL",
    captions=(("fr", "Atelier de théâtre"), ("ar", "ورشة مسرح")),
)
MARK = "Photo : Rachid Azzouzy / AMAL"


@pytest.fixture(scope="module")
def darkroom() -> Iterator[Darkroom]:
    with Darkroom(1, Limits(), face_check=False, seconds=60) as room:
        yield room


def photo(folder: Path, data: bytes | None = None) -> str:
    file = folder / "original"
    file.write_bytes(packed(scene(900, 600)) if data is None else data)
    return str(file)


def job(folder: Path, name: str = "out.jpg", **more: object) -> RenderJob:
    given: dict[str, object] = {"target": str(folder / name), "rights": RIGHTS, "mark": MARK}
    return RenderJob(**{**given, **more})  # type: ignore[arg-type]


def test_look_and_render(darkroom: Darkroom, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274], exif[0x013B] = 6, "Somebody"
    path = photo(tmp_path, packed(scene(900, 600), exif=exif, comment=b"LEAK"))
    with darkroom.session() as child:
        looked = child.look(path, b"<not xmp")
        rendered = child.render(job(tmp_path))
    assert (looked.format, looked.width, looked.height) == ("JPEG", 600, 900)
    states = {block.name: block.status for block in looked.metadata.blocks}
    assert states["exif"] is Status.KNOWN
    assert states["iptc"] is Status.ABSENT
    assert states["xmp-sidecar"] is Status.UNREADABLE
    assert looked.faces.faces is None
    body = (tmp_path / "out.jpg").read_bytes()
    assert rendered.sha256 == hashlib.sha256(body).hexdigest()
    assert (rendered.size, rendered.width, rendered.height) == (len(body), 600, 900)
    assert (tmp_path / "out.jpg").stat().st_mode & 0o777 == 0o600
    assert readback.check(body, RIGHTS, (600, 900)) == ()
    assert b"LEAK" not in body
    assert b"Somebody" not in body


def test_several_renditions_of_one_look_do_not_touch_each_other(
    darkroom: Darkroom, tmp_path: Path
) -> None:
    with darkroom.session() as child:
        child.look(photo(tmp_path))
        first = child.render(job(tmp_path, "1.jpg"))
        small = child.render(
            job(tmp_path, "2.jpg", max_side=300, redact=(Face(0, 0, 1, 1, 1),), mark="")
        )
        again = child.render(job(tmp_path, "3.jpg"))
    assert (small.width, small.height) == (300, 200)
    with Image.open(tmp_path / "2.jpg") as picture:
        assert ImageStat.Stat(picture).stddev[0] < 1
    assert first.sha256 == again.sha256


def test_a_leftover_at_the_target_is_replaced(darkroom: Darkroom, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"keep")
    (tmp_path / "out.jpg").symlink_to(precious)
    with darkroom.session() as child:
        child.look(photo(tmp_path))
        rendered = child.render(job(tmp_path))
    assert precious.read_bytes() == b"keep"
    assert (tmp_path / "out.jpg").stat().st_size == rendered.size


def test_outside_the_mark_the_rendition_is_a_plain_encoding(
    darkroom: Darkroom, tmp_path: Path
) -> None:
    noise = Image.effect_noise((900, 600), 40).filter(ImageFilter.GaussianBlur(2)).convert("RGB")
    path = photo(tmp_path, packed(noise, quality=95))
    with darkroom.session() as child:
        child.look(path)
        child.render(job(tmp_path))
    upright = open_original(path, Limits()).upright()
    with Image.open(io.BytesIO(encode(upright, quality=90))) as plain:
        plain.load()
    (box,) = imaging_mark.draw(upright, MARK)
    # Blocks of 16 pixels share their colours: the mark reaches that far at most.
    left, top, right, bottom = box[0] - 16, box[1] - 16, box[2] + 16, box[3] + 16
    with Image.open(tmp_path / "out.jpg") as rendered:
        error = ImageChops.difference(rendered, plain)
    assert error.getbbox() is not None
    error.paste((0, 0, 0), (left, top, right, bottom))
    squares = sum(n % 256 * (n % 256) * count for n, count in enumerate(error.histogram()))
    mean = squares / (900 * 600 * 3)
    assert mean == 0 or 10 * math.log10(255**2 / mean) > 50


@pytest.mark.parametrize(
    ("data", "incomplete"),
    [
        (packed(scene())[:-40], True),
        (packed(scene())[:600] + bytes(1000), True),
        (b"", True),
        (packed(scene(), "EPS"), False),
        (b"hello", False),
    ],
)
def test_errors_travel_whole(
    darkroom: Darkroom, tmp_path: Path, data: bytes, incomplete: bool
) -> None:
    with darkroom.session() as child, pytest.raises(UnusablePhoto) as caught:
        child.look(photo(tmp_path, data))
    assert caught.value.incomplete is incomplete
    assert caught.value.hint
    assert str(tmp_path) not in str(caught.value)


def test_disk_errors_are_told_with_their_reason(darkroom: Darkroom, tmp_path: Path) -> None:
    with darkroom.session() as child:
        with pytest.raises(StorageError, match="No such file"):
            child.look(str(tmp_path / "nothing"))
        child.look(photo(tmp_path))
        with pytest.raises(StorageError, match="No such file"):
            child.render(job(tmp_path, "no/such/folder.jpg"))
        child.render(job(tmp_path))


def test_a_disk_that_stops_taking_bytes_leaves_no_partial_file(tmp_path: Path) -> None:
    with Darkroom(1, Limits(), face_check=False) as room, room.session() as child:
        child.look(photo(tmp_path))
        assert child.pid is not None
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
        with pytest.raises(StorageError, match="File too large"):
            child.render(job(tmp_path))
        assert not (tmp_path / "out.jpg").exists()
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (10**8, resource.RLIM_INFINITY))
        child.render(job(tmp_path))


def test_what_cannot_be_drawn_is_refused(darkroom: Darkroom, tmp_path: Path) -> None:
    with darkroom.session() as child:
        with pytest.raises(RenditionRefused):
            child.render(job(tmp_path))
        child.look(photo(tmp_path))
        for bad in ({"mark": "写"}, {"mark": "\ud800"}, {"redact": (Face(2, 2, 1, 1, 1),)}):
            with pytest.raises(RenditionRefused):
                child.render(job(tmp_path, **bad))
    assert not (tmp_path / "out.jpg").exists()


def test_paths_that_are_no_unicode(darkroom: Darkroom, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    with darkroom.session() as child:
        child.look(photo(folder))
        child.render(job(folder))
    assert (folder / "out.jpg").exists()


def test_a_killed_child_is_replaced(darkroom: Darkroom, tmp_path: Path) -> None:
    with darkroom.session() as child:
        child.look(photo(tmp_path))
        pid = child.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        # The pixels went with it: the original is decoded again, nothing is lost.
        child.render(job(tmp_path))
        assert child.pid not in (None, pid)


def doomed(tmp_path: Path, times: int, number: int) -> tuple[str, ...]:
    """The real child, but the first ones end by a signal when they have taken the photograph."""
    code = f"""
import os
from pathlib import Path
from dam.adapters import darkroom_child
died = len(list(Path({str(tmp_path)!r}).glob("died*")))
if died < {times}:
    Path({str(tmp_path)!r}, f"died{{died}}").touch()
    darkroom_child._answer = lambda bench, request: os.kill(os.getpid(), {number})
darkroom_child.main()
"""
    return (sys.executable, "-c", code)


def test_whoever_takes_over_from_a_dead_child_asks_for_the_same_bytes(tmp_path: Path) -> None:
    path = photo(tmp_path)
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    with Darkroom(1, Limits(), face_check=False) as room, room.session() as child:
        child.look(path, sha256=digest)
        os.kill(child.pid or 0, signal.SIGKILL)
        assert child.render(job(tmp_path)).width == 900
        child.look(path, sha256=digest)
        os.kill(child.pid or 0, signal.SIGKILL)
        Path(path).write_bytes(packed(scene(600, 900)))
        with pytest.raises(IntegrityError):
            child.render(job(tmp_path, "other.jpg"))
        assert not (tmp_path / "other.jpg").exists()


def test_a_child_killed_at_work_once_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel kills anybody where memory runs out: not the photograph's fault."""
    monkeypatch.setattr("dam.adapters.darkroom._CHILD", doomed(tmp_path, 1, signal.SIGKILL))
    with Darkroom(1, Limits(), face_check=False) as room, room.session() as child:
        assert child.look(photo(tmp_path)).width == 900


@pytest.mark.parametrize(("times", "number"), [(1, signal.SIGSEGV), (2, signal.SIGKILL)])
def test_a_child_that_dies_at_work_costs_one_photograph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int, number: int
) -> None:
    monkeypatch.setattr("dam.adapters.darkroom._CHILD", doomed(tmp_path, times, number))
    path = photo(tmp_path)
    with Darkroom(1, Limits(), face_check=False) as room, room.session() as child:
        with pytest.raises(UnusablePhoto, match="died") as caught:
            child.look(path)
        assert not caught.value.incomplete
        assert child.look(path).width == 900


def test_a_child_that_dies_before_it_takes_the_photograph_costs_nothing(
    darkroom: Darkroom, tmp_path: Path
) -> None:
    path = photo(tmp_path)
    with darkroom.session() as child:
        child.look(path)
        pid = child.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        killer = threading.Timer(0.2, os.kill, (pid, signal.SIGKILL))
        killer.start()
        assert child.look(path).width == 900
        killer.join()


def test_a_child_that_hangs_is_killed(tmp_path: Path) -> None:
    with Darkroom(1, Limits(), face_check=False, seconds=1) as room, room.session() as child:
        child.look(photo(tmp_path))
        pid = child.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(UnusablePhoto, match="time") as caught:
            child.look(photo(tmp_path))
        assert time.monotonic() - start < 5
        assert not caught.value.incomplete
        assert child.look(photo(tmp_path)).width == 900
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_memory_is_limited(tmp_path: Path) -> None:
    path = photo(tmp_path, packed(Image.new("RGB", (12_000, 12_000)), quality=30))
    with (
        Darkroom(1, Limits(), face_check=False, memory_mb=512) as room,
        room.session() as child,
    ):
        with pytest.raises(UnusablePhoto, match="memory") as caught:
            child.look(path)
        assert not caught.value.incomplete
        assert child.look(photo(tmp_path)).width == 900


@pytest.mark.parametrize("bad", [{"workers": 0}, {"seconds": 0}, {"memory_mb": 100}])
def test_limits_that_cannot_work_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError):
        Darkroom(**{"workers": 1, "limits": Limits(), **bad})  # type: ignore[arg-type]


def test_a_child_that_cannot_start_is_no_photographs_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dam.adapters.darkroom._CHILD", (sys.executable, "-c", "pass"))
    with (
        Darkroom(1, Limits()) as room,
        room.session() as child,
        pytest.raises(ConfigurationError),
    ):
        child.look(photo(tmp_path))


@pytest.mark.parametrize(
    "answer", [b"{}", b"[]", b"\xff", b'{"looked": {"format": 1}}', b'{"failure": {"error": "X"}}']
)
def test_nonsense_from_a_child_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    code = (
        "import socket; w = socket.socket(fileno=0)\n"
        "def say(b): w.sendall(len(b).to_bytes(4, 'big') + b)\n"
        f"say(b'{{}}'); w.recv(9999); w.sendall(b'+'); say({answer!r}); w.recv(1)"
    )
    monkeypatch.setattr("dam.adapters.darkroom._CHILD", (sys.executable, "-c", code))
    with Darkroom(1, Limits()) as room, room.session() as child, pytest.raises(UnusablePhoto):
        child.look(photo(tmp_path))


def test_children_that_began_early_are_those_that_are_lent(tmp_path: Path) -> None:
    path = photo(tmp_path)
    with Darkroom(2, Limits(), face_check=False) as room:
        room.begin(0)
        with room.session() as child:
            assert child.pid is None
        # There are no more than two of them, and whoever is not lent yet can work when it is.
        room.begin(100)
        with room.session() as first, room.session() as second:
            begun = first.pid, second.pid
            assert None not in begun
            assert begun[0] != begun[1]
            assert first.look(path) == second.look(path)
            room.begin(1)
            assert (first.pid, second.pid) == begun
    with pytest.raises(ProcessLookupError):
        os.kill(begun[0] or 0, 0)
    room.begin(1)
    with Darkroom(1, Limits(), face_check=False) as room:
        # Nobody asked for anything: it ends all the same.
        room.begin(1)


def test_a_child_that_began_early_and_died_is_replaced(tmp_path: Path) -> None:
    with Darkroom(1, Limits(), face_check=False) as room:
        room.begin(1)
        with room.session() as child:
            pid = child.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            assert child.look(photo(tmp_path)).width == 900
            assert child.pid != pid


def test_sessions_are_exclusive_and_shared_out(tmp_path: Path) -> None:
    seen: list[int] = []
    at_once: list[int] = []
    lock = threading.Lock()
    path = photo(tmp_path)

    def work(room: Darkroom) -> None:
        with room.session() as child:
            with lock:
                at_once.append(len(seen))
                seen.append(id(child))
            child.look(path)
            with lock:
                seen.remove(id(child))

    with Darkroom(2, Limits(), face_check=False) as room:
        threads = [threading.Thread(target=work, args=(room,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(at_once) == 8
    assert max(at_once) <= 1
    with pytest.raises(ConfigurationError, match="closed"), room.session():
        pass


def test_children_outlive_the_thread_but_not_the_parent(tmp_path: Path) -> None:
    code = """
import os, sys, threading
from dam.adapters.darkroom import Darkroom
from dam.adapters.imaging import Limits
room = Darkroom(1, Limits(), face_check=False)
def first():
    with room.session() as child:
        child.look(sys.argv[1])
        print(child.pid, flush=True)
thread = threading.Thread(target=first); thread.start(); thread.join()
with room.session() as child:
    child.look(sys.argv[1])
    print(child.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, photo(tmp_path)], capture_output=True, text=True, check=False
    )
    first, second = (int(line) for line in done.stdout.split())
    assert first == second
    for _ in range(100):
        status = Path(f"/proc/{first}/stat")
        if not status.exists() or status.read_text().split(")")[-1].split()[0] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the child outlived its parent")


def test_a_child_that_rests_gives_its_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    given = threading.Event()
    darkroom_child._give_back()
    monkeypatch.setattr(darkroom_child, "RESTING_SECONDS", 0.05)
    monkeypatch.setattr(darkroom_child, "_give_back", given.set)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = threading.Thread(target=darkroom_child.serve, args=(theirs,))
        child.start()
        assert Reply.model_validate_json(receive(ours)) == Reply()
        assert given.wait(30)
        ours.close()
        child.join(30)
        assert not child.is_alive()


def test_the_wire_carries_json_and_nothing_else() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(ours, Reply().model_dump_json().encode())
        assert json.loads(receive(theirs))["last"] is False
        ours.sendall(b"\xff\xff\xff\xff")
        with pytest.raises(ValueError, match="long"):
            receive(theirs)
        ours.close()
        with pytest.raises(EOFError):
            receive(theirs)


@needs_corpora
@pytest.mark.corpus
def test_the_orientation_examples_render_upright(darkroom: Darkroom, tmp_path: Path) -> None:
    pictures = []
    for orientation in range(9):
        with darkroom.session() as child:
            looked = child.look(str(CORPORA / "orientation" / f"Landscape_{orientation}.jpg"))
            rendered = child.render(job(tmp_path, f"{orientation}.jpg", max_side=300, mark=""))
        assert (looked.width, looked.height) == (1800, 1200)
        assert (rendered.width, rendered.height) == (300, 200)
        with Image.open(tmp_path / f"{orientation}.jpg") as picture:
            picture.load()
            pictures.append(picture)
    for picture in pictures:
        assert sum(ImageStat.Stat(ImageChops.difference(picture, pictures[1])).mean) < 30


@needs_corpora
@pytest.mark.corpus
def test_a_camera_picture_fits_into_the_memory_promised(tmp_path: Path) -> None:
    with Darkroom(1, Limits()) as room, room.session() as child:
        looked = child.look(str(CORPORA / "cameras" / "021_Issue_266.jpg"))
        child.render(job(tmp_path))
        status = Path(f"/proc/{child.pid}/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(f"{looked.width} x {looked.height}: peak {peak:.0f} MiB")
    assert looked.width * looked.height > 22_000_000
    assert peak < 500


def test_the_last_rendition_is_the_same_and_another_may_follow(
    darkroom: Darkroom, tmp_path: Path
) -> None:
    """Its pixels may be those of the original, which then have to be decoded again."""
    for turn in (1, 6):
        exif = Image.Exif()
        exif[0x0112] = turn
        with darkroom.session() as child:
            child.look(photo(tmp_path, packed(scene(900, 600), exif=exif)))
            first = child.render(job(tmp_path))
            last = child.render(job(tmp_path, last=True))
            again = child.render(job(tmp_path))
        assert first.sha256 == last.sha256 == again.sha256
