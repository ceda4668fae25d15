"""The job `watch`: how long one photograph takes from the inbox to the archive, and a burst.

A watcher runs. Single photographs are written into the inbox one after the other, each once the
one before is filed; measured is the time from the close of the file until it stands in the
archive, less the quiet time for which a file must not change. Then very many come at once, as
many as `dam ingest` takes in beside it; there the watcher's time goes from the last file's
arrival until all are filed, less the quiet time too.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from bench import places
from bench.harness import Running, Spent, give_up, in_turn, say
from bench.ingest import Photographs, checked, dam_ingest, faces_off
from bench.result import Beside, Result

#: Seconds between looks into the archive for one photograph, and for many.
_LOOK, _LOOK_FOR_MANY = 0.005, 0.05
#: The longest that anything is waited for, in seconds a photograph.
_PATIENCE = 60.0


class Watcher:
    """`dam watch` at work on a workspace until it is ended."""

    def __init__(self, root: Path, env: dict[str, str]) -> None:
        self._archive = root / "archive"
        self._running = Running(places.dam(root, "watch"), env)

    def filed(self) -> int:
        """How many stand in the archive."""
        return sum(n.endswith(".jpg") for _, _, names in os.walk(self._archive) for n in names)

    def wait(self, count: int, patience: float, look: float = _LOOK) -> float:
        """The moment (`time.perf_counter`) at which so many were filed."""
        until = time.perf_counter() + patience
        while self.filed() < count:
            if time.perf_counter() > until or self._running.process.poll() is not None:
                self._running.process.kill()
                give_up(f"the watcher filed {self.filed()} of {count} photographs and no more")
            time.sleep(look)
        return time.perf_counter()

    def end(self) -> Spent:
        self._running.process.send_signal(signal.SIGTERM)
        return self._running.ended()


def watch(
    place: Path, source: Photographs, burst: int, rounds: int, quiet: float, *, faces: bool
) -> Result:
    """`source` are the single ones; the burst is of so many, of the same size."""
    env = places.settings(faces=faces, quiet=quiet)
    singles = source.put(place / "singles")
    waits, spent = _singles(place / "single", singles, quiet, env, faces=faces)
    figures: dict[str, object] = {
        "single_photographs": len(waits),
        **{f"single_{name}_seconds": value for name, value in _quantiles(waits).items()},
        "single_cpu_seconds_each": round(spent.cpu / len(waits), 3),
    }
    runs: dict[str, tuple[Spent, ...]] = {}
    if burst:
        many = Photographs(source.folder, burst, source.megapixels).put(place / "many")
        burst = len(many)
        for number in range(rounds):
            say(f"burst {number + 1} of {rounds}")
            one = _burst(places.renew(place / "burst") / "w", many, quiet, env, faces=faces)
            runs["watch"] = (*runs.get("watch", ()), one)
            taken = in_turn([dam_ingest(many, faces=faces)], 1, place)
            runs["ingest"] = (*runs.get("ingest", ()), *taken["dam"])
    return Result(
        job="watch",
        about={
            **source.told(singles),
            "burst": burst,
            "quiet_seconds": quiet,
            "face_check": checked(faces),
        },
        runs=runs,
        beside=[Beside("watch", "ingest")] if burst else [],
        count=burst or 1,
        unit="photo",
        figures=figures,
        notes=faces_off(faces),
    )


def _singles(
    root: Path, photos: Sequence[Path], quiet: float, env: dict[str, str], *, faces: bool
) -> tuple[list[float], Spent]:
    """Seconds of each from its close to the archive, less the quiet time; what the watcher took."""
    places.make(root, faces=faces)
    watcher = Watcher(root, env)
    waits = []
    for number, photo in enumerate(photos):
        data = photo.read_bytes()
        sidecar = root / "inbox" / f"{photo.name}.consent.yaml"
        sidecar.write_text(places.SIDECAR, encoding="utf-8")
        (root / "inbox" / photo.name).write_bytes(data)
        closed = time.perf_counter()
        waits.append(watcher.wait(number + 1, _PATIENCE) - closed - quiet)
    # The first one waited for the watcher to start and to load what it looks for faces with.
    return waits[1:] or waits, watcher.end()


def _burst(
    root: Path, photos: Sequence[Path], quiet: float, env: dict[str, str], *, faces: bool
) -> Spent:
    """All of them at once, after one that shows that the watcher is awake."""
    places.make(root, faces=faces)
    watcher = Watcher(root, env)
    places.drop(root, photos[:1])
    watcher.wait(1, _PATIENCE)
    places.drop(root, photos[1:])
    arrived = time.perf_counter()
    ended = watcher.wait(len(photos), _PATIENCE * len(photos), _LOOK_FOR_MANY)
    spent = watcher.end()
    places.all_filed(root, len(photos))
    shutil.rmtree(root.parent)
    seconds = ended - arrived - quiet
    return Spent(seconds, spent.cpu, spent.tree, spent.parent, spent.worker, spent.looks)


def _quantiles(waits: Sequence[float]) -> dict[str, float]:
    """The smallest waits that so many hundredths of all do not exceed."""
    every = sorted(waits)
    places_ = {"p50": 50, "p95": 95, "max": 100}
    return {
        name: round(every[max(0, -(-len(every) * part // 100) - 1)], 3)
        for name, part in places_.items()
    }
