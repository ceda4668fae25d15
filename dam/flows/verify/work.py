"""What all checks share: the desk, how deep they look, and the patience before they tell.

A watcher may be at work meanwhile. So what seems wrong is only a suspicion at first; it is looked
at again, catalogue and disk, a little later, and told if it is still so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, TypeVar

from dam.adapters import survey
from dam.adapters.desk import Desk
from dam.core.verification import Depth, Finding

KeyT = TypeVar("KeyT", bound=Hashable)
ItemT = TypeVar("ItemT")

#: Seconds before a suspicion is looked at again while somebody is at work.
PAUSES: Final = (0.2, 0.8, 2.0)
#: So many pauses at most: where so much is wrong, nobody is only moving files.
_MOST_PAUSES: Final = 12
BATCH: Final = 200


@dataclass(slots=True)
class Work:
    """One verification. `sleep` waits so many seconds, `step` moves the progress bar.

    `checked` counts what was looked at, by word.
    """

    desk: Desk
    depth: Depth
    sleep: Callable[[float], None]
    step: Callable[[], None]
    checked: Counter[str] = field(default_factory=Counter)
    _paused: int = 0

    def busy(self) -> bool:
        """Whether another process is at work here, as far as the system tells."""
        workspace = self.desk.workspace
        return survey.at_work(workspace.lock, workspace.database)

    def look(self, words: str) -> None:
        """One more thing of this kind was looked at."""
        self.checked[words] += 1
        self.step()

    def confirmed(
        self, suspects: Iterable[KeyT], judge: Callable[[KeyT], Iterable[Finding]]
    ) -> Iterator[Finding]:
        """What `judge` finds of each suspect, and still finds a little later."""
        for part in batches(suspects):
            found = {key: tuple(judge(key)) for key in part}
            for seconds in PAUSES:
                doubtful = [key for key, told in found.items() if any(f.failed for f in told)]
                if not doubtful or not self._waits(seconds):
                    break
                found.update((key, tuple(judge(key))) for key in doubtful)
            for told in found.values():
                yield from told

    def _waits(self, seconds: float) -> bool:
        if self._paused == _MOST_PAUSES or not self.busy():
            return False
        self._paused += 1
        self.sleep(seconds)
        return True


def batches(items: Iterable[ItemT], size: int = BATCH) -> Iterator[list[ItemT]]:
    stream = iter(items)
    while part := list(islice(stream, size)):
        yield part
