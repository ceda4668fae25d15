"""A few jobs side by side, and never more in memory than that: backpressure for thousands."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

#: So many jobs a worker are begun or done and not yet taken away by whoever asked for them.
AHEAD = 4


def abreast(
    workers: int,
    work: Callable[[T], R],
    items: Iterable[T],
    stopped: Callable[[], bool] = lambda: False,
) -> Generator[tuple[T, Callable[[], R]], None, None]:
    """Each item, in the given order, with what gives its result or raises what `work` raised.

    Once `stopped()`, jobs that did not begin are left out; those that did are waited for. The
    same holds where the caller goes away in between.
    """
    begun: deque[tuple[T, Future[R]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                if stopped():
                    break
                begun.append((item, pool.submit(work, item)))
                if len(begun) >= workers * AHEAD:
                    yield from _finished(begun.popleft())
            while begun:
                if stopped():
                    _cancel(begun)
                yield from _finished(begun.popleft())
        except BaseException:
            _cancel(begun)
            raise


def _cancel(begun: Iterable[tuple[T, Future[R]]]) -> None:
    for _, job in begun:
        job.cancel()


def _finished(one: tuple[T, Future[R]]) -> Iterator[tuple[T, Callable[[], R]]]:
    item, job = one
    try:
        job.exception()
    except CancelledError:
        return
    yield item, job.result
