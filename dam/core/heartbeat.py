"""What a watcher tells of itself for monitoring: numbers and words of dam's own, nobody's data.

Two forms of the same: a JSON object and the text format of Prometheus (version 0.0.4).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from dam.core.errors import UsageError
from dam.core.model import Disposition

#: How old the last look of a watcher may be before something must be wrong with it.
STALE_SECONDS: Final = 900.0

#: What may keep a watcher from its work, with the errors that end a pass.
INBOX_MISSING: Final = "inbox_missing"
NOT_WATCHED: Final = "not_watched"
NOT_OPEN: Final = "not_open"

_AGE = re.compile(r"(\d{1,6})([smhd])")
_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Heartbeat(BaseModel):
    """The state of one watcher. Times are UTC.

    `looked_at` is the last sign of a pass that could read the inbox: a photograph taken or
    settled, or its end. `outcomes` count since the start, `assets` what the catalogue holds by
    disposition; `waiting` are photographs that still lie in the inbox after the last pass,
    `left_alone` what it found that is no photograph. `trouble` is empty where all is well.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", serialize_by_alias=True)

    schema_: Literal["dam/heartbeat/1"] = Field(default="dam/heartbeat/1", alias="schema")
    version: str
    pid: int
    state: Literal["watching", "not_open", "stopped"]
    started_at: AwareDatetime
    looked_at: AwareDatetime | None = None
    last_pass_at: AwareDatetime | None = None
    last_pass_seconds: float | None = None
    passes: int = 0
    failed_passes: int = 0
    scan_seconds: float
    outcomes: dict[str, int] = Field(default_factory=dict)
    assets: dict[str, int] = Field(default_factory=dict)
    due: int = 0
    waiting: int = 0
    left_alone: int = 0
    trouble: tuple[str, ...] = ()

    @property
    def held(self) -> int:
        return self.assets.get(Disposition.HELD.value, 0)

    @property
    def quarantined(self) -> int:
        return self.assets.get(Disposition.QUARANTINED.value, 0)

    def age(self, now: datetime) -> float | None:
        """Seconds since the last look, none before the first; a clock set back counts as 0."""
        if self.looked_at is None:
            return None
        return max(0.0, (now - self.looked_at).total_seconds())

    def document(self) -> bytes:
        """The JSON file: one object, `held` and `quarantined` spelt out beside `assets`."""
        more = {"held": self.held, "quarantined": self.quarantined}
        return json.dumps({**self.model_dump(mode="json"), **more}, indent=2).encode() + b"\n"


def read(data: bytes) -> Heartbeat | None:
    """The heartbeat in the bytes of its file; None where it cannot be understood."""
    try:
        return Heartbeat.model_validate_json(data)
    except (ValidationError, RecursionError):
        return None


def metrics(beat: Heartbeat) -> str:
    """The heartbeat as Prometheus reads it from a file (node exporter's textfile collector)."""
    return "".join(f"{line}\n" for line in _metrics(beat))


def _metrics(beat: Heartbeat) -> Iterator[str]:
    yield from _metric("dam_info", "gauge", "The version of dam.", {f'version="{beat.version}"': 1})
    state = {f'state="{one}"': int(beat.state == one) for one in _STATES}
    yield from _metric("dam_watch_state", "gauge", "1 for what the watcher does.", state)
    for name, at, words in (
        ("dam_watch_start_time_seconds", beat.started_at, "When the watcher started."),
        ("dam_last_look_time_seconds", beat.looked_at, "The last sign of a pass."),
        ("dam_last_pass_time_seconds", beat.last_pass_at, "The end of the last pass."),
    ):
        yield from _metric(name, "gauge", words, {"": at.timestamp() if at else None})
    seconds = {"": beat.last_pass_seconds}
    yield from _metric("dam_last_pass_duration_seconds", "gauge", "How long it took.", seconds)
    yield from _metric("dam_passes_total", "counter", "Passes that ended.", {"": beat.passes})
    failed = {"": beat.failed_passes}
    yield from _metric("dam_failed_passes_total", "counter", "Passes that failed.", failed)
    outcomes = _labelled("outcome", beat.outcomes)
    yield from _metric("dam_outcomes_total", "counter", "What became of photographs.", outcomes)
    assets = _labelled("disposition", beat.assets)
    yield from _metric("dam_assets", "gauge", "Photographs in the catalogue.", assets)
    for name, number, words in (
        ("dam_due_assets", beat.due, "Photographs to look at again."),
        ("dam_waiting_photos", beat.waiting, "Photographs that wait in the inbox."),
        ("dam_left_alone_files", beat.left_alone, "Files in the inbox that are no photographs."),
    ):
        yield from _metric(name, "gauge", words, {"": number})
    trouble = _labelled("kind", dict.fromkeys(beat.trouble, 1))
    yield from _metric("dam_trouble", "gauge", "What keeps the watcher from its work.", trouble)


_STATES = ("watching", "not_open", "stopped")


def _labelled(label: str, values: Mapping[str, int]) -> dict[str, float | None]:
    return {f'{label}="{name}"': number for name, number in sorted(values.items())}


def _metric(name: str, kind: str, words: str, values: Mapping[str, float | None]) -> Iterator[str]:
    known = {labels: value for labels, value in values.items() if value is not None}
    if not known:
        return
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} {kind}"
    for labels, value in known.items():
        shown = f"{value:.3f}" if isinstance(value, float) else str(value)
        yield f"{name}{{{labels}}} {shown}" if labels else f"{name} {shown}"


def age_of(text: str) -> timedelta:
    """`90s`, `10m`, `2h`, `1d` as a time span. Raises UsageError for anything else."""
    match = _AGE.fullmatch(text.strip().lower())
    if match is None or int(match[1]) == 0:
        raise UsageError("This is no age", "Write it as in 90s, 10m, 2h or 1d")
    return timedelta(seconds=int(match[1]) * _UNIT[match[2]])


def utc(at: datetime) -> datetime:
    """An instant in UTC, in whole seconds: nobody needs more of a heartbeat."""
    return at.astimezone(UTC).replace(microsecond=0)
