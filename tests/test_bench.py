"""The measurements run on next to nothing, and what they say hangs together.

How fast anything is, is never asserted.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat, JpegImagePlugin

from bench import baselines
from bench.__main__ import main
from bench.harness import Contestant, Spent, always, in_turn, run
from bench.photographs import CAPTURED, photographs
from bench.result import Beside, Result, written

pytest.importorskip("numpy", reason="the extra `faces` brings numpy")

_PYTHON = (sys.executable, "-S", "-c")
_SLOW = (
    "audit --assets 80 --made 40 --rounds 1",
    "memory --generate 2 --megapixels 0.2 --faces off",
    "growth --assets 60 --few 40 --generate 1 --megapixels 0.1 --rounds 1 --faces off",
    "list --assets 60 --rounds 1",
    "start --rounds 1",
    "decide --assets 60 --sample 20 --rounds 1",
    "export --generate 1 --megapixels 0.2 --rounds 1 --purpose social",
    "render --generate 1 --megapixels 0.2 --rounds 1 --faces off --against turbo",
    "watch --generate 1 --megapixels 0.2 --faces off --quiet 0.2 --burst 2 --rounds 1",
)
_FAST = (
    "ingest --generate 1 --megapixels 0.2 --rounds 1 --faces off",
    "watch --generate 2 --megapixels 0.1 --faces off --quiet 0.2",
    "stages --megapixels 0.2 --rounds 1",
)


def measured(line: str, place: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What a job says, with `--format json`; whatever every job must say is looked at here."""
    main([*line.split(), "--place", str(place), "--format", "json"])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["job"] == line.split()[0]
    assert told["about"]
    assert told["runs"] or told["figures"]
    for row in told["runs"]:
        for of in ("seconds", "units_a_second", "cpu_seconds_a_unit"):
            assert 0 < row[of]["least"] <= row[of]["median"] <= row[of]["most"]
        peak = row["peak_mib"]
        assert peak["parent"] > 0
        assert peak["tree"] < peak["parent"] + 16 * peak["largest_worker"] + 16
    names = [row["name"] for row in told["runs"]]
    for pair in told["ratios"]:
        assert {pair["measured"], pair["baseline"]} <= set(names)
        for of in ("times_as_fast", "times_the_cpu"):
            assert 0 < pair[of]["least"] <= pair[of]["median"] <= pair[of]["most"]
    assert list(place.iterdir()) == []
    return told


@pytest.mark.parametrize(
    "line", [*_FAST, *(pytest.param(s, marks=pytest.mark.slow) for s in _SLOW)]
)
def test_every_job_measures_the_real_command(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = measured(line, tmp_path, capsys)
    if told["job"] == "ingest":
        able = [n for n in baselines.BASELINES if not baselines.BASELINES[n].missing()]
        assert [row["name"] for row in told["runs"]] == ["dam", *able]
        assert len(told["notes"]) == 1 + len(baselines.BASELINES) - len(able)
    if told["job"] == "watch" and not told["about"]["burst"]:
        figures = told["figures"]
        assert 0 < figures["single_p50_seconds"] <= figures["single_max_seconds"] < 60
    if told["job"] == "decide":
        assert 0 < told["figures"]["one_record_changed_assets_decided_again"] < 60


def test_photographs_are_like_those_of_a_camera(tmp_path: Path) -> None:
    photos = photographs(tmp_path / "a", 8, 0.5, first=3)
    again = photographs(tmp_path / "b", 8, 0.5, first=3)
    assert [p.read_bytes() for p in photos] == [p.read_bytes() for p in again]
    assert len({hashlib.sha256(p.read_bytes()).digest() for p in photos}) == 8
    turned = 0
    for photo in photos:
        with Image.open(photo) as picture:
            assert 0.45e6 < picture.width * picture.height < 0.55e6
            assert JpegImagePlugin.get_sampling(picture) == 2  # 4:2:0
            exif = picture.getexif()
            turned += exif.get(0x0112, 1) != 1
            assert exif.get_ifd(0x8769)[0x9003] == CAPTURED
            # Noise and detail everywhere: nothing is flat, and it takes its bits.
            light = picture.convert("L")
            for corner in ((0, 0), (light.width - 64, light.height - 64)):
                part = light.crop((*corner, corner[0] + 64, corner[1] + 64))
                assert ImageStat.Stat(part).stddev[0] > 2
            assert 2.5 < photo.stat().st_size * 8 / (picture.width * picture.height) < 4.5
    assert turned == 2


def test_contestants_take_turns_and_all_they_start_counts(tmp_path: Path) -> None:
    """A child of a child that works and holds memory is seen; an idle one is not made busy."""
    busy = "b = bytearray(90_000_000); sum(range(12_000_000)); import time; time.sleep(0.4)"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {busy!r}])"
    order: list[str] = []

    def contestant(name: str, code: str) -> Contestant:
        def ready(folder: Path) -> tuple[str, ...]:
            assert list(folder.iterdir()) == []
            (folder / "left").touch()
            order.append(name)
            return (*_PYTHON, code)

        return Contestant(name, ready)

    found = in_turn(
        [contestant("nested", nested), contestant("idle", "import time; time.sleep(0.6)")],
        2,
        tmp_path,
    )
    assert order == ["nested", "idle", "nested", "idle"]
    for nested_run, idle in zip(found["nested"], found["idle"], strict=True):
        assert nested_run.cpu > 2 * idle.cpu
        assert nested_run.worker > 85
        assert nested_run.parent < 60
        assert nested_run.tree > 85
        assert idle.worker == 0
        assert idle.seconds >= 0.6


def test_a_contestant_that_fails_ends_everything_with_a_line(tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(SystemExit, match="ended with 1: ValueError: no such thing; nothing is"):
        in_turn([always("x", (*_PYTHON, "raise ValueError('no such thing')"))], 3, tmp_path)
    assert time.monotonic() - begun < 30


def test_settings_of_whoever_measures_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAM_WORKERS", "7")
    code = "import os; assert 'DAM_WORKERS' not in os.environ and os.environ['DAM_X'] == '1'"
    assert run((*_PYTHON, code), {"DAM_X": "1"}).seconds > 0


def test_ratios_are_of_one_piece_of_work() -> None:
    """Half the work in the same time is half as fast, and twice the processor."""
    one = (Spent(2.0, 3.0, 10, 5, 5), Spent(4.0, 3.0, 12, 7, 5), Spent(2.0, 6.0, 11, 6, 9))
    result = Result(
        job="x",
        about={"of": 1},
        runs={"a": one, "b": one},
        beside=[Beside("a", "b")],
        count=10,
        counts={"b": 20},
    )
    (pair,) = json.loads(written(result, "json"))["ratios"]
    assert pair["times_as_fast"] == {"median": 0.5, "least": 0.5, "most": 0.5}
    assert pair["times_the_cpu"] == {"median": 2.0, "least": 2.0, "most": 2.0}
    row = json.loads(written(result, "json"))["runs"][0]
    assert row["seconds"] == {"median": 2.0, "least": 2.0, "most": 4.0}
    assert row["peak_mib"] == {"tree": 12, "parent": 7, "largest_worker": 9}
    assert "a / b" in written(result, "table")


def test_a_baseline_without_its_program_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    names, notes = baselines.wanted("script,pillow,vips")
    assert names == ["pillow"]
    assert notes == [
        "script is left out; it needs: apt-get install libimage-exiftool-perl imagemagick",
        "vips is left out; it needs: apt-get install libimage-exiftool-perl libvips-tools",
    ]
    with pytest.raises(SystemExit, match="baselines are script, vips"):
        baselines.wanted("skript")
