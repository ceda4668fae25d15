"""The memory of a process and of all that it started, looked at from outside while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: A look at all of them costs the kernel some milliseconds: more often it would count in what is
#: measured. The peak of the process itself costs next to nothing.
LOOK_SECONDS = 0.25
_GLANCE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Look:
    """MiB at one moment: proportional set sizes, which count once what processes share."""

    tree: float
    parent: float
    worker: float


class Watched:
    """Looks at a process and its descendants, by themselves in a thread; MiB everywhere.

    `parent` and `worker` are the most that the process itself and the largest of its descendants
    ever held at once (resident, shared pages counted in full), as the kernel remembers it:
    nothing between two looks is missed.
    """

    def __init__(self, pid: int) -> None:
        self.looks: list[Look] = []
        self.parent = 0.0
        self.worker = 0.0
        self._pid = pid
        self._ended = threading.Event()

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _watch(self) -> None:
        glances = round(LOOK_SECONDS / _GLANCE_SECONDS)
        while True:
            self._look()
            for _ in range(glances):
                if self._ended.wait(_GLANCE_SECONDS):
                    return
                self.parent = max(self.parent, _field(self._pid, "status", "VmHWM:"))

    def _look(self) -> None:
        shares = {pid: _field(pid, "smaps_rollup", "Pss:") for pid in _tree(self._pid)}
        own = shares.pop(self._pid, 0.0)
        if own:
            self.looks.append(
                Look(own + sum(shares.values()), own, max(shares.values(), default=0))
            )
        self.parent = max(self.parent, _field(self._pid, "status", "VmHWM:"))
        self.worker = max(self.worker, *(_field(pid, "status", "VmHWM:") for pid in shares), 0.0)


def _tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def _field(pid: int, file: str, name: str) -> float:
    """A field of /proc in KiB as MiB; 0 where the process has ended."""
    try:
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0
