"""What a job found, as a table for people and as JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.harness import Spent

Json = dict[str, object]
_PEAKS = ("MiB tree", "parent", "worker")


@dataclass(frozen=True, slots=True)
class Beside:
    """One contestant beside another: by round, how many times as fast, how many times the
    processor. Both are of one piece of work, however many each did."""

    measured: str
    baseline: str


@dataclass
class Result:
    """`about`: under which conditions. `count`: pieces of work of a run (`unit`), all contestants'
    unless `counts` names another. `figures`: single values. `notes`: what a reader must know."""

    job: str
    about: Mapping[str, object]
    runs: Mapping[str, Sequence[Spent]] = field(default_factory=dict)
    beside: Sequence[Beside] = ()
    count: int = 1
    unit: str = "run"
    counts: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, object] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def document(self) -> Json:
        return {
            "job": self.job,
            "about": {**self.about, "machine": _machine()},
            "runs": [self._row(name, runs) for name, runs in self.runs.items()],
            "ratios": [self._ratio(pair) for pair in self.beside],
            "figures": dict(self.figures),
            "notes": list(self.notes),
        }

    def _each(self, name: str) -> int:
        return self.counts.get(name, self.count)

    def _row(self, name: str, runs: Sequence[Spent]) -> Json:
        each = self._each(name)
        return {
            "name": name,
            "rounds": len(runs),
            "unit": self.unit,
            "units": each,
            "seconds": _spread(one.seconds for one in runs),
            "units_a_second": _spread(each / one.seconds for one in runs),
            "cpu_seconds_a_unit": _spread(one.cpu / each for one in runs),
            "peak_mib": {
                "tree": _most(one.tree for one in runs),
                "parent": _most(one.parent for one in runs),
                "largest_worker": _most(one.worker for one in runs),
            },
        }

    def _ratio(self, pair: Beside) -> Json:
        mine, base = self.runs[pair.measured], self.runs[pair.baseline]
        scale = self._each(pair.measured) / self._each(pair.baseline)
        rounds = list(zip(mine, base, strict=True))
        return {
            "measured": pair.measured,
            "baseline": pair.baseline,
            "times_as_fast": _spread(scale * b.seconds / m.seconds for m, b in rounds),
            "times_the_cpu": _spread(m.cpu / b.cpu / scale for m, b in rounds),
        }


def written(result: Result, form: str) -> str:
    """`form`: json or table."""
    document = result.document()
    if form == "json":
        return json.dumps(document, indent=2)
    return "\n".join(_page(result, document))


def _page(result: Result, document: Json) -> Iterable[str]:
    about = ", ".join(f"{_words(k)} {_shown(v)}" for k, v in result.about.items())
    yield f"{result.job}: {about}"
    yield _machine()
    if result.runs:
        yield ""
        unit = result.unit
        yield from _table(
            (*("", f"{unit}s a s", "seconds", "least", "most", f"CPU s a {unit}"), *_PEAKS),
            [_cells(row) for row in _rows(document["runs"])],
        )
    if result.beside:
        yield ""
        yield from _table(
            ("", "times as fast", "least", "most", "times the CPU", "least", "most"),
            [_pair(row) for row in _rows(document["ratios"])],
        )
    if result.figures:
        yield ""
        width = max(map(len, result.figures))
        yield from (f"{_words(k):<{width}}  {_shown(v)}" for k, v in result.figures.items())
    for line in result.notes:
        yield ""
        yield line


def _rows(found: object) -> list[Json]:
    assert isinstance(found, list)
    return found


def _cells(row: Json) -> tuple[str, ...]:
    seconds, rate, cpu, peak = (
        _numbers(row[k]) for k in ("seconds", "units_a_second", "cpu_seconds_a_unit", "peak_mib")
    )
    return (
        str(row["name"]),
        f"{rate['median']:.4g}",
        *(f"{seconds[k]:.3f}" for k in ("median", "least", "most")),
        f"{cpu['median']:.4g}",
        *(f"{peak[k]:.0f}" for k in ("tree", "parent", "largest_worker")),
    )


def _pair(row: Json) -> tuple[str, ...]:
    both = (_numbers(row[k]) for k in ("times_as_fast", "times_the_cpu"))
    return (
        f"{row['measured']} / {row['baseline']}",
        *(f"{one[k]:.3g}" for one in both for k in ("median", "least", "most")),
    )


def _numbers(found: object) -> dict[str, float]:
    assert isinstance(found, dict)
    return found


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join((row[0].ljust(len(first)), *others)).rstrip()


def _spread(values: Iterable[float]) -> dict[str, float]:
    every = sorted(values)
    found = {"median": statistics.median(every), "least": every[0], "most": every[-1]}
    return {name: float(f"{value:.5g}") for name, value in found.items()}


def _most(values: Iterable[float]) -> int:
    return round(max(values))


def _words(key: str) -> str:
    return key.replace("_", " ")


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, " + (
        f"Python {platform.python_version()}"
    )
