"""`python -m tests.fuzz [--seconds N] [--processes N] [--target NAME ...]`, or with `--atheris`.

Hypothesis draws inputs of each target until the time is over; the first failure of a target is
shrunk, printed, and makes the exit code 1. `--atheris NAME [libFuzzer options]` lets coverage
guide the same target instead (`pip install '.[fuzz]'`).
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import traceback
from collections.abc import Sequence

from hypothesis import seed

_ROUND = 200


def fuzz(names: Sequence[str], seconds: float, start: int) -> int:
    """Each of these targets for its share of the time; how many failed."""
    from tests.fuzz.targets import TARGETS

    failed = 0
    for name in names:
        until, rounds, bad = time.monotonic() + seconds / len(names), 0, False
        while time.monotonic() < until and not bad:
            number = start + rounds
            try:
                seed(number)(TARGETS[name].test(_ROUND))()
            except Exception:
                print(f"--- {name}, seed {number}\n{traceback.format_exc()}", flush=True)
                bad = True
            rounds += 1
        failed += bad
        print(f"{name}: {rounds * _ROUND} inputs{', FAILED' if bad else ''}", flush=True)
    return failed


def _work(names: Sequence[str], seconds: float, start: int) -> None:
    sys.exit(min(1, fuzz(names, seconds, start)))


def main() -> int:
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--target", nargs="+", choices=sorted(TARGETS), default=sorted(TARGETS))
    parser.add_argument("--seed", type=int, default=None, help="of the first round")
    given = parser.parse_args()
    start = time.time_ns() % 1_000_000_000 if given.seed is None else given.seed
    count = min(given.processes, len(given.target))
    workers = [
        multiprocessing.Process(target=_work, args=(given.target[n::count], given.seconds, start))
        for n in range(count)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    # A worker that a signal ended has found a crash of a decoder.
    return int(any(worker.exitcode for worker in workers))


def guided(name: str, words: Sequence[str]) -> None:
    """libFuzzer on one target: coverage guides what Hypothesis draws. Does not come back."""
    import atheris

    # Only what is imported from here on is measured, which is why nothing was imported before.
    with atheris.instrument_imports(include=["dam"]):
        from tests.fuzz.targets import TARGETS

    fuzzed = TARGETS[name].test(1)
    atheris.Setup([sys.argv[0], *words], fuzzed.hypothesis.fuzz_one_input)  # type: ignore[attr-defined]
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--atheris"]:
        guided(sys.argv[2], sys.argv[3:])
    sys.exit(main())
