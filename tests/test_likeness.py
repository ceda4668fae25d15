"""Knowing a picture again: what true copies differ by, and what different pictures do."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from dam.adapters.imaging import Limits, open_original
from dam.core import likeness
from dam.core.errors import DamError, IntegrityError
from dam.core.likeness import SIDE, Likeness, alike, distance
from dam.core.tombstones import Tombstone, keyed, reason, strongest, traces
from tests import photos
from tests.workspaces import CORPORA, needs_corpora

LIMITS = Limits(max_pixels=100_000_000, max_bytes=100_000_000)
FOLDERS = ("cameras", "people", "metadata", "orientation", "formats")
#: In these folders several files are one picture, turned by EXIF or by an editor.
TWINS = {"landscape", "portrait", "canon"}
#: One picture twice, with another orientation.
TWICE = {frozenset({"portrait.jpg", "portrait-orientation-6.jpg"})}

Change = Callable[[Image.Image], Image.Image]


def seen(picture: Image.Image, folder: Path, quality: int = 92) -> Likeness:
    """The likeness of a picture as the darkroom works it out, from a file."""
    path = folder / "picture.jpg"
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=quality)
    path.write_bytes(out.getvalue())
    found = likeness.of(open_original(path, LIMITS).grey(SIDE))
    assert found is not None
    return found


def cut(share: float) -> Change:
    """Without so much of each side length, half of it at either edge."""

    def change(picture: Image.Image) -> Image.Image:
        x, y = (round(side * share / 2) for side in picture.size)
        return picture.crop((x, y, picture.width - x, picture.height - y))

    return change


def half(picture: Image.Image) -> Image.Image:
    return picture.resize((max(1, picture.width // 2), max(1, picture.height // 2)))


CHANGES: dict[str, tuple[Change, int]] = {
    "quality 60": (lambda p: p, 60),
    "half size": (half, 92),
    "half size, quality 60": (half, 60),
    "5 % cut off": (cut(0.05), 92),
    "10 % cut off": (cut(0.10), 92),
    "without colour": (lambda p: p.convert("L"), 92),
    "mirrored": (ImageOps.mirror, 92),
    "turned by 90 degrees": (lambda p: p.transpose(Image.Transpose.ROTATE_90), 92),
}
#: What must be found of each: the same picture, or at least held as likely one.
LEAST = {
    "quality 60": "same", "half size": "same", "half size, quality 60": "same",
    "without colour": "same", "5 % cut off": "likely", "mirrored": "likely",
    "turned by 90 degrees": "likely",
}  # fmt: skip


@pytest.mark.parametrize("name", LEAST)
def test_a_copy_is_known_again(name: str, tmp_path: Path) -> None:
    change, quality = CHANGES[name]
    for seed in (1, 2, 3):
        picture = photos.scene(seed, 640, 480)
        found = alike(seen(change(picture), tmp_path, quality), seen(picture, tmp_path))
        assert found == "same" or (found == "likely" == LEAST[name])


def test_other_pictures_are_not_the_same(tmp_path: Path) -> None:
    """Scenes that share a sky and a ground: nothing that is drawn differs more subtly."""
    all_of = [seen(photos.scene(seed, 480, 320), tmp_path) for seed in range(12)]
    found = Counter(alike(a, b) for a, b in itertools.combinations(all_of, 2))
    assert found["same"] == 0


def test_a_wall_has_no_likeness() -> None:
    assert likeness.of(bytes([120]) * SIDE * SIDE) is None


@given(st.binary(min_size=SIDE * SIDE, max_size=SIDE * SIDE))
def test_a_likeness_is_itself_turned_in_any_way_and_reads_back(grey: bytes) -> None:
    one = likeness.of(grey)
    if one is None:
        return
    assert distance(one, one) == (0, 0, 0)
    assert alike(one, one) == "same"
    assert Likeness.read(one.text()) == one
    mirrored = likeness.of(b"".join(grey[n : n + SIDE][::-1] for n in range(0, len(grey), SIDE)))
    assert mirrored is not None
    assert distance(mirrored, one)[2] <= 8


@pytest.mark.parametrize("text", ["", "1 2", "x" * 16, " ".join(["0"] * 12)])
def test_what_is_no_likeness_is_refused(text: str) -> None:
    with pytest.raises(IntegrityError):
        Likeness.read(text)


def test_a_tombstone_travels_as_a_line(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    told = seen(photos.scene(1), tmp_path).text()
    stone = Tombstone("a" * 32, keyed(b"k", "0" * 64), told, datetime.now(UTC), "erased", "e")
    assert Tombstone.read(stone.line()) == stone
    assert strongest(traces(keyed(b"k", "0" * 64), None, [(stone, None)])) is not None
    assert traces(keyed(b"other", "0" * 64), None, [(stone, None)]) == ()
    for broken in (stone.line()[:-2], stone.line().replace("erased", "gone"), "[]", "{}"):
        with pytest.raises(IntegrityError):
            Tombstone.read(broken)
    assert reason(()) is None


@needs_corpora
@pytest.mark.corpus
def test_figures_on_real_photographs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All pairs of different pictures, and true copies of each; see docs/withdrawal.md."""
    pictures: dict[Path, tuple[Image.Image, Likeness]] = {}
    for path in (p for name in FOLDERS for p in sorted((CORPORA / name).iterdir())):
        try:
            original = open_original(path, LIMITS)
        except DamError:
            continue
        found = likeness.of(original.grey(SIDE))
        if found is not None:
            pictures[path] = original.upright(1600), found
    lines = [f"{len(pictures)} pictures"]
    for name, (change, quality) in CHANGES.items():
        pairs = [(seen(change(p), tmp_path, quality), known) for p, known in pictures.values()]
        levels = Counter(alike(one, known) for one, known in pairs)
        worst = [max(distance(*pair)[n] for pair in pairs) for n in range(3)]
        lines.append(f"{name}: {dict(levels)}, at most {worst} bits apart")
        if name in LEAST:
            assert levels[None] == 0, name
        if LEAST.get(name) == "same":
            assert set(levels) == {"same"}, name
    different = [
        (one, other)
        for one, other in itertools.combinations(pictures, 2)
        if not _one_picture(one, other)
    ]
    apart = [distance(pictures[a][1], pictures[b][1]) for a, b in different]
    levels = Counter(alike(pictures[a][1], pictures[b][1]) for a, b in different)
    lines.append(f"{len(different)} pairs of different pictures: {dict(levels)}")
    for n, what in enumerate(("frequencies", "steps", "frequencies, best of eight ways")):
        lines.append(f"{what}: nearest {sorted(each[n] for each in apart)[:8]}")
    for most in (6, 8, 10, 12, 14, 16, 18, 20, 22):
        false = sum(each[0] <= most for each in apart)
        lines.append(f"up to {most} of 64 frequencies: {false} of {len(apart)} false")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert levels["same"] == 0
    assert levels["likely"] <= len(different) // 500


def _one_picture(one: Path, other: Path) -> bool:
    if frozenset({one.name, other.name}) in TWICE:
        return True
    stems = [path.stem.replace("-", "_").split("_")[0].casefold() for path in (one, other)]
    return one.parent == other.parent and stems[0] == stems[1] and stems[0] in TWINS
