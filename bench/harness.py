"""How everything here is measured: whole processes, in turn, with all that they start.

A contestant is a way to do a piece of work by one process. `in_turn` runs them one after the
other, round after round (A B A B ...), so that a machine whose speed drifts favours nobody. Of
each run it takes seconds by the clock from before the process starts until it has ended, seconds
of the processor of the process and its descendants, and their memory. Before every run the disk
gets what earlier ones left to write.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from bench.memory import Look, Watched

#: Where `python -m bench...` finds this package and dam, whatever the folder.
SOURCE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run took: seconds by the clock and of all processors; peaks in MiB.

    `tree` is the most that all processes held together (shared memory counted once), `parent`
    and `worker` the most that the process itself and the largest of those it started held.
    """

    seconds: float
    cpu: float
    tree: float
    parent: float
    worker: float
    looks: tuple[Look, ...] = ()


@dataclass(frozen=True, slots=True)
class Contestant:
    """A way to do the work. `ready` prepares an empty folder, which is not measured, and gives
    the words of the process; `check` ends everything where the work was not done."""

    name: str
    ready: Callable[[Path], Sequence[str]]
    check: Callable[[Path], None] = lambda folder: None
    env: Mapping[str, str] | None = None


def always(name: str, words: Sequence[str], env: Mapping[str, str] | None = None) -> Contestant:
    """A contestant that needs nothing prepared, and whose exit code says enough."""
    return Contestant(name, lambda folder: words, env=env)


class Running:
    """A process under way. Its output goes nowhere; what it complains of is kept."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self._words = words
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed by `ended`
        os.sync()
        self._begin = time.perf_counter()
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._complaints,
            env=environment(env),
        )
        self._memory = Watched(self.process.pid)
        self._watching = self._memory.meanwhile()
        self._watching.__enter__()

    def ended(self) -> Spent:
        """Wait for its end; what it took. Ends everything where it failed."""
        _, status, used = os.wait4(self.process.pid, 0)
        seconds = time.perf_counter() - self._begin
        self._watching.__exit__(None, None, None)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        with self._complaints as file:
            file.seek(0)
            complaints = file.read().decode(errors="replace").strip()
        if self.process.returncode:
            last = complaints.rpartition("\n")[2]
            give_up(f"{' '.join(self._words[:6])} ended with {self.process.returncode}: {last}")
        seen = self._memory
        return Spent(
            seconds=seconds,
            cpu=used.ru_utime + used.ru_stime,
            tree=max((look.tree for look in seen.looks), default=0.0),
            parent=seen.parent,
            worker=seen.worker,
            looks=tuple(seen.looks),
        )


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a run: no settings of dam, English numbers, this package importable.

    Python keeps what it compiled, as it does for whoever installed dam, whatever this shell says.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DAM_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**kept, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(SOURCE), **(more or {})}


def run(words: Sequence[str], env: Mapping[str, str] | None = None) -> Spent:
    return Running(words, env).ended()


def in_turn(
    contestants: Sequence[Contestant], rounds: int, place: Path
) -> dict[str, tuple[Spent, ...]]:
    """What every contestant took in each of so many rounds, by name. Folders are made in `place`
    and removed again."""
    found: dict[str, tuple[Spent, ...]] = {one.name: () for one in contestants}
    for number in range(rounds):
        for one in contestants:
            say(f"round {number + 1} of {rounds}: {one.name}")
            folder = place / "run"
            folder.mkdir(parents=True)
            words = one.ready(folder)
            spent = run(words, one.env)
            one.check(folder)
            shutil.rmtree(folder)
            found[one.name] += (spent,)
    return found


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def say(line: str) -> None:
    """Progress, for whoever sits at a terminal."""
    if sys.stderr.isatty():
        print(f"{line} ...", file=sys.stderr)


def give_up(why: str) -> NoReturn:
    sys.exit(f"{why}; nothing is measured")
