"""The measurements run; what they print is never asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workspaces import environment

pytest.importorskip("numpy", reason="the extra `faces` brings numpy")


def test_the_bench_measures_the_real_command_beside_a_named_baseline() -> None:
    words = ("ingest", "--generate", "1", "--megapixels", "0.5", "--rounds", "1")
    done = subprocess.run(
        [sys.executable, "-m", "bench", *words, "--format", "json"],
        cwd=Path(__file__).resolve().parents[1],
        env=environment(),
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert told["baseline"]
    assert told["ratio_least"] <= told["ratio_median"] <= told["ratio_most"]


def test_deciding_again_is_measured_on_a_real_catalogue() -> None:
    words = ("decide", "--assets", "200", "--sample", "20", "--format", "json")
    done = subprocess.run(
        [sys.executable, "-m", "bench", *words],
        cwd=Path(__file__).resolve().parents[1],
        env=environment(),
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert told["baseline"]
    assert 0 < told["one_consent_changed_photographs_decided_again"] < told["photographs"]
    assert told["rules_changed_ratio"] > 0


def test_every_stage_of_a_rendition_is_measured_beside_a_baseline() -> None:
    words = ("render", "--megapixels", "0.5", "--rounds", "1", "--format", "json")
    done = subprocess.run(
        [sys.executable, "-m", "bench", *words],
        cwd=Path(__file__).resolve().parents[1],
        env=environment(),
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert told["baseline"]
    assert told["0.5_mp_baseline_ms"] > 0
    for stage in ("decode", "colour", "faces", "mark", "encode", "read_back"):
        assert told[f"0.5_mp_{stage}_ms"] > 0


def test_audits_are_measured_beside_bare_sql() -> None:
    words = ("audit", "--assets", "300", "--made", "100", "--rounds", "1", "--format", "json")
    done = subprocess.run(
        [sys.executable, "-m", "bench", *words],
        cwd=Path(__file__).resolve().parents[1],
        env=environment(),
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert told["baseline"]
    assert told["csv_rows_a_second"] > 0


def test_the_pictures_of_a_pack_are_measured_beside_a_baseline() -> None:
    words = ("export", "--pictures", "2", "--megapixels", "0.5", "--rounds", "1")
    done = subprocess.run(
        [sys.executable, "-m", "bench", *words, "--purpose", "social", "--format", "json"],
        cwd=Path(__file__).resolve().parents[1],
        env=environment(),
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert told["baseline"]
    assert told["pictures_per_second"] > 0
    assert told["ratio_least"] <= told["ratio_median"] <= told["ratio_most"]
