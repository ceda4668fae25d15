"""What a watcher remembers from pass to pass, so that no file is taken twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from dam.adapters import inbox
from dam.flows.ingest.photos import Arrived
from dam.flows.ingest.sidecars import Filed


@dataclass(slots=True)
class Flight:
    """A photograph that was taken and whose source still lies in the inbox.

    `root` is the folder that was the inbox then. `told`: it is settled, its outcome was told,
    and only its source could not be removed yet.
    """

    arrived: Arrived
    root: inbox.Root
    told: bool = False


@dataclass(slots=True)
class Memory:
    """What a process remembers: files that need no second look, photographs in flight.

    `first` is true before the first pass: only then are leftovers of an interrupted run
    looked for, and whether roster or face check are other than before. `round` is how many
    photographs a pass settles before it looks at the inbox again (None: all of them), so that
    a withdrawal that is dropped meanwhile does not wait for ten thousand photographs. `root` is
    the folder that the last scan saw as the inbox.
    """

    round: int | None = None
    first: bool = True
    root: inbox.Root | None = None
    known: dict[bytes, inbox.Identity] = field(default_factory=dict)
    sheets: dict[bytes, tuple[inbox.Identity, Filed]] = field(default_factory=dict)
    flights: dict[bytes, Flight] = field(default_factory=dict)
    #: Those of them that are settled: their sources go next.
    landing: list[Flight] = field(default_factory=list)
    #: Assets that wait for another try, and the day of the last one: not every pass tries again.
    later: dict[str, date] = field(default_factory=dict)
    #: Assets that settling left due in these rounds, with the mark they had afterwards.
    tried: dict[str, int | None] = field(default_factory=dict)
    #: The day of the last checkpoint of the ledger, made or found.
    checkpointed: date | None = None

    def knows(self, found: inbox.Found) -> bool:
        return self.known.get(found.path) == found.identity

    def learn(self, found: inbox.Found) -> None:
        self.known[found.path] = found.identity

    def not_later(self, due: Iterable[str], day: date) -> list[str]:
        """Those of the due assets that were not tried in vain on this day."""
        return [asset for asset in due if self.later.get(asset) != day]

    def sheet(self, found: inbox.Found) -> Filed | None:
        """The sheet as it was taken, where it is still the same file."""
        identity, filed = self.sheets.get(found.path, (None, None))
        return filed if identity == found.identity else None

    def in_flight(self, paired: inbox.Paired) -> bool:
        """Whether this photograph was taken, with the very files that lie beside it now."""
        flight = self.flights.get(paired.photo.path)
        if flight is None or flight.arrived.found.identity != paired.photo.identity:
            return False
        own = {(m.found.path, m.found.identity) for m in (*paired.sidecars, *paired.xmp)}
        return own <= {(f.path, f.identity) for f in flight.arrived.own}

    def take_off(self, arrived: Arrived, root: inbox.Root) -> None:
        """From now on it is in flight. One that was told is not told again: a share that comes

        back may give the same file another device and inode."""
        before = self.flights.get(arrived.found.path)
        told = before is not None and before.told and before.arrived.asset == arrived.asset
        self.flights[arrived.found.path] = Flight(arrived, root, told)

    def forget(self, present: Iterable[inbox.Found], root: inbox.Root) -> None:
        """Drop what somebody took out of the inbox, as a scan of `root` found it.

        While another folder stands in its place (a share that is away), nothing counts as
        taken out; nor while it is quite empty: an empty folder may have the number of one that
        was.
        """
        self.root = root
        paths = {item.path for item in present}
        if not paths:
            return
        for path, flight in tuple(self.flights.items()):
            if path not in paths and flight.root == root:
                del self.flights[path]
