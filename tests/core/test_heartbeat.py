"""The heartbeat as JSON and as Prometheus reads it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from dam.core.errors import UsageError
from dam.core.heartbeat import Heartbeat, age_of, metrics, read

AT = datetime(2021, 11, 18, 9, 30, tzinfo=UTC)
BEAT = Heartbeat(
    version="0.1.0",
    pid=7,
    state="watching",
    started_at=AT,
    looked_at=AT + timedelta(seconds=5),
    last_pass_at=AT + timedelta(seconds=5),
    last_pass_seconds=0.25,
    passes=3,
    scan_seconds=5.0,
    outcomes={"approved": 2, "held": 1},
    assets={"approved": 2, "held": 1, "quarantined": 4},
    trouble=("inbox_missing",),
)
#: A line of the text format 0.0.4, as its documentation has it.
LINE = re.compile(
    r'(# (HELP|TYPE) dam_[a-z_]+ .+|dam_[a-z_]+(\{[a-z]+="[A-Za-z0-9_.]*"\})? -?[0-9.]+)'
)


def test_it_comes_back_as_it_was_written() -> None:
    data = BEAT.document()
    assert read(data) == BEAT
    assert b'"held": 1' in data
    assert b'"quarantined": 4' in data
    assert b'"looked_at": "2021-11-18T09:30:05Z"' in data


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b'{"schema":"other/1"}', b"[" * 9999])
def test_what_cannot_be_understood_is_nothing(data: bytes) -> None:
    assert read(data) is None


def test_a_later_version_may_tell_more() -> None:
    assert read(BEAT.document().replace(b"{", b'{"news": 1, ', 1)) == BEAT


def test_every_metric_has_its_type_once_and_is_well_formed() -> None:
    lines = metrics(BEAT).splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    named = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(named) == len(set(named))
    assert {re.split(r"[{ ]", line)[0] for line in lines if line[0] != "#"} == set(named)
    assert "dam_last_look_time_seconds 1637227805.000" in lines
    assert 'dam_outcomes_total{outcome="approved"} 2' in lines
    assert 'dam_trouble{kind="inbox_missing"} 1' in lines
    assert 'dam_watch_state{state="stopped"} 0' in lines


def test_ages() -> None:
    assert BEAT.age(AT + timedelta(seconds=65)) == 60
    assert BEAT.age(AT - timedelta(days=3)) == 0
    assert BEAT.model_copy(update={"looked_at": None}).age(AT) is None
    told = [age_of(text).total_seconds() for text in ("90s", "10m", "2h", "1d")]
    assert told == [90, 600, 7200, 86400]
    for text in ("", "10", "0m", "-1m", "1w", "1.5h", "9" * 9 + "d"):
        with pytest.raises(UsageError):
            age_of(text)
